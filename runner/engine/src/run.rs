//! The state of a run: made by its records alone, live and on resume alike.

mod changes;
mod evolve;
mod state;
mod view;

pub use state::{
    Attempt, Back, Change, ChangeState, IllegalRecord, ItemRun, ItemState, Rollback, Run, Slot,
    SlotKind, StepRun, StepState,
};
pub use view::Standing;
