//! `http`: every other API, by plain HTTP.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rutter_engine::{Fault, HttpRequest};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::{Host, Url};

use super::broker::{Errand, serve, wrong};
use super::context::Context;
use super::limits::too_long;
use super::line::Answer;

/// An answer by HTTP, as carriers give it and records hold it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HttpAnswer {
    /// The status code.
    pub status: u16,
    /// Header names and values, in order.
    pub headers: Vec<(String, String)>,
    /// The body, Base64.
    pub body: String,
}

/// A request as a guest writes it.
#[derive(Clone, Debug)]
pub(super) struct RequestParts {
    pub(super) method: String,
    pub(super) url: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Option<Vec<u8>>,
}

/// An answer as a guest reads it.
#[derive(Clone, Debug)]
pub(super) struct ResponseParts {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

/// Headers that say how a message travels; they are the host's.
const HOST_HEADERS: [&str; 9] = [
    "connection",
    "content-length",
    "host",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

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
        let answer = serve(self, Box::new(Errand::Http { request, url })).await?;
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
        let url = Url::parse(&parts.url)
            .map_err(|error| wrong(format!("`{}` is no address: {error}", parts.url)))?;
        check_address(&url)?;
        for (name, value) in &parts.headers {
            check_header(name, value)?;
        }
        let request = HttpRequest {
            method: parts.method.to_ascii_uppercase(),
            url: url.to_string(),
            headers: parts.headers,
            body: parts.body.map(|body| STANDARD.encode(body)),
            auth,
        };
        Ok((request, url))
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

fn check_address(url: &Url) -> Result<(), Fault> {
    let loopback = match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    };
    if url.scheme() != "https" && !(url.scheme() == "http" && loopback) {
        let message = format!("`{url}` is neither HTTPS nor on this machine");
        return Err(wrong(message));
    }
    if !url.username().is_empty() || url.password().is_some() {
        let message = "credentials do not stand in an address; `auth` names a granted one";
        return Err(wrong(message.to_owned()));
    }
    Ok(())
}

fn check_header(name: &str, value: &str) -> Result<(), Fault> {
    let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    if name.is_empty() || !name.bytes().all(token) {
        return Err(wrong(format!("{name:?} is no name of a header")));
    }
    if value
        .bytes()
        .any(|byte| byte < b' ' && byte != b'\t' || byte == 0x7f)
    {
        return Err(wrong(format!(
            "the value of header `{name}` holds control characters"
        )));
    }
    if HOST_HEADERS.contains(&name.to_ascii_lowercase().as_str()) {
        return Err(wrong(format!("header `{name}` is the host's to set")));
    }
    Ok(())
}
