//! Messages to the driver of a run from other processes: the only thing they may write.

use std::path::{Path, PathBuf};

use rusqlite::Connection;
use rutter_engine::{Evidence, Input, Name, Resolution, Settlement, Timestamp};
use serde::{Deserialize, Serialize};

use super::{JournalError, format};

/// What a person asks of a run from another process.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Message {
    /// Yes to a question.
    Approve {
        /// The question's number, as it was shown.
        question: u64,
        /// Who.
        by: String,
        /// What they entered.
        evidence: Evidence,
    },
    /// No to a question.
    Decline {
        /// The question's number, as it was shown.
        question: u64,
        /// Who.
        by: String,
        /// Why.
        why: String,
    },
    /// A decision about a step whose outcome is unknown, or that failed.
    Resolve {
        /// The step.
        step: Name,
        /// The item, if one is meant.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        item: Option<Name>,
        /// The record that made it undecided.
        about: u64,
        /// What.
        resolution: Resolution,
        /// Who.
        by: String,
        /// Why.
        why: String,
    },
    /// A decision about changes that a rollback could not take back.
    Settle {
        /// The step.
        step: Name,
        /// The item, if one is meant.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        item: Option<Name>,
        /// The change's number, if one is meant.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        change: Option<u64>,
        /// What.
        settlement: Settlement,
        /// Who.
        by: String,
        /// Why.
        why: String,
    },
    /// Take the whole run back.
    Undo {
        /// Who.
        by: String,
    },
}

impl From<Message> for Input {
    fn from(message: Message) -> Self {
        match message {
            Message::Approve {
                question,
                by,
                evidence,
            } => Self::Approve {
                question,
                by,
                evidence,
            },
            Message::Decline { question, by, why } => Self::Decline { question, by, why },
            Message::Resolve {
                step,
                item,
                about,
                resolution,
                by,
                why,
            } => Self::Resolve {
                step,
                item,
                about,
                resolution,
                by,
                why,
            },
            Message::Settle {
                step,
                item,
                change,
                settlement,
                by,
                why,
            } => Self::Settle {
                step,
                item,
                change,
                settlement,
                by,
                why,
            },
            Message::Undo { by } => Self::Undo { by },
        }
    }
}

/// The letter box of a run.
pub struct Inbox {
    path: PathBuf,
    connection: Connection,
}

impl Inbox {
    pub(super) fn open(journal: &Path) -> Result<Self, JournalError> {
        Ok(Self {
            path: journal.to_owned(),
            connection: format::open_to_write(journal)?,
        })
    }

    /// Leaves a message; it survives the machine once this returns its number.
    ///
    /// # Errors
    /// When the journal cannot be written.
    pub fn leave(&self, now: Timestamp, message: &Message) -> Result<i64, JournalError> {
        let failed = |error| JournalError::from_database(&self.path, error);
        let body = serde_json::to_string(message)
            .map_err(|source| JournalError::Unwritable { seq: 0, source })?;
        self.connection
            .pragma_update(None, "synchronous", "full")
            .map_err(failed)?;
        self.connection
            .execute(
                "INSERT INTO inbox (time, body) VALUES (?1, ?2)",
                (now.0, body),
            )
            .map_err(failed)?;
        Ok(self.connection.last_insert_rowid())
    }

    /// Whether the driver has acted upon the message.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub fn is_taken(&self, id: i64) -> Result<bool, JournalError> {
        self.connection
            .query_row(
                "SELECT NOT EXISTS (SELECT 1 FROM inbox WHERE id = ?1)",
                [id],
                |row| row.get(0),
            )
            .map_err(|error| JournalError::from_database(&self.path, error))
    }
}
