//! Looking at a run from outside: read-only, whoever drives it.

use std::path::{Path, PathBuf};

use rusqlite::Connection;
use rutter_engine::Record;

use super::inspect::{Sound, head_of, inspect};
use super::{Damage, JournalError, RecordBody, StoredRecord, format, head, rows};

/// A read-only look at a run's journal.
pub struct RunView {
    path: PathBuf,
    connection: Connection,
    live: bool,
}

impl RunView {
    /// Looks at the journal of a run that nobody drives: at a copy in memory, so that not even a damaged file is
    /// touched. Formats newer than this program's are fine.
    ///
    /// # Errors
    /// When there is none, or it is damaged.
    pub fn open(journal: &Path) -> Result<Self, JournalError> {
        let Sound { content, .. } = inspect(journal)?;
        Ok(Self {
            path: journal.to_owned(),
            connection: content,
            live: false,
        })
    }

    /// Looks on while the run is driven.
    ///
    /// # Errors
    /// When there is no journal, or it is damaged.
    pub fn join(journal: &Path) -> Result<Self, JournalError> {
        // The head is read first: the journal is never behind it.
        let head = head::read(&head_of(journal))?;
        let view = Self {
            path: journal.to_owned(),
            connection: format::open_to_read(journal)?,
            live: true,
        };
        if let head::Found::Head(head) = head {
            let reached = head.reached();
            let found = rows::link_at(&view.connection, reached.seq)
                .map_err(|error| JournalError::from_database(journal, error))?;
            if found != reached {
                return Err(JournalError::damaged(
                    &head_of(journal),
                    Damage::HeadOfOthers(reached.seq),
                ));
            }
        }
        Ok(view)
    }

    /// Whether it sees what a driver writes after it was opened.
    pub fn is_live(&self) -> bool {
        self.live
    }

    /// The records after `since_seq`; empty when there is nothing new. Poll it to follow a run.
    ///
    /// # Errors
    /// When the journal is damaged.
    pub fn follow(&self, since_seq: u64) -> Result<Vec<StoredRecord>, JournalError> {
        rows::read_stored(&self.connection, &self.path, since_seq)
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
