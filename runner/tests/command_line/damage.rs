//! Journals that are damaged, and recovering them.

use rutter::journal::{Journal as _, Runs};
use rutter_engine::Fact;

use crate::{Bench, RUN, append};

#[test]
fn a_damaged_journal_is_named_and_hides_no_other_run() {
    let bench = Bench::new();
    drop(bench.waiting_run());
    let damaged = bench.state().join("runs/dddddddd");
    std::fs::create_dir(&damaged).unwrap();
    std::fs::write(damaged.join("journal.db"), "not a database ".repeat(400)).unwrap();

    let list = bench.run(&["list"]);
    assert_eq!(list.code, Some(0));
    assert!(list.stdout.contains("unreadable") && list.stdout.contains("cutover_only"));
    let shown = bench.run(&["show", "dddddddd"]);
    assert_eq!(shown.code, Some(2));
    assert!(
        shown
            .stderr
            .contains("is damaged: it is not a journal's database"),
        "{}",
        shown.stderr
    );
    assert!(shown.stderr.contains("help:"), "{}", shown.stderr);
}

/// The run of [`Bench::waiting_run`], killed, and its log gone: one record is in the database, the other is not.
fn run_that_lost_its_log(bench: &Bench) -> std::path::PathBuf {
    let mut driving = bench.waiting_run();
    drop(driving);
    driving = Runs::new(bench.state()).find(RUN).unwrap().drive().unwrap();
    append(
        &mut driving,
        Fact::StepSkipped {
            step: "cutover".into(),
            reason: "no longer wanted".to_owned(),
        },
    );
    driving.journal.flush().unwrap();
    let folder = driving.folder.path().to_owned();
    let kept: Vec<_> = ["journal.db", "head"]
        .map(|name| (folder.join(name), std::fs::read(folder.join(name)).unwrap()))
        .to_vec();
    drop(driving);
    for (path, bytes) in kept {
        std::fs::write(path, bytes).unwrap();
    }
    folder
}

#[test]
fn a_journal_that_lost_records_is_refused_recovered_and_then_only_shown_and_undone() {
    let bench = Bench::new();
    let folder = run_that_lost_its_log(&bench);
    let before = std::fs::read(folder.join("journal.db")).unwrap();
    for command in [
        &["show", "7f"][..],
        &["resume", "7f"],
        &["undo", "7f", "--yes"],
        &["approve", "7f", "cutover", "--evidence", "ticket=T-1"],
    ] {
        let ended = bench.run(command);
        assert_eq!(ended.code, Some(2), "{command:?}: {}", ended.stdout);
        for part in [
            "journal.db-wal is damaged: there is none, and records 3 to 3 are missing",
            "of at least 3 records the first 2 are sound",
            "rutter recover 7f3cab12",
        ] {
            assert!(ended.stderr.contains(part), "{command:?}: {}", ended.stderr);
        }
        assert!(!ended.stderr.contains("nothing ran"), "{}", ended.stderr);
        assert!(
            !ended.stderr.contains("changed nothing"),
            "{}",
            ended.stderr
        );
        assert!(!folder.join("journal.db-wal").exists());
    }

    let recovered = bench.run(&["recover", "7f"]);
    assert_eq!(recovered.code, Some(0), "{}", recovered.stderr);
    for part in [
        "does not go on",
        "records 3 to 3 are lost",
        "damaged-1",
        "no known change is still in place",
        "rutter undo 7f3cab12",
        "compare the accounts",
    ] {
        assert!(recovered.stdout.contains(part), "{}", recovered.stdout);
    }
    assert_eq!(
        std::fs::read(folder.join("damaged-1/journal.db")).unwrap(),
        before
    );
    assert!(bench.run(&["list"]).stdout.contains("recovered"));
    assert!(
        bench
            .run(&["show", "7f"])
            .stdout
            .contains("records 3 to 3 are lost")
    );
    for command in [
        &["resume", "7f"][..],
        &["approve", "7f", "cutover", "--evidence", "ticket=T-1"],
    ] {
        let ended = bench.run(command);
        assert_eq!(ended.code, Some(2));
        assert!(ended.stderr.contains("it cannot go on"), "{}", ended.stderr);
    }
    let again = bench.run(&["recover", "7f"]);
    assert_eq!(again.code, Some(2));
    assert!(again.stderr.contains("is sound"), "{}", again.stderr);

    let undone = bench.run(&["undo", "7f", "--yes"]);
    assert_eq!(undone.code, Some(5), "{}", undone.stderr);
    assert!(
        undone.stderr.contains("was taken back"),
        "{}",
        undone.stderr
    );
    assert!(
        undone.stderr.contains("records 3 to 3 are lost"),
        "{}",
        undone.stderr
    );
}

#[test]
fn a_journal_without_a_sound_record_is_not_recovered_and_its_files_stay() {
    let bench = Bench::new();
    drop(bench.waiting_run());
    let folder = bench.state().join("runs").join(RUN);
    std::fs::write(folder.join("journal.db"), "not a database ".repeat(400)).unwrap();
    let ended = bench.run(&["recover", "7f"]);
    assert_eq!(ended.code, Some(2));
    assert!(
        ended.stderr.contains("not even the first record"),
        "{}",
        ended.stderr
    );
    assert!(!folder.join("damaged-1").exists());
}
