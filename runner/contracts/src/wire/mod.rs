//! The wire form of a call: structured parameters to flat names and text, and back.
//!
//! - a list `X` is sent as `X.1`, `X.2`, …, a structure as `X.Member`, nested as `DataDisk.1.Part.1.Size`;
//! - a parameter that the table encodes as JSON, or that is documented as text and is handed over as a
//!   structure, is sent as compact JSON text;
//! - `{"$base64": value}` is sent as the Base64 of the text (or of the compact JSON);
//! - booleans are `true` and `false`, numbers decimal and never with an exponent, `null` is left out, an empty text is kept;
//! - what the table places in the body goes into the form, all else into the query.

mod encode;
mod flatten;
mod unflatten;

pub(crate) use encode::form_body;
pub use encode::{decode_pairs, percent_encode, query_string};
pub(crate) use flatten::plain_text;
pub use flatten::{Wire, WireError, encoded, flatten};
pub use unflatten::unflatten;

use serde_json::Value;

use crate::action::Action;
pub use crate::wire_names::pattern_of;

/// What the cloud reads of the parameters of an action, the same texts and types as over a network:
/// for whoever hands them to the simulated cloud in process.
///
/// # Errors
/// As [`flatten`].
pub fn as_received(action: Option<&Action>, parameters: &Value) -> Result<Value, WireError> {
    let Some(action) = action else {
        return Ok(parameters.clone());
    };
    let encoded = flatten(action, parameters)?;
    let pairs = encoded.query.iter().chain(&encoded.form);
    let pairs = pairs.map(|(name, value)| (name.as_str(), value.as_str()));
    Ok(unflatten(Some(action), pairs))
}

#[cfg(test)]
mod tests;
