//! Rutter: runs operations runbooks whose every step is a sandboxed WebAssembly plugin.
//!
//! Read next: ARCHITECTURE.md.

pub mod children;
pub mod cli;
pub mod cloud;
pub mod drive;
pub mod explain;
pub mod guests;
pub mod host;
pub mod journal;
pub mod lock;
pub mod modes;
pub mod plugin;
pub mod rehearsal;
pub mod secrets;
pub mod session;
pub mod settings;
pub mod signed;
pub mod ui;
pub mod user;

pub use rutter_diagnostic as diagnostic;
pub use rutter_diagnostic::neutral;
pub use rutter_files as files;
pub use rutter_meaning::held as rules;
pub use rutter_runbook as runbook;
