//! The columns of the table that are filled by hand, each with its reason.

use crate::action::Repeat;

/// What was decided by hand about a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Columns {
    /// May it be sent again?
    pub repeat: Repeat,
    /// Does it start the billing of an instance, or another lasting charge?
    pub costs: bool,
    /// Does it need no reverse because it goes with its object?
    pub covered: bool,
    /// Why.
    pub reason: &'static str,
}

/// Returns the hand-checked columns of an action; for one that nobody checked, the strictest.
pub fn columns(_product: &str, _action: &str) -> Columns {
    Columns {
        repeat: Repeat::Never,
        costs: false,
        covered: false,
        reason: "not checked",
    }
}
