//! Many steps at once, against a simulated cloud that throttles and fails: all of them finish, nothing happens
//! twice, no account is asked more often than it may be, Ctrl-C is heard, and a resume goes on.
//!
//! `make load` runs the large one and prints its figures; the small one is the same function.

#![expect(clippy::print_stdout, reason = "the figures are the answer")]

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use rutter_tests::load::{Field, Load};
use serde_json::Value;

/// What the program keeps to where the settings say nothing: calls a second for an account and a product.
const PER_SECOND: usize = 1_000;

/// From Ctrl-C to a word. A second is the aim; a machine that does much else may take longer.
const ANSWERED_WITHIN: Duration = Duration::from_secs(10);

/// The most calls of an account to a product within any second.
fn highest_rates(calls: &[Value], second_ms: i64) -> BTreeMap<(String, String), usize> {
    let mut instants: BTreeMap<(String, String), Vec<i64>> = BTreeMap::new();
    for call in calls {
        let account = call["account_id"].as_str().unwrap_or_default().to_owned();
        let action = call["action"].as_str().unwrap_or_default();
        let product = action.split(':').next().unwrap_or_default().to_owned();
        let at = call["at_ms"].as_i64().unwrap_or_default();
        instants.entry((account, product)).or_default().push(at);
    }
    let highest = |instants: Vec<i64>| {
        let mut from = 0;
        let within = instants.iter().enumerate().map(|(place, at)| {
            while at - instants[from] >= second_ms {
                from += 1;
            }
            place - from + 1
        });
        within.max().unwrap_or_default()
    };
    let rates = instants.into_iter();
    rates
        .map(|(lane, instants)| (lane, highest(instants)))
        .collect()
}

fn outcomes(calls: &[Value]) -> BTreeMap<&str, usize> {
    let mut outcomes = BTreeMap::new();
    for call in calls {
        let code = call["code"].as_str().unwrap_or("done");
        *outcomes.entry(code).or_default() += 1;
    }
    outcomes
}

/// `memory_max` in MiB.
async fn carry(load: &Load, memory_max: u64) {
    let stage = Field::new(load).await;
    let mut run = stage.run();
    stage.middle(load, &mut run).await;
    let (waiting, done) = (run.seen("wait-started"), run.seen("change-done"));
    let pressed = run.interrupt();
    let stopped = run.end().await;
    let ended_within = pressed.elapsed();
    assert_eq!(stopped.code, Some(130), "{}", stopped.said);
    let heard = stopped
        .interrupted
        .expect("it says that it was interrupted");
    let heard_within = heard.saturating_duration_since(pressed);
    println!(
        "{waiting} waiting and {done} of {} changed when interrupted after {:.1?}; Ctrl-C: a word after \
         {heard_within:.2?}, ended after {ended_within:.2?}; memory {} MiB",
        load.changing,
        stopped.took.saturating_sub(ended_within),
        stopped.memory,
    );

    let before = stage.cloud.now_ms().await;
    let resumed = stage.resume().end().await;
    assert_eq!(resumed.code, Some(0), "{}", resumed.said);
    let calls = stage.cloud.calls().await;
    let first = calls.iter().find(|call| {
        let is_business = call["action"] != "STS:GetCallerIdentity";
        is_business && call["at_ms"].as_i64().is_some_and(|at| at >= before)
    });
    let first = first.and_then(|call| call["at_ms"].as_i64());
    println!(
        "resumed: first call after {} ms, done after {:.1?}; memory {} MiB; journal {} MiB",
        first.map_or(-1, |at| at - before),
        resumed.took,
        resumed.memory,
        stage.journal_bytes() >> 20,
    );
    println!("calls: {}, {:?}", calls.len(), outcomes(&calls));
    let rates = highest_rates(&calls, 1_000 * i64::from(load.time_scale));
    println!("most calls within a second: {rates:?}, allowed {PER_SECOND}");
    let changes = stage.cloud.changes().await;
    let distinct: BTreeSet<_> = changes.iter().collect();
    println!(
        "changes: {}, {} of them different",
        changes.len(),
        distinct.len()
    );

    assert_eq!(
        changes.len(),
        load.changing,
        "something happened twice, or never"
    );
    assert_eq!(distinct.len(), load.changing);
    let over: Vec<_> = rates
        .iter()
        .filter(|(_, rate)| **rate > PER_SECOND)
        .collect();
    assert!(over.is_empty(), "over the account's rate: {over:?}");
    for ended in [&stopped, &resumed] {
        assert!(ended.memory <= memory_max, "{} MiB", ended.memory);
    }
    assert!(heard_within < ANSWERED_WITHIN, "{heard_within:?}");
    assert!(ended_within < ANSWERED_WITHIN, "{ended_within:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn hundreds_at_once_finish_whatever_the_cloud_throttles() {
    let load = Load {
        waiting: 200,
        at_once: 200,
        changing: 50,
        wait: Duration::from_secs(60),
        time_scale: 20,
    };
    carry(&load, 512).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes minutes: `make load`"]
async fn ten_thousand_waiting_and_a_thousand_changing() {
    let load = Load {
        waiting: 10_000,
        at_once: 10_000,
        changing: 1_000,
        wait: Duration::from_secs(60),
        time_scale: 1,
    };
    carry(&load, 2_048).await;
}
