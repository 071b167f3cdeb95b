use std::ops::ControlFlow;
use std::time::Duration;

use rutter_engine::{Durability, Fact, Record, Timestamp};

use super::append_patiently;
use crate::journal::{Journal, JournalError, Link, SqliteJournal};

fn large(seq: u64) -> Record {
    Record {
        seq,
        time: Timestamp(1_700_000_000_000),
        fact: Fact::StepSkipped {
            step: "large".into(),
            reason: "x".repeat(100_000),
        },
    }
}

/// A journal whose disk is full for some appends.
struct Filled {
    journal: SqliteJournal,
    fails: u32,
}

impl Filled {
    fn set_room(&self, pages: u32) {
        let sql = format!("PRAGMA max_page_count = {pages}");
        self.journal.connection().execute_batch(&sql).unwrap();
    }
}

impl Journal for Filled {
    fn append(
        &mut self,
        expected_seq: u64,
        records: &[Record],
        durability: Durability,
    ) -> Result<(), JournalError> {
        // What SQLite reports is the same as for a disk that is full.
        self.set_room(if self.fails > 0 { 6 } else { 1_000_000 });
        self.fails = self.fails.saturating_sub(1);
        self.journal.append(expected_seq, records, durability)
    }

    fn flush(&mut self) -> Result<(), JournalError> {
        self.journal.flush()
    }

    fn head(&self) -> Result<Link, JournalError> {
        self.journal.head()
    }

    fn replay(&self, each: &mut dyn FnMut(Record) -> ControlFlow<()>) -> Result<(), JournalError> {
        self.journal.replay(each)
    }
}

async fn appended(
    journal: &mut dyn Journal,
    patience: Duration,
) -> (Result<(), JournalError>, Vec<String>) {
    let mut said = Vec::new();
    let mut say = |text: &str| said.push(text.to_owned());
    let records = [large(1), large(2)];
    let result = append_patiently(
        journal,
        0,
        &records,
        Durability::Machine,
        patience,
        &mut say,
    )
    .await;
    (result, said)
}

#[tokio::test]
async fn a_disk_that_is_freed_in_time_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut journal = Filled {
        journal: SqliteJournal::create(&folder.path().join("journal.db")).unwrap(),
        fails: 3,
    };
    let (result, said) = appended(&mut journal, Duration::from_secs(60)).await;
    result.unwrap();
    assert_eq!(journal.load().unwrap(), [large(1), large(2)]);
    let [held_up, goes_on] = said.as_slice() else {
        panic!("{said:?}");
    };
    for part in [
        "no space left",
        "free space",
        "for 1 minutes",
        "kept in memory",
    ] {
        assert!(held_up.contains(part), "{held_up}");
    }
    assert!(goes_on.contains("goes on"), "{goes_on}");
}

#[tokio::test]
async fn a_disk_that_stays_full_stops_the_run_after_the_stated_time() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.db");
    let mut journal = Filled {
        journal: SqliteJournal::create(&path).unwrap(),
        fails: u32::MAX,
    };
    let (result, said) = appended(&mut journal, Duration::from_millis(300)).await;
    assert!(matches!(result, Err(JournalError::NoSpace { .. })));
    assert_eq!(said.len(), 1);
    drop(journal);
    assert!(
        SqliteJournal::open(&path)
            .unwrap()
            .load()
            .unwrap()
            .is_empty()
    );
}

#[tokio::test]
async fn a_lock_that_another_program_holds_is_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.db");
    let mut journal = SqliteJournal::create(&path).unwrap();
    journal
        .connection()
        .busy_timeout(Duration::from_millis(1))
        .unwrap();
    let other = rusqlite::Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let other = std::sync::Mutex::new(other);
    let mut said = Vec::new();
    let mut say = |text: &str| {
        if said.is_empty() {
            other.lock().unwrap().execute_batch("ROLLBACK").unwrap();
        }
        said.push(text.to_owned());
    };
    let patience = Duration::from_secs(60);
    let records = [large(1)];
    append_patiently(
        &mut journal,
        0,
        &records,
        Durability::Machine,
        patience,
        &mut say,
    )
    .await
    .unwrap();
    assert_eq!(said.len(), 2, "{said:?}");
    assert!(said[0].contains("held by another process"), "{said:?}");
    assert_eq!(journal.load().unwrap().len(), 1);
}

#[tokio::test]
async fn what_waiting_does_not_mend_is_said_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let mut journal = SqliteJournal::create(&folder.path().join("journal.db")).unwrap();
    journal.append(0, &[large(1)], Durability::Machine).unwrap();
    let mut say = |text: &str| panic!("{text}");
    let records = [Record { seq: 3, ..large(3) }];
    let patience = Duration::from_secs(60);
    let result = append_patiently(
        &mut journal,
        2,
        &records,
        Durability::Machine,
        patience,
        &mut say,
    )
    .await;
    assert!(matches!(result, Err(JournalError::Fenced { .. })));
}
