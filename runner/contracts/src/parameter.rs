//! One documented parameter of an action.

use serde::Deserialize;

/// The documented type of a parameter. On the wire every value is text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ParameterKind {
    /// Text of any kind.
    String,
    /// A whole number.
    Integer,
    /// A number.
    Number,
    /// `true` or `false`.
    Boolean,
    /// A structure whose members are parameters of their own.
    Object,
    /// A table with names of the caller's choice.
    Map,
}

/// Whether a parameter must be given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Required {
    /// It must be given in every call.
    Always,
    /// Depending on others; its help says how.
    Depends,
    /// It may be left out of any call.
    #[default]
    No,
}

/// Where a parameter travels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ParameterLocation {
    /// In the query string.
    #[default]
    Query,
    /// In the form body.
    Body,
}

/// How a list or structure becomes text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Encoding {
    /// A numbered parameter for each element, a dotted one for each member.
    #[default]
    Repeat,
    /// One parameter that holds compact JSON.
    Json,
    /// One parameter that holds the elements, separated by commas.
    Simple,
}

/// One documented parameter.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Parameter {
    /// The wire name as a pattern: `RoleName`, `Tag[].Key` (sent as `Tag.1.Key`), `SystemDisk.Size`.
    pub name: String,
    /// The documented type; of the elements, where the name ends in `[]`.
    pub kind: ParameterKind,
    /// Whether it must be given.
    #[serde(default)]
    pub required: Required,
    /// The values allowed, compared without case; empty means any.
    #[serde(default)]
    pub one_of: Vec<String>,
    /// Whether several of these values may be given in one text, separated by commas.
    #[serde(default)]
    pub several: bool,
    /// What the cloud takes when it is left out, as text.
    #[serde(default)]
    pub default: Option<String>,
    /// The smallest and largest number, both inclusive.
    #[serde(default)]
    pub range: Option<(Option<f64>, Option<f64>)>,
    /// The smallest and largest length in characters, both inclusive.
    #[serde(default)]
    pub length: Option<(Option<u64>, Option<u64>)>,
    /// The smallest and largest number of elements of the list it belongs to, both inclusive.
    #[serde(default)]
    pub count: Option<(Option<u64>, Option<u64>)>,
    /// The unit of a number, for people: `seconds`, `GiB`.
    #[serde(default)]
    pub unit: Option<String>,
    /// Whether it travels in the query string or in the form body.
    #[serde(default)]
    pub place: ParameterLocation,
    /// How a list or structure becomes text.
    #[serde(default)]
    pub encoding: Encoding,
    /// Whether its value is a secret.
    #[serde(default)]
    pub secret: bool,
    /// A line for people.
    #[serde(default)]
    pub help: Option<String>,
}
