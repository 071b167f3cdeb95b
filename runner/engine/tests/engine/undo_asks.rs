//! Questions on the way back, and about it: an own undo that destroys what its step did not make asks, and so
//! does a change that something else than its reverse would take back.

use proptest::prelude::*;
use rutter_engine::{Ask, Fact, HostCall, RollbackEnd, RunEnd, RunStatus, Settlement};

use crate::kit::{CallExt, Cut, Shell, StepExt, calls, delete, make, plan, step};

fn rolled_back(standing: &RunStatus) -> bool {
    matches!(
        standing,
        RunStatus::Ended(RunEnd::RolledBack(RollbackEnd::Done))
    )
}

/// A run of one step whose own undo destroys `other`, and then takes `a` back.
fn ended() -> Shell {
    let mut shell = Shell::new();
    shell.cloud.exists.insert("other".to_owned(), 1);
    shell.guest("m", calls(vec![make("a")]));
    let destroys = || delete("other").ask(Ask::Irreversible);
    shell.undo_guest("m", move |told| calls(vec![destroys(), delete("a")])(told));
    shell.run(plan([step("m").own_undo()]));
    shell
}

fn asked(shell: &Shell) -> usize {
    shell.count("approval-asked")
}

#[test]
fn an_own_undo_waits_for_a_person_before_it_destroys_something_else() {
    let mut shell = ended();
    assert_eq!(shell.undo(), RunStatus::WaitingForPerson);
    assert!(shell.cloud.has("other") && shell.cloud.has("a"));
    let question = shell.run.open_questions().next().unwrap();
    assert!(question.approval.changes[0].undo);
    assert!(
        question.approval.message.starts_with("the undo of `m`"),
        "{}",
        question.approval.message
    );
    assert!(rolled_back(&shell.approve("m", "ann")));
    assert!(!shell.cloud.has("other"));
    assert_eq!(shell.cloud.times("Delete other"), 1);
}

#[test]
fn the_question_of_an_undo_outlives_its_process() {
    let mut shell = ended();
    shell.undo();
    assert_eq!(shell.resume(), RunStatus::WaitingForPerson);
    assert_eq!(shell.resume(), RunStatus::WaitingForPerson);
    assert_eq!((asked(&shell), shell.cloud.times("Delete other")), (1, 0));
    shell.take_up();
    assert!(rolled_back(&shell.approve("m", "ann")));
    assert_eq!(shell.cloud.times("Delete other"), 1);
}

#[test]
fn a_no_ends_the_undo_and_a_person_says_what_becomes_of_the_change() {
    for dies in [false, true] {
        let mut shell = ended();
        shell.undo();
        if dies {
            shell.take_up();
        }
        assert_eq!(shell.decline("m", "ann", "not mine"), RunStatus::UndoFailed);
        assert!(shell.cloud.has("other"));
        assert_eq!(asked(&shell), 1);
        // To try once more is to be asked once more.
        assert_eq!(shell.undo(), RunStatus::WaitingForPerson);
        assert_eq!(shell.decline("m", "ann", "no"), RunStatus::UndoFailed);
        shell.settle("m", Settlement::Gone);
        assert!(rolled_back(&shell.undo()));
        assert_eq!(shell.cloud.times("Delete other"), 0);
    }
}

#[test]
fn a_yes_to_a_step_is_none_to_its_undo() {
    let mut shell = Shell::new();
    shell.cloud.exists.insert("other".to_owned(), 1);
    let destroy = || delete("other").ask(Ask::Irreversible);
    shell.guest("m", calls(vec![make("a"), destroy()]));
    shell.undo_guest("m", calls(vec![delete("a"), destroy()]));
    let confirmed = step("m").own_undo().confirm(1);
    shell.run(plan([confirmed]));
    while shell.run.status() == RunStatus::WaitingForPerson {
        shell.approve("m", "ann");
    }
    shell.cloud.exists.insert("other".to_owned(), 2);
    let before = asked(&shell);
    assert_eq!(shell.undo(), RunStatus::WaitingForPerson);
    assert_eq!(asked(&shell), before + 1);
    assert!(shell.cloud.has("other"));
}

/// A change of this name with another's deletion for its reverse.
fn with_foreign_reverse(name: &str, other: &str) -> HostCall {
    let (mut call, foreign) = (make(name), delete(other));
    if let (HostCall::Call { reverse, .. }, HostCall::Call { call: foreign, .. }) =
        (&mut call, foreign)
    {
        let mut foreign = foreign;
        foreign.ask = Some(Ask::Reverse);
        *reverse = Some(Box::new(foreign));
    }
    call
}

#[test]
fn a_change_that_something_else_would_take_back_is_asked_about_with_its_object() {
    let mut shell = Shell::new();
    shell.cloud.exists.insert("victim".to_owned(), 1);
    shell.guest("m", calls(vec![with_foreign_reverse("a", "victim")]));
    assert_eq!(shell.run(plan([step("m")])), RunStatus::WaitingForPerson);
    assert!(!shell.cloud.has("a"));
    let question = shell.run.open_questions().next().unwrap();
    let shown = &question.approval.changes[0];
    assert_eq!(shown.because, Ask::Reverse);
    let takes_back = serde_json::to_value(&shown.takes_back[0]).unwrap();
    assert!(takes_back.to_string().contains("victim"), "{takes_back}");
    shell.approve("m", "ann");
    assert!(shell.cloud.has("a"));
    assert!(rolled_back(&shell.undo()));
    assert!(!shell.cloud.has("victim"), "a person said yes to it");
}

#[test]
fn what_another_change_of_the_run_is_taken_back_by_is_no_question() {
    let mut shell = Shell::new();
    shell.guest("m", calls(vec![make("a"), with_foreign_reverse("b", "a")]));
    let standing = shell.run(plan([step("m")]));
    assert!(matches!(standing, RunStatus::Ended(_)), "{standing:?}");
    assert_eq!(asked(&shell), 0);
}

/// What people and processes do on the way back.
#[derive(Clone, Copy, Debug)]
enum Turn {
    Yes,
    No,
    Undo,
    Dies(u64),
    Resume,
    Stop,
}

fn turn() -> impl Strategy<Value = Turn> {
    prop_oneof![
        Just(Turn::Yes),
        Just(Turn::No),
        Just(Turn::Undo),
        (1..6u64).prop_map(Turn::Dies),
        Just(Turn::Resume),
        Just(Turn::Stop),
    ]
}

fn open(shell: &Shell) -> bool {
    shell.run.open_questions().next().is_some()
}

proptest! {
    #[test]
    fn a_way_back_never_destroys_unasked(turns in prop::collection::vec(turn(), 1..14)) {
        let mut shell = ended();
        for turn in turns {
            match turn {
                Turn::Yes if open(&shell) => drop(shell.approve("m", "ann")),
                Turn::No if open(&shell) => drop(shell.decline("m", "ann", "no")),
                Turn::Yes | Turn::No => {}
                Turn::Undo => drop(shell.undo()),
                Turn::Dies(more) => {
                    let after = shell.run.seq() + more;
                    shell.die_at(Cut { after, effects: true });
                    shell.undo();
                    shell.take_up();
                }
                Turn::Resume => drop(shell.resume()),
                Turn::Stop => {
                    shell.interrupt();
                    shell.take_up();
                }
            }
            let mut yes = 0;
            for fact in shell.facts() {
                match fact {
                    Fact::Approved { .. } => yes += 1,
                    Fact::ChangeIntended { call, .. } if call.ask.is_some() => {
                        prop_assert!(yes > 0, "it was sent unasked");
                        yes -= 1;
                    }
                    _ => {}
                }
            }
            if let RunStatus::Ended(RunEnd::RolledBack(end)) = shell.run.status() {
                prop_assert_eq!(end, RollbackEnd::Done);
                prop_assert!(!shell.cloud.has("other"), "it ended without what was asked");
            }
        }
    }
}
