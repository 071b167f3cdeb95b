//! Looks at the files of a journal before anything may write to them. Opening a database recovers its log, and closing
//! it folds the log into it: both would make damage permanent. So the bytes are read, the log is applied to a copy in
//! memory, and the chain and the head are checked there.
//!
//! Whoever calls this holds no connection to the same file: the operating system drops a process's locks on a file
//! with the first of its handles that is closed.

use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::chain::Link;
use super::damage::{Damage, Known};
use super::head::{self, Found, HEAD_FILE, Head};
use super::rows::{Row, RowProblem, walk_prefix};
use super::wal::{End, Wal, big_endian};
use super::{JournalError, format};
use rusqlite::{Connection, MAIN_DB};

/// The bytes of a database's header up to the payload fractions: a page of 4096 bytes, a write-ahead log, no bytes
/// reserved. What follows are counters, which SQLite's own check looks at.
const DATABASE_BEGINS: &[u8; 24] = b"SQLite format 3\0\x10\x00\x02\x02\x00\x40\x20\x20";
const PAGE_BYTES: usize = 4096;
/// The two bytes of the header that say how the file is written, and what they are without a log.
const WRITTEN_WITH: std::ops::Range<usize> = 18..20;

/// How often files that change under the reader's eyes are read again.
const TRIES: u32 = 5;

/// A folder that holds a journal that was recovered and is not in place yet.
pub(super) const RECOVERING: &str = "recovering";

/// A sound journal: its content in memory.
pub(super) struct Sound {
    /// The content, to read only.
    pub content: Connection,
    /// The newest record.
    pub link: Link,
    /// What the head says.
    pub head: Head,
    /// The version of its form.
    pub format: u32,
}

/// Checks a journal that nobody writes to at this moment. No byte is written.
pub(super) fn inspect(path: &Path) -> Result<Sound, JournalError> {
    for _ in 1..TRIES {
        let before = stamps(path);
        let result = look(path);
        if result.is_ok() || stamps(path) == before {
            return result;
        }
    }
    look(path)
}

/// The names of a journal's files, each with the path of the database as its stem.
pub(super) fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut file = path.as_os_str().to_owned();
    file.push(ending);
    file.into()
}

pub(super) fn log_of(path: &Path) -> PathBuf {
    beside(path, "-wal")
}

pub(super) fn head_of(path: &Path) -> PathBuf {
    path.with_file_name(HEAD_FILE)
}

fn stamps(path: &Path) -> [Option<(u64, SystemTime)>; 3] {
    [path.to_owned(), log_of(path), head_of(path)].map(|file| {
        let data = std::fs::metadata(file).ok()?;
        Some((data.len(), data.modified().ok()?))
    })
}

fn look(path: &Path) -> Result<Sound, JournalError> {
    let mut found = Files::read(path)?;
    for (file, what) in [
        (path.with_file_name(RECOVERING), Damage::HalfRecovered),
        (beside(path, "-journal"), Damage::ForeignLog),
    ] {
        if file.exists() {
            return Err(JournalError::Damaged {
                path: file,
                what,
                known: Some(found.known()),
            });
        }
    }
    let Some(database) = found.database.take() else {
        return Err(found.without_database(path));
    };
    found
        .judge(path, database)
        .or_else(|problem| match problem {
            Problem::Error(error) => Err(error),
            Problem::Damage(file, what) => Err(JournalError::Damaged {
                path: file,
                what,
                known: Some(Files::read(path)?.known()),
            }),
        })
}

/// Why a journal is not sound.
enum Problem {
    Error(JournalError),
    Damage(PathBuf, Damage),
}

impl From<JournalError> for Problem {
    fn from(error: JournalError) -> Self {
        Self::Error(error)
    }
}

/// The files as they lie there.
struct Files {
    database: Option<Vec<u8>>,
    log: Option<Vec<u8>>,
    head: Found,
}

impl Files {
    fn read(path: &Path) -> Result<Self, JournalError> {
        Ok(Self {
            head: head::read(&head_of(path))?,
            database: read_if_there(path)?,
            log: read_if_there(&log_of(path))?,
        })
    }

    fn reached(&self) -> Option<Link> {
        match &self.head {
            Found::Head(head) => Some(head.reached()),
            Found::Missing | Found::Damaged => None,
        }
    }

    /// A run makes its head first, then its database, and then its first record.
    fn without_database(&self, path: &Path) -> JournalError {
        let begun = self.reached().is_some_and(|reached| reached.seq > 0);
        if begun || self.log.is_some() || self.head == Found::Damaged {
            return JournalError::Damaged {
                path: path.to_owned(),
                what: Damage::DatabaseMissing,
                known: Some(self.known()),
            };
        }
        JournalError::Missing {
            path: path.to_owned(),
        }
    }

    /// The database is handed over: it may be large, and is not held twice for longer than SQLite takes to copy it.
    fn judge(&self, path: &Path, database: Vec<u8>) -> Result<Sound, Problem> {
        let damaged = |what| Err(Problem::Damage(path.to_owned(), what));
        if !database.starts_with(DATABASE_BEGINS) {
            return damaged(Damage::NoDatabase);
        }
        let log = Wal::read(self.log.as_deref().unwrap_or_default(), PAGE_BYTES);
        // What is wrong shows in the content; what the log's end tells is where that comes from.
        let cause = match log.end {
            End::Older { .. } => None,
            end => Damage::of_end(end),
        };
        let blame = |what: Damage| match &cause {
            Some(cause) => Problem::Damage(log_of(path), cause.clone()),
            None => Problem::Damage(path.to_owned(), what),
        };
        let image = image(database, &log).map_err(blame)?;
        let content = in_memory(&image)
            .map_err(|error| structure(&error))
            .map_err(blame)?;
        drop(image);
        let format = match format::read_format(&content, path) {
            Err(JournalError::Damaged { what, .. }) => return Err(blame(what)),
            format => format?,
        };
        if format < format::OLDEST_FORMAT {
            return Err(format::too_old(path, format).into());
        }
        let (mut link, mut foreign) = (Link::default(), None);
        let walked = walk_prefix(&content, |row| {
            link = row.link;
            foreign = foreign.or(self.is_foreign(link).then_some(link.seq));
        });
        walked.map_err(|problem| blame(problem.into()))?;
        check_structure(&content).map_err(blame)?;
        let head = self.compare(path, link, foreign, log.end)?;
        Ok(Sound {
            content,
            link,
            head,
            format,
        })
    }

    /// Whether the head knows another record of this number.
    fn is_foreign(&self, link: Link) -> bool {
        let Found::Head(head) = &self.head else {
            return false;
        };
        let known = [head.flushed, head.reached()];
        known
            .iter()
            .any(|known| known.seq == link.seq && *known != link)
    }

    /// A journal may be longer than its head, never shorter. `foreign` is a record that the head knows otherwise.
    fn compare(
        &self,
        path: &Path,
        link: Link,
        foreign: Option<u64>,
        end: End,
    ) -> Result<Head, Problem> {
        let damaged = |what| Err(Problem::Damage(head_of(path), what));
        let head = match self.head {
            Found::Head(head) => head,
            Found::Missing => return damaged(Damage::HeadMissing),
            Found::Damaged => return damaged(Damage::HeadAltered),
        };
        let reached = head.reached();
        if reached.seq > link.seq {
            let (from, to) = (link.seq + 1, reached.seq);
            let (file, what) = match (&self.log, Damage::of_end(end)) {
                (None, _) => (log_of(path), Damage::LogMissing { from, to }),
                (Some(_), Some(cause)) => (log_of(path), cause),
                (Some(_), None) => (path.to_owned(), Damage::RecordsTaken { from, to }),
            };
            return Err(Problem::Damage(file, what));
        }
        if let Some(seq) = foreign {
            return damaged(Damage::HeadOfOthers(seq));
        }
        Ok(head)
    }

    fn known(&self) -> Known {
        Known {
            sound: self.salvage().last().map_or(0, |row| row.link.seq),
            reached: self.reached().map(|link| link.seq),
        }
    }

    /// The longest chain of sound records. The chain tells which are true, so that neither the log's checksums nor the
    /// database's structure need to be believed: of all ways to put the pages together the one that tells most is taken.
    fn salvage(&self) -> Vec<Row> {
        let database = self.database.as_deref().unwrap_or_default();
        let log = self.log.as_deref().unwrap_or_default();
        let ways = [
            Wal::read(log, PAGE_BYTES),
            Wal::salvage(log, PAGE_BYTES),
            Wal::default(),
        ];
        let rows = ways.iter().filter_map(|log| {
            let content = in_memory(&patched(database.to_vec(), log)).ok()?;
            let mut rows = Vec::new();
            // What is wrong with the first one that is not sound does not matter here.
            let _ = walk_prefix(&content, |row| rows.push(row));
            Some(rows)
        });
        rows.max_by_key(Vec::len).unwrap_or_default()
    }
}

/// The longest chain of sound records that can be read from damaged files, from the first record on.
pub(super) fn salvage(path: &Path) -> Result<(Vec<Row>, Known), JournalError> {
    let files = Files::read(path)?;
    let rows = files.salvage();
    let known = Known {
        sound: rows.last().map_or(0, |row| row.link.seq),
        reached: files.reached().map(|link| link.seq),
    };
    Ok((rows, known))
}

/// The database with its log applied, every page of it known.
fn image(database: Vec<u8>, log: &Wal<'_>) -> Result<Vec<u8>, Damage> {
    let stated = big_endian(database.get(28..32).unwrap_or(&[0; 4]), 0);
    let pages = u64::from(log.size.unwrap_or(stated));
    let whole = (database.len() / PAGE_BYTES) as u64;
    let lacking = (whole + 1..=pages)
        .take(log.pages.len() + 1)
        .find(|page| !u32::try_from(*page).is_ok_and(|page| log.pages.contains_key(&page)));
    if let Some(page) = lacking {
        let byte = (page - 1) * PAGE_BYTES as u64;
        return Err(Damage::DatabaseCut { page, byte });
    }
    let mut image = patched(database, log);
    if log.size.is_some() {
        let pages = usize::try_from(pages).unwrap_or(usize::MAX);
        image.truncate(pages.saturating_mul(PAGE_BYTES));
    }
    Ok(image)
}

/// The database with its log applied, and what is not known left empty.
fn patched(database: Vec<u8>, log: &Wal<'_>) -> Vec<u8> {
    let mut image = database;
    // A number that no log of this length can reach is no page's.
    let most = (image.len() / PAGE_BYTES + log.pages.len() + 1) * 2;
    for (number, page) in &log.pages {
        let number = *number as usize;
        if number > most {
            continue;
        }
        let end = number * PAGE_BYTES;
        if image.len() < end {
            image.resize(end, 0);
        }
        image[end - PAGE_BYTES..end].copy_from_slice(page);
    }
    let whole = image.len().next_multiple_of(PAGE_BYTES);
    image.resize(whole, 0);
    if let Some(written_with) = image.get_mut(WRITTEN_WITH) {
        // In memory there is no log.
        written_with.fill(1);
    }
    image
}

fn in_memory(image: &[u8]) -> rusqlite::Result<Connection> {
    let mut content = Connection::open_in_memory()?;
    content.deserialize_read_exact(MAIN_DB, image, image.len(), true)?;
    Ok(content)
}

fn check_structure(content: &Connection) -> Result<(), Damage> {
    let said: String = content
        .query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))
        .map_err(|error| structure(&error))?;
    match said.as_str() {
        "ok" => Ok(()),
        _ => Err(Damage::Structure(said)),
    }
}

fn structure(error: &rusqlite::Error) -> Damage {
    Damage::Structure(error.to_string())
}

impl From<RowProblem> for Damage {
    fn from(problem: RowProblem) -> Self {
        match problem {
            RowProblem::Missing(seq) => Self::RecordMissing(seq),
            RowProblem::Altered(seq) => Self::RecordAltered(seq),
            RowProblem::NoFact { seq, why } => Self::NoFact { seq, why },
            RowProblem::Unreadable(why) => Self::Structure(why),
        }
    }
}

fn read_if_there(path: &Path) -> Result<Option<Vec<u8>>, JournalError> {
    match std::fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(JournalError::from_reading(path, error)),
    }
}

#[cfg(test)]
#[path = "inspect_tests.rs"]
mod tests;
