use rutter_engine::{Fact, Item, PartFrom, PartWish, Shape, StepEnd};
use serde_json::json;

use super::*;
use crate::ui::fixture::Story;

/// `role` made a change and is done, `cutover` was approved.
fn done() -> Story {
    let mut story = Story::with_a_change_sent();
    story.then(Fact::ChangeDone {
        change: 1,
        answer: json!({}),
    });
    let at = story.run.changes()[0].at.clone();
    story.then(Fact::AttemptEnded {
        at,
        end: rutter_engine::AttemptEnd::Done(json!({})),
    });
    let step = |step: &str| -> Name { step.into() };
    let ended = |id: &str| Fact::StepEnded {
        step: step(id),
        end: StepEnd::Done(json!({})),
    };
    story.then(ended("role"));
    story.then(Fact::StepPrepared {
        step: step("cutover"),
        shape: Shape::One,
        items: vec![Item {
            key: None,
            name: None,
            inputs: json!({}),
        }],
    });
    story.then(ended("cutover"));
    story
}

fn wish(step: &str, redo: bool) -> PartWish {
    let what = PartFrom::Step {
        step: step.into(),
        item: None,
    };
    PartWish {
        what,
        keep: Default::default(),
        redo,
    }
}

#[test]
fn what_is_taken_back_is_shown_with_its_reason_and_what_is_different_now() {
    let story = done();
    let part = story.run.part(&wish("role", true)).unwrap();
    let mut plan = story.run.plan().clone();
    plan.inputs = json!({ "size": 2, "password": format!("{}{}", rutter_meaning::placeholder::PREFIX, "0a".repeat(12)) });
    plan.digest = "other".to_owned();
    plan.steps[1].title = "another".to_owned();
    let lines = difference(&story.run, Some(&part), Some(&plan));
    insta::assert_snapshot!(lines.join("\n"), @"
    role: is taken back and run again
    cutover: is taken back and run again, since it comes after `role` in the file (`--keep` leaves it)
    role: RAM:CreateRole (change 1) is taken back by RAM:DeleteRole
    the secret input `password` is another one
    the input `size` is new: 2
    the run goes on with redis.toml
    cutover: says something else
    ");
}

#[test]
fn every_refusal_says_what_to_type() {
    let story = done();
    let refused = story.run.part(&wish("nowhere", false)).unwrap_err();
    assert_eq!(
        what_helps(&refused, &story.run),
        "`rutter show 7f3cab12` shows the steps"
    );
    let refused = PartRefused::Reads {
        step: "role".into(),
        inputs: vec!["size".to_owned()],
    };
    assert_eq!(
        refused.to_string(),
        "step `role` stays as it is and was made from another `size`"
    );
    let help = "`rutter resume 7f3cab12 --from role` makes it again, too";
    assert_eq!(what_helps(&refused, &story.run), help);
}
