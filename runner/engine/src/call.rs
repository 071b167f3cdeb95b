//! One call to the outside world, judged and classed.

use serde::{Deserialize, Serialize};

use crate::api::Api;
use crate::principal::{Principal, RoleArn};

/// Whether a call can alter the outside world.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Class {
    /// It alters nothing, by the contracts or by the manifest.
    Read,
    /// It can, or it is not known that it cannot.
    Change,
}

/// Whether a change may be sent again although it may have happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Repeat {
    /// A second call leaves the same state and answers alike.
    Same,
    /// It carries a token which the API remembers for `ttl_ms` milliseconds.
    Token {
        /// How long the API remembers the token, in milliseconds.
        ttl_ms: u64,
    },
    /// Only after a look has shown that it did not happen.
    Look,
    /// Not by the host.
    Never,
}

/// Why a change needs a person's word before it is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ask {
    /// It cannot be taken back.
    Irreversible,
    /// It starts or changes the billing of an instance, by the contracts.
    Costs,
    /// No contract knows it: it may be either.
    Unknown,
    /// Of a call that takes a change back: it takes back something else, as far as the contracts know. Of the
    /// change: it would be taken back so.
    Reverse,
}

/// What a call is addressed to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Target {
    /// An action of the cloud's API.
    Api(Api),
    /// Temporary credentials of a role: they stay in the host, the guest gets a handle.
    AssumeRole {
        /// The role that is assumed.
        arn: RoleArn,
        /// The session's label, `RoleSessionName`, as the plugin gives it.
        session: String,
    },
    /// Any other API over HTTP.
    Http(HttpRequest),
}

/// A request by plain HTTP.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HttpRequest {
    /// The method, upper case.
    pub method: String,
    /// The address with scheme and host, as `url` normalises it.
    pub url: String,
    /// Header names and values, in order.
    pub headers: Vec<(String, String)>,
    /// The body, Base64; absent means none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// The granted credential the host adds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth: Option<String>,
    /// Where its answer holds secrets, as the manifest says: `body`, `header:NAME`, or a JSON pointer into the
    /// body.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub secret_answers: Vec<String>,
}

/// One call to the outside world.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Call {
    /// On whose account; on nobody's by HTTP.
    #[serde(with = "crate::principal::or_none")]
    pub account: Option<Principal>,
    /// An action of the cloud, a role, or a host by plain HTTP.
    pub target: Target,
    /// A read or a change, by the contracts or the manifest; never by the HTTP method.
    pub class: Class,
    /// May it be sent again? Meaningless for a read.
    pub repeat: Repeat,
    /// Needs a person's word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ask: Option<Ask>,
    /// A change without a reverse that needs none, because it goes with the object it belongs to.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub covered: bool,
    /// A paged read, to be made to its last page.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub all_pages: bool,
}

impl Call {
    /// Whether it destroys something, by the contracts.
    pub(crate) fn destroys(&self) -> bool {
        matches!(self.ask, Some(Ask::Irreversible | Ask::Reverse))
    }

    /// The action's name for people: `RAM:CreateRole`, `POST https://…`, `STS:AssumeRole`.
    pub fn label(&self) -> String {
        match &self.target {
            Target::Api(api) => format!("{}:{}", api.product, api.action),
            Target::AssumeRole { .. } => "STS:AssumeRole".to_owned(),
            Target::Http(request) => format!("{} {}", request.method, request.url),
        }
    }
}

/// Until when a read is polled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Condition {
    /// A JSON pointer into the answer.
    pub path: String,
    /// Values that end the wait well, compared without case.
    pub until: Vec<String>,
    /// Values that end it badly.
    pub fail: Vec<String>,
    /// Milliseconds between two polls.
    pub every_ms: u64,
    /// Milliseconds until the wait gives up.
    pub timeout_ms: u64,
}
