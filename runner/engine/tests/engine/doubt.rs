//! Changes of unknown outcome: looked for, adopted, decided by people.

use rutter_engine::{
    Call, ChangeState, Class, Fact, FaultClass, HostCall, HttpRequest, ItemState, OnFailure,
    Repeat, Resolution, RollbackEnd, RunEnd, RunStatus, Settlement, StepState, Target,
};
use serde_json::json;

use crate::kit::{
    Act, CallExt, Fate, Shell, StepExt, calls, create, create_or_adopt, make, plan, sleep, step,
};

fn done(standing: &RunStatus) -> bool {
    matches!(standing, RunStatus::Ended(RunEnd::Done { .. }))
}

/// One step that creates `x` and can be looked at when that is in doubt.
fn careful(fate: Fate) -> Shell {
    let mut shell = Shell::new();
    shell.guest("c", create_or_adopt("x"));
    shell.cloud.will("Create x", [fate]);
    shell.start(plan([step("c")]));
    shell
}

/// One step that lets the doubt through.
fn careless(fate: Fate) -> Shell {
    let mut shell = Shell::new();
    shell.guest("c", calls(vec![create("x")]));
    shell.cloud.will("Create x", [fate]);
    assert_eq!(shell.run(plan([step("c")])), RunStatus::Unknown);
    shell
}

#[test]
fn what_happened_is_found_and_adopted() {
    let mut shell = careful(Fate::AnswerLost);
    assert!(done(&shell.until_idle()));
    assert_eq!(shell.cloud.times("Create x"), 1);
    assert_eq!(shell.count("look-begun"), 1);
    assert_eq!(
        shell.run.changes()[0].state,
        ChangeState::Done(json!({ "Id": "x" }))
    );
    shell.undo();
    assert!(!shell.cloud.has("x"), "what was adopted is taken back");
}

#[test]
fn what_did_not_happen_is_made_again_after_a_look() {
    let mut shell = careful(Fate::Swallowed);
    assert!(done(&shell.until_idle()));
    assert_eq!(shell.cloud.times("Create x"), 2);
    assert!(shell.cloud.times("List x") > 1);
}

#[test]
fn a_crash_after_an_adoption_replays_what_the_guest_was_told() {
    let mut shell = careful(Fate::AnswerLost);
    shell.until_fact("look-begun");
    shell.until(|shell| shell.count("change-done") == 1);
    assert!(done(&shell.resume()));
    assert_eq!(shell.cloud.times("Create x"), 1);
}

#[test]
fn a_crash_while_a_change_is_in_flight_puts_it_in_doubt() {
    let mut shell = careful(Fate::Fine);
    shell.until_fact("change-intended");
    assert!(done(&shell.resume()));
    assert_eq!(shell.cloud.times("Create x"), 1);
    assert_eq!(
        (shell.count("change-unknown"), shell.count("change-done")),
        (1, 1)
    );
}

#[test]
fn what_was_there_before_is_not_called_made() {
    let mut shell = Shell::new();
    shell.cloud.exists.insert("x".to_owned(), 1);
    shell.guest("c", create_or_adopt("x"));
    assert!(done(&shell.run(plan([step("c")]))));
    assert!(shell.run.changes().is_empty());
    shell.undo();
    assert!(shell.cloud.has("x"), "it was there before the run");
}

#[test]
fn a_person_says_it_did_not_happen_and_it_is_tried_again() {
    let mut shell = careless(Fate::Swallowed);
    assert!(done(&shell.resolve("c", Resolution::Retry)));
    assert_eq!(shell.cloud.times("Create x"), 2);
    assert!(matches!(
        shell.run.changes()[0].state,
        ChangeState::Refused(_)
    ));
}

#[test]
fn a_person_says_it_happened_and_a_new_attempt_finds_it() {
    let mut shell = Shell::new();
    shell.guest("c", calls(vec![create("x").taken()]));
    let refused = Fate::Refused(FaultClass::Denied);
    shell.cloud.will("Create x", [Fate::AnswerLost]);
    shell.cloud.will("List x", [Fate::Fine, refused]);
    assert_eq!(shell.run(plan([step("c")])), RunStatus::Unknown);
    assert!(done(&shell.resolve("c", Resolution::Adopt)));
    assert_eq!(shell.count("change-found"), 1);
    assert!(matches!(shell.run.changes()[0].state, ChangeState::Done(_)));
    assert_eq!(shell.cloud.exists["x"], 1);
    shell.undo();
    assert!(!shell.cloud.has("x"), "it is this run's own");
}

/// What a person says happened is not made a second time, be it that looking does not show it or that
/// nothing says how to look.
#[test]
fn what_a_person_says_happened_is_never_sent_again() {
    let mut shell = Shell::new();
    shell.guest("c", calls(vec![create("x").seen()]));
    let refused = Fate::Refused(FaultClass::Denied);
    shell.cloud.will("Create x", [Fate::Swallowed]);
    shell.cloud.will("List x", [Fate::Fine, refused]);
    assert_eq!(shell.run(plan([step("c")])), RunStatus::Unknown);
    assert_eq!(shell.resolve("c", Resolution::Adopt), RunStatus::Unknown);
    assert_eq!(shell.cloud.times("Create x"), 1);
    let items = &shell.run.step("c").unwrap().items;
    assert!(matches!(&items[0].state, ItemState::Unknown(fault) if fault.code == "rutter.adopted"));
    assert!(
        done(&shell.resolve("c", Resolution::Retry)),
        "she was mistaken"
    );
    assert_eq!(shell.cloud.times("Create x"), 2);

    let mut shell = careless(Fate::AnswerLost);
    shell.resolve("c", Resolution::Adopt);
    assert_eq!(shell.count("resolved"), 0, "no attempt could find it");
    assert_eq!(shell.cloud.times("Create x"), 1);
}

#[test]
fn a_person_gives_the_outputs() {
    let mut shell = Shell::new();
    shell.guest("c", calls(vec![create("x")]));
    shell.guest("next", |told| Act::End(Ok(told.inputs["from"].clone())));
    shell.cloud.will("Create x", [Fate::AnswerLost]);
    let next = step("next").with(json!({ "from": { "$step": "c" } }));
    assert_eq!(shell.run(plan([step("c"), next])), RunStatus::Unknown);
    assert!(done(&shell.resolve("c", Resolution::Done(json!("x-1")))));
    assert_eq!(shell.outputs("next"), Some(json!("x-1")));
    assert_eq!(shell.undo(), RunStatus::UndoFailed, "still in doubt");
    shell.settle("c", Settlement::Retry);
    shell.undo();
    assert!(!shell.cloud.has("x"));
}

#[test]
fn a_person_leaves_the_step_out() {
    let mut shell = Shell::new();
    shell.guest("c", calls(vec![create("x")]));
    shell.guest("next", calls(vec![]));
    shell.cloud.will("Create x", [Fate::AnswerLost]);
    shell.run(plan([step("c"), step("next")]));
    assert!(done(&shell.resolve("c", Resolution::Skip)));
    assert!(matches!(
        shell.run.step("c").unwrap().state,
        StepState::Skipped(_)
    ));
    assert_eq!(
        shell.undo(),
        RunStatus::UndoFailed,
        "leaving a step out does not say that nothing happened"
    );
}

#[test]
fn independent_steps_go_on_once_the_doubt_is_settled() {
    let mut shell = Shell::new();
    shell.guest("c", calls(vec![create("x")]));
    shell.guest("a", calls(vec![sleep(5_000)]));
    shell.guest("b", calls(vec![]));
    shell.cloud.will("Create x", [Fate::Swallowed]);
    let story = plan([
        step("c").needs(&[]),
        step("a").needs(&[]),
        step("b").needs(&["a"]),
    ]);
    assert_eq!(shell.run(story), RunStatus::Unknown);
    assert_eq!(shell.run.step("b").unwrap().state, StepState::Waiting);
    assert!(done(&shell.resolve("c", Resolution::Done(json!(null)))));
}

#[test]
fn one_item_in_doubt_is_decided_by_itself() {
    let mut shell = Shell::new();
    shell.guest("each", |told| match told.answers.last() {
        None => Act::Call(make(told.inputs["item"].as_str().unwrap())),
        Some(Err(fault)) => Act::End(Err(fault.clone())),
        Some(Ok(answer)) => Act::End(Ok(answer["Id"].clone())),
    });
    shell.cloud.will("Make b", [Fate::Swallowed]);
    let story = plan([step("each").each(json!(["a", "b", "c"]), 0, 0)]);
    assert_eq!(shell.run(story), RunStatus::Unknown);
    let standing = shell.resolve_item("each", Some("1"), Resolution::Done(json!("by hand")));
    assert!(done(&standing));
    assert_eq!(shell.outputs("each"), Some(json!(["a", "by hand", "c"])));
}

#[test]
fn a_decision_about_a_step_that_needs_none_leaves_no_record() {
    let mut shell = Shell::new();
    shell.guest("c", calls(vec![create("x")]));
    shell.run(plan([step("c")]));
    let before = shell.records.len();
    for resolution in [
        Resolution::Retry,
        Resolution::Adopt,
        Resolution::Done(json!(1)),
        Resolution::Skip,
    ] {
        shell.resolve("c", resolution.clone());
        shell.resolve("nowhere", resolution.clone());
        shell.resolve_item("c", Some("0"), resolution);
    }
    let new = shell.facts().skip(before);
    let told = |fact: &Fact| matches!(fact, Fact::AnswerIgnored { .. });
    assert!(new.into_iter().all(told), "{:?}", shell.kinds());
}

#[test]
fn decisions_survive_a_crash() {
    for resolution in [
        Resolution::Retry,
        Resolution::Done(json!(1)),
        Resolution::Skip,
    ] {
        let mut shell = careless(Fate::Swallowed);
        let decision = shell.decision("c", resolution);
        shell.push(decision);
        shell.until(|shell| shell.count("resolved") == 1);
        let at = shell
            .facts()
            .position(|fact| matches!(fact, Fact::Resolved { .. }))
            .unwrap();
        shell.records.truncate(at + 1);
        shell.cloud.exists.clear();
        assert!(done(&shell.resume()));
    }
}

/// A guest that sends a plain request and lets everything through.
fn requests(covered: bool, repeat: Repeat) -> HostCall {
    let request = HttpRequest {
        method: "POST".to_owned(),
        url: "https://hooks.example.com/x".to_owned(),
        headers: Vec::new(),
        body: None,
        auth: None,
        secret_answers: Vec::new(),
    };
    let call = Call {
        account: None,
        target: Target::Http(request),
        class: Class::Change,
        repeat,
        ask: None,
        covered,
        all_pages: false,
    };
    HostCall::Call {
        call,
        reverse: None,
        find: None,
    }
}

#[test]
fn a_request_that_may_stay_and_be_repeated_leaves_no_open_question() {
    let lost = "POST https://hooks.example.com/x";
    for (covered, repeat, standing) in [
        (true, Repeat::Same, RunStatus::Failed),
        (false, Repeat::Same, RunStatus::Unknown),
        (true, Repeat::Never, RunStatus::Unknown),
    ] {
        let mut shell = Shell::new();
        shell.guest("n", calls(vec![requests(covered, repeat)]));
        shell.cloud.will(lost, vec![Fate::Swallowed; 12]);
        assert_eq!(shell.run(plan([step("n")])), standing);
    }
}

#[test]
fn a_lost_notification_is_borne_where_the_runbook_bears_failures_and_stays_when_it_is_undone() {
    let mut shell = Shell::new();
    shell.guest("n", calls(vec![requests(true, Repeat::Same)]));
    shell.guest("after", calls(vec![make("x")]));
    let lost = "POST https://hooks.example.com/x";
    shell.cloud.will(lost, vec![Fate::Swallowed; 12]);
    let notify = step("n").on_failure(OnFailure::Continue);
    assert!(done(&shell.run(plan([notify, step("after")]))));
    assert!(shell.cloud.times(lost) > 1, "it was sent again");
    shell.undo();
    assert!(!shell.cloud.has("x"));
    assert!(matches!(
        shell.run.end(),
        Some(RunEnd::RolledBack(RollbackEnd::Done))
    ));
}
