//! Taking a run back: every change, last first, of finished, failed and unknown steps alike.
//!
//! A change in doubt is looked for before its reverse; after its reverse it is looked at again. One that
//! cannot be taken back waits for a person and holds up only what it was made of.

use std::collections::BTreeSet;

use serde_json::Value;

use super::Turn;
use super::answer::Again;
use crate::api::{Fault, FaultClass};
use crate::call::Call;
use crate::effect::{Effect, UndoChange, UndoRequest};
use crate::find::Shows;
use crate::person::Person;
use crate::place::{At, Phase};
use crate::plan::{Name, Step, Uses};
use crate::record::{Fact, RollbackEnd, RunEnd};
use crate::resolution::Settlement;
use crate::run::{Back, Change, ChangeState, ItemRun};
use crate::template;
use crate::ticket::{Look, LookFor, Outcome, Reversed, Ticket, Work};
use crate::time::Timestamp;

/// How often a reverse is sent because a look showed that the change still stands.
const REVERSES_MAX: u32 = 4;

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
            None => match run.next_to_take_back() {
                Some(change) => self.take_back(change),
                None => {
                    let end = self.rollback_end(&rollback.stuck, &rollback.left);
                    self.facts.push(Fact::RollbackEnded { end });
                }
            },
        }
    }

    fn rollback_end(&self, stuck: &BTreeSet<u64>, left: &BTreeSet<u64>) -> RollbackEnd {
        if !stuck.is_empty() {
            let changes = stuck.iter().rev().copied().collect();
            return RollbackEnd::Failed { changes };
        }
        let mut left = left.iter().filter_map(|number| self.run.change(*number));
        match left.any(|change| change.stands() && !change.is_message()) {
            true => RollbackEnd::Partly,
            false => RollbackEnd::Done,
        }
    }

    /// A change in flight is awaited before anything is taken back. What an earlier process sent will
    /// never be answered.
    fn all_are_answered(&mut self) -> bool {
        let mut all = true;
        let open = self.run.unanswered();
        for change in open.filter(|change| self.run.covers(change)) {
            all = false;
            if let Some(fault) = change.doubt() {
                let change = change.number;
                self.facts.push(Fact::ChangeUnknown { change, fault });
            }
        }
        all
    }

    fn take_back(&mut self, change: &Change) {
        if change.looking {
            return;
        }
        match &change.back {
            // Its timer is set.
            Back::Failed(_) => {}
            Back::Sent { call, stale } => {
                if *stale {
                    self.reverse_is_stale(change, call);
                }
            }
            Back::Claimed => {
                let note = "by its plugin".to_owned();
                self.taken_back_so_far(change, note, 1);
            }
            Back::No | Back::Done | Back::Left(_) => {
                if let Some(why) = self.reason_to_stay(change) {
                    let change = change.number;
                    self.facts.push(Fact::ChangeLeft { change, why });
                } else if change.goes_along() {
                    self.goes_with_its_object(change);
                } else if change.passed.is_some() && !change.insisted {
                    self.went_with_its_maker(change);
                } else if change.is_unknown() && !change.insisted && !change.may_be_open() {
                    self.clear_doubt(change);
                } else if let Some(first) = self.to_be_compared(change) {
                    self.compare(first);
                } else if let Some((step, item)) = self.undoing_plugin(change) {
                    self.undo_by_plugin(change, step, item);
                } else {
                    self.undo_by_reverse(change);
                }
            }
        }
    }

    /// Why a change is not taken back, although nothing went wrong.
    fn reason_to_stay(&self, change: &Change) -> Option<String> {
        if let Some(other) = self.run.stays_for(change) {
            return Some(format!(
                "{} (change {}) cannot be taken back, and came after it",
                other.call.label(),
                other.number
            ));
        }
        let by_plugin = self.undoing_plugin(change).is_some();
        if change.is_message() {
            return Some("a message that was sent stays sent".to_owned());
        }
        let made = change.passed.is_none() && !change.call.covered;
        let nothing = change.reverse.is_none() && made && !by_plugin;
        (nothing && !change.is_unknown()).then(|| "nothing takes it back".to_owned())
    }

    /// Before its reverse a change of unknown outcome is looked for; where that is not possible, a
    /// person says what became of it.
    fn clear_doubt(&mut self, change: &Change) {
        if let Some(find) = change.lookable() {
            return self.look_for_outcome(change, find);
        }
        let message = format!(
            "it is not known whether {} happened, and nothing says how to look",
            change.call.label()
        );
        let fault = Fault::new(FaultClass::LookFirst, "rutter.unknown-outcome", message)
            .advise("look in the account");
        let change = change.number;
        self.facts.push(Fact::ReverseFailed { change, fault });
    }

    fn undo_by_reverse(&mut self, change: &Change) {
        let number = change.number;
        match change.reverse.as_ref().map(|call| resolved(call, change)) {
            Some(Ok(call)) => {
                self.send_reverse(number, Box::new(call), &change.at, 1, self.now);
            }
            Some(Err(fault)) => self.facts.push(Fact::ReverseFailed {
                change: number,
                fault,
            }),
            None => {
                let fault = still_there(change, "what it was behind was taken back");
                self.facts.push(Fact::ReverseFailed {
                    change: number,
                    fault,
                });
            }
        }
    }

    /// A change without a reverse goes with its object, unless that stays. Where this run made the object,
    /// it is known to be gone: what belonged to it may show a while longer.
    fn goes_with_its_object(&mut self, change: &Change) {
        let note = "it went with the object it belongs to".to_owned();
        let maker = self.run.makes_object_of(change);
        if maker.is_some_and(|maker| !maker.stands()) {
            return self.is_gone(change, note);
        }
        match change.traceable().filter(|find| find.shows == Shows::There) {
            Some(find) => self.look_whether_gone(change, find, note, Reversed::NotNeeded, 0),
            None => self.stays_with_its_object(change),
        }
    }

    fn stays_with_its_object(&mut self, change: &Change) {
        self.facts.push(Fact::ChangeLeft {
            change: change.number,
            why: match change.passed {
                Some(_) => "what it is behind stays".to_owned(),
                None => "the object it belongs to stays".to_owned(),
            },
        });
    }

    /// What was made in passing may have gone with what it was behind.
    fn went_with_its_maker(&mut self, change: &Change) {
        let stays = |maker: &Change| matches!(maker.back, Back::Left(_));
        let reversed = match self.run.maker(change).is_some_and(stays) {
            true => Reversed::NotNeeded,
            false => Reversed::NotSent,
        };
        if let Some(find) = change.traceable() {
            let note = "it was removed with the object it belonged to".to_owned();
            self.look_whether_gone(change, find, note, reversed, 0);
        }
    }

    /// The change that is to be compared first: where a plugin takes the item back by itself, all of it is.
    fn to_be_compared(&self, change: &'a Change) -> Option<&'a Change> {
        let run: &'a crate::run::Run = self.run;
        if self.undoing_plugin(change).is_none() {
            return Some(change).filter(|change| change.is_to_be_compared());
        }
        let mut covered = run.changes_of(&change.at).filter(|other| run.covers(other));
        covered.find(|other| other.is_to_be_compared())
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
        if let Some(find) = change.traceable() {
            return self.look_whether_gone(change, find, call.label(), Reversed::Unknown, 1);
        }
        if may_repeat_reverse(change, call, self.now) {
            let call = Box::new(call.clone());
            return self.send_reverse(change.number, call, &change.at, 1, self.now);
        }
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
        if let Back::Sent { call, .. } = &change.back
            && !change.looking
        {
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
                return self.taken_back_so_far(change, call.label(), ticket.tries);
            }
            Outcome::Refused(fault)
                if matches!(fault.class, FaultClass::Absent | FaultClass::Exists) =>
            {
                let note = format!("{}: it was already so ({})", call.label(), fault.code);
                return self.taken_back_so_far(change, note, ticket.tries);
            }
            Outcome::Refused(fault) => {
                let (passes, tries) = (fault.class.passes(), ticket.tries);
                if passes && self.plan_again(ticket, &change.at, &fault) != Again::TriedEnough {
                    // It is sent again, with a record of its own, by this process or the next.
                    fault
                } else {
                    let fault = for_good(fault, FaultClass::Fail);
                    if let Some(find) = change.traceable().filter(|_| !self.run.interrupted()) {
                        let note = format!("{} ({})", call.label(), fault.code);
                        let refused = Reversed::Refused(fault);
                        return self.look_whether_gone(change, find, note, refused, tries);
                    }
                    fault
                }
            }
            Outcome::Unknown(fault) => {
                let again = may_repeat_reverse(change, call, self.now);
                let tries = ticket.tries;
                if again && self.plan_again(ticket, &change.at, &fault) != Again::TriedEnough {
                    return;
                }
                if let Some(find) = change.traceable() {
                    return self.look_whether_gone(
                        change,
                        find,
                        call.label(),
                        Reversed::Unknown,
                        tries,
                    );
                }
                for_good(fault, FaultClass::LookFirst)
            }
        };
        self.facts.push(Fact::ReverseFailed {
            change: number,
            fault,
        });
    }

    /// The reverse was answered. What can be seen is looked at before it is called taken back.
    fn taken_back_so_far(&mut self, change: &Change, note: String, tries: u32) {
        match change.traceable() {
            Some(find) if !self.run.interrupted() => {
                self.look_whether_gone(change, find, note, Reversed::Answered, tries);
            }
            // The next process looks: the reverse is recorded as sent.
            Some(_) => {}
            None => self.is_gone(change, note),
        }
    }

    /// A look shows whether a change still stands after its reverse.
    pub(super) fn reverse_seen(&mut self, ticket: Ticket, look: &Look, answer: Option<&Value>) {
        let LookFor::Gone {
            change: number,
            note,
            reverse: reversed,
            tries,
        } = &look.purpose
        else {
            return;
        };
        let Some(change) = self.run.change(*number) else {
            return;
        };
        if !look
            .find
            .still_shows(answer, &change.before, change.answer())
        {
            return self.is_gone(change, note.clone());
        }
        if self.now < look.until {
            return self.look_after_a_pause(ticket, look);
        }
        let reverse = change.reverse.as_ref().map(|call| resolved(call, change));
        let fault = match (reverse, reversed) {
            (_, Reversed::NotNeeded) => return self.stays_with_its_object(change),
            (Some(Ok(_)), Reversed::NotSent) if change.is_to_be_compared() => {
                return self.survey_before_back(change);
            }
            (Some(Ok(call)), Reversed::Unknown | Reversed::NotSent) if *tries < REVERSES_MAX => {
                let call = Box::new(call);
                return self.send_reverse(*number, call, &change.at, tries + 1, self.now);
            }
            (_, Reversed::Refused(fault)) => fault.clone(),
            _ => still_there(change, note),
        };
        let change = *number;
        self.facts.push(Fact::ReverseFailed { change, fault });
    }

    /// The step whose plugin takes its changes back by itself: not the one that people were asked about because
    /// nothing takes it back, what goes with its object, and what was made in passing.
    fn undoing_plugin(&self, change: &Change) -> Option<(&'a Step, &'a ItemRun)> {
        let run: &'a crate::run::Run = self.run;
        let step = run.planned(&change.at.step)?;
        let Uses::Plugin(plugin) = &step.uses else {
            return None;
        };
        let item = run.step(&step.id)?.items.get(&change.at.item)?;
        (plugin.undo && change.is_for_its_plugin()).then_some((step, item))
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
            Some(undo) if undo.ended && undo.hosted && !change.insisted => {
                let why = undo.fault.as_ref();
                let fault = Fault::new(
                    FaultClass::Fail,
                    "rutter.undo-failed",
                    match why {
                        Some(why) => format!("the undo of step `{}` failed: {why}", step.id),
                        None => format!("the undo of step `{}` failed", step.id),
                    },
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

    /// A person said no to what an own undo was about to do.
    pub(super) fn undo_was_declined(&mut self, at: &At, fault: &Fault) {
        let mine = |change: &&Change| {
            let waits = matches!(change.back, Back::Failed(_));
            self.run.covers(change) && change.is_for_its_plugin() && !waits
        };
        let numbers: Vec<u64> = self
            .run
            .changes_of(at)
            .filter(mine)
            .map(|change| change.number)
            .collect();
        for change in numbers {
            let fault = fault.clone();
            self.facts.push(Fact::ReverseFailed { change, fault });
        }
    }

    fn host_undo(&mut self, at: At, item: &ItemRun) {
        let mine = |change: &&Change| self.run.covers(change) && change.is_for_its_plugin();
        let changes = self.run.changes_of(&at).filter(mine);
        let all = self
            .run
            .changes_of(&at)
            .filter(|change| self.run.covers(change));
        let known = all.filter_map(|change| resolved(change.reverse.as_ref()?, change).ok());
        let undo = UndoRequest {
            known: known.collect(),
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

    /// A person decided about changes that wait for one, or that stay.
    pub(super) fn settle_changes(
        &mut self,
        step: &Name,
        item: Option<&Name>,
        meant: Option<u64>,
        settlement: Settlement,
        by: Person,
        why: String,
    ) {
        let changes = self.run.changes().iter().rev();
        let mine = changes.filter(|change| {
            self.run.rollback().is_some()
                && change.at.step == *step
                && (item.is_none() || change.at.item.as_ref() == item)
                && meant.is_none_or(|number| number == change.number)
                && change.waits_for_settlement()
        });
        let mine: Vec<u64> = mine.map(|change| change.number).collect();
        if mine.is_empty() {
            let said = format!("{settlement:?}").to_lowercase();
            let why = "nothing of it waits for such a decision now".to_owned();
            self.facts.push(Fact::AnswerIgnored {
                step: Some(step.clone()),
                by,
                said,
                why,
            });
            return;
        }
        for change in mine {
            self.facts.push(Fact::ChangeSettled {
                change,
                settlement,
                by: by.clone(),
                why: why.clone(),
            });
        }
    }
}

fn still_there(change: &Change, note: &str) -> Fault {
    let message = format!(
        "what {} made is still there after {note}",
        change.call.label()
    );
    Fault::new(FaultClass::Fail, "rutter.still-there", message)
}

/// A reverse whose outcome is unknown is sent again only where that is harmless.
fn may_repeat_reverse(change: &Change, call: &Call, now: Timestamp) -> bool {
    change.may_repeat_reverse(call, now)
}

/// A fault that ends a reverse: of no class that would be tried again.
fn for_good(fault: Fault, class: FaultClass) -> Fault {
    let class = match fault.class.passes() {
        true => class,
        false => fault.class,
    };
    Fault { class, ..fault }
}

/// The reverse with the fields of the change's answer put in.
fn resolved(reverse: &Call, change: &Change) -> Result<Call, Fault> {
    let filled = template::filled(reverse, change.answer());
    filled.map_err(|pointer| missing_answer(change, &pointer))
}

fn missing_answer(change: &Change, pointer: &str) -> Fault {
    let label = change.call.label();
    let message = match change.state {
        ChangeState::Done(_) => format!("the answer of {label} has no field `{pointer}`"),
        _ => format!("whether {label} happened is unknown, so its reverse lacks `{pointer}`"),
    };
    Fault::new(FaultClass::LookFirst, "rutter.reverse", message)
        .advise("look in the account, take it back by hand if it is there")
}
