//! A runbook that runs another, which runs a third: rehearsed, carried out over HTTP, taken up again
//! when the files are gone, and taken back.

use std::path::Path;

use rutter_tests::{Bench, Cloud, Ended, facts};
use serde_json::Value;

const FILES: [&str; 4] = ["parent.toml", "child.toml", "grandchild.toml", "world.toml"];

/// Copies of the runbooks, which a test may take away.
struct Copies {
    bench: Bench,
}

impl Copies {
    fn new() -> Self {
        let bench = Bench::default();
        for name in FILES {
            let from = Bench::top().join("tests/runbooks/inside").join(name);
            let text = std::fs::read_to_string(from).expect("the runbook is there");
            bench.write(name, &text);
        }
        Self { bench }
    }

    fn path(&self, name: &str) -> String {
        text(&self.bench.path().join(name))
    }

    async fn rehearse(&self, more: &[&str]) -> Ended {
        let (runbook, world) = (self.path("parent.toml"), self.path("world.toml"));
        let mut arguments = vec!["rehearse", &runbook, "--world", &world];
        arguments.extend(more);
        self.bench.run(&arguments).await
    }
}

fn text(path: &Path) -> String {
    path.to_str().expect("a temporary path is text").to_owned()
}

fn steps(ended: &Ended, kind: &str) -> Vec<String> {
    let step = |fact: &Value| fact["step"].as_str().unwrap_or_default().to_owned();
    let facts = facts(&ended.stdout);
    let mut steps: Vec<String> = facts
        .iter()
        .filter(|fact| fact["kind"] == kind)
        .map(step)
        .collect();
    steps.dedup();
    steps
}

#[tokio::test]
async fn a_rehearsal_shows_what_happens_inside() {
    let copies = Copies::new();
    let ended = copies.rehearse(&[]).await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    for line in [
        "  - runbook child: The role is seen by everyone in the account.",
        "*   0:00:00.101    0:00:00.495  auth.role           Create the role",
        "auth.rights.policy  policy",
        "approve `auth`: Let 2222222222222222 in?",
        "approve `auth.look`: Is ram-for-dts the right role?",
        "  role = ram-for-dts",
    ] {
        assert!(ended.stdout.contains(line), "{line}: {}", ended.stdout);
    }
    assert_eq!(ended.stdout, copies.rehearse(&[]).await.stdout);
    let ended = copies.rehearse(&["--json"]).await;
    let done = [
        "who",
        "auth.sane",
        "auth.role",
        "auth.look",
        "auth.rights.policy",
        "auth.rights",
        "auth",
        "done",
    ];
    assert_eq!(steps(&ended, "step-ended"), done);
}

#[tokio::test]
async fn a_condition_leaves_all_of_it_out() {
    let copies = Copies::new();
    let ended = copies.rehearse(&["--set", "let_in=false"]).await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(ended.stdout.contains("role = none"), "{}", ended.stdout);
    let ended = copies.rehearse(&["--set", "let_in=false", "--json"]).await;
    let skipped = [
        "auth",
        "auth.role",
        "auth.sane",
        "auth.look",
        "auth.rights",
        "auth.rights.policy",
    ];
    assert_eq!(steps(&ended, "step-skipped"), skipped);
}

#[tokio::test]
async fn a_check_of_the_parent_finds_what_the_child_refuses() {
    let copies = Copies::new();
    let parent = copies.path("parent.toml");
    let good = copies.bench.run(&["check", &parent]).await;
    assert_eq!(good.code, Some(0), "{}", good.stderr);
    assert!(good.stdout.contains("ok, 8 steps"), "{}", good.stdout);
    let bad = copies
        .bench
        .run(&["check", &parent, "--set", "role_name=a role"])
        .await;
    assert_eq!(bad.code, Some(2));
    assert!(
        bad.stderr.contains("`role_name` of step `auth`"),
        "{}",
        bad.stderr
    );
}

#[tokio::test]
async fn what_needs_only_inputs_is_asked_before_anything_runs_inside_too() {
    let copies = Copies::new();
    let parent = copies.path("parent.toml");
    let refused = ["check", &parent, "--set", "role_name=admin"];
    let refused = copies.bench.run(&refused).await;
    assert_eq!(refused.code, Some(2));
    for part in [
        "step `auth.sane` refuses: nobody lets another account in as admin",
        "child.toml:28:6",
    ] {
        assert!(refused.stderr.contains(part), "{part}: {}", refused.stderr);
    }
    let left_out = ["--set", "role_name=admin", "--set", "let_in=false"];
    let arguments = [&["check", &*parent][..], &left_out].concat();
    let ended = copies.bench.run(&arguments).await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
}

#[tokio::test]
async fn a_step_that_may_fail_is_warned_about_and_the_run_begins() {
    let copies = Copies::new();
    let child = "schema = 1\n[runbook]\nname = \"child\"\n[inputs.name]\ntype = \"string\"\n\
        [[steps]]\nid = \"usual\"\nuses = \"assert\"\nwith.that = \"{{ inputs.name == 'a' }}\"\n\
        with.message = \"not the usual name\"\n";
    let continuing = child.to_owned() + "on_failure = \"continue\"\n";
    copies.bench.write("one.toml", &continuing);
    copies.bench.write("inner.toml", child);
    let parent = "schema = 1\n[runbook]\nname = \"parent\"\n\
        [[steps]]\nid = \"inner\"\nuses = \"./inner.toml\"\nwith.name = \"b\"\non_failure = \"continue\"\n";
    copies.bench.write("two.toml", parent);
    for (file, step) in [("one.toml", "usual"), ("two.toml", "inner.usual")] {
        let path = copies.bench.path().join(file).display().to_string();
        let arguments = match file {
            "one.toml" => vec!["check", &*path, "--set", "name=b"],
            _ => vec!["check", &*path],
        };
        let ended = copies.bench.run(&arguments).await;
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        let said = format!("step `{step}` will fail, and the run goes on: not the usual name");
        assert!(ended.stderr.contains(&said), "{}", ended.stderr);
    }
}

/// A simulated cloud, and how to reach it.
async fn cloud(copies: &mut Copies) -> Cloud {
    let cloud = Cloud::start(&copies.bench, &copies.path("world.toml")).await;
    let address = cloud.address();
    let settings = format!("[endpoints]\nram = \"http://{address}\"\nsts = \"http://{address}\"\n");
    copies.bench.write("rutter.toml", &settings);
    for (name, key) in [("SOURCE", "source"), ("DESTINATION", "destination")] {
        let variable = |part: &str| format!("RUTTER_PROFILE_{name}_ACCESS_KEY_{part}");
        copies
            .bench
            .set(&variable("ID"), format!("LTAI-inside-{key}"));
        copies
            .bench
            .set(&variable("SECRET"), format!("good-for-nothing-{key}"));
    }
    cloud
}

#[tokio::test]
async fn a_run_goes_on_and_back_without_the_files_it_was_made_of() {
    let mut copies = Copies::new();
    let cloud = cloud(&mut copies).await;
    let before = cloud.state().await;
    let (parent, settings) = (copies.path("parent.toml"), copies.path("rutter.toml"));
    let accounts = [
        "source=source@cn-hangzhou",
        "destination=destination@cn-hangzhou",
    ];
    let run = copies
        .bench
        .run(&[
            "run",
            &parent,
            "--account",
            accounts[0],
            "--account",
            accounts[1],
            "--config",
            &settings,
            "--approve",
            "auth",
        ])
        .await;
    assert_eq!(run.code, Some(4), "{}", run.stderr);
    assert!(run.stderr.contains("auth.look"), "{}", run.stderr);
    for name in FILES {
        std::fs::remove_file(copies.bench.path().join(name)).expect("it is there");
    }
    let runs = copies.bench.path().join("state/rutter/runs");
    let mut ids = std::fs::read_dir(runs).expect("a run was begun");
    let id = ids
        .next()
        .expect("one")
        .expect("it can be read")
        .file_name();
    let id = id.to_str().expect("an id is text");
    let shown = copies.bench.run(&["show", id, "--config", &settings]).await;
    assert!(
        shown.stdout.contains("auth.rights.policy"),
        "{}",
        shown.stdout
    );

    let approve = ["approve", id, "auth.look", "--config", &settings];
    let said = copies.bench.run(&approve).await;
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    let resume = ["resume", id, "--config", &settings];
    let ended = copies.bench.run(&resume).await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let after = cloud.state().await;
    assert!(after.to_string().contains("AliyunDTSRolePolicy"), "{after}");
    let undo = copies
        .bench
        .run(&["undo", id, "--yes", "--config", &settings])
        .await;
    assert_eq!(undo.code, Some(0), "{}", undo.stderr);
    assert_eq!(cloud.state().await, before);
}
