//! The body of a request.

use rutter_sdk::prelude::*;
use serde_json::{Map, Value};

use crate::Inputs;

/// The body of a request.
pub(crate) enum Body {
    /// Sent as JSON.
    Json(Map<String, Value>),
    /// Sent as it is.
    Text(String),
}

impl Body {
    /// The body that the inputs describe.
    pub(crate) fn of(inputs: &Inputs) -> Result<Option<Self>, Fault> {
        match (&inputs.json, &inputs.text) {
            (Some(_), Some(_)) => Err(crate::wrong(
                "two-bodies",
                "both `json` and `text` are given".to_owned(),
                "Leave one of them out.",
            )),
            (Some(json), None) => Ok(Some(Self::Json(json.clone()))),
            (None, Some(text)) => Ok(Some(Self::Text(text.clone()))),
            (None, None) => Ok(None),
        }
    }

    /// The content type, where no header says another.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Json(_) => "application/json",
            Self::Text(_) => "text/plain; charset=utf-8",
        }
    }

    /// What is sent.
    pub(crate) fn into_bytes(self) -> Vec<u8> {
        match self {
            Self::Json(json) => Value::Object(json).to_string().into_bytes(),
            Self::Text(text) => text.into_bytes(),
        }
    }
}
