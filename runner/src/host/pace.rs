//! How fast calls are sent: a rate for each account and product, shared by all steps, brought down when
//! the cloud throttles, slowly recovered.
//!
//! Time is an argument; whose it is, a [`Time`] says: the machine's in a run, its own in a rehearsal. That no more
//! than the rate arrives in any second, however late this machine is, sees `turnstile.rs` to.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rutter_engine::{Call, Outcome, Principal, Target};
use tokio::time::Instant;

use crate::settings::PaceSettings;

/// The slowest a lane gets, in calls a second: below that the engine's own delays take over.
const PER_SECOND_MIN: f64 = 0.5;
/// The share of the full rate that comes back in each second without throttling.
const RECOVERY_PER_SECOND: f64 = 0.01;
/// How long a new rate is tried before what is throttled counts against it. A cloud that throttles some
/// calls at any rate would bring it to nothing otherwise.
const TRIED_MS: f64 = 1_000.0;
/// Fewer answers than this tell nothing of the share that is throttled.
const TELLING: f64 = 10.0;

/// The rate of one account and product. Times are milliseconds of any clock that does not go back.
#[derive(Clone, Debug)]
pub struct Lane {
    settings: PaceSettings,
    per_second: f64,
    /// Calls that may be sent now; negative when calls are waiting.
    credit: f64,
    updated_ms: f64,
    /// Since when the rate is tried. Calls sent before were sent at the old one and tell nothing about it.
    slowed_ms: f64,
    /// Answers to calls sent since then, and how many of them said that it was too fast.
    answered: f64,
    refused: f64,
    /// Sent in the second that began at `second_ms` and in the one before it, to know the rate at which the cloud
    /// began to throttle.
    sent: f64,
    sent_before: f64,
    second_ms: f64,
}

impl Lane {
    /// A lane at full rate.
    pub fn new(settings: PaceSettings, now_ms: f64) -> Self {
        Self {
            settings,
            per_second: settings.per_second,
            credit: settings.burst,
            updated_ms: now_ms,
            slowed_ms: now_ms,
            answered: 0.0,
            refused: 0.0,
            sent: 0.0,
            sent_before: 0.0,
            second_ms: now_ms,
        }
    }

    /// Takes a place in the line and returns how many milliseconds to wait for it.
    pub fn reserve(&mut self, now_ms: f64) -> f64 {
        self.update(now_ms);
        self.credit -= 1.0;
        self.sent += 1.0;
        (-self.credit / self.per_second * 1_000.0).max(0.0)
    }

    /// Notes that a call sent at `sent_ms` was answered. One that was throttled slows the lane down by the share
    /// that is throttled, to half at most: what the cloud took is what it takes.
    pub fn answered(&mut self, throttled: bool, sent_ms: f64, now_ms: f64) {
        if sent_ms < self.slowed_ms {
            return;
        }
        self.answered += 1.0;
        if !throttled {
            return;
        }
        self.refused += 1.0;
        if now_ms - self.slowed_ms >= TRIED_MS {
            self.slow_down(now_ms);
        }
    }

    fn slow_down(&mut self, now_ms: f64) {
        self.update(now_ms);
        let observed = self.sent.max(self.sent_before);
        let share = match self.answered < TELLING {
            true => 0.5,
            false => (self.refused / self.answered).min(0.5),
        };
        self.per_second = (self.per_second.min(observed) * (1.0 - share)).max(PER_SECOND_MIN);
        self.credit = self.credit.min(0.0);
        self.slowed_ms = now_ms;
        self.answered = 0.0;
        self.refused = 0.0;
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
        let since_ms = now_ms - self.second_ms;
        if since_ms >= 1_000.0 {
            self.sent_before = if since_ms < 2_000.0 { self.sent } else { 0.0 };
            self.sent = 0.0;
            self.second_ms = now_ms;
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
    lanes: Mutex<BTreeMap<LaneName, Lane>>,
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
        let throttled = rutter_meaning::is_throttled(outcome);
        self.with_lane(call, now_ms, |lane| {
            lane.answered(throttled, sent_ms, now_ms);
        });
    }

    fn with_lane<T>(&self, call: &Call, now_ms: f64, act: impl FnOnce(&mut Lane) -> T) -> T {
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        let lane = lanes
            .entry(lane_of(call))
            .or_insert_with(|| Lane::new(self.settings, now_ms));
        act(lane)
    }
}

/// An account and a product, or a host.
pub(super) type LaneName = (Option<Principal>, String);

/// The lane that a call takes.
pub(super) fn lane_of(call: &Call) -> LaneName {
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
        lane.answered(true, 500.0, 1_000.0);
        assert_eq!(lane.per_second(), 40.0);
        lane.answered(true, 600.0, 1_000.0);
        lane.answered(true, 700.0, 1_000.0);
        assert_eq!(lane.per_second(), 40.0);
        lane.answered(true, 1_001.0, 2_001.0);
        assert!(lane.per_second() < 25.0);
    }

    #[test]
    fn the_rate_comes_back_slowly_and_never_goes_to_nothing() {
        let mut lane = Lane::new(SETTINGS, 0.0);
        for second in 1..50 {
            let now_ms = f64::from(second) * 1_000.0;
            lane.answered(true, now_ms, now_ms);
        }
        assert!(lane.per_second() >= PER_SECOND_MIN);
        let low = lane.per_second();
        lane.reserve(60_000.0);
        assert!(lane.per_second() > low && lane.per_second() < 20.0);
        lane.reserve(200_000.0);
        assert_eq!(lane.per_second(), 100.0);
    }

    /// Sends one call after the other for a minute, of which `is_throttled` tells which are throttled.
    fn sent_in_a_minute(mut is_throttled: impl FnMut(u32) -> bool) -> u32 {
        let mut lane = Lane::new(PaceSettings::default(), 0.0);
        let (mut now_ms, mut sent) = (0.0, 0);
        while now_ms < 60_000.0 {
            now_ms += lane.reserve(now_ms).max(0.1);
            sent += 1;
            lane.answered(is_throttled(sent), now_ms, now_ms);
        }
        sent
    }

    #[test]
    fn a_cloud_that_throttles_every_fifth_call_whatever_comes_is_not_given_up() {
        let sent = sent_in_a_minute(|number| number % 5 == 0);
        assert!(sent > 60 * 40, "{sent}");
    }

    #[test]
    fn a_cloud_that_takes_so_many_a_second_is_asked_little_more() {
        // Fifty a second, by the number of the call: the rate is what is left when it is throttled.
        let mut lane = Lane::new(PaceSettings::default(), 0.0);
        let (mut now_ms, mut taken, mut refused) = (0.0, 0, 0);
        let (mut second, mut within) = (0, 0);
        while now_ms < 60_000.0 {
            now_ms += lane.reserve(now_ms).max(0.1);
            if (now_ms / 1_000.0) as u32 != second {
                (second, within) = ((now_ms / 1_000.0) as u32, 0);
            }
            within += 1;
            let throttled = within > 50;
            lane.answered(throttled, now_ms, now_ms);
            if second >= 10 {
                taken += u32::from(!throttled);
                refused += u32::from(throttled);
            }
        }
        assert!(taken > 50 * 45, "{taken} taken, {refused} refused");
        assert!(refused < taken / 2, "{taken} taken, {refused} refused");
    }
}
