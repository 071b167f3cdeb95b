//! The clock of a run: the machine's, or one that runs as many times faster as the simulated cloud
//! behind the endpoints does, so that waits, pauses and deadlines fit it.

use std::time::{Duration, Instant};

use rutter_engine::Timestamp;

/// By how much the machine's clock may be away from what it should show without a word: clocks are corrected all the
/// time, and no token is honoured for so short a while that this matters.
const UNSAID_MS: i64 = 2_000;

/// A clock that never goes back: not behind the newest record of its run, and not when the machine's is set back.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    scale: f64,
    origin: Timestamp,
    began: Instant,
    /// How far the machine's clock was ahead of this one when it was looked at last.
    ahead: i64,
}

/// The machine's clock shows another time than it can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Doubt {
    /// What it shows.
    pub shown: Timestamp,
    /// What it should show.
    pub expected: Timestamp,
}

impl Clock {
    /// A clock that shows at least `earliest` now and runs `scale` times as fast as the machine's.
    pub fn new(scale: f64, earliest: Timestamp) -> Self {
        Self::beginning(machine(), scale, earliest)
    }

    fn beginning(machine: Timestamp, scale: f64, earliest: Timestamp) -> Self {
        Self {
            scale,
            origin: machine.max(earliest),
            began: Instant::now(),
            ahead: 0,
        }
    }

    /// What it shows.
    pub fn now(&self) -> Timestamp {
        match self.is_real() {
            // The wall clock itself, so that what is recorded is what people's clocks show.
            true => machine().max(self.steady()),
            false => self.steady(),
        }
    }

    /// How long it really is until the clock shows `due`.
    pub fn until(&self, due: Timestamp) -> Duration {
        Duration::from_millis(due.since(self.now())).div_f64(self.scale)
    }

    /// How many of its milliseconds pass in a real span of time.
    pub fn passes_in(&self, span: Duration) -> u64 {
        u64::try_from(span.mul_f64(self.scale).as_millis()).unwrap_or(u64::MAX)
    }

    /// Whether it is the time that people and the cloud have.
    pub fn is_real(&self) -> bool {
        self.scale == 1.0
    }

    /// What is wrong with the machine's clock, each thing once: it stands behind the newest record, or it went
    /// another way than time did since it was looked at last.
    pub fn doubt(&mut self) -> Option<Doubt> {
        self.doubt_of(machine())
    }

    fn doubt_of(&mut self, shown: Timestamp) -> Option<Doubt> {
        if !self.is_real() {
            return None;
        }
        let expected = self.steady();
        let ahead = shown.0.saturating_sub(expected.0);
        let went = ahead.saturating_sub(self.ahead);
        self.ahead = ahead;
        if ahead > 0 {
            // The machine was asleep, or its clock was set: what it shows is the time from now on.
            self.origin = shown;
            self.began = Instant::now();
            self.ahead = 0;
        }
        (went.abs() > UNSAID_MS).then_some(Doubt { shown, expected })
    }

    /// The time by what has passed since the clock began.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "milliseconds since the process began, scaled, fit by far"
    )]
    fn steady(&self) -> Timestamp {
        let passed = self.began.elapsed().as_secs_f64() * 1_000.0 * self.scale;
        self.origin.after(passed as u64)
    }
}

fn machine() -> Timestamp {
    Timestamp(jiff::Timestamp::now().as_millisecond())
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: u64 = 3_600_000;

    #[test]
    fn a_fast_clock_shortens_waits_and_never_begins_before_the_newest_record() {
        let newest = machine().after(HOUR);
        let mut clock = Clock::new(1_000.0, newest);
        assert!(clock.now() >= newest);
        let wait = clock.until(newest.after(60_000));
        assert!(wait <= Duration::from_millis(60), "{wait:?}");
        assert_eq!(clock.doubt(), None, "it is no time of this world");
    }

    #[test]
    fn a_clock_behind_the_newest_record_is_doubted_once_and_does_not_stand_still() {
        let newest = machine().after(HOUR);
        let mut clock = Clock::new(1.0, newest);
        let doubt = clock.doubt().unwrap();
        assert!(doubt.shown < newest && doubt.expected >= newest);
        assert_eq!(clock.doubt(), None);
        let wait = clock.until(newest.after(60_000));
        assert!(wait <= Duration::from_secs(60), "{wait:?}");
    }

    #[test]
    fn a_jump_is_doubted_either_way_and_slow_corrections_are_not() {
        let now = machine();
        let mut clock = Clock::beginning(now, 1.0, now);
        assert_eq!(clock.doubt_of(now.after(500)), None);
        let ahead = now.after(HOUR);
        assert_eq!(clock.doubt_of(ahead).unwrap().shown, ahead);
        assert!(clock.now() >= ahead, "it follows the machine's");
        assert_eq!(clock.doubt_of(ahead.after(100)), None);
        assert_eq!(clock.doubt_of(now).unwrap().shown, now);
        assert!(clock.now() >= ahead, "it does not go back");
        assert_eq!(clock.doubt_of(now.after(100)), None);
    }
}
