//! What can go wrong with a journal and the folder around it. The messages are fragments fit to
//! follow "failed because"; what to do about it is [`Remedy`].

use std::io;
use std::path::PathBuf;

use super::damage::{Damage, Known};
use crate::user::owner_of;

/// What the operator can do about an error.
pub trait Remedy {
    /// A sentence for the operator, if there is something to do.
    fn remedy(&self) -> Option<String>;
}

/// Why a journal could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// Another driver appended.
    #[error("another driver has taken this run over: the last record is {found}, not {expected}")]
    Fenced {
        /// The last record this driver knows.
        expected: u64,
        /// The last record there is.
        found: u64,
    },
    /// The caller's records are not numbered one by one.
    #[error("record {found} was handed in where {expected} was due")]
    Misnumbered {
        /// The number that was due.
        expected: u64,
        /// The number that came.
        found: u64,
    },
    /// Written by an older program than this one can read.
    #[error("{} has journal format {found}, older than {oldest}, the oldest this program reads", path.display())]
    TooOld {
        /// The file of the journal, or one beside it.
        path: PathBuf,
        /// The format that the file states.
        found: u32,
        /// The oldest that is read.
        oldest: u32,
    },
    /// Written by a newer program; never written to by this one.
    #[error("{} has journal format {found}, newer than {newest}, the newest this program knows", path.display())]
    TooNew {
        /// The file of the journal, or one beside it.
        path: PathBuf,
        /// The format that the file states.
        found: u32,
        /// The newest that is known.
        newest: u32,
    },
    /// A record of a kind that this program does not know, where it must know all.
    #[error("record {seq} of {} is of the kind `{kind}`, which this program cannot act upon: {source}", path.display())]
    UnknownRecord {
        /// The file of the journal, or one beside it.
        path: PathBuf,
        /// The record's number.
        seq: u64,
        /// The kind that the record states.
        kind: String,
        /// Why it could not be read.
        source: serde_json::Error,
    },
    /// The file is not what it should be.
    #[error("{} is damaged: {what}", path.display())]
    Damaged {
        /// The file of the journal, or one beside it.
        path: PathBuf,
        /// What is wrong with it.
        what: Damage,
        /// What is still known, where that was looked for.
        known: Option<Known>,
    },
    /// The disk is full.
    #[error("there is no space left for {}", path.display())]
    NoSpace {
        /// The file of the journal, or one beside it.
        path: PathBuf,
    },
    /// The file or its folder may not be written.
    #[error("{} may not be written", path.display())]
    ReadOnly {
        /// The file of the journal, or one beside it.
        path: PathBuf,
    },
    /// The file or its folder may not be read.
    #[error("{} may not be read{}", path.display(), owned(*owner))]
    Unreadable {
        /// The file of the journal, or one beside it.
        path: PathBuf,
        /// Whose it is.
        owner: Option<u32>,
    },
    /// The folder belongs to another user.
    #[error("{} belongs to user {owner}, and not to you", path.display())]
    NotYours {
        /// The folder of the run, or one above it.
        path: PathBuf,
        /// Whose it is.
        owner: u32,
    },
    /// The folder lies on another machine's disk.
    #[error("{} is on a network disk ({kind}), where locks and flushes are not reliable enough for a journal", path.display())]
    Elsewhere {
        /// The folder of the run, or one above it.
        path: PathBuf,
        /// The kind of file system.
        kind: String,
    },
    /// Another process held the file for too long.
    #[error("{} is held by another process", path.display())]
    Busy {
        /// The file of the journal, or one beside it.
        path: PathBuf,
    },
    /// There is no journal.
    #[error(
        "there is no {}: the run ended before it began, or somebody took the file away",
        path.display()
    )]
    Missing {
        /// The file of the journal, or one beside it.
        path: PathBuf,
    },
    /// The operating system refused.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file of the journal, or one beside it.
        path: PathBuf,
        /// What it said.
        source: io::Error,
    },
    /// The database refused.
    #[error("{}: {source}", path.display())]
    Database {
        /// The file of the journal, or one beside it.
        path: PathBuf,
        /// What it said.
        source: rusqlite::Error,
    },
    /// There is no such folder, and none can be made.
    #[error("{} cannot be used as a folder: {source}", path.display())]
    NoFolder {
        /// The folder.
        path: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },
    /// A record could not be turned into JSON.
    #[error("record {seq} cannot be written: {source}")]
    Unwritable {
        /// The record's number.
        seq: u64,
        /// What the serializer says.
        source: serde_json::Error,
    },
}

impl JournalError {
    /// A damaged file.
    pub(crate) fn damaged(path: &std::path::Path, what: Damage) -> Self {
        Self::Damaged {
            path: path.to_owned(),
            what,
            known: None,
        }
    }

    /// What the world may hold, where more is to be said than that nothing was done.
    pub fn state(&self) -> Option<String> {
        let Self::Damaged { known, .. } = self else {
            return None;
        };
        let told = match known {
            None => String::new(),
            Some(Known {
                sound,
                reached: None,
            }) => format!(
                "; the first {sound} records are sound, and nobody knows how many there were"
            ),
            Some(Known {
                sound,
                reached: Some(reached),
            }) if sound >= reached => format!("; all {sound} records that are known of are sound"),
            Some(Known {
                sound,
                reached: Some(reached),
            }) => format!("; of at least {reached} records the first {sound} are sound"),
        };
        Some(format!(
            "nothing was done now, and no file was touched; what the run changed before is still in place{told}"
        ))
    }

    /// Whether it may pass by itself, or once somebody made room: nothing was lost, and the same can be tried again.
    /// What the disk did not take in a flush is not of that kind: nobody knows what became of it.
    pub fn passes(&self) -> bool {
        matches!(self, Self::NoSpace { .. } | Self::Busy { .. })
    }

    /// Whether the disk still holds what it held before.
    pub(super) fn is_harmless(&self) -> bool {
        matches!(
            self,
            Self::NoSpace { .. } | Self::Busy { .. } | Self::Fenced { .. } | Self::ReadOnly { .. }
        )
    }

    /// Names the cause of a database error.
    pub(super) fn from_database(path: &std::path::Path, source: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode as Code;
        let path = path.to_owned();
        match source.sqlite_error_code() {
            Some(Code::DiskFull) => Self::NoSpace { path },
            Some(Code::ReadOnly | Code::PermissionDenied) => Self::ReadOnly { path },
            Some(Code::DatabaseBusy | Code::DatabaseLocked) => Self::Busy { path },
            Some(Code::CannotOpen) if !path.exists() => Self::Missing { path },
            Some(Code::CannotOpen) => Self::ReadOnly { path },
            Some(Code::NotADatabase) => Self::damaged(&path, Damage::NoDatabase),
            Some(Code::DatabaseCorrupt) => {
                Self::damaged(&path, Damage::Structure(source.to_string()))
            }
            _ => Self::Database { path, source },
        }
    }

    /// Names the cause of an error in reading.
    pub(super) fn from_reading(path: &std::path::Path, source: io::Error) -> Self {
        if source.kind() == io::ErrorKind::PermissionDenied {
            return Self::Unreadable {
                path: path.to_owned(),
                owner: owner_of(path).or_else(|| owner_of(path.parent()?)),
            };
        }
        Self::from_io(path, source)
    }

    /// Names the cause of an operating system's error.
    pub(super) fn from_io(path: &std::path::Path, source: io::Error) -> Self {
        let path = path.to_owned();
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::NoSpace { path },
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                Self::ReadOnly { path }
            }
            io::ErrorKind::NotADirectory => Self::NoFolder { path, source },
            io::ErrorKind::NotFound => Self::Missing { path },
            _ => Self::Io { path, source },
        }
    }
}

impl Remedy for JournalError {
    fn remedy(&self) -> Option<String> {
        Some(match self {
            Self::Fenced { .. } => "follow the run with `rutter show --follow`".to_owned(),
            Self::TooOld { .. } => {
                "finish or undo the run with the version of rutter that began it".to_owned()
            }
            Self::TooNew { .. } | Self::UnknownRecord { .. } => {
                "upgrade rutter, then try again; nothing was written".to_owned()
            }
            Self::Damaged { path, what, known } => remedy_of_damage(path, what, known.as_ref()),
            Self::NoSpace { path } => format!(
                "free space on the disk of {}, or choose another place with `--state DIR`, then resume",
                folder_of(path)
            ),
            Self::ReadOnly { path } => format!(
                "allow yourself to write in {}, or choose another place with `--state DIR`",
                folder_of(path)
            ),
            Self::NoFolder { .. } => {
                "choose another place with `--state DIR`, or mend `HOME` or `XDG_STATE_HOME`, which lead there".to_owned()
            }
            Self::Unreadable { .. } | Self::NotYours { .. } => {
                "let its owner do it, or choose another place with `--state DIR`; only who began a run drives it".to_owned()
            }
            Self::Elsewhere { .. } => {
                "choose a folder on a disk of this machine with `--state DIR`; a run that was begun elsewhere is copied \
                 there as a whole folder".to_owned()
            }
            Self::Busy { .. } => "wait until the other process is done, then try again".to_owned(),
            Self::Misnumbered { .. }
            | Self::Missing { .. }
            | Self::Io { .. }
            | Self::Database { .. }
            | Self::Unwritable { .. } => return None,
        })
    }
}

fn owned(owner: Option<u32>) -> String {
    owner.map_or(String::new(), |owner| {
        format!(": it belongs to user {owner}")
    })
}

/// The run's folder is named after the run.
fn remedy_of_damage(path: &std::path::Path, what: &Damage, known: Option<&Known>) -> String {
    let folder = folder_of(path);
    let run = path.parent().and_then(|folder| folder.file_name());
    let run = run.unwrap_or_default().to_string_lossy();
    match (what, known) {
        (Damage::HalfRecovered, _) => format!("`rutter recover {run}` finishes it"),
        (_, Some(Known { sound: 0, .. })) => format!(
            "put the whole folder {folder} back from one backup; without one compare the accounts with the runbook and \
             clear up by hand, since no record can be read"
        ),
        _ => format!(
            "put the whole folder {folder} back from one backup (not single files of it); without one `rutter recover \
             {run}` begins a journal from the sound records, from which the run can be shown and taken back"
        ),
    }
}

fn folder_of(path: &std::path::Path) -> String {
    path.parent().unwrap_or(path).display().to_string()
}

/// Why a run could not be found, made or taken.
#[derive(Debug, thiserror::Error)]
pub enum RunsError {
    /// No run has this id.
    #[error("no run's id begins with `{prefix}`")]
    NotFound {
        /// What was asked for.
        prefix: String,
        /// Where it was looked for.
        folder: PathBuf,
    },
    /// Several runs have.
    #[error("several runs' ids begin with `{prefix}`: {}", ids.join(", "))]
    Ambiguous {
        /// What was asked for.
        prefix: String,
        /// The ids of the runs, all of which begin with the prefix.
        ids: Vec<String>,
    },
    /// Another process drives the run.
    #[error("run {id} is being driven by {driver}")]
    Driven {
        /// The id of the run.
        id: String,
        /// The other process, for people.
        driver: String,
    },
    /// A plugin's bytes are gone or altered.
    #[error("the component {} is not what the run began with: {what}", path.display())]
    Component {
        /// The component's file in the folder of the run.
        path: PathBuf,
        /// What is wrong.
        what: String,
    },
    /// The journal in the folder refused something.
    #[error(transparent)]
    Journal(#[from] JournalError),
}

impl Remedy for RunsError {
    fn remedy(&self) -> Option<String> {
        match self {
            Self::NotFound { folder, .. } => Some(format!(
                "`rutter list` shows the runs under {}; another place is given with `--state DIR`",
                folder.display()
            )),
            Self::Ambiguous { .. } => Some("write more of the id".to_owned()),
            Self::Driven { id, .. } => {
                Some(format!("`rutter show --follow {id}` shows what it does"))
            }
            Self::Component { .. } => Some(
                "restore the file from a backup; the run goes on only with the bytes it began with"
                    .to_owned(),
            ),
            Self::Journal(error) => error.remedy(),
        }
    }
}
