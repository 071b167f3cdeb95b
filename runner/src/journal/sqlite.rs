//! The journal of a run on disk.
//!
//! Every append is one transaction, which survives the process once it is committed. What must
//! survive the machine is committed with `synchronous = FULL`, which flushes the log together with
//! every earlier commit; what must do so soon is flushed in the background within 20 ms, if no such
//! commit comes first.
//!
//! Whoever appends states the last record it knows, and this is checked inside the transaction: a
//! driver that has lost its run cannot write, whatever became of its lock.

use std::fs::File;
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use rutter_engine::{Durability, Fact, Record, Timestamp};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::flush::Flusher;
use super::{Journal, JournalError, Message, RecordBody, StoredRecord, check_numbers, format};

/// The journal of a run in a SQLite file, for its driver.
pub struct SqliteJournal {
    path: PathBuf,
    connection: Connection,
    synchronous: Synchronous,
    flusher: Flusher,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Synchronous {
    Normal,
    Full,
}

impl SqliteJournal {
    /// Creates an empty journal.
    ///
    /// # Errors
    /// When there is a file already, or none can be written there.
    pub fn create(path: &Path) -> Result<Self, JournalError> {
        Self::new(path, format::create(path)?)
    }

    /// Opens a journal to go on with it.
    ///
    /// # Errors
    /// When it is damaged, of another format, or may not be written.
    pub fn open(path: &Path) -> Result<Self, JournalError> {
        Self::new(path, format::open_to_write(path)?)
    }

    fn new(path: &Path, connection: Connection) -> Result<Self, JournalError> {
        let failed = |error| JournalError::from_database(path, error);
        // Begins the log file, which is kept until the last connection closes.
        connection
            .execute_batch("BEGIN IMMEDIATE; UPDATE meta SET value = value; COMMIT")
            .map_err(failed)?;
        let mut log = path.as_os_str().to_owned();
        log.push("-wal");
        let log = File::open(&log).map_err(|error| JournalError::from_io(path, error))?;
        Ok(Self {
            path: path.to_owned(),
            connection,
            synchronous: Synchronous::Normal,
            flusher: Flusher::new(log),
        })
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

    fn insert(&self, expected_seq: u64, rows: &[Row]) -> Result<(), JournalError> {
        let failed = |error| self.failed(error);
        let transaction = Transaction::begin(&self.connection).map_err(failed)?;
        let found: Option<i64> = self
            .connection
            .prepare_cached("SELECT max(seq) FROM records")
            .and_then(|mut statement| statement.query_row([], |row| row.get(0)))
            .map_err(failed)?;
        let found = found.map_or(0, i64::cast_unsigned);
        if found != expected_seq {
            return Err(JournalError::Fenced {
                expected: expected_seq,
                found,
            });
        }
        let mut statement = self
            .connection
            .prepare_cached(
                "INSERT INTO records (seq, time, kind, body, digest) VALUES (?1, ?2, ?3, ?4, ?5)",
            )
            .map_err(failed)?;
        for row in rows {
            statement
                .execute((row.seq, row.time, &row.kind, &row.body, row.digest()))
                .map_err(failed)?;
        }
        transaction.commit().map_err(failed)
    }

    fn after_commit(&mut self, durability: Durability) -> Result<(), JournalError> {
        let result = match durability {
            Durability::Process => self.flusher.check(),
            Durability::Soon => self.flusher.request().and_then(|()| self.flusher.check()),
            Durability::Machine => {
                self.flusher.satisfied();
                Ok(())
            }
        };
        result.map_err(|error| JournalError::from_io(&self.path, error))
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
        let rows = records
            .iter()
            .map(Row::new)
            .collect::<Result<Vec<_>, _>>()?;
        self.set_synchronous(match durability {
            Durability::Machine => Synchronous::Full,
            Durability::Process | Durability::Soon => Synchronous::Normal,
        })?;
        self.insert(expected_seq, &rows)?;
        self.after_commit(durability)
    }

    fn flush(&mut self) -> Result<(), JournalError> {
        self.flusher
            .flush()
            .map_err(|error| JournalError::from_io(&self.path, error))
    }

    fn load(&self) -> Result<Vec<Record>, JournalError> {
        let rows = read_rows(&self.connection, &self.path, 0)?;
        rows.into_iter()
            .map(|row| row.understand(&self.path))
            .collect()
    }

    fn follow(&self, since_seq: u64) -> Result<Vec<StoredRecord>, JournalError> {
        read_stored(&self.connection, &self.path, since_seq)
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

/// A record as the table holds it.
pub(super) struct Row {
    seq: i64,
    time: i64,
    kind: String,
    body: String,
}

impl Row {
    fn new(record: &Record) -> Result<Self, JournalError> {
        let unwritable = |source| JournalError::Unwritable {
            seq: record.seq,
            source,
        };
        let body = serde_json::to_string(&record.fact).map_err(unwritable)?;
        let kind: Kind<'_> = serde_json::from_str(&body).map_err(unwritable)?;
        Ok(Self {
            seq: record.seq.cast_signed(),
            time: record.time.0,
            kind: kind.kind.into_owned(),
            body,
        })
    }

    /// Tells a damaged record from a sound one: the database itself checks only its structure.
    fn digest(&self) -> [u8; 8] {
        let digest = Sha256::new()
            .chain_update(self.seq.to_le_bytes())
            .chain_update(self.time.to_le_bytes())
            .chain_update(&self.body)
            .finalize();
        let mut short = [0; 8];
        short.copy_from_slice(&digest[..8]);
        short
    }

    fn understand(self, path: &Path) -> Result<Record, JournalError> {
        let fact: Fact =
            serde_json::from_str(&self.body).map_err(|source| JournalError::UnknownRecord {
                path: path.to_owned(),
                seq: self.seq.cast_unsigned(),
                kind: self.kind.clone(),
                source,
            })?;
        Ok(Record {
            seq: self.seq.cast_unsigned(),
            time: Timestamp(self.time),
            fact,
        })
    }

    fn show(self) -> StoredRecord {
        let body = match serde_json::from_str::<Fact>(&self.body) {
            Ok(fact) => RecordBody::Known(Box::new(fact)),
            Err(_) => RecordBody::Unknown {
                kind: self.kind,
                fact: serde_json::from_str(&self.body).unwrap_or(Value::Null),
            },
        };
        StoredRecord {
            seq: self.seq.cast_unsigned(),
            time: Timestamp(self.time),
            body,
        }
    }
}

/// The part of a fact that every version has.
#[derive(serde::Deserialize)]
struct Kind<'a> {
    #[serde(borrow)]
    kind: std::borrow::Cow<'a, str>,
}

/// The records after `since_seq`, for showing.
pub(super) fn read_stored(
    connection: &Connection,
    path: &Path,
    since_seq: u64,
) -> Result<Vec<StoredRecord>, JournalError> {
    let rows = read_rows(connection, path, since_seq)?;
    Ok(rows.into_iter().map(Row::show).collect())
}

/// The rows after `since_seq`, each whole and none missing.
fn read_rows(
    connection: &Connection,
    path: &Path,
    since_seq: u64,
) -> Result<Vec<Row>, JournalError> {
    let failed = |error| JournalError::from_database(path, error);
    let mut statement = connection
        .prepare_cached(
            "SELECT seq, time, kind, body, digest FROM records WHERE seq > ?1 ORDER BY seq",
        )
        .map_err(failed)?;
    let mut cursor = statement.query([since_seq.cast_signed()]).map_err(failed)?;
    let mut rows = Vec::new();
    let mut expected = since_seq.cast_signed();
    while let Some(row) = cursor.next().map_err(failed)? {
        expected += 1;
        let (row, digest) = read_row(row).map_err(failed)?;
        if row.seq != expected {
            return Err(damaged(path, format!("record {expected} is missing")));
        }
        if row.digest() != digest[..] {
            return Err(damaged(path, format!("record {expected} was altered")));
        }
        if let Err(error) = serde_json::from_str::<Kind<'_>>(&row.body) {
            let what = format!("record {expected} is not a fact in JSON: {error}");
            return Err(damaged(path, what));
        }
        rows.push(row);
    }
    Ok(rows)
}

fn read_row(row: &rusqlite::Row<'_>) -> rusqlite::Result<(Row, Vec<u8>)> {
    let read = Row {
        seq: row.get(0)?,
        time: row.get(1)?,
        kind: row.get(2)?,
        body: row.get(3)?,
    };
    Ok((read, row.get(4)?))
}

fn damaged(path: &Path, what: String) -> JournalError {
    JournalError::Damaged {
        path: path.to_owned(),
        what,
    }
}

#[cfg(test)]
#[path = "sqlite_tests.rs"]
mod tests;
