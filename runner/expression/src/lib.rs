//! What stands between `{{` and `}}` in a runbook.
//!
//! | To change | Go to |
//! |---|---|
//! | what an expression reads, and how it is evaluated | `expression.rs` |
//! | what the language leaves out | `fence.rs` |
//! | which filters there are | `filters.rs` |
//! | text with expressions in it | `template.rs` |
//!
//! The only package that knows MiniJinja. It knows no runbook: what a reference leads to is for who
//! evaluates to say.

mod expression;
mod fence;
mod filters;
mod reference;
mod refusal;
mod span;
mod template;
#[cfg(test)]
mod tests;

pub use expression::{EvaluationError, Expression};
pub use filters::{formatted, kind};
pub use reference::{Reference, Segment};
pub use refusal::Refusal;
pub use span::Span;
pub use template::{Look, Piece, Template, TemplateError, Templates, refused};
