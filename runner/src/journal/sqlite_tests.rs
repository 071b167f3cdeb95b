use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rutter_engine::{Durability, Fact, Record, Timestamp};
use tempfile::TempDir;

use super::SqliteJournal;
use crate::journal::{Journal, JournalError, RecordBody, Remedy, RunView};

fn place() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.db");
    (folder, path)
}

fn skipped(seq: u64) -> Record {
    Record {
        seq,
        time: Timestamp(1_700_000_000_000 + seq.cast_signed()),
        fact: Fact::StepSkipped {
            step: "数据".into(),
            reason: format!("reason {seq}"),
        },
    }
}

fn with_records(path: &Path, count: u64) {
    let mut journal = SqliteJournal::create(path).unwrap();
    for seq in 1..=count {
        journal
            .append(seq - 1, &[skipped(seq)], Durability::Process)
            .unwrap();
    }
}

/// Alters the file behind the journal's back.
fn tamper(path: &Path, sql: &str) {
    rusqlite::Connection::open(path)
        .unwrap()
        .execute_batch(sql)
        .unwrap();
}

fn what_is_damaged(path: &Path) -> String {
    let error = SqliteJournal::open(path)
        .and_then(|journal| journal.load())
        .unwrap_err();
    match error {
        JournalError::Damaged { what, .. } => what.to_string(),
        error => panic!("not called damaged: {error}"),
    }
}

#[test]
fn records_come_back_in_order_as_they_were_written() {
    let (_folder, path) = place();
    let records: Vec<_> = (1..=5).map(skipped).collect();
    let mut journal = SqliteJournal::create(&path).unwrap();
    journal
        .append(0, &records[..2], Durability::Machine)
        .unwrap();
    journal.append(2, &records[2..], Durability::Soon).unwrap();
    drop(journal);

    let journal = SqliteJournal::open(&path).unwrap();
    assert_eq!(journal.load().unwrap(), records);
    let later = RunView::join(&path).unwrap().shown(3).unwrap();
    assert_eq!(later.iter().map(|r| r.seq).collect::<Vec<_>>(), [4, 5]);
}

#[test]
fn a_driver_that_lost_its_run_can_append_nothing() {
    let (_folder, path) = place();
    with_records(&path, 1);
    let mut old = SqliteJournal::open(&path).unwrap();
    let mut new = SqliteJournal::open(&path).unwrap();
    new.append(1, &[skipped(2)], Durability::Machine).unwrap();

    let error = old
        .append(1, &[skipped(2), skipped(3)], Durability::Machine)
        .unwrap_err();
    assert!(matches!(
        error,
        JournalError::Fenced {
            expected: 1,
            found: 2
        }
    ));
    assert_eq!(new.load().unwrap().len(), 2);
}

#[test]
fn an_append_with_wrong_numbers_writes_nothing() {
    let (_folder, path) = place();
    let mut journal = SqliteJournal::create(&path).unwrap();
    let error = journal
        .append(0, &[skipped(1), skipped(3)], Durability::Process)
        .unwrap_err();
    assert!(matches!(error, JournalError::Misnumbered { .. }));
    assert!(journal.load().unwrap().is_empty());
}

#[test]
fn a_killed_writer_loses_nothing_that_it_had_appended() {
    let (_folder, path) = place();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "journal::sqlite::tests::writes_until_killed"])
        .args(["--ignored", "--nocapture"])
        .env("RUTTER_TEST_JOURNAL", &path)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut acknowledged = 0;
    for line in lines.map_while(Result::ok) {
        if let Some(seq) = line.trim().strip_prefix("appended ") {
            acknowledged = seq.parse::<u64>().unwrap();
            if acknowledged == 200 {
                child.kill().unwrap();
            }
        }
    }
    child.wait().unwrap();

    let mut journal = SqliteJournal::open(&path).unwrap();
    let records = journal.load().unwrap();
    let found = records.last().unwrap().seq;
    assert!(found >= acknowledged, "{found} < {acknowledged}");
    journal
        .append(found, &[skipped(found + 1)], Durability::Machine)
        .unwrap();
}

/// The child of the test above.
#[test]
#[ignore = "started by the test that kills it"]
#[expect(clippy::print_stdout, reason = "it tells its parent what it has done")]
fn writes_until_killed() {
    let path = std::env::var_os("RUTTER_TEST_JOURNAL").unwrap();
    let mut journal = SqliteJournal::create(Path::new(&path)).unwrap();
    let kinds = [
        Durability::Process,
        Durability::Soon,
        Durability::Process,
        Durability::Machine,
    ];
    for (seq, durability) in (1..).zip(kinds.into_iter().cycle()) {
        journal
            .append(seq - 1, &[skipped(seq)], durability)
            .unwrap();
        println!("appended {seq}");
    }
}

#[test]
fn a_file_that_is_no_database_is_named_and_left_alone() {
    let (_folder, path) = place();
    let text = "Not a database at all. ".repeat(200);
    std::fs::write(&path, &text).unwrap();
    assert!(what_is_damaged(&path).starts_with("it is not a journal's database"));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
}

#[test]
fn a_database_of_something_else_is_not_taken_for_a_journal() {
    let (_folder, path) = place();
    tamper(&path, "CREATE TABLE records (seq INTEGER)");
    assert!(what_is_damaged(&path).starts_with("it is not a journal's database"));
    tamper(&path, "PRAGMA journal_mode = wal");
    assert_eq!(what_is_damaged(&path), "it is not a run's journal");
}

#[test]
fn a_missing_record_is_named() {
    let (_folder, path) = place();
    with_records(&path, 3);
    tamper(&path, "DELETE FROM records WHERE seq = 2");
    assert_eq!(what_is_damaged(&path), "record 2 is missing");
}

#[test]
fn an_altered_record_is_named() {
    let (_folder, path) = place();
    with_records(&path, 3);
    tamper(
        &path,
        "UPDATE records SET body = replace(body, 'reason 2', 'reason 9')",
    );
    assert_eq!(what_is_damaged(&path), "record 2 was altered");
}

#[test]
fn an_overwritten_page_is_named() {
    let (_folder, path) = place();
    with_records(&path, 400);
    let mut bytes = std::fs::read(&path).unwrap();
    let middle = bytes.len() / 2 / 4096 * 4096;
    bytes[middle..middle + 4096].fill(0xa5);
    std::fs::write(&path, bytes).unwrap();
    what_is_damaged(&path);
}

#[test]
fn a_newer_journal_is_shown_but_never_written() {
    let (_folder, path) = place();
    with_records(&path, 2);
    tamper(&path, "UPDATE meta SET value = '99' WHERE key = 'format'");
    let before = std::fs::read(&path).unwrap();

    let error = SqliteJournal::open(&path).err().unwrap();
    assert!(matches!(error, JournalError::TooNew { found: 99, .. }));
    assert!(error.remedy().unwrap().contains("upgrade rutter"));
    let view = RunView::open(&path).unwrap();
    assert_eq!(view.shown(0).unwrap().len(), 2);
    drop(view);
    assert_eq!(std::fs::read(&path).unwrap(), before);
}

#[test]
fn an_older_journal_than_can_be_read_says_so() {
    let (_folder, path) = place();
    with_records(&path, 1);
    tamper(&path, "UPDATE meta SET value = '0' WHERE key = 'format'");
    let error = SqliteJournal::open(&path).err().unwrap();
    assert!(matches!(error, JournalError::TooOld { found: 0, .. }));
}

#[test]
fn a_kind_from_the_future_is_shown_as_json_and_never_resumed_from() {
    let (_folder, path) = place();
    with_records(&path, 1);
    let mut journal = SqliteJournal::open(&path).unwrap();
    let body = r#"{"kind":"moon-landed","crew":3}"#.to_owned();
    let row = super::Row {
        link: journal.link.next(Timestamp(5), &body),
        time: 5,
        body,
    };
    journal.append_rows(1, &[row], Durability::Machine).unwrap();

    let error = journal.load().unwrap_err();
    assert!(matches!(error, JournalError::UnknownRecord { seq: 2, .. }));
    let shown = RunView::join(&path).unwrap().shown(1).unwrap();
    assert!(matches!(&shown[0].body, RecordBody::Unknown { kind, .. } if kind == "moon-landed"));
    assert_eq!(shown[0].to_json()["fact"]["crew"], 3);
}

#[test]
fn a_full_disk_is_named_and_the_journal_stays_whole() {
    let (_folder, path) = place();
    with_records(&path, 1);
    let mut journal = SqliteJournal::open(&path).unwrap();
    // What SQLite reports is the same as for a disk that is full.
    journal
        .connection
        .execute_batch("PRAGMA max_page_count = 6")
        .unwrap();
    let large = |seq| Record {
        fact: Fact::StepSkipped {
            step: "large".into(),
            reason: "x".repeat(100_000),
        },
        ..skipped(seq)
    };
    let error = journal
        .append(1, &[large(2)], Durability::Machine)
        .unwrap_err();
    assert!(matches!(error, JournalError::NoSpace { .. }), "{error}");
    assert!(error.remedy().unwrap().contains("free space"));

    journal
        .append(1, &[skipped(2)], Durability::Machine)
        .unwrap();
    assert_eq!(journal.load().unwrap().len(), 2);
}

#[test]
fn a_missing_journal_is_called_missing() {
    let (_folder, path) = place();
    let error = SqliteJournal::open(&path).err().unwrap();
    assert!(matches!(error, JournalError::Missing { .. }));
}

#[test]
fn a_viewer_sees_records_while_the_driver_writes() {
    let (_folder, path) = place();
    let mut journal = SqliteJournal::create(&path).unwrap();
    let view = RunView::join(&path).unwrap();
    assert!(view.shown(0).unwrap().is_empty());
    journal
        .append(0, &[skipped(1)], Durability::Process)
        .unwrap();
    assert_eq!(view.shown(0).unwrap().len(), 1);
    assert!(view.shown(1).unwrap().is_empty());
}

/// `cargo test -p rutter --lib measures_appends -- --ignored --nocapture`
#[test]
#[ignore = "a measurement, not a check"]
#[expect(clippy::print_stdout, reason = "its answer is for whoever asked")]
fn measures_appends() {
    let (_folder, path) = place();
    let mut journal = SqliteJournal::create(&path).unwrap();
    let mut seq = 0;
    for (durability, batch, appends) in [
        (Durability::Process, 1, 5_000),
        (Durability::Soon, 1, 5_000),
        (Durability::Machine, 1, 2_000),
        (Durability::Machine, 64, 200),
    ] {
        let started = std::time::Instant::now();
        for _ in 0..appends {
            let records: Vec<_> = (seq + 1..=seq + batch).map(skipped).collect();
            journal.append(seq, &records, durability).unwrap();
            seq += batch;
        }
        let each = started.elapsed() / appends;
        println!("{durability:?}, {batch} records an append: {each:?} an append");
    }
    let started = std::time::Instant::now();
    let count = journal.load().unwrap().len();
    println!("loading {count} records: {:?}", started.elapsed());
}

/// What a change appends: its intent, flushed at once, and its answer, flushed soon.
fn one_change(journal: &mut SqliteJournal) {
    for durability in [Durability::Machine, Durability::Soon] {
        let seq = journal.link.seq;
        journal
            .append(seq, &[skipped(seq + 1)], durability)
            .unwrap();
    }
}

/// `make bench`
#[test]
#[ignore = "a measurement, not a check"]
#[expect(clippy::print_stdout, reason = "its answer is for whoever asked")]
fn measures_what_the_head_costs() {
    const ROUNDS: usize = 40;
    const CHANGES: u32 = 50;
    let (_one, with) = place();
    let (_other, without) = place();
    let mut with = SqliteJournal::create(&with).unwrap();
    let mut without = SqliteJournal::create(&without).unwrap();
    without.flusher.mute_head();
    let timed = |journal: &mut SqliteJournal| {
        let started = std::time::Instant::now();
        for _ in 0..CHANGES {
            one_change(journal);
        }
        started.elapsed() / CHANGES
    };
    // In turns, so that both meet the same disk.
    let mut times = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        times.0.push(timed(&mut with));
        times.1.push(timed(&mut without));
    }
    let median = |times: &mut Vec<std::time::Duration>| {
        times.sort();
        times[ROUNDS / 2]
    };
    let (with, without) = (median(&mut times.0), median(&mut times.1));
    println!(
        "a change in the journal: {with:.1?} with the head, {without:.1?} without, ratio {:.3}",
        with.as_secs_f64() / without.as_secs_f64()
    );
}
