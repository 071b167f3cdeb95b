use std::collections::BTreeMap;

use rutter_engine::{
    Approval, AttemptEnd, CallSite, Fact, Resolution, RollbackEnd, RunEnd, StepEnd, Timestamp,
};
use serde_json::json;

use super::{Tone, Weight, describe, describe_stored};
use crate::journal::{RecordBody, StoredRecord};
use crate::ui::fixture::{Story, at, call, fault};

/// Every record of a story as a line, each against the run as it was by then.
fn told(story: &Story) -> String {
    let mut run = rutter_engine::Run::new();
    let mut text = String::new();
    for record in &story.records {
        run.evolve(record).unwrap();
        text.push_str(&describe(record, &run).text);
        text.push('\n');
    }
    text
}

#[test]
fn a_run_that_goes_well_reads_as_a_story() {
    let mut story = Story::with_a_change_sent();
    story.then(Fact::ChangeDone {
        change: 1,
        answer: json!({}),
    });
    story.then(Fact::CallAnswered {
        place: CallSite {
            at: at("role"),
            index: 1,
            fingerprint: "q".to_owned(),
        },
        label: "RAM:GetRole".to_owned(),
        answer: Ok(json!({})),
    });
    story.then(Fact::AttemptEnded {
        at: at("role"),
        end: AttemptEnd::Done(json!({})),
    });
    story.then(Fact::StepEnded {
        step: "role".into(),
        end: StepEnd::Done(json!({})),
    });
    story.then(Fact::ApprovalAsked {
        question: 1,
        step: "cutover".into(),
        approval: Approval {
            message: "Have clients stopped writing?".to_owned(),
            people: 2,
            evidence: vec!["ticket".to_owned()],
            owner: Some("database team".to_owned()),
            approvers: Vec::new(),
            within: None,
            changes: Vec::new(),
            covers: Vec::new(),
        },
    });
    story.then(Fact::Approved {
        question: 1,
        step: "cutover".into(),
        by: "ana".into(),
        evidence: BTreeMap::from([("ticket".to_owned(), "T-1".to_owned())]),
    });
    story.then(Fact::StepEnded {
        step: "cutover".into(),
        end: StepEnd::Done(json!({})),
    });
    story.then(Fact::RunEnded {
        end: RunEnd::Done {
            outputs: json!({}),
            fault: None,
        },
    });
    insta::assert_snapshot!(told(&story), @r"
    run 7f3cab12 of redis_cross_account started: 2 steps
    accounts confirmed: source is 1234567890123456
    role: ready
    role: attempt 1 started
    role: RAM:CreateRole is sent (change 1)
    role: RAM:CreateRole done (change 1)
    role: RAM:GetRole answered
    role: attempt 1 done
    role: done
    cutover: asks (2 people) [database team]: Have clients stopped writing?: rutter approve 7f3cab12 cutover --evidence ticket=…
    cutover: approved by ana (1 of 2): ticket=T-1
    cutover: done
    run done
    ");
}

#[test]
fn a_run_that_goes_wrong_says_why_and_what_to_do() {
    let mut story = Story::with_a_change_sent();
    story.then(Fact::ChangeUnknown {
        change: 1,
        fault: fault(),
    });
    story.then(Fact::AttemptEnded {
        at: at("role"),
        end: AttemptEnd::Unknown(fault()),
    });
    story.then(Fact::Interrupted {});
    story.then(Fact::Resumed {
        rutter: "0.1.0".to_owned(),
        profiles: Default::default(),
    });
    story.then(Fact::Resolved {
        step: "role".into(),
        item: None,
        about: 7,
        resolution: Resolution::Adopt,
        by: "ana".into(),
        why: "it is in the console".to_owned(),
    });
    story.then(Fact::RollbackStarted {
        by: "ana".into(),
        part: None,
        mended: None,
    });
    story.then(Fact::ReverseIntended {
        change: 1,
        call: Box::new(call("DeleteRole")),
    });
    story.then(Fact::ReverseFailed {
        change: 1,
        fault: fault(),
    });
    story.then(Fact::RollbackEnded {
        end: RollbackEnd::Failed { changes: vec![1] },
    });
    insta::assert_snapshot!(told(&story), @r"
    run 7f3cab12 of redis_cross_account started: 2 steps
    accounts confirmed: source is 1234567890123456
    role: ready
    role: attempt 1 started
    role: RAM:CreateRole is sent (change 1)
    role: RAM:CreateRole: nobody knows whether it happened (change 1): NoPermission: You are not authorized. — grant `ram:CreateRole` to the profile `a`
    role: attempt 1 ended unknown: NoPermission: You are not authorized. — grant `ram:CreateRole` to the profile `a`
    asked to stop: nothing new is started, what was sent is awaited
    run resumed by rutter 0.1.0
    role: ana says: it happened, find it: it is in the console
    undo asked for by ana: every change is taken back, last first
    role: RAM:DeleteRole is sent (takes back change 1)
    role: RAM:CreateRole not taken back (change 1): NoPermission: You are not authorized. — grant `ram:CreateRole` to the profile `a`
    undo is not over: 1 change waits for a person
    ");
}

#[test]
fn a_run_that_is_taken_back_says_how_each_change_went() {
    let mut story = Story::with_a_change_sent();
    story.then(Fact::ChangeDone {
        change: 1,
        answer: json!({}),
    });
    story.then(Fact::RollbackStarted {
        by: "ana".into(),
        part: None,
        mended: None,
    });
    story.then(Fact::ReverseDone {
        change: 1,
        note: "it was gone already".to_owned(),
    });
    story.then(Fact::RollbackEnded {
        end: RollbackEnd::Done,
    });
    let told = told(&story);
    let end: Vec<_> = told.lines().skip(6).collect();
    assert_eq!(
        end,
        [
            "undo asked for by ana: every change is taken back, last first",
            "role: RAM:CreateRole taken back (change 1): it was gone already",
            "every change was taken back",
        ]
    );
}

#[test]
fn a_question_reaches_even_who_wants_quiet() {
    let mut story = Story::begun();
    let asked = story.then(Fact::ApprovalAsked {
        question: 1,
        step: "cutover".into(),
        approval: Approval {
            message: "Go on?".to_owned(),
            people: 1,
            evidence: Vec::new(),
            owner: None,
            approvers: Vec::new(),
            within: None,
            changes: Vec::new(),
            covers: Vec::new(),
        },
    });
    let line = describe(asked.records.last().unwrap(), &asked.run);
    assert_eq!((line.weight, line.tone), (Weight::Call, Tone::Asks));
    assert_eq!(
        line.text,
        "cutover: asks: Go on?: rutter approve 7f3cab12 cutover"
    );
}

#[test]
fn a_kind_from_the_future_is_shown_as_it_is() {
    let record = StoredRecord {
        seq: 3,
        time: Timestamp(0),
        body: RecordBody::Unknown {
            kind: "moon-landed".to_owned(),
            fact: json!({ "kind": "moon-landed", "crew": 3 }),
        },
    };
    let line = describe_stored(&record, &Story::begun().run);
    assert_eq!(line.text, r#"moon-landed {"crew":3,"kind":"moon-landed"}"#);
}
