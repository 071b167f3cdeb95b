//! The old scheme, signature version 1.0 with `HMAC-SHA1`: everything is a parameter.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;

use super::{Key, Refusal, Verified, canonical_query};

/// A request to be signed.
#[derive(Clone, Copy, Debug)]
pub struct SignRequest<'a> {
    /// The method, upper case.
    pub method: &'a str,
    /// The call's own parameters, query and form together, not encoded.
    pub parameters: &'a [(String, String)],
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

/// Returns the common parameters to send in the query beside the call's own, `Signature` last.
pub fn sign(key: &Key, request: &SignRequest<'_>) -> Vec<(String, String)> {
    let mut common = vec![
        pair("AccessKeyId", &key.id),
        pair("Action", request.action),
        pair("Format", "json"),
        pair("SignatureMethod", "HMAC-SHA1"),
        pair("SignatureNonce", request.nonce),
        pair("SignatureVersion", "1.0"),
        pair("Timestamp", request.date),
        pair("Version", request.version),
    ];
    if let Some(token) = &key.token {
        common.push(pair("SecurityToken", token));
    }
    let all = [common.as_slice(), request.parameters].concat();
    let signature = signature(request.method, &all, &key.secret);
    common.push(pair("Signature", &signature));
    common
}

/// Returns the signature over all of these parameters.
pub fn signature(method: &str, parameters: &[(String, String)], secret: &str) -> String {
    let text = string_to_sign(method, parameters);
    STANDARD.encode(mac(secret, &text).finalize().into_bytes())
}

fn pair(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

fn string_to_sign(method: &str, parameters: &[(String, String)]) -> String {
    let encode = crate::wire::percent_encode;
    let query = canonical_query(parameters);
    format!("{method}&{}&{}", encode("/"), encode(&query))
}

fn mac(secret: &str, text: &str) -> Hmac<Sha1> {
    let mut mac = Hmac::<Sha1>::new_from_slice(format!("{secret}&").as_bytes())
        .expect("a key of any length is taken");
    mac.update(text.as_bytes());
    mac
}

/// Checks a request's signature. `parameters` are those of query and form together, decoded, with
/// the common ones; `secret_of` returns the secret that belongs to an access key id.
///
/// Comparison takes the same time wherever signatures differ.
///
/// # Errors
///
/// The cloud's refusal: a common parameter is missing or unsupported, the key is unknown, or the
/// signature is another.
pub fn verify(
    method: &str,
    parameters: &[(String, String)],
    secret_of: impl FnOnce(&str) -> Option<String>,
) -> Result<Verified, Refusal> {
    let get = |name: &str| {
        parameters
            .iter()
            .find(|(held, _)| held == name)
            .map(|(_, value)| value.as_str())
    };
    let needed = |name: &str| {
        get(name).ok_or_else(|| Refusal::incomplete(&format!("the parameter {name} is missing")))
    };
    if needed("SignatureMethod")? != "HMAC-SHA1" || needed("SignatureVersion")? != "1.0" {
        return Err(Refusal::incomplete("only HMAC-SHA1, version 1.0, is taken"));
    }
    let access_key_id = needed("AccessKeyId")?;
    let signature = STANDARD.decode(needed("Signature")?).unwrap_or_default();
    let verified = Verified {
        access_key_id: access_key_id.to_owned(),
        security_token: get("SecurityToken").map(str::to_owned),
        date: needed("Timestamp")?.to_owned(),
        nonce: needed("SignatureNonce")?.to_owned(),
    };
    let secret = secret_of(access_key_id).ok_or_else(Refusal::unknown_key)?;
    let signed: Vec<(String, String)> = parameters
        .iter()
        .filter(|(name, _)| name != "Signature")
        .cloned()
        .collect();
    let text = string_to_sign(method, &signed);
    mac(&secret, &text)
        .verify_slice(&signature)
        .map_err(|_| Refusal::mismatch(&text))?;
    Ok(verified)
}
