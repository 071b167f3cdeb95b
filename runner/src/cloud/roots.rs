//! The fetched credentials of each account: used until some minutes before they end, then asked for again by the
//! first call that needs them while the others wait.

use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};

use rutter_engine::{Fault, Timestamp};

use super::account::Bound;
use super::credentials::{Credential, Fetched};

/// Credentials that end sooner than this are replaced, if others can be had.
const REFRESH_BEFORE_MS: u64 = 5 * 60 * 1000;
/// Temporary credentials whose end nobody said are asked for again after this.
const UNKNOWN_END_MS: u64 = 15 * 60 * 1000;
/// While the ones at hand are good, a source that failed, or gave none that last, is asked again after this.
const AGAIN_AFTER_MS: u64 = 30 * 1000;
/// Calls that waited for an answer which did not come are not each to wait for another one.
const FAILED_FOR_MS: u64 = 5 * 1000;

/// What is known of one account's source.
#[derive(Default)]
struct Root {
    held: Option<Held>,
    /// The key that the cloud refused last.
    refused: Option<String>,
    failed: Option<(Timestamp, Fault)>,
}

struct Held {
    credential: Credential,
    /// When the source is asked again; a lasting key never is.
    refresh_at: Option<Timestamp>,
}

impl Held {
    fn new(credential: Credential, now: Timestamp) -> Self {
        let refresh_at = match (credential.expires, &credential.key.token) {
            (Some(expires), _) => Some(before(expires).max(now.after(AGAIN_AFTER_MS))),
            (None, Some(_)) => Some(now.after(UNKNOWN_END_MS)),
            (None, None) => None,
        };
        Self {
            credential,
            refresh_at,
        }
    }

    fn is_good(&self, now: Timestamp) -> bool {
        self.credential.expires.is_none_or(|expires| now < expires)
    }

    fn is_fresh(&self, now: Timestamp) -> bool {
        self.is_good(now) && self.refresh_at.is_none_or(|at| now < at)
    }
}

fn before(end: Timestamp) -> Timestamp {
    Timestamp(end.0.saturating_sub(REFRESH_BEFORE_MS.cast_signed()))
}

/// The fetched credentials of a run, by the account's name.
#[derive(Default)]
pub(super) struct Roots(Mutex<HashMap<String, Arc<tokio::sync::Mutex<Root>>>>);

impl Roots {
    /// Returns credentials that are good now, fetching them if those at hand end soon.
    pub(super) async fn credential<F>(
        &self,
        bound: &Bound<'_>,
        fetched: &Fetched,
        now: Timestamp,
        fetch: impl FnOnce(Option<String>) -> F,
    ) -> Result<Credential, Fault>
    where
        F: Future<Output = Result<Credential, Fault>>,
    {
        let root = self.of(bound);
        // Whoever comes second waits here and finds what the first one fetched.
        let mut root = root.lock().await;
        root.take_stored(fetched, now);
        if let Some(held) = root.held.as_ref().filter(|held| held.is_fresh(now)) {
            return Ok(held.credential.clone());
        }
        if let Some((at, fault)) = &root.failed
            && now < at.after(FAILED_FOR_MS)
        {
            return Err(fault.clone());
        }
        match (fetch(root.refused.clone()).await, &mut root.held) {
            (Ok(credential), _) => {
                root.failed = None;
                root.held = Some(Held::new(credential.clone(), now));
                Ok(credential)
            }
            (Err(_), Some(held)) if held.is_good(now) => {
                held.refresh_at = Some(now.after(AGAIN_AFTER_MS));
                Ok(held.credential.clone())
            }
            (Err(fault), _) => {
                root.failed = Some((now, fault.clone()));
                Err(fault)
            }
        }
    }

    /// Forgets the credentials with this key's id: the cloud refuses them.
    pub(super) async fn forget(&self, bound: &Bound<'_>, key_id: &str) {
        let root = self.of(bound);
        let mut root = root.lock().await;
        let held = root.held.as_ref();
        if held.is_some_and(|held| held.credential.key.id == key_id) {
            root.held = None;
            root.refused = Some(key_id.to_owned());
        }
    }

    fn of(&self, bound: &Bound<'_>) -> Arc<tokio::sync::Mutex<Root>> {
        let mut roots = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let name = bound.principal.name().to_string();
        roots.entry(name).or_default().clone()
    }
}

impl Root {
    /// Begins with what the profile's file keeps, if it is good and the cloud has not refused it.
    fn take_stored(&mut self, fetched: &Fetched, now: Timestamp) {
        let stored = fetched.stored.as_ref().filter(|_| self.held.is_none());
        let Some(stored) = stored else { return };
        let is_refused = self.refused.as_deref() == Some(stored.key.id.as_str());
        if !is_refused && stored.expires.is_none_or(|expires| now < expires) {
            let refresh_at = stored.expires.map(before);
            self.held = Some(Held {
                credential: stored.clone(),
                refresh_at,
            });
        }
    }
}
