//! The simulated cloud: accounts, identities, rights, resources that change with time, charges, and an HTTP server.
//!
//! The core is one cloneable value, [`World`], and one function, [`World::handle`]. It reads no clock and no random
//! number: the instant and the seed are arguments, and every identifier is derived from them and marked as simulated.
//! Parameters are held to the contracts of `rutter-contracts`; what no document says is said to be so where it is decided.
//!
//! It knows nothing of runbooks, plugins or runs. Start reading at [`World::handle`], then `products.rs`, which lends a
//! product what it sees of the world, then the `mod.rs` of a product.

mod answer;
mod authentication;
mod caller;
mod chance;
mod charges;
mod difference;
mod dts;
mod ecs;
mod file;
mod handle;
mod http;
mod identifier;
mod ledger;
mod network;
mod paging;
mod parameters;
mod password;
mod presume;
mod presumed;
mod products;
mod ram;
mod redis;
mod register;
mod request;
mod request_context;
mod rights;
mod scalars;
pub mod server;
mod settings;
mod smc;
mod sts;
mod time;
mod token;
mod unmodelled;
mod world;

pub use charges::Charge;
pub use difference::{Change, Difference, Summary, diff};
pub use file::{WorldError, world_schema};
pub use http::HttpScript;
pub use ledger::{CallRecord, ChangeRecord};
pub use presume::presume;
pub use presumed::Presumed;
pub use products::simulated;
pub use request::{AccessKey, Request, Response};
pub use world::World;
