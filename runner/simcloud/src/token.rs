//! Client tokens: the same token with the same parameters gets the same answer, with others a refusal.

use serde_json::Value;

use crate::answer::{Answer, Refusal};

/// The name of the parameter in every action that has one.
pub(crate) const PARAMETER: &str = "ClientToken";

/// An answer that is given again.
#[derive(Clone, Debug)]
pub(crate) struct Remembered {
    /// The parameters without the token, as canonical JSON.
    pub parameters: String,
    pub answer: Value,
    pub at_ms: i64,
}

impl Remembered {
    pub fn new(parameters: &Value, answer: &Value, at_ms: i64) -> Self {
        Self {
            parameters: without_token(parameters),
            answer: answer.clone(),
            at_ms,
        }
    }

    /// Returns whether the cloud still knows the token. It forgets as early as the documents allow, so that a runbook that
    /// relies on more fails here first.
    pub fn lasts(&self, now: i64) -> bool {
        now.saturating_sub(self.at_ms)
            < i64::try_from(rutter_contracts::TOKEN_TTL_MS).unwrap_or(i64::MAX)
    }

    /// Answers a call that carries the token again.
    pub fn answer(&self, parameters: &Value) -> Answer {
        if self.parameters == without_token(parameters) {
            return Ok(self.answer.clone());
        }
        Err(Refusal::new(
            400,
            "IdempotentParameterMismatch",
            "The request is retried with updated parameters.",
        ))
    }
}

fn without_token(parameters: &Value) -> String {
    let mut parameters = parameters.clone();
    if let Some(fields) = parameters.as_object_mut() {
        fields.remove(PARAMETER);
    }
    rutter_contracts::canonical_json(&parameters)
}
