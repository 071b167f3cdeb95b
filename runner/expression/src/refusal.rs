//! Why a text is no expression.

use crate::span::Span;

/// Why a text is no expression.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Refusal {
    /// What is wrong, a sentence without its full stop.
    pub message: String,
    /// Where in the expression.
    pub span: Span,
    /// What to write instead.
    pub help: Option<String>,
}
