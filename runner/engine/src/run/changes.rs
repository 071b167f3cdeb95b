//! The changes of a run: what became of them, and which of them are still open questions.

use serde_json::Value;

use crate::api::{Fault, FaultClass};
use crate::call::{Call, Repeat, Target};
use crate::plan::Name;
use crate::record::{At, Timestamp};
use crate::run::trust::Token;
use crate::run::{Attempt, Back, Change, ChangeState, ItemState, Legal, Run, Slot, SlotKind};

impl Run {
    #[expect(
        clippy::too_many_arguments,
        reason = "they are the fields of one record"
    )]
    pub(super) fn change_intended(
        &mut self,
        number: u64,
        at: &At,
        index: u32,
        print: &str,
        call: &Call,
        reverse: Option<&Call>,
        time: Timestamp,
    ) -> Legal {
        if number != self.changes.len() as u64 + 1 {
            return Err(format!("change {} was expected", self.changes.len() + 1));
        }
        self.changes.push(Change {
            number,
            at: at.clone(),
            index,
            print: print.to_owned(),
            call: call.clone(),
            reverse: reverse.cloned(),
            state: ChangeState::Intended { stale: false },
            intended: time,
            back: Back::No,
            token: Token::sent(time),
            reverse_token: Token::sent(time),
        });
        self.unanswered.insert(number);
        let (_, _, item) = self.item_mut(at)?;
        item.changes.push(number);
        Ok(())
    }

    pub(super) fn change_over(
        &mut self,
        number: u64,
        state: ChangeState,
        time: Timestamp,
    ) -> Legal {
        let change = self.change_mut(number)?;
        if !change.is_doubtful() {
            return Err(format!("the outcome of change {number} is already known"));
        }
        change.state = state;
        self.unanswered.remove(&number);
        if let Some(slot) = self.slot_of(number) {
            // The call's place keeps the instant of its answer: what `flow.now` says, also on replay.
            slot.time = time;
        }
        self.settle_item(number);
        Ok(())
    }

    pub(super) fn change_adopted(&mut self, number: u64, answer: &Value) -> Legal {
        let change = self.change_mut(number)?;
        let told = match &change.state {
            ChangeState::Unknown(fault) => Some(change.look_first(fault)),
            ChangeState::Intended { .. } => None,
            _ => return Err(format!("the outcome of change {number} is already known")),
        };
        change.state = ChangeState::Done(answer.clone());
        self.unanswered.remove(&number);
        if let Some(told) = told
            && let Some(slot) = self.slot_of(number)
        {
            // The guest was told to look first and did; a replay must tell it the same.
            slot.kind = SlotKind::Answered(Err(told));
        }
        Ok(())
    }

    /// An item that ended while a change was under way, and whose last open change is now known, did
    /// not end unknown but failed.
    fn settle_item(&mut self, number: u64) {
        let Some(at) = self.change(number).map(|change| change.at.clone()) else {
            return;
        };
        if self.unknown_items == 0 || self.has_open_changes(&at) {
            return;
        }
        let Ok((index, place, item)) = self.item_mut(&at) else {
            return;
        };
        let ItemState::Unknown(fault) = &item.state else {
            return;
        };
        let failed = ItemState::Failed(fault.clone());
        let was_stopped = self.is_stopped();
        let step = &mut self.steps[index];
        step.put(place, failed);
        if !step.is_over() {
            self.unknown_items = self.unknown_items.saturating_sub(1);
            self.attention.insert(index);
            self.go_on_if_freed(was_stopped);
        }
    }

    /// The place of a change in the attempt that made it, if that is still at hand.
    fn slot_of(&mut self, number: u64) -> Option<&mut Slot> {
        let change = self.change(number)?;
        let (at, index) = (change.at.clone(), change.index as usize);
        let (_, _, item) = self.item_mut(&at).ok()?;
        let mut attempts = item.attempt.iter_mut().chain(item.undo.iter_mut());
        let attempt: &mut Attempt = attempts.find(|attempt| attempt.at == at)?;
        let slot = attempt.calls.get_mut(index);
        slot.filter(|slot| matches!(slot.kind, SlotKind::Change(made) if made == number))
    }

    pub(super) fn change_mut(&mut self, number: u64) -> Result<&mut Change, String> {
        let index = usize::try_from(number)
            .ok()
            .and_then(|number| number.checked_sub(1));
        let change = index.and_then(|index| self.changes.get_mut(index));
        change.ok_or(format!("there is no change {number}"))
    }

    /// The changes of an item over all attempts, newest first.
    pub(crate) fn changes_of(&self, at: &At) -> impl Iterator<Item = &Change> {
        let item = self
            .step(&at.step)
            .and_then(|step| step.items.get(&at.item));
        let numbers = item.map_or(&[][..], |item| &item.changes);
        numbers
            .iter()
            .rev()
            .filter_map(|number| self.change(*number))
    }

    /// The newest change of an item, over all attempts, with this fingerprint and an unknown outcome.
    pub(crate) fn open_change(&self, at: &At, print: &str) -> Option<&Change> {
        self.changes_of(at)
            .find(|change| change.print == print && self.is_open(change))
    }

    /// Whether an item has changes whose outcome is an open question.
    pub(crate) fn has_open_changes(&self, at: &At) -> bool {
        self.changes_of(at)
            .any(|change| self.is_open(change) && !change.may_be_open())
    }

    /// Doubtful, and not made again since by an equal call that succeeded.
    fn is_open(&self, change: &Change) -> bool {
        let made_again = || {
            let later = self
                .changes_of(&change.at)
                .take_while(|other| other.number > change.number);
            later
                .filter(|other| other.print == change.print)
                .any(|other| matches!(other.state, ChangeState::Done(_)))
        };
        change.is_doubtful() && !made_again()
    }

    /// A person said that the open changes of a step did not happen.
    pub(super) fn refuse_open(&mut self, index: usize, meant: Option<&Name>) {
        let mut numbers = Vec::new();
        for (key, item) in &self.steps[index].items {
            if self.has_no_guest(item) && (meant.is_none() || key.as_ref() == meant) {
                numbers.extend(&item.changes);
            }
        }
        for number in numbers {
            let Ok(change) = self.change_mut(number) else {
                continue;
            };
            if let Some(fault) = change.doubt() {
                change.state = ChangeState::Refused(fault);
                self.unanswered.remove(&number);
            }
        }
    }
}

impl Change {
    /// It may have happened or not.
    pub(crate) fn is_doubtful(&self) -> bool {
        matches!(
            self.state,
            ChangeState::Unknown(_) | ChangeState::Intended { .. }
        )
    }

    /// Nobody needs to know whether it happened: it may stay, and it may be sent again. Only a plain
    /// request is called that; what an action of the cloud's API started is looked at.
    pub(crate) fn may_be_open(&self) -> bool {
        let plain = matches!(self.call.target, Target::Http(_));
        plain && self.call.covered && self.call.repeat == Repeat::Same
    }

    /// Why it is not known whether it happened; `None` when it is known, or still on its way.
    pub(crate) fn doubt(&self) -> Option<Fault> {
        match &self.state {
            ChangeState::Unknown(fault) => Some(fault.clone()),
            ChangeState::Intended { stale: true } => Some(Fault::new(
                FaultClass::LookFirst,
                "rutter.unknown-outcome",
                "the process ended before an answer was recorded",
            )),
            _ => None,
        }
    }

    /// What a guest is told about a change of unknown outcome.
    pub(crate) fn look_first(&self, fault: &Fault) -> Fault {
        Fault {
            code: fault.code.clone(),
            message: format!(
                "it is not known whether {} happened: {}",
                self.call.label(),
                fault.message
            ),
            class: FaultClass::LookFirst,
            advice: Some("look whether it happened, then adopt it or call again".to_owned()),
            request_id: fault.request_id.clone(),
        }
    }
}
