//! A call of the cloud's API and its failure, as records hold them.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A call of the cloud's API before it is encoded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Api {
    /// The product as the contracts spell it: `RAM`, `STS`, `DTS`, `SMC`, `ECS`, `R-kvstore`.
    pub product: String,
    /// The action as the contracts spell it, `CreateRole`; as it was written, where they do not
    /// know it.
    pub action: String,
    /// The API's version, `2015-05-01`.
    pub version: String,
    /// The region whose endpoint is called; absent means the account's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// A JSON object: lists as lists, structures as objects; secrets as placeholders.
    pub parameters: Value,
}

/// What a caller can do about a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FaultClass {
    /// Transient, and known not to have happened.
    Retry,
    /// The object is in the wrong state for the moment.
    Busy,
    /// The outcome of a change is unknown.
    LookFirst,
    /// The wanted state is already there.
    Exists,
    /// The object does not exist.
    Absent,
    /// Credentials are missing, expired or refused.
    Credential,
    /// The host refused the call.
    Denied,
    /// Repeating will not help.
    Fail,
    /// The plugin or the host made a wrong request.
    Bug,
}

impl FaultClass {
    /// It did not happen, and may well the next time.
    pub(crate) fn passes(self) -> bool {
        matches!(self, Self::Retry | Self::Busy)
    }
}

/// Why a call, an attempt or a step did not succeed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{code}: {message}")]
pub struct Fault {
    /// The cloud's code, the host's (`rutter.…`) or a plugin's own.
    pub code: String,
    /// One sentence for the operator.
    pub message: String,
    /// What a caller can do about it.
    pub class: FaultClass,
    /// What the operator should do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub advice: Option<String>,
    /// The cloud's id of the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
}

impl Fault {
    /// A fault of the given class with neither advice nor request id.
    pub fn new(class: FaultClass, code: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            code: code.into(),
            message: message.into(),
            class,
            advice: None,
            request_id: None,
        }
    }

    /// The same fault with advice for the operator.
    #[must_use]
    pub fn advise(mut self, advice: impl Into<String>) -> Self {
        self.advice = Some(advice.into());
        self
    }
}
