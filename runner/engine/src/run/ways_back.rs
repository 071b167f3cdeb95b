//! What takes a change back, and the point of no return: the first change for which nothing does.

use crate::place::Phase;
use crate::plan::Uses;
use crate::run::{Change, Run};

/// What takes a change back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WayBack {
    /// Its reverse, which the host sends.
    Reverse,
    /// The undo of its step's plugin.
    Plugin,
    /// It goes with the object that it belongs to.
    Covered,
    /// Nothing has to: a message that was sent stays sent.
    Message,
    /// Nothing does, or what it destroyed does not come back by it.
    None,
}

impl Run {
    /// What takes a change back. What destroys something has no way back, even where its reverse
    /// removes what it made.
    pub fn way_back(&self, change: &Change) -> WayBack {
        let by_plugin = || {
            let step = self.planned(&change.at.step);
            step.is_some_and(|step| matches!(&step.uses, Uses::Plugin(plugin) if plugin.undo))
        };
        if change.is_final() {
            WayBack::None
        } else if change.is_message() {
            WayBack::Message
        } else if change.reverse.is_some() {
            WayBack::Reverse
        } else if change.call.covered {
            WayBack::Covered
        } else if by_plugin() {
            WayBack::Plugin
        } else {
            WayBack::None
        }
    }

    /// The first change that stands and has no way back: from there on `undo` takes back only a part.
    pub fn point_of_no_return(&self) -> Option<&Change> {
        let of_runs = |change: &&Change| {
            // What was made in passing goes by what is said of its maker.
            change.at.phase == Phase::Run && change.stands() && change.passed.is_none()
        };
        let mut standing = self.changes().iter().filter(of_runs);
        standing.find(|change| self.way_back(change) == WayBack::None)
    }
}
