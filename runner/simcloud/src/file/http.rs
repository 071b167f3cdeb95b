//! Answers of services that are not the cloud's: a script, for steps that call them.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use toml::Spanned;

use super::error::{WorldError, WorldText};
use crate::http::HttpScript;

/// One scripted answer as the file has it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("not" = { "required": ["body", "json"] }))]
pub(crate) struct HttpFile {
    /// The method; `GET` unless said.
    #[serde(default = "get")]
    pub method: String,
    /// The address; `*` stands for any text.
    pub url: String,
    /// The status; 200 unless said.
    #[serde(default = "ok")]
    pub status: u16,
    /// The body as text.
    #[schemars(with = "Option<String>")]
    pub body: Option<Spanned<String>>,
    /// The body as JSON.
    pub json: Option<Value>,
}

fn get() -> String {
    "GET".to_owned()
}

fn ok() -> u16 {
    200
}

pub(super) fn scripts(
    files: Vec<HttpFile>,
    world_text: &WorldText<'_>,
) -> Result<Vec<HttpScript>, WorldError> {
    files
        .into_iter()
        .map(|file| script(file, world_text))
        .collect()
}

fn script(file: HttpFile, world_text: &WorldText<'_>) -> Result<HttpScript, WorldError> {
    let body = match (file.body, file.json) {
        (Some(body), Some(_)) => {
            let message = "an answer has `body` or `json`, not both".to_owned();
            return Err(world_text.error(body.span(), message));
        }
        (Some(body), None) => body.into_inner(),
        (None, Some(json)) => json.to_string(),
        (None, None) => String::new(),
    };
    Ok(HttpScript {
        method: file.method,
        url: file.url,
        status: file.status,
        body,
    })
}
