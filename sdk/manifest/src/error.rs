//! Errors in a manifest's text, with their place.

use crate::name::nearest;

/// Why a text is no manifest, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message} (line {line}, column {column})")]
pub struct ManifestError {
    /// What is wrong, a fragment fit to follow "because".
    pub message: String,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// What to write instead, if that can be guessed.
    pub help: Option<String>,
}

/// The error of the TOML reader, with its offset turned into a place and a hint drawn from it.
pub(crate) fn from_toml(text: &str, error: &toml::de::Error) -> ManifestError {
    let (line, column) = place(text, error.span().map_or(0, |span| span.start));
    let message = error.message().trim().replace('\n', ", ");
    ManifestError {
        help: hint(&message),
        message,
        line,
        column,
    }
}

/// An error in an entry of the list `list`, found only after the whole was read: its place is looked up.
pub(crate) fn in_entry(
    text: &str,
    list: &str,
    index: usize,
    key: Option<&str>,
    message: String,
    help: Option<String>,
) -> ManifestError {
    let (line, column) = place(text, entry_offset(text, list, index, key).unwrap_or(0));
    ManifestError {
        message,
        line,
        column,
        help,
    }
}

/// An error at the key `key` of the table `table`, found only after the whole was read.
pub(crate) fn in_table(
    text: &str,
    table: &str,
    key: &str,
    message: String,
    help: Option<String>,
) -> ManifestError {
    let (line, column) = place(text, value_offset(text, table, key).unwrap_or(0));
    ManifestError {
        message,
        line,
        column,
        help,
    }
}

fn value_offset(text: &str, table: &str, key: &str) -> Option<usize> {
    let document = toml::de::DeTable::parse(text).ok()?;
    let table = document.get_ref().get(table)?;
    Some(table.get_ref().as_table()?.get(key)?.span().start)
}

fn entry_offset(text: &str, list: &str, index: usize, key: Option<&str>) -> Option<usize> {
    let document = toml::de::DeTable::parse(text).ok()?;
    let entries = document.get_ref().get(list)?;
    let entry = entries.get_ref().as_array()?.get(index)?;
    let value = key.and_then(|key| entry.get_ref().as_table()?.get(key));
    Some(value.unwrap_or(entry).span().start)
}

/// Line and column, both from 1, of a byte offset.
fn place(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    (
        before.matches('\n').count() + 1,
        before[line_start..].chars().count() + 1,
    )
}

/// The nearest of the names that serde lists when it meets one it does not know: its message is
/// "unknown field `x`, expected one of `a`, `b`".
fn hint(message: &str) -> Option<String> {
    if !message.starts_with("unknown field") && !message.starts_with("unknown variant") {
        return None;
    }
    let mut quoted = message.split('`').skip(1).step_by(2);
    let name = quoted.next()?;
    nearest(name, quoted).map(|known| format!("did you mean `{known}`?"))
}
