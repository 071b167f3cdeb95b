//! `rutter run` over HTTP with real signatures, killed with SIGKILL at many places: `rutter resume`
//! ends in the same state, nothing is sent twice as the simulated cloud counts it, and where an
//! outcome cannot be known a person is asked.

use std::collections::BTreeMap;

use rutter_tests::{ECS, Moment, Place, Procedure, REDIS, Rehearsed, SMC, Stage};
use serde_json::Value;

/// What an undisturbed run does.
struct Undisturbed {
    state: Value,
    changes: Vec<(String, String, String)>,
    /// The actions it asks for, in order.
    calls: Vec<String>,
}

async fn undisturbed(procedure: &Rehearsed) -> Undisturbed {
    let stage = procedure.stage().await;
    drop(stage.proxy.strike(Moment::Never, 0));
    let ended = stage.run().await;
    assert_eq!(ended.code, Some(0), "{}\n{}", ended.stdout, ended.stderr);
    Undisturbed {
        state: stage.cloud.state().await,
        changes: stage.cloud.changes().await,
        calls: stage.proxy.seen(),
    }
}

/// Starts a run, kills it at the moment, and resumes until it ends. Returns the exit codes.
async fn killed_and_resumed(stage: &Stage, moment: &Moment) -> Vec<i32> {
    let mut process = stage.start();
    let heard = stage
        .proxy
        .strike(moment.clone(), process.id().expect("it runs"));
    let status = process.wait().await.expect("it ends");
    if matches!(moment, Moment::Between(_)) && status.code() == Some(0) {
        // After the last request it may be done before it is struck.
        return vec![0];
    }
    assert_eq!(status.code(), None, "{moment:?}: it was to be killed");
    heard.await.expect("the proxy struck");
    let mut codes = Vec::new();
    if !stage.begun() {
        let ended = stage.run().await;
        return vec![ended.code.unwrap_or(-1)];
    }
    for _ in 0..4 {
        let ended = stage.resume().await;
        codes.push(ended.code.unwrap_or(-1));
        match ended.code {
            // A person looks, finds it done, and says so.
            Some(5) => {
                for step in unknown_steps(&ended.stderr) {
                    assert_eq!(stage.resolve(&step, "--adopt").await.code, Some(0));
                }
            }
            Some(0) => return codes,
            // It had said that it was done, and was struck on its way out.
            Some(2) if matches!(moment, Moment::Between(_)) && ended.stderr.contains("is over") => {
                return vec![0];
            }
            // It died before its first record was safe, and did nothing.
            Some(2) if ended.stderr.contains("ended before it began") => {
                return vec![stage.run().await.code.unwrap_or(-1)];
            }
            _ => panic!("{moment:?}: {}\n{}", ended.stdout, ended.stderr),
        }
    }
    panic!("{moment:?}: it does not come to an end: {codes:?}")
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
fn moments(calls: &[String]) -> Vec<Moment> {
    let mut moments = Vec::new();
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
            moments.extend([
                Moment::Before(place.clone()),
                Moment::After(place.clone()),
                Moment::Between(place),
            ]);
            continue;
        }
        let times = calls.iter().filter(|other| *other == action).count();
        let identity = action == "GetCallerIdentity";
        if *number == 2 && (times >= SURELY_TWICE || identity) {
            moments.extend([Moment::Before(place.clone()), Moment::Between(place)]);
        }
    }
    moments
}

/// What is there, without what each run makes its own: the marks by which a step finds its objects
/// again. An activation code that is closed is of use to nobody; where the answer that held it was lost,
/// there is one more of them.
fn shape(state: &Value) -> Value {
    match state {
        Value::Object(map) => {
            let closed = |value: &Value| value.get("disabled") == Some(&Value::Bool(true));
            let kept = map.iter().filter(|(_, value)| !closed(value));
            kept.map(|(key, value)| (key.clone(), shape(value)))
                .collect()
        }
        Value::Array(list) => list.iter().map(shape).collect(),
        Value::String(text) if text.starts_with("rutter ") => "a mark".into(),
        other => other.clone(),
    }
}

/// How often each change was accepted, by account, action and parameters.
fn counts(changes: &[(String, String, String)]) -> BTreeMap<&(String, String, String), usize> {
    let mut counts = BTreeMap::new();
    for change in changes {
        *counts.entry(change).or_default() += 1;
    }
    counts
}

/// The changes that were accepted more often than in a run that nobody disturbs.
fn repeated(
    changes: &[(String, String, String)],
    undisturbed: &[(String, String, String)],
) -> Vec<(String, String, String)> {
    let usual = counts(undisturbed);
    // Marks differ from run to run; then the parameters do.
    let most = |change: &(String, String, String)| {
        let same_action = usual.iter().filter(|(other, _)| other.1 == change.1);
        same_action.map(|(_, count)| *count).max().unwrap_or(1)
    };
    let found = counts(changes)
        .into_iter()
        .filter(|(change, count)| *count > most(change));
    found.map(|(change, _)| change.clone()).collect()
}

#[expect(
    clippy::print_stdout,
    reason = "says with `--nocapture` what each kill came to"
)]
async fn survives_kills(procedure: Procedure, at_least: usize) {
    let rehearsed = procedure.rehearsed().await;
    let good = undisturbed(&rehearsed).await;
    let moments = moments(&good.calls);
    assert!(
        moments.len() >= at_least,
        "only {} places in {:?}",
        moments.len(),
        good.calls
    );
    for moment in &moments {
        let stage = rehearsed.stage().await;
        let codes = killed_and_resumed(&stage, moment).await;
        let state = stage.cloud.state().await;
        assert_eq!(
            shape(&state),
            shape(&good.state),
            "{moment:?}, codes {codes:?}"
        );
        let twice = repeated(&stage.cloud.changes().await, &good.changes);
        assert!(twice.is_empty(), "{moment:?}: sent twice: {twice:?}");
        println!("{}: {moment:?}: resumed with {codes:?}", procedure.runbook);
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
