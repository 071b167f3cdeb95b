//! What time it is in the cloud: its answers say so.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use rutter_engine::Timestamp;

/// The time that the newest answer told, and how long ago that was.
#[derive(Debug, Default)]
pub struct CloudTime {
    heard: Mutex<Option<(Timestamp, Instant)>>,
}

impl CloudTime {
    /// An answer bears this `Date`; one that cannot be read tells nothing.
    pub(super) fn hear(&self, date: &str) {
        let parser = jiff::fmt::rfc2822::DateTimeParser::new();
        if let Ok(date) = parser.parse_timestamp(date) {
            let heard = (Timestamp(date.as_millisecond()), Instant::now());
            *self.heard.lock().unwrap_or_else(PoisonError::into_inner) = Some(heard);
        }
    }

    /// What time it is in the cloud, once an answer told.
    pub fn now(&self) -> Option<Timestamp> {
        let heard = *self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        heard.map(|(date, since)| date.after(milliseconds(since.elapsed())))
    }
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_date_of_an_answer_tells_the_time_and_rubbish_does_not() {
        let time = CloudTime::default();
        assert_eq!(time.now(), None);
        time.hear("yesterday");
        assert_eq!(time.now(), None);
        time.hear("Sun, 06 Nov 1994 08:49:37 GMT");
        let now = time.now().unwrap();
        assert!(now >= Timestamp(784_111_777_000) && now < Timestamp(784_111_900_000));
    }
}
