//! The clock of a run: the machine's, or one that runs as many times faster as the simulated cloud
//! behind the endpoints does, so that waits, pauses and deadlines fit it.

use std::time::{Duration, Instant};

use rutter_engine::Timestamp;

/// A clock that never goes back behind the newest record of its run.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    scale: f64,
    origin: Timestamp,
    began: Instant,
}

impl Clock {
    /// A clock that shows at least `earliest` now and runs `scale` times as fast as the machine's.
    pub fn new(scale: f64, earliest: Timestamp) -> Self {
        let origin = machine().max(earliest);
        Self {
            scale,
            origin,
            began: Instant::now(),
        }
    }

    /// What it shows.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "milliseconds since the process began, scaled, fit by far"
    )]
    pub fn now(&self) -> Timestamp {
        if self.scale == 1.0 {
            // The wall clock itself, so that what is recorded is what people's clocks show.
            return machine().max(self.origin);
        }
        let passed = self.began.elapsed().as_secs_f64() * 1_000.0 * self.scale;
        self.origin.after(passed as u64)
    }

    /// How long it really is until the clock shows `due`.
    pub fn until(&self, due: Timestamp) -> Duration {
        Duration::from_millis(due.since(self.now())).div_f64(self.scale)
    }
}

fn machine() -> Timestamp {
    Timestamp(jiff::Timestamp::now().as_millisecond())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fast_clock_shortens_waits_and_never_begins_before_the_newest_record() {
        let newest = machine().after(3_600_000);
        let clock = Clock::new(1_000.0, newest);
        assert!(clock.now() >= newest);
        let wait = clock.until(newest.after(60_000));
        assert!(wait <= Duration::from_millis(60), "{wait:?}");
    }
}
