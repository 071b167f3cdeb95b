//! Whether what was set going still means anything, when it comes back.

use crate::effect::Wake;
use crate::place::{At, CallSite};
use crate::run::{Change, ItemRun, ItemState, Run, SlotKind};
use crate::ticket::{Look, LookFor, Survey, SurveyFor, Work};

impl Run {
    /// Whether a timer still means anything. One that does not must not keep a process waiting: its
    /// guest was dropped, its attempt is over, or the run ended.
    pub fn awaits(&self, wake: &Wake) -> bool {
        if self.end.is_some() || self.interrupted {
            return false;
        }
        match wake {
            Wake::Send(ticket) => self.awaits_work(&ticket.work),
            Wake::SleepOver { at, index } => self.waits_in(at, *index),
            Wake::Timeout(at) => self.attempt(at).is_some(),
            Wake::Answer(number) => self.open_questions.contains(number),
            Wake::Attempt(at) => {
                let item = self
                    .step(&at.step)
                    .and_then(|step| step.items.get(&at.item));
                let delayed = |item: &ItemRun| matches!(item.state, ItemState::Delayed { .. });
                self.rollback.is_none() && item.is_some_and(delayed)
            }
        }
    }

    fn awaits_work(&self, work: &Work) -> bool {
        match work {
            Work::Read { place, .. } => self.is_next(place),
            Work::Poll { place, .. } => self.waits_in(&place.at, place.index),
            Work::Change(number) => self
                .change(*number)
                .is_some_and(|made| self.is_awaited(made)),
            Work::Look(look) => self.awaits_look(look),
            Work::Survey(survey) => self.awaits_survey(survey),
            Work::Reverse(number) => {
                let standing = self.change(*number).is_some_and(Change::stands);
                standing && self.rollback_under_way().is_some()
            }
        }
    }

    /// Whether an attempt has come exactly as far as this call.
    fn is_next(&self, place: &CallSite) -> bool {
        let attempt = self.attempt(&place.at);
        attempt.is_some_and(|attempt| attempt.calls.len() == place.index as usize)
    }

    /// Whether anybody still wants to know what a look sees.
    pub(super) fn awaits_look(&self, look: &Look) -> bool {
        let change = |number: &u64| self.change(*number);
        match &look.purpose {
            LookFor::Before { place, .. } => self.is_next(place),
            LookFor::Outcome(number) => {
                change(number).is_some_and(|change| change.looking && change.is_doubtful())
            }
            LookFor::Existing(number) => {
                change(number).is_some_and(|change| self.is_awaited(change))
            }
            LookFor::Gone { change: number, .. } => {
                let looking =
                    change(number).is_some_and(|change| change.looking && change.stands());
                looking && self.rollback_under_way().is_some()
            }
        }
    }

    /// Whether anybody still wants to know what a survey sees.
    pub(super) fn awaits_survey(&self, survey: &Survey) -> bool {
        if let SurveyFor::Left(_) = survey.why {
            return self.attempt(&survey.at).is_some();
        }
        let looking = |change: &Change| change.looking && change.stands();
        let wanted = self.change(survey.change).is_some_and(looking);
        wanted && self.rollback_under_way().is_some()
    }

    fn waits_in(&self, at: &At, index: u32) -> bool {
        let slot = self
            .attempt(at)
            .and_then(|attempt| attempt.calls.get(index as usize));
        slot.is_some_and(|slot| matches!(slot.kind, SlotKind::Wait { .. }))
    }

    /// Whether a guest under way is suspended in the call that made this change.
    pub(super) fn is_awaited(&self, change: &Change) -> bool {
        let newest = self
            .attempt(&change.at)
            .and_then(|attempt| attempt.calls.last());
        newest.is_some_and(
            |slot| matches!(slot.kind, SlotKind::Change(number) if number == change.number),
        )
    }
}
