//! Which steps take much longer than usual, for those who are told of it.

use rutter_engine::{At, Record, Run, Timestamp};

use super::board::Board;
use super::words::duration;
use crate::took::TookFolder;

/// Follows a run's records and says which steps are late.
pub(crate) struct Lateness {
    took: TookFolder,
    board: Board,
    run: String,
}

impl Lateness {
    /// Before the first record; `took` tells how long steps took before.
    pub(crate) fn new(took: TookFolder) -> Self {
        Self {
            took,
            board: Board::default(),
            run: String::new(),
        }
    }

    /// Takes note of a record that `run` has evolved by.
    pub(crate) fn record(&mut self, record: &Record, run: &Run) {
        if self.board.runbook.is_empty() && run.has_plan() {
            self.board = Board::new(self.took.load(&run.plan().name));
            self.run = run.id().to_owned();
        }
        self.board.record(record, run);
    }

    /// Those that are late: the run, its runbook, the attempt, and what to say of it.
    pub(crate) fn late(&self, now: Timestamp) -> Vec<(String, String, At, String)> {
        let late = self.board.entries().filter_map(|(at, entry)| {
            let usual = duration(self.board.late(at, now)?);
            let elapsed = duration(now.since(entry.since));
            let said = format!(
                "{} is under way for {elapsed}; it usually takes {usual}: {}",
                entry.name,
                entry.text(now)
            );
            let runbook = self.board.runbook.clone();
            Some((self.run.clone(), runbook, at.clone(), said))
        });
        late.collect()
    }
}
