//! What a step plugin written in Rust depends on.
//!
//! A plugin is a function from typed inputs to typed outputs; [`plugin!`] makes the types from the
//! `plugin.toml` beside the source and exports the function:
//!
//! ```ignore
//! use rutter_sdk::prelude::*;
//!
//! rutter_sdk::plugin!(run);
//!
//! fn run(host: &Host, inputs: Inputs) -> Result<Outputs, Fault> {
//!     let account = host.account()?;
//!     let role = account.read(Api::new("RAM", "GetRole").set("RoleName", &inputs.name))?;
//!     Ok(Outputs { arn: role.text("/Role/Arn")?.to_owned() })
//! }
//! ```
//!
//! The code is straight: look, create, wait, return. The host records every call; after a crash it
//! starts the code again and answers each call from the record. So there must be no other source of
//! news than the host: no clock, no random numbers, no environment.
//!
//! Compiled for `wasm32` the calls go to the host. Natively they go to a test double: see
//! [`cases!`] and the feature `testing`.

mod account;
mod answer;
mod api;
pub mod command;
mod create;
pub mod duration;
mod fault;
mod find;
#[cfg(target_arch = "wasm32")]
#[doc(hidden)]
pub mod guest;
mod host;
pub mod image;
pub mod instant;
mod plugin;
pub mod policy;
mod secret;
mod start;
#[cfg(all(feature = "testing", not(target_arch = "wasm32")))]
pub mod testing;
mod violations;

pub use account::{Account, Change, NOT_FOUND, Wait};
pub use answer::Answer;
pub use api::{Api, IntoParameter, answer, answer_after};
pub use create::{Create, Created};
pub use fault::{Fault, FaultClass, OrAbsent};
pub use find::{Find, Passing, found};
pub use host::{Host, HttpRequest, HttpResponse, Level};
pub use plugin::{MadeChange, Plugin, Undo, UndoText};
#[doc(hidden)]
pub use plugin::{run_typed, undo_typed};
pub use rutter_sdk_macros::{cases, plugin};
pub use secret::Secret;
pub use start::{Startable, States, start_and_wait};
pub use violations::{Violation, Violations};

#[doc(hidden)]
pub use {serde, serde_json};

/// What most plugins need.
pub mod prelude {
    pub use std::time::Duration;

    pub use serde_json::{Value, json};

    pub use crate::{
        Account, Answer, Api, Created, Fault, FaultClass, Find, Host, Level, MadeChange, NOT_FOUND,
        OrAbsent, Passing, Secret, answer, answer_after, found, policy,
    };
}
