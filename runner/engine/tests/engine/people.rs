//! Questions to people and their answers.

use rutter_engine::{Ask, Fact, Input, RunEnd, Standing, StepState, Uses};
use serde_json::json;

use crate::kit::{CallExt, Shell, StepExt, calls, create, make, plan, sleep, step};

fn done(standing: &Standing) -> bool {
    matches!(standing, Standing::Ended(RunEnd::Done { .. }))
}

fn asks(shell: &Shell) -> usize {
    shell.count("approval-asked")
}

#[test]
fn a_confirmed_step_waits_for_its_person() {
    let mut shell = Shell::new();
    shell.guest("c", calls(vec![create("x")]));
    assert_eq!(
        shell.run(plan([step("c").confirm(1)])),
        Standing::WaitingForPerson
    );
    assert!(shell.cloud.sent.is_empty());
    assert!(done(&shell.approve("c", "ann")));
    assert!(shell.cloud.has("x"));
}

#[test]
fn an_approval_takes_two_people_and_their_evidence() {
    let mut shell = Shell::new();
    let with =
        json!({ "message": "Stopped?", "people": 2, "evidence": ["ticket"], "owner": "dba" });
    let standing = shell.run(plan([step("gate").uses(Uses::Approve).with(with)]));
    assert_eq!(standing, Standing::WaitingForPerson);
    assert_eq!(
        shell.approve("gate", "ann"),
        Standing::WaitingForPerson,
        "no ticket"
    );
    let ticket = [("ticket", "T-1")];
    assert_eq!(
        shell.approve_with("gate", "ann", &ticket),
        Standing::WaitingForPerson
    );
    assert_eq!(
        shell.approve_with("gate", "ann", &ticket),
        Standing::WaitingForPerson,
        "the same"
    );
    assert!(done(&shell.approve("gate", "bob")));
    let outputs = json!({ "by": ["ann", "bob"], "evidence": { "ticket": "T-1" } });
    assert_eq!(shell.outputs("gate"), Some(outputs));
}

#[test]
fn a_no_fails_the_step_and_a_resume_asks_again() {
    let mut shell = Shell::new();
    shell.run(plan([step("gate").uses(Uses::Approve)]));
    let decline = Input::Decline {
        step: "gate".into(),
        by: "ann".to_owned(),
        why: "not yet".to_owned(),
    };
    assert_eq!(shell.give(decline), Standing::Failed);
    assert_eq!(shell.resume(), Standing::WaitingForPerson);
    assert!(done(&shell.approve("gate", "ann")));
}

#[test]
fn an_approval_survives_a_crash() {
    let mut shell = Shell::new();
    let gate = step("gate")
        .uses(Uses::Approve)
        .with(json!({ "people": 2 }));
    shell.run(plan([gate]));
    shell.approve("gate", "ann");
    assert_eq!(shell.resume(), Standing::WaitingForPerson);
    assert!(done(&shell.approve("gate", "bob")));
    assert_eq!(asks(&shell), 1);
}

#[test]
fn a_call_that_costs_is_held_until_a_person_says_yes() {
    let mut shell = Shell::new();
    shell.guest(
        "buy",
        calls(vec![
            create("a"),
            make("x").ask(Ask::Costs),
            make("y").ask(Ask::Costs),
        ]),
    );
    assert_eq!(shell.run(plan([step("buy")])), Standing::WaitingForPerson);
    assert!(shell.cloud.has("a") && !shell.cloud.has("x"));
    assert!(done(&shell.approve("buy", "ann")));
    assert!(shell.cloud.has("x") && shell.cloud.has("y"));
    assert_eq!(asks(&shell), 1, "one question a step and reason");
}

#[test]
fn a_held_call_is_held_again_after_a_crash() {
    let mut shell = Shell::new();
    shell.guest("buy", calls(vec![make("x").ask(Ask::Costs)]));
    shell.run(plan([step("buy")]));
    assert_eq!(shell.resume(), Standing::WaitingForPerson);
    assert!(!shell.cloud.has("x"));
    assert!(done(&shell.approve("buy", "ann")));
    assert_eq!((asks(&shell), shell.cloud.times("Make x")), (1, 1));
}

#[test]
fn an_approval_that_came_while_nobody_drove_is_used() {
    let mut shell = Shell::new();
    shell.guest("buy", calls(vec![make("x").ask(Ask::Costs)]));
    shell.run(plan([step("buy")]));
    shell.take_up();
    assert!(done(&shell.approve("buy", "ann")));
    assert_eq!(shell.cloud.times("Make x"), 1);
}

#[test]
fn a_yes_to_the_price_is_no_yes_to_what_cannot_be_taken_back() {
    let mut shell = Shell::new();
    let irreversible = create("y").no_reverse().ask(Ask::Irreversible);
    shell.guest("buy", calls(vec![make("x").ask(Ask::Costs), irreversible]));
    shell.run(plan([step("buy")]));
    assert_eq!(shell.approve("buy", "ann"), Standing::WaitingForPerson);
    assert!(shell.cloud.has("x") && !shell.cloud.has("y"));
    assert!(done(&shell.approve("buy", "ann")));
    assert_eq!(asks(&shell), 2);
}

#[test]
fn a_no_to_a_held_call_fails_the_step_before_it() {
    let mut shell = Shell::new();
    shell.guest("buy", calls(vec![make("x").ask(Ask::Costs)]));
    shell.run(plan([step("buy")]));
    let decline = Input::Decline {
        step: "buy".into(),
        by: "ann".to_owned(),
        why: "no".to_owned(),
    };
    assert_eq!(shell.give(decline), Standing::Failed);
    assert!(shell.cloud.sent.is_empty());
    assert!(matches!(
        &shell.run.step("buy").unwrap().state,
        StepState::Failed(fault) if fault.code == "rutter.declined"
    ));
}

#[test]
fn the_time_people_take_does_not_count_against_a_timeout() {
    let mut shell = Shell::new();
    shell.guest("buy", calls(vec![make("x").ask(Ask::Costs)]));
    shell.guest("other", calls(vec![sleep(60_000)]));
    shell.start(plan([
        step("buy").timeout(10_000).needs(&[]),
        step("other").needs(&[]),
    ]));
    shell.until(|shell| shell.outputs("other").is_some());
    assert!(done(&shell.approve("buy", "ann")));
}

#[test]
fn a_pause_can_be_confirmed_too() {
    let mut shell = Shell::new();
    let pause = step("pause")
        .uses(Uses::Pause)
        .with(json!({ "for": 1_000 }))
        .confirm(1);
    assert_eq!(shell.run(plan([pause])), Standing::WaitingForPerson);
    assert_eq!(shell.count("wait-started"), 0);
    assert!(done(&shell.approve("pause", "ann")));
}

#[test]
fn a_yes_nobody_asked_for_leaves_no_record() {
    let mut shell = Shell::new();
    shell.guest("c", calls(vec![create("x")]));
    shell.run(plan([step("c")]));
    let before = shell.records.len();
    shell.approve("c", "ann");
    shell.approve("nowhere", "ann");
    assert_eq!(shell.records.len(), before);
    assert!(
        shell
            .facts()
            .all(|fact| !matches!(fact, Fact::Approved { .. }))
    );
}
