use std::fs;
use std::path::PathBuf;

use rutter_engine::{Durability, Fact, Record, Timestamp};
use tempfile::TempDir;

use super::super::inspect::{RECOVERING, head_of, inspect, log_of};
use super::{UNFINISHED, keep, rename, write_new};
use crate::journal::{Damage, Journal as _, JournalError, RunFolder, Runs, RunsError};

const COUNT: u64 = 12;

fn record(seq: u64) -> Record {
    Record {
        seq,
        time: Timestamp(1_700_000_000_000 + seq.cast_signed()),
        fact: Fact::Resumed {
            rutter: format!("0.{seq}"),
            profiles: Default::default(),
        },
    }
}

fn recovered(sound: u64) -> Record {
    Record {
        fact: Fact::Recovered {
            sound,
            reached: Some(COUNT),
            damage: "the log is cut".to_owned(),
            kept: "damaged-1".to_owned(),
            by: "ana".into(),
        },
        ..record(sound + 1)
    }
}

/// A run that was killed and whose log was cut in its middle.
fn damaged() -> (TempDir, RunFolder) {
    let state = tempfile::tempdir().unwrap();
    let runs = Runs::new(state.path());
    let mut driving = runs.create("ab000001").unwrap();
    for seq in 1..=COUNT {
        let record = [record(seq)];
        driving
            .journal
            .append(seq - 1, &record, Durability::Machine)
            .unwrap();
    }
    let run = driving.folder.clone();
    let files = [
        run.journal(),
        log_of(&run.journal()),
        head_of(&run.journal()),
    ];
    let left: Vec<_> = files.iter().map(|file| fs::read(file).unwrap()).collect();
    drop(driving);
    for (file, bytes) in files.iter().zip(&left) {
        fs::write(file, bytes).unwrap();
    }
    let log = &left[1];
    fs::write(&files[1], &log[..log.len() / 2]).unwrap();
    (state, run)
}

fn bytes_in(folder: PathBuf) -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| {
            let entry = entry.unwrap();
            let name = entry.file_name().into_string().unwrap();
            (name, fs::read(entry.path()).unwrap())
        })
        .collect();
    files.sort();
    files
}

fn sound_records(run: &RunFolder) -> Vec<Record> {
    run.view().unwrap().known().unwrap().0
}

#[test]
fn what_is_sound_begins_a_journal_and_the_damaged_files_are_kept() {
    let (_state, run) = damaged();
    let before: Vec<_> = ["head", "journal.db", "journal.db-wal"]
        .map(|name| (name.to_owned(), fs::read(run.path().join(name)).unwrap()))
        .to_vec();
    let wreck = run.take_wreck().unwrap();
    assert!(matches!(run.take_wreck(), Err(RunsError::Driven { .. })));
    let (sound, reached) = (wreck.known().sound, wreck.known().reached);
    assert!(sound > 0 && sound < COUNT && reached == Some(COUNT));
    let mut expected = wreck.records().unwrap();
    assert_eq!(expected, (1..=sound).map(record).collect::<Vec<_>>());
    let kept = wreck.kept_in().unwrap();
    wreck.begin_again(&kept, &recovered(sound)).unwrap();

    expected.push(recovered(sound));
    assert_eq!(sound_records(&run), expected);
    assert_eq!(bytes_in(run.path().join(&kept)), before);
    let mut driving = run.drive().unwrap();
    let next = record(sound + 2);
    driving
        .journal
        .append(sound + 1, &[next], Durability::Rest)
        .unwrap();
}

#[test]
fn a_recovery_that_is_killed_anywhere_is_finished_by_the_next() {
    // How many of the moves were made.
    for moves in 0..=4 {
        let (_state, run) = damaged();
        let wreck = run.take_wreck().unwrap();
        let sound = wreck.known().sound;
        let unfinished = run.path().join(UNFINISHED);
        write_new(&unfinished, &wreck.rows, &recovered(sound)).unwrap();
        keep(&run, &run.path().join("damaged-1")).unwrap();
        drop(wreck);
        // Killed before: the journal is as damaged as it was, and a recovery begins anew.
        assert!(!run.finish_recovery().unwrap());
        assert_eq!(run.take_wreck().unwrap().kept_in().unwrap(), "damaged-2");

        let new = run.path().join(RECOVERING);
        rename(&unfinished, &new).unwrap();
        let path = run.journal();
        let log = log_of(&path);
        for step in 0..moves {
            match step {
                0 => fs::rename(new.join("journal.db"), &path).unwrap(),
                1 if log.exists() => fs::remove_file(&log).unwrap(),
                2 => fs::rename(new.join("head"), head_of(&path)).unwrap(),
                _ => {}
            }
        }
        let error = inspect(&path).err().unwrap();
        let half = matches!(
            &error,
            JournalError::Damaged {
                what: Damage::HalfRecovered,
                ..
            }
        );
        assert!(half, "{moves}: {error}");
        assert!(matches!(run.drive(), Err(RunsError::Journal(_))));
        assert!(run.finish_recovery().unwrap());
        assert_eq!(sound_records(&run).len() as u64, sound + 1, "{moves}");
        assert!(!new.exists());
    }
}
