//! Rutter: runs operations runbooks whose every step is a sandboxed WebAssembly plugin.
//!
//! Read next: ARCHITECTURE.md.

mod audit;
mod children;
pub mod cli;
mod cloud;
mod drive;
mod explain;
mod guests;
pub mod host;
pub mod journal;
mod lock;
mod modes;
mod notify;
mod rehearsal;
mod schema;
pub mod secrets;
mod session;
pub mod settings;
mod signed;
mod standard;
mod took;
mod ui;
mod user;
