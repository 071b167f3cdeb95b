//! The scheme `ACS3-HMAC-SHA256`: everything is in headers, and every header sent is signed.

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

use super::{Key, Refusal, Verified, canonical_query};
use crate::hex;

/// The scheme's name, as the authorization header begins.
const ALGORITHM: &str = "ACS3-HMAC-SHA256";

/// The content type of a form body.
pub(super) const FORM: &str = "application/x-www-form-urlencoded";

/// A request to be signed.
#[derive(Clone, Copy, Debug)]
pub struct SignRequest<'a> {
    /// The host it is sent to, with the port if that is not the scheme's own.
    pub host: &'a str,
    /// The method, upper case.
    pub method: &'a str,
    /// The path of the address, not encoded; `/` for every action of the six products.
    pub path: &'a str,
    /// Names and values of the query, not encoded.
    pub query: &'a [(String, String)],
    /// Further headers to send and sign; names in any case. With a body, its content type.
    pub headers: &'a [(String, String)],
    /// The body, as sent.
    pub body: &'a [u8],
    /// The action's name, `CreateRole`, in the spelling of the documents.
    pub action: &'a str,
    /// The version of the product's API, `2015-05-01`.
    pub version: &'a str,
    /// The instant of signing, `YYYY-MM-DDThh:mm:ssZ`, by the clock of whoever sends it: a server
    /// refuses what is far from its own.
    pub date: &'a str,
    /// A text that was never used before: a server takes each once.
    pub nonce: &'a str,
}

/// Returns the headers to send, names in lower case, `authorization` last. The given headers are among them.
///
/// `host` is among them too, for clients that set it themselves.
pub fn sign(key: &Key, request: &SignRequest<'_>) -> Vec<(String, String)> {
    let mut headers = headers_to_sign(key, request);
    let canonical = Canonical {
        method: request.method,
        path: request.path,
        query: canonical_query(request.query),
        headers: &headers,
        payload: sha256(request.body),
    };
    let signature = hex::encode(
        &mac(&key.secret, &canonical.string_to_sign())
            .finalize()
            .into_bytes(),
    );
    let authorization = format!(
        "{ALGORITHM} Credential={},SignedHeaders={},Signature={signature}",
        key.id,
        canonical.signed_headers()
    );
    headers.push(("authorization".to_owned(), authorization));
    headers
}

fn headers_to_sign(key: &Key, request: &SignRequest<'_>) -> Vec<(String, String)> {
    let mut headers: Vec<(String, String)> = request
        .headers
        .iter()
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let mut add = |name: &str, value: &str| {
        headers.retain(|(held, _)| held != name);
        headers.push((name.to_owned(), value.to_owned()));
    };
    add("host", request.host);
    add("x-acs-action", request.action);
    add("x-acs-version", request.version);
    add("x-acs-date", request.date);
    add("x-acs-signature-nonce", request.nonce);
    add("x-acs-content-sha256", &sha256(request.body));
    if let Some(token) = &key.token {
        add("x-acs-security-token", token);
    }
    headers.sort();
    headers
}

/// What is signed.
struct Canonical<'a> {
    method: &'a str,
    path: &'a str,
    query: String,
    /// Lower case names, sorted.
    headers: &'a [(String, String)],
    payload: String,
}

impl Canonical<'_> {
    fn signed_headers(&self) -> String {
        let names: Vec<&str> = self.headers.iter().map(|(name, _)| name.as_str()).collect();
        names.join(";")
    }

    fn request(&self) -> String {
        let lines: String = self
            .headers
            .iter()
            .map(|(name, value)| format!("{name}:{}\n", value.trim()))
            .collect();
        [
            self.method,
            self.path,
            &self.query,
            &lines,
            &self.signed_headers(),
            &self.payload,
        ]
        .join("\n")
    }

    fn string_to_sign(&self) -> String {
        format!("{ALGORITHM}\n{}", sha256(self.request().as_bytes()))
    }
}

fn sha256(bytes: &[u8]) -> String {
    hex::encode(&Sha256::digest(bytes))
}

fn mac(secret: &str, text: &str) -> Hmac<Sha256> {
    let mut mac =
        Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("a key of any length is taken");
    mac.update(text.as_bytes());
    mac
}

/// A request as a server received it.
#[derive(Clone, Copy, Debug)]
pub struct Received<'a> {
    /// The method, upper case.
    pub method: &'a str,
    /// The path, as sent.
    pub path: &'a str,
    /// Names and values of the query, decoded.
    pub query: &'a [(String, String)],
    /// All headers; names in any case.
    pub headers: &'a [(String, String)],
    /// The body, as received.
    pub body: &'a [u8],
}

impl Received<'_> {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(held, _)| held.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.trim())
    }
}

/// Checks a request's signature. `secret_of` returns the secret that belongs to an access key id.
///
/// Comparison takes the same time wherever signatures differ.
///
/// # Errors
///
/// The cloud's refusal: the header is malformed, leaves out what must be signed, names an unknown
/// key, or the signature is another.
pub fn verify(
    request: &Received<'_>,
    secret_of: impl FnOnce(&str) -> Option<String>,
) -> Result<Verified, Refusal> {
    let header = request
        .header("authorization")
        .ok_or_else(|| Refusal::incomplete("the Authorization header is missing"))?;
    let authorization = Authorization::parse(header)?;
    let headers = signed_headers(request, &authorization)?;
    let payload = sha256(request.body);
    if request.header("x-acs-content-sha256") != Some(payload.as_str()) {
        return Err(Refusal::incomplete(
            "x-acs-content-sha256 is not the SHA-256 of the body",
        ));
    }
    let needed = |name: &str| {
        request
            .header(name)
            .map(str::to_owned)
            .ok_or_else(|| Refusal::incomplete(&format!("the header {name} is missing")))
    };
    let verified = Verified {
        access_key_id: authorization.access_key_id.to_owned(),
        security_token: request.header("x-acs-security-token").map(str::to_owned),
        date: needed("x-acs-date")?,
        nonce: needed("x-acs-signature-nonce")?,
    };
    let secret = secret_of(authorization.access_key_id).ok_or_else(Refusal::unknown_key)?;
    let string_to_sign = Canonical {
        method: request.method,
        path: request.path,
        query: canonical_query(request.query),
        headers: &headers,
        payload,
    }
    .string_to_sign();
    let signature = hex::decode(authorization.signature).unwrap_or_default();
    mac(&secret, &string_to_sign)
        .verify_slice(&signature)
        .map_err(|_| Refusal::mismatch(&string_to_sign))?;
    Ok(verified)
}

/// Returns the headers that the request says are signed, and insists on those that must be.
fn signed_headers(
    request: &Received<'_>,
    authorization: &Authorization<'_>,
) -> Result<Vec<(String, String)>, Refusal> {
    let names: Vec<&str> = authorization.signed_headers.split(';').collect();
    for (name, _) in request.headers {
        let lower = name.to_ascii_lowercase();
        let must = lower == "host" || lower.starts_with("x-acs-");
        if must && !names.contains(&lower.as_str()) {
            return Err(Refusal::incomplete(&format!(
                "the header {lower} is not signed"
            )));
        }
    }
    if !names.contains(&"host") {
        return Err(Refusal::incomplete("the header host is not signed"));
    }
    let mut headers = Vec::with_capacity(names.len());
    for name in names {
        let value = request.header(name).ok_or_else(|| {
            Refusal::incomplete(&format!("the signed header {name} is not there"))
        })?;
        headers.push((name.to_owned(), value.to_owned()));
    }
    Ok(headers)
}

/// The parts of an authorization header.
struct Authorization<'a> {
    access_key_id: &'a str,
    signed_headers: &'a str,
    signature: &'a str,
}

impl<'a> Authorization<'a> {
    fn parse(header: &'a str) -> Result<Self, Refusal> {
        let malformed = || Refusal::incomplete("the Authorization header is malformed");
        let parts = header.strip_prefix(ALGORITHM).ok_or_else(malformed)?;
        let part = |name: &str| {
            parts
                .split(',')
                .find_map(|part| part.trim().strip_prefix(name)?.strip_prefix('='))
                .filter(|value| !value.is_empty())
                .ok_or_else(malformed)
        };
        Ok(Self {
            access_key_id: part("Credential")?,
            signed_headers: part("SignedHeaders")?,
            signature: part("Signature")?,
        })
    }
}

/// Returns whether an authorization header is of this scheme.
pub fn recognises(authorization: &str) -> bool {
    authorization.starts_with(ALGORITHM)
}
