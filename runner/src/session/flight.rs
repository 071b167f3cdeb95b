//! Calls that were sent and have no answer yet, and when to say so.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rutter_engine::{At, Call, Class, Ticket, Timestamp};

use super::outbox::Left;
use crate::ui::SlowCall;

/// An answer that takes longer than this is worth a word; then twice as long, and so on.
const SLOW: Duration = Duration::from_secs(10);

/// The calls in flight, and those that wait for their turn.
#[derive(Debug, Default)]
pub(super) struct Flight {
    calls: BTreeMap<u64, Out>,
    next: u64,
}

#[derive(Debug)]
struct Out {
    at: At,
    label: String,
    class: Class,
    tries: u32,
    began: Instant,
    left: Left,
    /// When to say that it has no answer.
    told_at: Duration,
}

impl Flight {
    /// Notes a call that is on its way, and returns the number to land it by and where to say when it left.
    pub(super) fn start(&mut self, at: &At, call: &Call, ticket: &Ticket) -> (u64, Left) {
        let left = Left::default();
        self.next += 1;
        let out = Out {
            at: at.clone(),
            label: call.label(),
            class: call.class,
            tries: ticket.tries,
            began: Instant::now(),
            left: Arc::clone(&left),
            told_at: SLOW,
        };
        self.calls.insert(self.next, out);
        (self.next, left)
    }

    /// It was answered. Returns how long it had waited for its turn.
    pub(super) fn land(&mut self, number: u64) -> Duration {
        let out = self.calls.remove(&number);
        let waited = |out: Out| Some(out.left.get()?.saturating_duration_since(out.began));
        out.and_then(waited).unwrap_or_default()
    }

    /// Those that have no answer for too long, each with what to say. `patience` is when the network
    /// gives one up.
    pub(super) fn slow(&mut self, now: Instant, patience: Duration) -> Vec<(At, SlowCall)> {
        let mut slow = Vec::new();
        for out in self.calls.values_mut() {
            let Some(since) = out.left.get() else {
                continue;
            };
            let waited = now.saturating_duration_since(*since);
            if waited < out.told_at {
                continue;
            }
            out.told_at *= 2;
            slow.push((out.at.clone(), out.slow(waited, patience)));
        }
        slow
    }
}

impl Out {
    fn slow(&self, waited: Duration, patience: Duration) -> SlowCall {
        let ms = |span: Duration| u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
        let now = jiff::Timestamp::now().as_millisecond();
        SlowCall {
            label: self.label.clone(),
            since: Timestamp(now.saturating_sub_unsigned(ms(waited))),
            tries: self.tries,
            patience_ms: ms(patience),
            next: match self.class {
                Class::Read => "sent again",
                Class::Change => "taken to be of unknown outcome",
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use rutter_engine::{Phase, Principal, Repeat, RoleArn, Target, Timestamp, Work};

    use super::*;

    fn role_assumed() -> (At, Call, Ticket) {
        let at = At {
            step: "role".into(),
            item: None,
            attempt: 1,
            phase: Phase::Run,
        };
        let call = Call {
            account: Principal::new("source").ok(),
            target: Target::AssumeRole {
                arn: RoleArn::new("acs:ram::1111111111111111:role/r").unwrap(),
                session: "s".to_owned(),
            },
            class: Class::Read,
            repeat: Repeat::Same,
            ask: None,
            covered: false,
            all_pages: false,
        };
        let ticket = Ticket {
            work: Work::Change(1),
            tries: 2,
            first: Timestamp(0),
        };
        (at, call, ticket)
    }

    #[test]
    fn a_call_that_hangs_is_told_of_now_and_then_until_it_is_answered() {
        let (at, call, ticket) = role_assumed();
        let mut flight = Flight::default();
        let (number, left) = flight.start(&at, &call, &ticket);
        let (now, patience) = (Instant::now(), Duration::from_secs(60));
        let after = |seconds| now + Duration::from_secs(seconds);
        assert!(
            flight.slow(after(500), patience).is_empty(),
            "it waits for its turn"
        );
        left.set(now).unwrap();
        assert!(flight.slow(after(5), patience).is_empty());
        let told = flight.slow(after(11), patience);
        let call = &told[0].1;
        assert_eq!(
            call.told(call.since.after(11_000)),
            "STS:AssumeRole has no answer for 11s (try 2); after 1m00s it is sent again"
        );
        assert!(flight.slow(after(12), patience).is_empty());
        assert_eq!(flight.slow(after(21), patience).len(), 1);
        assert!(flight.land(number) < patience);
        assert!(flight.slow(after(500), patience).is_empty());
    }
    #[test]
    fn how_long_a_call_waited_for_its_turn_is_known_when_it_lands() {
        let mut flight = Flight::default();
        let (at, call, ticket) = role_assumed();
        let (number, left) = flight.start(&at, &call, &ticket);
        left.set(Instant::now() + Duration::from_secs(90)).unwrap();
        assert!(flight.land(number) >= Duration::from_secs(90));
        let (kept_back, _) = flight.start(&at, &call, &ticket);
        assert_eq!(flight.land(kept_back), Duration::ZERO);
    }
}
