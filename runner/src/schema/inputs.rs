//! The inputs of one runbook.

use indexmap::IndexMap;
use rutter_manifest::Field;
use serde_json::{Value, json};

use super::field::{Place, table};
use super::plain::DIALECT;

/// The form of a file of inputs for a runbook that declares these.
pub(crate) fn inputs(name: &str, fields: &IndexMap<String, Field>) -> Value {
    let mut schema = table(fields, Place::Inputs, "");
    schema["$schema"] = DIALECT.into();
    schema["title"] = json!(format!("Inputs of {name}"));
    schema
}
