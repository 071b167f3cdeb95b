//! What stands between `{{` and `}}` in a runbook, and what a plugin's rules are written in.
//!
//! | To change | Go to |
//! |---|---|
//! | what an expression reads, and how it is evaluated | `expression.rs` |
//! | what the language leaves out | `fence.rs` |
//! | which filters there are | `filters.rs` |
//! | text with expressions in it | `template.rs` |
//! | what a rule between inputs may read, and when one is broken | `rules.rs` |
//!
//! The only package that knows MiniJinja. It knows no runbook: what a reference leads to is for who
//! evaluates to say.

mod expression;
mod fence;
mod filters;
mod reference;
mod refusal;
mod rules;
mod span;
mod template;
#[cfg(test)]
mod tests;
mod truth;

pub use expression::{EvaluationError, Expression};
pub use filters::kind;
pub use reference::{Reference, Segment};
pub use refusal::Refusal;
pub use rules::{Broken, NoRule, broken, check_rules};
pub use span::Span;
pub use template::{Look, Piece, Template, TemplateError, Templates, refused};
