//! Something that was sent has an outcome.

use serde_json::Value;

use super::Turn;
use super::guest::{may_repeat, wait_label};
use crate::api::{Fault, FaultClass};
use crate::call::{Call, Condition};
use crate::effect::{Effect, Wake};
use crate::place::At;
use crate::record::Fact;
use crate::retry;
use crate::run::{Change, ChangeState, SlotKind};
use crate::ticket::{Outcome, Ticket, Work};
use crate::time::Timestamp;

/// The value of a field that is not in the answer.
const NOT_FOUND: &str = "NOT_FOUND";

impl Turn<'_> {
    pub(super) fn answered(&mut self, ticket: Ticket, outcome: Outcome) {
        match &ticket.work {
            Work::Read { .. } => self.read_answered(ticket, outcome),
            Work::Poll { .. } => self.poll_answered(ticket, outcome),
            Work::Change(number) => {
                let number = *number;
                self.change_answered(number, ticket, outcome);
            }
            Work::Reverse(number) => {
                let number = *number;
                self.reverse_answered(number, ticket, outcome);
            }
            Work::Look(look) => {
                let look = (**look).clone();
                self.look_answered(ticket, look, outcome);
            }
            Work::Survey(survey) => {
                let survey = (**survey).clone();
                self.survey_answered(ticket, survey, outcome);
            }
        }
    }

    fn read_answered(&mut self, ticket: Ticket, outcome: Outcome) {
        let Work::Read { place, call } = ticket.work.clone() else {
            return;
        };
        let attempt = self.run.attempt(&place.at);
        if attempt.is_none_or(|attempt| attempt.calls.len() != place.index as usize) {
            return;
        }
        let (fault, transient) = match outcome {
            Outcome::Done(value) => {
                return self.record_answer(place, call.label(), Ok(value));
            }
            Outcome::Unknown(fault) => (read_fault(fault), true),
            Outcome::Refused(fault) => {
                let transient = fault.class == FaultClass::Retry;
                (fault, transient)
            }
        };
        if !transient || self.plan_again(ticket, &place.at, &fault) == Again::TriedEnough {
            self.record_answer(place, call.label(), Err(fault));
        }
    }

    /// Sets the timer after which a call is sent again, if it may be.
    pub(super) fn plan_again(&mut self, ticket: Ticket, at: &At, fault: &Fault) -> Again {
        if self.run.interrupted() {
            return Again::NextProcess;
        }
        let salt = format!("{}/{:?}", at.step, at.item);
        let Some(due) = retry::send_again(&ticket, self.now, &salt) else {
            return Again::TriedEnough;
        };
        let reason = format!("`{}` tries again after {}", at.step, fault.code);
        let again = Ticket {
            tries: ticket.tries + 1,
            ..ticket
        };
        self.effects.push(Effect::Again {
            at: at.clone(),
            label: self.label_of(&again.work),
            tries: again.tries,
            why: fault.code.clone(),
            due,
        });
        self.effects.push(Effect::Timer {
            due,
            wake: Wake::Send(again),
            reason,
        });
        Again::Planned
    }

    /// What is sent, for people.
    fn label_of(&self, work: &Work) -> String {
        match work {
            Work::Read { call, .. } | Work::Poll { call, .. } => call.label(),
            Work::Change(number) | Work::Reverse(number) => {
                let change = self.run.change(*number);
                change.map_or_else(String::new, |change| change.call.label())
            }
            Work::Look(look) => look.next_read().label(),
            Work::Survey(survey) => survey.call.label(),
        }
    }

    pub(super) fn send_again(&mut self, ticket: Ticket) {
        if self.run.interrupted() {
            return;
        }
        match &ticket.work {
            Work::Read { place, call } | Work::Poll { place, call, .. } => {
                let (at, call) = (place.at.clone(), call.clone());
                if self.run.attempt(&at).is_some() {
                    self.effects.push(Effect::Send { ticket, call, at });
                }
            }
            Work::Change(number) => {
                if let Some(change) = self.run.change(*number) {
                    self.change_due_again(change, &ticket);
                }
            }
            Work::Reverse(number) => {
                let number = *number;
                self.send_reverse_again(number, ticket);
            }
            Work::Look(_) => self.send_look(ticket),
            Work::Survey(_) => self.send_survey(ticket),
        }
    }

    /// A change's pause is over. It may have been taken up otherwise meanwhile.
    fn change_due_again(&mut self, change: &Change, ticket: &Ticket) {
        if !self.run.is_awaited(change) {
            return;
        }
        match &change.state {
            ChangeState::Done(_) | ChangeState::Intended { stale: false } => {}
            ChangeState::Refused(_) => self.make_again(change, ticket.tries, ticket.first),
            ChangeState::Unknown(_) | ChangeState::Intended { stale: true } => {
                match change.doubt().filter(|_| !may_repeat(change, self.now)) {
                    Some(fault) => self.change_unknown(change, fault),
                    None => self.make_again(change, ticket.tries, ticket.first),
                }
            }
        }
    }

    fn change_answered(&mut self, number: u64, ticket: Ticket, outcome: Outcome) {
        let Some(change) = self
            .run
            .change(number)
            .filter(|change| change.is_doubtful())
        else {
            return;
        };
        // Sent before, with an outcome nobody knows: a refusal now says nothing about then.
        let in_doubt = change.doubt().is_some();
        match outcome {
            Outcome::Done(answer) => {
                self.facts.push(Fact::ChangeDone {
                    change: number,
                    answer: answer.clone(),
                });
                self.answer_change(change, Ok(answer));
            }
            Outcome::Refused(fault) if in_doubt => {
                let again = fault.class == FaultClass::Retry && may_repeat(change, self.now);
                if !again || self.change_again(change, ticket, &fault) == Again::TriedEnough {
                    self.change_unknown(change, fault);
                }
            }
            Outcome::Refused(fault) => {
                self.facts.push(Fact::ChangeRefused {
                    change: number,
                    fault: fault.clone(),
                });
                let again = fault.class == FaultClass::Retry;
                if again && self.change_again(change, ticket, &fault) != Again::TriedEnough {
                    return;
                }
                let taking = change.find.as_deref().filter(|find| {
                    find.take && fault.class == FaultClass::Exists && self.run.is_awaited(change)
                });
                match taking {
                    Some(find) => self.look_at_existing(change, find),
                    None => self.answer_change(change, Err(fault)),
                }
            }
            Outcome::Unknown(fault) => {
                let again = may_repeat(change, self.now);
                if again && self.change_again(change, ticket, &fault) != Again::TriedEnough {
                    let change = number;
                    self.facts.push(Fact::ChangeUnknown { change, fault });
                } else {
                    self.change_unknown(change, fault);
                }
            }
        }
    }

    /// Plans to send a change again, for a guest that still waits for it.
    fn change_again(&mut self, change: &Change, ticket: Ticket, fault: &Fault) -> Again {
        if self.run.is_awaited(change) {
            self.plan_again(ticket, &change.at, fault)
        } else {
            Again::TriedEnough
        }
    }

    /// Records that the outcome of a change is unknown, and looks; without a look its guest is told to.
    pub(super) fn change_unknown(&mut self, change: &Change, fault: Fault) {
        let told = change.look_first(&fault);
        self.facts.push(Fact::ChangeUnknown {
            change: change.number,
            fault,
        });
        if !self.run.is_awaited(change) {
            return;
        }
        match change.lookable().filter(|_| !self.run.interrupted()) {
            Some(find) => self.look_for_outcome(change, find),
            None => self.answer_change(change, Err(told)),
        }
    }

    /// Tells the guest that waits for a change what became of it.
    pub(super) fn answer_change(&mut self, change: &Change, answer: Result<Value, Fault>) {
        if self.run.is_awaited(change) {
            let answer = answer.map(|answer| change.told(answer));
            self.answer(change.at.clone(), change.index, answer);
        }
    }

    fn poll_answered(&mut self, ticket: Ticket, outcome: Outcome) {
        let Work::Poll {
            place,
            call,
            condition,
            deadline,
        } = ticket.work.clone()
        else {
            return;
        };
        let slot = self
            .run
            .attempt(&place.at)
            .and_then(|attempt| attempt.calls.get(place.index as usize));
        if !slot.is_some_and(|slot| matches!(slot.kind, SlotKind::Wait { .. })) {
            return;
        }
        let label = wait_label(&call, &condition);
        match judge_poll(outcome, &condition, &call) {
            Poll::Over(answer) => self.record_answer(place, label, answer),
            Poll::NotYet(seen) if self.now >= deadline => {
                let fault = wait_timed_out(&label, &seen);
                self.record_answer(place, label, Err(fault));
            }
            Poll::NotYet(seen) => {
                let due = self.now.after(condition.every_ms).min(deadline);
                self.poll_later(ticket, place.at, label, seen, due, deadline);
            }
        }
    }

    fn poll_later(
        &mut self,
        ticket: Ticket,
        at: At,
        label: String,
        seen: String,
        due: Timestamp,
        deadline: Timestamp,
    ) {
        if self.run.interrupted() {
            return;
        }
        let reason = format!("`{}` waits for {label}, now {seen}", at.step);
        self.effects.push(Effect::Waiting {
            at,
            label,
            seen,
            deadline,
        });
        self.effects.push(Effect::Timer {
            due,
            wake: Wake::Send(ticket),
            reason,
        });
    }
}

/// What becomes of a call that may be sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Again {
    /// A timer is set.
    Planned,
    /// The run stops: nobody is told, and the next process goes on with it.
    NextProcess,
    /// It was tried long enough.
    TriedEnough,
}

/// A read that was not answered changed nothing, whatever the transport says about changes.
fn read_fault(fault: Fault) -> Fault {
    let class = match fault.class {
        FaultClass::LookFirst => FaultClass::Retry,
        other => other,
    };
    Fault { class, ..fault }
}

/// What one poll says about the wait.
pub(super) enum Poll {
    Over(Result<Value, Fault>),
    NotYet(String),
}

pub(super) fn judge_poll(outcome: Outcome, condition: &Condition, call: &Call) -> Poll {
    let among =
        |values: &[String], seen: &str| values.iter().any(|value| value.eq_ignore_ascii_case(seen));
    match outcome {
        Outcome::Done(answer) => {
            let seen = text_at(&answer, &condition.path);
            if among(&condition.until, &seen) {
                Poll::Over(Ok(answer))
            } else if among(&condition.fail, &seen) {
                Poll::Over(Err(wait_failed(call, condition, &seen)))
            } else {
                Poll::NotYet(seen)
            }
        }
        Outcome::Refused(fault) if fault.class == FaultClass::Absent => {
            if among(&condition.until, NOT_FOUND) {
                Poll::Over(Ok(Value::Null))
            } else {
                Poll::Over(Err(fault))
            }
        }
        Outcome::Unknown(fault) => Poll::NotYet(fault.code),
        Outcome::Refused(fault) if matches!(fault.class, FaultClass::Retry | FaultClass::Busy) => {
            Poll::NotYet(fault.code)
        }
        Outcome::Refused(fault) => Poll::Over(Err(fault)),
    }
}

fn text_at(answer: &Value, path: &str) -> String {
    match answer.pointer(path) {
        None | Some(Value::Null) => NOT_FOUND.to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

fn wait_failed(call: &Call, condition: &Condition, seen: &str) -> Fault {
    let message = format!(
        "waited for {} and got `{seen}`, from which it does not come back by itself",
        wait_label(call, condition)
    );
    Fault::new(FaultClass::Fail, "rutter.wait-failed", message)
}

fn wait_timed_out(label: &str, seen: &str) -> Fault {
    let message = format!("waited for {label} until its time was up; it was last `{seen}`");
    Fault::new(FaultClass::Fail, "rutter.wait-timeout", message)
        .advise("if it only takes longer, raise the step's limits and resume")
}
