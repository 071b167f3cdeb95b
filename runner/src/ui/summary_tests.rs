use rutter_engine::{Approval, AttemptEnd, Fact, StepEnd};
use serde_json::json;

use super::{ending, outputs, steps_table};
use crate::ui::fixture::{Story, at, fault};

fn told(story: &Story) -> String {
    let ending = ending(&story.run, &story.run.standing());
    format!("{}{ending}", steps_table(&story.run).render())
}

#[test]
fn a_failed_run_says_what_stands_and_what_to_type() {
    let mut story = Story::with_a_change_sent();
    story.then(Fact::ChangeDone {
        change: 1,
        answer: json!({}),
    });
    story.then(Fact::AttemptEnded {
        at: at("role"),
        end: AttemptEnd::Failed(fault()),
    });
    story.then(Fact::StepEnded {
        step: "role".into(),
        end: StepEnd::Failed(fault()),
    });
    insta::assert_snapshot!(told(&story), @r"
    STEP     STATE    CHANGES
    role     failed         1  NoPermission: You are not authorized. — grant `ram:CreateRole` to the profile `a`
    cutover  waiting
    run 7f3cab12 failed
      role: NoPermission: You are not authorized. — grant `ram:CreateRole` to the profile `a`
    state: 0 steps done, 1 failed, 1 not started; 1 change stands
    help: `rutter resume 7f3cab12` goes on
    help: `rutter undo 7f3cab12` takes every change back
    ");
}

#[test]
fn an_unknown_outcome_is_put_to_a_person() {
    let mut story = Story::with_a_change_sent();
    story.then(Fact::ChangeUnknown {
        change: 1,
        fault: fault(),
    });
    story.then(Fact::AttemptEnded {
        at: at("role"),
        end: AttemptEnd::Unknown(fault()),
    });
    insta::assert_snapshot!(told(&story), @r"
    STEP     STATE    CHANGES
    role     unknown        1  NoPermission: You are not authorized. — grant `ram:CreateRole` to the profile `a`
    cutover  waiting
    run 7f3cab12 stopped: the outcome of a change is unknown
      role: NoPermission: You are not authorized. — grant `ram:CreateRole` to the profile `a`
    state: 0 steps done, 1 under way, 1 not started; 1 change stands, 1 of unknown outcome
    help: look whether it happened, then `rutter resolve 7f3cab12 role --adopt --why …` (it did) or `--retry` (it did not), and `rutter resume 7f3cab12` goes on
    ");
}

#[test]
fn a_run_that_waits_for_a_person_says_for_what() {
    let mut story = Story::begun();
    story.then(Fact::ApprovalAsked {
        step: "cutover".into(),
        approval: Approval {
            message: "Have clients stopped writing?".to_owned(),
            people: 1,
            evidence: Vec::new(),
            owner: None,
            because: None,
        },
    });
    insta::assert_snapshot!(told(&story), @r"
    STEP     STATE    CHANGES
    role     waiting
    cutover  asks              Have clients stopped writing?
    run 7f3cab12 waits for a person
      cutover: Have clients stopped writing?
    state: 0 steps done, 2 not started; no change stands
    help: `rutter approve 7f3cab12 cutover`, then `rutter resume 7f3cab12` goes on
    ");
}

#[test]
fn outputs_are_json_by_name() {
    let text = outputs(&json!({ "task": "dts1", "sizes": [1, 2] }));
    assert_eq!(text, "sizes = [1,2]\ntask = \"dts1\"\n");
}
