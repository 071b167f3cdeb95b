//! A typed field: an input or an output of a plugin, an input of a runbook.

use std::borrow::Cow;

use indexmap::IndexMap;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::duration::parse_duration;
use crate::name::is_snake_case;
use crate::shape::{Bound, SnakeCase};

/// The type of a field: what its values look like in a file, and as JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FieldKind {
    /// Text without characters that are not seen.
    String,
    /// A whole number that fits a signed 64-bit integer.
    Integer,
    /// A number that fits a double; never NaN or infinite.
    Number,
    /// `true` or `false`, never as text.
    Boolean,
    /// A length of time: written `90s`, `5m`, `12h`, `2d`; as a value, milliseconds.
    Duration,
    /// A list whose elements are as [`Field::items`] says, or of any type where it says nothing.
    List,
    /// A table with the keys of [`Field::fields`]; with any keys where it names none.
    Table,
    /// Text that nobody may see; as a value, a placeholder.
    Secret,
    /// The id of an account: digits, as text.
    AccountId,
    /// The id of a region, `cn-hangzhou`.
    Region,
}

impl FieldKind {
    /// Returns the name as it stands in a manifest, `account_id`.
    pub fn name(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Integer => "integer",
            Self::Number => "number",
            Self::Boolean => "boolean",
            Self::Duration => "duration",
            Self::List => "list",
            Self::Table => "table",
            Self::Secret => "secret",
            Self::AccountId => "account_id",
            Self::Region => "region",
        }
    }
}

/// A typed field and the rules its values keep.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Field {
    /// Of which type its values are: `type` in the manifest.
    #[serde(rename = "type")]
    pub kind: FieldKind,
    /// Whether it may be left out without a default.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub optional: bool,
    /// The value when it is left out, already checked and completed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default: Option<Value>,
    /// A regular expression that a text matches somewhere; `^` and `$` tie it to the whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pattern: Option<String>,
    /// The only values allowed; empty means any.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub one_of: Vec<Value>,
    /// The least number or duration (milliseconds), the least length of a text (characters) or list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min: Option<f64>,
    /// The greatest, as for `min`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max: Option<f64>,
    /// What it is, a fragment for people who fill it in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
    /// The type of a list's items; absent means any value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub items: Option<Box<Field>>,
    /// The keys of a table; empty means any.
    #[serde(skip_serializing_if = "IndexMap::is_empty")]
    pub fields: IndexMap<String, Field>,
}

impl Field {
    /// Returns a field of the given type that must be given and keeps no further rule.
    pub fn new(kind: FieldKind) -> Self {
        Self {
            kind,
            optional: false,
            default: None,
            pattern: None,
            one_of: Vec::new(),
            min: None,
            max: None,
            help: None,
            items: None,
            fields: IndexMap::new(),
        }
    }

    /// Returns whether a value may be left out: it is optional or has a default.
    pub fn may_be_absent(&self) -> bool {
        self.optional || self.default.is_some()
    }

    /// Returns whether it is a secret or holds one.
    pub fn holds_secret(&self) -> bool {
        self.kind == FieldKind::Secret
            || self.items.as_deref().is_some_and(Self::holds_secret)
            || self.fields.values().any(Self::holds_secret)
    }
}

/// A field: the type of a value, and the rules that it keeps.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Written {
    /// Of which type its values are.
    r#type: FieldKind,
    /// Whether it may be left out without a default.
    #[serde(default)]
    optional: bool,
    /// The value when it is left out.
    #[serde(default, deserialize_with = "plain")]
    default: Option<Value>,
    /// A regular expression that a text matches somewhere; `^` and `$` tie it to the whole.
    #[serde(default, deserialize_with = "pattern")]
    pattern: Option<String>,
    /// The only values allowed.
    #[serde(default, deserialize_with = "plain_list")]
    #[schemars(length(min = 1))]
    one_of: Vec<Value>,
    /// The least number or duration, the least length of a text (characters) or list.
    #[serde(default, deserialize_with = "bound")]
    #[schemars(with = "Option<Bound>")]
    min: Option<f64>,
    /// The greatest, as for `min`.
    #[serde(default, deserialize_with = "bound")]
    #[schemars(with = "Option<Bound>")]
    max: Option<f64>,
    /// What it is, for people who fill it in.
    help: Option<String>,
    /// The type of a list's items; absent means any value.
    items: Option<Box<Field>>,
    /// The keys of a table; none means any.
    #[serde(default, deserialize_with = "fields")]
    #[schemars(with = "IndexMap<SnakeCase, Field>")]
    fields: IndexMap<String, Field>,
}

impl JsonSchema for Field {
    fn schema_name() -> Cow<'static, str> {
        "Field".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        Written::json_schema(generator)
    }
}

impl<'de> Deserialize<'de> for Field {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let written = Written::deserialize(deserializer)?;
        let field = Self {
            kind: written.r#type,
            optional: written.optional,
            default: None,
            pattern: written.pattern,
            one_of: Vec::new(),
            min: written.min,
            max: written.max,
            help: written.help,
            items: written.items,
            fields: written.fields,
        };
        field
            .completed(written.one_of, written.default)
            .map_err(D::Error::custom)
    }
}

impl Field {
    /// The field with the values it allows and its default, all rules held against each other.
    pub(crate) fn completed(
        mut self,
        one_of: Vec<Value>,
        default: Option<Value>,
    ) -> Result<Self, String> {
        self.check_rules(&one_of, default.as_ref())?;
        self.one_of = Vec::new();
        self.one_of = self.checked("one_of", one_of)?;
        self.default = match default {
            Some(default) => self.checked("default", vec![default])?.pop(),
            None => None,
        };
        Ok(self)
    }

    /// Refuses a rule that means nothing for the type.
    fn check_rules(&self, one_of: &[Value], default: Option<&Value>) -> Result<(), String> {
        use FieldKind as K;
        let kind = self.kind;
        let only = |rule: &str, set: bool, kinds: &[K]| {
            if !set || kinds.contains(&kind) {
                return Ok(());
            }
            Err(format!(
                "a field of type `{}` cannot have `{rule}`",
                kind.name()
            ))
        };
        only(
            "pattern",
            self.pattern.is_some(),
            &[K::String, K::Region, K::AccountId],
        )?;
        let measured = [K::String, K::List, K::Integer, K::Number, K::Duration];
        only("min", self.min.is_some(), &measured)?;
        only("max", self.max.is_some(), &measured)?;
        only("items", self.items.is_some(), &[K::List])?;
        only("fields", !self.fields.is_empty(), &[K::Table])?;
        if kind == K::Secret {
            only("one_of", !one_of.is_empty(), &[])?;
            only("default", default.is_some(), &[])?;
        }
        if self.optional && default.is_some() {
            return Err(
                "a field with a `default` is never absent: leave `optional` out".to_owned(),
            );
        }
        if let (Some(min), Some(max)) = (self.min, self.max)
            && min > max
        {
            return Err("`min` is greater than `max`".to_owned());
        }
        Ok(())
    }

    fn checked(&self, rule: &str, values: Vec<Value>) -> Result<Vec<Value>, String> {
        values
            .iter()
            .map(|value| {
                self.check("", value).map_err(|problems| {
                    let messages: Vec<String> = problems
                        .into_iter()
                        .map(|problem| problem.message)
                        .collect();
                    format!("`{rule}` does not fit the field: {}", messages.join("; "))
                })
            })
            .collect()
    }
}

/// A table of fields, whose keys are snake_case.
pub(crate) fn fields<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<IndexMap<String, Field>, D::Error> {
    let fields: IndexMap<FieldName, Field> = Deserialize::deserialize(deserializer)?;
    Ok(fields
        .into_iter()
        .map(|(name, field)| (name.0, field))
        .collect())
}

/// A field's name; a type of its own, so that an error points at the very key.
#[derive(PartialEq, Eq, Hash)]
struct FieldName(String);

impl<'de> Deserialize<'de> for FieldName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        if is_snake_case(&name) {
            return Ok(Self(name));
        }
        let snake = name.replace('-', "_").to_lowercase();
        let advice = if is_snake_case(&snake) {
            format!(": write `{snake}`")
        } else {
            String::new()
        };
        Err(D::Error::custom(format!(
            "a field's name is snake_case, `{name}` is not{advice}"
        )))
    }
}

pub(crate) fn plain<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    let value = toml::Value::deserialize(deserializer)?;
    to_json(value).map(Some).map_err(D::Error::custom)
}

pub(crate) fn plain_list<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<Value>, D::Error> {
    let values = Vec::<toml::Value>::deserialize(deserializer)?;
    if values.is_empty() {
        return Err(D::Error::custom("`one_of` allows no value at all"));
    }
    values
        .into_iter()
        .map(|value| to_json(value).map_err(D::Error::custom))
        .collect()
}

fn to_json(value: toml::Value) -> Result<Value, String> {
    Ok(match value {
        toml::Value::String(text) => Value::String(text),
        toml::Value::Integer(number) => number.into(),
        toml::Value::Float(number) => serde_json::Number::from_f64(number)
            .map(Value::Number)
            .ok_or("a number is neither NaN nor infinite")?,
        toml::Value::Boolean(truth) => truth.into(),
        toml::Value::Datetime(_) => return Err("a date is written as text, in quotes".to_owned()),
        toml::Value::Array(items) => items.into_iter().map(to_json).collect::<Result<_, _>>()?,
        toml::Value::Table(entries) => Value::Object(
            entries
                .into_iter()
                .map(|(key, value)| Ok((key, to_json(value)?)))
                .collect::<Result<_, String>>()?,
        ),
    })
}

pub(crate) fn pattern<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<String>, D::Error> {
    let pattern = String::deserialize(deserializer)?;
    regex_lite::Regex::new(&pattern)
        .map_err(|error| D::Error::custom(format!("not a regular expression: {error}")))?;
    Ok(Some(pattern))
}

/// `min` and `max`: a number, or the text of a duration.
pub(crate) fn bound<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<f64>, D::Error> {
    struct Bound;
    impl serde::de::Visitor<'_> for Bound {
        type Value = f64;
        fn expecting(&self, formatter: &mut std::fmt::Formatter) -> std::fmt::Result {
            formatter.write_str("a number or a duration such as `5m`")
        }
        fn visit_i64<E>(self, number: i64) -> Result<f64, E> {
            Ok(number as f64)
        }
        fn visit_u64<E>(self, number: u64) -> Result<f64, E> {
            Ok(number as f64)
        }
        fn visit_f64<E: serde::de::Error>(self, number: f64) -> Result<f64, E> {
            if number.is_finite() {
                Ok(number)
            } else {
                Err(E::custom("a bound is neither NaN nor infinite"))
            }
        }
        fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<f64, E> {
            parse_duration(text)
                .map(|duration_ms| duration_ms as f64)
                .ok_or_else(|| E::custom(format!("`{text}` is neither a number nor a duration")))
        }
    }
    deserializer.deserialize_any(Bound).map(Some)
}
