//! A request by plain HTTP as a guest writes it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rutter_engine::{Fault, HttpRequest};
use url::{Host, Url};

use crate::errand::wrong;

/// A request as a guest writes it.
#[derive(Clone, Debug)]
pub struct RequestParts {
    /// The method, in any case.
    pub method: String,
    /// The absolute address.
    pub url: String,
    /// Names and values, in order.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Option<Vec<u8>>,
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

/// The request as it is judged, recorded and sent, and its address. `auth` names a granted credential.
///
/// # Errors
/// When it is no request that the host would send for anybody.
pub fn request(parts: RequestParts, auth: Option<String>) -> Result<(HttpRequest, Url), Fault> {
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
