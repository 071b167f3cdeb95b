//! How the items of a step stand, counted as they change: a step with ten thousand items is never
//! looked through to find out what is left to do.

use std::collections::BTreeSet;

use crate::run::item::ItemState;

/// The items of a step by where they stand. Places are those of the items' order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally {
    /// Items that may be started.
    pub(crate) pending: BTreeSet<usize>,
    /// Items that wait for a new attempt.
    pub(crate) delayed: usize,
    /// Items whose attempt is under way.
    pub(crate) running: usize,
    /// Items that failed.
    pub(crate) failed: usize,
    /// Items that ended with a change of unknown outcome.
    pub(crate) unknown: usize,
    /// Items whose situation changed since the engine last looked.
    pub(crate) look: BTreeSet<usize>,
}

impl Tally {
    pub(super) fn enter(&mut self, place: usize, state: &ItemState) {
        match state {
            ItemState::Pending => {
                self.pending.insert(place);
            }
            ItemState::Delayed { armed, .. } => {
                self.delayed += 1;
                if !armed {
                    self.look.insert(place);
                }
            }
            ItemState::Running => self.running += 1,
            ItemState::Failed(_) => {
                self.failed += 1;
                self.look.insert(place);
            }
            ItemState::Unknown(_) => self.unknown += 1,
            ItemState::Done(_) => {}
        }
    }

    pub(super) fn leave(&mut self, place: usize, state: &ItemState) {
        self.look.remove(&place);
        match state {
            ItemState::Pending => {
                self.pending.remove(&place);
            }
            ItemState::Delayed { .. } => self.delayed -= 1,
            ItemState::Running => self.running -= 1,
            ItemState::Failed(_) => self.failed -= 1,
            ItemState::Unknown(_) => self.unknown -= 1,
            ItemState::Done(_) => {}
        }
    }
}
