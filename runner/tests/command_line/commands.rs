//! The command itself: help, completions, settings, and what `check` says.

use serde_json::{Value, json};

use crate::Bench;

#[test]
fn help_is_an_answer_and_a_wrong_command_is_an_error() {
    let bench = Bench::new();
    let help = bench.run(&["--help"]);
    assert_eq!(help.code, Some(0));
    assert!(help.stdout.contains("Exit codes") && help.stderr.is_empty());
    let wrong = bench.run(&["sail"]);
    assert_eq!(wrong.code, Some(2));
    assert!(wrong.stderr.contains("sail") && wrong.stdout.is_empty());
}

#[test]
fn completions_are_an_answer() {
    let bench = Bench::new();
    let ended = bench.run(&["completions", "bash"]);
    assert_eq!(ended.code, Some(0));
    assert!(ended.stdout.contains("_rutter"));
}

#[test]
fn wrong_settings_point_at_the_line() {
    let bench = Bench::new();
    let file = bench.state().join("rutter.toml");
    std::fs::write(&file, "[state]\nfolder = \"x\"\n").unwrap();
    let ended = bench.run(&["list", "--config", file.to_str().unwrap()]);
    assert_eq!(ended.code, Some(2));
    assert!(ended.stderr.contains("rutter.toml:2:1"), "{}", ended.stderr);
}

#[test]
fn check_shows_what_must_be_read_before_the_run() {
    let bench = Bench::new();
    let runbook = bench.state().join("cutover.toml");
    let text = "schema = 1\n[runbook]\nname = \"cutover\"\nnotes = [\"Clients change their address.\"]\n\
                [[steps]]\nid = \"cutover\"\nuses = \"approve\"\nwith.message = \"Go on?\"\n";
    std::fs::write(&runbook, text).unwrap();
    let path = runbook.to_str().unwrap();
    let checked = bench.run(&["check", path]);
    assert_eq!(
        checked.stdout,
        format!(
            "{path}: ok, 1 step\nSteps\ncutover  approve\nRead before the run\n  - Clients change their address.\n"
        )
    );
    let json = bench.run(&["check", path, "--json"]);
    let answer: Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(
        answer["notes"],
        json!([{ "text": "Clients change their address." }])
    );
    let world = bench.state().join("cutover.world.toml");
    std::fs::write(world, "schema = 1\n").unwrap();
    let rehearsed = bench.run(&["rehearse", path]);
    assert_eq!(rehearsed.code, Some(0), "{}", rehearsed.stderr);
    assert!(
        rehearsed
            .stdout
            .contains("\nRead before the run\n  - Clients change their address.\n"),
        "{}",
        rehearsed.stdout
    );
    let ran = bench.run(&["run", path]);
    assert_eq!(ran.code, Some(4), "{}", ran.stderr);
    let read = ran.stderr.find("Clients change their address.").unwrap();
    assert!(read < ran.stderr.find("started").unwrap(), "{}", ran.stderr);
    assert_eq!(ran.stderr.matches("Clients change").count(), 1);
}

#[test]
fn an_assertion_over_inputs_is_judged_before_anything_runs() {
    let bench = Bench::new();
    let path = bench.state().join("times.toml");
    let text = r#"schema = 1

[runbook]
name = "times"
title = "Two times"

[inputs.short]
type = "duration"
default = "1m"

[inputs.long]
type = "duration"

[[steps]]
id = "order"
uses = "assert"
with.that = "{{ inputs.short < inputs.long }}"
with.message = "`short` must be shorter than `long`"
"#;
    std::fs::write(&path, text).unwrap();
    let check = |set: &[&str]| {
        let mut arguments = vec!["check", path.to_str().unwrap()];
        for value in set {
            arguments.extend(["--set", value]);
        }
        bench.run(&arguments)
    };
    assert_eq!(
        check(&[]).code,
        Some(0),
        "without `long` nobody can tell yet"
    );
    assert_eq!(check(&["long=2m"]).code, Some(0));
    let refused = check(&["long=2m", "short=3m"]);
    assert_eq!(refused.code, Some(2), "{}", refused.stderr);
    for part in [
        "step `order` refuses",
        "must be shorter than `long`",
        "times.toml:15",
    ] {
        assert!(refused.stderr.contains(part), "{part}: {}", refused.stderr);
    }
}
