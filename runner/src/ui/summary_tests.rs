use rutter_engine::{Approval, AttemptEnd, Class, Fact, Outcome, StepEnd};
use serde_json::json;

use super::{ending, outputs, steps_table};
use crate::ui::fixture::{Story, alice, at, fault};

fn told(story: &Story) -> String {
    let ending = ending(&story.run, &story.run.status());
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
    help: `rutter explain NoPermission` says more about the cause
    help: `rutter resume 7f3cab12` goes on
    help: `rutter undo 7f3cab12` takes back every change
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
    help: `rutter explain NoPermission` says more about the cause
    help: look whether it happened, then `rutter resolve 7f3cab12 role --done --outputs FILE --why …` (it did) or `--retry` (it did not), and `rutter resume 7f3cab12` goes on
    ");
}

#[test]
fn a_run_that_waits_for_a_person_says_for_what() {
    let mut story = Story::begun();
    story.then(Fact::ApprovalAsked {
        question: 1,
        step: "cutover".into(),
        approval: Approval {
            message: "Have clients stopped writing?".to_owned(),
            people: 1,
            evidence: vec!["ticket".to_owned()],
            owner: None,
            approvers: Vec::new(),
            within: None,
            changes: Vec::new(),
            covers: Vec::new(),
        },
    });
    insta::assert_snapshot!(told(&story), @r"
    STEP     STATE    CHANGES
    role     waiting
    cutover  asks              Have clients stopped writing?
    run 7f3cab12 waits for a person
      cutover asks (question 1): Have clients stopped writing?
        to be entered: ticket
    state: 0 steps done, 2 not started; no change stands
    help: `rutter approve 7f3cab12 cutover --evidence ticket=…`, then `rutter resume 7f3cab12` goes on
    ");
}

#[test]
fn operators_see_what_is_done_under_way_waiting_and_failed() {
    let mut story = Story::of_steps(&["network", "server", "address", "record"]);
    story.begins("network");
    story.ends("network", Ok(json!({})));
    story.begins("server");
    story.begins("address");
    story.ends("address", Err(fault()));
    insta::assert_snapshot!(steps_table(&story.run).render(), @"
    STEP     STATE      CHANGES
    network  done
    server   under way
    address  failed              NoPermission: You are not authorized. — grant `ram:CreateRole` to the profile `a`
    record   waiting
    ");
}

#[test]
fn outputs_are_json_by_name() {
    let text = outputs(&json!({ "task": "dts1", "sizes": [1, 2] }));
    assert_eq!(text, "sizes = [1,2]\ntask = \"dts1\"\n");
}

/// A step that fails with what the cloud answers to a call of DTS, as its operator is told.
fn told_of(code: &str, message: &str) -> String {
    let body = json!({
        "Success": false, "ErrCode": code, "ErrMessage": message, "HttpStatusCode": 403,
        "RequestId": "R-1",
    });
    let (label, host) = ("DTS:ConfigureDtsJob", "dts.aliyuncs.com");
    let subject = rutter_meaning::Subject {
        label,
        host,
        class: Class::Change,
    };
    let outcome = subject.judge_body("DTS", 200, body);
    let Outcome::Refused(fault) = outcome else {
        panic!("{code} is a refusal");
    };
    let mut story = Story::with_a_change_sent();
    story.then(Fact::ChangeRefused {
        change: 1,
        fault: fault.clone(),
    });
    story.then(Fact::AttemptEnded {
        at: at("role"),
        end: AttemptEnd::Failed(fault.clone()),
    });
    story.then(Fact::StepEnded {
        step: "role".into(),
        end: StepEnd::Failed(fault),
    });
    told(&story)
}

#[test]
fn the_three_failures_to_assume_a_role_are_told_apart_where_a_run_failed() {
    let absent = told_of(
        "AssumeRoleFail",
        "EntityNotExist.Role : The role not exists",
    );
    insta::assert_snapshot!(absent, @r"
    STEP     STATE    CHANGES
    role     failed            AssumeRoleFail: EntityNotExist.Role : The role not exists (DTS:ConfigureDtsJob at dts.aliyuncs.com) — The account that owns the instance has no role of this name: a typing error, another account, or the name of a RAM user. Correct the name, or create the role in the account that owns the instance. (request R-1)
    cutover  waiting
    run 7f3cab12 failed
      role: AssumeRoleFail: EntityNotExist.Role : The role not exists (DTS:ConfigureDtsJob at dts.aliyuncs.com) — The account that owns the instance has no role of this name: a typing error, another account, or the name of a RAM user. Correct the name, or create the role in the account that owns the instance. (request R-1)
    state: 0 steps done, 1 failed, 1 not started; no change stands
    help: `rutter explain AssumeRoleFail` says more about the cause
    help: `rutter resume 7f3cab12` goes on
    help: `rutter undo 7f3cab12` takes back every change
    ");
    let arn = told_of(
        "AssumeRoleFail",
        "InvalidParameter : Invalid role arn format:acs:ram***",
    );
    assert!(arn.contains("Give only the role's name."), "{arn}");
    let denied = told_of(
        "AssumeRoleFail",
        "NoPermission : You are not authorized to do this action.",
    );
    assert!(denied.contains("Attach AliyunDTSRolePolicy"), "{denied}");
}

#[test]
fn the_codes_of_the_procedure_across_accounts_come_with_cause_and_remedy() {
    for (code, cause, remedy) in [
        (
            "DTS.Msg.Forbidden.AliyunUIDNotFound",
            "has never opened the DTS console",
            "Log on to the DTS console once",
        ),
        (
            "DTS.Msg.InvalidParameter.AliyunUidFormat",
            "not the numeric id of an account",
            "Give the numeric account id",
        ),
        (
            "NoPermission",
            "The role lacks the right",
            "with the main account",
        ),
        (
            "Abnormal.RamCheckUserRole",
            "AliyunDTSDefaultRole was given as the role",
            "Give the role made for this purpose",
        ),
    ] {
        let told = told_of(code, "It did not work.");
        let more = format!("`rutter explain {code}`");
        for part in [cause, remedy, &more, "DTS:ConfigureDtsJob"] {
            assert!(told.contains(part), "{code}: no `{part}` in\n{told}");
        }
    }
}

/// The step `role` failed on its way when all was taken back, or was broken off.
fn taken_back_after(end: Option<AttemptEnd>) -> String {
    let mut story = Story::with_a_change_sent();
    story.then(Fact::ChangeDone {
        change: 1,
        answer: json!({}),
    });
    if let Some(end) = end {
        story.then(Fact::AttemptEnded {
            at: at("role"),
            end,
        });
    }
    story.then(Fact::RollbackStarted {
        by: alice(),
        part: None,
        mended: None,
    });
    steps_table(&story.run).render()
}

#[test]
fn no_step_of_a_run_that_was_taken_back_is_under_way() {
    let failed = taken_back_after(Some(AttemptEnd::Failed(fault())));
    assert!(failed.contains("role     failed"), "{failed}");
    let broken = taken_back_after(None);
    assert!(broken.contains("role     broken off"), "{broken}");
}
