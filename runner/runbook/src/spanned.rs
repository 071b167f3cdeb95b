//! A value with the place where it is written.

use rutter_diagnostic::Span;

/// A value and its place.
#[derive(Clone, Debug)]
pub(super) struct Spanned<T> {
    pub value: T,
    pub span: Span,
}
