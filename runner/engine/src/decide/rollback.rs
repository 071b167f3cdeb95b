//! Taking a run back: every change, last first, of finished, failed and unknown steps alike.

use serde_json::Value;

use super::Turn;
use super::answer::Again;
use crate::api::{Fault, FaultClass};
use crate::call::{Call, Target};
use crate::effect::{Effect, Outcome, Ticket, UndoChange, UndoRequest, Work};
use crate::plan::{Step, Uses};
use crate::record::{At, Fact, Phase, RollbackEnd, RunEnd, Timestamp};
use crate::run::{Attempt, Back, Change, ChangeState, ItemRun};

impl<'a> Turn<'a> {
    pub(super) fn settle_rollback(&mut self) {
        let run = self.run;
        let Some(rollback) = run.rollback() else {
            return;
        };
        if !run.confirmed || run.interrupted() || run.end().is_some() {
            return;
        }
        match &rollback.end {
            Some(RollbackEnd::Failed { .. }) => {}
            Some(end) => {
                self.facts.push(Fact::RunEnded {
                    end: RunEnd::RolledBack(end.clone()),
                });
            }
            None if !self.all_are_answered() => {}
            None => match run.newest_standing() {
                Some(change) => self.take_back(change),
                None => self.facts.push(Fact::RollbackEnded {
                    end: RollbackEnd::Done,
                }),
            },
        }
    }

    /// A change in flight is awaited before anything is taken back. What an earlier process sent will
    /// never be answered.
    fn all_are_answered(&mut self) -> bool {
        let mut all = true;
        let open = self.run.unanswered();
        for change in open.filter(|change| change.at.phase == Phase::Run) {
            all = false;
            if let Some(fault) = change.doubt() {
                let change = change.number;
                self.facts.push(Fact::ChangeUnknown { change, fault });
            }
        }
        all
    }

    fn take_back(&mut self, change: &Change) {
        let number = change.number;
        match &change.back {
            // Its timer is set.
            Back::Failed(fault) if fault.class.passes() => {}
            Back::Failed(fault) => {
                let end = RollbackEnd::Failed {
                    change: number,
                    fault: fault.clone(),
                };
                self.facts.push(Fact::RollbackEnded { end });
            }
            Back::Sent { call, stale } => {
                if *stale {
                    self.reverse_is_stale(change, call);
                }
            }
            Back::No | Back::Done => match self.undoing_plugin(change) {
                Some((step, item)) => self.undo_by_plugin(change, step, item),
                None => self.undo_by_reverse(change),
            },
        }
    }

    fn undo_by_reverse(&mut self, change: &Change) {
        let number = change.number;
        match &change.reverse {
            Some(reverse) => match resolved(reverse, change) {
                Ok(call) => self.send_reverse(number, Box::new(call), &change.at, 1, self.now),
                Err(fault) => self.facts.push(Fact::ReverseFailed {
                    change: number,
                    fault,
                }),
            },
            None if change.call.covered => {
                let note = match change.call.target {
                    Target::Http(_) => "what it did may stay",
                    _ => "it goes with the object it belongs to",
                }
                .to_owned();
                self.facts.push(Fact::ReverseDone {
                    change: number,
                    note,
                });
            }
            None => {
                let end = RollbackEnd::PointOfNoReturn { change: number };
                self.facts.push(Fact::RollbackEnded { end });
            }
        }
    }

    fn send_reverse(
        &mut self,
        number: u64,
        call: Box<Call>,
        at: &At,
        tries: u32,
        first: Timestamp,
    ) {
        let work = Work::Reverse(number);
        let ticket = Ticket { work, tries, first };
        let at = At {
            phase: Phase::Undo,
            ..at.clone()
        };
        self.effects.push(Effect::Send {
            ticket,
            call: call.clone(),
            at,
        });
        self.facts.push(Fact::ReverseIntended {
            change: number,
            call,
        });
    }

    /// An earlier process sent the reverse and recorded no answer.
    fn reverse_is_stale(&mut self, change: &Change, call: &Call) {
        if may_repeat_reverse(change, call, self.now) {
            let call = Box::new(call.clone());
            self.send_reverse(change.number, call, &change.at, 1, self.now);
        } else {
            let fault = Fault::new(
                FaultClass::LookFirst,
                "rutter.unknown-outcome",
                format!("it is not known whether {} happened", call.label()),
            );
            self.facts.push(Fact::ReverseFailed {
                change: change.number,
                fault,
            });
        }
    }

    pub(super) fn send_reverse_again(&mut self, number: u64, ticket: Ticket) {
        let Some(change) = self.run.change(number) else {
            return;
        };
        let passed = matches!(&change.back, Back::Failed(fault) if fault.class.passes());
        if passed && self.run.rollback_under_way().is_some() {
            let reverse = change.reverse.as_ref().map(|call| resolved(call, change));
            if let Some(Ok(call)) = reverse {
                let call = Box::new(call);
                self.send_reverse(number, call, &change.at, ticket.tries, ticket.first);
            }
        }
        if let Back::Sent { call, .. } = &change.back {
            let at = At {
                phase: Phase::Undo,
                ..change.at.clone()
            };
            self.effects.push(Effect::Send {
                ticket,
                call: call.clone(),
                at,
            });
        }
    }

    pub(super) fn reverse_answered(&mut self, number: u64, ticket: Ticket, outcome: Outcome) {
        let Some(change) = self.run.change(number) else {
            return;
        };
        let Back::Sent { call, .. } = &change.back else {
            return;
        };
        let fault = match outcome {
            Outcome::Done(_) => {
                let note = call.label();
                return self.facts.push(Fact::ReverseDone {
                    change: number,
                    note,
                });
            }
            Outcome::Refused(fault)
                if matches!(fault.class, FaultClass::Absent | FaultClass::Exists) =>
            {
                let note = format!("{}: it was already so ({})", call.label(), fault.code);
                return self.facts.push(Fact::ReverseDone {
                    change: number,
                    note,
                });
            }
            Outcome::Refused(fault) => {
                let passes = fault.class.passes();
                match passes && self.plan_again(ticket, &change.at, &fault) != Again::TriedEnough {
                    // It is sent again, with a record of its own, by this process or the next.
                    true => fault,
                    false => for_good(fault, FaultClass::Fail),
                }
            }
            Outcome::Unknown(fault) => {
                let again = may_repeat_reverse(change, call, self.now);
                if again && self.plan_again(ticket, &change.at, &fault) != Again::TriedEnough {
                    return;
                }
                for_good(fault, FaultClass::LookFirst)
            }
        };
        self.facts.push(Fact::ReverseFailed {
            change: number,
            fault,
        });
    }

    /// The step whose plugin takes its changes back by itself: not where one of them was asked about because nothing
    /// takes it back.
    fn undoing_plugin(&self, change: &Change) -> Option<(&'a Step, &'a ItemRun)> {
        let run: &'a crate::run::Run = self.run;
        let step = run.planned(&change.at.step)?;
        let Uses::Plugin(plugin) = &step.uses else {
            return None;
        };
        let item = run.step(&step.id)?.items.get(&change.at.item)?;
        let mut changes = run.changes_of(&change.at);
        let is_final = changes.any(Change::is_final);
        (plugin.undo && !is_final).then_some((step, item))
    }

    fn undo_by_plugin(&mut self, change: &Change, step: &Step, item: &ItemRun) {
        match &item.undo {
            Some(undo) if !undo.ended && undo.hosted => {}
            Some(undo) if !undo.ended => {
                self.facts.push(Fact::AttemptResumed {
                    at: undo.at.clone(),
                });
                self.host_undo(undo.at.clone(), item);
            }
            Some(undo) if self.failed_here(undo) => {
                let fault = Fault::new(
                    FaultClass::Fail,
                    "rutter.undo-failed",
                    format!("the undo of step `{}` failed", step.id),
                );
                self.facts.push(Fact::ReverseFailed {
                    change: change.number,
                    fault,
                });
            }
            _ => {
                let at = At {
                    step: step.id.clone(),
                    item: change.at.item.clone(),
                    attempt: item.undo_attempts + 1,
                    phase: Phase::Undo,
                };
                self.facts.push(Fact::AttemptStarted { at: at.clone() });
                self.host_undo(at, item);
            }
        }
    }

    /// The undo ended in this rollback and the change still stands: it failed.
    fn failed_here(&self, undo: &Attempt) -> bool {
        undo.ended && undo.hosted
    }

    fn host_undo(&mut self, at: At, item: &ItemRun) {
        let mine = |change: &&Change| change.at.phase == Phase::Run && change.stands();
        let changes = self.run.changes_of(&at).filter(mine);
        let undo = UndoRequest {
            changes: changes
                .map(|change| UndoChange {
                    call: change.call.clone(),
                    answer: change.answer().cloned(),
                })
                .collect(),
            outputs: match &item.state {
                crate::run::ItemState::Done(outputs) => Some(outputs.clone()),
                _ => None,
            },
        };
        let inputs = item.inputs.clone();
        self.effects.push(Effect::StartGuest {
            at,
            inputs,
            undo: Some(Box::new(undo)),
        });
    }
}

/// A reverse whose outcome is unknown is sent again only where that is harmless.
fn may_repeat_reverse(change: &Change, call: &Call, now: Timestamp) -> bool {
    change.may_repeat_reverse(call, now)
}

/// A fault that ends the rollback: of no class that would be tried again.
fn for_good(fault: Fault, class: FaultClass) -> Fault {
    let class = match fault.class.passes() {
        true => class,
        false => fault.class,
    };
    Fault { class, ..fault }
}

/// The reverse with the fields of the change's answer put in.
fn resolved(reverse: &Call, change: &Change) -> Result<Call, Fault> {
    let mut call = reverse.clone();
    if let Target::Api(api) = &mut call.target {
        fill(&mut api.parameters, change)?;
    }
    Ok(call)
}

fn fill(value: &mut Value, change: &Change) -> Result<(), Fault> {
    let pointer = value.as_object().filter(|map| map.len() == 1);
    let pointer = pointer
        .and_then(|map| map.get("$answer"))
        .and_then(Value::as_str);
    if let Some(pointer) = pointer {
        let found = change
            .answer()
            .and_then(|answer| answer.pointer(pointer))
            .cloned();
        *value = found.ok_or_else(|| missing_answer(change, pointer))?;
        return Ok(());
    }
    match value {
        Value::Array(list) => list.iter_mut().try_for_each(|value| fill(value, change)),
        Value::Object(map) => map.values_mut().try_for_each(|value| fill(value, change)),
        _ => Ok(()),
    }
}

fn missing_answer(change: &Change, pointer: &str) -> Fault {
    let label = change.call.label();
    let message = match change.state {
        ChangeState::Done(_) => format!("the answer of {label} has no field `{pointer}`"),
        _ => format!("whether {label} happened is unknown, so its reverse lacks `{pointer}`"),
    };
    Fault::new(FaultClass::LookFirst, "rutter.reverse", message)
        .advise("look in the account, take it back by hand if it is there, then resolve the step")
}
