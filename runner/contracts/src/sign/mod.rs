//! Signing of requests and checking of signatures, in both schemes that the six products take.
//!
//! [`v3`] is what this program sends, a [`Call`] at a time; [`rpc`] is the old scheme, which clients still use. Neither
//! reads a clock nor draws a nonce: both are arguments. Whether a date is too old or a nonce was
//! seen before is for the server to judge, from what the check returns.

mod call;
pub mod rpc;
pub mod v3;

use std::fmt;

pub use call::{Call, Signed};

/// An access key. Its text form shows the id alone.
#[derive(Clone, PartialEq, Eq)]
pub struct Key {
    /// The id, which is no secret.
    pub id: String,
    /// The secret half, which keys the signature and is never sent.
    pub secret: String,
    /// The security token of temporary credentials.
    pub token: Option<String>,
}

impl fmt::Debug for Key {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let token = self.token.as_ref().map(|_| "redacted");
        formatter
            .debug_struct("Key")
            .field("id", &self.id)
            .field("secret", &"redacted")
            .field("token", &token)
            .finish()
    }
}

/// What a good signature vouches for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// The key that signed.
    pub access_key_id: String,
    /// The security token, as sent.
    pub security_token: Option<String>,
    /// The instant of signing as the request states it, `YYYY-MM-DDThh:mm:ssZ`.
    pub date: String,
    /// The text that no other request has: whether it was seen before is for the server to judge.
    pub nonce: String,
}

/// Why a signature is refused, in the cloud's words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct Refusal {
    /// The code that the cloud gives: `SignatureDoesNotMatch`.
    pub code: &'static str,
    /// The cloud's message in English.
    pub message: String,
    /// The HTTP status that goes with it.
    pub status: u16,
}

impl Refusal {
    fn incomplete(what: &str) -> Self {
        Self {
            code: "IncompleteSignature",
            message: format!(
                "The request signature does not conform to Alibaba Cloud standards: {what}."
            ),
            status: 400,
        }
    }

    fn unknown_key() -> Self {
        Self {
            code: "InvalidAccessKeyId.NotFound",
            message: "Specified access key is not found.".to_owned(),
            status: 404,
        }
    }

    fn mismatch(string_to_sign: &str) -> Self {
        Self {
            code: "SignatureDoesNotMatch",
            message: format!(
                "Specified signature is not matched with our calculation. server string to sign is:{string_to_sign}"
            ),
            status: 400,
        }
    }
}

/// Returns the pairs sorted and joined as both schemes sign them.
fn canonical_query(pairs: &[(String, String)]) -> String {
    let mut sorted: Vec<&(String, String)> = pairs.iter().collect();
    sorted.sort();
    let encoded: Vec<String> = sorted
        .into_iter()
        .map(|(name, value)| {
            let encode = crate::wire::percent_encode;
            format!("{}={}", encode(name), encode(value))
        })
        .collect();
    encoded.join("&")
}

#[cfg(test)]
mod tests;
