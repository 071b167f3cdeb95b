//! What is wrong with a world file, and where.

use std::ops::Range;

/// Why a world file cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}:{column}: {message}")]
pub struct WorldError {
    /// The file's name as it was given.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// What is wrong, fit to follow "failed because".
    pub message: String,
    /// The bytes of the file that are wrong.
    pub span: Range<usize>,
}

/// The text in which things are wrong.
pub(super) struct WorldText<'a> {
    pub text: &'a str,
    pub file: &'a str,
}

impl WorldText<'_> {
    pub fn error(&self, span: Range<usize>, message: impl Into<String>) -> WorldError {
        let before = self.text.get(..span.start).unwrap_or(self.text);
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        WorldError {
            file: self.file.to_owned(),
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
            message: message.into(),
            span,
        }
    }

    pub fn parse_error(&self, error: &toml::de::Error) -> WorldError {
        self.error(error.span().unwrap_or(0..0), error.message().to_owned())
    }
}
