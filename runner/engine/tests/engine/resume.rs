//! Interrupted, killed, resumed, with a mended runbook.

use rutter_engine::{Fact, FaultClass, Input, RunEnd, RunStatus, Uses};
use serde_json::json;

use crate::kit::{
    Act, Fate, Shell, StepExt, calls, create, fault, get, make, plan, rebuilt, retry, sleep, step,
    wait_for,
};

fn done(standing: &RunStatus) -> bool {
    matches!(standing, RunStatus::Ended(RunEnd::Done { .. }))
}

#[test]
fn an_interrupted_run_awaits_what_was_sent_and_begins_nothing() {
    let mut shell = Shell::new();
    shell.guest("m", calls(vec![make("a"), make("b")]));
    shell.start(plan([step("m")]));
    shell.until_fact("change-intended");
    assert_eq!(shell.give(Input::Interrupt), RunStatus::Stopped);
    assert_eq!(shell.kinds().last().unwrap(), "change-done");
    assert!(done(&shell.resume()));
    assert_eq!(shell.cloud.sent, ["Make a", "Make b"]);
}

#[test]
fn an_interrupt_does_not_fail_what_was_being_repeated() {
    let mut shell = Shell::new();
    shell.guest("m", calls(vec![get("x"), make("a")]));
    shell.cloud.exists.insert("x".to_owned(), 1);
    shell
        .cloud
        .will("Get x", [Fate::Swallowed, Fate::Swallowed]);
    shell
        .cloud
        .will("Make a", [Fate::Refused(FaultClass::Retry); 1]);
    shell.start(plan([step("m")]));
    shell.until(|shell| shell.cloud.times("Get x") == 1);
    assert_eq!(shell.give(Input::Interrupt), RunStatus::Stopped);
    shell.take_up();
    shell.until_fact("change-intended");
    assert_eq!(shell.give(Input::Interrupt), RunStatus::Stopped);
    assert!(done(&shell.resume()));
    assert_eq!(
        (shell.cloud.times("Make a"), shell.count("change-unknown")),
        (2, 0)
    );
}

#[test]
fn a_second_interrupt_leaves_what_is_in_flight_unknown() {
    let mut shell = Shell::new();
    shell.guest("m", calls(vec![make("a")]));
    shell.start(plan([step("m")]));
    shell.until_fact("change-intended");
    shell.push(Input::Interrupt);
    shell.push(Input::Abort);
    shell.until(|shell| shell.count("change-unknown") == 1);
    assert_eq!(shell.resume(), RunStatus::Unknown);
    assert_eq!(shell.cloud.times("Make a"), 1);
}

#[test]
fn a_resume_tries_failed_steps_again() {
    let mut shell = Shell::new();
    shell.guest("a", calls(vec![make("a")]));
    shell.guest("b", |told| {
        Act::End(if told.attempt < 3 {
            Err(fault("no"))
        } else {
            Ok(json!(1))
        })
    });
    let story = plan([step("a"), step("b").retried(retry(2, 1_000))]);
    assert_eq!(shell.run(story), RunStatus::Failed);
    assert!(done(&shell.resume()));
    assert_eq!(shell.cloud.times("Make a"), 1);
}

#[test]
fn a_planned_retry_keeps_its_instant_over_a_crash() {
    let mut shell = Shell::new();
    shell.guest("b", |told| {
        Act::End(if told.attempt < 2 {
            Err(fault("no"))
        } else {
            Ok(json!(1))
        })
    });
    shell.start(plan([step("b").retried(retry(2, 60_000))]));
    shell.until_fact("retry-planned");
    shell.now = shell.now.after(20_000);
    assert!(done(&shell.resume()));
    assert_eq!(shell.run.latest().since(shell.run.started()), 60_000);
}

#[test]
fn a_run_taken_up_twice_goes_on() {
    let mut shell = Shell::new();
    shell.guest("w", calls(vec![wait_for("x", "Running")]));
    shell
        .cloud
        .will("Get x", vec![Fate::Says(json!({ "Status": "Pending" })); 5]);
    shell.cloud.exists.insert("x".to_owned(), 1);
    shell.start(plan([step("w")]));
    shell.until_fact("wait-started");
    shell.take_up();
    shell.until(|shell| shell.count("attempt-resumed") == 1);
    assert!(done(&shell.resume()));
    assert_eq!(shell.count("attempt-resumed"), 2);
}

#[test]
fn a_mended_runbook_gives_a_failed_step_its_new_inputs() {
    let mut shell = Shell::new();
    shell.guest("a", calls(vec![make("a")]));
    shell.guest("b", |told| {
        Act::End(if told.inputs["size"] == json!(1) {
            Ok(json!(1))
        } else {
            Err(fault("size"))
        })
    });
    shell.guest("c", calls(vec![]));
    let story = |size: i64| plan([step("a"), step("b").with(json!({ "size": size }))]);
    assert_eq!(shell.run(story(0)), RunStatus::Failed);
    shell.kill();
    shell.push(Input::Resume {
        rutter: "0.1.0".to_owned(),
        profiles: Default::default(),
    });
    let mut mended = story(1);
    mended.steps.push(step("c").needs(&["b"]));
    shell.push(Input::Revise(Box::new(mended)));
    shell.push(Input::AccountsConfirmed(std::collections::BTreeMap::new()));
    assert!(done(&shell.until_idle()));
    assert_eq!(shell.cloud.times("Make a"), 1);
    assert!(shell.outputs("c").is_some());
    let attempts = shell.facts().filter_map(|fact| match fact {
        Fact::AttemptStarted { at } if &*at.step == "b" => Some(at.attempt),
        _ => None,
    });
    assert_eq!(
        attempts.collect::<Vec<_>>(),
        [1, 2],
        "attempts are counted on"
    );
}

#[test]
fn a_step_added_above_a_failed_one_runs_before_it() {
    let mut shell = Shell::new();
    shell.guest("fix", calls(vec![create("x")]));
    shell.guest("b", calls(vec![get("x")]));
    assert_eq!(shell.run(plan([step("b")])), RunStatus::Failed);
    shell.kill();
    shell.push(Input::Resume {
        rutter: "0.1.0".to_owned(),
        profiles: Default::default(),
    });
    shell.push(Input::Revise(Box::new(plan([step("fix"), step("b")]))));
    shell.push(Input::AccountsConfirmed(std::collections::BTreeMap::new()));
    assert!(done(&shell.until_idle()));
}

#[test]
fn an_attempt_under_way_keeps_its_inputs_when_the_runbook_is_mended() {
    let mut shell = Shell::new();
    shell.guest("b", |told| match told.answers.len() {
        0 => Act::Call(make(told.inputs["name"].as_str().unwrap())),
        1 => Act::Call(sleep(1_000)),
        _ => Act::End(Ok(told.inputs["name"].clone())),
    });
    let story = |name: &str| plan([step("b").with(json!({ "name": name }))]);
    shell.start(story("old"));
    shell.until_fact("wait-started");
    shell.kill();
    shell.push(Input::Resume {
        rutter: "0.1.0".to_owned(),
        profiles: Default::default(),
    });
    shell.push(Input::Revise(Box::new(story("new"))));
    shell.push(Input::AccountsConfirmed(std::collections::BTreeMap::new()));
    assert!(done(&shell.until_idle()));
    assert_eq!(shell.outputs("b"), Some(json!("old")));
}

#[test]
fn a_pause_cut_off_between_its_records_goes_on() {
    let mut shell = Shell::new();
    let pause = step("pause")
        .uses(Uses::Pause)
        .with(json!({ "for": 60_000 }));
    shell.run(plan([pause]));
    let whole = shell.records.clone();
    for length in 1..whole.len() {
        let mut again = Shell::new();
        again.records = whole[..length].to_vec();
        again.now = again.records.last().unwrap().time;
        assert!(done(&again.resume()), "cut after {length}");
    }
}

#[test]
fn a_run_without_outputs_makes_them_with_a_mended_runbook_wherever_it_is_cut_off() {
    let whole =
        |status: &RunStatus| matches!(status, RunStatus::Ended(RunEnd::Done { fault: None, .. }));
    let told = |of: &str| {
        let mut told = plan([step("a")]);
        told.outputs = json!({ "$step": of });
        told
    };
    let mut shell = Shell::new();
    shell.guest("a", calls(vec![make("a")]));
    let lacking = shell.run(told("nothing"));
    assert!(!whole(&lacking), "{lacking:?}");
    let before = shell.records.len();
    shell.kill();
    shell.push(Input::Resume {
        rutter: "0.1.0".to_owned(),
        profiles: Default::default(),
    });
    shell.push(Input::Revise(Box::new(told("a"))));
    shell.push(Input::AccountsConfirmed(std::collections::BTreeMap::new()));
    assert!(whole(&shell.until_idle()));
    assert_eq!(shell.cloud.times("Make a"), 1);
    let records = shell.records.clone();
    let revised = records[before..]
        .iter()
        .position(|record| matches!(record.fact, Fact::PlanRevised { .. }));
    let revised = before + revised.expect("the plan is revised");
    for length in before..records.len() {
        let mut again = Shell::new();
        again.records = records[..length].to_vec();
        again.now = again.records.last().unwrap().time;
        assert_eq!(
            whole(&again.resume()),
            length > revised,
            "cut after {length}"
        );
    }
}

#[test]
fn records_alone_make_the_state() {
    let mut shell = Shell::new();
    shell.guest("m", calls(vec![make("a"), sleep(10), make("b")]));
    shell.run(plan([step("m")]));
    shell.undo();
    let again = rebuilt(&shell.records);
    let state = |run: &rutter_engine::Run| {
        let steps: Vec<_> = run.steps().collect();
        format!(
            "{steps:#?} {:#?} {:#?} {:?}",
            run.changes(),
            run.rollback(),
            run.status()
        )
    };
    assert_eq!(state(&again), state(&shell.run));
}
