//! `http`: every other API, by plain HTTP.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rutter_engine::{Fault, HttpRequest};
use rutter_meaning::held;
use rutter_meaning::{HostRequest, HttpAnswer, RequestParts, request, wrong};
use serde_json::Value;
use url::Url;

use super::broker::serve;
use super::context::Context;
use super::limits::too_long;
use super::line::Answer;

/// An answer as a guest reads it.
#[derive(Clone, Debug)]
pub(super) struct ResponseParts {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

impl Context {
    /// Sends a request that the manifest allows.
    pub(super) async fn send(
        &mut self,
        request: RequestParts,
        auth: Option<String>,
    ) -> Answer<ResponseParts> {
        let (request, url) = match self.request(request, auth) {
            Ok(sound) => sound,
            Err(fault) => return Ok(Err(fault)),
        };
        let answer = serve(self, Box::new(HostRequest::Http { request, url })).await?;
        Ok(answer.and_then(|value| self.response(value)))
    }

    fn request(
        &self,
        parts: RequestParts,
        auth: Option<String>,
    ) -> Result<(HttpRequest, Url), Fault> {
        let body_bytes = parts.body.as_ref().map_or(0, Vec::len);
        let bytes_max = self.line.limits.request_max;
        if body_bytes > bytes_max {
            return Err(too_long("request", "the body", body_bytes, bytes_max));
        }
        request(parts, auth, held::held())
    }

    fn response(&self, value: Value) -> Result<ResponseParts, Fault> {
        let unreadable = |why: String| wrong(format!("the answer cannot be read: {why}"));
        let answer: HttpAnswer =
            serde_json::from_value(value).map_err(|error| unreadable(error.to_string()))?;
        let body = STANDARD
            .decode(&answer.body)
            .map_err(|error| unreadable(error.to_string()))?;
        let bytes_max = self.line.limits.answer_max;
        if body.len() > bytes_max {
            return Err(too_long("answer", "the body", body.len(), bytes_max));
        }
        Ok(ResponseParts {
            status: answer.status,
            headers: answer.headers,
            body,
        })
    }
}
