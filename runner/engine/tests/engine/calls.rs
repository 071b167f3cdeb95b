//! Reads and changes: repeated where that is known to be harmless, and nowhere else.

use rutter_engine::{Fact, FaultClass, Repeat, RunEnd, RunStatus, Settlement, StepState};
use serde_json::json;

use crate::kit::{Act, CallExt, Fate, Shell, StepExt, calls, create, fault, get, plan, step};

fn done(standing: &RunStatus) -> bool {
    matches!(standing, RunStatus::Ended(RunEnd::Done { .. }))
}

#[test]
fn a_read_is_repeated_after_transient_faults() {
    let mut shell = Shell::new();
    shell.guest("r", calls(vec![get("x")]));
    shell.cloud.exists.insert("x".to_owned(), 1);
    shell
        .cloud
        .will("Get x", [Fate::Refused(FaultClass::Retry), Fate::Swallowed]);
    assert!(done(&shell.run(plan([step("r")]))));
    assert_eq!(shell.cloud.times("Get x"), 3);
    assert_eq!(shell.count("call-answered"), 1);
}

#[test]
fn a_read_that_never_answers_fails_and_is_no_question_of_what_happened() {
    let mut shell = Shell::new();
    shell.guest("r", calls(vec![get("x")]));
    shell
        .cloud
        .will("Get x", std::iter::repeat_n(Fate::Swallowed, 50));
    assert_eq!(shell.run(plan([step("r")])), RunStatus::Failed);
    let StepState::Failed(fault) = &shell.run.step("r").unwrap().state else {
        panic!()
    };
    assert_eq!(fault.class, FaultClass::Retry);
    assert_eq!(shell.cloud.times("Get x"), 10);
}

#[test]
fn a_refused_change_is_told_to_the_guest() {
    let mut shell = Shell::new();
    shell.guest("c", calls(vec![create("x")]));
    shell
        .cloud
        .will("Create x", [Fate::Refused(FaultClass::Fail)]);
    assert_eq!(shell.run(plan([step("c")])), RunStatus::Failed);
    assert_eq!(shell.cloud.times("Create x"), 1);
    assert_eq!(shell.count("change-refused"), 1);
}

#[test]
fn a_throttled_change_is_sent_again_under_a_record_of_its_own() {
    let mut shell = Shell::new();
    shell.guest("c", calls(vec![create("x"), get("x")]));
    shell.cloud.will(
        "Create x",
        [
            Fate::Refused(FaultClass::Retry),
            Fate::Refused(FaultClass::Retry),
        ],
    );
    assert!(done(&shell.run(plan([step("c")]))));
    assert_eq!(shell.cloud.times("Create x"), 3);
    assert_eq!(shell.count("change-intended"), 3);
    assert_eq!(shell.count("change-refused"), 2);
}

#[test]
fn a_crash_in_the_pause_of_a_throttled_change_leaves_no_doubt() {
    let mut shell = Shell::new();
    shell.guest("c", calls(vec![create("x")]));
    shell
        .cloud
        .will("Create x", [Fate::Refused(FaultClass::Retry)]);
    shell.start(plan([step("c")]));
    shell.until_fact("change-refused");
    assert!(done(&shell.resume()));
    assert_eq!(shell.cloud.times("Create x"), 2);
}

#[test]
fn an_unanswered_change_is_not_repeated() {
    for lost in [Fate::AnswerLost, Fate::Swallowed] {
        let mut shell = Shell::new();
        shell.guest("c", calls(vec![create("x")]));
        shell.cloud.will("Create x", [lost]);
        assert_eq!(shell.run(plan([step("c")])), RunStatus::Unknown);
        assert_eq!(shell.cloud.times("Create x"), 1);
    }
}

#[test]
fn an_unanswered_change_is_repeated_where_it_is_harmless() {
    for repeat in [Repeat::Same, Repeat::Token { ttl_ms: 3_600_000 }] {
        let mut shell = Shell::new();
        shell.guest("c", calls(vec![create("x").repeat(repeat)]));
        let label = if repeat == Repeat::Same {
            "Ensure x"
        } else {
            "Create x"
        };
        shell.cloud.will(label, [Fate::Swallowed, Fate::Swallowed]);
        assert!(done(&shell.run(plan([step("c")]))));
        assert_eq!(shell.cloud.times(label), 3);
        assert_eq!(shell.count("change-intended"), 1);
    }
}

#[test]
fn a_token_is_used_after_a_crash_while_the_api_remembers_it() {
    for (later_ms, times) in [(1_000, 2), (4_000_000, 1)] {
        let mut shell = Shell::new();
        let token = Repeat::Token { ttl_ms: 3_600_000 };
        shell.guest("c", calls(vec![create("x").repeat(token)]));
        shell.cloud.will("Create x", [Fate::Swallowed]);
        shell.start(plan([step("c")]));
        shell.until_fact("change-intended");
        shell.now = shell.now.after(later_ms);
        let standing = shell.resume();
        assert_eq!(shell.cloud.times("Create x"), times);
        assert_eq!(done(&standing), times == 2, "{standing:?}");
    }
}

#[test]
fn a_refusal_after_a_lost_answer_does_not_mean_that_nothing_happened() {
    let mut shell = Shell::new();
    let token = Repeat::Token { ttl_ms: 3_600_000 };
    shell.guest("c", calls(vec![create("x").repeat(token)]));
    shell.cloud.will(
        "Create x",
        [Fate::AnswerLost, Fate::Refused(FaultClass::Credential)],
    );
    assert_eq!(shell.run(plan([step("c")])), RunStatus::Unknown);
    assert_eq!(shell.count("change-refused"), 0);
    assert_eq!(shell.undo(), RunStatus::UndoFailed);
    shell.settle("c", Settlement::Retry);
    shell.undo();
    assert!(
        !shell.cloud.has("x"),
        "what may have happened is taken back when a person says so"
    );
}

#[test]
fn a_guest_whose_calls_differ_on_replay_is_not_deterministic() {
    let mut shell = Shell::new();
    let flips = std::rc::Rc::new(std::cell::Cell::new(0));
    let seen = flips.clone();
    shell.guest("c", move |told| match told.answers.len() {
        0 => Act::Call(create(if seen.get() == 0 { "x" } else { "y" })),
        1 => Act::Call(get("x")),
        _ => Act::End(Ok(json!({}))),
    });
    shell.start(plan([step("c")]));
    shell.until_fact("change-done");
    flips.set(1);
    assert_eq!(shell.resume(), RunStatus::Failed);
    let StepState::Failed(fault) = &shell.run.step("c").unwrap().state else {
        panic!()
    };
    assert_eq!(fault.code, "rutter.not-deterministic");
    assert!(!shell.cloud.has("y"));
}

#[test]
fn a_denied_call_does_not_reach_the_world_and_is_recorded() {
    let mut shell = Shell::new();
    shell.guest("c", calls(vec![create("x")]));
    shell.deny_all(Some(fault("rutter.denied")));
    shell.run(plan([step("c")]));
    assert!(shell.cloud.sent.is_empty());
    assert_eq!(shell.count("call-answered"), 1);
}

#[test]
fn a_recorded_answer_is_not_judged_again() {
    let mut shell = Shell::new();
    shell.guest("c", calls(vec![create("x")]));
    shell.start(plan([step("c")]));
    shell.until_fact("change-done");
    shell.deny_all(Some(fault("rutter.denied")));
    assert!(done(&shell.resume()));
}

#[test]
fn a_timeout_during_a_change_is_settled_by_its_late_answer() {
    let mut shell = Shell::new();
    shell.guest("c", calls(vec![create("x")]));
    let standing = shell.run(plan([step("c").timeout(50)]));
    // Unknown for a moment, then known to be done: the step failed by its timeout alone.
    assert_eq!(standing, RunStatus::Failed);
    let ends = shell
        .facts()
        .filter(|fact| matches!(fact, Fact::ChangeDone { .. }));
    assert_eq!(ends.count(), 1);
}
