//! Taking a run back.

use std::process::Stdio;

use crate::{Bench, Ended, RUN};

#[test]
fn two_undos_at_once_take_a_run_back_once() {
    let bench = Bench::new();
    drop(bench.waiting_run());
    let start = || {
        let mut command = bench.command(&["undo", "7f", "--yes"]);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().unwrap()
    };
    let both = [start(), start()].map(|undo| Ended::from(undo.wait_with_output().unwrap()));
    assert!(both.iter().any(|ended| ended.code == Some(0)));
    for ended in both {
        // The later one may find the other at work, or done, or be heard by it on its way out.
        let said = [
            "is being driven by process",
            "was taken back already",
            "it decided nothing: the run was taken back",
            "it decided nothing: the run is being taken back",
        ];
        let late = ended.code == Some(2) && said.iter().any(|said| ended.stderr.contains(said));
        assert!(
            ended.code == Some(0) || late,
            "{:?}: {}",
            ended.code,
            ended.stderr
        );
    }
    let again = bench.run(&["undo", "7f", "--yes"]);
    assert_eq!(again.code, Some(2), "{}", again.stderr);
    assert!(
        again.stderr.contains("was taken back already"),
        "{}",
        again.stderr
    );
    let records = bench.run(&["show", "7f", "--json"]).stdout;
    assert_eq!(records.matches("rollback-started").count(), 1, "{records}");
}

#[test]
fn an_undo_that_needs_no_secret_needs_no_vault() {
    let bench = Bench::new();
    drop(bench.waiting_run());
    let sealed = bench.state().join("runs").join(RUN).join("secrets.sealed");
    std::fs::write(&sealed, "nobody has the key").unwrap();
    let resumed = bench.run(&["resume", "7f"]);
    assert_eq!(resumed.code, Some(2));
    assert!(
        resumed.stderr.contains("secrets.sealed"),
        "{}",
        resumed.stderr
    );
    let undone = bench.run(&["undo", "7f", "--yes"]);
    assert_eq!(undone.code, Some(0), "{}", undone.stderr);
    assert!(
        undone.stderr.contains("warning: the key"),
        "{}",
        undone.stderr
    );
}
