//! What a person decides where the program cannot: about a step, and about a change that is to be taken back.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What a person decides about a step whose outcome is unknown, or that failed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Resolution {
    /// It did not happen: try again.
    Retry,
    /// It did: a new attempt must find it.
    Adopt,
    /// It is done, with these outputs.
    Done(Value),
    /// Leave it out: what it made stays, and the run goes on without it.
    Skip,
}

impl Resolution {
    /// The flag that stands for it, `--retry`.
    pub fn flag(&self) -> &'static str {
        match self {
            Self::Retry => "--retry",
            Self::Adopt => "--adopt",
            Self::Done(_) => "--done",
            Self::Skip => "--skip",
        }
    }
}

/// What a person decides about a change that a rollback could not take back, or whose outcome it does
/// not know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Settlement {
    /// It is not there, or not any more.
    Gone,
    /// It stays: recorded, and said in every later report.
    Leave,
    /// Take it back once more.
    Retry,
}
