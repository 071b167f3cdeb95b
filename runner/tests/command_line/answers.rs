//! Answers that are left for a run.

use rutter::journal::{Journal as _, Runs};
use rutter_engine::{Input, Run};

use crate::Bench;

#[test]
fn an_answer_is_left_for_whoever_drives_the_run() {
    let bench = Bench::new();
    drop(bench.waiting_run());
    let asked = bench.run(&["approve", "7f", "cutover"]);
    assert_eq!(asked.code, Some(2), "the evidence is missing");
    assert!(
        asked.stderr.contains("--evidence ticket="),
        "{}",
        asked.stderr
    );

    let approved = bench.run(&["approve", "7f", "cutover", "--evidence", "ticket=T-1"]);
    assert_eq!(approved.code, Some(0), "{}", approved.stderr);
    assert!(
        approved.stderr.contains("rutter resume 7f3cab12"),
        "{}",
        approved.stderr
    );

    let folder = Runs::new(bench.state()).find("7f").unwrap();
    let mut run = Run::new();
    for record in folder.drive().unwrap().journal.load().unwrap() {
        run.evolve(&record).unwrap();
    }
    let letters = folder.inbox().take(&run).unwrap();
    let [
        Input::Approve {
            question: 1,
            by,
            evidence,
        },
    ] = letters.as_slice()
    else {
        panic!("{letters:?}");
    };
    // Who it is says the file's owner, whatever the environment claims.
    assert_eq!(by.uid(), Some(rustix::process::geteuid().as_raw()));
    assert_eq!(evidence["ticket"], "T-1");
}

#[test]
fn a_step_that_asks_nothing_is_not_approved() {
    let bench = Bench::new();
    drop(bench.waiting_run());
    for (step, said) in [("cutovr", "has no step"), ("nothing", "has no step")] {
        let ended = bench.run(&["approve", "7f", step]);
        assert_eq!(ended.code, Some(2));
        assert!(ended.stderr.contains(said), "{}", ended.stderr);
        assert!(
            ended.stderr.contains("these ask: cutover"),
            "{}",
            ended.stderr
        );
    }
    let ended = bench.run(&["resolve", "7f", "cutover", "--skip", "--why", "late"]);
    assert_eq!(ended.code, Some(2));
    assert!(ended.stderr.contains("neither failed"), "{}", ended.stderr);
}
