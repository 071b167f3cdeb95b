//! What the host knows about the guest it serves.

use std::collections::BTreeMap;
use std::sync::Arc;

use rutter_engine::{Principal, UndoRequest};
use rutter_manifest::Manifest;
use rutter_manifest::{Field, FieldKind};
use rutter_meaning::placeholder::is_placeholder;
use rutter_meaning::{Handed, Handle, Maker, Tokens};
use serde_json::Value;

use super::hosts::Hosts;
use super::line::Line;
use super::told::Told;
use crate::secrets::Secrets;

/// An account as the operator bound it to a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BoundAccount {
    /// What calls are made on.
    pub principal: Principal,
    /// Decimal digits; ids that are given out today have 16.
    pub id: String,
    /// Where a call goes that names no region.
    pub region: String,
}

/// An account that a guest opened: the operator's, or one it assumed a role in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenedAccount {
    /// The name under which the plugin opened the account it began with.
    pub(super) opened_as: String,
    /// The account it stands for.
    pub(super) bound: BoundAccount,
}

impl OpenedAccount {
    /// The account as host requests name it.
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
    /// The secrets that it was handed.
    pub(super) handed: Handed,
    /// What no text of its own may hold.
    pub(super) secrets: Secrets,
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

    /// Outputs in which a secret stands only where the manifest says so, and only one that the guest was handed. It
    /// is not refused: what the step made, it made.
    pub(super) fn without_secrets(&self, mut outputs: Value) -> Value {
        for (name, field) in &self.manifest.outputs {
            if let Some(value) = outputs.get_mut(name) {
                self.keep_handed(field, value);
            }
        }
        outputs
    }

    fn keep_handed(&self, field: &Field, value: &mut Value) {
        match (field.kind, &mut *value) {
            (FieldKind::Secret, Value::String(text))
                if is_placeholder(text) && self.handed.holds(text) => {}
            (FieldKind::Table, Value::Object(fields)) if !field.fields.is_empty() => {
                for (name, inner) in &field.fields {
                    if let Some(value) = fields.get_mut(name) {
                        self.keep_handed(inner, value);
                    }
                }
            }
            (FieldKind::List, Value::Array(items)) if field.items.is_some() => {
                let inner = field.items.as_deref();
                for (inner, item) in inner.into_iter().cycle().zip(items) {
                    self.keep_handed(inner, item);
                }
            }
            _ => self.secrets.make_inert(value),
        }
    }
}
