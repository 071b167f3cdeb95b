//! Every runbook of the repository with each of its example inputs: rehearsed twice to the same bytes,
//! carried out over HTTP with real signatures, and taken back from each point before the point of no
//! return, which leaves the simulated accounts as they were.

use std::collections::BTreeSet;
use std::sync::Arc;

use rutter_tests::examples::EXAMPLES;
use rutter_tests::{Bench, Procedure, Rehearsed};
use serde_json::Value;

/// How many runs are under way at once.
const AT_ONCE: usize = 2;

/// The runbooks that are part of others and have no example of their own.
const PARTS: &[&str] = &["authorise_dts", "run_dts_task"];

#[test]
fn every_example_is_carried_out() {
    let folder = Bench::top().join("runbooks");
    let files = std::fs::read_dir(folder).expect("the folder can be read");
    let names: BTreeSet<String> = files
        .map(|file| file.expect("an entry can be read").file_name())
        .filter_map(|name| name.into_string().ok())
        .collect();
    let listed = |runbook: &str, scenario: &str| {
        EXAMPLES
            .iter()
            .map(|example| example.procedure)
            .any(|procedure| procedure.runbook == runbook && procedure.scenario == scenario)
    };
    for name in names.iter().filter_map(|name| name.strip_suffix(".toml")) {
        match name.strip_suffix(".inputs") {
            Some(inputs) => {
                let (runbook, scenario) = inputs.split_once('.').unwrap_or((inputs, ""));
                assert!(listed(runbook, scenario), "no test carries out {name}.toml");
            }
            None if name.contains('.') || PARTS.contains(&name) || name == "REQUIREMENTS" => {}
            None => assert!(listed(name, ""), "no test carries out {name}.toml"),
        }
    }
}

async fn carry_out(runbook: &str) {
    for example in EXAMPLES {
        if example.procedure.runbook == runbook {
            rehearses_the_same_twice(example.procedure).await;
            let rehearsed = Arc::new(example.procedure.rehearsed().await);
            assert!(!rehearsed.changes.is_empty(), "{:?}", example.procedure);
            runs(&rehearsed, example.no_return).await;
            undoes_from_each_point(&rehearsed, example.no_return).await;
        }
    }
}

async fn rehearses_the_same_twice(procedure: Procedure) {
    let [once, again] = [
        procedure.rehearse(&Bench::default(), &[]).await,
        procedure.rehearse(&Bench::default(), &[]).await,
    ];
    assert_eq!(once.code, Some(0), "{procedure:?}: {}", once.stderr);
    assert!(once.stdout == again.stdout, "{procedure:?}: not the same");
}

/// Runs it to its end; where all of it can be taken back, takes it back.
async fn runs(rehearsed: &Rehearsed, no_return: Option<&str>) {
    let stage = rehearsed.stage().await;
    let before = stage.cloud.state().await;
    let ended = stage.run().await;
    let what = format!(
        "{:?}\n{}\n{}",
        rehearsed.procedure(),
        ended.stdout,
        ended.stderr
    );
    assert_eq!(ended.code, Some(0), "{what}");
    assert_eq!(stage.leaks(&ended), Vec::<String>::new(), "{what}");
    assert_ne!(stage.cloud.state().await, before, "it changes something");
    if no_return.is_none() {
        let undone = stage.undo().await;
        let what = format!(
            "{:?}\n{}\n{}",
            rehearsed.procedure(),
            undone.stdout,
            undone.stderr
        );
        assert_eq!(undone.code, Some(0), "{what}");
        assert_eq!(stage.leaks(&undone), Vec::<String>::new(), "{what}");
        assert_eq!(stage.cloud.state().await, before, "{what}");
    }
}

async fn undoes_from_each_point(rehearsed: &Arc<Rehearsed>, no_return: Option<&str>) {
    let before_that = |step: &&String| Some(step.as_str()) != no_return;
    let points: Vec<String> = rehearsed
        .steps
        .iter()
        .take_while(before_that)
        .cloned()
        .collect();
    if let Some(step) = no_return {
        assert_ne!(points.len(), rehearsed.steps.len(), "there is no {step}");
    }
    let mut under_way = tokio::task::JoinSet::new();
    for point in points {
        if under_way.len() == AT_ONCE {
            under_way.join_next().await.expect("one").expect("it holds");
        }
        let rehearsed = Arc::clone(rehearsed);
        under_way.spawn(async move { undoes_from(&rehearsed, &point).await });
    }
    while let Some(ended) = under_way.join_next().await {
        ended.expect("it holds");
    }
}

async fn undoes_from(rehearsed: &Rehearsed, point: &str) {
    let stage = rehearsed.stage().await;
    let before: Value = stage.cloud.state().await;
    let ended = stage.run_until(point).await;
    // After the last step the run is done; before, it is stopped and could go on.
    let what = format!("{point}: {}\n{}", ended.stdout, ended.stderr);
    assert!(matches!(ended.code, Some(0 | 3)), "{what}");
    let undone = stage.undo().await;
    let what = format!("{point}: {}\n{}", undone.stdout, undone.stderr);
    assert_eq!(undone.code, Some(0), "{what}");
    assert_eq!(stage.cloud.state().await, before, "{what}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redis_sync() {
    carry_out("redis_cross_account").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_between_databases_of_other_accounts() {
    carry_out("dts_cross_account").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redis_cluster_sync_in_the_older_way() {
    carry_out("redis_cluster_cross_account").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_image_copy() {
    carry_out("ecs_cross_region").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_migration() {
    carry_out("smc_cross_account").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clean_up_after_a_server_migration() {
    carry_out("smc_clean_up").await;
}
