//! Something that was sent has an outcome.

use serde_json::Value;

use super::Turn;
use super::guest::{look_first, may_repeat, wait_label};
use crate::api::{Fault, FaultClass};
use crate::call::{Call, Condition};
use crate::effect::{Effect, Outcome, Ticket, Wake, Work};
use crate::record::{At, Fact, Timestamp};
use crate::retry;
use crate::run::{Change, ChangeState};

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
        }
    }

    fn read_answered(&mut self, ticket: Ticket, outcome: Outcome) {
        let Work::Read {
            at,
            index,
            print,
            call,
        } = ticket.work.clone()
        else {
            return;
        };
        if self.run.attempt(&at).is_none() {
            return;
        }
        let answer = match outcome {
            Outcome::Done(value) => Ok(value),
            Outcome::Unknown(fault) => match self.plan_again(ticket, &at, &fault) {
                true => return,
                false => Err(fault),
            },
            Outcome::Refused(fault) if fault.class == FaultClass::Retry => {
                match self.plan_again(ticket, &at, &fault) {
                    true => return,
                    false => Err(fault),
                }
            }
            Outcome::Refused(fault) => Err(fault),
        };
        self.record_answer(at, index, print, call.label(), answer);
    }

    /// Sets the timer after which a call is sent again. Returns false when it was tried long enough.
    pub(super) fn plan_again(&mut self, ticket: Ticket, at: &At, fault: &Fault) -> bool {
        if self.run.interrupted() {
            return false;
        }
        let salt = format!("{}/{:?}", at.step, at.item);
        let Some(due) = retry::send_again(&ticket, self.now, &salt) else {
            return false;
        };
        let reason = format!("`{}` tries again after {}", at.step, fault.code);
        let again = Ticket {
            tries: ticket.tries + 1,
            ..ticket
        };
        self.effects.push(Effect::Timer {
            due,
            wake: Wake::Send(again),
            reason,
        });
        true
    }

    pub(super) fn send_again(&mut self, ticket: Ticket) {
        if self.run.interrupted() {
            return;
        }
        match &ticket.work {
            Work::Read { at, call, .. } | Work::Poll { at, call, .. } => {
                let (at, call) = (at.clone(), call.clone());
                if self.run.attempt(&at).is_some() {
                    self.effects.push(Effect::Send { ticket, call, at });
                }
            }
            Work::Change(number) => {
                let Some(change) = self.run.change(*number) else {
                    return;
                };
                if matches!(change.state, ChangeState::Intended { .. }) {
                    self.send_change(change, ticket.tries, ticket.first);
                }
            }
            Work::Reverse(number) => {
                let number = *number;
                self.send_reverse_again(number, ticket);
            }
        }
    }

    fn change_answered(&mut self, number: u64, ticket: Ticket, outcome: Outcome) {
        let Some(change) = self.run.change(number) else {
            return;
        };
        if !matches!(
            change.state,
            ChangeState::Intended { .. } | ChangeState::Unknown(_)
        ) {
            return;
        }
        match outcome {
            Outcome::Done(answer) => {
                self.facts.push(Fact::ChangeDone {
                    change: number,
                    answer: answer.clone(),
                });
                self.answer_change(change, Ok(answer));
            }
            Outcome::Refused(fault) => {
                let again = fault.class == FaultClass::Retry;
                if again && self.plan_again(ticket, &change.at, &fault) {
                    return;
                }
                self.facts.push(Fact::ChangeRefused {
                    change: number,
                    fault: fault.clone(),
                });
                self.answer_change(change, Err(fault));
            }
            Outcome::Unknown(fault) => {
                let again = may_repeat(change, self.now);
                if again && self.plan_again(ticket, &change.at, &fault) {
                    return;
                }
                let look = look_first(change, &fault);
                self.facts.push(Fact::ChangeUnknown {
                    change: number,
                    fault,
                });
                self.answer_change(change, Err(look));
            }
        }
    }

    fn answer_change(&mut self, change: &Change, answer: Result<Value, Fault>) {
        let Some(attempt) = self.run.attempt(&change.at) else {
            return;
        };
        let place = attempt.calls.iter().position(|slot| {
            matches!(slot.kind, crate::run::SlotKind::Change(number) if number == change.number)
        });
        if let Some(index) = place {
            let index = u32::try_from(index).unwrap_or(u32::MAX);
            self.answer(change.at.clone(), index, answer);
        }
    }

    fn poll_answered(&mut self, ticket: Ticket, outcome: Outcome) {
        let Work::Poll {
            at,
            index,
            print,
            call,
            condition,
            deadline,
        } = ticket.work.clone()
        else {
            return;
        };
        if self.run.attempt(&at).is_none() {
            return;
        }
        let label = wait_label(&call, &condition);
        match judge_poll(outcome, &condition, &call) {
            Poll::Over(answer) => self.record_answer(at, index, print, label, answer),
            Poll::NotYet(seen) if self.now >= deadline => {
                let fault = wait_timed_out(&label, &seen);
                self.record_answer(at, index, print, label, Err(fault));
            }
            Poll::NotYet(seen) => {
                let due = self.now.after(condition.every_ms).min(deadline);
                self.poll_later(ticket, at, label, seen, due, deadline);
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

/// What one poll says about the wait.
enum Poll {
    Over(Result<Value, Fault>),
    NotYet(String),
}

fn judge_poll(outcome: Outcome, condition: &Condition, call: &Call) -> Poll {
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
