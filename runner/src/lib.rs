//! Rutter: runs operations runbooks whose every step is a sandboxed WebAssembly plugin.
//!
//! Read next: ARCHITECTURE.md.

pub mod children;
pub mod cli;
pub mod cloud;
pub mod diagnostic;
pub mod drive;
pub mod explain;
pub mod files;
pub mod guests;
pub mod host;
pub mod journal;
pub mod lock;
pub mod modes;
pub mod neutral;
pub mod plugin;
pub mod rehearsal;
pub mod rules;
pub mod runbook;
pub mod secrets;
pub mod session;
pub mod settings;
pub mod signed;
pub mod ui;
pub mod user;
