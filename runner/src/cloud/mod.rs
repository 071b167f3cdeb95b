//! Reaching the cloud: the only folder that opens a connection.
//!
//! | file | what it knows |
//! |---|---|
//! | `live.rs` | the carrier of a run against the cloud: each call sent exactly once |
//! | `account.rs` | which profile and region an account of the runbook is bound to |
//! | `credentials/` | where a named profile's credentials come from |
//! | `fetch/` | asking for credentials that a profile does not hold |
//! | `roles.rs` | when credentials are asked for and roles assumed, and refreshing both |
//! | `roots.rs` | the fetched credentials of each account |
//! | `identity.rs` | who an account is |
//! | `endpoints.rs` | which address serves a product |
//! | `call.rs`, `api.rs` | encoding and signing one call of the cloud's API |
//! | `pause.rs` | waiting when the cloud asks for it |
//! | `plain.rs` | requests that a plugin makes to any other API |
//! | `time.rs` | what time it is in the cloud |
//! | `transport.rs`, `address.rs`, `trust.rs` | connections: deadlines, caps, which addresses, whose certificates |
//!
//! What an answer means stands in `rutter-meaning`. Nothing here decides whether a call may be made, and nothing repeats a call that may have happened.

mod account;
mod address;
mod api;
mod call;
pub mod credentials;
mod endpoints;
mod fetch;
mod identity;
mod live;
mod machine;
mod pause;
mod plain;
mod roles;
mod roots;
mod time;
mod transport;
mod trust;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use rutter_engine::Timestamp;

pub use account::Binding;
pub use live::{CloudError, LiveCarrier};
pub use time::CloudTime;
pub(crate) use transport::client_for;

/// Says what time it is; a value, so that tests can wind it.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// The machine's clock.
pub fn system_clock() -> Clock {
    Arc::new(|| Timestamp(jiff::Timestamp::now().as_millisecond()))
}
