//! Looking at what a change makes: before it is intended, after a doubt, after its reverse.

use serde_json::Value;

use super::Turn;
use super::answer::{Again, Poll, judge_poll};
use crate::api::{Fault, FaultClass};
use crate::call::{Ask, Call};
use crate::effect::{Effect, Wake};
use crate::find::{Find, Shows, Sight};
use crate::host_call::told;
use crate::place::{At, CallSite};
use crate::record::Fact;
use crate::run::{Change, ChangeState};
use crate::ticket::{Look, LookFor, Outcome, Reversed, Ticket, Work};
use crate::time::Timestamp;

/// How often a change is sent in all because looks showed that it had not happened.
const SENT_MAX: usize = 8;
/// The code of a change that a look did not show.
const NOT_HAPPENED: &str = "rutter.not-happened";
/// How long what was taken back may take to go. Milliseconds.
const GOING_MS: u64 = 10 * 60 * 1_000;
/// Pauses between two looks. Milliseconds.
const PAUSE_MIN_MS: u64 = 500;
/// The longest pause between two looks. Milliseconds.
const PAUSE_MAX_MS: u64 = 15_000;

impl Turn<'_> {
    /// Looks what is there before a change is intended.
    pub(super) fn look_before(&mut self, at: At, purpose: LookFor, find: Box<Find>) {
        let shows_by = match &purpose {
            LookFor::Before { place, .. } => {
                let CallSite {
                    at, fingerprint, ..
                } = place;
                self.run.shows_by(at, fingerprint, find.settle_ms)
            }
            _ => None,
        };
        let until = shows_by.map_or(self.now, |by| by.max(self.now));
        self.look(at, find, purpose, until);
    }

    /// Looks whether a change of unknown outcome happened.
    pub(super) fn look_for_outcome(&mut self, change: &Change, find: &Find) {
        let until = self.now.after(find.settle_ms);
        self.look_at(change, find, LookFor::Outcome(change.number), until);
    }

    /// Looks whether what exists is what was wanted.
    pub(super) fn look_at_existing(&mut self, change: &Change, find: &Find) {
        let until = self.now.after(find.settle_ms);
        self.look_at(change, find, LookFor::Existing(change.number), until);
    }

    /// Looks whether a change is gone.
    pub(super) fn look_whether_gone(
        &mut self,
        change: &Change,
        find: &Find,
        note: String,
        reverse: Reversed,
        tries: u32,
    ) {
        let until = match &reverse {
            Reversed::Answered => self.now.after(find.settle_ms.max(GOING_MS)),
            Reversed::Unknown => self.now.after(find.settle_ms),
            Reversed::Refused(_) => self.now,
            Reversed::NotSent if change.reverse.is_some() => self.now,
            Reversed::NotSent => self.now.after(find.settle_ms.max(GOING_MS)),
            Reversed::NotNeeded => self.now.after(find.settle_ms),
        };
        let purpose = LookFor::Gone {
            change: change.number,
            note,
            reverse,
            tries,
        };
        self.look_at(change, find, purpose, until);
    }

    fn look_at(&mut self, change: &Change, find: &Find, purpose: LookFor, until: Timestamp) {
        self.facts.push(Fact::LookBegun {
            change: change.number,
        });
        self.look(change.at.clone(), Box::new(find.clone()), purpose, until);
    }

    fn look(&mut self, at: At, find: Box<Find>, purpose: LookFor, until: Timestamp) {
        let rested = find.rest.is_none();
        let look = Look {
            at,
            find,
            purpose,
            rested,
            until,
        };
        let ticket = Ticket {
            work: Work::Look(Box::new(look)),
            tries: 1,
            first: self.now,
        };
        self.send_read_of_look(ticket);
    }

    /// Sends the next read of a look that is still of use.
    pub(super) fn send_look(&mut self, ticket: Ticket) {
        let Work::Look(look) = &ticket.work else {
            return;
        };
        if self.run.awaits_look(look) && !self.run.interrupted() {
            self.send_read_of_look(ticket);
        }
    }

    fn send_read_of_look(&mut self, ticket: Ticket) {
        if let Work::Look(look) = &ticket.work {
            let call = Box::new(look.next_read().clone());
            let at = look.at.clone();
            self.effects.push(Effect::Send { ticket, call, at });
        }
    }

    pub(super) fn look_answered(&mut self, ticket: Ticket, look: Look, outcome: Outcome) {
        if self.run.interrupted() || !self.run.awaits_look(&look) {
            // The next process looks again.
            return;
        }
        if look.rested {
            self.look_was_read(ticket, look, outcome);
        } else {
            self.rest_was_polled(ticket, look, outcome);
        }
    }

    fn rest_was_polled(&mut self, ticket: Ticket, mut look: Look, outcome: Outcome) {
        let Some(rest) = &look.find.rest else {
            return;
        };
        let condition = rest.condition.clone();
        match judge_poll(outcome, &condition, &rest.read) {
            // A state from which it does not come back is a rest as well.
            Poll::Over(Err(fault))
                if fault.code != "rutter.wait-failed" && fault.class != FaultClass::Absent =>
            {
                self.cannot_look(&look, fault);
            }
            Poll::Over(_) => {
                look.rested = true;
                let work = Work::Look(Box::new(look));
                self.send_look(Ticket {
                    work,
                    tries: 1,
                    first: self.now,
                });
            }
            Poll::NotYet(seen) if self.now.since(ticket.first) >= condition.timeout_ms => {
                let message = format!("it does not come to rest; it was last `{seen}`");
                let fault = Fault::new(FaultClass::Fail, "rutter.wait-timeout", message);
                self.cannot_look(&look, fault);
            }
            Poll::NotYet(_) => {
                let due = self.now.after(condition.every_ms);
                self.look_later(ticket, &look, due);
            }
        }
    }

    fn look_was_read(&mut self, ticket: Ticket, look: Look, outcome: Outcome) {
        let fault = match outcome {
            Outcome::Done(answer) => return self.seen(ticket, look, Some(&answer)),
            Outcome::Refused(fault) if fault.class == FaultClass::Absent => {
                return self.seen(ticket, look, None);
            }
            Outcome::Refused(fault) if !fault.class.passes() => {
                return self.cannot_look(&look, fault);
            }
            Outcome::Refused(fault) | Outcome::Unknown(fault) => fault,
        };
        let at = look.at.clone();
        if self.plan_again(ticket, &at, &fault) == Again::TriedEnough {
            self.cannot_look(&look, fault);
        }
    }

    fn seen(&mut self, ticket: Ticket, look: Look, answer: Option<&Value>) {
        match look.purpose.clone() {
            LookFor::Before { .. } => self.seen_before(ticket, look, answer),
            LookFor::Outcome(number) => self.outcome_seen(ticket, &look, number, answer),
            LookFor::Existing(number) => self.existing_seen(ticket, &look, number, answer),
            LookFor::Gone { .. } => self.reverse_seen(ticket, &look, answer),
        }
    }

    /// What was seen before a change is intended: what is so already, or what it is told apart from.
    fn seen_before(&mut self, ticket: Ticket, look: Look, answer: Option<&Value>) {
        let LookFor::Before {
            place,
            call,
            reverse,
        } = look.purpose.clone()
        else {
            return;
        };
        let adopted = self.run.adopted_change(&place.at, &place.fingerprint);
        let found =
            look.find
                .taken(answer)
                .or_else(|| match look.find.sight(answer, &adopted?.before) {
                    Sight::Happened(found) => Some(found),
                    Sight::Not | Sight::Several(_) => None,
                });
        match found {
            Some(found) => self.take_what_is_there(place, &call, found, &look.find, answer),
            None if self.now < look.until => self.look_after_a_pause(ticket, &look),
            None if adopted.is_some() => self.refuse_beside_adopted(place, &call),
            None => {
                let before = look.find.keys(answer);
                self.new_change(place, *call, reverse, Some(look.find), before);
            }
        }
    }

    /// A person said that an equal change happened, and looking does not show it: to send this one
    /// would make it twice.
    pub(super) fn refuse_beside_adopted(&mut self, place: CallSite, call: &Call) {
        let label = call.label();
        let message = format!(
            "a person said that {label} happened, and looking does not show what it made: it is not sent again"
        );
        let fault = Fault::new(FaultClass::Fail, "rutter.adopted", message);
        let label = format!("look before {label}");
        self.record_answer(place, label, Err(fault));
    }

    /// What a change was to make is there: of an earlier attempt of this step, or of somebody else.
    fn take_what_is_there(
        &mut self,
        place: CallSite,
        call: &Call,
        found: Value,
        find: &Find,
        seen: Option<&Value>,
    ) {
        let CallSite {
            at, fingerprint, ..
        } = &place;
        match self.run.open_change(at, fingerprint) {
            Some(change) => {
                let change = change.number;
                self.answer(at.clone(), place.index, Ok(told(found.clone(), true)));
                self.facts.push(Fact::ChangeFound {
                    place,
                    change,
                    answer: found,
                });
            }
            None => {
                let label = format!("look before {}", call.label());
                let made = self.run.has_made(at, fingerprint);
                if !made {
                    self.adopted(at, find, seen);
                }
                self.record_answer(place, label, Ok(told(found, made)));
            }
        }
    }

    /// What is there and was not made by this step may be another run's.
    fn adopted(&mut self, at: &At, find: &Find, seen: Option<&Value>) {
        let key = find.taken_key(seen).filter(|_| find.shows == Shows::There);
        if let Some(object) = key.and_then(|key| self.run.object(&find.read, &key)) {
            let at = at.clone();
            self.facts.push(Fact::Adopted { at, object });
        }
    }

    fn outcome_seen(&mut self, ticket: Ticket, look: &Look, number: u64, answer: Option<&Value>) {
        let Some(change) = self
            .run
            .change(number)
            .filter(|change| change.is_doubtful())
        else {
            return;
        };
        match look.find.sight(answer, &change.before) {
            Sight::Happened(_) if !look.find.proves() && self.costs(change) => {
                let mut keys = look.find.keys(answer);
                keys.retain(|key| !change.before.contains(key));
                self.cannot_tell(change, perhaps_anothers(change, &keys.join(", ")));
            }
            Sight::Happened(answer) => {
                self.facts.push(Fact::ChangeDone {
                    change: number,
                    answer: answer.clone(),
                });
                self.answer_change(change, Ok(answer));
            }
            Sight::Not if self.now < look.until => self.look_after_a_pause(ticket, look),
            Sight::Not => self.did_not_happen(change),
            Sight::Several(keys) => self.cannot_tell(change, several(change, &keys)),
        }
    }

    /// A look did not show what a change would have made.
    fn did_not_happen(&mut self, change: &Change) {
        if self.costs(change) {
            let message = format!(
                "{} was not answered, and looking does not show that it happened; it costs money, so it is not \
                 taken for granted",
                change.call.label()
            );
            let fault = Fault::new(FaultClass::LookFirst, "rutter.unknown-outcome", message);
            return self.cannot_tell(
                change,
                fault.advise("look in the account, also at its bills"),
            );
        }
        let message = format!("looking shows that {} did not happen", change.call.label());
        let fault = Fault::new(FaultClass::Retry, NOT_HAPPENED, message);
        self.facts.push(Fact::ChangeRefused {
            change: change.number,
            fault: fault.clone(),
        });
        if !self.run.is_awaited(change) {
            return;
        }
        if self.run.times_refused(change, NOT_HAPPENED) + 1 < SENT_MAX {
            self.intend_again(change, 1, self.now);
        } else {
            self.answer_change(change, Err(fault));
        }
    }

    /// Whether it costs money that it happened. What goes with its object is no question once that is taken
    /// back.
    fn costs(&self, change: &Change) -> bool {
        let goes_along = change.call.covered && self.run.rollback().is_some();
        change.call.ask == Some(Ask::Costs) && !goes_along
    }

    /// What became of a change shows to a person only.
    fn cannot_tell(&mut self, change: &Change, fault: Fault) {
        let told = change.look_first(&fault);
        self.facts.push(Fact::LookFailed {
            change: change.number,
            fault,
        });
        self.answer_change(change, Err(told));
    }

    fn existing_seen(&mut self, ticket: Ticket, look: &Look, number: u64, answer: Option<&Value>) {
        let Some(change) = self.run.change(number) else {
            return;
        };
        let ChangeState::Refused(fault) = &change.state else {
            return;
        };
        match look.find.taken(answer) {
            Some(found) => {
                let place = CallSite::of(change);
                self.take_what_is_there(place, &change.call, found, &look.find, answer);
            }
            None if self.now < look.until => self.look_after_a_pause(ticket, look),
            None => self.answer_change(change, Err(fault.clone())),
        }
    }

    fn cannot_look(&mut self, look: &Look, fault: Fault) {
        match look.purpose.clone() {
            LookFor::Before { place, call, .. } => {
                let label = format!("look before {}", call.label());
                self.record_answer(place, label, Err(fault));
            }
            LookFor::Outcome(number) => {
                if let Some(change) = self.run.change(number) {
                    self.cannot_tell(change, not_seen(change, &fault));
                }
            }
            LookFor::Existing(number) => {
                if let Some(change) = self.run.change(number)
                    && let ChangeState::Refused(refusal) = &change.state
                {
                    self.answer_change(change, Err(refusal.clone()));
                }
            }
            LookFor::Gone {
                change, reverse, ..
            } => {
                if let Some(change) = self.run.change(change) {
                    let fault = match reverse {
                        Reversed::Refused(refusal) => refusal,
                        _ => not_seen(change, &fault),
                    };
                    let change = change.number;
                    self.facts.push(Fact::ReverseFailed { change, fault });
                }
            }
        }
    }

    /// Looks again: what is there may take a while to show.
    pub(super) fn look_after_a_pause(&mut self, ticket: Ticket, look: &Look) {
        let pause_ms = (look.find.settle_ms / 4).clamp(PAUSE_MIN_MS, PAUSE_MAX_MS);
        let due = self.now.after(pause_ms).min(look.until);
        let ticket = Ticket { tries: 1, ..ticket };
        self.look_later(ticket, look, due);
    }

    fn look_later(&mut self, ticket: Ticket, look: &Look, due: Timestamp) {
        let reason = format!("`{}` looks again", look.at.step);
        self.effects.push(Effect::Timer {
            due,
            wake: Wake::Send(ticket),
            reason,
        });
    }
}

impl Look {
    /// The read that is sent next.
    pub(super) fn next_read(&self) -> &Call {
        match &self.find.rest {
            Some(rest) if !self.rested => &rest.read,
            _ => &self.find.read,
        }
    }
}

fn several(change: &Change, keys: &[String]) -> Fault {
    let message = format!(
        "{} was not answered, and several objects may be what it made: {}",
        change.call.label(),
        keys.join(", ")
    );
    Fault::new(FaultClass::LookFirst, "rutter.several", message)
}

/// One object is new, and nothing in it says whose it is.
fn perhaps_anothers(change: &Change, key: &str) -> Fault {
    let message = format!(
        "{} was not answered, and looking shows {key}, which is new: it may be what was made, or what somebody \
         else made in the same moment; it costs money, so it is not taken for granted",
        change.call.label(),
    );
    Fault::new(FaultClass::LookFirst, "rutter.perhaps-anothers", message).advise(
        "look in the account when it was made and by whom; if it is this run's, say that it happened",
    )
}

pub(super) fn not_seen(change: &Change, fault: &Fault) -> Fault {
    let message = format!(
        "what {} left behind cannot be looked at: {}: {}",
        change.call.label(),
        fault.code,
        fault.message
    );
    Fault {
        request_id: fault.request_id.clone(),
        ..Fault::new(FaultClass::LookFirst, "rutter.cannot-look", message)
    }
}
