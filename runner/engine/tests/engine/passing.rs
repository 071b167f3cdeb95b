//! What is made in passing, what others did with it since, and what goes with its object.

use rutter_engine::{
    Adoption, Back, Change, FaultClass, Input, Object, RollbackEnd, RunEnd, RunStatus, Settlement,
};
use serde_json::json;

use crate::kit::{CallExt, Fate, Shell, StepExt, calls, create, delete, make, plan, step};

fn rolled_back(standing: &RunStatus) -> bool {
    *standing == RunStatus::Ended(RunEnd::RolledBack(RollbackEnd::Done))
}

fn partly(standing: &RunStatus) -> bool {
    *standing == RunStatus::Ended(RunEnd::RolledBack(RollbackEnd::Partly))
}

/// A run that made `a`, and in passing `a/part`.
fn made_with_a_part() -> Shell {
    let mut shell = Shell::new();
    shell.guest("m", calls(vec![make("a").seen().with_parts()]));
    shell.start(plan([step("m")]));
    shell.until_fact("change-done");
    shell.cloud.exists.insert("a/part".to_owned(), 1);
    shell.until_idle();
    shell
}

/// A run that made `a`, which its reverse destroys.
fn made_to_be_compared() -> Shell {
    let mut shell = Shell::new();
    shell.guest("m", calls(vec![make("a").seen().used()]));
    shell.run(plan([step("m")]));
    shell
}

fn part(shell: &Shell) -> &Change {
    let mut changes = shell.run.changes().iter();
    changes
        .find(|change| change.passed.is_some())
        .expect("the part is known")
}

#[test]
fn what_is_made_in_passing_is_known_and_taken_back_after_what_it_is_behind() {
    let mut shell = made_with_a_part();
    assert_eq!(part(&shell).passed.as_ref().expect("it is").id, "a/part");
    assert!(rolled_back(&shell.undo()));
    let deleted = shell.cloud.sent.iter();
    let deleted: Vec<_> = deleted.filter(|sent| sent.starts_with("Delete")).collect();
    assert_eq!(deleted, ["Delete a", "Delete a/part"]);
    assert!(shell.cloud.exists.is_empty());
}

#[test]
fn what_was_made_in_passing_and_is_used_by_others_is_not_destroyed_unasked() {
    let mut shell = Shell::new();
    shell.guest("m", calls(vec![make("a").seen().with_used_parts()]));
    shell.start(plan([step("m")]));
    shell.until_fact("change-done");
    shell.cloud.exists.insert("a/part".to_owned(), 1);
    shell.until_idle();
    shell.cloud.exists.insert("a/part/users".to_owned(), 1);
    assert_eq!(shell.undo(), RunStatus::UndoFailed);
    let Back::Failed(fault) = &part(&shell).back else {
        panic!("{:?}", part(&shell).back)
    };
    assert!(
        fault.message.contains("it is used by a/part/users-1"),
        "{fault}"
    );
    assert!(shell.cloud.has("a/part") && !shell.cloud.has("a"));
    shell.cloud.exists.remove("a/part/users");
    assert!(rolled_back(&shell.undo()), "nobody uses it any more");
    assert!(!shell.cloud.has("a/part"));
}

#[test]
fn what_shows_only_after_the_reverse_is_found_as_well() {
    let mut shell = Shell::new();
    shell.guest("m", calls(vec![make("a").seen().with_parts()]));
    shell.run(plan([step("m")]));
    shell.push(Input::Undo { by: "ann".into() });
    shell.until_fact("reverse-intended");
    shell.cloud.exists.insert("a/part".to_owned(), 1);
    assert!(rolled_back(&shell.until_idle()));
    assert!(shell.cloud.exists.is_empty());
}

#[test]
fn what_went_with_what_it_was_behind_is_not_deleted_again() {
    let mut shell = made_with_a_part();
    shell.cloud.exists.remove("a/part");
    assert!(rolled_back(&shell.undo()));
    assert_eq!(shell.cloud.times("Delete a/part"), 0);
}

#[test]
fn what_cannot_be_removed_waits_for_a_person_and_is_left_by_a_word() {
    let mut shell = made_with_a_part();
    shell
        .cloud
        .will("Delete a/part", [Fate::Refused(FaultClass::Fail)]);
    assert_eq!(shell.undo(), RunStatus::UndoFailed);
    assert!(!shell.cloud.has("a"));
    shell.settle("m", Settlement::Leave);
    assert!(partly(&shell.undo()));
    assert!(matches!(part(&shell).back, Back::Left(_)));
}

#[test]
fn what_is_behind_something_that_stays_stays() {
    let mut shell = made_with_a_part();
    shell
        .cloud
        .will("Delete a", [Fate::Refused(FaultClass::Fail)]);
    assert_eq!(shell.undo(), RunStatus::UndoFailed);
    shell.settle("m", Settlement::Leave);
    assert!(partly(&shell.undo()));
    assert!(matches!(part(&shell).back, Back::Left(_)));
    assert_eq!(shell.cloud.times("Delete a/part"), 0);
}

#[test]
fn a_process_killed_anywhere_forgets_nothing_that_was_made_in_passing() {
    let facts = ["look-begun", "reverse-intended"];
    for fact in facts {
        let mut shell = made_with_a_part();
        shell.push(Input::Undo { by: "ann".into() });
        shell.until_fact(fact);
        assert!(rolled_back(&shell.resume()), "{fact}");
        assert!(shell.cloud.exists.is_empty(), "{fact}");
    }
    let mut shell = Shell::new();
    shell.guest("m", calls(vec![make("a").seen().with_parts()]));
    shell.start(plan([step("m")]));
    shell.until_fact("change-done");
    shell.cloud.exists.insert("a/part".to_owned(), 1);
    shell.kill();
    shell.take_up();
    assert!(rolled_back(&shell.undo()), "it never came to be read");
    assert!(shell.cloud.exists.is_empty());
}

#[test]
fn what_somebody_uses_since_is_not_destroyed_unasked() {
    for (settlement, is_left) in [(Settlement::Retry, false), (Settlement::Leave, true)] {
        let mut shell = made_to_be_compared();
        shell.cloud.exists.insert("a/users".to_owned(), 1);
        assert_eq!(shell.undo(), RunStatus::UndoFailed);
        assert_eq!(shell.cloud.times("Delete a"), 0);
        let Back::Failed(fault) = &shell.run.changes()[0].back else {
            panic!("it waits for a person");
        };
        assert_eq!(fault.code, "rutter.changed-since");
        assert!(fault.message.contains("it is used by a/users-1"), "{fault}");
        shell.settle("m", settlement);
        let end = shell.undo();
        assert_eq!(partly(&end), is_left, "{settlement:?}");
        assert_eq!(shell.cloud.has("a"), is_left, "{settlement:?}");
    }
}

#[test]
fn what_was_so_when_the_step_ended_is_no_difference() {
    let mut shell = Shell::new();
    shell.guest("m", calls(vec![make("a").seen().used()]));
    shell.start(plan([step("m")]));
    shell.until_fact("change-done");
    shell.cloud.exists.insert("a/users".to_owned(), 1);
    shell.until_idle();
    assert!(rolled_back(&shell.undo()));
}

#[test]
fn what_somebody_edited_since_is_not_destroyed_unasked() {
    let mut shell = made_to_be_compared();
    let edited = json!({ "Items": [{ "Id": "a-1", "Name": "a", "Note": "mine" }] });
    shell.cloud.will("List a", [Fate::Says(edited)]);
    assert_eq!(shell.undo(), RunStatus::UndoFailed);
    assert!(shell.cloud.has("a"));
    assert!(rolled_back(&shell.undo()), "it is as it was again");
}

#[test]
fn what_cannot_be_compared_is_not_destroyed_unasked() {
    let mut shell = made_to_be_compared();
    shell
        .cloud
        .will("List a/users", [Fate::Refused(FaultClass::Denied)]);
    assert_eq!(shell.undo(), RunStatus::UndoFailed);
    assert!(shell.cloud.has("a"));
}

#[test]
fn an_own_undo_is_not_asked_while_one_of_its_changes_is_used_by_others() {
    let mut shell = Shell::new();
    shell.guest("m", calls(vec![make("a").seen().used(), make("b").seen()]));
    shell.undo_guest("m", calls(vec![delete("b"), delete("a")]));
    shell.run(plan([step("m").own_undo()]));
    shell.cloud.exists.insert("a/users".to_owned(), 1);
    assert_eq!(shell.undo(), RunStatus::UndoFailed);
    assert!(shell.cloud.has("a") && shell.cloud.has("b"));
    shell.cloud.exists.remove("a/users");
    assert!(rolled_back(&shell.undo()));
}

#[test]
fn a_covered_change_is_not_called_taken_back_while_its_object_stays() {
    let mut shell = Shell::new();
    shell.cloud.exists.insert("a".to_owned(), 1);
    shell.guest("m", calls(vec![create("a/part").covered()]));
    shell.run(plan([step("m")]));
    assert!(partly(&shell.undo()));
    assert_eq!(shell.count("reverse-done"), 0);
}

#[test]
fn a_covered_change_of_what_this_run_did_not_make_is_looked_at() {
    for goes in [true, false] {
        let mut shell = Shell::new();
        let part = create("a/part").seen().covered();
        shell.guest("m", calls(vec![part]));
        shell.run(plan([step("m")]));
        if goes {
            shell.cloud.exists.remove("a/part");
        }
        let end = shell.undo();
        assert_eq!(rolled_back(&end), goes);
        assert_eq!(partly(&end), !goes);
    }
}

#[test]
fn what_another_run_found_there_is_not_destroyed_unasked() {
    let object = |key: &str| Object {
        account: "1111111111111111".to_owned(),
        product: "T".to_owned(),
        key: key.to_owned(),
    };
    for (key, is_asked) in [("a-1", true), ("b-1", false)] {
        let mut shell = made_to_be_compared();
        let other = Adoption {
            run: "other".to_owned(),
            object: object(key),
        };
        shell.push(Input::AdoptedElsewhere(vec![other]));
        shell.until_idle();
        assert_eq!(shell.undo() == RunStatus::UndoFailed, is_asked);
        assert_eq!(shell.cloud.has("a"), is_asked);
    }
}

#[test]
fn what_was_there_already_is_recorded_as_taken() {
    let mut shell = Shell::new();
    shell.cloud.exists.insert("a".to_owned(), 1);
    shell.guest("m", calls(vec![create("a").taken()]));
    shell.run(plan([step("m")]));
    assert_eq!(shell.count("adopted"), 1);
}
