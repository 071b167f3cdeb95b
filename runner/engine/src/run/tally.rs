//! How the items of a step stand, counted as they change: a step with ten thousand items is never
//! looked through to find out what is left to do.

use std::collections::BTreeSet;

use crate::run::{ItemState, StepRun};

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
    fn enter(&mut self, place: usize, state: &ItemState) {
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

    fn leave(&mut self, place: usize, state: &ItemState) {
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

impl StepRun {
    /// Puts the item at `place` into a state; the only way an item's state changes.
    pub(super) fn put(&mut self, place: usize, state: ItemState) {
        let Some((_, item)) = self.items.get_index_mut(place) else {
            return;
        };
        self.tally.leave(place, &item.state);
        self.tally.enter(place, &state);
        item.state = state;
    }

    /// Counts anew, when the items themselves were exchanged.
    pub(super) fn count_anew(&mut self) {
        self.tally = Tally::default();
        for (place, item) in self.items.values().enumerate() {
            self.tally.enter(place, &item.state);
        }
    }

    /// A new process knows nothing of guests and timers: everything is looked at once.
    pub(super) fn look_at_all(&mut self) {
        self.tally.look = (0..self.items.len()).collect();
    }
}
