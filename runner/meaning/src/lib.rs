//! What a guest's call means before it is sent, and what its answer means afterwards: one meaning for
//! run, rehearsal and the kit that tests plugins.
//!
//! | To change | Go to |
//! |---|---|
//! | what a guest may leave out of a call, a wait, a look | `written.rs` |
//! | the one spelling of a call | `canonical.rs` |
//! | what a request by plain HTTP may look like | `request.rs` |
//! | what a manifest allows | `permit.rs` |
//! | which stages a call passes before it is sent | `judge.rs` |
//! | read or change, may it be repeated, does it ask | `class.rs` |
//! | by what a call is known again, and its tokens | `fingerprint.rs`, `tokens.rs` |
//! | what is made in passing, and who uses it | `passing.rs` |
//! | which secrets a guest was handed, and where it may send them | `handed.rs`, `secrecy.rs` |
//! | what stands for a secret | `placeholder.rs` |
//! | where an answer by plain HTTP holds secrets | `plain.rs` |
//! | whether a reverse is one, what an own undo may destroy | `reverse.rs` |
//! | whether an answer means done, refused or unknown | `answer.rs` |
//! | how a paged list is read to its end | `pages.rs` |
//! | what follows from each answer, as a table | `table.rs` |
//! | what each rule is called, so that a test can leave one out | `rules.rs`, `held.rs` |
//!
//! Everything here is a function of its arguments: the contracts' facts, the engine's types, a manifest. But for
//! `held.rs`, which knows for the whole process which rules a test has left out.

pub mod answer;
mod canonical;
mod class;
mod fault;
pub mod fingerprint;
mod handed;
pub mod held;
mod host_request;
mod judge;
mod look;
mod one_step;
pub mod pages;
mod passing;
mod permit;
pub mod placeholder;
pub mod plain;
mod pointer;
mod request;
mod reverse;
mod rules;
mod secrecy;
pub mod table;
mod tokens;
mod written;

pub use answer::{HttpAnswer, Subject, TransportError, is_throttled};
pub use class::known;
pub use fault::{on_no_account, refusal, wrong};
pub use fingerprint::Maker;
pub use handed::{Awaited, Handed};
pub use host_request::{Handle, HostRequest};
pub use judge::Judge;
pub use look::Look;
pub use one_step::{AsWritten, one_step};
pub use permit::http_place;
pub use pointer::each_at;
pub use request::{RequestParts, request};
pub use reverse::Made;
pub use rules::{Rule, Rules};
pub use secrecy::MARK;
pub use tokens::Tokens;
pub use written::{CallWritten, LookWritten, PassingWritten, WaitWritten, condition, pause};
