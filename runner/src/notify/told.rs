//! What was told already, beside the run's records: a resumed run tells nothing twice.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use rutter_engine::Run;
use serde::{Deserialize, Serialize};

/// A run has at most some thousand events.
const BYTES_MAX: u64 = 4 * 1_024 * 1_024;

/// What was told, kept in the file `told.json` of the run's folder.
#[derive(Debug)]
pub(super) struct Told {
    path: PathBuf,
    kept: Kept,
    /// What is on its way.
    begun: BTreeSet<String>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct Kept {
    /// Records up to this one are not told any more: there was nobody to tell when they were made.
    since: u64,
    /// Listener and event of what was taken.
    taken: BTreeSet<String>,
}

impl Told {
    /// What was told of a run, in this folder. Where nothing was kept, all that was before is not told.
    pub(super) fn of(folder: &Path, run: &Run) -> Self {
        let path = folder.join("told.json");
        let text = rutter_files::read_unlinked(&path, BYTES_MAX).ok().flatten();
        let kept = text.and_then(|text| serde_json::from_str(&text).ok());
        let told = Self {
            path,
            kept: kept.unwrap_or_else(|| Kept {
                since: run.seq(),
                ..Kept::default()
            }),
            begun: BTreeSet::new(),
        };
        told.write();
        told
    }

    /// Whether an event is to be told now: it was neither taken nor is it on its way.
    pub(super) fn begins(&mut self, listener: &str, key: &str) -> bool {
        let old = key.parse().is_ok_and(|seq: u64| seq <= self.kept.since);
        let both = format!("{listener} {key}");
        !old && !self.kept.taken.contains(&both) && self.begun.insert(both)
    }

    /// An event was taken.
    pub(super) fn ended(&mut self, listener: &str, key: &str) {
        self.kept.taken.insert(format!("{listener} {key}"));
        self.write();
    }

    fn write(&self) {
        let text = serde_json::to_string(&self.kept).unwrap_or_default();
        if let Err(error) = rutter_files::replace_own(&self.path, &text) {
            // At worst something is told twice.
            tracing::warn!(%error, "what was told is not kept");
        }
    }
}
