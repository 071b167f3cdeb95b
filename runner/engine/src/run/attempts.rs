//! Attempts and the host calls in them.

use crate::place::{At, CallSite, Phase};
use crate::plan::Name;
use crate::record::AttemptEnd;
use crate::run::{
    Attempt, ChangeState, ItemRun, ItemState, Legal, Run, Slot, SlotKind, StepRun, StepState,
};
use crate::time::Timestamp;

impl Run {
    pub(super) fn attempt_started(&mut self, at: &At, time: Timestamp) -> Legal {
        match at.phase {
            Phase::Run => self.run_started(at, time),
            Phase::Undo => self.undo_started(at, time),
        }
    }

    fn run_started(&mut self, at: &At, time: Timestamp) -> Legal {
        let (index, place, item) = self.open_item(at)?;
        let may = matches!(item.state, ItemState::Pending | ItemState::Delayed { .. });
        if !may || item.attempts.checked_add(1) != Some(at.attempt) {
            return Err(format!("attempt {} cannot start now", at.attempt));
        }
        item.attempts = at.attempt;
        item.attempt = Some(Attempt::new(at, time));
        self.steps[index].put(place, ItemState::Running);
        Ok(())
    }

    fn undo_started(&mut self, at: &At, time: Timestamp) -> Legal {
        if self.rollback_under_way().is_none() {
            return Err("an undo belongs to a rollback".to_owned());
        }
        let (_, _, item) = self.item_mut(at)?;
        let free = item.undo.as_ref().is_none_or(|undo| undo.ended);
        if !free || item.undo_attempts.checked_add(1) != Some(at.attempt) {
            return Err(format!("undo {} cannot start now", at.attempt));
        }
        item.undo_attempts = at.attempt;
        item.undo = Some(Attempt::new(at, time));
        Ok(())
    }

    pub(super) fn attempt_resumed(&mut self, at: &At, time: Timestamp) -> Legal {
        let attempt = self.attempt_mut(at)?;
        if attempt.hosted {
            return Err("its code is already under way".to_owned());
        }
        attempt.hosted = true;
        attempt.since = time;
        Ok(())
    }

    pub(super) fn attempt_ended(&mut self, at: &At, end: &AttemptEnd) -> Legal {
        let attempt = self.attempt_mut(at)?;
        attempt.ended = true;
        // Nothing is answered from the record any more, and there may be a million answers.
        attempt.calls = Vec::new();
        attempt.fault = match end {
            AttemptEnd::Done(_) => None,
            AttemptEnd::Failed(fault) | AttemptEnd::Unknown(fault) => Some(fault.clone()),
        };
        if at.phase == Phase::Undo {
            if matches!(end, AttemptEnd::Done(_)) {
                self.taken_back_by_plugin(at)?;
            }
            self.settle_questions(&at.step, Some(at.item.as_ref()), "its undo is over");
            return Ok(());
        }
        let was_unknown = self.unknown_items;
        let (index, place, _) = self.open_item(at)?;
        let state = match end {
            AttemptEnd::Done(outputs) => ItemState::Done(outputs.clone()),
            AttemptEnd::Failed(fault) => ItemState::Failed(fault.clone()),
            AttemptEnd::Unknown(fault) => ItemState::Unknown(fault.clone()),
        };
        self.steps[index].put(place, state);
        self.unknown_items = was_unknown + usize::from(matches!(end, AttemptEnd::Unknown(_)));
        self.attention.insert(index);
        self.settle_questions(&at.step, Some(at.item.as_ref()), "its attempt is over");
        Ok(())
    }

    pub(super) fn retry_planned(&mut self, at: &At, due: Timestamp) -> Legal {
        let (index, place, item) = self.open_item(at)?;
        let may = matches!(item.state, ItemState::Failed(_) | ItemState::Delayed { .. });
        if !may || item.attempts.checked_add(1) != Some(at.attempt) {
            return Err(format!("attempt {} cannot be planned now", at.attempt));
        }
        self.steps[index].put(place, ItemState::Delayed { due, armed: true });
        Ok(())
    }

    /// Puts a recorded call in its place: the next one, or one that is now answered or made again.
    pub(super) fn slot(&mut self, place: &CallSite, kind: SlotKind, time: Timestamp) -> Legal {
        let CallSite {
            at,
            index,
            fingerprint,
        } = place;
        let number = *index as usize;
        let attempt = self.attempt_mut(at)?;
        let nowhere = || Err(format!("call {index} of step `{}` has no place", at.step));
        let before = match attempt.calls.get(number) {
            None if number == attempt.calls.len() => None,
            Some(slot) if slot.fingerprint == *fingerprint && number + 1 == attempt.calls.len() => {
                Some(slot.kind.clone())
            }
            _ => return nowhere(),
        };
        let may = match (&before, &kind) {
            (None, _) | (Some(SlotKind::Wait { .. }), SlotKind::Answered(_)) => true,
            (Some(SlotKind::Change(number)), SlotKind::Change(_) | SlotKind::Answered(_)) => self
                .change(*number)
                .is_some_and(|change| matches!(change.state, ChangeState::Refused(_))),
            _ => false,
        };
        if !may {
            return nowhere();
        }
        let slot = Slot {
            fingerprint: fingerprint.clone(),
            kind,
            time,
        };
        let calls = &mut self.attempt_mut(at)?.calls;
        calls.truncate(number);
        calls.push(slot);
        Ok(())
    }

    pub(super) fn step_mut(&mut self, step: &Name) -> Result<(usize, &mut StepRun), String> {
        let found = self.steps.get_full_mut(step);
        found
            .map(|(index, _, run)| (index, run))
            .ok_or(format!("there is no step `{step}`"))
    }

    /// A step that is not over.
    pub(super) fn open_step(&mut self, step: &Name) -> Result<(usize, &mut StepRun), String> {
        let (index, run) = self.step_mut(step)?;
        if run.is_over() {
            return Err(format!("step `{step}` is already over"));
        }
        Ok((index, run))
    }

    /// The places of a step and its item, and the item.
    pub(super) fn item_mut(&mut self, at: &At) -> Result<(usize, usize, &mut ItemRun), String> {
        let (index, step) = self.step_mut(&at.step)?;
        let item = step.items.get_full_mut(&at.item);
        item.map(|(place, _, item)| (index, place, item))
            .ok_or(format!("step `{}` has no such item", at.step))
    }

    /// An item of a step that is under way.
    fn open_item(&mut self, at: &At) -> Result<(usize, usize, &mut ItemRun), String> {
        let (_, step) = self.step_mut(&at.step)?;
        if step.state != StepState::Running {
            return Err(format!("step `{}` is not under way", at.step));
        }
        self.item_mut(at)
    }

    pub(super) fn attempt_mut(&mut self, at: &At) -> Result<&mut Attempt, String> {
        let (_, _, item) = self.item_mut(at)?;
        let attempt = match at.phase {
            Phase::Run => item.attempt.as_mut(),
            Phase::Undo => item.undo.as_mut(),
        };
        let attempt = attempt.filter(|attempt| attempt.at == *at && !attempt.ended);
        attempt.ok_or(format!(
            "attempt {} of step `{}` is not under way",
            at.attempt, at.step
        ))
    }
}

impl Attempt {
    fn new(at: &At, since: Timestamp) -> Self {
        Self {
            at: at.clone(),
            calls: Vec::new(),
            hosted: true,
            since,
            ended: false,
            fault: None,
        }
    }
}
