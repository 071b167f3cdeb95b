//! What a run asks, for those who may answer and may not look at its journal.

use std::fs;

use serde::{Deserialize, Serialize};

use super::inbox::share;
use super::{JournalError, RunFolder};

/// Bytes of the file: questions with all that they are shown with.
const POSTED_MAX: u64 = 4 * 1024 * 1024;

/// An open question, as people are shown it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Posted {
    /// Its number in the run.
    pub number: u64,
    /// The step that asks.
    pub step: String,
    /// The question, the changes that a yes lets through, who said yes so far.
    pub lines: Vec<String>,
    /// Whether a yes destroys, buys or is final.
    pub is_final: bool,
    /// What is still to be entered.
    pub evidence: Vec<String>,
    /// Tells it from every other question: what a signature is about.
    pub digest: String,
}

impl RunFolder {
    /// Tells a group what the run asks now.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn post(&self, questions: &[Posted], group: u32) -> Result<(), JournalError> {
        let path = self.posted_path();
        let failed = |error| JournalError::from_io(&path, error);
        let text = serde_json::to_string(questions)
            .map_err(|source| JournalError::Unwritable { seq: 0, source })?;
        let partial = path.with_extension("partial");
        fs::write(&partial, text).map_err(failed)?;
        share(&partial, group, 0o640).map_err(failed)?;
        fs::rename(&partial, &path).map_err(failed)
    }

    /// What the run asks, as its driver told; `None` where it tells nobody.
    pub fn posted(&self) -> Option<Vec<Posted>> {
        let text = rutter_files::read_text(&self.posted_path(), POSTED_MAX).ok()?;
        serde_json::from_str(&text).ok()
    }
}
