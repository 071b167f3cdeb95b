//! `rutter run` over HTTP with real signatures, killed with SIGKILL at many places: `rutter resume`
//! ends in the same state, nothing is sent twice as the simulated cloud counts it, and where an
//! outcome cannot be known a person is asked.

use std::collections::BTreeMap;

use rutter_tests::ground::{Accepted, repeated, shape};
use rutter_tests::{Blow, ECS, Place, Procedure, REDIS, Rehearsed, SMC, Stage, Strike};
use serde_json::Value;

/// What an undisturbed run does.
struct Undisturbed {
    state: Value,
    changes: Vec<Accepted>,
    /// The actions it asks for, in order.
    calls: Vec<String>,
}

async fn undisturbed(procedure: &Rehearsed) -> Undisturbed {
    let stage = procedure.stage().await;
    stage.proxy.strike(None);
    let ended = stage.run().await;
    assert_eq!(ended.code, Some(0), "{}\n{}", ended.stdout, ended.stderr);
    Undisturbed {
        state: stage.cloud.state().await,
        changes: stage.cloud.changes().await,
        calls: stage.proxy.seen(),
    }
}

/// Starts a run, kills it at a request, and resumes until it ends. Returns the exit codes.
async fn killed_and_resumed(stage: &Stage, strike: &Strike) -> Vec<i32> {
    stage.proxy.strike(Some(strike.clone()));
    let ended = stage.run_once().await;
    let between = strike.blow == Blow::KilledBetween;
    if between && ended.code == Some(0) {
        // After the last request it may be done before it is struck.
        return vec![0];
    }
    assert_eq!(ended.code, None, "{strike}: it was to be killed");
    assert!(stage.proxy.struck(), "{strike}: it was struck");
    let mut codes = Vec::new();
    if !stage.begun() {
        let ended = stage.run().await;
        return vec![ended.code.unwrap_or(-1)];
    }
    for _ in 0..6 {
        let ended = stage.resume().await;
        codes.push(ended.code.unwrap_or(-1));
        match ended.code {
            // A person finds it done, and says so. Where the look does not bear that out, it was the
            // next change that never arrived.
            Some(5) => {
                let found = match ended.stderr.contains("rutter explain rutter.adopted") {
                    true => "--retry",
                    false => "--adopt",
                };
                for step in unknown_steps(&ended.stderr) {
                    assert_eq!(stage.resolve(&step, found).await.code, Some(0));
                }
            }
            Some(0) => return codes,
            // It had said that it was done, and was struck on its way out.
            Some(2) if between && ended.stderr.contains("is over") => {
                return vec![0];
            }
            // It died before its first record was safe, and did nothing.
            Some(2) if ended.stderr.contains("ended before it began") => {
                return vec![stage.run().await.code.unwrap_or(-1)];
            }
            _ => panic!("{strike}: {}\n{}", ended.stdout, ended.stderr),
        }
    }
    panic!("{strike}: it does not come to an end: {codes:?}")
}

/// The steps that a message tells to resolve: `rutter resolve RUN STEP …`.
fn unknown_steps(message: &str) -> Vec<String> {
    let words: Vec<&str> = message.split_whitespace().collect();
    let steps = words
        .windows(4)
        .filter(|words| words[0].ends_with("rutter") && words[1] == "resolve");
    let mut steps: Vec<String> = steps.map(|words| words[3].to_owned()).collect();
    steps.dedup();
    steps
}

/// How often a read must be made for its second time to come on any machine.
const SURELY_TWICE: usize = 6;

/// Before, after and between for every change, and the second of every read that is polled: that is
/// within a wait.
fn strikes(calls: &[String]) -> Vec<Strike> {
    let mut strikes = Vec::new();
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    for action in calls {
        let number = seen.entry(action).or_default();
        *number += 1;
        let place = Place {
            action: action.clone(),
            number: *number,
        };
        let read = ["Get", "Describe", "List", "AssumeRole"];
        if !read.iter().any(|start| action.starts_with(start)) {
            let kills = Blow::ALL.into_iter().filter(|blow| blow.kills());
            strikes.extend(kills.map(|blow| blow.at(&place)));
            continue;
        }
        let times = calls.iter().filter(|other| *other == action).count();
        let identity = action == "GetCallerIdentity";
        if *number == 2 && (times >= SURELY_TWICE || identity) {
            strikes.extend([Blow::KilledBefore, Blow::KilledBetween].map(|blow| blow.at(&place)));
        }
    }
    strikes
}

#[expect(
    clippy::print_stdout,
    reason = "says with `--nocapture` what each kill came to"
)]
async fn survives_kills(procedure: Procedure, at_least: usize) {
    let rehearsed = procedure.rehearsed().await;
    let good = undisturbed(&rehearsed).await;
    let strikes = strikes(&good.calls);
    assert!(
        strikes.len() >= at_least,
        "only {} places in {:?}",
        strikes.len(),
        good.calls
    );
    for strike in &strikes {
        let stage = rehearsed.stage().await;
        let codes = killed_and_resumed(&stage, strike).await;
        let state = stage.cloud.state().await;
        assert_eq!(
            shape(&state),
            shape(&good.state),
            "{strike}, codes {codes:?}"
        );
        let twice = repeated(&stage.cloud.changes().await, &good.changes);
        assert!(twice.is_empty(), "{strike}: sent twice: {twice:?}");
        println!("{}: {strike}: resumed with {codes:?}", procedure.runbook);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redis_sync_survives_a_kill_anywhere() {
    survives_kills(REDIS, 20).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_image_copy_survives_a_kill_anywhere() {
    survives_kills(ECS, 6).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_smc_import_survives_a_kill_anywhere() {
    survives_kills(SMC, 10).await;
}
