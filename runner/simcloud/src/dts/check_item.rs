//! What a precheck looked at, and what came of it: one item, and the list that a precheck makes.

use super::file::{PrecheckFile, PrecheckState};

/// One thing looked at.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    pub name: String,
    pub state: PrecheckState,
    pub message: String,
    pub can_skip: bool,
    pub is_skipped: bool,
}

/// Returns whether the success rate is 100 %: every item succeeded or is overlooked on purpose.
pub(super) fn passed(items: &[Item]) -> bool {
    items
        .iter()
        .all(|item| item.state == PrecheckState::Success || item.is_skipped)
}

/// The items judged so far.
#[derive(Default)]
pub(super) struct List(pub Vec<Item>);

impl List {
    /// Returns the items, with what the world file adds to every precheck.
    pub fn into_items<'a>(
        mut self,
        further: impl IntoIterator<Item = &'a PrecheckFile>,
    ) -> Vec<Item> {
        self.0.extend(further.into_iter().map(|extra| Item {
            name: extra.item.clone(),
            state: extra.state,
            message: extra.message.clone(),
            can_skip: extra.can_skip,
            is_skipped: false,
        }));
        self.0
    }

    /// Adds an item: good if there is no problem.
    pub fn add(&mut self, name: &str, problem: Option<String>) {
        let state = if problem.is_some() {
            PrecheckState::Failed
        } else {
            PrecheckState::Success
        };
        self.0.push(Item {
            name: name.to_owned(),
            state,
            message: problem.unwrap_or_default(),
            can_skip: false,
            is_skipped: false,
        });
    }
}
