//! The state of a run: made by its records alone, live and on resume alike.

mod adoptions;
mod again;
mod attempts;
mod changes;
mod evolve;
mod item;
mod mend;
mod nested;
mod part;
mod passing;
mod prepare;
mod questions;
mod recovery;
mod redo;
mod rests;
mod rollback;
mod scope;
mod state;
mod step;
mod tally;
mod token;
mod trust;
mod undecided;
mod view;
mod ways_back;

pub use item::{Attempt, ItemRun, ItemState, Slot, SlotKind};
pub use recovery::Recovery;
pub use scope::{Expressions, Prepared, Scope, StepValue};
pub use state::{Back, Change, ChangeState, IllegalRecord, Rollback, Run};
pub use step::{StepRun, StepState};
pub use view::RunStatus;
pub use ways_back::WayBack;

/// What a record may do here, or why it may not.
type Legal = Result<(), String>;
