//! Order, conditions, items, retries, failures.

use rutter_engine::{Fact, FaultClass, OnFailure, RunEnd, RunStatus, StepState, Uses};
use serde_json::{Value, json};

use crate::kit::{
    Act, Fate, Shell, StepExt, Told, calls, create, fault, get, plan, retry, sleep, step,
};

fn done(standing: &RunStatus) -> bool {
    matches!(standing, RunStatus::Ended(RunEnd::Done { fault: None, .. }))
}

/// Fails until the attempt with this number.
fn works_at(attempt: u32) -> impl Fn(&Told<'_>) -> Act {
    move |told| {
        Act::End(if told.attempt < attempt {
            Err(fault("no"))
        } else {
            Ok(json!(told.attempt))
        })
    }
}

fn started(shell: &Shell) -> Vec<String> {
    let started = shell.facts().filter_map(|fact| match fact {
        Fact::AttemptStarted { at } => {
            let item = at
                .item
                .as_deref()
                .map_or(String::new(), |item| format!("[{item}]"));
            Some(format!("{}{item}#{}", at.step, at.attempt))
        }
        _ => None,
    });
    started.collect()
}

#[test]
fn steps_run_one_after_the_other_and_the_run_ends() {
    let mut shell = Shell::new();
    shell.guest("a", calls(vec![create("x")]));
    shell.guest("b", calls(vec![create("y")]));
    let mut story = plan([step("a"), step("b")]);
    story.outputs = json!({ "made": { "$step": "b" } });
    let standing = shell.run(story);
    assert!(matches!(
        standing,
        RunStatus::Ended(RunEnd::Done { ref outputs, .. }) if *outputs == json!({"made": {"calls": 1}})
    ));
    let one_step = [
        "step-prepared",
        "attempt-started",
        "change-intended",
        "change-done",
        "attempt-ended",
        "step-ended",
    ];
    let mut kinds = vec!["run-started", "accounts-confirmed"];
    kinds.extend(one_step);
    kinds.extend(one_step);
    kinds.push("run-ended");
    assert_eq!(shell.kinds(), kinds);
}

#[test]
fn a_step_waits_for_what_it_needs_and_for_nothing_else() {
    let mut shell = Shell::new();
    shell.guest("slow", calls(vec![sleep(60_000)]));
    shell.guest("quick", calls(vec![get("x")]));
    shell.cloud.exists.insert("x".to_owned(), 1);
    shell.guest("after_quick", calls(vec![]));
    shell.guest("after_both", calls(vec![]));
    let standing = shell.run(plan([
        step("slow").needs(&[]),
        step("quick").needs(&[]),
        step("after_quick").needs(&["quick"]),
        step("after_both").needs(&["slow", "quick"]),
    ]));
    assert!(done(&standing));
    assert_eq!(
        started(&shell),
        ["slow#1", "quick#1", "after_quick#1", "after_both#1"]
    );
}

#[test]
fn a_false_condition_skips_a_step_and_skipped_counts_as_done() {
    let mut shell = Shell::new();
    shell.guest("after", calls(vec![]));
    let standing = shell.run(plan([step("left_out").when("false"), step("after")]));
    assert!(done(&standing));
    assert_eq!(started(&shell), ["after#1"]);
}

#[test]
fn items_run_a_few_at_a_time_and_their_outputs_are_a_list() {
    let mut shell = Shell::new();
    shell.guest("each", |told| match told.answers.len() {
        0 => Act::Call(sleep(1_000)),
        _ => Act::End(Ok(told.inputs["item"].clone())),
    });
    shell.start(plan([step("each").each(json!([7, 8, 9]), 2, 0)]));
    shell.until_fact("wait-started");
    assert_eq!(started(&shell), ["each[0]#1", "each[1]#1"]);
    assert!(done(&shell.until_idle()));
    assert_eq!(shell.outputs("each"), Some(json!([7, 8, 9])));
}

#[test]
fn items_of_a_table_give_a_table() {
    let mut shell = Shell::new();
    shell.guest("each", |told| Act::End(Ok(told.inputs["item"].clone())));
    shell.run(plan([step("each").each(json!({"a": 1, "b": 2}), 0, 0)]));
    assert_eq!(shell.outputs("each"), Some(json!({"a": 1, "b": 2})));
}

#[test]
fn no_items_at_all_are_done_at_once() {
    let mut shell = Shell::new();
    assert!(done(&shell.run(plan([step("each").each(json!([]), 0, 0)]))));
    assert_eq!(shell.outputs("each"), Some(json!([])));
}

fn fails_for(bad: &'static [i64]) -> impl Fn(&Told<'_>) -> Act {
    move |told| {
        let item = told.inputs["item"].as_i64().unwrap();
        Act::End(if bad.contains(&item) {
            Err(fault("bad"))
        } else {
            Ok(json!(item))
        })
    }
}

#[test]
fn failures_of_items_are_borne_up_to_the_limit() {
    let mut shell = Shell::new();
    shell.guest("each", fails_for(&[2]));
    assert!(done(&shell.run(plan([step("each").each(
        json!([1, 2, 3]),
        1,
        1
    )]))));
    assert_eq!(shell.outputs("each"), Some(json!([1, null, 3])));
}

#[test]
fn no_item_is_begun_after_too_many_failures() {
    let mut shell = Shell::new();
    shell.guest("each", fails_for(&[1, 2]));
    let standing = shell.run(plan([step("each").each(json!([1, 2, 3]), 1, 1)]));
    assert_eq!(standing, RunStatus::Failed);
    assert_eq!(started(&shell), ["each[0]#1", "each[1]#1"]);
}

#[test]
fn a_failed_attempt_is_tried_again_after_a_growing_delay() {
    let mut shell = Shell::new();
    shell.guest("shaky", works_at(4));
    let standing = shell.run(plan([step("shaky").retried(retry(4, 1_000))]));
    assert!(done(&standing));
    let planned = shell
        .records
        .iter()
        .filter_map(|record| match &record.fact {
            Fact::RetryPlanned { due, .. } => Some(due.since(record.time)),
            _ => None,
        });
    assert_eq!(planned.collect::<Vec<_>>(), [1_000, 2_000, 4_000]);
}

#[test]
fn a_step_fails_when_its_attempts_are_used_up() {
    let mut shell = Shell::new();
    shell.guest("shaky", works_at(9));
    let standing = shell.run(plan([step("shaky").retried(retry(2, 1_000)), step("next")]));
    assert_eq!(standing, RunStatus::Failed);
    assert_eq!(started(&shell), ["shaky#1", "shaky#2"]);
}

#[test]
fn a_denied_call_is_not_tried_again() {
    let mut shell = Shell::new();
    shell.guest("bold", calls(vec![create("x")]));
    let denied = rutter_engine::Fault::new(FaultClass::Denied, "rutter.denied", "not allowed");
    shell.deny_all(Some(denied));
    let standing = shell.run(plan([step("bold").retried(retry(3, 1_000))]));
    assert_eq!(standing, RunStatus::Failed);
    assert_eq!(started(&shell), ["bold#1"]);
    assert!(shell.cloud.sent.is_empty());
}

#[test]
fn an_item_tried_again_does_not_hold_up_the_others() {
    let mut shell = Shell::new();
    shell.guest("each", |told| {
        let failing = told.inputs["item"] == json!(1) && told.attempt == 1;
        Act::End(if failing {
            Err(fault("no"))
        } else {
            Ok(json!(told.attempt))
        })
    });
    let each = step("each")
        .each(json!([1, 2]), 1, 0)
        .retried(retry(2, 1_000));
    assert!(done(&shell.run(plan([each]))));
    assert_eq!(started(&shell), ["each[0]#1", "each[1]#1", "each[0]#2"]);
}

#[test]
fn an_attempt_that_takes_too_long_is_dropped() {
    let mut shell = Shell::new();
    shell.guest("slow", calls(vec![sleep(60_000)]));
    let standing = shell.run(plan([step("slow").timeout(5_000)]));
    assert_eq!(standing, RunStatus::Failed);
    assert!(matches!(
        &shell.run.step("slow").unwrap().state,
        StepState::Failed(fault) if fault.code == "rutter.step-timeout"
    ));
}

#[test]
fn a_failure_stops_new_steps_but_not_those_under_way() {
    let mut shell = Shell::new();
    shell.guest("bad", |_| Act::End(Err(fault("bad"))));
    shell.guest("under_way", calls(vec![sleep(1_000), create("x")]));
    shell.guest("next", calls(vec![]));
    let standing = shell.run(plan([
        step("under_way").needs(&[]),
        step("bad").needs(&[]),
        step("next").needs(&["under_way"]),
    ]));
    assert_eq!(standing, RunStatus::Failed);
    assert!(shell.outputs("under_way").is_some());
    assert_eq!(shell.run.step("next").unwrap().state, StepState::Waiting);
}

#[test]
fn a_borne_failure_lets_the_run_go_on() {
    let mut shell = Shell::new();
    shell.guest("bad", |_| Act::End(Err(fault("bad"))));
    shell.guest("next", calls(vec![]));
    let standing = shell.run(plan([
        step("bad").on_failure(OnFailure::Continue),
        step("next"),
    ]));
    assert!(done(&standing));
}

#[test]
fn a_failure_that_undoes_takes_the_run_back() {
    let mut shell = Shell::new();
    shell.guest("make", calls(vec![create("x")]));
    shell.guest("waits", calls(vec![sleep(1_000_000)]));
    shell.guest("bad", |_| Act::End(Err(fault("bad"))));
    let standing = shell.run(plan([
        step("make"),
        step("waits").needs(&["make"]),
        step("bad").needs(&["make"]).on_failure(OnFailure::Undo),
    ]));
    assert!(matches!(standing, RunStatus::Ended(RunEnd::RolledBack(_))));
    assert!(!shell.cloud.has("x"));
    // Nobody waits a quarter of an hour for a guest that is of no more use.
    assert!(shell.run.latest().since(shell.run.started()) < 10_000);
}

#[test]
fn outputs_of_earlier_steps_reach_later_ones() {
    let mut shell = Shell::new();
    shell.guest("a", |_| Act::End(Ok(json!("id-1"))));
    shell.guest("b", |told| Act::End(Ok(told.inputs["from"].clone())));
    shell.run(plan([
        step("a"),
        step("b").with(json!({ "from": { "$step": "a" } })),
    ]));
    assert_eq!(shell.outputs("b"), Some(json!("id-1")));
}

#[test]
fn inputs_that_cannot_be_made_fail_the_step() {
    let mut shell = Shell::new();
    let bad = step("bad").with(json!({ "from": { "$step": "nowhere" } }));
    assert_eq!(shell.run(plan([bad])), RunStatus::Failed);
    assert!(started(&shell).is_empty());
}

#[test]
fn a_pause_waits_and_the_run_goes_on() {
    let mut shell = Shell::new();
    shell.guest("next", calls(vec![]));
    let pause = step("pause")
        .uses(Uses::Pause)
        .with(json!({ "for": 60_000 }));
    assert!(done(&shell.run(plan([pause, step("next")]))));
    assert_eq!(shell.now.since(shell.run.started()), 60_000);
}

#[test]
fn an_assertion_that_does_not_hold_fails_with_its_message() {
    let holds = |that: Value| {
        let mut shell = Shell::new();
        let with = json!({ "that": that, "message": "empty" });
        shell.run(plan([step("check").uses(Uses::Assert).with(with)]))
    };
    assert!(done(&holds(json!(true))));
    assert_eq!(holds(json!(false)), RunStatus::Failed);
    assert_eq!(holds(json!("yes")), RunStatus::Failed);
}

#[test]
fn a_session_limited_to_a_step_stops_after_it() {
    let mut shell = Shell::new();
    for id in ["a", "b", "c"] {
        shell.guest(id, calls(vec![]));
    }
    shell.start(plan([step("a"), step("b"), step("c")]));
    shell.until_fact("run-started");
    shell.run.stop_after("b".into());
    assert_eq!(shell.until_idle(), RunStatus::Stopped);
    assert_eq!(started(&shell), ["a#1", "b#1"]);
    assert!(done(&shell.resume()));
}

#[test]
fn a_failed_step_does_not_wait_for_a_step_of_unknown_outcome() {
    let mut shell = Shell::new();
    shell.guest("doubtful", calls(vec![create("x")]));
    shell.cloud.will("Create x", [Fate::AnswerLost]);
    shell.guest("slow", calls(vec![sleep(10_000)]));
    let standing = shell.run(plan([step("doubtful").needs(&[]), step("slow").needs(&[])]));
    assert_eq!(standing, RunStatus::Unknown);
    assert!(
        shell.outputs("slow").is_some(),
        "it is done, whatever became of the other"
    );
}
