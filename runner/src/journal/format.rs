//! The file: its tables, its version, and how it is opened without harming what is not ours.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, OptionalExtension};
use rutter_engine::FORMAT;

use super::JournalError;
use super::damage::Damage;

/// The oldest format that is still read.
pub const OLDEST_FORMAT: u32 = 2;

/// Marks a SQLite file as a journal of ours: "rutt".
const APPLICATION_ID: i32 = 0x7275_7474;

/// How long a writer waits for another one. Messages and appends take well under a millisecond.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

const SCHEMA: &str = "
    CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE records (
        seq  INTEGER PRIMARY KEY,
        time INTEGER NOT NULL,
        body TEXT NOT NULL,
        digest BLOB NOT NULL
    ) STRICT;
";

/// Refuses to create a journal where there is one.
pub(super) fn refuse_another(path: &Path) -> Result<(), JournalError> {
    if path.exists() {
        return Err(JournalError::Io {
            path: path.to_owned(),
            source: std::io::ErrorKind::AlreadyExists.into(),
        });
    }
    Ok(())
}

/// Creates an empty journal where there is no file.
pub(super) fn create(path: &Path) -> Result<Connection, JournalError> {
    let failed = |error| JournalError::from_database(path, error);
    // A process that dies while the tables are made must not leave half a journal behind: the file
    // gets its name when it is whole. That it keeps a write-ahead log belongs to that: the change to
    // it is itself rolled back by a second file, which a reader may not do.
    let unfinished = path.with_extension("unfinished");
    let io = |source| JournalError::from_io(path, source);
    for ending in ["", "-journal", "-wal", "-shm"] {
        let mut file = unfinished.as_os_str().to_owned();
        file.push(ending);
        remove(Path::new(&file)).map_err(io)?;
    }
    let mut connection = Connection::open(&unfinished).map_err(failed)?;
    connection
        .pragma_update(None, "application_id", APPLICATION_ID)
        .map_err(failed)?;
    let transaction = connection.transaction().map_err(failed)?;
    transaction.execute_batch(SCHEMA).map_err(failed)?;
    transaction
        .execute(
            "INSERT INTO meta (key, value) VALUES ('format', ?1)",
            [FORMAT.to_string()],
        )
        .map_err(failed)?;
    transaction.commit().map_err(failed)?;
    prepare(&connection).map_err(failed)?;
    connection.close().map_err(|(_, error)| failed(error))?;
    std::fs::rename(&unfinished, path).map_err(io)?;
    let connection = Connection::open(path).map_err(failed)?;
    prepare(&connection).map_err(failed)?;
    Ok(connection)
}

fn remove(path: &Path) -> std::io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Opens a journal for writing, once it is known to be one that this program may write.
pub(super) fn open_to_write(path: &Path) -> Result<Connection, JournalError> {
    // Even closing a writable connection writes (it folds the log into the file), so the version is
    // read through one that cannot.
    check(path, read_format(&open_to_read(path)?, path)?)?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let failed = |error| JournalError::from_database(path, error);
    let connection = Connection::open_with_flags(path, flags).map_err(failed)?;
    prepare(&connection).map_err(failed)?;
    Ok(connection)
}

/// Opens a journal for looking. Newer formats are fine: what is not known is shown as it is.
pub(super) fn open_to_read(path: &Path) -> Result<Connection, JournalError> {
    if !path.exists() {
        return Err(JournalError::Missing {
            path: path.to_owned(),
        });
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let failed = |error| JournalError::from_database(path, error);
    let connection = Connection::open_with_flags(path, flags).map_err(failed)?;
    connection.busy_timeout(BUSY_TIMEOUT).map_err(failed)?;
    let found = read_format(&connection, path)?;
    if found < OLDEST_FORMAT {
        return Err(too_old(path, found));
    }
    Ok(connection)
}

fn prepare(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.pragma_update(None, "journal_mode", "wal")?;
    connection.pragma_update(None, "synchronous", "normal")?;
    // Where a sync does not reach the disk by itself (macOS); elsewhere it says nothing.
    connection.pragma_update(None, "fullfsync", true)?;
    connection.pragma_update(None, "checkpoint_fullfsync", true)?;
    Ok(())
}

pub(super) fn read_format(connection: &Connection, path: &Path) -> Result<u32, JournalError> {
    let failed = |error| JournalError::from_database(path, error);
    let damaged = |what| JournalError::damaged(path, what);
    let application: i32 = connection
        .query_row("PRAGMA application_id", [], |row| row.get(0))
        .map_err(failed)?;
    if application != APPLICATION_ID {
        return Err(damaged(Damage::NoJournal));
    }
    let text: Option<String> = connection
        .query_row("SELECT value FROM meta WHERE key = 'format'", [], |row| {
            row.get(0)
        })
        .optional()
        .map_err(|error| match error {
            // The generic code: there is no such table.
            rusqlite::Error::SqliteFailure(inner, _) if inner.extended_code == 1 => {
                damaged(Damage::NoJournal)
            }
            error => failed(error),
        })?;
    text.and_then(|text| text.parse().ok())
        .ok_or_else(|| damaged(Damage::Structure("it does not state its format".to_owned())))
}

/// Refuses a version that this program must not write.
pub(super) fn check(path: &Path, found: u32) -> Result<(), JournalError> {
    if found > FORMAT {
        return Err(JournalError::TooNew {
            path: path.to_owned(),
            found,
            newest: FORMAT,
        });
    }
    if found < OLDEST_FORMAT {
        return Err(too_old(path, found));
    }
    Ok(())
}

pub(super) fn too_old(path: &Path, found: u32) -> JournalError {
    JournalError::TooOld {
        path: path.to_owned(),
        found,
        oldest: OLDEST_FORMAT,
    }
}
