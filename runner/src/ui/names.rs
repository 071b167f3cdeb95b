//! What people call the items of steps, from the records so far, for what is shown beside them.

use std::collections::BTreeMap;

use rutter_engine::{At, Fact, Name, Record};

use super::words::place_called;

/// The names of items that are called otherwise than their keys.
#[derive(Clone, Debug, Default)]
pub(super) struct Names {
    names: BTreeMap<(Name, Name), String>,
}

impl Names {
    pub(super) fn record(&mut self, record: &Record) {
        let Fact::StepPrepared { step, items, .. } = &record.fact else {
            return;
        };
        for item in items {
            if let Some((key, name)) = item.key.as_ref().zip(item.name.as_ref()) {
                self.names.insert((step.clone(), key.clone()), name.clone());
            }
        }
    }

    /// A step and its item.
    pub(super) fn place(&self, at: &At) -> String {
        let name = at.item.as_ref().map(|key| {
            let named = self.names.get(&(at.step.clone(), key.clone()));
            named.map_or(&**key, String::as_str)
        });
        place_called(at, name)
    }
}
