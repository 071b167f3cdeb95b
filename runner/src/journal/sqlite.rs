//! The journal of a run on disk.
//!
//! Every append is one transaction, which survives the process once it is committed. What must
//! survive the machine is committed with `synchronous = FULL`, which flushes the log together with
//! every earlier commit; what must do so soon is flushed in the background within 20 ms, if no such
//! commit comes first.
//!
//! Whoever appends states the last record it knows, and this is checked inside the transaction: a
//! driver that has lost its run cannot write, whatever became of its lock.
//!
//! Behind each append the head is moved on (`head.rs`), and before a journal is opened it is looked at without SQLite
//! (`inspect.rs`).

use std::fs::File;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::Connection;
use rutter_engine::{Durability, Record};

use super::chain::Link;
use super::flush::Flusher;
use super::head::HeadFile;
use super::inspect::{head_of, inspect, log_of};
use super::rows::{self, Row, newest_link};
use super::{Journal, JournalError, check_numbers, format};

/// The journal of a run in a SQLite file, for its driver.
pub struct SqliteJournal {
    path: PathBuf,
    connection: Connection,
    synchronous: Synchronous,
    /// The newest record.
    link: Link,
    flusher: Flusher,
}

/// How long an append waits for another program's lock at a time; it is tried again (`patience.rs`).
const BUSY_TIMEOUT: Duration = Duration::from_secs(1);

#[derive(Clone, Copy, PartialEq, Eq)]
enum Synchronous {
    Normal,
    Full,
}

impl SqliteJournal {
    /// Creates an empty journal. Its head comes first, so that there is no database without one.
    ///
    /// # Errors
    /// When there is a file already, or none can be written there.
    pub fn create(path: &Path) -> Result<Self, JournalError> {
        format::refuse_another(path)?;
        let head = HeadFile::create(&head_of(path))?;
        Self::new(path, format::create(path)?, head, Link::default())
    }

    /// Opens a journal to go on with it, once it is known to be whole. Nobody else may have it open to write.
    ///
    /// # Errors
    /// When it is damaged, of another format, or may not be written; its files are then as they were.
    pub fn open(path: &Path) -> Result<Self, JournalError> {
        let sound = inspect(path)?;
        format::check(path, sound.format)?;
        let head = HeadFile::open(&head_of(path), sound.head, sound.link)?;
        Self::new(path, format::open_to_write(path)?, head, sound.link)
    }

    fn new(
        path: &Path,
        connection: Connection,
        head: HeadFile,
        link: Link,
    ) -> Result<Self, JournalError> {
        let failed = |error| JournalError::from_database(path, error);
        connection.busy_timeout(BUSY_TIMEOUT).map_err(failed)?;
        // Begins the log file, which is kept until the last connection closes.
        connection
            .execute_batch("BEGIN IMMEDIATE; UPDATE meta SET value = value; COMMIT")
            .map_err(failed)?;
        let log = log_of(path);
        let file = File::open(&log).map_err(|error| JournalError::from_io(&log, error))?;
        Ok(Self {
            path: path.to_owned(),
            connection,
            synchronous: Synchronous::Normal,
            link,
            flusher: Flusher::new(file, log, head, link),
        })
    }

    #[cfg(test)]
    pub(super) fn connection(&self) -> &Connection {
        &self.connection
    }

    fn failed(&self, error: rusqlite::Error) -> JournalError {
        JournalError::from_database(&self.path, error)
    }

    fn set_synchronous(&mut self, wanted: Synchronous) -> Result<(), JournalError> {
        if self.synchronous != wanted {
            let sql = match wanted {
                Synchronous::Normal => "PRAGMA synchronous = NORMAL",
                Synchronous::Full => "PRAGMA synchronous = FULL",
            };
            self.connection
                .execute_batch(sql)
                .map_err(|error| self.failed(error))?;
            self.synchronous = wanted;
        }
        Ok(())
    }

    /// Appends rows that follow the newest one.
    pub(super) fn append_rows(
        &mut self,
        expected_seq: u64,
        rows: &[Row],
        durability: Durability,
    ) -> Result<(), JournalError> {
        self.set_synchronous(match durability {
            Durability::Rest | Durability::Machine => Synchronous::Full,
            Durability::Process | Durability::Soon => Synchronous::Normal,
        })?;
        if let Err(error) = self.insert(expected_seq, rows) {
            if !error.is_harmless() {
                self.flusher.doubt();
            }
            return Err(error);
        }
        let newest = rows.last().map_or(self.link, |row| row.link);
        self.flusher.appended(newest, durability)?;
        self.link = newest;
        Ok(())
    }

    fn insert(&self, expected_seq: u64, rows: &[Row]) -> Result<(), JournalError> {
        let failed = |error| self.failed(error);
        let transaction = Transaction::begin(&self.connection).map_err(failed)?;
        let found = newest_link(&self.connection).map_err(failed)?;
        if rows.last().is_some_and(|newest| newest.link == found) {
            // Committed already; what came after that failed.
            return Ok(());
        }
        if found.seq != expected_seq || found != self.link {
            return Err(JournalError::Fenced {
                expected: expected_seq,
                found: found.seq,
            });
        }
        let mut statement = self
            .connection
            .prepare_cached("INSERT INTO records (seq, time, body, digest) VALUES (?1, ?2, ?3, ?4)")
            .map_err(failed)?;
        for row in rows {
            let seq = row.link.seq.cast_signed();
            statement
                .execute((seq, row.time, &row.body, row.link.digest))
                .map_err(failed)?;
        }
        transaction.commit().map_err(failed)
    }
}

impl Journal for SqliteJournal {
    fn append(
        &mut self,
        expected_seq: u64,
        records: &[Record],
        durability: Durability,
    ) -> Result<(), JournalError> {
        check_numbers(expected_seq, records)?;
        let rows = Row::chain(self.link, records)?;
        self.append_rows(expected_seq, &rows, durability)
    }

    fn flush(&mut self) -> Result<(), JournalError> {
        self.flusher.rest()
    }

    fn head(&self) -> Result<Link, JournalError> {
        Ok(self.flusher.flushed())
    }

    fn replay(&self, each: &mut dyn FnMut(Record) -> ControlFlow<()>) -> Result<(), JournalError> {
        rows::replay(&self.connection, &self.path, each)
    }
}

impl Drop for SqliteJournal {
    fn drop(&mut self) {
        // Closing the last connection flushes too, but a reader may keep the log open.
        if let Err(error) = self.flush() {
            tracing::error!(%error, "the journal could not be flushed");
        }
    }
}

/// A transaction made of cached statements; rolled back unless it is committed.
struct Transaction<'a> {
    connection: &'a Connection,
}

impl<'a> Transaction<'a> {
    fn begin(connection: &'a Connection) -> rusqlite::Result<Self> {
        connection
            .prepare_cached("BEGIN IMMEDIATE")?
            .execute([])
            .map(|_| Self { connection })
    }

    fn commit(self) -> rusqlite::Result<()> {
        self.connection.prepare_cached("COMMIT")?.execute([])?;
        Ok(())
    }
}

impl Drop for Transaction<'_> {
    fn drop(&mut self) {
        // Some failures roll back by themselves; then there is nothing left to roll back.
        if !self.connection.is_autocommit()
            && let Err(error) = self.connection.execute_batch("ROLLBACK")
        {
            tracing::error!(%error, "a transaction of the journal could not be rolled back");
        }
    }
}

#[cfg(test)]
#[path = "sqlite_tests.rs"]
mod tests;
