use rutter_engine::{Durability, Fact, Known, Person, Record};
use tempfile::TempDir;

use super::*;
use crate::journal::{Journal as _, RunView, SqliteJournal};

fn facts() -> Vec<Fact> {
    let by = |known| Person {
        name: "alice".to_owned(),
        known,
    };
    let approved = |known| Fact::Approved {
        question: 1,
        step: "cutover".into(),
        by: by(known),
        evidence: [("ticket".into(), "T-1\u{202e}".to_owned())].into(),
    };
    let key = Known::Key {
        key: "ssh-ed25519 AAAA".to_owned(),
        id: "1".to_owned(),
    };
    vec![
        approved(Known::Process { uid: 7 }),
        approved(key),
        Fact::Interrupted {},
    ]
}

/// The file of a run, as text.
fn exported() -> String {
    let folder: TempDir = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.db");
    let mut journal = SqliteJournal::create(&path).unwrap();
    let begun = crate::ui::fixture::Story::begun()
        .records
        .swap_remove(0)
        .fact;
    let records: Vec<Record> = (1u64..)
        .zip(std::iter::once(begun).chain(facts()))
        .map(|(seq, fact)| Record {
            seq,
            time: Timestamp(1_700_000_000_000 + seq.cast_signed()),
            fact,
        })
        .collect();
    journal.append(0, &records, Durability::Rest).unwrap();
    drop(journal);
    let view = RunView::open(&path).unwrap();
    let mut bytes = Vec::new();
    write(&view, "7f3cab12", "done\n", &mut bytes)
        .unwrap()
        .unwrap();
    String::from_utf8(bytes).unwrap()
}

fn told(file: &str) -> String {
    verify(file.as_bytes()).unwrap_err().to_string()
}

#[test]
fn a_whole_file_tells_its_run_and_its_digest() {
    let file = exported();
    let verified = verify(file.as_bytes()).unwrap();
    assert_eq!(verified.end.seq, 4);
    assert_eq!((verified.answers, verified.signed), (2, 1));
    assert!(file.contains(&hex::encode(&verified.end.digest)));
    assert!(!file.contains('\u{202e}'), "nothing unseen is in the file");
}

#[test]
fn a_file_that_is_cut_off_anywhere_is_no_whole_run() {
    let file = exported();
    for at in 0..file.len() {
        if file.is_char_boundary(at) {
            assert!(verify(&file.as_bytes()[..at]).is_err(), "{at}");
        }
    }
    let records: Vec<&str> = file.split_inclusive('\n').take(3).collect();
    assert_eq!(
        told(&records.concat()),
        "line 4: it is cut off after record 2"
    );
}

#[test]
fn every_altered_byte_is_found() {
    let file = exported();
    for at in 0..file.len() {
        let mut bytes = file.clone().into_bytes();
        bytes[at] ^= 1;
        // The version of the program that wrote it and the spelling of the first line prove nothing; the end's digest
        // of all lines holds them too.
        assert!(verify(&bytes[..]).is_err(), "{at}");
    }
}

#[test]
fn what_was_done_to_a_file_is_told_with_its_place() {
    let file = exported();
    let lines: Vec<&str> = file.split_inclusive('\n').collect();
    let without = |number: usize| {
        let mut lines = lines.clone();
        lines.remove(number - 1);
        lines.concat()
    };
    let told_of = [
        (without(3), "line 3 was altered: record 2 is expected there"),
        (file.replace("T-1", "T-2"), "line 3 was altered: record 2"),
        (
            without(7),
            "line 7 was altered: it is not what the records say",
        ),
        (format!("{file}{{}}\n"), "something was put behind the end"),
        (file.replace("done", "gone"), "does not fit them"),
        (
            file.replacen("audit\":1", "audit\":2", 1),
            "its form has version 2",
        ),
        (String::new(), "it is empty"),
        ("PK\u{3}\u{4}".to_owned(), "not a run that"),
        ("{\"seq\":1}\n".to_owned(), "not a run that"),
    ];
    for (file, expected) in told_of {
        let told = told(&file);
        assert!(told.contains(expected), "{told}\n{expected}");
    }
}
