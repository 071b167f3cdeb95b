//! The sandbox that plugins run in, and the broker through which every call of theirs passes.
//!
//! | To change | Go to |
//! |---|---|
//! | how components are compiled and kept | `load.rs`, `compiler.rs`, `cache.rs` |
//! | the engines, and how many guests each takes | `pools.rs` |
//! | what bounds an instance | `store.rs` |
//! | a limit that is met, its error | `limits.rs`, `meter.rs`; defaults: `settings/limits.rs` |
//! | what a guest's functions do | `accounts.rs`, `http.rs`, `flow.rs`, `log.rs` |
//! | the hosts that the operator names | `hosts.rs` |
//! | the way of a call from a guest to the cloud | `broker.rs`, `pace.rs`, `turnstile.rs`, `carry.rs`; what it means: `rutter-meaning` |
//! | the life of a guest | `guest.rs` |
//!
//! Only `pools.rs`, `load.rs`, `store.rs`, `guest.rs`, `meter.rs`, `trap.rs` and the adapter `v0_1.rs`
//! know wasmtime. What is absent on purpose: no WASI, no files, no sockets, no clock and no random numbers
//! for a guest; a component that imports anything but `rutter:step` is not loaded.

mod accounts;
mod broker;
mod cache;
mod carry;
pub mod compiler;
mod context;
#[cfg(test)]
pub(crate) mod fixture;
mod flow;
mod guest;
mod hosts;
mod http;
mod limits;
mod line;
mod load;
mod log;
mod meter;
mod pace;
mod pools;
mod sandbox;
mod store;
#[cfg(test)]
mod tests;
mod told;
mod trap;
mod turnstile;
mod v0_1;

pub use broker::{await_turn, dispatch, send};
pub use cache::CacheKey;
pub use carry::{Carried, Carry};
pub use compiler::CompileError;
pub use context::BoundAccount;
pub use guest::{GuestHandle, GuestJob, start_guest};
pub use hosts::Hosts;
pub use line::GuestEvent;
pub use load::{LoadError, LoadedPlugin};
pub use pace::{Lane, MachineTime, Pace, Passing, Time};
pub use pools::SandboxError;
pub use sandbox::{Sandbox, SandboxSettings};
pub use turnstile::{Turn, Turnstile};
