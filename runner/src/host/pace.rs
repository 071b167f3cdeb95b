//! How fast calls are sent: a rate for each account and product, shared by all steps, halved when the
//! cloud throttles, slowly recovered.
//!
//! Time is an argument; whose it is, a [`Time`] says: the machine's in a run, its own in a rehearsal.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rutter_engine::{Call, Outcome, Principal, Target};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

/// How fast calls may be sent.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PaceSettings {
    /// Calls a second for each account and product. The cloud's own limits differ by action and are
    /// mostly not published, so that this is high and what the cloud says brings it down.
    pub per_second: f64,
    /// Calls that may be sent at once after a pause.
    pub burst: f64,
}

impl Default for PaceSettings {
    fn default() -> Self {
        Self {
            per_second: 1_000.0,
            burst: 1_000.0,
        }
    }
}

/// The slowest a lane gets, in calls a second: below that the engine's own delays take over.
const PER_SECOND_MIN: f64 = 0.5;
/// The share of the full rate that comes back in each second without throttling.
const RECOVERY_PER_SECOND: f64 = 0.01;

/// The rate of one account and product. Times are milliseconds of any clock that does not go back.
#[derive(Clone, Debug)]
pub struct Lane {
    settings: PaceSettings,
    per_second: f64,
    /// Calls that may be sent now; negative when calls are waiting.
    credit: f64,
    updated_ms: f64,
    /// Calls sent before this instant were sent at the old rate and tell nothing about the new.
    slowed_ms: f64,
    /// Sent since `window_ms`, to know the rate at which the cloud began to throttle.
    sent: f64,
    window_ms: f64,
}

impl Lane {
    /// A lane at full rate.
    pub fn new(settings: PaceSettings, now_ms: f64) -> Self {
        Self {
            settings,
            per_second: settings.per_second,
            credit: settings.burst,
            updated_ms: now_ms,
            slowed_ms: f64::MIN,
            sent: 0.0,
            window_ms: now_ms,
        }
    }

    /// Takes a place in the line and returns how many milliseconds to wait for it.
    pub fn reserve(&mut self, now_ms: f64) -> f64 {
        self.update(now_ms);
        self.credit -= 1.0;
        self.sent += 1.0;
        (-self.credit / self.per_second * 1_000.0).max(0.0)
    }

    /// Notes that a call sent at `sent_ms` was throttled: halves the rate at which calls were sent.
    pub fn throttled(&mut self, sent_ms: f64, now_ms: f64) {
        self.update(now_ms);
        if sent_ms < self.slowed_ms {
            return;
        }
        let seconds = ((now_ms - self.window_ms) / 1_000.0).max(1.0);
        let observed = self.sent / seconds;
        self.per_second = (self.per_second.min(observed) / 2.0).max(PER_SECOND_MIN);
        self.credit = self.credit.min(0.0);
        self.slowed_ms = now_ms;
    }

    /// Returns the rate, in calls a second.
    pub fn per_second(&self) -> f64 {
        self.per_second
    }

    fn update(&mut self, now_ms: f64) {
        let seconds = ((now_ms - self.updated_ms) / 1_000.0).max(0.0);
        let full = self.settings.per_second;
        self.per_second = (self.per_second + full * RECOVERY_PER_SECOND * seconds).min(full);
        // No burst before the full rate is back: bursts are what is throttled first.
        let burst = if self.per_second < full {
            1.0
        } else {
            self.settings.burst
        };
        self.credit = (self.credit + self.per_second * seconds).min(burst);
        self.updated_ms = now_ms;
        if now_ms - self.window_ms > 2_000.0 {
            self.window_ms = now_ms;
            self.sent = 0.0;
        }
    }
}

/// A clock that a call is sent by. Its milliseconds count from any instant.
pub trait Time: Sync {
    /// What it shows.
    fn now_ms(&self) -> f64;

    /// Lets so many milliseconds pass.
    fn pass(&self, ms: f64) -> Passing<'_>;
}

/// Time that passes.
pub type Passing<'a> = Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

/// The machine's own time, since this was made.
#[derive(Clone, Copy, Debug)]
pub struct MachineTime(Instant);

impl Default for MachineTime {
    fn default() -> Self {
        Self(Instant::now())
    }
}

impl Time for MachineTime {
    fn now_ms(&self) -> f64 {
        self.0.elapsed().as_secs_f64() * 1_000.0
    }

    fn pass(&self, ms: f64) -> Passing<'_> {
        Box::pin(tokio::time::sleep(Duration::from_secs_f64(ms / 1_000.0)))
    }
}

/// All lanes of a run. Times are milliseconds of one clock that does not go back.
#[derive(Debug)]
pub struct Pace {
    settings: PaceSettings,
    lanes: Mutex<BTreeMap<(Option<Principal>, String), Lane>>,
}

impl Pace {
    /// Lanes that begin at full rate.
    pub fn new(settings: PaceSettings) -> Self {
        Self {
            settings,
            lanes: Mutex::default(),
        }
    }

    /// Takes a place in the call's line and returns how many milliseconds to wait for it.
    pub fn reserve(&self, call: &Call, now_ms: f64) -> f64 {
        self.with_lane(call, now_ms, |lane| lane.reserve(now_ms))
    }

    /// Notes what became of a call that was sent at `sent_ms`.
    pub fn heard(&self, call: &Call, sent_ms: f64, now_ms: f64, outcome: &Outcome) {
        if rutter_meaning::is_throttled(outcome) {
            self.with_lane(call, now_ms, |lane| lane.throttled(sent_ms, now_ms));
        }
    }

    fn with_lane<T>(&self, call: &Call, now_ms: f64, act: impl FnOnce(&mut Lane) -> T) -> T {
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        let lane = lanes
            .entry(lane_of(call))
            .or_insert_with(|| Lane::new(self.settings, now_ms));
        act(lane)
    }
}

fn lane_of(call: &Call) -> (Option<Principal>, String) {
    let to = match &call.target {
        Target::Api(api) => api.product.clone(),
        Target::AssumeRole { .. } => "STS".to_owned(),
        Target::Http(request) => url::Url::parse(&request.url)
            .ok()
            .and_then(|url| url.host_str().map(str::to_owned))
            .unwrap_or_default(),
    };
    (call.account.clone(), to)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SETTINGS: PaceSettings = PaceSettings {
        per_second: 100.0,
        burst: 10.0,
    };

    #[test]
    fn a_burst_goes_at_once_and_the_rest_at_the_rate() {
        let mut lane = Lane::new(SETTINGS, 0.0);
        let waits: Vec<f64> = (0..12).map(|_| lane.reserve(0.0)).collect();
        assert!(waits[..10].iter().all(|wait| *wait == 0.0));
        assert_eq!(waits[10..], [10.0, 20.0]);
    }

    #[test]
    fn throttling_halves_the_rate_once_for_all_calls_that_were_under_way() {
        let mut lane = Lane::new(SETTINGS, 0.0);
        for _ in 0..80 {
            lane.reserve(0.0);
        }
        lane.throttled(500.0, 1_000.0);
        assert_eq!(lane.per_second(), 40.0);
        lane.throttled(600.0, 1_000.0);
        lane.throttled(700.0, 1_000.0);
        assert_eq!(lane.per_second(), 40.0);
        lane.throttled(1_001.0, 1_001.0);
        assert!(lane.per_second() < 25.0);
    }

    #[test]
    fn the_rate_comes_back_slowly_and_never_goes_to_nothing() {
        let mut lane = Lane::new(SETTINGS, 0.0);
        for second in 1..50 {
            let now_ms = f64::from(second) * 10.0;
            lane.throttled(now_ms, now_ms);
        }
        assert!(lane.per_second() >= PER_SECOND_MIN);
        let low = lane.per_second();
        lane.reserve(10_000.0);
        assert!(lane.per_second() > low && lane.per_second() < 20.0);
        lane.reserve(200_000.0);
        assert_eq!(lane.per_second(), 100.0);
    }
}
