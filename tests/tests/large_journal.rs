//! A run of very many records is shown and taken up again, in time and memory that grow as the records do.
//!
//! `make load` does it with a million of them and prints the figures; the small one is the same function.

#![expect(clippy::print_stdout, reason = "the figures are the answer")]

use std::time::Duration;

use rutter::journal::{Journal as _, Runs};
use rutter_engine::{
    At, AttemptEnd, CallSite, Durability, Fact, Name, Phase, Record, Run, Timestamp,
};
use rutter_tests::load::{Field, Figures, Load};
use serde_json::{Value, json};

/// Records of an attempt: its beginning, its calls, its end.
const PER_ITEM: usize = 100;

/// What a read of a role is answered with.
fn answer(number: usize) -> Value {
    json!({ "Role": {
        "RoleName": "load", "RoleId": format!("3{number:017}"), "Arn": "acs:ram::2222222222222222:role/load",
        "CreateDate": "2026-01-15T20:00:00Z", "MaxSessionDuration": 3600,
        "AssumeRolePolicyDocument": "{\"Version\":\"1\",\"Statement\":[]}",
    }, "RequestId": format!("SIM00000-0000-0000-0000-{number:012}") })
}

/// The facts of an item that read the role again and again, and is done.
fn facts_of(item: Option<Name>) -> Vec<Fact> {
    let at = At {
        step: "wait".into(),
        item,
        attempt: 1,
        phase: Phase::Run,
    };
    let mut facts = vec![Fact::AttemptStarted { at: at.clone() }];
    for index in 0..PER_ITEM - 2 {
        facts.push(Fact::CallAnswered {
            place: CallSite {
                at: at.clone(),
                index: u32::try_from(index).expect("few calls"),
                fingerprint: format!("{index:064x}"),
            },
            label: "RAM:GetRole".to_owned(),
            answer: Ok(answer(index)),
        });
    }
    let end = AttemptEnd::Done(json!({}));
    facts.push(Fact::AttemptEnded { at, end });
    facts
}

/// Begins a run of which most is to be done, stops it, and lets so many of its items have happened, by the engine's
/// own rules and the program's own journal.
async fn with_records(items: usize) -> (Field, u64) {
    let load = Load {
        waiting: items + 1,
        at_once: 1,
        changing: 1,
        wait: Duration::from_secs(20),
        time_scale: 20,
    };
    let field = Field::new(&load).await;
    let begun = field.run();
    begun.until("wait-started").await;
    begun.interrupt();
    let stopped = begun.end().await;
    assert_eq!(stopped.code, Some(130), "{}", stopped.said);

    let id = field.run_id();
    let folder = Runs::new(&field.bench.state()).named(&id);
    let mut driving = folder
        .expect("it is a run")
        .drive()
        .expect("nobody drives it");
    let mut run = Run::new();
    for record in driving.journal.load().expect("it is sound") {
        run.evolve(&record).expect("it follows");
    }
    let items = run.step("wait").expect("it is in the plan").items.keys();
    // The first one is under way.
    let items: Vec<Option<Name>> = items.skip(1).cloned().collect();
    for item in items {
        let before = run.seq();
        let mut records = Vec::new();
        for fact in facts_of(item) {
            let record = Record {
                seq: run.seq() + 1,
                time: Timestamp(run.latest().0 + 1),
                fact,
            };
            run.evolve(&record).expect("it follows");
            records.push(record);
        }
        let appended = driving
            .journal
            .append(before, &records, Durability::Process);
        appended.expect("there is room");
    }
    (field, run.seq())
}

fn told(what: &str, figures: &Figures) {
    println!("  {what}: {:.1?}, {} MiB", figures.took, figures.memory);
}

/// Returns the most memory that any command had, in MiB.
async fn shown_and_resumed(items: usize) -> u64 {
    let (field, records) = with_records(items).await;
    println!("{records} records, {} MiB", field.journal_bytes() >> 20);
    let mut most = 0;
    for command in ["show", "resume", "show"] {
        let figures = field.plainly(command).end().await;
        assert_eq!(figures.code, Some(0), "{command}: {}", figures.said);
        told(command, &figures);
        most = most.max(figures.memory);
    }
    most
}

#[tokio::test(flavor = "multi_thread")]
async fn memory_grows_no_faster_than_the_journal() {
    let (some, more) = (20, 200);
    let (little, much) = (shown_and_resumed(some).await, shown_and_resumed(more).await);
    // 18,000 records more, of some 10 MiB.
    assert!(much < little + 50, "{little} MiB, {much} MiB");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes minutes: `make load`"]
async fn a_million_records() {
    let most = shown_and_resumed(9_999).await;
    assert!(most < 2_048, "{most} MiB");
}
