//! What a guest may ask of its host, as the engine sees it: judged and classed.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::call::{Call, Condition};
use crate::find::Find;

/// One host call of a guest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HostCall {
    /// `account.call`, `account.call-all`, `account.assume-role`, `http.send`.
    Call {
        /// The call, judged and classed.
        call: Call,
        /// The call that takes it back, judged like the change itself.
        reverse: Option<Box<Call>>,
        /// How what it makes is seen.
        find: Option<Box<Find>>,
    },
    /// `account.wait-for`: a read is polled until its answer fits.
    WaitFor {
        /// The read that is polled.
        call: Call,
        /// What an answer must hold for the wait to end, and what makes it fail.
        condition: Condition,
    },
    /// `flow.wait`: the guest sleeps.
    Sleep {
        /// How long it sleeps. Milliseconds.
        duration_ms: u64,
    },
}

/// What a guest is told of a change that has a look: its answer, and whether this step made it.
pub(crate) fn told(answer: Value, made: bool) -> Value {
    serde_json::json!({ "answer": answer, "made": made })
}
