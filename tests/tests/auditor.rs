//! What somebody looks at afterwards: a run in one file that another machine checks, the list of runs, and what a shell
//! offers of both.

use std::fs;
use std::path::Path;

use rutter_tests::{Bench, Ended};

const RUNBOOK: &str = r#"
schema = 1

[runbook]
name = "NAME"

[inputs.service]
type = "string"
default = "shop"

[[steps]]
id = "go"
uses = "approve"
with.message = "May {{ inputs.service }} be stopped?"
"#;

/// Begins a run, which waits for a person, and returns its id.
async fn waiting(bench: &Bench, name: &str) -> String {
    let file = format!("{name}.toml");
    let path = bench.write(&file, &RUNBOOK.replace("NAME", name));
    let ended = bench.run(&["run", &path.display().to_string()]).await;
    assert_eq!(ended.code, Some(4), "{ended:?}");
    let told = ended.stderr.split("run ").nth(1).expect("it is named");
    told.split(' ').next().expect("an id").to_owned()
}

fn digest(text: &str) -> &str {
    let digest = text.split("ending in digest ").nth(1);
    digest
        .and_then(|text| text.split_whitespace().next())
        .expect(text)
}

#[tokio::test]
async fn an_exported_run_is_checked_elsewhere_and_ends_in_the_digest_that_was_shown() {
    let bench = Bench::default();
    let run = waiting(&bench, "release").await;
    let file = bench.path().join("run.jsonl");
    let path = file.display().to_string();
    let exported = bench.run(&["export", &run, "--output", &path]).await;
    assert_eq!(exported.code, Some(0), "{exported:?}");
    let again = bench.run(&["export", &run, "--output", &path]).await;
    assert_eq!(again.code, Some(2), "{again:?}");
    assert!(again.stderr.contains("is there already"), "{again:?}");

    let shown = bench.run(&["show", &run]).await;
    let elsewhere = Bench::default();
    let verified = elsewhere.run(&["verify", &path]).await;
    assert_eq!(verified.code, Some(0), "{verified:?}");
    assert!(verified.stdout.starts_with("whole: "), "{verified:?}");
    assert!(
        verified.stdout.contains("not proved: who wrote it"),
        "{verified:?}"
    );
    assert_eq!(digest(&verified.stdout), digest(&shown.stdout));

    let text = fs::read_to_string(&file).expect("it is text");
    fs::write(&file, text.replace("be stopped", "be started")).expect("it can be written");
    let refused = elsewhere.run(&["verify", &path]).await;
    assert_eq!(refused.code, Some(2), "{refused:?}");
    assert!(refused.stderr.contains("line 2 was altered"), "{refused:?}");
    assert!(
        refused.stderr.contains("help: do not rely on it"),
        "{refused:?}"
    );
}

#[tokio::test]
async fn the_list_is_filtered_and_goes_on_where_it_was_cut() {
    let bench = Bench::default();
    let first = waiting(&bench, "one").await;
    let second = waiting(&bench, "two").await;
    let third = waiting(&bench, "one").await;
    let list = async |flags: &[&str]| -> (Vec<String>, Ended) {
        let arguments = [&["list", "--json"], flags].concat();
        let ended = bench.run(&arguments).await;
        let id = |line: &str| {
            line.split("\"run\":\"")
                .nth(1)
                .map(|text| text[..8].to_owned())
        };
        (ended.stdout.lines().filter_map(id).collect(), ended)
    };
    assert_eq!(list(&["--runbook", "one"]).await.0, [&*third, &*first]);
    assert_eq!(list(&["--status", "waiting,done"]).await.0.len(), 3);
    assert_eq!(list(&["--status", "done"]).await.0.len(), 0);
    assert_eq!(list(&["--since", "1h"]).await.0.len(), 3);
    assert_eq!(list(&["--since", "2999-01-01"]).await.0.len(), 0);
    let (page, told) = list(&["--limit", "2"]).await;
    assert_eq!(page, [&*third, &*second]);
    assert!(
        told.stderr.contains(&format!("--before {second}")),
        "{told:?}"
    );
    assert_eq!(list(&["--before", &second]).await.0, [&*first]);
    let (_, wrong) = list(&["--since", "tomorrow"]).await;
    assert!(wrong.stderr.contains("write a date like"), "{wrong:?}");
}

/// What bash is offered for the last of these words.
async fn offered(bench: &Bench, words: &[&str]) -> Vec<String> {
    let script = "PATH=${0%/*}:$PATH; source <(COMPLETE=bash rutter); COMP_WORDS=(\"$@\"); COMP_CWORD=$(($# - 1)); COMP_TYPE=9; \
                  _clap_complete_rutter rutter \"${!#}\"; printf '%s\\n' \"${COMPREPLY[@]}\"";
    let program = Bench::binary().display().to_string();
    let arguments = [&["--norc", "-c", script, &program, "rutter"], words].concat();
    let mut command = bench.command_of(Path::new("bash"), &arguments);
    command.current_dir(bench.path());
    let ended = Ended::from(command.output().await.expect("bash is there"));
    assert_eq!(ended.stderr, "", "{words:?}");
    ended
        .stdout
        .lines()
        .map(|line| line.trim_end().to_owned())
        .collect()
}

#[tokio::test]
async fn bash_is_offered_runs_steps_inputs_and_standard_runbooks() {
    let bench = Bench::default();
    let run = waiting(&bench, "release").await;
    let state = bench.state().display().to_string();
    for (words, expected) in [
        (vec!["--state", &*state, "show", ""], &*run),
        (vec!["--state", &state, "approve", &run, ""], "go"),
        (vec!["--state", &state, "resume", &run, "--from", ""], "go"),
        (vec!["run", "release.toml", "--until", ""], "go"),
        (vec!["run", "release.toml", "--set", "s"], "service="),
        (vec!["init", "x", "--from", "redis"], "redis_cross_account"),
    ] {
        let offered = offered(&bench, &words).await;
        assert!(
            offered.iter().any(|one| one == expected),
            "{words:?}: {offered:?}"
        );
    }
    // Nothing to offer is no error.
    let words = ["--state", "/proc/none", "approve", "none", ""];
    let offered = offered(&bench, &words).await;
    assert!(
        offered
            .iter()
            .all(|one| one.starts_with('-') || one.is_empty()),
        "{offered:?}"
    );
}
