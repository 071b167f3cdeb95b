//! Where the records of a run are kept: a trait, one implementation in memory and one in SQLite.
//!
//! A journal holds facts and nothing else; it does not know what they mean, decides nothing and
//! prints nothing. One driver appends; any process may look on ([`RunView`]) or leave a message
//! ([`Inbox`]).
//!
//! Read next: `sqlite.rs` for how a record becomes durable, `folder.rs` for what lies beside it.

mod adoptions;
mod chain;
mod damage;
mod error;
mod flush;
mod folder;
mod format;
mod head;
mod inbox;
mod inspect;
mod log;
mod memory;
mod patience;
mod place;
mod posted;
mod recover;
mod rows;
mod run_id;
mod sqlite;
mod stored;
mod view;
mod wal;

use std::ops::ControlFlow;

use rutter_engine::{Durability, Record};

pub use adoptions::Adoptions;
pub use chain::{Digest, Link};
pub use damage::{Damage, Known};
pub use error::{JournalError, Remedy, RunsError};
pub use folder::{Driving, RunFolder, Runs};
pub use format::OLDEST_FORMAT;
pub use inbox::{Inbox, Letter, Message};
pub use log::{LogFile, LogLevel, LogLine};
pub use memory::MemoryJournal;
pub use patience::{PATIENCE, append_patiently};
pub use posted::Posted;
pub use recover::Wreck;
pub use run_id::new_run_id;
pub use sqlite::SqliteJournal;
pub use stored::{Chained, RecordBody, StoredRecord};
pub use view::RunView;

/// The records of one run, in order.
pub trait Journal: Send {
    /// Appends `records` whole or not at all. `expected_seq` is the number of the last record the
    /// caller knows, 0 for none; the records follow it without a gap.
    ///
    /// Returns once the records survive the process, for [`Durability::Machine`] once they survive
    /// the machine, for [`Durability::Rest`] once the head does too.
    ///
    /// # Errors
    /// [`JournalError::Fenced`] when another driver has appended since; the caller has lost the run
    /// and must stop. Every other error leaves the journal as it was.
    fn append(
        &mut self,
        expected_seq: u64,
        records: &[Record],
        durability: Durability,
    ) -> Result<(), JournalError>;

    /// Returns once everything that was appended survives the machine, and so does the head: the run rests.
    ///
    /// # Errors
    /// When the disk does not take it; what was appended since the last flush may be lost.
    fn flush(&mut self) -> Result<(), JournalError>;

    /// The newest record that survives the machine. It is kept apart from the records, and moved on behind them and
    /// before anything happens in the world because of them: a journal may be longer than its head, never shorter.
    ///
    /// # Errors
    /// When it cannot be read.
    fn head(&self) -> Result<Link, JournalError>;

    /// Hands out all records one after the other, checked: for resuming. Whoever has seen enough breaks off.
    ///
    /// # Errors
    /// When the journal is damaged, or holds a record that this program does not understand; what came before it was
    /// handed out.
    fn replay(&self, each: &mut dyn FnMut(Record) -> ControlFlow<()>) -> Result<(), JournalError>;

    /// All records at once, as [`Self::replay`] hands them out.
    ///
    /// # Errors
    /// As there.
    fn load(&self) -> Result<Vec<Record>, JournalError> {
        let mut records = Vec::new();
        self.replay(&mut |record| {
            records.push(record);
            ControlFlow::Continue(())
        })?;
        Ok(records)
    }
}

/// Refuses records that do not follow `expected_seq` one by one.
fn check_numbers(expected_seq: u64, records: &[Record]) -> Result<(), JournalError> {
    let mut expected = expected_seq;
    for record in records {
        expected += 1;
        if record.seq != expected {
            return Err(JournalError::Misnumbered {
                expected,
                found: record.seq,
            });
        }
    }
    Ok(())
}
