//! A value with the place where it is written.

use crate::diagnostic::Span;

/// A value and its place.
#[derive(Clone, Debug)]
pub(super) struct Spanned<T> {
    pub value: T,
    pub span: Span,
}
