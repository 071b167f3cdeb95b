//! Driving a run without guests: every one ends at once with no outputs, every timer fires, nobody is asked twice.

use std::collections::{BTreeMap, VecDeque};

use rutter_engine::{Effect, Identity, Input, Mode, Record, Run, Timestamp, advance};
use rutter_runbook::Checked;
use serde_json::json;

/// Inputs of one run at the most.
const INPUTS_MAX: usize = 200;

/// Drives the plan: no decision is one that its own records contradict, and the records make the same decisions again.
pub fn drive(checked: &Checked) {
    let records = records(checked);
    let again = self::records(checked);
    assert_eq!(records, again, "two drivers decided differently");
    let mut run = Run::new();
    for record in &records {
        let kept = serde_json::to_string(record).expect("a record can be kept");
        let read: Record = serde_json::from_str(&kept).expect("what was kept can be read");
        assert_eq!(&read, record);
        run.evolve(&read).expect("what was decided may follow");
    }
    drop(run.status());
}

fn records(checked: &Checked) -> Vec<Record> {
    let identity = Identity {
        id: "1".repeat(16),
        arn: "acs:ram::1111111111111111:root".to_owned(),
    };
    let accounts = checked.plan.accounts.keys();
    let identities: BTreeMap<_, _> = accounts
        .map(|name| (name.clone(), identity.clone()))
        .collect();
    let mut inputs = VecDeque::from([
        Input::Start {
            run: "run".to_owned(),
            mode: Mode::Rehearsal,
            rutter: "0.1.0".to_owned(),
            plan: Box::new(checked.plan.clone()),
        },
        Input::AccountsConfirmed(identities),
    ]);
    let mut run = Run::new();
    let mut now = Timestamp(1_768_507_200_000);
    let mut records = Vec::new();
    for _ in 0..INPUTS_MAX {
        let Some(input) = inputs.pop_front() else {
            break;
        };
        now.0 += 1;
        let decision =
            advance(&mut run, now, input, &checked.evaluator).expect("no decision is illegal");
        records.extend(decision.records);
        for effect in decision.effects {
            match effect {
                Effect::StartGuest { at, .. } => inputs.push_back(Input::GuestEnded {
                    at,
                    result: Ok(json!({})),
                }),
                Effect::Timer { due, wake, .. } => {
                    now = now.max(due);
                    inputs.push_back(Input::Woken(wake));
                }
                _ => {}
            }
        }
    }
    records
}
