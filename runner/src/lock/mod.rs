//! What a person accepted of a runbook: `rutter.lock`, a file beside it.
//!
//! For each runbook of its folder it says which plugins the steps use and what each may do in which account, and
//! which runbooks run inside it. Whoever runs the runbook is held to that: what a plugin is and may do (`entry.rs`) is
//! compared with what was accepted (`difference.rs`), before anything of it is run and anybody is asked for a secret.
//! The sentences are there for people; each belongs to a digest, and is compared like that.

mod difference;
mod entry;
mod file;

pub use difference::difference;
pub use entry::{Accepted, Entry, Nested, Which};
pub(crate) use entry::{may, used};
pub use file::{Lock, LockError};

/// How a runbook stands to what was accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is what was accepted.
    Accepted,
    /// Nothing was accepted, and nothing has to be: all its plugins ship.
    Ships,
    /// Nobody accepted it.
    Unaccepted,
    /// It differs from what was accepted: the difference, line by line.
    Differs(Vec<String>),
}

/// Holds a runbook as it is now against what was accepted of it.
pub fn judge(accepted: Option<&Entry>, now: &Entry) -> Verdict {
    match accepted {
        None if now.ships() => Verdict::Ships,
        None => Verdict::Unaccepted,
        Some(accepted) if accepted == now => Verdict::Accepted,
        Some(accepted) => Verdict::Differs(difference(accepted, now)),
    }
}
