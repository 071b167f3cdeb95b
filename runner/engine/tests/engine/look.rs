//! Looking: before a change, after a doubt, after its reverse.

use rutter_engine::{
    Ask, ChangeState, FaultClass, Resolution, RollbackEnd, RunEnd, RunStatus, Settlement,
};

use crate::kit::{
    Act, CallExt, Fate, Shell, StepExt, calls, create, delete, fault, make, plan, retry, step,
};

fn rolled_back(standing: &RunStatus) -> bool {
    matches!(
        standing,
        RunStatus::Ended(RunEnd::RolledBack(RollbackEnd::Done))
    )
}

fn is_done(standing: &RunStatus) -> bool {
    matches!(standing, RunStatus::Ended(RunEnd::Done { .. }))
}

fn with(call: rutter_engine::HostCall) -> Shell {
    let mut shell = Shell::new();
    shell.guest("m", calls(vec![call]));
    shell
}

#[test]
fn a_lost_answer_is_found_without_the_guest_and_nothing_is_sent_again() {
    let mut shell = with(make("a").seen());
    shell.cloud.will("Make a", [Fate::AnswerLost]);
    assert!(is_done(&shell.run(plan([step("m")]))));
    assert_eq!(shell.cloud.times("Make a"), 1);
    assert!(
        rolled_back(&shell.undo()),
        "the reverse knows what was made"
    );
    assert!(shell.cloud.exists.is_empty());
}

#[test]
fn what_did_not_happen_is_sent_again_under_a_record_of_its_own() {
    let mut shell = with(make("a").seen());
    shell.cloud.will("Make a", [Fate::Swallowed]);
    assert!(is_done(&shell.run(plan([step("m")]))));
    assert_eq!(shell.cloud.times("Make a"), 2);
    assert_eq!(shell.count("change-intended"), 2);
    assert_eq!(shell.cloud.exists["a"], 1);
}

#[test]
fn what_never_happens_is_given_up() {
    let mut shell = with(make("a").seen());
    shell
        .cloud
        .will("Make a", std::iter::repeat_n(Fate::Swallowed, 20));
    assert_eq!(shell.run(plan([step("m")])), RunStatus::Failed);
    assert_eq!(shell.cloud.times("Make a"), 8);
    assert!(rolled_back(&shell.undo()));
}

#[test]
fn what_costs_money_and_is_not_seen_is_a_question() {
    let mut shell = with(make("a").seen().ask(Ask::Costs));
    shell.cloud.will("Make a", [Fate::Swallowed]);
    shell.run(plan([step("m")]));
    assert_eq!(shell.approve("m", "ann"), RunStatus::Unknown);
    assert_eq!(shell.cloud.times("Make a"), 1);
    assert_eq!(shell.undo(), RunStatus::UndoFailed);
    shell.settle("m", Settlement::Gone);
    assert!(rolled_back(&shell.undo()));
}

#[test]
fn what_was_there_before_is_not_taken_for_what_was_made() {
    let mut shell = with(make("a").seen());
    shell.cloud.exists.insert("a".to_owned(), 2);
    shell.cloud.will("Make a", [Fate::AnswerLost]);
    assert!(is_done(&shell.run(plan([step("m")]))));
    assert_eq!(shell.cloud.exists["a"], 3);
    assert_eq!(shell.cloud.times("Make a"), 1);
}

/// What an earlier attempt made may take a while to show: it is waited for, and not made twice.
#[test]
fn what_an_earlier_attempt_made_is_given_time_to_show() {
    let mut shell = Shell::new();
    shell.guest("m", |told| match (told.answers.len(), told.attempt) {
        (0, _) => Act::Call(make("a").taken()),
        (_, 1) => Act::End(Err(fault("broken"))),
        _ => Act::End(Ok(serde_json::Value::Null)),
    });
    let nothing = serde_json::json!({ "Items": [] });
    shell
        .cloud
        .will("List a", [Fate::Fine, Fate::Says(nothing)]);
    assert!(is_done(&shell.run(plan([step("m").retried(retry(2, 0))]))));
    assert_eq!(shell.cloud.times("Make a"), 1);
}

#[test]
fn several_new_objects_are_a_question() {
    let mut shell = with(make("a").seen());
    shell.cloud.will("Make a", [Fate::AnswerLost]);
    let two = serde_json::json!({ "Items": [{ "Id": "1" }, { "Id": "2" }] });
    shell.cloud.will("List a", [Fate::Fine, Fate::Says(two)]);
    assert_eq!(shell.run(plan([step("m")])), RunStatus::Unknown);
    let state = &shell.run.changes()[0].state;
    assert!(matches!(state, ChangeState::Unknown(_)), "{state:?}");
}

#[test]
fn one_new_object_that_costs_money_is_a_question_unless_it_bears_the_steps_mark() {
    let mut marked = with(make("a").seen().marked().ask(Ask::Costs));
    marked.cloud.will("Make a", [Fate::AnswerLost]);
    marked.run(plan([step("m")]));
    assert!(is_done(&marked.approve("m", "ann")));

    let mut shell = with_an_unmarked_purchase();
    assert!(is_done(&shell.resolve("m", Resolution::Adopt)));
    assert_eq!(shell.cloud.times("Make a"), 1);
    assert!(rolled_back(&shell.undo()), "a person said whose it is");
    assert!(!shell.cloud.has("a"));
}

#[test]
fn what_may_be_anothers_is_not_destroyed_when_the_run_is_taken_back() {
    let mut shell = with_an_unmarked_purchase();
    assert_eq!(shell.undo(), RunStatus::UndoFailed);
    assert!(shell.cloud.has("a"));
    shell.settle("m", Settlement::Leave);
    let ended = shell.undo();
    assert!(!rolled_back(&ended), "{ended:?}: something was left");
    assert!(matches!(ended, RunStatus::Ended(_)));
    assert!(shell.cloud.has("a"));
}

/// A step whose purchase was not answered, and looking shows one that is new.
fn with_an_unmarked_purchase() -> Shell {
    let mut shell = with(make("a").seen().ask(Ask::Costs));
    shell.cloud.will("Make a", [Fate::AnswerLost]);
    shell.run(plan([step("m")]));
    assert_eq!(shell.approve("m", "ann"), RunStatus::Unknown);
    shell
}

#[test]
fn a_look_that_is_refused_is_a_question_and_a_busy_one_is_made_again() {
    for (class, ends_well) in [(FaultClass::Denied, false), (FaultClass::Retry, true)] {
        let mut shell = with(make("a").seen());
        shell.cloud.will("Make a", [Fate::AnswerLost]);
        shell
            .cloud
            .will("List a", [Fate::Fine, Fate::Refused(class)]);
        assert_eq!(
            is_done(&shell.run(plan([step("m")]))),
            ends_well,
            "{class:?}"
        );
        assert_eq!(shell.cloud.times("Make a"), 1);
    }
}

#[test]
fn what_is_there_already_is_taken_and_stays_when_the_run_is_taken_back() {
    let mut shell = with(create("a").taken());
    shell.cloud.exists.insert("a".to_owned(), 1);
    assert!(is_done(&shell.run(plan([step("m")]))));
    assert_eq!(shell.cloud.times("Create a"), 0);
    assert!(rolled_back(&shell.undo()));
    assert!(shell.cloud.has("a"));
}

#[test]
fn what_appears_between_the_look_and_the_change_is_taken_as_it_is() {
    let mut shell = with(create("a").taken());
    shell
        .cloud
        .will("Create a", [Fate::Refused(FaultClass::Exists)]);
    shell.start(plan([step("m")]));
    shell.until_fact("change-intended");
    shell.cloud.exists.insert("a".to_owned(), 1);
    assert!(is_done(&shell.until_idle()));
    assert!(rolled_back(&shell.undo()));
    assert!(shell.cloud.has("a"), "it is not this run's own");
}

#[test]
fn what_is_gone_already_is_not_deleted_again() {
    let mut shell = with(delete("a").taken());
    assert!(is_done(&shell.run(plan([step("m")]))));
    assert_eq!(shell.cloud.times("Delete a"), 0);
}

#[test]
fn a_killed_process_looks_whether_its_change_happened() {
    for fact in ["change-intended", "look-begun"] {
        let mut shell = with(make("a").seen());
        shell.cloud.will("Make a", [Fate::AnswerLost]);
        shell.start(plan([step("m")]));
        shell.until_fact(fact);
        assert!(is_done(&shell.resume()), "{fact}");
        assert_eq!(shell.cloud.exists["a"], 1, "{fact}");
        assert!(rolled_back(&shell.undo()), "{fact}");
        assert!(shell.cloud.exists.is_empty(), "{fact}");
    }
}

#[test]
fn an_undo_looks_for_a_change_in_doubt_before_its_reverse() {
    for (fate, deletions) in [(Fate::AnswerLost, 1), (Fate::Swallowed, 0)] {
        let mut shell = with(make("a").seen());
        shell.cloud.will("Make a", [fate]);
        shell.start(plan([step("m")]));
        shell.until_fact("change-intended");
        shell.kill();
        shell.take_up();
        assert!(rolled_back(&shell.undo()));
        assert_eq!(shell.cloud.times("Delete a"), deletions);
        assert!(shell.cloud.exists.is_empty());
    }
}

#[test]
fn a_reverse_whose_answer_is_lost_is_looked_after() {
    for (fate, deletions) in [(Fate::AnswerLost, 1), (Fate::Swallowed, 2)] {
        let mut shell = with(make("a").seen());
        shell.run(plan([step("m")]));
        shell.cloud.will("Delete a", [fate]);
        assert!(rolled_back(&shell.undo()));
        assert_eq!(shell.cloud.times("Delete a"), deletions);
        assert!(shell.cloud.exists.is_empty());
    }
}

#[test]
fn a_process_killed_while_it_takes_back_looks_what_it_did() {
    for fact in ["reverse-intended", "look-begun"] {
        for fate in [Fate::Fine, Fate::AnswerLost, Fate::Swallowed] {
            let mut shell = with(make("a").seen());
            shell.run(plan([step("m")]));
            shell.cloud.will("Delete a", [fate]);
            shell.push(rutter_engine::Input::Undo { by: "ann".into() });
            shell.until_fact(fact);
            assert!(rolled_back(&shell.resume()));
            assert!(shell.cloud.exists.is_empty());
        }
    }
}

#[test]
fn a_refused_reverse_of_what_is_gone_is_no_failure() {
    for (is_gone, ends) in [(true, true), (false, false)] {
        let mut shell = with(make("a").seen());
        shell.run(plan([step("m")]));
        if is_gone {
            shell.cloud.exists.clear();
        }
        shell
            .cloud
            .will("Delete a", [Fate::Refused(FaultClass::Fail)]);
        assert_eq!(rolled_back(&shell.undo()), ends);
    }
}

#[test]
fn what_is_still_there_is_not_called_taken_back() {
    let mut shell = with(make("a").seen());
    shell.run(plan([step("m")]));
    shell
        .cloud
        .will("Delete a", [Fate::Says(serde_json::json!({}))]);
    assert_eq!(shell.undo(), RunStatus::UndoFailed);
    assert!(shell.cloud.has("a"));
    shell.settle("m", Settlement::Leave);
    let end = RunEnd::RolledBack(RollbackEnd::Partly);
    assert_eq!(shell.undo(), RunStatus::Ended(end));
    assert_eq!(
        shell
            .run
            .changes()
            .iter()
            .filter(|change| change.stands())
            .count(),
        1
    );
}

#[test]
fn what_a_plugin_says_it_took_back_is_looked_at() {
    let mut shell = with(make("a").seen());
    shell.undo_guest("m", calls(Vec::new()));
    shell.run(plan([step("m").own_undo()]));
    assert_eq!(shell.undo(), RunStatus::UndoFailed, "it did nothing");
    assert!(shell.cloud.has("a"));
}

#[test]
fn an_interrupted_look_is_made_by_the_next_process() {
    let mut shell = with(make("a").seen());
    shell.cloud.will("Make a", [Fate::AnswerLost]);
    shell.start(plan([step("m")]));
    shell.until_fact("look-begun");
    assert_eq!(
        shell.give(rutter_engine::Input::Interrupt),
        RunStatus::Stopped
    );
    assert!(is_done(&shell.resume()));
    assert_eq!(shell.cloud.times("Make a"), 1);
}
