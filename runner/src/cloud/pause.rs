//! Pauses that the cloud asks for with `x-acs-retry-after` when it throttles: kept for each account and
//! product, on top of the pace, which adapts more slowly.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rutter_engine::{Outcome, Principal};
use tokio::time::Instant;

use super::transport::Answer;

/// The longest pause that an answer can ask for.
const PAUSE_MAX: Duration = Duration::from_secs(60);

/// Until when nothing is sent, by account and product.
#[derive(Default)]
pub(super) struct Pauses(Mutex<HashMap<(Principal, String), Instant>>);

impl Pauses {
    /// Waits as long as the cloud asked for.
    pub(super) async fn wait(&self, account: &Principal, product: &str) {
        let key = (account.clone(), product.to_owned());
        let until = {
            let pauses = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            pauses.get(&key).copied()
        };
        if let Some(until) = until {
            tokio::time::sleep_until(until).await;
        }
    }

    /// Notes what a throttled answer asks for.
    pub(super) fn note(
        &self,
        account: &Principal,
        product: &str,
        answer: &Answer,
        outcome: &Outcome,
    ) {
        if !outcome.is_refused_for_now() {
            return;
        }
        let asked = answer
            .header("x-acs-retry-after")
            .and_then(|text| text.parse().ok());
        if let Some(ms) = asked {
            let until = Instant::now() + Duration::from_millis(ms).min(PAUSE_MAX);
            let key = (account.clone(), product.to_owned());
            let mut pauses = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            pauses.insert(key, until);
        }
    }
}
