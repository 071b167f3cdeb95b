//! Looking at a run from outside: read-only, whoever drives it.

use std::path::{Path, PathBuf};

use rusqlite::Connection;
use rutter_engine::Record;

use super::{JournalError, RecordBody, StoredRecord, format, sqlite};

/// A read-only look at a run's journal.
pub struct RunView {
    path: PathBuf,
    connection: Connection,
}

impl RunView {
    /// Opens a journal to look at it; formats newer than this program's are fine.
    ///
    /// # Errors
    /// When there is none, or it is damaged.
    pub fn open(journal: &Path) -> Result<Self, JournalError> {
        Ok(Self {
            path: journal.to_owned(),
            connection: format::open_to_read(journal)?,
        })
    }

    /// The records after `since_seq`; empty when there is nothing new. Poll it to follow a run.
    ///
    /// # Errors
    /// When the journal is damaged.
    pub fn follow(&self, since_seq: u64) -> Result<Vec<StoredRecord>, JournalError> {
        sqlite::read_stored(&self.connection, &self.path, since_seq)
    }

    /// All records that this program understands, and whether there are others.
    ///
    /// # Errors
    /// When the journal is damaged.
    pub fn known(&self) -> Result<(Vec<Record>, bool), JournalError> {
        let stored = self.follow(0)?;
        let foreign = stored
            .iter()
            .any(|record| matches!(record.body, RecordBody::Unknown { .. }));
        let known = stored.iter().filter_map(StoredRecord::known).collect();
        Ok((known, foreign))
    }
}
