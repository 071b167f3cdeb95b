//! The table of records: one row each, chained.

use std::ops::ControlFlow;
use std::path::Path;

use rusqlite::{Connection, OptionalExtension as _};
use rutter_engine::{Fact, Record, Timestamp};
use serde_json::Value;

use super::chain::{Digest, Link};
use super::damage::Damage;
use super::{Chained, JournalError, RecordBody, StoredRecord};

/// A record as the table holds it.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub link: Link,
    pub time: i64,
    pub body: String,
}

/// Why the records end where they end.
#[derive(Debug)]
pub(super) enum RowProblem {
    Missing(u64),
    Altered(u64),
    NoFact { seq: u64, why: String },
    Unreadable(String),
}

impl Row {
    /// The rows of records that follow `link`.
    pub fn chain(mut link: Link, records: &[Record]) -> Result<Vec<Self>, JournalError> {
        let row = |record: &Record| {
            let unwritable = |source| JournalError::Unwritable {
                seq: record.seq,
                source,
            };
            let body = serde_json::to_string(&record.fact).map_err(unwritable)?;
            link = link.next(record.time, &body);
            Ok(Self {
                link,
                time: record.time.0,
                body,
            })
        };
        records.iter().map(row).collect()
    }

    /// The record, which must be of a kind that this program knows.
    pub fn understand(self, path: &Path) -> Result<Record, JournalError> {
        let fact: Fact =
            serde_json::from_str(&self.body).map_err(|source| JournalError::UnknownRecord {
                path: path.to_owned(),
                seq: self.link.seq,
                kind: self.kind(),
                source,
            })?;
        Ok(Record {
            seq: self.link.seq,
            time: Timestamp(self.time),
            fact,
        })
    }

    fn show(self) -> StoredRecord {
        let body = match serde_json::from_str::<Fact>(&self.body) {
            Ok(fact) => RecordBody::Known(Box::new(fact)),
            Err(_) => RecordBody::Unknown {
                kind: self.kind(),
                fact: serde_json::from_str(&self.body).unwrap_or(Value::Null),
            },
        };
        StoredRecord {
            seq: self.link.seq,
            time: Timestamp(self.time),
            body,
        }
    }

    fn kind(&self) -> String {
        let kind = serde_json::from_str::<Kind<'_>>(&self.body);
        kind.map_or(String::new(), |kind| kind.kind.into_owned())
    }

    /// The row that follows `link`, if it is one.
    fn read(row: &rusqlite::Row<'_>, link: Link) -> Result<Self, RowProblem> {
        let unreadable = |error: rusqlite::Error| RowProblem::Unreadable(error.to_string());
        let seq = row.get::<_, i64>(0).map_err(unreadable)?.cast_unsigned();
        if seq != link.seq + 1 {
            return Err(RowProblem::Missing(link.seq + 1));
        }
        let altered = |_| RowProblem::Altered(seq);
        let time: i64 = row.get(1).map_err(altered)?;
        let body: String = row.get(2).map_err(altered)?;
        let digest: Digest = row.get(3).map_err(altered)?;
        let link = link.next(Timestamp(time), &body);
        if link.digest != digest {
            return Err(RowProblem::Altered(seq));
        }
        if let Err(error) = serde_json::from_str::<Kind<'_>>(&body) {
            let why = error.to_string();
            return Err(RowProblem::NoFact { seq, why });
        }
        Ok(Self { link, time, body })
    }
}

/// The part of a fact that every version has.
#[derive(serde::Deserialize)]
struct Kind<'a> {
    #[serde(borrow)]
    kind: std::borrow::Cow<'a, str>,
}

/// Hands out the sound rows from the first on, one after the other, and says what is wrong with the one that follows
/// them.
pub(super) fn walk_prefix(
    connection: &Connection,
    mut each: impl FnMut(Row),
) -> Result<(), RowProblem> {
    walk(connection, Link::default(), |row| {
        each(row);
        ControlFlow::Continue(())
    })
}

/// A journal may have a million records: they are never held together here.
fn walk(
    connection: &Connection,
    since: Link,
    mut each: impl FnMut(Row) -> ControlFlow<()>,
) -> Result<(), RowProblem> {
    let unreadable = |error: rusqlite::Error| RowProblem::Unreadable(error.to_string());
    let mut statement = connection
        .prepare_cached("SELECT seq, time, body, digest FROM records WHERE seq > ?1 ORDER BY seq")
        .map_err(unreadable)?;
    let mut cursor = statement
        .query([since.seq.cast_signed()])
        .map_err(unreadable)?;
    let mut link = since;
    while let Some(row) = cursor.next().map_err(unreadable)? {
        let row = Row::read(row, link)?;
        link = row.link;
        if each(row).is_break() {
            break;
        }
    }
    Ok(())
}

/// Hands out the rows after `since_seq`, each whole and none missing, until one is refused.
fn walk_after(
    connection: &Connection,
    path: &Path,
    since_seq: u64,
    each: impl FnMut(Row) -> ControlFlow<()>,
) -> Result<(), JournalError> {
    let failed = |error| JournalError::from_database(path, error);
    let since = link_at(connection, since_seq).map_err(failed)?;
    walk(connection, since, each)
        .map_err(|problem| JournalError::damaged(path, Damage::from(problem)))
}

/// Hands out all records, which must be of kinds that this program knows, until one is refused.
pub(super) fn replay(
    connection: &Connection,
    path: &Path,
    each: &mut dyn FnMut(Record) -> ControlFlow<()>,
) -> Result<(), JournalError> {
    let mut foreign = None;
    walk_after(connection, path, 0, |row| match row.understand(path) {
        Ok(record) => each(record),
        Err(error) => {
            foreign = Some(error);
            ControlFlow::Break(())
        }
    })?;
    foreign.map_or(Ok(()), Err)
}

/// Hands out the records after `since_seq`, for showing, until one is refused.
pub(super) fn walk_stored(
    connection: &Connection,
    path: &Path,
    since_seq: u64,
    each: &mut dyn FnMut(StoredRecord) -> ControlFlow<()>,
) -> Result<(), JournalError> {
    walk_after(connection, path, since_seq, |row| each(row.show()))
}

/// Hands out all records as they are stored, until one is refused.
pub(super) fn walk_chain(
    connection: &Connection,
    path: &Path,
    each: &mut dyn FnMut(Chained) -> ControlFlow<()>,
) -> Result<(), JournalError> {
    walk_after(connection, path, 0, |row| {
        each(Chained {
            link: row.link,
            time: Timestamp(row.time),
            body: row.body,
        })
    })
}

/// The newest record.
pub(super) fn newest_link(connection: &Connection) -> rusqlite::Result<Link> {
    one_link(
        connection,
        "SELECT seq, digest FROM records ORDER BY seq DESC LIMIT 1",
        (),
    )
}

/// A record's link; the beginning where there is no such record.
pub(super) fn link_at(connection: &Connection, seq: u64) -> rusqlite::Result<Link> {
    let sql = "SELECT seq, digest FROM records WHERE seq = ?1";
    one_link(connection, sql, [seq.cast_signed()])
}

fn one_link(
    connection: &Connection,
    sql: &str,
    parameters: impl rusqlite::Params,
) -> rusqlite::Result<Link> {
    let mut statement = connection.prepare_cached(sql)?;
    let link = statement.query_row(parameters, |row| {
        Ok(Link {
            seq: row.get::<_, i64>(0)?.cast_unsigned(),
            digest: row.get(1)?,
        })
    });
    Ok(link.optional()?.unwrap_or_default())
}
