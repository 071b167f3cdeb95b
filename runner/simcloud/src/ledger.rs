//! What was asked of the world, and which of it changed something: so that a test can prove that nothing was sent twice.

use rutter_contracts::canonical_json;
use serde::Serialize;
use serde_json::Value;

use crate::identifier::digest;

/// One call that reached the world.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CallRecord {
    /// Its place among all calls, from 1.
    pub number: u64,
    /// When, in milliseconds since the epoch, on the world's clock.
    pub at_ms: i64,
    /// The account of the caller; empty if the key is unknown.
    pub account_id: String,
    /// The call for people, `RAM:CreateRole`.
    pub action: String,
    /// The answer's HTTP status.
    pub status: u16,
    /// The error code; absent if it was accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The answer's request id.
    pub request_id: String,
}

/// One accepted call that changed something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ChangeRecord {
    /// Its place among all changes, from 1.
    pub number: u64,
    /// The call it was.
    pub call: u64,
    /// When, in milliseconds since the epoch, on the world's clock.
    pub at_ms: i64,
    /// The account whose resources changed hands or state: the caller's.
    pub account_id: String,
    /// The call for people, `RAM:CreateRole`.
    pub action: String,
    /// SHA-256 of the parameters as canonical JSON without the secret ones, hexadecimal.
    pub parameters: String,
    /// The answer's request id.
    pub request_id: String,
}

/// The calls and the changes, oldest first.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ledger {
    pub calls: Vec<CallRecord>,
    pub changes: Vec<ChangeRecord>,
}

impl Ledger {
    pub fn change(&mut self, parameters: &Value) {
        let Some(call) = self.calls.last() else {
            return;
        };
        self.changes.push(ChangeRecord {
            number: self.changes.len() as u64 + 1,
            call: call.number,
            at_ms: call.at_ms,
            account_id: call.account_id.clone(),
            action: call.action.clone(),
            parameters: digest(&[&canonical_json(parameters)]),
            request_id: call.request_id.clone(),
        });
    }
}
