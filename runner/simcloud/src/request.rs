//! What goes into the world and what comes out of it.

use std::fmt;

use serde_json::Value;

/// One call, structured: signing and the wire form belong to whoever carries it.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// The product, in any case: `RAM`, `R-kvstore`.
    pub product: String,
    /// The version of the product's API.
    pub version: String,
    /// The action, in any case.
    pub action: String,
    /// The region of the endpoint that is called, if the product has regional ones.
    pub region: Option<String>,
    /// The key that would have signed the request.
    pub access_key_id: String,
    /// The security token that goes with a temporary key.
    pub security_token: Option<String>,
    /// An object of parameters, typed; lists and structures as such, not flattened.
    pub parameters: Value,
}

/// What the cloud answers.
#[derive(Clone, Debug, PartialEq)]
pub struct Response {
    /// The HTTP status; of a refusal that DTS puts into its answer, 200.
    pub status: u16,
    /// The JSON body, always with a `RequestId`.
    pub body: Value,
    /// How long the cloud took over it, in milliseconds.
    pub latency_ms: u64,
}

/// An access key of the world, good for nothing outside it.
#[derive(Clone, PartialEq, Eq)]
pub struct AccessKey {
    /// The public half, which a request names.
    pub id: String,
    /// The secret half, which keys a signature.
    pub secret: String,
}

impl fmt::Debug for AccessKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("AccessKey")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}
