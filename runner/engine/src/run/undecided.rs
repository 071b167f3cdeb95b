//! What a person may decide about: steps that failed, and items whose outcome is unknown.

use crate::place::Phase;
use crate::plan::Name;
use crate::record::Fact;
use crate::resolution::Resolution;
use crate::run::{ItemRun, ItemState, Run, StepState};

impl Run {
    /// The record that made a step, or one of its items, undecided: what a person's decision is
    /// about. `None` where this decision has nothing to decide.
    pub fn undecided(
        &self,
        step: &str,
        item: Option<&Name>,
        resolution: &Resolution,
    ) -> Option<u64> {
        let run = self.step(step)?;
        // While steps inside are not over, each of them is decided about by itself.
        if run.inner.begun && run.inner.open > 0 {
            return None;
        }
        let meant = run
            .items
            .iter()
            .filter(|(key, _)| item.is_none() || key.as_ref() == item)
            .map(|(_, item)| item);
        let failed = matches!(run.state, StepState::Failed(_)) && self.is_stopped_by(step);
        let settled = self.rollback().is_some() || (run.is_over() && !failed);
        let undecided = meant.filter(|item| match settled {
            // What a rollback, now or later, has to know: this change did not happen.
            true => *resolution == Resolution::Retry && self.is_in_doubt(item),
            false => is_undecided(item, resolution) && self.may_decide(item, resolution),
        });
        let newest = undecided.map(|item| item.since).max();
        match newest {
            Some(since) => Some(since.max(run.since)),
            None => {
                let whole = failed && !settled && *resolution != Resolution::Adopt;
                whole.then_some(run.since)
            }
        }
    }

    /// To say that a change happened helps only where a new attempt can find it.
    fn may_decide(&self, item: &ItemRun, resolution: &Resolution) -> bool {
        *resolution != Resolution::Adopt || self.can_be_adopted(item)
    }

    /// Notes since when a step and its items stand as they do.
    pub(super) fn note_standing(&mut self, fact: &Fact) {
        let seq = self.seq;
        match fact {
            Fact::AttemptStarted { at } | Fact::AttemptEnded { at, .. }
                if at.phase == Phase::Run =>
            {
                if let Ok((_, _, item)) = self.item_mut(at) {
                    item.since = seq;
                }
            }
            Fact::StepEnded { step, .. }
            | Fact::StepSkipped { step, .. }
            | Fact::StepPrepared { step, .. } => self.note_step(step, None),
            Fact::Resolved { step, item, .. } => self.note_step(step, item.as_ref()),
            Fact::ChangeDone { change, .. }
            | Fact::ChangeRefused { change, .. }
            | Fact::ChangeUnknown { change, .. }
            | Fact::ChangeFound { change, .. }
            | Fact::LookFailed { change, .. } => self.note_outcome(*change),
            _ => {}
        }
    }

    fn note_step(&mut self, step: &Name, item: Option<&Name>) {
        let seq = self.seq;
        let Some(step) = self.steps.get_mut(step) else {
            return;
        };
        match item.and_then(|item| step.items.get_mut(&Some(item.clone()))) {
            Some(item) => item.since = seq,
            None => step.since = seq,
        }
    }

    /// The outcome of a change became known, or unknown, after its attempt was over.
    fn note_outcome(&mut self, change: u64) {
        let seq = self.seq;
        let Some(at) = self.change(change).map(|change| change.at.clone()) else {
            return;
        };
        if let Ok((_, _, item)) = self.item_mut(&at)
            && item.state != ItemState::Running
        {
            item.since = seq;
        }
    }
}

fn is_undecided(item: &ItemRun, resolution: &Resolution) -> bool {
    match &item.state {
        ItemState::Unknown(_) | ItemState::Failed(_) | ItemState::Delayed { .. } => true,
        // It is to be tried again: what was decided about its failure still fits.
        ItemState::Pending => {
            let over = matches!(resolution, Resolution::Done(_) | Resolution::Skip);
            over || item.attempts > 0
        }
        ItemState::Running | ItemState::Done(_) => false,
    }
}
