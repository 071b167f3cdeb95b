//! People: approvals, decisions about unknown outcomes, and the wish to take a run back.

use super::Turn;
use crate::api::{Fault, FaultClass};
use crate::effect::{Effect, Resolution};
use crate::plan::Name;
use crate::record::{At, Evidence, Fact, RunEnd, StepEnd};
use crate::run::{ItemState, StepRun};

impl Turn<'_> {
    pub(super) fn approve(&mut self, step: Name, by: String, evidence: Evidence) {
        let Some(run) = self.run.step(&step).filter(|run| run.waits_for_person()) else {
            return;
        };
        let Some((approval, yes)) = &run.asked else {
            return;
        };
        if yes.iter().any(|(person, _)| *person == by) {
            return;
        }
        if yes.len() + 1 >= approval.people as usize {
            for at in running(run) {
                self.effects.push(Effect::ReleaseGuest { at });
            }
        }
        self.facts.push(Fact::Approved { step, by, evidence });
    }

    pub(super) fn decline(&mut self, step: Name, by: String, why: String) {
        let Some(run) = self.run.step(&step).filter(|run| run.waits_for_person()) else {
            return;
        };
        let fault = Fault::new(
            FaultClass::Fail,
            "rutter.declined",
            format!("{by} said no: {why}"),
        );
        for at in running(run) {
            self.effects.push(Effect::DropGuest { at: at.clone() });
            let end = self.failed_end(&at, fault.clone());
            self.end_attempt(at, end);
        }
        self.facts.push(Fact::Declined {
            step: step.clone(),
            by,
            why,
        });
        self.facts.push(Fact::StepEnded {
            step,
            end: StepEnd::Failed(fault),
        });
    }

    pub(super) fn resolve(
        &mut self,
        step: Name,
        item: Option<Name>,
        resolution: Resolution,
        by: String,
        why: String,
    ) {
        let Some(run) = self.run.step(&step) else {
            return;
        };
        let open = |item: &crate::run::ItemRun| {
            matches!(
                item.state,
                ItemState::Unknown(_) | ItemState::Failed(_) | ItemState::Pending
            )
        };
        let undecided = !run.is_over() && run.items.values().any(open);
        let failed = matches!(run.state, crate::run::StepState::Failed(_));
        let unknown = self.run.changes().iter().any(|change| {
            change.at.step == step && matches!(change.state, crate::run::ChangeState::Unknown(_))
        });
        if undecided || failed || unknown {
            self.facts.push(Fact::Resolved {
                step,
                item,
                resolution,
                by,
                why,
            });
        }
    }

    pub(super) fn undo(&mut self, by: String) {
        let over = matches!(self.run.end(), Some(RunEnd::RolledBack(_)));
        let under_way = self
            .run
            .rollback()
            .is_some_and(|rollback| rollback.end.is_none());
        if over || under_way {
            return;
        }
        for (_, step) in self.run.steps() {
            for at in running(step) {
                self.effects.push(Effect::DropGuest { at });
            }
        }
        self.facts.push(Fact::RollbackStarted { by });
    }
}

fn running(step: &StepRun) -> impl Iterator<Item = At> {
    let attempts = step.items.values().filter_map(|item| item.attempt.as_ref());
    attempts
        .filter(|attempt| !attempt.ended)
        .map(|attempt| attempt.at.clone())
}
