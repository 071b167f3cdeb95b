//! Taking a run back.

use rutter_engine::{Ask, Fact, FaultClass, Repeat, RollbackEnd, RunEnd, RunStatus, Settlement};
use serde_json::json;

use crate::kit::{
    Act, CallExt, Fate, Shell, StepExt, calls, create, delete, fault, get, make, plan, sleep, step,
};

fn rolled_back(standing: &RunStatus) -> bool {
    matches!(
        standing,
        RunStatus::Ended(RunEnd::RolledBack(RollbackEnd::Done))
    )
}

fn made(names: &[&str]) -> Shell {
    let mut shell = Shell::new();
    let list = names.iter().map(|name| make(name)).collect();
    shell.guest("m", calls(list));
    shell.run(plan([step("m")]));
    shell
}

fn deletions(shell: &Shell) -> Vec<&str> {
    let sent = shell.cloud.sent.iter();
    sent.filter_map(|sent| sent.strip_prefix("Delete "))
        .collect()
}

#[test]
fn a_finished_run_is_taken_back_last_first_by_what_its_answers_said() {
    let mut shell = made(&["a", "b", "c"]);
    assert!(rolled_back(&shell.undo()));
    assert_eq!(deletions(&shell), ["c", "b", "a"]);
    assert!(shell.cloud.exists.is_empty());
}

#[test]
fn a_new_process_takes_a_finished_run_back() {
    let mut shell = made(&["a"]);
    shell.take_up();
    assert!(rolled_back(&shell.undo()));
    assert!(shell.cloud.exists.is_empty());
    let before = shell.records.len();
    shell.undo();
    assert_eq!(shell.records.len(), before, "once is enough");
}

#[test]
fn what_is_gone_already_is_met_without_failing() {
    let mut shell = made(&["a", "b"]);
    shell.cloud.exists.remove("b");
    assert!(rolled_back(&shell.undo()));
    assert!(shell.cloud.exists.is_empty());
}

#[test]
fn a_busy_object_is_tried_again_under_a_record_of_its_own() {
    let mut shell = made(&["a"]);
    shell.cloud.will(
        "Delete a",
        [
            Fate::Refused(FaultClass::Busy),
            Fate::Refused(FaultClass::Retry),
        ],
    );
    assert!(rolled_back(&shell.undo()));
    assert_eq!(shell.count("reverse-intended"), 3);
}

#[test]
fn a_crash_in_the_pause_of_a_busy_reverse_leaves_no_doubt() {
    let mut shell = made(&["a"]);
    shell
        .cloud
        .will("Delete a", [Fate::Refused(FaultClass::Busy)]);
    shell.push(rutter_engine::Input::Undo { by: "ann".into() });
    shell.until_fact("reverse-failed");
    assert!(rolled_back(&shell.resume()));
}

#[test]
fn covered_changes_go_with_the_object_they_belong_to() {
    let mut shell = Shell::new();
    shell.guest("m", calls(vec![make("a"), create("a/part").covered()]));
    shell.run(plan([step("m")]));
    assert!(rolled_back(&shell.undo()));
    assert_eq!(deletions(&shell), ["a"]);
}

#[test]
fn what_nothing_takes_back_stays_and_the_steps_other_changes_are_taken_back() {
    let mut shell = Shell::new();
    shell.cloud.exists.insert("old".to_owned(), 1);
    shell.guest("m", calls(vec![make("a"), delete("old"), make("b")]));
    shell.run(plan([step("m")]));
    let end = RunEnd::RolledBack(RollbackEnd::Partly);
    assert_eq!(shell.undo(), RunStatus::Ended(end));
    assert!(shell.cloud.exists.is_empty());
    assert_eq!(shell.count("change-left"), 1);
}

#[test]
fn what_cannot_be_taken_back_keeps_what_came_before_it_and_nothing_else() {
    let mut shell = Shell::new();
    shell.cloud.exists.insert("old".to_owned(), 1);
    shell.guest("copy", calls(vec![make("copy")]));
    shell.guest("other", calls(vec![make("other")]));
    shell.guest("release", calls(vec![delete("old").ask(Ask::Irreversible)]));
    shell.guest("after", calls(vec![make("after")]));
    let release = step("release").needs(&["copy"]);
    shell.run(plan([
        step("copy").needs(&[]),
        step("other").needs(&[]),
        release,
        step("after").needs(&["release"]),
    ]));
    shell.approve("release", "ann");
    let end = RunEnd::RolledBack(RollbackEnd::Partly);
    assert_eq!(shell.undo(), RunStatus::Ended(end));
    assert_eq!(shell.cloud.exists.keys().collect::<Vec<_>>(), ["copy"]);
    assert_eq!(shell.count("change-left"), 2, "the release and the copy");
}

#[test]
fn a_reverse_that_fails_holds_up_what_it_was_made_of_and_nothing_else() {
    let mut shell = Shell::new();
    for name in ["base", "top", "other"] {
        shell.guest(name, calls(vec![make(name)]));
    }
    shell.run(plan([
        step("other").needs(&[]),
        step("base").needs(&[]),
        step("top").needs(&["base"]),
    ]));
    shell
        .cloud
        .will("Delete top", [Fate::Refused(FaultClass::Fail)]);
    assert_eq!(shell.undo(), RunStatus::UndoFailed);
    assert_eq!(
        shell.cloud.exists.keys().collect::<Vec<_>>(),
        ["base", "top"]
    );
    assert!(rolled_back(&shell.undo()));
    assert!(shell.cloud.exists.is_empty());
}

#[test]
fn a_person_ends_a_rollback_that_cannot_end_by_itself() {
    for (settlement, end, left) in [
        (Settlement::Gone, RollbackEnd::Done, 0),
        (Settlement::Leave, RollbackEnd::Partly, 1),
    ] {
        let mut shell = made(&["a", "b"]);
        let fail = std::iter::repeat_n(Fate::Refused(FaultClass::Fail), 5);
        shell.cloud.will("Delete b", fail);
        assert_eq!(shell.undo(), RunStatus::UndoFailed);
        assert!(
            shell.cloud.has("a"),
            "nothing older of the step is taken back before"
        );
        shell.settle("m", settlement);
        assert_eq!(shell.undo(), RunStatus::Ended(RunEnd::RolledBack(end)));
        let stay = shell.run.changes().iter().filter(|change| change.stands());
        assert_eq!(stay.count(), left);
        assert!(!shell.cloud.has("a"));
    }
}

#[test]
fn what_a_person_left_can_be_taken_back_later() {
    let mut shell = made(&["a"]);
    shell
        .cloud
        .will("Delete a", [Fate::Refused(FaultClass::Fail)]);
    shell.undo();
    shell.settle("m", Settlement::Leave);
    shell.undo();
    assert!(shell.cloud.has("a"));
    shell.settle("m", Settlement::Retry);
    assert!(rolled_back(&shell.undo()));
    assert!(!shell.cloud.has("a"));
}

#[test]
fn a_reverse_that_fails_stops_the_rollback_and_an_undo_tries_again() {
    let mut shell = made(&["a", "b"]);
    shell
        .cloud
        .will("Delete b", [Fate::Refused(FaultClass::Fail)]);
    assert_eq!(shell.undo(), RunStatus::UndoFailed);
    assert!(shell.cloud.has("a"), "nothing older is taken back before");
    assert!(rolled_back(&shell.undo()));
    assert!(shell.cloud.exists.is_empty());
}

#[test]
fn an_undo_is_tried_again_by_another_process() {
    let mut shell = made(&["a"]);
    shell
        .cloud
        .will("Delete a", [Fate::Refused(FaultClass::Fail)]);
    shell.undo();
    assert_eq!(shell.resume(), RunStatus::UndoFailed);
    assert!(rolled_back(&shell.undo()));
}

#[test]
fn a_reverse_that_stays_busy_fails_in_the_end() {
    let mut shell = made(&["a"]);
    shell.cloud.will(
        "Delete a",
        std::iter::repeat_n(Fate::Refused(FaultClass::Busy), 20),
    );
    assert_eq!(shell.undo(), RunStatus::UndoFailed);
}

#[test]
fn an_unanswered_reverse_is_repeated_only_where_it_is_harmless() {
    for (repeat, ends) in [(Repeat::Never, false), (Repeat::Same, true)] {
        let mut shell = Shell::new();
        shell.guest("m", calls(vec![make("a").reverse_repeat(repeat)]));
        shell.run(plan([step("m")]));
        shell.cloud.will("Delete a", [Fate::AnswerLost]);
        assert_eq!(rolled_back(&shell.undo()), ends);
        assert_eq!(shell.cloud.times("Delete a"), if ends { 2 } else { 1 });
    }
}

#[test]
fn a_crash_while_a_reverse_is_in_flight_asks_a_person_once() {
    let mut shell = made(&["a"]);
    shell.push(rutter_engine::Input::Undo { by: "ann".into() });
    shell.until_fact("reverse-intended");
    assert_eq!(shell.resume(), RunStatus::UndoFailed);
    let sent = shell.cloud.sent.len();
    assert_eq!(shell.undo(), RunStatus::UndoFailed, "nobody has looked yet");
    assert_eq!(shell.cloud.sent.len(), sent, "it may act twice");
    shell.settle("m", Settlement::Retry);
    assert!(
        rolled_back(&shell.undo()),
        "it is absent, which is what was wanted"
    );
}

#[test]
fn failed_and_unknown_steps_are_taken_back_too() {
    let mut shell = Shell::new();
    shell.guest("bad", |told| match told.answers.len() {
        0 => Act::Call(make("a")),
        _ => Act::End(Err(fault("bad"))),
    });
    shell.guest("doubt", calls(vec![create("b").seen()]));
    shell.cloud.will("Create b", [Fate::AnswerLost]);
    shell.run(plan([step("doubt").needs(&[]), step("bad").needs(&[])]));
    assert!(rolled_back(&shell.undo()));
    assert!(shell.cloud.exists.is_empty());
}

#[test]
fn an_unknown_change_that_cannot_be_looked_at_asks_a_person() {
    let mut shell = Shell::new();
    shell.guest("m", calls(vec![make("a")]));
    shell.cloud.will("Make a", [Fate::Swallowed]);
    shell.run(plan([step("m")]));
    assert_eq!(shell.undo(), RunStatus::UndoFailed);
    shell.settle("m", Settlement::Gone);
    assert!(rolled_back(&shell.undo()));
    assert!(deletions(&shell).is_empty());
}

#[test]
fn an_undo_while_a_change_is_in_flight_waits_for_its_answer() {
    let mut shell = Shell::new();
    shell.guest("m", calls(vec![make("a"), make("b")]));
    shell.start(plan([step("m")]));
    shell.until_fact("change-intended");
    assert!(rolled_back(&shell.undo()));
    assert!(shell.cloud.exists.is_empty());
    assert_eq!(shell.cloud.sent, ["Make a", "Delete a"]);
}

#[test]
fn an_undo_does_not_send_a_throttled_change_again() {
    let mut shell = Shell::new();
    shell.guest("m", calls(vec![make("a")]));
    shell
        .cloud
        .will("Make a", [Fate::Refused(FaultClass::Retry)]);
    shell.start(plan([step("m")]));
    shell.until_fact("change-refused");
    assert!(rolled_back(&shell.undo()));
    assert_eq!(shell.cloud.sent, ["Make a"]);
}

#[test]
fn an_interrupted_rollback_goes_on_where_it_was() {
    let mut shell = made(&["a", "b", "c"]);
    shell.push(rutter_engine::Input::Undo { by: "ann".into() });
    shell.until(|shell| shell.count("reverse-done") == 1);
    assert_eq!(
        shell.give(rutter_engine::Input::Interrupt),
        RunStatus::Stopped
    );
    assert!(rolled_back(&shell.resume()));
    assert_eq!(deletions(&shell), ["c", "b", "a"]);
}

#[test]
fn a_plugin_takes_its_changes_back_by_itself() {
    let mut shell = Shell::new();
    shell.guest("m", calls(vec![make("a"), make("b")]));
    shell.undo_guest("m", |told| {
        let changes = &told.undo.unwrap().changes;
        match changes.get(told.answers.len()) {
            Some(change) => Act::Call(delete(
                change.answer.as_ref().unwrap()["Id"].as_str().unwrap(),
            )),
            None => Act::End(Ok(json!({}))),
        }
    });
    shell.guest("other", calls(vec![make("c")]));
    shell.run(plan([step("m").own_undo(), step("other")]));
    assert!(rolled_back(&shell.undo()));
    assert_eq!(deletions(&shell), ["c", "b", "a"]);
    assert!(shell.cloud.exists.is_empty());
}

#[test]
fn a_final_change_stays_and_the_plugin_takes_back_the_others() {
    let mut shell = Shell::new();
    let last = create("b").no_reverse().ask(Ask::Irreversible);
    shell.guest(
        "m",
        calls(vec![make("a"), last, create("b/part").covered()]),
    );
    shell.undo_guest("m", |told| {
        let given = told.undo.map_or(0, |undo| undo.changes.len());
        assert_eq!(given, 1, "neither the final one nor what goes with it");
        match told.answers.len() {
            0 => Act::Call(delete("a")),
            _ => Act::End(Ok(json!({}))),
        }
    });
    shell.run(plan([step("m").own_undo()]));
    shell.approve("m", "ann");
    let end = RunEnd::RolledBack(RollbackEnd::Partly);
    assert_eq!(shell.undo(), RunStatus::Ended(end));
    assert!(!shell.cloud.has("a") && shell.cloud.has("b"));
}

#[test]
fn an_own_undo_survives_a_crash() {
    let mut shell = Shell::new();
    shell.guest("m", calls(vec![make("a")]));
    shell.undo_guest("m", calls(vec![get("a"), delete("a"), sleep(1_000)]));
    shell.run(plan([step("m").own_undo()]));
    shell.push(rutter_engine::Input::Undo { by: "ann".into() });
    shell.until_fact("wait-started");
    assert!(rolled_back(&shell.resume()));
    assert_eq!(shell.cloud.times("Delete a"), 1);
}

#[test]
fn an_own_undo_that_fails_can_be_tried_again_by_the_same_process() {
    let mut shell = Shell::new();
    shell.guest("m", calls(vec![make("a")]));
    shell.undo_guest("m", |told| match told.attempt {
        1 => Act::End(Err(fault("no"))),
        _ => calls(vec![delete("a")])(told),
    });
    shell.run(plan([step("m").own_undo()]));
    assert_eq!(shell.undo(), RunStatus::UndoFailed);
    assert!(rolled_back(&shell.undo()));
    assert!(shell.cloud.exists.is_empty());
    let undone = shell
        .facts()
        .filter(|fact| matches!(fact, Fact::RollbackStarted { .. }));
    assert_eq!(undone.count(), 2);
}
