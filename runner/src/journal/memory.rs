//! A journal that lives as long as the process: for rehearsals and tests.

use std::ops::ControlFlow;

use rutter_engine::{Durability, Record};

use super::rows::Row;
use super::{Journal, JournalError, Link, check_numbers};

/// Keeps records in memory. Cloning it is a snapshot.
#[derive(Clone, Debug, Default)]
pub struct MemoryJournal {
    records: Vec<Record>,
}

impl MemoryJournal {
    /// An empty journal.
    pub fn new() -> Self {
        Self::default()
    }

    /// The records so far.
    pub fn records(&self) -> &[Record] {
        &self.records
    }
}

impl From<Vec<Record>> for MemoryJournal {
    fn from(records: Vec<Record>) -> Self {
        Self { records }
    }
}

impl Journal for MemoryJournal {
    fn append(
        &mut self,
        expected_seq: u64,
        records: &[Record],
        _durability: Durability,
    ) -> Result<(), JournalError> {
        check_numbers(expected_seq, records)?;
        let found = self.records.last().map_or(0, |record| record.seq);
        if found != expected_seq {
            return Err(JournalError::Fenced {
                expected: expected_seq,
                found,
            });
        }
        self.records.extend_from_slice(records);
        Ok(())
    }

    fn flush(&mut self) -> Result<(), JournalError> {
        Ok(())
    }

    fn head(&self) -> Result<Link, JournalError> {
        let rows = Row::chain(Link::default(), &self.records)?;
        Ok(rows.last().map(|row| row.link).unwrap_or_default())
    }

    fn replay(&self, each: &mut dyn FnMut(Record) -> ControlFlow<()>) -> Result<(), JournalError> {
        // Whoever breaks off has seen enough.
        let _ = self.records.iter().cloned().try_for_each(each);
        Ok(())
    }
}
