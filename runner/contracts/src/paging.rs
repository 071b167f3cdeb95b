//! How each paged read is asked for its next page.

use crate::action::Paging;

/// Returns how a read pages; `None` when it answers in one piece.
pub(crate) fn of(_product: &str, _action: &str) -> Option<Paging> {
    None
}
