//! Damaged and foreign journals: named, never acted upon, and never a panic.

use proptest::prelude::*;
use rutter_engine::{Fact, Fault, FaultClass, Record, Run, Timestamp, advance};
use serde_json::Value;

use crate::kit::{Plain, Shell, StepExt, calls, make, plan, random, rebuilt, step};

/// A run that ended well.
fn journal() -> Vec<Record> {
    let mut shell = Shell::new();
    shell.guest("a", calls(vec![make("x"), make("y")]));
    shell.guest("b", calls(vec![]));
    shell.run(plan([step("a"), step("b").confirm(1)]));
    shell.approve("b", "ann");
    shell.records
}

/// What the engine says to this fact after the records of a run.
fn after(records: &[Record], fact: Fact) -> String {
    let mut run = rebuilt(records);
    let record = Record {
        seq: run.seq() + 1,
        time: Timestamp(0),
        fact,
    };
    run.evolve(&record).expect_err("it is illegal").why
}

fn position(records: &[Record], wanted: impl Fn(&Fact) -> bool) -> usize {
    records
        .iter()
        .position(|record| wanted(&record.fact))
        .expect("it is there")
}

#[test]
fn numbers_have_no_gaps() {
    let records = journal();
    let mut run = Run::new();
    run.evolve(&records[0]).unwrap();
    let gap = run.evolve(&records[2]).unwrap_err();
    assert_eq!((gap.seq, gap.why.as_str()), (3, "number 2 was expected"));
}

#[test]
fn a_run_begins_with_its_plan_and_begins_once() {
    let records = journal();
    let mut second = records[1].clone();
    second.seq = 1;
    Run::new().evolve(&second).unwrap_err();
    assert!(after(&records[..1], records[0].fact.clone()).contains("already started"));
}

#[test]
fn a_newer_form_is_named() {
    let mut records = journal();
    if let Fact::RunStarted { format, .. } = &mut records[0].fact {
        *format += 1;
    }
    assert!(
        Run::new()
            .evolve(&records[0])
            .unwrap_err()
            .why
            .contains("newer than 2")
    );
}

#[test]
fn a_plan_has_no_two_steps_of_one_name() {
    let mut records = journal();
    if let Fact::RunStarted { plan, .. } = &mut records[0].fact {
        let twice = plan.steps[0].clone();
        plan.steps.push(twice);
    }
    assert!(
        Run::new()
            .evolve(&records[0])
            .unwrap_err()
            .why
            .contains("two steps `a`")
    );
}

#[test]
fn an_outcome_is_known_once() {
    let records = journal();
    let done = position(&records, |fact| matches!(fact, Fact::ChangeDone { .. }));
    let fault = Fault::new(FaultClass::Fail, "No", "no");
    let refused = Fact::ChangeRefused { change: 1, fault };
    assert!(after(&records[..=done], refused).contains("already known"));
}

#[test]
fn steps_attempts_and_changes_happen_in_their_order() {
    let records = journal();
    let last = records.len() - 1;
    let prepared = position(&records, |fact| matches!(fact, Fact::StepPrepared { .. }));
    let started = position(&records, |fact| matches!(fact, Fact::AttemptStarted { .. }));
    let ended = position(&records, |fact| matches!(fact, Fact::AttemptEnded { .. }));
    let intended = position(&records, |fact| matches!(fact, Fact::ChangeIntended { .. }));
    let fact = |place: usize| records[place].fact.clone();
    after(&records[..prepared], fact(started));
    after(&records[..=started], fact(started));
    after(&records[..=prepared], fact(prepared));
    after(&records[..=prepared], fact(intended));
    after(&records[..=intended], fact(intended));
    after(&records[..=ended], fact(ended));
    after(&records, fact(last));
    after(
        &records,
        Fact::ReverseDone {
            change: 1,
            note: String::new(),
        },
    );
    let end = rutter_engine::RollbackEnd::Done;
    after(&records, Fact::RollbackEnded { end });
}

/// A change of one place in a journal.
#[derive(Clone, Debug)]
enum Damage {
    Drop,
    Twice,
    Swap(prop::sample::Index),
    Number(prop::sample::Index, u64),
    Text(prop::sample::Index, prop::sample::Index),
}

fn damage() -> impl Strategy<Value = Damage> {
    let place = any::<prop::sample::Index>;
    prop_oneof![
        Just(Damage::Drop),
        Just(Damage::Twice),
        place().prop_map(Damage::Swap),
        (
            place(),
            prop_oneof![0..6_u64, Just(u64::from(u32::MAX)), Just(u64::MAX)]
        )
            .prop_map(|(at, number)| Damage::Number(at, number)),
        (place(), place()).prop_map(|(at, from)| Damage::Text(at, from)),
    ]
}

fn leaves<'a>(value: &'a mut Value, found: &mut Vec<&'a mut Value>) {
    match value {
        Value::Array(list) => list.iter_mut().for_each(|value| leaves(value, found)),
        Value::Object(map) => map.values_mut().for_each(|value| leaves(value, found)),
        leaf => found.push(leaf),
    }
}

fn damaged(mut records: Vec<Record>, place: usize, damage: &Damage) -> Vec<Record> {
    match damage {
        Damage::Drop => drop(records.remove(place)),
        Damage::Twice => records.insert(place, records[place].clone()),
        Damage::Swap(other) => {
            let other = other.index(records.len());
            records.swap(place, other);
        }
        Damage::Number(at, number) => {
            change_leaf(
                &mut records[place],
                *at,
                Value::is_number,
                &Value::from(*number),
            );
        }
        Damage::Text(at, from) => {
            let from = from.index(records.len());
            let mut source = serde_json::to_value(&records[from]).unwrap();
            let mut texts = Vec::new();
            leaves(&mut source, &mut texts);
            let text = texts
                .into_iter()
                .find(|leaf| leaf.is_string())
                .map(|leaf| leaf.clone());
            change_leaf(
                &mut records[place],
                *at,
                Value::is_string,
                &text.unwrap_or_default(),
            );
        }
    }
    for (place, record) in records.iter_mut().enumerate() {
        record.seq = place as u64 + 1;
    }
    records
}

fn change_leaf(
    record: &mut Record,
    at: prop::sample::Index,
    fits: impl Fn(&Value) -> bool,
    to: &Value,
) {
    let mut value = serde_json::to_value(&*record).unwrap();
    let mut found = Vec::new();
    leaves(&mut value, &mut found);
    let mut fitting: Vec<_> = found.into_iter().filter(|leaf| fits(leaf)).collect();
    if fitting.is_empty() {
        return;
    }
    let place = at.index(fitting.len());
    fitting[place].clone_from(to);
    if let Ok(changed) = serde_json::from_value(value) {
        *record = changed;
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 400,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn a_damaged_journal_never_panics(
        parts in random::story(),
        hurts in prop::collection::vec((any::<prop::sample::Index>(), damage()), 1..4),
    ) {
        let mut shell = random::shell(&parts);
        random::with_people(&mut shell);
        random::undo_with_people(&mut shell);
        let mut records = shell.records;
        for (place, hurt) in &hurts {
            let place = place.index(records.len());
            records = damaged(records, place, hurt);
        }
        let mut run = Run::new();
        for record in &records {
            if run.evolve(record).is_err() {
                return Ok(());
            }
        }
        // A damage that cannot be told from a good journal is driven on without a panic.
        for input in [
            rutter_engine::Input::Resume { rutter: String::new(), profiles: Default::default() },
            rutter_engine::Input::AccountsConfirmed(Default::default()),
            rutter_engine::Input::Undo { by: "ann".into() },
        ] {
            if advance(&mut run, Timestamp(0), input, &Plain).is_err() {
                return Ok(());
            }
        }
    }
}
