//! Waits: polled reads and pauses of guests.

use rutter_engine::{Fact, FaultClass, HostCall, RunEnd, RunStatus, StepState};
use serde_json::json;

use crate::kit::{Act, Fate, Shell, StepExt, calls, plan, step, wait_for};

fn says(status: &str) -> Fate {
    Fate::Says(json!({ "Status": status }))
}

fn code(shell: &Shell, id: &str) -> String {
    match &shell.run.step(id).unwrap().state {
        StepState::Failed(fault) => fault.code.clone(),
        other => panic!("{other:?}"),
    }
}

fn waiting(fates: impl IntoIterator<Item = Fate>) -> Shell {
    let mut shell = Shell::new();
    shell.guest("w", calls(vec![wait_for("x", "Running")]));
    shell.cloud.will("Get x", fates);
    shell.run(plan([step("w")]));
    shell
}

#[test]
fn a_wait_polls_until_the_value_is_there_and_leaves_one_answer() {
    let shell = waiting([says("Pending"), says("Pending"), says("running")]);
    assert!(matches!(
        shell.run.status(),
        RunStatus::Ended(RunEnd::Done { .. })
    ));
    assert_eq!(shell.cloud.times("Get x"), 3);
    assert_eq!(shell.count("wait-started"), 1);
    assert_eq!(shell.count("call-answered"), 1);
    let took = shell.run.latest().since(shell.run.started());
    assert!((20_000..21_000).contains(&took), "{took}");
}

#[test]
fn a_wait_ends_with_a_bad_value() {
    let shell = waiting([says("Pending"), says("Broken")]);
    assert_eq!(code(&shell, "w"), "rutter.wait-failed");
}

#[test]
fn a_wait_gives_up_at_its_deadline() {
    let shell = waiting(std::iter::repeat_n(says("Pending"), 100));
    assert_eq!(code(&shell, "w"), "rutter.wait-timeout");
    let took = shell.run.latest().since(shell.run.started());
    assert!((300_000..301_000).contains(&took), "{took}");
}

#[test]
fn a_wait_survives_transient_faults() {
    let shell = waiting([
        Fate::Refused(FaultClass::Retry),
        Fate::Swallowed,
        Fate::Refused(FaultClass::Busy),
        says("Running"),
    ]);
    assert!(matches!(
        shell.run.status(),
        RunStatus::Ended(RunEnd::Done { .. })
    ));
}

#[test]
fn what_is_absent_ends_a_wait_unless_its_absence_is_waited_for() {
    let shell = waiting([]);
    assert_eq!(code(&shell, "w"), "NotExist");

    let mut shell = Shell::new();
    shell.guest("w", calls(vec![wait_for("x", "NOT_FOUND")]));
    shell.cloud.will("Get x", [says("Deleting")]);
    let standing = shell.run(plan([step("w")]));
    assert!(matches!(standing, RunStatus::Ended(RunEnd::Done { .. })));
}

#[test]
fn a_wait_keeps_its_deadline_over_a_crash() {
    let mut shell = Shell::new();
    shell.guest("w", calls(vec![wait_for("x", "Running")]));
    shell
        .cloud
        .will("Get x", std::iter::repeat_n(says("Pending"), 100));
    shell.start(plan([step("w")]));
    shell.until(|shell| shell.cloud.times("Get x") == 10);
    shell.resume();
    assert_eq!(code(&shell, "w"), "rutter.wait-timeout");
    let took = shell.run.latest().since(shell.run.started());
    assert!((300_000..301_000).contains(&took), "{took}");
    assert_eq!(shell.count("wait-started"), 1);
}

#[test]
fn a_sleep_survives_a_crash_and_is_not_slept_twice() {
    let mut shell = Shell::new();
    shell.guest("s", |told| match told.answers.len() {
        0 => Act::Call(HostCall::Sleep {
            duration_ms: 60_000,
        }),
        _ => Act::End(Ok(json!({}))),
    });
    shell.start(plan([step("s")]));
    shell.until_fact("wait-started");
    shell.take_up();
    shell.until(|shell| shell.count("attempt-resumed") == 1);
    shell.now = shell.now.after(30_000);
    shell.until_idle();
    assert_eq!(shell.run.latest().since(shell.run.started()), 60_000);
}

#[test]
fn a_denied_poll_is_not_sent_after_a_crash() {
    let mut shell = Shell::new();
    shell.guest("w", calls(vec![wait_for("x", "Running")]));
    shell
        .cloud
        .will("Get x", std::iter::repeat_n(says("Pending"), 100));
    shell.start(plan([step("w").timeout(1_000_000)]));
    shell.until(|shell| shell.cloud.times("Get x") == 3);
    let fault = rutter_engine::Fault::new(FaultClass::Denied, "rutter.denied", "locked");
    shell.deny_all(Some(fault));
    shell.resume();
    assert_eq!(code(&shell, "w"), "rutter.denied");
    assert_eq!(shell.cloud.times("Get x"), 3);
    let answers = shell
        .facts()
        .filter(|fact| matches!(fact, Fact::CallAnswered { .. }));
    assert_eq!(answers.count(), 1);
}
