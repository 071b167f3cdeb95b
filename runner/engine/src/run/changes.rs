//! The changes of a run: what became of them, and which of them are still open questions.

use serde_json::Value;

use crate::call::Call;
use crate::plan::Name;
use crate::record::{At, Timestamp};
use crate::run::{Back, Change, ChangeState, Run};

type Legal = Result<(), String>;

impl Run {
    pub(super) fn change_intended(
        &mut self,
        number: u64,
        at: &At,
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
            print: print.to_owned(),
            call: call.clone(),
            reverse: reverse.cloned(),
            state: ChangeState::Intended { stale: false },
            intended: time,
            back: Back::No,
        });
        Ok(())
    }

    pub(super) fn change_over(
        &mut self,
        number: u64,
        state: ChangeState,
        time: Timestamp,
    ) -> Legal {
        let change = self.change_mut(number)?;
        let open = matches!(
            change.state,
            ChangeState::Intended { .. } | ChangeState::Unknown(_)
        );
        if !open {
            return Err(format!("the outcome of change {number} is already known"));
        }
        change.state = state;
        let at = change.at.clone();
        self.answered_at(&at, number, time);
        Ok(())
    }

    /// The call's place keeps the instant of its answer: what `flow.now` says, also on replay.
    fn answered_at(&mut self, at: &At, number: u64, time: Timestamp) {
        let Ok((_, item)) = self.item_mut(at) else {
            return;
        };
        let attempts = item.attempt.iter_mut().chain(item.undo.iter_mut());
        for attempt in attempts.filter(|attempt| attempt.at == *at) {
            let change = super::SlotKind::Change(number);
            for slot in attempt
                .calls
                .iter_mut()
                .filter(|slot| slot.kind.is(&change))
            {
                slot.time = time;
            }
        }
    }

    pub(super) fn change_adopted(&mut self, number: u64, answer: &Value) -> Legal {
        let change = self.change_mut(number)?;
        if !matches!(
            change.state,
            ChangeState::Unknown(_) | ChangeState::Intended { .. }
        ) {
            return Err(format!("the outcome of change {number} is already known"));
        }
        change.state = ChangeState::Done(answer.clone());
        Ok(())
    }

    pub(super) fn change_mut(&mut self, number: u64) -> Result<&mut Change, String> {
        let index = usize::try_from(number)
            .ok()
            .and_then(|number| number.checked_sub(1));
        let change = index.and_then(|index| self.changes.get_mut(index));
        change.ok_or(format!("there is no change {number}"))
    }

    /// The newest change of an item, over all attempts, with this fingerprint and an unknown outcome.
    pub(crate) fn open_change<'a>(&'a self, at: &At, print: &str) -> Option<&'a Change> {
        self.changes
            .iter()
            .rev()
            .find(|change| change.print == print && self.is_open(change, at))
    }

    /// Whether an item has changes whose outcome is an open question.
    pub(crate) fn has_open_changes(&self, at: &At) -> bool {
        self.changes.iter().any(|change| self.is_open(change, at))
    }

    /// Unknown, not adopted since, and not made again since by an equal call that succeeded.
    fn is_open(&self, change: &Change, at: &At) -> bool {
        let unknown = matches!(
            change.state,
            ChangeState::Unknown(_) | ChangeState::Intended { .. }
        );
        let mine = change.at.step == at.step && change.at.item == at.item;
        unknown && mine && !self.made_again(change)
    }

    fn made_again(&self, change: &Change) -> bool {
        let later = &self.changes[usize::try_from(change.number).unwrap_or(usize::MAX)..];
        later.iter().any(|other| {
            other.print == change.print
                && other.at.step == change.at.step
                && other.at.item == change.at.item
                && matches!(other.state, ChangeState::Done(_))
        })
    }

    /// A person said that the open changes of a step did not happen.
    pub(super) fn refuse_open(&mut self, step: &Name, item: Option<&Name>) {
        for change in &mut self.changes {
            let meant =
                change.at.step == *step && (item.is_none() || change.at.item.as_ref() == item);
            if let ChangeState::Unknown(fault) = &change.state
                && meant
            {
                change.state = ChangeState::Refused(fault.clone());
            }
        }
    }

    pub(super) fn taken_back_by_plugin(&mut self, at: &At) {
        for change in &mut self.changes {
            if change.at.step == at.step && change.at.item == at.item {
                change.back = Back::Done;
            }
        }
    }
}

impl super::SlotKind {
    fn is(&self, other: &Self) -> bool {
        matches!((self, other), (Self::Change(one), Self::Change(two)) if one == two)
    }
}
