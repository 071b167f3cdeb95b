//! What can be wrong with the files of a journal, each by its name.

use super::wal::End;

/// What is wrong with a file of a journal.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Damage {
    /// There is no database.
    #[error("it is missing, although the run has begun")]
    DatabaseMissing,
    /// The database does not begin as one of SQLite's that keeps a write-ahead log.
    #[error("it is not a journal's database: its first bytes are not what was written")]
    NoDatabase,
    /// A database of something else.
    #[error("it is not a run's journal")]
    NoJournal,
    /// A page of the database.
    #[error("it is cut off: page {page} (byte {byte}) is missing")]
    DatabaseCut {
        /// The page, from 1.
        page: u64,
        /// Where it would begin.
        byte: u64,
    },
    /// The database's own check.
    #[error("its structure is broken: {0}")]
    Structure(String),
    /// The write-ahead log.
    #[error(
        "there is none, and records {from} to {to} are missing: they stood in it, or were taken off the database's end"
    )]
    LogMissing {
        /// The first of them.
        from: u64,
        /// The last that is known of.
        to: u64,
    },
    /// The first bytes of the write-ahead log.
    #[error("its header (byte 0 to 31) was altered, so that nothing in it counts")]
    LogHeader,
    /// A frame of the write-ahead log.
    #[error("its frame {frame} (from byte {byte} on) was altered, and nothing after it counts")]
    LogFrame {
        /// The frame, from 1.
        frame: u64,
        /// Where it begins.
        byte: u64,
    },
    /// The end of the write-ahead log.
    #[error("it is cut off in frame {frame} (from byte {byte} on)")]
    LogCut {
        /// The frame, from 1.
        frame: u64,
        /// Where it begins.
        byte: u64,
    },
    /// Records that the head knows of.
    #[error("records {from} to {to} were taken off its end")]
    RecordsTaken {
        /// The first of them.
        from: u64,
        /// The last that is known of.
        to: u64,
    },
    /// A record whose digest does not fit.
    #[error("record {0} was altered")]
    RecordAltered(u64),
    /// A record between others.
    #[error("record {0} is missing")]
    RecordMissing(u64),
    /// A record that is no fact.
    #[error("record {seq} is not a fact in JSON: {why}")]
    NoFact {
        /// The record's number in the run, from 1.
        seq: u64,
        /// What the parser says.
        why: String,
    },
    /// A record that cannot follow those before it.
    #[error("{0}")]
    Contradiction(String),
    /// There is no head.
    #[error("it is missing: how many records there were is not known")]
    HeadMissing,
    /// The head's bytes are not what was written.
    #[error("it was altered: how many records there were is not known")]
    HeadAltered,
    /// The head belongs to other records.
    #[error(
        "it speaks of another record {0} than the journal holds: the files are not of one time"
    )]
    HeadOfOthers(u64),
    /// What an earlier program of another kind left.
    #[error("it does not belong there: reading the journal would put old pages into it")]
    ForeignLog,
    /// A recovery that was killed.
    #[error("a recovery was begun and not finished")]
    HalfRecovered,
}

impl Damage {
    /// The damage of a write-ahead log that ends before its time.
    pub(super) fn of_end(end: End) -> Option<Self> {
        match end {
            End::Whole => None,
            End::Header => Some(Self::LogHeader),
            End::Frame { frame, byte } | End::Older { frame, byte } => {
                Some(Self::LogFrame { frame, byte })
            }
            End::Cut { frame, byte } => Some(Self::LogCut { frame, byte }),
        }
    }
}

/// What is still known of a damaged journal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Known {
    /// So many records from the first on are sound.
    pub sound: u64,
    /// So many there were, at least.
    pub reached: Option<u64>,
}
