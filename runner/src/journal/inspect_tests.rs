use std::fs;
use std::path::{Path, PathBuf};

use rutter_engine::{Durability, Fact, Record, Timestamp};
use tempfile::TempDir;

use super::{head_of, inspect, log_of, salvage};
use crate::journal::{Damage, Journal, JournalError, Known, RunView, SqliteJournal};

fn record(seq: u64) -> Record {
    Record {
        seq,
        time: Timestamp(1_700_000_000_000 + seq.cast_signed()),
        fact: Fact::StepSkipped {
            step: "数据".into(),
            reason: format!("reason {seq} {}", "long ".repeat(seq as usize * 7 % 90)),
        },
    }
}

fn append(journal: &mut SqliteJournal, from: u64, to: u64, durability: Durability) {
    for seq in from..=to {
        journal.append(seq - 1, &[record(seq)], durability).unwrap();
    }
}

/// The files of a journal in a folder of their own.
struct Files {
    _folder: TempDir,
    path: PathBuf,
}

impl Files {
    /// What a process leaves that is killed: records in the database and in its log.
    fn of_killed(flushed: u64, written: u64) -> Self {
        let files = Self::none();
        let mut journal = SqliteJournal::create(&files.path).unwrap();
        append(&mut journal, 1, 20, Durability::Process);
        drop(journal);
        let mut journal = SqliteJournal::open(&files.path).unwrap();
        append(&mut journal, 21, flushed, Durability::Machine);
        append(&mut journal, flushed + 1, written, Durability::Process);
        files.copy()
    }

    /// What a process leaves that ended by itself.
    fn of_ended(count: u64) -> Self {
        let files = Self::none();
        let mut journal = SqliteJournal::create(&files.path).unwrap();
        append(&mut journal, 1, count, Durability::Soon);
        drop(journal);
        assert!(!log_of(&files.path).exists());
        files
    }

    fn none() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.db");
        Self {
            _folder: folder,
            path,
        }
    }

    /// The same files elsewhere, without what is scratch.
    fn copy(&self) -> Self {
        let other = Self::none();
        for (from, to) in self.all().into_iter().zip(other.all()) {
            if from.exists() {
                fs::copy(from, to).unwrap();
            }
        }
        other
    }

    fn all(&self) -> [PathBuf; 3] {
        [self.path.clone(), log_of(&self.path), head_of(&self.path)]
    }

    fn bytes(&self) -> [Option<Vec<u8>>; 3] {
        self.all().map(|file| fs::read(file).ok())
    }

    /// What is wrong with which file; whoever asks touches none of them.
    fn damage(&self) -> (String, Damage, Known) {
        let before = self.bytes();
        let error = SqliteJournal::open(&self.path)
            .err()
            .expect("it is damaged");
        assert!(RunView::open(&self.path).is_err());
        assert_eq!(before, self.bytes(), "{error}");
        match error {
            JournalError::Damaged {
                path,
                what,
                known: Some(known),
            } => {
                let name = path.file_name().unwrap().to_str().unwrap().to_owned();
                (name, what, known)
            }
            error => panic!("not called damaged: {error}"),
        }
    }

    /// The records, if the journal is taken for a sound one.
    fn accepted(&self) -> Option<Vec<Record>> {
        let before = self.bytes();
        let shown = RunView::open(&self.path)
            .and_then(|view| view.known())
            .map(|(known, _)| known);
        assert_eq!(before, self.bytes());
        let loaded = SqliteJournal::open(&self.path).and_then(|journal| journal.load());
        match (shown, loaded) {
            (Ok(shown), Ok(loaded)) => {
                assert_eq!(shown, loaded);
                Some(loaded)
            }
            (Err(_), Err(_)) => {
                assert_eq!(before, self.bytes());
                None
            }
            (shown, loaded) => panic!("{shown:?} but {loaded:?}"),
        }
    }
}

fn flip(file: &Path, place: usize, bits: u8) {
    let mut bytes = fs::read(file).unwrap();
    bytes[place] ^= bits;
    fs::write(file, bytes).unwrap();
}

fn cut(file: &Path, length: u64) {
    let file = fs::OpenOptions::new().write(true).open(file).unwrap();
    file.set_len(length).unwrap();
}

/// The same numbers in every run of the tests.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % limit as u64).unwrap()
    }
}

#[test]
fn what_a_killed_process_leaves_is_whole() {
    let files = Files::of_killed(30, 35);
    let records: Vec<_> = (1..=35).map(record).collect();
    assert_eq!(files.copy().accepted().unwrap(), records);
    let mut journal = SqliteJournal::open(&files.path).unwrap();
    append(&mut journal, 36, 40, Durability::Machine);
    assert_eq!(journal.head().unwrap().seq, 40);
}

#[test]
fn a_log_that_is_gone_is_missed() {
    let files = Files::of_killed(30, 30);
    fs::remove_file(log_of(&files.path)).unwrap();
    let (file, what, known) = files.damage();
    assert_eq!(file, "journal.db-wal");
    assert_eq!(what, Damage::LogMissing { from: 21, to: 30 });
    let expected = Known {
        sound: 20,
        reached: Some(30),
    };
    assert_eq!(known, expected);
}

#[test]
fn a_log_that_is_cut_anywhere_is_refused_with_the_place() {
    let files = Files::of_killed(30, 30);
    let length = fs::metadata(log_of(&files.path)).unwrap().len();
    for length in (0..length)
        .step_by(509)
        .chain([1, 31, 32, 55, 56, length - 1])
    {
        let files = files.copy();
        cut(&log_of(&files.path), length);
        let (file, what, known) = files.damage();
        assert!(known.sound >= 20 && known.reached == Some(30), "{length}");
        match what {
            Damage::RecordsTaken { to: 30, .. } => assert_eq!(file, "journal.db"),
            Damage::LogHeader | Damage::LogCut { .. } => assert_eq!(file, "journal.db-wal"),
            what => panic!("cut at {length}: {what}"),
        }
    }
}

#[test]
fn a_log_that_was_altered_in_any_frame_is_refused_with_the_place() {
    let files = Files::of_killed(30, 30);
    let length = fs::read(log_of(&files.path)).unwrap().len();
    for frame in 0..(length - 32) / (24 + 4096) {
        for place in [0, 5, 9, 17, 24, 4000] {
            let files = files.copy();
            let byte = 32 + frame * (24 + 4096);
            flip(&log_of(&files.path), byte + place, 0x40);
            let (file, what, _) = files.damage();
            let expected = Damage::LogFrame {
                frame: frame as u64 + 1,
                byte: byte as u64,
            };
            assert_eq!((file.as_str(), what), ("journal.db-wal", expected));
        }
    }
    flip(&log_of(&files.path), 20, 1);
    assert_eq!(files.damage().1, Damage::LogHeader);
}

#[test]
fn a_database_that_was_copied_alone_is_no_journal() {
    let files = Files::of_killed(30, 30);
    let copy = Files::none();
    fs::copy(&files.path, &copy.path).unwrap();
    let (file, what, known) = copy.damage();
    assert_eq!((file.as_str(), what), ("head", Damage::HeadMissing));
    assert_eq!((known.sound, known.reached), (20, None));
}

#[test]
fn a_record_that_was_taken_off_the_end_is_missed() {
    for closed in [false, true] {
        let files = Files::of_ended(9);
        let database = rusqlite::Connection::open(&files.path).unwrap();
        database
            .execute("DELETE FROM records WHERE seq > 7", [])
            .unwrap();
        let open = files.copy();
        drop(database);
        let (from, to) = (8, 9);
        let (files, expected) = match closed {
            true => (files, ("journal.db-wal", Damage::LogMissing { from, to })),
            false => (open, ("journal.db", Damage::RecordsTaken { from, to })),
        };
        let (file, what, known) = files.damage();
        assert_eq!((file.as_str(), what), expected);
        // Before the log is folded into it, the database still has them.
        let sound = if closed { 7 } else { 9 };
        assert_eq!((known.sound, known.reached), (sound, Some(9)));
    }
}

#[test]
fn an_older_database_put_back_alone_is_no_journal() {
    let files = Files::of_ended(9);
    let older = Files::of_ended(5);
    fs::copy(&older.path, &files.path).unwrap();
    assert_eq!(files.damage().1, Damage::LogMissing { from: 6, to: 9 });
}

#[test]
fn other_records_of_the_same_number_are_not_taken_for_these() {
    let files = Files::of_ended(9);
    let mut other = Record {
        time: Timestamp(1),
        ..record(1)
    };
    let others = Files::none();
    let mut journal = SqliteJournal::create(&others.path).unwrap();
    for seq in 1..=9 {
        other.seq = seq;
        let record = std::slice::from_ref(&other);
        journal
            .append(seq - 1, record, Durability::Machine)
            .unwrap();
    }
    drop(journal);
    fs::copy(&others.path, &files.path).unwrap();
    assert_eq!(files.damage().1, Damage::HeadOfOthers(9));
}

#[test]
fn a_head_that_is_gone_or_altered_is_refused_and_one_slot_suffices() {
    let files = Files::of_killed(30, 30);
    let gone = files.copy();
    fs::remove_file(head_of(&gone.path)).unwrap();
    assert_eq!(gone.damage().1, Damage::HeadMissing);

    let (first, second) = (40, 4096 + 40);
    for slot in [first, second] {
        let torn = files.copy();
        flip(&head_of(&torn.path), slot, 1);
        assert_eq!(torn.accepted().unwrap().len(), 30);
    }
    flip(&head_of(&files.path), first, 1);
    flip(&head_of(&files.path), second, 1);
    let (file, what, known) = files.damage();
    assert_eq!((file.as_str(), what), ("head", Damage::HeadAltered));
    assert_eq!((known.sound, known.reached), (30, None));
}

#[test]
fn a_log_of_another_kind_is_not_played_back() {
    let files = Files::of_ended(3);
    fs::write(super::beside(&files.path, "-journal"), "pages").unwrap();
    assert_eq!(files.damage().1, Damage::ForeignLog);
}

#[test]
fn no_random_flip_is_accepted_with_other_content() {
    let mut numbers = Numbers(0x5eed_2026);
    for (files, count) in [
        // Some of it was not flushed when the process was killed.
        (Files::of_killed(30, 40), 40),
        (Files::of_ended(60), 60),
    ] {
        let truth: Vec<_> = (1..=count).map(record).collect();
        for file in 0..3 {
            if !files.all()[file].exists() {
                continue;
            }
            let length = fs::read(&files.all()[file]).unwrap().len();
            let mut accepted = 0;
            for _ in 0..200 {
                let flipped = files.copy();
                let place = numbers.below(length);
                let bits = u8::try_from(1 + numbers.below(255)).unwrap();
                flip(&flipped.all()[file], place, bits);
                if let Some(records) = flipped.accepted() {
                    assert_eq!(records, truth, "file {file}, byte {place}");
                    accepted += 1;
                }
            }
            assert!(
                accepted < 200 || file == 2,
                "no flip in file {file} is noticed"
            );
        }
    }
}

#[test]
fn a_flip_in_every_byte_of_the_headers_is_harmless_or_refused() {
    let files = Files::of_killed(24, 24);
    let truth: Vec<_> = (1..=24).map(record).collect();
    for (file, end) in [(0, 100), (1, 32 + 24 + 100)] {
        for place in 0..end {
            let flipped = files.copy();
            flip(&flipped.all()[file], place, 0x81);
            if let Some(records) = flipped.accepted() {
                assert_eq!(records, truth, "file {file}, byte {place}");
            }
        }
    }
}

#[test]
fn one_damaged_frame_costs_no_more_than_what_only_it_held() {
    let files = Files::of_killed(40, 40);
    // A commit that a later one wrote over.
    flip(&log_of(&files.path), 32 + 2 * (24 + 4096) + 24 + 100, 1);
    let (rows, known) = salvage(&files.path).unwrap();
    assert!(rows.len() >= 39, "{known:?}");
    assert_eq!(known.reached, Some(40));
}

#[test]
fn a_run_that_was_killed_while_its_files_were_made_has_no_journal() {
    let files = Files::none();
    assert!(matches!(
        inspect(&files.path),
        Err(JournalError::Missing { .. })
    ));
    drop(SqliteJournal::create(&files.path).unwrap());
    fs::remove_file(&files.path).unwrap();
    // The head is made first, and the database gets its name last.
    assert!(matches!(
        inspect(&files.path),
        Err(JournalError::Missing { .. })
    ));
}

#[test]
fn a_database_that_was_taken_away_from_a_run_that_had_begun_is_missed() {
    let files = Files::of_ended(4);
    fs::remove_file(&files.path).unwrap();
    let (file, what, known) = files.damage();
    assert_eq!(
        (file.as_str(), what),
        ("journal.db", Damage::DatabaseMissing)
    );
    assert_eq!((known.sound, known.reached), (0, Some(4)));
}
