//! The columns of the table that are filled by hand, each with its reason.
//!
//! The published documents do not say whether a change may be repeated, so a person has to. The rules:
//!
//! - **`same`** only where a second identical call certainly leaves the same state and can do no harm.
//!   Setting a value is. Deleting is, because what is gone answers "absent", and absent is what a
//!   delete wants. Attaching and detaching are, because "already" and "not any more" are what was wanted.
//! - **`token`** where the API takes a client token and honours it.
//! - **`look`** where a read can tell whether it happened: creating without a token, and moving an
//!   object between states, since in the meantime somebody may have moved it on.
//! - **`never`** where no read can tell and a second one harms. Also what nobody checked.
//! - **costs** asks a person: what starts the billing of an instance (bought, created, or made in passing
//!   by a migration) or changes how one is billed. Images and snapshots are billed too, by storage and
//!   minor, and the delete that is their reverse ends it; they do not ask.
//! - **covered** where no reverse is needed because the effect goes with the object: starting a task is
//!   taken back by deleting the task. Only for objects that the procedures themselves create.
//!
//! The column `irreversible` is not here: it is the documents' own and stands in the data.

mod dts;
mod ecs;
mod r_kvstore;
mod ram;
mod smc;

use crate::action::Repeat;

/// What was decided by hand about a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Columns {
    /// May it be sent again?
    pub repeat: Repeat,
    /// Does it start or change the billing of an instance?
    pub costs: bool,
    /// Does it need no reverse because its effect goes with its object?
    pub covered: bool,
    /// Why.
    pub reason: &'static str,
}

/// What holds for an action that nobody checked.
const UNCHECKED: Columns = Columns {
    repeat: Repeat::Never,
    costs: false,
    covered: false,
    reason: "",
};

/// One line of a product's table.
#[derive(Clone, Copy)]
struct CheckedAction {
    action: &'static str,
    columns: Columns,
}

impl CheckedAction {
    const fn new(action: &'static str, repeat: Repeat, reason: &'static str) -> Self {
        let columns = Columns {
            repeat,
            costs: false,
            covered: false,
            reason,
        };
        Self { action, columns }
    }

    const fn costs(mut self) -> Self {
        self.columns.costs = true;
        self
    }

    const fn covered(mut self) -> Self {
        self.columns.covered = true;
        self
    }
}

const fn same(action: &'static str, reason: &'static str) -> CheckedAction {
    CheckedAction::new(action, Repeat::Same, reason)
}

const fn token(action: &'static str, reason: &'static str) -> CheckedAction {
    CheckedAction::new(action, Repeat::Token, reason)
}

const fn look(action: &'static str, reason: &'static str) -> CheckedAction {
    CheckedAction::new(action, Repeat::Look, reason)
}

const fn never(action: &'static str, reason: &'static str) -> CheckedAction {
    CheckedAction::new(action, Repeat::Never, reason)
}

/// Returns the hand-checked columns of an action; for one that nobody checked, the strictest.
///
/// The product is spelled as the table spells it.
pub fn columns(product: &str, action: &str) -> Columns {
    let entries = match product {
        "RAM" => ram::ENTRIES,
        "DTS" => dts::ENTRIES,
        "SMC" => smc::ENTRIES,
        "ECS" => ecs::ENTRIES,
        "R-kvstore" => r_kvstore::ENTRIES,
        _ => &[],
    };
    entries
        .iter()
        .find(|entry| entry.action == action)
        .map_or(UNCHECKED, |entry| entry.columns)
}

#[cfg(test)]
mod tests {
    use crate::{Access, Repeat, action, actions};

    #[test]
    fn every_change_in_the_table_was_checked_and_says_why() {
        for action in actions().filter(|action| action.access == Access::Change) {
            assert!(!action.reason.is_empty(), "{}", action.label());
        }
    }

    #[test]
    fn every_checked_action_is_a_change_of_the_table() {
        let products = [
            ("RAM", super::ram::ENTRIES),
            ("DTS", super::dts::ENTRIES),
            ("SMC", super::smc::ENTRIES),
            ("ECS", super::ecs::ENTRIES),
            ("R-kvstore", super::r_kvstore::ENTRIES),
        ];
        for (product, entries) in products {
            for entry in entries {
                let found = action(product, entry.action).map(|action| action.access);
                assert_eq!(found, Some(Access::Change), "{product}:{}", entry.action);
            }
        }
    }

    #[test]
    fn a_token_is_relied_upon_only_where_the_api_takes_one() {
        for action in actions().filter(|action| action.access == Access::Change) {
            let relies = action.repeat == Repeat::Token;
            let takes = action.token_parameter.is_some();
            assert_eq!(relies, takes, "{}", action.label());
        }
    }

    #[test]
    fn what_is_bought_asks_a_person_and_is_never_repeated_blindly() {
        for (product, name) in [
            ("DTS", "CreateDtsInstance"),
            ("DTS", "CreateSynchronizationJob"),
            ("ECS", "RunInstances"),
            ("ECS", "CreateInstance"),
            ("R-kvstore", "CreateInstance"),
        ] {
            let action = action(product, name).unwrap();
            assert!(action.costs, "{name}");
            assert_ne!(action.repeat, Repeat::Same, "{name}");
        }
    }

    #[test]
    fn erasing_a_database_is_never_repeated() {
        let flush = action("R-kvstore", "FlushInstance").unwrap();
        assert_eq!((flush.repeat, flush.irreversible), (Repeat::Never, true));
    }
}
