//! The client tokens of an attempt's changes: the same for a repetition, another for the next equal change.

use std::collections::{BTreeMap, BTreeSet};

use rutter_engine::{Api, Fault};
use serde_json::Value;

use crate::class::known;
use crate::fingerprint::Maker;

/// How often an attempt made each change so far, and what earlier attempts used up.
#[derive(Clone, Debug, Default)]
pub struct Tokens {
    /// By fingerprint.
    made: BTreeMap<String, EqualChanges>,
    /// The tokens of earlier attempts whose changes were done.
    spent: BTreeSet<String>,
}

/// How often the attempt made one and the same change.
#[derive(Clone, Copy, Debug, Default)]
struct EqualChanges {
    /// The ordinal of the next.
    next: u32,
    /// The last did not succeed, as far as the guest knows: to make it again is to repeat it.
    last_failed: bool,
}

impl Tokens {
    /// The tokens of an attempt that begins when the changes of earlier ones were done with `spent`.
    pub fn after(spent: BTreeSet<String>) -> Self {
        Self {
            made: BTreeMap::new(),
            spent,
        }
    }

    /// Fills in the client token where the API takes one and the plugin gave none, and returns it. It
    /// stays the same through every attempt until its change is known to be done; then it is used up, so
    /// that what was removed since is made again and not answered from what the cloud remembers.
    pub(crate) fn fill(
        &mut self,
        maker: Maker<'_>,
        api: &mut Api,
        fingerprint: &str,
    ) -> Option<String> {
        let name = known(api)?.token_parameter.as_deref()?;
        let equal = self.made.entry(fingerprint.to_owned()).or_default();
        if !equal.last_failed {
            equal.next += 1;
        }
        let mut token = maker.client_token(fingerprint, equal.next);
        while self.spent.contains(&token) {
            equal.next += 1;
            token = maker.client_token(fingerprint, equal.next);
        }
        fill(api, name, token.clone());
        Some(token)
    }

    /// A change that did not succeed keeps its token for the next equal one: that is its repetition.
    pub fn note(&mut self, fingerprint: &str, answer: &Result<Value, Fault>) {
        if let Some(equal) = self.made.get_mut(fingerprint) {
            equal.last_failed = answer.is_err();
        }
    }
}

/// Gives a reverse a token of its own, made of that of its change.
pub(crate) fn fill_reverse(maker: Maker<'_>, reverse: &mut Api, token: &str) {
    let name = known(reverse).and_then(|action| action.token_parameter.as_deref());
    if let Some(name) = name {
        fill(reverse, name, maker.client_token(token, 0));
    }
}

fn fill(api: &mut Api, name: &str, token: String) {
    if let Some(parameters) = api.parameters.as_object_mut() {
        let slot = parameters.entry(name).or_insert(Value::Null);
        if slot.is_null() {
            *slot = Value::String(token);
        }
    }
}
