//! What the host knows about the guest it serves.

use std::collections::BTreeMap;
use std::sync::Arc;

use rutter_engine::{Principal, UndoRequest};
use rutter_manifest::Manifest;
use rutter_meaning::{Handle, Maker, Tokens};

use super::hosts::Hosts;
use super::line::Line;
use super::told::Told;

/// An account as the operator bound it to a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BoundAccount {
    /// What calls are made on.
    pub principal: Principal,
    /// 16 decimal digits.
    pub id: String,
    /// Where a call goes that names no region.
    pub region: String,
}

/// An account that a guest opened: the operator's, or one it assumed a role in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// The name under which the plugin opened the account it began with.
    pub(super) opened_as: String,
    /// The account it stands for.
    pub(super) bound: BoundAccount,
}

impl Account {
    /// The account as a guest's errands name it.
    pub(super) fn handle(&self) -> Handle {
        Handle {
            opened_as: self.opened_as.clone(),
            account: self.bound.principal.clone(),
        }
    }
}

/// What the host knows about the guest it serves.
#[derive(Debug)]
pub(super) struct Context {
    pub(super) manifest: Arc<Manifest>,
    pub(super) run_id: String,
    /// How often the item was taken back before.
    pub(super) generation: u32,
    /// The accounts by the plugin's names.
    pub(super) accounts: BTreeMap<String, BoundAccount>,
    /// The hosts that the operator named.
    pub(super) hosts: Hosts,
    pub(super) line: Line,
    /// The client tokens of the attempt's changes.
    pub(super) tokens: Tokens,
    /// What the step made, where its own undo runs.
    pub(super) undo: Option<Arc<UndoRequest>>,
    /// What the guest was told in the host's name.
    pub(super) told: Told,
    /// The guest was told that its further lines are left out.
    pub(super) log_full: bool,
}

impl Context {
    /// What the guest's tokens are made from.
    pub(super) fn maker(&self) -> Maker<'_> {
        Maker {
            run: &self.run_id,
            at: &self.line.at,
            generation: self.generation,
        }
    }
}
