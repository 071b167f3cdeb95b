//! What sources answer: three spellings of the same four values.

use rutter_engine::Timestamp;
use serde_json::Value;

use super::Trouble;
use crate::cloud::credentials::{AccessKey, Credential};
use crate::secrets::SecretText;

/// How a source spells id, secret, token and end.
pub(super) type Spelling = [&'static str; 4];

/// As the metadata service, STS, CloudSSO and addresses do.
pub(super) const CLOUD: Spelling = [
    "AccessKeyId",
    "AccessKeySecret",
    "SecurityToken",
    "Expiration",
];
/// As commands do.
pub(super) const COMMAND: Spelling = [
    "access_key_id",
    "access_key_secret",
    "sts_token",
    "expiration",
];

/// Reads a whole JSON document; where it goes wrong is said, what it says is not.
pub(super) fn json(bytes: &[u8]) -> Result<Value, Trouble> {
    serde_json::from_slice(bytes).map_err(|error| {
        Trouble::lasting(format!(
            "its answer is no JSON, at line {}, column {}",
            error.line(),
            error.column()
        ))
    })
}

/// Reads temporary credentials with a token and an end.
pub(super) fn temporary(answer: &Value) -> Result<Credential, Trouble> {
    let credential = credential(answer, CLOUD)?;
    let lacks = |name: &str| Trouble::lasting(format!("its answer has no `{name}`"));
    if credential.key.token.is_none() {
        return Err(lacks(CLOUD[2]));
    }
    if credential.expires.is_none() {
        return Err(lacks(CLOUD[3]));
    }
    Ok(credential)
}

/// Reads credentials whose token and end may be absent.
pub(super) fn credential(answer: &Value, spelling: Spelling) -> Result<Credential, Trouble> {
    let [id, secret, token, end] = spelling;
    let text = |name: &str| {
        let text = answer.get(name)?.as_str()?.trim();
        Some(text).filter(|text| !text.is_empty())
    };
    let needed = |name: &str| {
        text(name).ok_or_else(|| Trouble::lasting(format!("its answer has no `{name}`")))
    };
    let key = AccessKey {
        id: sendable(needed(id)?, id)?.to_owned(),
        secret: SecretText::new(needed(secret)?),
        token: text(token)
            .map(|text| sendable(text, token).map(SecretText::new))
            .transpose()?,
    };
    let expires = text(end).map(|text| {
        let instant: Result<jiff::Timestamp, _> = text.parse();
        let instant = instant.map(|instant| Timestamp(instant.as_millisecond()));
        instant.map_err(|_| Trouble::lasting(format!("the `{end}` of its answer is no instant")))
    });
    Ok(Credential {
        key,
        expires: expires.transpose()?,
    })
}

/// Refuses what no header could carry.
fn sendable<'a>(text: &'a str, name: &str) -> Result<&'a str, Trouble> {
    if text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Ok(text);
    }
    Err(Trouble::lasting(format!(
        "the `{name}` of its answer holds a character that none has"
    )))
}
