//! What is wrong with a file, where, and what helps.

use std::io;

use crate::journal::Remedy;

/// Why a file is not taken for a whole run.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// It cannot be read.
    #[error("it cannot be read: {0}")]
    Unreadable(#[from] io::Error),
    /// It is empty.
    #[error("it is empty")]
    Empty,
    /// It is something else.
    #[error("line 1: it is not a run that `rutter export` wrote")]
    SomethingElse,
    /// A newer program wrote it.
    #[error("line 1: its form has version {found}, and this rutter reads version {known}")]
    Version {
        /// The version it states.
        found: u64,
        /// The version that this program reads.
        known: u64,
    },
    /// A line is longer than any that is written.
    #[error("line {line} is longer than {bytes_max} bytes: no rutter wrote it")]
    Long {
        /// The line's number.
        line: u64,
        /// The bytes a line may have.
        bytes_max: u64,
    },
    /// It ends too early.
    #[error("line {line}: it is cut off after record {records}")]
    CutOff {
        /// The line that is not whole, or not there.
        line: u64,
        /// The records that are whole.
        records: u64,
    },
    /// A line is not what was written.
    #[error("line {line} was altered: {why}")]
    Altered {
        /// The line's number.
        line: u64,
        /// What shows it.
        why: String,
    },
    /// A record does not follow the one before it.
    #[error(
        "line {line} was altered: record {expected} is expected there, and record {found} follows"
    )]
    Order {
        /// The line's number.
        line: u64,
        /// The record that is missing.
        expected: u64,
        /// The record that is there.
        found: u64,
    },
    /// A record is not the one that the chain goes on with.
    #[error(
        "line {line} was altered: record {seq} does not fit its digest and the record before it"
    )]
    Chain {
        /// The line's number.
        line: u64,
        /// The record.
        seq: u64,
    },
    /// There is more after the end.
    #[error("line {line}: something was put behind the end")]
    More {
        /// The first line too many.
        line: u64,
    },
}

impl Remedy for AuditError {
    fn remedy(&self) -> Option<String> {
        let help = match self {
            Self::Unreadable(_) => "name a plain file that you may read",
            Self::Empty | Self::SomethingElse => {
                "name a file that `rutter export RUN` wrote, unpacked and otherwise as it was"
            }
            Self::Version { .. } => "check it with the rutter that wrote it, or a newer one",
            Self::CutOff { .. } => "have the file sent again: this one did not arrive whole",
            _ => {
                "do not rely on it: have the run exported again where it was driven, and ask who handled this file"
            }
        };
        Some(help.to_owned())
    }
}
