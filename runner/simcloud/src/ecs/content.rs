//! What a server is for those who run commands on it.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

/// What lies on a server's disks and runs on it, as far as commands ask for it.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Content {
    /// Texts by absolute path. Folders follow from the paths.
    pub files: BTreeMap<String, String>,
    /// States by name, as the operating system says them: `active`, `Running`.
    pub services: BTreeMap<String, String>,
    /// What other command lines print, by the whole line.
    pub answers: BTreeMap<String, String>,
}

impl Content {
    /// Returns what there is when `other` lies on top.
    pub fn under(&self, other: &Self) -> Self {
        let over = |below: &BTreeMap<String, String>, above: &BTreeMap<String, String>| {
            let both = below.iter().chain(above);
            both.map(|(key, value)| (key.clone(), value.clone()))
                .collect()
        };
        Self {
            files: over(&self.files, &other.files),
            services: over(&self.services, &other.services),
            answers: over(&self.answers, &other.answers),
        }
    }
}
