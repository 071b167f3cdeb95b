//! What holds for every runbook, wherever a process dies.

use proptest::prelude::*;
use rutter_engine::{Back, CallSite, ChangeState, Fact, Repeat, RunEnd, RunStatus};

use crate::kit::random::{self, BASE, Part};
use crate::kit::{Cut, Shell, rebuilt};

fn finished(parts: &[Part]) -> Shell {
    let mut shell = random::shell(parts);
    random::with_people(&mut shell);
    shell
}

/// The same runbook, with a process that dies there and another one that takes it up.
fn dies_at(parts: &[Part], cut: Cut) -> Shell {
    let mut shell = random::shell(parts);
    shell.die_at(cut);
    random::with_people(&mut shell);
    assert!(shell.died(), "{cut:?} is within the run");
    shell.take_up();
    shell
}

fn cuts(shell: &Shell) -> impl Iterator<Item = Cut> + use<> {
    let last = shell.run.seq();
    (1..last).flat_map(|after| [false, true].map(|effects| Cut { after, effects }))
}

/// What people would compare: how it ended, the outputs, and what is there.
fn end(shell: &Shell) -> impl PartialEq + std::fmt::Debug {
    let outputs: Vec<_> = shell
        .run
        .steps()
        .map(|(step, _)| (step.id.clone(), shell.outputs(&step.id)))
        .collect();
    let done = matches!(shell.run.status(), RunStatus::Ended(RunEnd::Done { .. }));
    (done, outputs, shell.cloud.exists.clone())
}

/// A change that must not be repeated is sent once under its number, and under a new number only
/// when the one before was refused, or its doubt was told to the guest or settled by a person.
fn nothing_was_sent_twice(shell: &Shell) {
    let mut seen = std::collections::BTreeSet::new();
    for (number, repeat) in &shell.sent_changes {
        if matches!(repeat, Repeat::Look | Repeat::Never) {
            assert!(seen.insert(*number), "change {number} was sent twice");
        }
    }
    let mut open: Vec<(&str, &rutter_engine::At, u64)> = Vec::new();
    for fact in shell.facts() {
        match fact {
            Fact::ChangeIntended {
                place: CallSite {
                    at, fingerprint, ..
                },
                change,
                ..
            } => {
                let same = open
                    .iter()
                    .find(|(other, by, _)| other == fingerprint && *by == at);
                assert!(
                    same.is_none(),
                    "{fingerprint} is intended while {same:?} is open"
                );
                open.push((fingerprint, at, *change));
            }
            Fact::ChangeDone { change, .. }
            | Fact::ChangeRefused { change, .. }
            | Fact::ChangeUnknown { change, .. } => open.retain(|(_, _, number)| number != change),
            _ => {}
        }
    }
}

fn config() -> ProptestConfig {
    ProptestConfig {
        cases: 40,
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_run_that_dies_anywhere_comes_to_the_same_end(parts in random::story()) {
        let whole = finished(&parts);
        nothing_was_sent_twice(&whole);
        for cut in cuts(&whole) {
            let mut again = dies_at(&parts, cut);
            random::with_people(&mut again);
            nothing_was_sent_twice(&again);
            prop_assert_eq!(end(&again), end(&whole), "{:?} {:#?}", cut, again.kinds());
        }
    }

    #[test]
    fn a_run_that_dies_twice_comes_to_the_same_end(
        parts in random::story(),
        first in any::<prop::sample::Index>(),
    ) {
        let whole = finished(&parts);
        let cuts: Vec<_> = cuts(&whole).collect();
        let first = *first.get(&cuts);
        let taken_up = dies_at(&parts, first);
        for records in 1..12 {
            for effects in [false, true] {
                let mut again = taken_up.clone();
                again.die_at(Cut { after: first.after + records, effects });
                random::with_people(&mut again);
                if again.died() {
                    again.take_up();
                    random::with_people(&mut again);
                }
                nothing_was_sent_twice(&again);
                prop_assert_eq!(end(&again), end(&whole), "{:?} {:#?}", first, again.kinds());
            }
        }
    }

    #[test]
    fn an_interrupt_anywhere_leaves_no_doubt(parts in random::story()) {
        let whole = finished(&parts);
        for seq in 2..whole.run.seq() {
            let mut again = random::shell(&parts);
            let reached = |shell: &Shell| shell.run.seq() >= seq;
            while !again.until(reached) {
                random::answer_people(&mut again);
            }
            again.interrupt();
            again.take_up();
            random::with_people(&mut again);
            nothing_was_sent_twice(&again);
            prop_assert_eq!(end(&again), end(&whole), "{} {:#?}", seq, again.kinds());
            let doubts = |shell: &Shell| shell.count("change-unknown");
            prop_assert!(doubts(&again) <= doubts(&whole), "{} {:#?}", seq, again.kinds());
        }
    }

    #[test]
    fn a_run_that_dies_anywhere_can_be_taken_back(parts in random::story()) {
        let whole = finished(&parts);
        for cut in cuts(&whole) {
            let mut again = dies_at(&parts, cut);
            again.push(rutter_engine::Input::Undo { by: "ann".into() });
            random::undo_with_people(&mut again);
            taken_back(&again)?;
        }
    }

    #[test]
    fn a_rollback_that_dies_anywhere_goes_on(parts in random::story()) {
        let mut whole = finished(&parts);
        let before = whole.run.seq();
        random::undo_with_people(&mut whole);
        taken_back(&whole)?;
        for cut in cuts(&whole).filter(|cut| cut.after > before) {
            let mut again = finished(&parts);
            again.die_at(cut);
            random::undo_with_people(&mut again);
            prop_assert!(again.died());
            again.take_up();
            random::undo_with_people(&mut again);
            taken_back(&again)?;
        }
    }

    #[test]
    fn a_part_that_was_taken_back_and_made_again_comes_to_the_same_end(
        parts in random::story(),
        wishes in prop::collection::vec(random::wish(), 1..4),
    ) {
        let whole = finished(&parts);
        let mut again = whole.clone();
        for wish in wishes {
            let wish = wish.of(&again);
            if random::part_with_people(&mut again, &wish).is_err() {
                continue;
            }
            again.take_up();
            random::with_people(&mut again);
            nothing_was_sent_twice(&again);
            prop_assert_eq!(end(&again), end(&whole), "{:?} {:#?}", wish, again.kinds());
            prop_assert_eq!(rebuilt(&again.records).status(), again.run.status());
        }
        random::undo_with_people(&mut again);
        taken_back(&again)?;
    }

    #[test]
    fn a_part_that_dies_anywhere_goes_on(
        parts in random::story(),
        wish in random::wish(),
        at in any::<prop::sample::Index>(),
    ) {
        let whole = finished(&parts);
        let wish = wish.of(&whole);
        let mut undisturbed = whole.clone();
        if undisturbed.part(&wish).is_err() {
            return Ok(());
        }
        let more = usize::try_from(undisturbed.run.seq() - whole.run.seq()).unwrap();
        let after = whole.run.seq() + 1 + at.index(more) as u64;
        for effects in [false, true] {
            let mut again = whole.clone();
            again.begin_part(&wish, None).unwrap();
            again.die_at(Cut { after, effects });
            again.until_idle();
            again.take_up();
            let mut standing = random::with_people(&mut again);
            let begun = again.records[whole.records.len()..]
                .iter()
                .any(|record| matches!(record.fact, Fact::RollbackStarted { .. }));
            if !begun || standing == RunStatus::UndoFailed {
                random::part_with_people(&mut again, &wish).unwrap();
                standing = again.run.status();
            }
            if standing != RunStatus::UndoFailed {
                again.take_up();
                random::with_people(&mut again);
            }
            nothing_was_sent_twice(&again);
            prop_assert_eq!(end(&again), end(&whole), "{:?} {} {:#?}", wish, after, again.kinds());
        }
    }

    #[test]
    fn the_same_inputs_give_the_same_records(parts in random::story()) {
        let (one, other) = (finished(&parts), finished(&parts));
        prop_assert_eq!(one.records, other.records);
    }

    #[test]
    fn records_survive_their_written_form(parts in random::story()) {
        let whole = finished(&parts);
        for record in &whole.records {
            let text = serde_json::to_string(record).unwrap();
            prop_assert_eq!(&serde_json::from_str::<rutter_engine::Record>(&text).unwrap(), record);
        }
    }
}

/// Nothing is left of the run, and what was there before it still is.
fn taken_back(shell: &Shell) -> Result<(), TestCaseError> {
    let left: Vec<_> = shell.cloud.exists.keys().collect();
    prop_assert_eq!(left, [BASE], "{:#?}", shell.kinds());
    for change in shell.run.changes() {
        let refused = matches!(change.state, ChangeState::Refused(_));
        prop_assert!(refused || change.back == Back::Done, "{:?} stands", change);
    }
    let mut newest = u64::MAX;
    for fact in shell.facts() {
        match fact {
            Fact::RollbackStarted { .. } => newest = u64::MAX,
            Fact::ReverseIntended { change, .. } => {
                prop_assert!(*change <= newest, "last first: {} after {}", change, newest);
                newest = *change;
            }
            _ => {}
        }
    }
    Ok(())
}
