//! Answers of services that are not the cloud's: a script, for steps that call them.

use serde::Deserialize;
use serde_json::Value;
use toml::Spanned;

use super::error::{Place, WorldError};

/// One scripted answer as the file has it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
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

/// What another service answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpScript {
    method: String,
    url: String,
    /// The status.
    pub status: u16,
    /// The body.
    pub body: String,
}

impl HttpScript {
    pub(crate) fn fits(&self, method: &str, url: &str) -> bool {
        self.method.eq_ignore_ascii_case(method) && fits(&self.url, url)
    }
}

/// Whether `text` fits `pattern`, in which `*` stands for any text.
fn fits(pattern: &str, text: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else {
        return pattern == text;
    };
    let Some(text) = text.strip_prefix(start) else {
        return false;
    };
    let mut ends = text.char_indices().map(|(at, _)| at).chain([text.len()]);
    ends.any(|at| fits(rest, &text[at..]))
}

pub(super) fn scripts(
    files: Vec<HttpFile>,
    place: &Place<'_>,
) -> Result<Vec<HttpScript>, WorldError> {
    files.into_iter().map(|file| script(file, place)).collect()
}

fn script(file: HttpFile, place: &Place<'_>) -> Result<HttpScript, WorldError> {
    let body = match (file.body, file.json) {
        (Some(body), Some(_)) => {
            let message = "an answer has `body` or `json`, not both".to_owned();
            return Err(place.error(body.span(), message));
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

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn a_star_stands_for_any_text_of_an_address() {
        assert!(fits("https://a/x", "https://a/x"));
        assert!(fits("https://a/*?t=*", "https://a/b/c?t=1"));
        assert!(fits("https://a/*", "https://a/"));
        assert!(!fits("https://a/*/d", "https://a/b/c"));
        assert!(!fits("https://a/x", "https://a/x/y"));
    }
}
