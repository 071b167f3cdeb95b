//! What is wrong with the settings, and where.

use std::ops::Range;
use std::path::{Path, PathBuf};

/// A place in the settings file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// The bytes of the text that are meant.
    pub span: Range<usize>,
    /// The file's text, for showing the line.
    pub text: String,
}

/// Why the settings cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct SettingsError {
    /// What is wrong; names the variable when it is one of the environment.
    pub message: String,
    /// The settings file, when it is in a file.
    pub file: Option<PathBuf>,
    /// Where in it.
    pub place: Option<Box<Place>>,
    /// What to do.
    pub help: Option<String>,
    /// The operating system's reason.
    pub source: Option<std::io::Error>,
}

impl SettingsError {
    fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            file: None,
            place: None,
            help: None,
            source: None,
        }
    }

    pub(super) fn unreadable(path: &Path, error: std::io::Error) -> Self {
        Self {
            file: Some(path.to_owned()),
            help: Some("name another file with `--config`".to_owned()),
            source: Some(error),
            ..Self::new(format!("the settings `{}` cannot be read", path.display()))
        }
    }

    pub(super) fn no_state_folder() -> Self {
        Self {
            help: Some("set `RUTTER_STATE_DIR`, or `[state] dir` in the settings".to_owned()),
            ..Self::new("there is no folder for the state of runs: `HOME` is not set")
        }
    }

    pub(super) fn simulation(message: &str) -> Self {
        Self {
            help: Some("leave `[simulation]` out, or start `rutter simulate`".to_owned()),
            ..Self::new(format!("`[simulation]` in the settings: {message}"))
        }
    }

    /// An error of `[inbox]`.
    pub(super) fn inbox(message: String) -> Self {
        Self {
            help: Some("`group` under `[inbox]` names a group whose members may answer".to_owned()),
            ..Self::new(format!("`[inbox]` in the settings: {message}"))
        }
    }

    /// An error in a variable of the environment.
    pub(super) fn in_variable(variable: &str, message: &str) -> Self {
        Self::new(format!("`{variable}` in the environment: {message}"))
    }

    pub(super) fn from_toml(file: &Path, text: &str, error: &toml::de::Error) -> Self {
        let message = error.message().trim().replace('\n', ", ");
        Self {
            file: Some(file.to_owned()),
            place: error.span().map(|span| place(text, span)),
            help: hint(&message),
            ..Self::new(message)
        }
    }

    /// An error about the table or value at a key path.
    pub(super) fn at<'a>(
        file: &Path,
        text: &str,
        path: impl Iterator<Item = &'a str>,
        message: &str,
    ) -> Self {
        Self {
            file: Some(file.to_owned()),
            place: span_of(text, path).map(|span| place(text, span)),
            ..Self::new(message)
        }
    }
}

fn place(text: &str, span: Range<usize>) -> Box<Place> {
    let before = text.get(..span.start).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    Box::new(Place {
        line: before.matches('\n').count() + 1,
        column: before[line_start..].chars().count() + 1,
        span,
        text: text.to_owned(),
    })
}

fn span_of<'a>(text: &str, path: impl Iterator<Item = &'a str>) -> Option<Range<usize>> {
    let document = toml::de::DeTable::parse(text).ok()?;
    let mut table = document.get_ref();
    let mut span = None;
    for name in path {
        let (key, value) = table.get_key_value(name)?;
        span = Some(key.span());
        match value.get_ref() {
            toml::de::DeValue::Table(inner) => table = inner,
            _ => break,
        }
    }
    span
}

/// The nearest of the names that serde lists when it meets one it does not know: its message is
/// "unknown field `x`, expected one of `a`, `b`".
fn hint(message: &str) -> Option<String> {
    if !message.starts_with("unknown field") && !message.starts_with("unknown variant") {
        return None;
    }
    let mut quoted = message.split('`').skip(1).step_by(2);
    let name = quoted.next()?;
    if name.ends_with("secret") || name.ends_with("token") || name == "password" {
        return Some(format!(
            "no secret stands in this file: name the variable that holds it (`{name}_env`) or the file (`{name}_file`)"
        ));
    }
    rutter_manifest::nearest(name, quoted).map(|known| format!("did you mean `{known}`?"))
}
