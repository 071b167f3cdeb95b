//! What one table may hold, as its reader asks for it.

use indexmap::IndexMap;

/// What a key's value is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shape {
    /// What it is depends on more than the key.
    Any,
    /// Text.
    Text,
    /// A list of texts.
    Texts,
    /// A whole number within these bounds.
    Integer(i64, i64),
    /// A length of time as text.
    Duration,
    /// One of these words.
    Words(Vec<String>),
    /// A table.
    Table,
    /// A list.
    List,
}

/// What one table may hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Form {
    /// Its keys.
    pub keys: IndexMap<&'static str, Shape>,
    /// The keys among them that must be there.
    pub required: Vec<&'static str>,
}
