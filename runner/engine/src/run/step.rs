//! A step of the run: where it stands, and its items.

use indexmap::IndexMap;
use serde_json::Value;

use crate::api::Fault;
use crate::plan::Name;
use crate::question::Shown;
use crate::record::Shape;
use crate::run::item::{ItemRun, ItemState};
use crate::run::tally::Tally;

/// A step of the run.
#[derive(Clone, Debug, Default)]
pub struct StepRun {
    /// Whether it waits, runs, or is over, and how it ended.
    pub state: StepState,
    /// What its outputs will look like.
    pub shape: Option<Shape>,
    /// Its items, once they are fixed.
    pub items: IndexMap<Option<Name>, ItemRun>,
    /// The record that made it what it is: over, begun, or begun again.
    pub(crate) since: u64,
    /// The newest question that it asked itself, and not one of its changes.
    pub(crate) own_question: Option<u64>,
    /// Enough people said yes to that.
    pub confirmed: bool,
    /// How many of its questions are open.
    pub(crate) questions: usize,
    /// Needed steps that are not over.
    pub(crate) unmet: usize,
    /// The steps that need this one.
    pub(crate) dependents: Vec<usize>,
    /// How the items stand.
    pub(crate) tally: Tally,
    /// The changes that people said yes to and that were not sent yet, as they were shown.
    pub(crate) granted: Vec<Shown>,
    /// A mended runbook says something else than what the items were made from, or the step waits
    /// again: they are made anew before it goes on.
    pub(crate) revised: bool,
    /// The record with which it was begun.
    pub(crate) began: Option<u64>,
    /// The record with which it was over.
    pub(crate) ended: Option<u64>,
    /// The step that runs the sub-runbook this one belongs to.
    pub(crate) caller: Option<usize>,
    /// What it is to the steps of the sub-runbook it runs, if it runs one.
    pub(crate) inner: Inner,
}

/// The steps of a sub-runbook, as the step that runs it sees them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Inner {
    /// Their places in the plan.
    pub(crate) steps: Vec<usize>,
    /// Those of them that are not over.
    pub(crate) open: usize,
    /// They may begin: the inputs are fixed, and people said yes if they are asked.
    pub(crate) begun: bool,
    /// The first failure that this step answers for: what has not begun does not begin any more.
    pub(crate) broken: Option<Fault>,
}

/// Where a step stands.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum StepState {
    /// It was not begun.
    #[default]
    Waiting,
    /// Its items are fixed and not over.
    Running,
    /// It was left out, and why.
    Skipped(String),
    /// It is done, with these outputs.
    Done(Value),
    /// It failed: the first fault of its items.
    Failed(Fault),
}

impl StepRun {
    /// Puts the item at `place` into a state; the only way an item's state changes.
    pub(super) fn put(&mut self, place: usize, state: ItemState) {
        let Some((_, item)) = self.items.get_index_mut(place) else {
            return;
        };
        self.tally.leave(place, &item.state);
        self.tally.enter(place, &state);
        item.state = state;
    }

    /// Counts anew, when the items themselves were exchanged.
    pub(super) fn count_anew(&mut self) {
        self.tally = Tally::default();
        for (place, item) in self.items.values().enumerate() {
            self.tally.enter(place, &item.state);
        }
    }

    /// A new process knows nothing of guests and timers: everything is looked at once.
    pub(super) fn look_at_all(&mut self) {
        self.tally.look = (0..self.items.len()).collect();
    }
}
