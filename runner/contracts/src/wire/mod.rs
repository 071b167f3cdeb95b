//! The wire form of a call: structured parameters to flat names and text, and back.
//!
//! - a list `X` is sent as `X.1`, `X.2`, …, a structure as `X.Member`, nested as `DataDisk.1.Part.1.Size`;
//! - a parameter that the table encodes as JSON, or that is documented as text and is handed over as a
//!   structure, is sent as compact JSON text;
//! - `{"$base64": value}` is sent as the Base64 of the text (or of the compact JSON);
//! - booleans are `true` and `false`, numbers decimal, `null` is left out, an empty text is kept;
//! - what the table places in the body goes into the form, all else into the query.

mod encode;
mod flatten;
mod unflatten;

pub use encode::{decode_pairs, form_body, percent_decode, percent_encode, query_string};
pub use flatten::{Leaf, Wire, WireError, flatten, pattern_of, walk};
pub use unflatten::unflatten;

#[cfg(test)]
mod tests;
