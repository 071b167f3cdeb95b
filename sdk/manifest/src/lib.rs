//! The plugin manifest and typed fields.
//!
//! A manifest says what a plugin is called, what it takes and gives, which accounts it needs and
//! which calls it may make. It is read without running anything: from `plugin.toml` beside the
//! source, or from the custom section [`SECTION`] of a component. Inputs of a runbook are the same
//! [`Field`]s, so a value is checked by the same code wherever it comes from.
//!
//! Nothing here knows the contracts of the cloud's API: whether a permission names an action that
//! exists is for the host to say.

mod bounds;
mod check;
mod duration;
mod error;
mod field;
mod ids;
mod kind;
mod like;
mod manifest;
mod name;
mod notes;
mod parse;
mod permission;
mod rules;
pub mod shape;
mod unseen;

pub use check::{FieldProblem, check_all, check_known};
pub use duration::{duration_text, parse_duration};
pub use error::ManifestError;
pub use field::{Field, FieldKind};
pub use ids::{IdPair, IdSide, OF_INPUTS};
pub use kind::Kind;
pub use like::Like;
pub use manifest::{AccountNeed, Manifest, Plugin};
pub use name::{
    is_account_id, is_kebab_case, is_region, is_snake_case, is_usual_account_id, nearest,
    nearest_few,
};
pub use notes::{NOTE_CHARS_MAX, NOTES_MAX, note_problem};
pub use permission::{HttpPermission, HttpRepeat, OPERATORS_HOSTS, Permission};
pub use rules::InputRule;
pub use unseen::{is_unseen, unseen_in, written_out};

/// The custom section of a component that holds the bytes of its `plugin.toml`.
pub const SECTION: &str = "rutter:manifest";

/// The name of the account of a plugin whose manifest names none.
pub const ONLY_ACCOUNT: &str = "account";
