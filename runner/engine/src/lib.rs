//! The pure engine: from a plan and the records of a run it decides what happens next.
//!
//! Two functions: [`advance`] answers an input with records and effects, [`Run::evolve`] is the only
//! way a run changes, live and on resume alike. No clock, no disk, no network, no await: time is an
//! argument and expressions are evaluated through a trait.
//!
//! Read next: `record.rs` for the facts, `input.rs` for what wakes the engine, `effect.rs` for what it asks for.

mod adoption;
mod api;
pub mod approver;
mod call;
mod decide;
mod effect;
mod find;
mod host_call;
mod ids;
mod input;
mod part;
mod person;
mod place;
mod plan;
mod principal;
mod question;
mod record;
mod resolution;
mod retry;
mod run;
mod seen;
mod template;
mod ticket;
mod time;

pub use adoption::{Adoption, Object};
pub use api::{Api, Fault, FaultClass};
pub use call::{Ask, Call, Class, Condition, HttpRequest, Repeat, Target};
pub use decide::{Decision, advance};
pub use effect::{Effect, UndoChange, UndoRequest, Wake};
pub use find::{Find, Is, Passing, Rest, Shows, Test, Use};
pub use host_call::HostCall;
pub use ids::NewId;
pub use input::Input;
pub use part::{Again, Part, PartFrom, PartRefused, PartWish, Stay, Why, WhyStays};
pub use person::{Known, Person};
pub use place::{At, CallSite, Phase};
pub use plan::{
    Account, Because, Confirm, ForEach, IdPair, Name, Need, Note, OnFailure, Plan, PluginRef,
    Retry, SourceLine, Step, SubRunbook, Uses,
};
pub use principal::{BadPrincipal, Principal, RoleArn};
pub use question::{
    Approval, Evidence, Question, Settled, Shown, Silence, TakesBack, Within, Yes, names_action,
};
pub use record::{
    A_PAUSE, AttemptEnd, Durability, FORMAT, Fact, Identity, Item, Mode, Record, RollbackEnd,
    RunEnd, Shape, StepEnd,
};
pub use resolution::{Resolution, Settlement};
pub use run::{
    Attempt, Back, Change, ChangeState, Expressions, IllegalRecord, ItemRun, ItemState, Prepared,
    Recovery, Rollback, Run, RunStatus, Scope, Slot, SlotKind, StepRun, StepState, StepValue,
    WayBack,
};
pub use seen::{Passed, Seen};
pub use ticket::{Look, LookFor, Outcome, Reversed, Survey, Ticket, Work};
pub use time::Timestamp;
