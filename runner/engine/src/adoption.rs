//! What a run took as it was: an object that was there already. Another run may have made it.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::call::{Call, Target};
use crate::run::Run;

/// An object of the cloud, known well enough to be told from others.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Object {
    /// The account's id, 16 digits.
    pub account: String,
    /// The product as the contracts spell it.
    pub product: String,
    /// Its key.
    pub key: String,
}

/// That a run took an object as it was.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Adoption {
    /// The run's id.
    pub run: String,
    /// The object.
    pub object: Object,
}

impl Run {
    /// The object that a look found, where it can be told from others.
    pub(crate) fn object(&self, read: &Call, key: &str) -> Option<Object> {
        let Target::Api(api) = &read.target else {
            return None;
        };
        let account = read.account.as_ref()?;
        let id = match account.role() {
            Some(role) => role.account_id(),
            None => &self.identity(account.name())?.id,
        };
        Some(Object {
            account: id.to_owned(),
            product: api.product.clone(),
            key: key.to_owned(),
        })
    }

    /// Takes down what other runs took as it was. It is no fact of this run, and holds for this process.
    pub(crate) fn learn_adoptions(&mut self, adoptions: &[Adoption]) {
        self.adoptions = adoptions.to_vec();
    }

    /// The other runs that took an object as it was.
    pub(crate) fn adopters(&self, object: &Object) -> Vec<&str> {
        let others = self.adoptions.iter();
        let same = others.filter(|other| other.object == *object && other.run != self.id);
        let mut runs: Vec<_> = same.map(|other| other.run.as_str()).collect();
        runs.sort_unstable();
        runs.dedup();
        runs
    }
}

/// The key of an element, by a pointer into it; none where nothing tells it from others.
pub(crate) fn key(element: &Value, pointer: &str) -> Option<String> {
    match element.pointer(pointer).filter(|_| !pointer.is_empty())? {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}
