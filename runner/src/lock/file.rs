//! The lock on the disk: read as people may have edited it, written whole.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;
use serde::{Deserialize, Serialize};
use toml::Spanned;

use super::entry::{Entry, key};

/// The lock's name, in the folder of the runbooks.
pub const NAME: &str = "rutter.lock";

/// The version of its form.
const SCHEMA: u32 = 1;

/// How long a turn is waited for; writing takes much less.
const TURN: Duration = Duration::from_secs(3);

const HEAD: &str = "\
# What the plugins of these runbooks may do, as a person accepted it. `rutter lock RUNBOOK` writes it; `rutter run`
# refuses what differs.

";

/// What was accepted of the runbooks of a folder.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lock {
    path: PathBuf,
    entries: BTreeMap<String, Entry>,
}

/// Why a lock cannot be read or written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LockError {
    /// The file cannot be read.
    #[error("`{}` cannot be read: {reason}", path.display())]
    Unreadable {
        /// The path of `rutter.lock`.
        path: PathBuf,
        /// What the system says.
        reason: String,
    },
    /// The file says what no lock says.
    #[error("`{}` is no lock: {reason}", path.display())]
    Wrong {
        /// The path of `rutter.lock`.
        path: PathBuf,
        /// What is wrong.
        reason: String,
        /// What it says.
        text: String,
        /// Where it is wrong.
        span: Range<usize>,
    },
    /// The file cannot be written.
    #[error("`{}` cannot be written: {reason}", path.display())]
    Unwritable {
        /// The path of `rutter.lock`.
        path: PathBuf,
        /// What the system says.
        reason: String,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Read {
    schema: Spanned<u32>,
    #[serde(default)]
    runbook: Vec<Spanned<Entry>>,
}

#[derive(Serialize)]
struct Written<'a> {
    schema: u32,
    runbook: Vec<&'a Entry>,
}

impl Lock {
    /// Reads the lock beside a runbook; where there is none, nothing was accepted.
    ///
    /// # Errors
    /// When there is a file that is no lock.
    pub fn beside(runbook: &Path) -> Result<Self, LockError> {
        Self::at(runbook.with_file_name(NAME))
    }

    fn at(path: PathBuf) -> Result<Self, LockError> {
        let text = rutter_files::read_unlinked(&path, rutter_files::TEXT_MAX).map_err(|error| {
            LockError::Unreadable {
                path: path.clone(),
                reason: error.to_string(),
            }
        })?;
        let entries = match text {
            None => BTreeMap::new(),
            Some(text) => entries(&text).map_err(|(reason, span)| LockError::Wrong {
                path: path.clone(),
                reason,
                text,
                span,
            })?,
        };
        Ok(Self { path, entries })
    }

    /// The path of `rutter.lock`.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What was accepted of a runbook.
    pub fn of(&self, runbook: &Path) -> Option<&Entry> {
        self.entries.get(&key(runbook))
    }

    /// Accepts runbooks of the lock's folder as these entries say, and leaves what was accepted of others. Says whether
    /// that altered the file.
    ///
    /// # Errors
    /// When the file cannot be written, or is no lock by now; then it is as it was.
    pub fn accept(&mut self, accepted: impl IntoIterator<Item = Entry>) -> Result<bool, LockError> {
        let folder = match self.path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        let unwritable = |error: io::Error| LockError::Unwritable {
            path: self.path.clone(),
            reason: error.to_string(),
        };
        let turn = File::open(folder).map_err(unwritable)?;
        take_turn(&turn);
        let mut now = Self::at(self.path.clone())?;
        let before = now.entries.clone();
        let accepted = accepted.into_iter();
        let named = accepted.map(|entry| (entry.file.clone(), entry));
        now.entries.extend(named);
        let altered = now.entries != before;
        if altered {
            rutter_files::replace(&now.path, &now.text()).map_err(unwritable)?;
        }
        *self = now;
        Ok(altered)
    }

    fn text(&self) -> String {
        let written = Written {
            schema: SCHEMA,
            runbook: self.entries.values().collect(),
        };
        let text = toml::to_string_pretty(&written).expect("a lock is plain data");
        format!("{HEAD}{text}")
    }
}

/// So that of two who write at the same time both are kept. Whoever holds a turn for long is no `rutter lock`, and a disk
/// without turns has to do without.
fn take_turn(folder: &File) {
    let until = Instant::now() + TURN;
    while flock(folder, FlockOperation::NonBlockingLockExclusive) == Err(Errno::WOULDBLOCK)
        && Instant::now() < until
    {
        std::thread::sleep(Duration::from_millis(10));
    }
}

type Mistake = (String, Range<usize>);

fn entries(text: &str) -> Result<BTreeMap<String, Entry>, Mistake> {
    let read: Read = toml::from_str(text).map_err(|error| {
        let end = text.len();
        (error.message().to_owned(), error.span().unwrap_or(0..end))
    })?;
    if *read.schema.get_ref() != SCHEMA {
        let reason = format!("this program knows `schema = {SCHEMA}`");
        return Err((reason, read.schema.span()));
    }
    let mut entries = BTreeMap::new();
    for entry in read.runbook {
        let (span, mut entry) = (entry.span(), entry.into_inner());
        // In whatever order people left it.
        entry.nested.sort();
        entry.plugin.sort();
        let reason = format!("the runbook `{}` is there twice", entry.file);
        if entries.insert(entry.file.clone(), entry).is_some() {
            return Err((reason, span));
        }
    }
    Ok(entries)
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
