//! The shapes of texts as regular expressions, for schemas that editors read.
//!
//! What reads files does not use them: the functions in `name.rs` and `duration.rs` say more, and the tests hold
//! both against each other. Only what all dialects of regular expressions have in common is used.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

/// A snake_case name.
pub const SNAKE_CASE: &str = "^[a-z][a-z0-9]*(_[a-z0-9]+)*$";
/// A kebab-case name.
pub const KEBAB_CASE: &str = "^[a-z][a-z0-9]*(-[a-z0-9]+)*$";
/// A version.
pub const VERSION: &str = "^[0-9]+[.][0-9]+[.][0-9]+([-+].*)?$";
/// An account's id.
pub const ACCOUNT_ID: &str = "^[0-9]{1,20}$";
/// A region's id.
pub const REGION: &str = "^[a-z]{2,}-[a-z0-9-]+$";
/// A length of time.
pub const DURATION: &str = "^([0-9]+d\\s*)?([0-9]+h\\s*)?([0-9]+m\\s*)?([0-9]+s\\s*)?([0-9]+ms)?$";
/// A text that says something.
pub const NOT_BLANK: &str = "\\S";

/// A type that stands in the place of text of one shape where a schema is made.
macro_rules! shape {
    ($(#[$doc:meta])* $name:ident, $schema:expr) => {
        $(#[$doc])*
        #[derive(PartialEq, Eq, Hash)]
        pub enum $name {}

        impl JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                $schema
            }
        }
    };
}

shape!(
    /// A snake_case name.
    SnakeCase,
    json_schema!({ "type": "string", "pattern": SNAKE_CASE })
);
shape!(
    /// A kebab-case name.
    KebabCase,
    json_schema!({ "type": "string", "pattern": KEBAB_CASE })
);
shape!(
    /// A version.
    Version,
    json_schema!({ "type": "string", "pattern": VERSION })
);
shape!(
    /// A length of time as text.
    DurationText,
    json_schema!({ "type": "string", "pattern": DURATION, "minLength": 2 })
);
shape!(
    /// A text that says something.
    Sentence,
    json_schema!({ "type": "string", "pattern": NOT_BLANK })
);
shape!(
    /// `product:Action`.
    Call,
    json_schema!({ "type": "string", "pattern": "^[^:]+:[^:]+$" })
);
shape!(
    /// A method of HTTP.
    Method,
    json_schema!({ "type": "string", "pattern": "^[A-Z]+$" })
);
shape!(
    /// A path of an address.
    HttpPath,
    json_schema!({ "type": "string", "pattern": "^/" })
);
shape!(
    /// The least or the greatest of a field: a number, or a length of time.
    Bound,
    json_schema!({ "anyOf": [
        { "type": "number" },
        { "type": "string", "pattern": DURATION, "minLength": 2 },
    ] })
);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{is_account_id, is_kebab_case, is_region, is_snake_case, parse_duration};

    #[test]
    fn a_shape_fits_what_is_read_and_nothing_else() {
        let texts = [
            "",
            "a",
            "a1",
            "1a",
            "a_b",
            "a__b",
            "_a",
            "a_",
            "a-b",
            "a--b",
            "A",
            "cn-hangzhou",
            "cn-",
            "c-x",
            "ap-southeast-1",
            "1",
            "12345678901234567890",
            "123456789012345678901",
            "90",
            "90s",
            "1h30m",
            "1h 30m",
            "5m1h",
            "5m5m",
            "250ms",
            "2d",
            "1.5h",
            "-5m",
            "ä",
            "s",
        ];
        let fits =
            |pattern: &str, text: &str| regex_lite::Regex::new(pattern).unwrap().is_match(text);
        for text in texts {
            assert_eq!(fits(SNAKE_CASE, text), is_snake_case(text), "{text}");
            assert_eq!(fits(KEBAB_CASE, text), is_kebab_case(text), "{text}");
            assert_eq!(fits(ACCOUNT_ID, text), is_account_id(text), "{text}");
            assert_eq!(fits(REGION, text), is_region(text), "{text}");
            let duration = fits(DURATION, text) && text.len() >= 2;
            assert_eq!(duration, parse_duration(text).is_some(), "{text}");
        }
    }
}
