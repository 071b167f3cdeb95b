//! What each read is usually waited for.

use crate::action::Wait;

/// Returns the usual wait of a read.
pub(crate) fn of(_product: &str, _action: &str) -> Option<Wait> {
    None
}
