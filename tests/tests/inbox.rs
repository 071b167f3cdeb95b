//! Answers of several users of one machine. Only root can speak for others: elsewhere these tests have
//! nothing to say.

use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use rutter_tests::{Bench, Ended};

/// A user and a group that every system has, and that own nothing.
const NOBODY: u32 = 65_534;

const GATE: &str = r#"
schema = 1

[runbook]
name = "gate"

[[steps]]
id = "gate"
uses = "approve"
with.message = "Have all clients stopped?"
with.people = 2
"#;

/// A bench whose state a group may pass through, with a run that waits for two people.
struct Scene {
    bench: Bench,
    settings: String,
    run: String,
}

/// The group's name, if this process may act as another user.
fn group() -> Option<String> {
    if !rustix::process::geteuid().is_root() {
        return None;
    }
    let groups = std::fs::read_to_string("/etc/group").ok()?;
    let id = NOBODY.to_string();
    let mut lines = groups
        .lines()
        .map(|line| line.split(':').collect::<Vec<_>>());
    let found = lines.find(|fields| fields.get(2) == Some(&id.as_str()))?;
    found.first().map(|name| (*name).to_owned())
}

impl Scene {
    async fn set(settings: &str) -> Self {
        let bench = Bench::default();
        open(&bench.path().to_path_buf(), 0o711);
        let settings = bench.write("rutter.toml", settings).display().to_string();
        let gate = bench.write("gate.toml", GATE).display().to_string();
        let ran = bench.run(&["run", &gate, "--config", &settings]).await;
        assert_eq!(ran.code, Some(4), "{}", ran.stderr);
        let runs = bench.path().join("state/rutter/runs");
        let mut runs = std::fs::read_dir(runs).expect("a run was begun");
        let run = runs
            .next()
            .expect("one")
            .expect("it can be read")
            .file_name();
        let run = run.to_str().expect("an id is text").to_owned();
        Self {
            bench,
            settings,
            run,
        }
    }

    fn inbox(&self) -> PathBuf {
        let run = format!("state/rutter/runs/{}/inbox", self.run);
        self.bench.path().join(run)
    }

    async fn as_root(&self, arguments: &[&str]) -> Ended {
        let arguments = [arguments, &["--config", &self.settings]].concat();
        self.bench.run(&arguments).await
    }

    async fn as_nobody(&self, arguments: &[&str]) -> Ended {
        let arguments = [arguments, &["--config", &self.settings]].concat();
        let mut command = self.bench.command(&arguments);
        let output = command.uid(NOBODY).gid(NOBODY).output().await;
        Ended::from(output.expect("the binary can be started"))
    }

    /// Leaves a file in the inbox as another user would.
    async fn nobody_leaves(&self, name: &str, text: &str) {
        let path = self.inbox().join(name);
        std::fs::write(&path, text).expect("root may write anywhere");
        std::os::unix::fs::chown(&path, Some(NOBODY), Some(NOBODY)).expect("root may give it away");
    }
}

fn open(path: &PathBuf, mode: u32) {
    let permissions = std::fs::Permissions::from_mode(mode);
    std::fs::set_permissions(path, permissions).expect("it is ours");
}

#[tokio::test]
async fn two_users_pass_a_gate_for_two_and_one_user_does_not() {
    let Some(group) = group() else { return };
    let scene = Scene::set(&format!("[inbox]\ngroup = \"{group}\"\n")).await;
    let approve = ["approve", &scene.run, "gate"];
    for _ in 0..2 {
        let said = scene.as_root(&approve).await;
        assert_eq!(said.code, Some(0), "{}", said.stderr);
    }
    let resumed = scene.as_root(&["resume", &scene.run]).await;
    assert_eq!(resumed.code, Some(4), "{}", resumed.stderr);
    assert!(
        resumed.stderr.contains("it takes another person"),
        "{}",
        resumed.stderr
    );
    let shown = scene.as_root(&["show", &scene.run]).await;
    assert!(
        shown.stdout.contains("1 of 2: root, at "),
        "{}",
        shown.stdout
    );

    let said = scene.as_nobody(&approve).await;
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    assert!(
        said.stderr.contains("Have all clients stopped?"),
        "{}",
        said.stderr
    );
    let resumed = scene.as_root(&["resume", &scene.run]).await;
    assert_eq!(resumed.code, Some(0), "{}", resumed.stderr);
    assert!(
        resumed.stderr.contains("approved by nobody (2 of 2)"),
        "{}",
        resumed.stderr
    );
    let left = std::fs::read_dir(scene.inbox())
        .expect("it is there")
        .count();
    assert_eq!(left, 0, "what was acted upon is taken away");
}

#[tokio::test]
async fn a_group_may_answer_and_nothing_else() {
    let Some(group) = group() else { return };
    let scene = Scene::set(&format!("[inbox]\ngroup = \"{group}\"\n")).await;
    let shown = scene.as_nobody(&["show", &scene.run]).await;
    assert_eq!(
        shown.code,
        Some(2),
        "the journal is nobody else's: {}",
        shown.stdout
    );
    scene.nobody_leaves("1.json", "{\"kind\":\"undo\"}").await;
    let skip = "{\"kind\":\"resolve\",\"step\":\"gate\",\"about\":1,\"resolution\":\"skip\",\"why\":\"so\"}";
    scene.nobody_leaves("2.json", skip).await;
    scene.nobody_leaves("3.json", "rubbish").await;
    let resumed = scene.as_root(&["resume", &scene.run]).await;
    assert_eq!(resumed.code, Some(4), "{}", resumed.stderr);
    let refused = "only the run's owner, root, may";
    assert_eq!(
        resumed.stderr.matches(refused).count(),
        2,
        "{}",
        resumed.stderr
    );
    assert!(
        resumed.stderr.contains("`3.json` in the inbox"),
        "{}",
        resumed.stderr
    );
    let again = scene.as_root(&["resume", &scene.run]).await;
    assert!(
        !again.stderr.contains("decided nothing"),
        "{}",
        again.stderr
    );
}

#[tokio::test]
async fn a_gate_that_nobody_can_pass_is_told_of_at_once() {
    let bench = Bench::default();
    let gate = bench.write("gate.toml", GATE).display().to_string();
    for command in ["check", "run"] {
        let ended = bench.run(&[command, &gate]).await;
        let told = "step `gate` wants 2 people, and nobody but ";
        assert!(ended.stderr.contains(told), "{command}: {}", ended.stderr);
    }
}
