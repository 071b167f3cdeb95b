//! Large runs: the work of the engine grows with the run and not with its square.

use rutter_engine::{RollbackEnd, RunEnd, RunStatus};
use serde_json::json;

use crate::kit::{Shell, StepExt, Told, calls, make, plan, step};

fn done(standing: &RunStatus) -> bool {
    matches!(standing, RunStatus::Ended(RunEnd::Done { .. }))
}

fn one_change(shell: &mut Shell, id: &str) {
    shell.guest(id, calls(vec![make(id)]));
}

#[test]
fn ten_thousand_independent_steps() {
    let mut shell = Shell::new();
    let ids: Vec<_> = (0..10_000).map(|number| format!("s{number}")).collect();
    ids.iter().for_each(|id| one_change(&mut shell, id));
    assert!(done(
        &shell.run(plan(ids.iter().map(|id| step(id).needs(&[]))))
    ));
    assert_eq!(shell.run.changes().len(), 10_000);
    let end = RunStatus::Ended(RunEnd::RolledBack(RollbackEnd::Done));
    assert_eq!(shell.undo(), end);
}

#[test]
fn a_thousand_steps_one_after_the_other() {
    let mut shell = Shell::new();
    let ids: Vec<_> = (0..1_000).map(|number| format!("s{number}")).collect();
    ids.iter().for_each(|id| one_change(&mut shell, id));
    assert!(done(&shell.run(plan(ids.iter().map(|id| step(id))))));
}

#[test]
fn ten_thousand_items_ten_at_a_time() {
    let mut shell = Shell::new();
    shell.guest("each", |told: &Told<'_>| {
        let name = told.inputs["item"].to_string();
        calls(vec![make(&name)])(told)
    });
    let items: Vec<_> = (0..10_000).collect();
    assert!(done(&shell.run(plan([step("each").each(
        json!(items),
        10,
        0
    )]))));
    assert_eq!(shell.run.changes().len(), 10_000);
}

#[test]
fn ten_thousand_changes_of_one_step() {
    let mut shell = Shell::new();
    let list: Vec<_> = (0..10_000)
        .map(|number| make(&number.to_string()))
        .collect();
    shell.guest("m", calls(list));
    assert!(done(&shell.run(plan([step("m")]))));
}

#[test]
fn what_an_attempt_was_answered_is_not_held_once_it_is_over() {
    let mut shell = Shell::new();
    let list: Vec<_> = (0..100).map(|number| make(&number.to_string())).collect();
    shell.guest("m", calls(list));
    assert!(done(&shell.run(plan([step("m")]))));
    let item = shell.run.step("m").unwrap().items.values().next().unwrap();
    assert!(item.attempt.as_ref().unwrap().calls.is_empty());
}
