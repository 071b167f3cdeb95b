//! Reading a run: for expressions, displays and the driver.

use crate::place::{At, Phase};
use crate::plan::{Name, Plan, Step};
use crate::record::{Identity, Mode, RollbackEnd, RunEnd};
use crate::run::{
    Attempt, Change, ChangeState, ItemRun, ItemState, Rollback, Run, StepRun, StepState, StepValue,
};
use crate::time::Timestamp;

/// Why a run that has nothing under way is where it is.
#[derive(Clone, Debug, PartialEq)]
pub enum RunStatus {
    /// It ended for good.
    Ended(RunEnd),
    /// A rollback came to a reverse that failed.
    UndoFailed,
    /// The outcome of a change is unknown; a person decides.
    Unknown,
    /// A person is asked.
    WaitingForPerson,
    /// A step failed, and its failure keeps new ones from starting.
    Failed,
    /// It was stopped and can be resumed.
    Stopped,
}

impl Run {
    /// What people call an item of a step: its value where that says more than its number.
    pub fn item_name<'a>(&'a self, step: &str, key: &'a Name) -> &'a str {
        let item = self
            .step(step)
            .and_then(|step| step.items.get(&Some(key.clone())));
        item.and_then(|item| item.name.as_deref()).unwrap_or(key)
    }

    /// The key of the item that people call so, or whose key it is.
    pub fn item_called(&self, step: &str, name: &str) -> Name {
        let items = self.step(step).into_iter().flat_map(|step| &step.items);
        let mut called = items.filter(|(_, item)| item.name.as_deref() == Some(name));
        let key = called.next().and_then(|(key, _)| key.clone());
        key.unwrap_or_else(|| name.into())
    }

    /// A run without records.
    pub fn new() -> Self {
        Self::default()
    }

    /// The run's id; empty before the first record.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// How it is driven; live until the first record says otherwise.
    pub fn mode(&self) -> Mode {
        self.mode.unwrap_or(Mode::Live)
    }

    /// The plan.
    ///
    /// # Panics
    /// Before the first record: a run begins with its plan.
    pub fn plan(&self) -> &Plan {
        self.plan
            .as_deref()
            .expect("a run's first record holds its plan")
    }

    /// Whether the run has its first record.
    pub fn has_plan(&self) -> bool {
        self.plan.is_some()
    }

    /// The number of the newest record, 0 before the first.
    pub fn seq(&self) -> u64 {
        self.seq
    }

    /// When the first record was made.
    pub fn started(&self) -> Timestamp {
        self.started
    }

    /// When the newest record was made.
    pub fn latest(&self) -> Timestamp {
        self.latest
    }

    /// Who an account is, once it was confirmed.
    pub fn identity(&self, name: &str) -> Option<&Identity> {
        self.accounts.get(name)
    }

    /// The steps with their plan, in the order of the file.
    pub fn steps(&self) -> impl Iterator<Item = (&Step, &StepRun)> {
        let plan = self.plan.as_deref();
        plan.into_iter()
            .flat_map(|plan| plan.steps.iter())
            .zip(self.steps.values())
    }

    /// The step with this full id, such as `caller.step`.
    pub fn step(&self, id: &str) -> Option<&StepRun> {
        self.steps.get(id)
    }

    /// What the plan says about a step, found without looking through the plan.
    pub fn planned(&self, id: &str) -> Option<&Step> {
        let index = self.steps.get_index_of(id)?;
        self.plan.as_ref()?.steps.get(index)
    }

    /// All changes, oldest first.
    pub fn changes(&self) -> &[Change] {
        &self.changes
    }

    /// The changes that were intended and have no outcome yet, oldest first.
    pub(crate) fn unanswered(&self) -> impl Iterator<Item = &Change> {
        self.unanswered
            .iter()
            .filter_map(|number| self.change(*number))
    }

    /// A change by its number.
    pub fn change(&self, number: u64) -> Option<&Change> {
        self.changes
            .get(usize::try_from(number).ok()?.checked_sub(1)?)
    }

    /// The newest rollback, of the whole run or of a part; none where nothing was ever taken back.
    pub fn rollback(&self) -> Option<&Rollback> {
        self.rollback.as_ref()
    }

    /// Whether a part was taken back and nothing is begun before a driver takes the run up again.
    pub fn rests(&self) -> bool {
        self.rests
    }

    /// How the run ended for good.
    pub fn end(&self) -> Option<&RunEnd> {
        self.end.as_ref()
    }

    /// Whether every step is over and only the outputs could not be made: a mended runbook makes them.
    pub fn lacks_outputs(&self) -> bool {
        matches!(self.end, Some(RunEnd::Done { fault: Some(_), .. }))
    }

    /// Whether the operator asked to stop in this session.
    pub fn interrupted(&self) -> bool {
        self.interrupted
    }

    /// Limits this session to a step and all it needs; may be said before the run has its plan. A
    /// step that the plan does not have limits nothing.
    pub fn stop_after(&mut self, step: Name) {
        self.until = Some(step);
        self.limit();
    }

    pub(super) fn limit(&mut self) {
        let Some(until) = self.until.as_ref().filter(|_| self.plan.is_some()) else {
            return;
        };
        let Some(last) = self.steps.get_index_of(until) else {
            return;
        };
        self.only = Some(self.needed_for(last));
    }

    /// What became of a step, for an expression that reads it.
    pub fn step_value(&self, id: &str) -> Option<StepValue<'_>> {
        match &self.steps.get(id)?.state {
            StepState::Done(value) => Some(StepValue::Done(value)),
            StepState::Skipped(_) | StepState::Failed(_) => Some(StepValue::Undefined),
            StepState::Waiting | StepState::Running => None,
        }
    }

    /// How often an item was taken back: what is made again has other tokens than what was made before.
    pub fn generation(&self, at: &At) -> u32 {
        let step = self.step(&at.step);
        let item = step.and_then(|step| step.items.get(&at.item));
        item.map_or(0, |item| item.generation)
    }

    /// The attempt, if its code is under way: a run that is taken back, or a step that is over, has
    /// no more use for what a guest says.
    pub(crate) fn attempt(&self, at: &At) -> Option<&Attempt> {
        let step = self.step(&at.step)?;
        let item = step.items.get(&at.item)?;
        let attempt = match at.phase {
            Phase::Run if step.is_over() || self.rollback.is_some() => None,
            Phase::Run => item.attempt.as_ref(),
            Phase::Undo => item.undo.as_ref(),
        };
        attempt.filter(|attempt| attempt.at == *at && !attempt.ended)
    }

    /// Why the run is where it is. Meaningful only when nothing is under way: no guest runs, nothing
    /// was sent, no timer is set; the driver knows.
    pub fn status(&self) -> RunStatus {
        if let Some(end) = &self.end {
            return RunStatus::Ended(end.clone());
        }
        if self.rollback_failed() {
            return RunStatus::UndoFailed;
        }
        if self.interrupted || self.rests {
            return RunStatus::Stopped;
        }
        let undo_asks = self.rollback_under_way().is_some() && !self.open_questions.is_empty();
        if self.unknown_items > 0 && !undo_asks {
            return RunStatus::Unknown;
        }
        if !self.open_questions.is_empty() {
            return RunStatus::WaitingForPerson;
        }
        if self.failed_steps.is_empty() {
            RunStatus::Stopped
        } else {
            RunStatus::Failed
        }
    }

    fn rollback_failed(&self) -> bool {
        let end = self
            .rollback
            .as_ref()
            .and_then(|rollback| rollback.end.as_ref());
        matches!(end, Some(RollbackEnd::Failed { .. }))
    }

    /// Whether steps may be started: the accounts are who they should be, nobody asked to stop, the
    /// run is not being taken back, and its records are all there.
    pub(crate) fn may_start(&self) -> bool {
        let moves = self.confirmed && !self.interrupted && !self.rests;
        let goes_on = moves && self.recovery.is_none();
        goes_on && self.rollback.is_none() && self.end.is_none()
    }

    /// Whether this step's failure keeps new steps from starting.
    pub(crate) fn is_stopped_by(&self, step: &str) -> bool {
        let index = self.steps.get_index_of(step);
        index.is_some_and(|index| self.failed_steps.contains(&index))
    }

    /// Whether an item without a guest has changes that may have happened or not.
    pub(crate) fn is_in_doubt(&self, item: &ItemRun) -> bool {
        let mut changes = item
            .changes
            .iter()
            .filter_map(|number| self.change(*number));
        self.has_no_guest(item) && changes.any(|change| change.doubt().is_some())
    }

    /// What a guest under way was told stays as it is: it looks by itself. A rollback dropped them all.
    pub(super) fn has_no_guest(&self, item: &ItemRun) -> bool {
        item.state != ItemState::Running || self.rollback.is_some()
    }

    /// A failed or unknown step keeps new steps from starting.
    pub(crate) fn is_stopped(&self) -> bool {
        !self.failed_steps.is_empty() || self.unknown_items > 0
    }
}

impl StepRun {
    /// A question is open.
    pub fn waits_for_person(&self) -> bool {
        self.questions > 0
    }

    /// It is done, skipped or failed.
    pub fn is_over(&self) -> bool {
        matches!(
            self.state,
            StepState::Done(_) | StepState::Skipped(_) | StepState::Failed(_)
        )
    }
}

impl Change {
    /// It happened or may have happened, and was not taken back.
    pub fn stands(&self) -> bool {
        let happened = !matches!(self.state, ChangeState::Refused(_));
        happened && self.back != crate::run::Back::Done
    }

    /// The answer, if it is known.
    pub fn answer(&self) -> Option<&serde_json::Value> {
        match &self.state {
            ChangeState::Done(answer) => Some(answer),
            _ => None,
        }
    }
}
