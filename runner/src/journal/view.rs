//! Looking at a run from outside: read-only, whoever drives it.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use rutter_engine::Record;

use super::inspect::{Sound, head_of, inspect};
use super::{Chained, Damage, JournalError, Link, StoredRecord, format, head, rows};

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

    /// Hands out the records after `since_seq` one after the other, none when there is nothing new, until one is
    /// refused. Poll it to follow a run.
    ///
    /// # Errors
    /// When the journal is damaged; what came before that was handed out.
    pub fn follow(
        &self,
        since_seq: u64,
        each: &mut dyn FnMut(StoredRecord) -> ControlFlow<()>,
    ) -> Result<(), JournalError> {
        rows::walk_stored(&self.connection, &self.path, since_seq, each)
    }

    /// Hands out all records as they are stored, until one is refused.
    ///
    /// # Errors
    /// When the journal is damaged; what came before that was handed out.
    pub fn walk_chain(
        &self,
        each: &mut dyn FnMut(Chained) -> ControlFlow<()>,
    ) -> Result<(), JournalError> {
        rows::walk_chain(&self.connection, &self.path, each)
    }

    /// The newest record, which its digest tells from every other history.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub fn end(&self) -> Result<Link, JournalError> {
        rows::newest_link(&self.connection)
            .map_err(|error| JournalError::from_database(&self.path, error))
    }

    /// The records after `since_seq`.
    #[cfg(test)]
    pub(super) fn shown(&self, since_seq: u64) -> Result<Vec<StoredRecord>, JournalError> {
        let mut records = Vec::new();
        self.follow(since_seq, &mut |record| {
            records.push(record);
            ControlFlow::Continue(())
        })?;
        Ok(records)
    }

    /// All records that this program understands, and whether there are others.
    ///
    /// # Errors
    /// When the journal is damaged.
    pub fn known(&self) -> Result<(Vec<Record>, bool), JournalError> {
        let (mut known, mut foreign) = (Vec::new(), false);
        self.follow(0, &mut |stored| {
            match stored.into_known() {
                Some(record) => known.push(record),
                None => foreign = true,
            }
            ControlFlow::Continue(())
        })?;
        Ok((known, foreign))
    }
}
