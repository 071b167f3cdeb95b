//! The changes of a run: what became of them, and which of them are still open questions.

use serde_json::Value;

use crate::api::{Fault, FaultClass};
use crate::call::{Call, Repeat, Target};
use crate::find::{Find, Shows};
use crate::host_call::told;
use crate::place::{At, CallSite, Phase};
use crate::plan::Name;
use crate::run::token::Token;
use crate::run::{
    Attempt, Back, Change, ChangeState, ItemRun, ItemState, Legal, Run, Slot, SlotKind,
};
use crate::time::Timestamp;

impl Run {
    pub(super) fn change_intended(
        &mut self,
        number: u64,
        place: &CallSite,
        call: &Call,
        reverse: Option<&Call>,
        (find, before): (Option<&Find>, &[String]),
        time: Timestamp,
    ) -> Legal {
        if number != self.changes.len() as u64 + 1 {
            return Err(format!("change {} was expected", self.changes.len() + 1));
        }
        self.changes.push(Change {
            number,
            at: place.at.clone(),
            index: place.index,
            fingerprint: place.fingerprint.clone(),
            call: call.clone(),
            reverse: reverse.cloned(),
            find: find.cloned().map(Box::new),
            before: before.to_vec(),
            state: ChangeState::Intended { stale: false },
            granted: None,
            intended: time,
            back: Back::No,
            token: Token::sent(time),
            reverse_token: Token::sent(time),
            looking: false,
            look_failed: false,
            insisted: false,
            adopted: false,
            offered: false,
            passed: None,
            left: None,
            compared: false,
        });
        self.unanswered.insert(number);
        let (_, _, item) = self.item_mut(&place.at)?;
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
        change.looking = false;
        self.unanswered.remove(&number);
        if let Some(slot) = self.slot_of(number) {
            // The call's place keeps the instant of its answer: what `flow.now` says, also on replay.
            slot.time = time;
        }
        self.settle_item(number);
        Ok(())
    }

    /// What an open change made was found by the look before an equal one.
    pub(super) fn change_found(&mut self, number: u64, answer: &Value) -> Legal {
        let change = self.change_mut(number)?;
        if !change.is_doubtful() {
            return Err(format!("the outcome of change {number} is already known"));
        }
        change.state = ChangeState::Done(answer.clone());
        change.looking = false;
        self.unanswered.remove(&number);
        Ok(())
    }

    pub(super) fn look_begun(&mut self, number: u64) -> Legal {
        let change = self.change_mut(number)?;
        if change.find.is_none() || change.looking {
            return Err(format!("change {number} cannot be looked at now"));
        }
        change.looking = true;
        Ok(())
    }

    pub(super) fn look_failed(&mut self, number: u64, fault: &Fault) -> Legal {
        let under_way = self.rollback_under_way().is_some();
        let change = self.change_mut(number)?;
        if !change.is_doubtful() {
            return Err(format!("the outcome of change {number} is already known"));
        }
        change.looking = false;
        change.look_failed = true;
        if under_way && change.at.phase == Phase::Run {
            self.stuck(number, fault)?;
        }
        Ok(())
    }

    /// How often a change was refused with this code at its place, with records of their own.
    pub(crate) fn times_refused(&self, change: &Change, code: &str) -> usize {
        let equal = |other: &&Change| {
            let refused = matches!(&other.state, ChangeState::Refused(fault) if fault.code == code);
            let here = other.at == change.at && other.index == change.index;
            refused && here && other.fingerprint == change.fingerprint
        };
        self.changes_of(&change.at).filter(equal).count()
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
    pub(crate) fn open_change(&self, at: &At, fingerprint: &str) -> Option<&Change> {
        self.changes_of(at)
            .find(|change| change.fingerprint == fingerprint && self.is_open(change))
    }

    /// The calls of an item that are known to have been done when an attempt began: what they were sent
    /// with is used up.
    pub fn done_before(&self, at: &At) -> impl Iterator<Item = &Call> {
        let earlier = |other: &At| match (other.phase, at.phase) {
            (Phase::Run, Phase::Undo) => true,
            (Phase::Undo, Phase::Run) => false,
            _ => other.attempt < at.attempt,
        };
        let done = self
            .changes_of(at)
            .filter(move |change| earlier(&change.at))
            .filter(|change| matches!(change.state, ChangeState::Done(_)));
        done.map(|change| &change.call)
    }

    /// Until when a look before a change waits for an equal one to show, which this item made just now.
    pub(crate) fn shows_by(&self, at: &At, fingerprint: &str, settle_ms: u64) -> Option<Timestamp> {
        let made = self.made_before(at, fingerprint);
        made.map(|change| change.intended.after(settle_ms))
    }

    /// Whether an equal change of this item, over all attempts, happened and stands.
    pub(crate) fn has_made(&self, at: &At, fingerprint: &str) -> bool {
        self.made_before(at, fingerprint).is_some()
    }

    /// The newest equal change of this item, over all attempts, that happened and stands.
    fn made_before(&self, at: &At, fingerprint: &str) -> Option<&Change> {
        self.changes_of(at).find(|change| {
            let done = matches!(change.state, ChangeState::Done(_));
            change.fingerprint == fingerprint && done && change.stands()
        })
    }

    /// Whether an item has changes whose outcome is an open question.
    pub(crate) fn has_open_changes(&self, at: &At) -> bool {
        self.changes_of(at)
            .any(|change| self.is_open(change) && !change.may_be_open())
    }

    /// Doubtful, and not made again since by an equal call that succeeded.
    pub(super) fn is_open(&self, change: &Change) -> bool {
        let made_again = || {
            let later = self
                .changes_of(&change.at)
                .take_while(|other| other.number > change.number);
            later
                .filter(|other| other.fingerprint == change.fingerprint)
                .any(|other| matches!(other.state, ChangeState::Done(_)))
        };
        change.is_doubtful() && change.stands() && !made_again()
    }

    /// The open change with this fingerprint of which a person said that it happened.
    pub(crate) fn adopted_change(&self, at: &At, fingerprint: &str) -> Option<&Change> {
        self.open_change(at, fingerprint)
            .filter(|change| change.adopted)
    }

    /// Whether a new attempt can find what a person says happened: all that is open has a look.
    pub(super) fn can_be_adopted(&self, item: &ItemRun) -> bool {
        let changes = item.changes.iter();
        let mut open = changes
            .filter_map(|number| self.change(*number))
            .filter(|change| self.is_open(change) && !change.may_be_open())
            .peekable();
        open.peek().is_some() && open.all(|change| change.find.is_some())
    }

    /// A person said that the open changes of a step happened.
    pub(super) fn adopt_open(&mut self, index: usize, meant: Option<&Name>) {
        for number in self.open_to_people(index, meant) {
            if let Ok(change) = self.change_mut(number) {
                change.adopted = change.is_doubtful();
                change.look_failed = false;
            }
        }
    }

    /// The changes of a step's items, or of one, that no guest is busy with.
    fn open_to_people(&self, index: usize, meant: Option<&Name>) -> Vec<u64> {
        let items = self.steps[index].items.iter();
        let mine = items.filter(|(key, item)| {
            self.has_no_guest(item) && (meant.is_none() || key.as_ref() == meant)
        });
        mine.flat_map(|(_, item)| item.changes.clone()).collect()
    }

    /// A person said that the open changes of a step did not happen.
    pub(super) fn refuse_open(&mut self, index: usize, meant: Option<&Name>) {
        for number in self.open_to_people(index, meant) {
            let Ok(change) = self.change_mut(number) else {
                continue;
            };
            if let Some(fault) = change.doubt() {
                change.state = ChangeState::Refused(fault);
                self.unanswered.remove(&number);
                self.give_grant_back(number);
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

    /// How it is looked at, unless that did not tell already.
    pub(crate) fn lookable(&self) -> Option<&Find> {
        self.find.as_deref().filter(|_| !self.look_failed)
    }

    /// How it is seen whether it is gone: not by a record that stays, and not by the absence of what an
    /// own undo does not bring back.
    pub(crate) fn traceable(&self) -> Option<&Find> {
        let claimed = self.back == Back::Claimed;
        self.find
            .as_deref()
            .filter(|find| !(find.stays || claimed && find.shows == Shows::Gone))
    }

    /// How it is looked at, where it was refused because something is there that may be what was wanted.
    pub(crate) fn taking(&self) -> Option<&Find> {
        let refused = match &self.state {
            ChangeState::Refused(fault) => fault.class == FaultClass::Exists,
            _ => false,
        };
        self.find.as_deref().filter(|find| refused && find.take)
    }

    /// Its answer as its guest is told.
    pub(crate) fn told(&self, answer: Value) -> Value {
        match &self.find {
            Some(_) => told(answer, true),
            None => answer,
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
