//! Runbooks that run inside others.

use rutter_engine::{
    Fact, FaultClass, Input, OnFailure, Plan, Resolution, RollbackEnd, RunEnd, RunStatus, Step,
    StepState,
};
use serde_json::{Value, json};

use crate::kit::{
    Act, Shell, StepExt, Told, calls, create, fault, make, plan, rebuilt, runbook, step,
};

fn done(standing: &RunStatus) -> bool {
    matches!(standing, RunStatus::Ended(RunEnd::Done { fault: None, .. }))
}

/// The steps that were begun, in order.
fn begun(shell: &Shell) -> Vec<&str> {
    let begun = shell.facts().filter_map(|fact| match fact {
        Fact::AttemptStarted { at } => Some(&*at.step),
        _ => None,
    });
    begun.collect()
}

fn echo(told: &Told<'_>) -> Act {
    Act::End(Ok(told.inputs.clone()))
}

/// Fails until `mended` attempts have failed.
fn fails(times: u32) -> impl Fn(&Told<'_>) -> Act {
    move |told| {
        Act::End(match told.attempt <= times {
            true => Err(fault("no")),
            false => Ok(json!({})),
        })
    }
}

fn all(groups: impl IntoIterator<Item = Vec<Step>>) -> Plan {
    plan(groups.into_iter().flatten())
}

/// `before`, then a sub-runbook of `a` and `b`, then `after`.
fn story(change: impl Fn(&mut Vec<Step>)) -> Plan {
    let mut sub = runbook("sub", json!({}), [step("a"), step("b")], json!({}));
    change(&mut sub);
    all([vec![step("before")], sub, vec![step("after")]])
}

fn shell() -> Shell {
    let mut shell = Shell::new();
    for id in ["before", "sub.a", "sub.b", "after"] {
        shell.guest(id, echo);
    }
    shell
}

#[test]
fn steps_inside_see_their_own_runbook_and_give_it_outputs() {
    let mut shell = shell();
    let inner = [
        step("a").with(json!({ "size": { "$input": "size" }, "who": { "$account": "ours" } })),
        step("b").with(json!({ "from_a": { "$step": "a" }, "outer": { "$account": "home" } })),
    ];
    let outputs = json!({ "b": { "$step": "b" }, "size": { "$input": "size" } });
    let sub = runbook(
        "sub",
        json!({ "size": { "$step": "before" } }),
        inner,
        outputs,
    );
    let before = step("before").with(json!({ "mb": 512 }));
    let after = step("after").with(json!({ "sub": { "$step": "sub" } }));
    assert!(done(&shell.run(all([vec![before], sub, vec![after]]))));
    let who = json!({ "id": "1111111111111111", "region": "cn-hangzhou" });
    let a = json!({ "size": { "mb": 512 }, "who": who });
    assert_eq!(shell.outputs("sub.a"), Some(a.clone()));
    let b = json!({ "from_a": a, "outer": null });
    assert_eq!(shell.outputs("sub.b"), Some(b.clone()));
    let sub = json!({ "b": b, "size": { "mb": 512 } });
    assert_eq!(shell.outputs("after"), Some(json!({ "sub": sub })));
}

#[test]
fn what_is_inside_waits_for_what_the_caller_needs_and_what_follows_waits_for_all_of_it() {
    let mut shell = shell();
    let plan = story(|sub| sub[2].needs.clear());
    assert!(done(&shell.run(plan)));
    assert_eq!(begun(&shell), ["before", "sub.a", "sub.b", "after"]);
    let over: Vec<_> = shell
        .facts()
        .filter_map(|fact| match fact {
            Fact::StepEnded { step, .. } => Some(&**step),
            _ => None,
        })
        .collect();
    assert_eq!(over, ["before", "sub.a", "sub.b", "sub", "after"]);
}

#[test]
fn a_false_condition_skips_everything_inside() {
    let mut shell = Shell::new();
    shell.guest("before", echo);
    shell.guest("after", echo);
    let deep = runbook("deep", json!({}), [step("c")], json!({}));
    let mut sub = runbook(
        "sub",
        json!({}),
        [vec![step("a")], deep].concat(),
        json!({}),
    );
    sub[0].when = Some("false".to_owned());
    let standing = shell.run(all([vec![step("before")], sub, vec![step("after")]]));
    assert!(done(&standing));
    assert_eq!(begun(&shell), ["before", "after"]);
    for id in ["sub", "sub.a", "sub.deep", "sub.deep.c"] {
        let state = &shell.run.step(id).unwrap().state;
        assert!(matches!(state, StepState::Skipped(_)), "{id}: {state:?}");
    }
}

#[test]
fn a_question_is_asked_before_anything_inside_begins() {
    let mut shell = shell();
    let asking = |sub: &mut Vec<Step>| sub[0] = sub[0].clone().confirm(2);
    assert_eq!(shell.run(story(asking)), RunStatus::WaitingForPerson);
    assert_eq!(begun(&shell), ["before"]);
    assert_eq!(shell.approve("sub", "ann"), RunStatus::WaitingForPerson);
    assert!(done(&shell.approve("sub", "ben")));
    assert_eq!(shell.count("approval-asked"), 1);
    assert_eq!(begun(&shell), ["before", "sub.a", "sub.b", "after"]);
}

#[test]
fn a_question_that_is_declined_leaves_everything_inside_undone() {
    let mut shell = shell();
    let asking = |sub: &mut Vec<Step>| sub[0] = sub[0].clone().confirm(1);
    shell.run(story(asking));
    assert_eq!(
        shell.decline("sub", "ann", "not tonight"),
        RunStatus::Failed
    );
    assert_eq!(begun(&shell), ["before"]);
    assert_eq!(shell.resume(), RunStatus::WaitingForPerson);
    assert!(done(&shell.approve("sub", "ann")));
    assert_eq!(begun(&shell), ["before", "sub.a", "sub.b", "after"]);
}

#[test]
fn what_fails_inside_stops_the_run_and_is_tried_again_on_resume() {
    let mut shell = shell();
    shell.guest("sub.a", fails(1));
    let inherit = |sub: &mut Vec<Step>| sub[1].on_failure = OnFailure::Caller;
    assert_eq!(shell.run(story(inherit)), RunStatus::Failed);
    assert_eq!(shell.run.step("sub").unwrap().state, StepState::Running);
    assert!(done(&shell.resume()));
    assert_eq!(
        begun(&shell),
        ["before", "sub.a", "sub.a", "sub.b", "after"]
    );
}

#[test]
fn the_last_step_inside_that_failed_keeps_the_caller_open() {
    let mut shell = shell();
    shell.guest("sub.b", fails(1));
    assert_eq!(shell.run(story(|_| ())), RunStatus::Failed);
    assert_eq!(shell.run.step("sub").unwrap().state, StepState::Running);
    assert!(done(&shell.resolve("sub.b", Resolution::Skip)));
    assert_eq!(shell.outputs("sub"), Some(json!({})));
}

#[test]
fn a_failure_that_the_caller_bears_ends_what_is_inside_and_no_more() {
    let mut shell = shell();
    shell.guest("sub.a", fails(9));
    let standing = shell.run(story(|sub| {
        sub[0].on_failure = OnFailure::Continue;
        sub[1].on_failure = OnFailure::Caller;
    }));
    assert!(done(&standing));
    assert_eq!(begun(&shell), ["before", "sub.a", "after"]);
    let state = |id: &str| shell.run.step(id).unwrap().state.clone();
    assert!(matches!(state("sub.b"), StepState::Skipped(why) if why.starts_with("`sub` failed: ")));
    assert!(matches!(state("sub"), StepState::Failed(fault) if fault.code == "no"));
}

#[test]
fn a_failure_deep_inside_ends_what_is_around_it_up_to_who_bears_it() {
    let mut shell = Shell::new();
    shell.guest("sub.deep.c", fails(9));
    shell.guest("sub.beside", calls(vec![make("x")]));
    shell.guest("after", echo);
    let mut deep = runbook(
        "deep",
        json!({}),
        [step("c"), step("d")],
        json!({ "x": { "$step": "d" } }),
    );
    deep[0].on_failure = OnFailure::Caller;
    deep[1].on_failure = OnFailure::Caller;
    let beside = step("beside").needs(&[]);
    let last = step("last").needs(&["deep"]);
    let inner = [deep, vec![beside, last]].concat();
    let mut sub = runbook("sub", json!({}), inner, json!({}));
    sub[0].on_failure = OnFailure::Continue;
    assert!(done(&shell.run(all([sub, vec![step("after")]]))));
    let state = |id: &str| shell.run.step(id).unwrap().state.clone();
    for id in ["sub.deep.d", "sub.last"] {
        assert!(matches!(state(id), StepState::Skipped(_)), "{id}");
    }
    for id in ["sub.deep", "sub"] {
        assert!(
            matches!(state(id), StepState::Failed(fault) if fault.code == "no"),
            "{id}"
        );
    }
    assert!(matches!(state("sub.beside"), StepState::Done(_)));
}

#[test]
fn a_step_inside_that_says_stop_stops_the_run_whatever_the_caller_says() {
    let mut shell = shell();
    shell.guest("sub.a", fails(9));
    let standing = shell.run(story(|sub| sub[0].on_failure = OnFailure::Continue));
    assert_eq!(standing, RunStatus::Failed);
}

#[test]
fn a_caller_takes_the_run_back_when_something_inside_fails() {
    let mut shell = shell();
    shell.guest("before", calls(vec![create("x")]));
    shell.guest("sub.a", fails(9));
    let standing = shell.run(story(|sub| {
        sub[0].on_failure = OnFailure::Undo;
        sub[1].on_failure = OnFailure::Caller;
    }));
    assert_eq!(
        standing,
        RunStatus::Ended(RunEnd::RolledBack(RollbackEnd::Done))
    );
    assert_eq!(shell.cloud.exists.len(), 0);
}

#[test]
fn inputs_that_cannot_be_made_fail_the_caller_before_anything_inside_begins() {
    let bad = |what: OnFailure| {
        story(move |sub| {
            sub[0].with = json!({ "x": { "$step": "nowhere" } });
            sub[0].on_failure = what;
        })
    };
    let mut stopped = shell();
    assert_eq!(stopped.run(bad(OnFailure::Stop)), RunStatus::Failed);
    assert_eq!(begun(&stopped), ["before"]);
    let state = stopped.run.step("sub.a").unwrap().state.clone();
    assert_eq!(state, StepState::Waiting);
    assert_eq!(stopped.resume(), RunStatus::Failed);
    assert!(done(&stopped.resolve("sub", Resolution::Skip)));
    assert_eq!(begun(&stopped), ["before", "after"]);

    let mut borne = shell();
    assert!(done(&borne.run(bad(OnFailure::Continue))));
    assert_eq!(begun(&borne), ["before", "after"]);
}

#[test]
fn a_caller_is_not_decided_about_while_steps_inside_are_open() {
    let mut shell = shell();
    shell.guest("sub.a", fails(1));
    shell.run(story(|_| ()));
    assert_eq!(shell.resolve("sub", Resolution::Skip), RunStatus::Failed);
    assert_eq!(shell.count("resolved"), 0);
    assert!(done(&shell.resolve("sub.a", Resolution::Done(json!({})))));
}

#[test]
fn a_run_is_limited_to_a_step_inside_or_to_the_whole() {
    let until = |step: &str| {
        let mut shell = shell();
        shell.run.stop_after(step.into());
        assert_eq!(shell.run(story(|_| ())), RunStatus::Stopped);
        begun(&shell)
            .into_iter()
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    assert_eq!(until("sub.a"), ["before", "sub.a"]);
    assert_eq!(until("sub"), ["before", "sub.a", "sub.b"]);
}

#[test]
fn a_change_inside_is_taken_back() {
    let mut shell = shell();
    shell.guest("sub.a", calls(vec![create("x")]));
    shell.guest("sub.b", calls(vec![create("y")]));
    assert!(done(&shell.run(story(|_| ()))));
    let end = RunStatus::Ended(RunEnd::RolledBack(RollbackEnd::Done));
    assert_eq!(shell.undo(), end);
    assert_eq!(shell.cloud.exists.len(), 0);
}

#[test]
fn a_mended_runbook_gives_new_inputs_to_what_has_not_begun_inside() {
    let mut shell = shell();
    shell.guest("sub.a", fails(1));
    let sized = |mb: i64| {
        story(|sub| {
            sub[0].with = json!({ "mb": mb });
            sub[2].with = json!({ "mb": { "$input": "mb" } });
        })
    };
    assert_eq!(shell.run(sized(1)), RunStatus::Failed);
    shell.take_up();
    shell.push(Input::Revise(Box::new(sized(2))));
    assert!(done(&shell.until_idle()));
    assert_eq!(shell.outputs("sub.b"), Some(json!({ "mb": 2 })));
    assert_eq!(rebuilt(&shell.records).status(), shell.run.status());
}

#[test]
fn ten_thousand_steps_inside_are_no_more_work_than_outside() {
    let mut shell = Shell::new();
    let ids: Vec<_> = (0..10_000).map(|number| format!("s{number}")).collect();
    for id in &ids {
        shell.guest(&format!("sub.{id}"), echo);
    }
    let inner = ids.iter().map(|id| step(id).needs(&[]));
    assert!(done(&shell.run(all([runbook(
        "sub",
        json!({}),
        inner,
        json!({})
    )]))));
}

#[test]
fn a_plan_of_an_older_journal_is_read() {
    let old = json!({
        "name": "x", "title": "x", "file": "x.toml", "digest": "0", "inputs": {}, "accounts": {},
        "steps": [{
            "id": "a", "title": "a", "uses": "pause", "accounts": {}, "with": {}, "needs": [],
            "retry": { "attempts": 1, "delay_ms": 0, "max_delay_ms": 0 },
            "on_failure": "stop", "line": { "line": 1, "column": 1 },
        }],
        "outputs": {},
    });
    let plan: Plan = serde_json::from_value(old.clone()).unwrap();
    assert_eq!(plan.steps[0].caller, None);
    assert_eq!(
        serde_json::to_value(&plan).unwrap(),
        old,
        "nothing is added to it"
    );
}

#[test]
fn a_denied_call_inside_fails_that_step() {
    let mut shell = shell();
    shell.guest("sub.a", |told: &Told<'_>| match told.answers.first() {
        None => Act::Call(create("x")),
        Some(Err(fault)) => Act::End(Err(fault.clone())),
        Some(Ok(_)) => Act::End(Ok(Value::Null)),
    });
    let denied = rutter_engine::Fault::new(FaultClass::Denied, "rutter.denied", "not yours");
    shell.deny_all(Some(denied));
    assert_eq!(shell.run(story(|_| ())), RunStatus::Failed);
    let state = &shell.run.step("sub.a").unwrap().state;
    assert!(matches!(state, StepState::Failed(fault) if fault.class == FaultClass::Denied));
}
