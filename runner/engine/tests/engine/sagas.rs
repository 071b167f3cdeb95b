//! A run as a saga: steps whose changes are compensated when one of them fails. The scenarios that every
//! engine of this kind has to pass, by name.

use std::collections::BTreeSet;

use rutter_engine::{
    Api, Back, Fact, FaultClass, HostCall, OnFailure, Plan, RollbackEnd, RunEnd, RunStatus,
    Settlement, StepState, Target,
};
use serde_json::json;

use crate::kit::{Act, Cut, Fate, Shell, StepExt, calls, fault, make, plan, runbook, step};

const STEPS: [&str; 4] = ["network", "server", "address", "record"];

/// Four steps, each of which makes something of its name; the failure of any takes the run back.
fn saga() -> (Shell, Plan) {
    let mut shell = Shell::new();
    for name in STEPS {
        shell.guest(name, calls(vec![make(name)]));
    }
    let steps = STEPS.map(|name| step(name).on_failure(OnFailure::Undo));
    (shell, plan(steps))
}

/// The saga, of which one step fails before it has made anything.
fn failing_at(name: &str) -> Shell {
    let (mut shell, plan) = saga();
    shell.guest(name, |_| Act::End(Err(fault("quota.exceeded"))));
    let standing = shell.run(plan);
    assert!(is_back(&standing), "{name}: {standing:?}");
    shell
}

fn is_back(standing: &RunStatus) -> bool {
    let back = RunEnd::RolledBack(RollbackEnd::Done);
    *standing == RunStatus::Ended(back)
}

fn sent(shell: &Shell, action: &str) -> Vec<String> {
    let sent = shell.cloud.sent.iter();
    let names = sent.filter_map(|sent| sent.strip_prefix(action)?.strip_prefix(' '));
    names.map(str::to_owned).collect()
}

#[test]
fn failure_at_the_last_step() {
    let shell = failing_at("record");
    assert_eq!(sent(&shell, "Make"), ["network", "server", "address"]);
    assert_eq!(sent(&shell, "Delete"), ["address", "server", "network"]);
    assert!(shell.cloud.exists.is_empty());
}

#[test]
fn failure_at_an_inner_step() {
    let shell = failing_at("server");
    assert_eq!(
        sent(&shell, "Make"),
        ["network"],
        "nothing after it is begun"
    );
    assert_eq!(sent(&shell, "Delete"), ["network"]);
    assert!(shell.cloud.exists.is_empty());
}

#[test]
fn failure_at_the_first_step() {
    let shell = failing_at("network");
    assert!(
        shell.cloud.sent.is_empty(),
        "there is nothing to compensate"
    );
}

#[test]
fn failure_in_the_middle_of_a_step() {
    let (mut shell, plan) = saga();
    shell.guest("address", |told| match told.answers.len() {
        0 => Act::Call(make("address")),
        _ => Act::End(Err(fault("quota.exceeded"))),
    });
    assert!(is_back(&shell.run(plan)));
    assert_eq!(sent(&shell, "Delete"), ["address", "server", "network"]);
    assert!(shell.cloud.exists.is_empty());
}

#[test]
fn failure_inside_a_runbook_that_a_step_runs() {
    let mut shell = Shell::new();
    for name in ["network", "server.disk"] {
        shell.guest(name, calls(vec![make(name)]));
    }
    shell.guest("server.start", |_| Act::End(Err(fault("quota.exceeded"))));
    let mut steps = vec![step("network")];
    let mut nested = runbook(
        "server",
        json!({}),
        [step("disk"), step("start")],
        json!({}),
    );
    nested[0].on_failure = OnFailure::Undo;
    nested[2].on_failure = OnFailure::Caller;
    steps.extend(nested);
    assert!(is_back(&shell.run(plan(steps))));
    assert_eq!(sent(&shell, "Delete"), ["server.disk", "network"]);
    assert!(shell.cloud.exists.is_empty());
}

#[test]
fn a_compensation_that_fails_once_is_tried_again_without_a_second_effect() {
    for class in [FaultClass::Retry, FaultClass::Busy] {
        let mut shell = Shell::new();
        shell.guest("pay", calls(vec![paid("order")]));
        shell.guest("ship", |_| Act::End(Err(fault("out.of.stock"))));
        let refused = Fate::Refused(class);
        shell.cloud.will("Make refund of order", [refused]);
        let steps = ["pay", "ship"].map(|name| step(name).on_failure(OnFailure::Undo));
        assert!(is_back(&shell.run(plan(steps))), "{class:?}");
        assert_eq!(shell.cloud.times("Make refund of order"), 2, "{class:?}");
        assert_eq!(shell.cloud.exists["refund of order"], 1, "{class:?}");
    }
}

#[test]
fn a_compensation_whose_answer_is_lost_has_no_second_effect() {
    let mut shell = Shell::new();
    shell.guest("pay", calls(vec![paid("order")]));
    shell.cloud.will("Make refund of order", [Fate::AnswerLost]);
    shell.run(plan([step("pay")]));
    assert!(!is_back(&shell.undo()), "a person is asked");
    assert!(!is_back(&shell.resume()), "and is asked again");
    assert!(!is_back(&shell.undo()), "to undo again is no answer");
    assert_eq!(shell.cloud.exists["refund of order"], 1);
    shell.settle("pay", Settlement::Gone);
    assert!(is_back(&shell.undo()));
    assert_eq!(shell.cloud.exists["refund of order"], 1);
}

#[test]
fn a_compensation_that_fails_for_good_is_visible_with_its_own_code() {
    let (mut shell, plan) = saga();
    shell.guest("record", |_| Act::End(Err(fault("quota.exceeded"))));
    shell
        .cloud
        .will("Delete server", [Fate::Refused(FaultClass::Credential)]);
    assert_eq!(shell.run(plan), RunStatus::UndoFailed);
    let failed = shell
        .run
        .changes()
        .iter()
        .filter_map(|change| match &change.back {
            Back::Failed(fault) => Some((&*change.at.step, fault.code.as_str())),
            _ => None,
        });
    let failed: Vec<_> = failed.collect();
    assert_eq!(failed, [("server", "Credential")]);
    let why = shell.run.step("record").map(|step| &step.state);
    assert!(
        matches!(why, Some(StepState::Failed(fault)) if fault.code == "quota.exceeded"),
        "why it was taken back is not lost: {why:?}"
    );
    assert!(is_back(&shell.undo()), "once the cause is removed");
    assert!(shell.cloud.exists.is_empty());
}

#[test]
fn restart_in_the_middle_of_compensation() {
    let (mut whole, plan) = saga();
    whole.guest("record", |_| Act::End(Err(fault("quota.exceeded"))));
    let begun = {
        let mut shell = whole.clone();
        assert!(is_back(&shell.run(plan.clone())));
        let kinds = shell.kinds();
        let at = kinds.iter().position(|kind| kind == "rollback-started");
        at.expect("it is taken back") + 1
    };
    for after in begun.. {
        for effects in [false, true] {
            let mut shell = whole.clone();
            let cut = Cut {
                after: after as u64,
                effects,
            };
            shell.die_at(cut);
            shell.run(plan.clone());
            if !shell.died() {
                assert!(after > begun + STEPS.len(), "it died at {after} records");
                return;
            }
            ends_after_a_restart(&mut shell, &format!("{cut:?}"));
        }
    }
}

/// A process died in the middle of compensation. The next one goes on, and nothing is compensated that
/// was not made, or left that was.
fn ends_after_a_restart(shell: &mut Shell, what: &str) {
    let mut standing = shell.resume();
    if standing == RunStatus::UndoFailed {
        // Nobody knows whether the reverse that was on its way arrived, and to repeat it is harmless.
        let stuck = shell
            .run
            .changes()
            .iter()
            .find(|change| change.waits_for_settlement());
        let step = stuck.expect("one waits").at.step.to_string();
        shell.settle(&step, Settlement::Retry);
        standing = shell.undo();
    }
    assert!(is_back(&standing), "{what}: {standing:?}");
    assert!(shell.cloud.exists.is_empty(), "{what}");
    // What a killed process sent waits for a person, and what does not need it goes on meanwhile.
    let deleted: BTreeSet<_> = sent(shell, "Delete").into_iter().collect();
    let all = ["address", "network", "server"].map(str::to_owned);
    assert_eq!(deleted, BTreeSet::from(all), "{what}");
    let kinds = shell.kinds();
    let count = |kind: &str| kinds.iter().filter(|each| *each == kind).count();
    assert_eq!(count("reverse-done"), 3, "{what}: each once");
    assert_eq!(count("run-ended"), 1, "{what}");
}

#[test]
fn compensation_does_not_run_on_success() {
    let (mut shell, plan) = saga();
    assert!(matches!(
        shell.run(plan),
        RunStatus::Ended(RunEnd::Done { .. })
    ));
    assert_eq!(shell.count("rollback-started"), 0);
    assert!(sent(&shell, "Delete").is_empty());
}

#[test]
fn a_saga_that_is_over_is_not_compensated_twice() {
    let mut shell = failing_at("record");
    let before = shell.cloud.sent.len();
    shell.undo();
    shell.undo();
    assert_eq!(shell.cloud.sent.len(), before);
}

/// A payment, compensated by a refund: of which each is one more.
fn paid(name: &str) -> HostCall {
    let mut call = make(name);
    if let HostCall::Call {
        reverse: Some(reverse),
        ..
    } = &mut call
        && let Target::Api(Api {
            action, parameters, ..
        }) = &mut reverse.target
    {
        *action = "Make".to_owned();
        *parameters = json!({ "name": format!("refund of {name}") });
    }
    call
}

#[test]
fn what_happened_can_be_told_from_the_records_alone() {
    let shell = failing_at("record");
    let told: Vec<String> = shell.facts().filter_map(in_words).collect();
    let expected = [
        "network made",
        "server made",
        "address made",
        "record failed",
        "taken back",
        "address gone",
        "server gone",
        "network gone",
        "over",
    ];
    assert_eq!(told, expected);
}

fn in_words(fact: &Fact) -> Option<String> {
    let of_change = |change: &u64| {
        let at = usize::try_from(*change).expect("few changes") - 1;
        STEPS[at]
    };
    match fact {
        Fact::ChangeDone { change, .. } => Some(format!("{} made", of_change(change))),
        Fact::ReverseDone { change, .. } => Some(format!("{} gone", of_change(change))),
        Fact::StepEnded {
            step,
            end: rutter_engine::StepEnd::Failed(_),
        } => Some(format!("{step} failed")),
        Fact::RollbackStarted { .. } => Some("taken back".to_owned()),
        Fact::RunEnded { .. } => Some("over".to_owned()),
        _ => None,
    }
}
