//! Keeps an eye on the clocks: the driver's own, and the cloud's as its answers tell it.

use std::sync::Arc;

use rutter_engine::Input;

use super::clock::{Clock, Doubt};
use crate::cloud::CloudTime;

/// By how much the two may drift apart before the cloud's is recorded anew. Its answers tell whole seconds, some time
/// after they were made.
const DRIFT_MS: u64 = 5_000;

/// The clocks of a driver.
pub struct Watch {
    pub(super) clock: Clock,
    cloud: Arc<CloudTime>,
    /// By how much the cloud's was ahead when that was recorded.
    ahead: Option<i64>,
}

impl Watch {
    /// Nothing was recorded yet.
    pub fn new(clock: Clock, cloud: Arc<CloudTime>) -> Self {
        Self {
            clock,
            cloud,
            ahead: None,
        }
    }

    /// What is to be recorded about the clocks.
    pub fn look(&mut self) -> Vec<Input> {
        let mut inputs = Vec::new();
        if let Some(Doubt { shown, expected }) = self.clock.doubt() {
            inputs.push(Input::ClockDoubted { shown, expected });
        }
        // A simulated cloud's answers bear the time of the machine it runs on, not its own.
        if let Some(cloud) = self.cloud.now().filter(|_| self.clock.is_real()) {
            let ahead = cloud.0.saturating_sub(self.clock.now().0);
            let told = |told: i64| told.abs_diff(ahead) <= DRIFT_MS;
            if !self.ahead.is_some_and(told) {
                self.ahead = Some(ahead);
                inputs.push(Input::CloudClock(cloud));
            }
        }
        inputs
    }
}
