//! A part of a run that is taken back, and made again with what is known now: with the binary, against
//! the simulated cloud over HTTP.

use rutter_tests::{Bench, Cloud, Ended, Procedure, facts};
use serde_json::Value;

const WORLD: &str = r#"schema = 1
[world]
title = "An account and nothing in it"
start = "2026-01-15T20:00:00Z"
seed = 1
[accounts.owner]
id = "1111111111111111"
[[accounts.owner.users]]
name = "operator"
policies = ["AdministratorAccess"]
access_key_id = "LTAI-redo-owner"
access_key_secret = "good-for-nothing-owner"
"#;

const ROLES: &str = r#"schema = 1
[runbook]
name = "roles"
[accounts.owner]
help = "The account that gets roles"
[inputs.note]
type = "string"
default = "first"
[inputs.names]
type = "list"
items = { type = "string" }
default = ["one", "two"]

[[steps]]
id = "base"
uses = "create-role"
account = "owner"
with.name = "base"
with.trusted_account = "{{ accounts.owner.id }}"

[[steps]]
id = "noted"
uses = "create-role"
account = "owner"
needs = []
with.name = "noted"
with.trusted_account = "{{ accounts.owner.id }}"
with.description = "{{ inputs.note }}"

[[steps]]
id = "each"
uses = "create-role"
account = "owner"
for_each = "{{ inputs.names }}"
with.name = "{{ item }}"
with.trusted_account = "{{ accounts.owner.id }}"

[[steps]]
id = "sure"
uses = "approve"
with.message = "Is {{ steps.noted.name }} right?"

[[steps]]
id = "last"
uses = "attach-policy"
account = "owner"
with.role = "{{ steps.noted.name }}"
with.policy = "AliyunDTSRolePolicy"
"#;

/// A run of the roles, and the cloud that it has them in.
struct Roles {
    bench: Bench,
    cloud: Cloud,
    id: String,
}

impl Roles {
    async fn begun(runbook: &str) -> (Self, Ended) {
        let mut bench = Bench::default();
        let text = |path: std::path::PathBuf| path.to_str().expect("it is text").to_owned();
        let world = text(bench.write("world.toml", WORLD));
        let file = text(bench.write("roles.toml", runbook));
        let cloud = Cloud::start(&bench, &world).await;
        let address = cloud.address();
        let settings = format!(
            "[endpoints]\nram = \"http://{address}\"\nsts = \"http://{address}\"\n\
             [accounts.owner]\nprofile = \"owner\"\nregion = \"cn-hangzhou\"\n"
        );
        bench.write("rutter.toml", &settings);
        bench.set("RUTTER_PROFILE_OWNER_ACCESS_KEY_ID", "LTAI-redo-owner");
        bench.set(
            "RUTTER_PROFILE_OWNER_ACCESS_KEY_SECRET",
            "good-for-nothing-owner",
        );
        let mut roles = Self {
            bench,
            cloud,
            id: String::new(),
        };
        let ended = roles.rutter(&["run", &file, "--approve", "sure"]).await;
        let runs = roles.bench.path().join("state/rutter/runs");
        let first = std::fs::read_dir(runs).expect("a run was begun").next();
        let name = first.expect("one").expect("it can be read").file_name();
        roles.id = name.to_str().expect("an id is text").to_owned();
        (roles, ended)
    }

    async fn done() -> Self {
        let (roles, ended) = Self::begun(ROLES).await;
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        roles
    }

    fn file(&self, name: &str) -> String {
        let path = self.bench.path().join(name);
        path.to_str().expect("it is text").to_owned()
    }

    async fn rutter(&self, arguments: &[&str]) -> Ended {
        let settings = self.file("rutter.toml");
        let all = [arguments, &["--config", &settings]].concat();
        self.bench.run(&all).await
    }

    /// `rutter COMMAND RUN …`.
    async fn of_run(&self, command: &str, more: &[&str]) -> Ended {
        self.rutter(&[&[command, &self.id], more].concat()).await
    }

    /// The names of the roles.
    async fn roles(&self) -> Vec<String> {
        let state = self.cloud.state().await;
        let roles = state["1111111111111111"]["ram-role"].as_object();
        let names = roles.into_iter().flat_map(|roles| roles.keys());
        let ours = names.filter(|name| *name != "AliyunDTSDefaultRole");
        ours.cloned().collect()
    }

    async fn records(&self) -> usize {
        let shown = self.of_run("show", &["--json"]).await;
        shown.stdout.lines().count()
    }

    /// A command is refused with this in its message, and nothing is recorded or changed.
    async fn refuses(&self, command: &str, more: &[&str], says: &str) {
        let (records, changes) = (self.records().await, self.cloud.changes().await);
        let ended = self.of_run(command, more).await;
        assert_eq!(ended.code, Some(2), "{command} {more:?}: {}", ended.stderr);
        assert!(ended.stderr.contains(says), "{says}: {}", ended.stderr);
        assert_eq!(self.records().await, records);
        assert_eq!(self.cloud.changes().await, changes);
    }
}

#[tokio::test]
async fn a_step_is_taken_back_with_what_depends_on_it_and_the_run_goes_on() {
    let run = Roles::done().await;
    let whole = run.cloud.state().await;
    let undone = run
        .of_run("undo", &["--step", "noted", "--keep", "each", "--yes"])
        .await;
    assert_eq!(undone.code, Some(0), "{}", undone.stderr);
    for line in [
        "noted: is taken back and waits again",
        "sure: is taken back and waits again, since it reads `noted`",
        "each: stays as it is, although it comes later in the file",
        "a part of run",
    ] {
        assert!(undone.stderr.contains(line), "{line}: {}", undone.stderr);
    }
    assert_eq!(run.roles().await, ["base", "one", "two"]);
    let asks = run.of_run("resume", &[]).await;
    assert_eq!(asks.code, Some(4), "no earlier yes counts: {}", asks.stderr);
    let said = run.of_run("approve", &["sure"]).await;
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    let resumed = run.of_run("resume", &[]).await;
    assert_eq!(resumed.code, Some(0), "{}", resumed.stderr);
    assert_eq!(run.cloud.state().await, whole);
    assert_eq!(run.roles().await, ["base", "noted", "one", "two"]);
}

#[tokio::test]
async fn what_began_after_a_step_is_taken_back() {
    let run = Roles::done().await;
    let undone = run.of_run("undo", &["--to", "each", "--yes"]).await;
    assert_eq!(undone.code, Some(0), "{}", undone.stderr);
    assert_eq!(run.roles().await, ["base", "noted", "one", "two"]);
    let shown = run.of_run("show", &[]).await;
    assert!(shown.stdout.contains("waiting"), "{}", shown.stdout);
    let undone = run.of_run("undo", &["--yes"]).await;
    assert_eq!(undone.code, Some(0), "{}", undone.stderr);
    assert!(run.roles().await.is_empty());
    run.refuses("undo", &["--yes"], "the run was taken back already")
        .await;
    run.refuses(
        "undo",
        &["--step", "base", "--yes"],
        "the run was taken back already",
    )
    .await;
}

#[tokio::test]
async fn a_step_is_made_again_with_the_inputs_of_now() {
    let run = Roles::done().await;
    let anew = [
        "--from",
        "noted",
        "--keep",
        "each",
        "--set",
        "note=second",
        "--yes",
    ];
    let again = run
        .of_run("resume", &[&anew[..], &["--approve", "sure"]].concat())
        .await;
    assert_eq!(again.code, Some(0), "{}", again.stderr);
    let line = "the input `note` is \"second\" instead of \"first\"";
    assert!(again.stderr.contains(line), "{}", again.stderr);
    let state = run.cloud.state().await.to_string();
    assert!(
        state.contains("second") && !state.contains("\"first\""),
        "{state}"
    );
    let made = run.cloud.changes().await;
    let created = made
        .iter()
        .filter(|(_, action, _)| action.ends_with("CreateRole"));
    assert_eq!(created.count(), 5, "the others stayed");
}

#[tokio::test]
async fn one_item_is_made_again_where_the_others_are_what_they_were() {
    let run = Roles::done().await;
    let wrong = [
        "--from",
        "each",
        "--item",
        "1",
        "--set",
        "names=[\"two\"]",
        "--yes",
    ];
    run.refuses(
        "resume",
        &wrong,
        "item `one` of step `each` has other inputs than before",
    )
    .await;
    let other = "names=[\"one\",\"three\"]";
    let right = [
        "--from",
        "each",
        "--item",
        "two",
        "--set",
        other,
        "--yes",
        "--approve",
        "sure",
    ];
    let again = run.of_run("resume", &right).await;
    assert_eq!(again.code, Some(0), "{}", again.stderr);
    assert_eq!(run.roles().await, ["base", "noted", "one", "three"]);
}

#[tokio::test]
async fn what_cannot_be_taken_back_or_made_again_is_refused_with_the_reason() {
    let run = Roles::done().await;
    let refused: [(&str, &[&str], &str); 10] = [
        (
            "undo",
            &["--to", "nowhere", "--yes"],
            "the run has no step `nowhere`",
        ),
        (
            "undo",
            &["--step", "nowhere", "--yes"],
            "the run has no step `nowhere`",
        ),
        (
            "undo",
            &["--to", "last", "--yes"],
            "nothing began after step `last`",
        ),
        (
            "undo",
            &["--step", "base", "--keep", "bse", "--yes"],
            "the run has no step `bse`",
        ),
        (
            "undo",
            &["--step", "noted", "--keep", "last", "--yes"],
            "step `last` cannot be kept",
        ),
        (
            "undo",
            &["--step", "each", "--item", "9", "--yes"],
            "it has one, two",
        ),
        ("undo", &["--keep", "each", "--yes"], "no part was named"),
        ("undo", &["--step", "noted"], "there is no terminal to ask"),
        (
            "resume",
            &["--from", "nowhere", "--yes"],
            "the run has no step `nowhere`",
        ),
        (
            "resume",
            &["--from", "last", "--set", "note=second", "--yes"],
            "step `noted` stays as it is and was made from another `note`",
        ),
    ];
    for (command, more, says) in refused {
        run.refuses(command, more, says).await;
    }
    run.refuses("resume", &["--set", "note=second"], "stay as they are")
        .await;
}

#[tokio::test]
async fn outputs_that_could_not_be_made_are_made_with_a_mended_runbook() {
    let with = |output: &str| format!("{ROLES}\n[outputs]\nmade = \"{{{{ {output} }}}}\"\n");
    let (run, ended) = Roles::begun(&with("steps.each[2].name")).await;
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    let says = "makes the outputs with a corrected runbook";
    assert!(ended.stderr.contains(says), "{}", ended.stderr);
    run.refuses("resume", &[], "makes them with a corrected runbook")
        .await;
    let made = run.cloud.changes().await.len();

    run.bench.write("mended.toml", &with("steps.each[0].name"));
    let mended = run.file("mended.toml");
    let ended = run.of_run("resume", &["--runbook", &mended, "--yes"]).await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(ended.stdout.contains("made = \"one\""), "{}", ended.stdout);
    assert_eq!(run.cloud.changes().await.len(), made, "nothing is sent");
    run.refuses("resume", &["--runbook", &mended, "--yes"], "is over")
        .await;
}

#[tokio::test]
async fn a_mended_runbook_goes_on_where_the_first_one_failed() {
    let broken = ROLES.replace(
        "with.policy = \"AliyunDTSRolePolicy\"",
        "with.policy = \"NoSuchPolicy\"",
    );
    let (run, ended) = Roles::begun(&broken).await;
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    let made = run.cloud.changes().await.len();

    let other = ROLES.replace("with.name = \"base\"", "with.name = \"other\"");
    run.bench.write("other.toml", &other);
    let other = run.file("other.toml");
    let says = "step `base` is over, and the corrected runbook has another `with` for it";
    run.refuses("resume", &["--runbook", &other, "--yes"], says)
        .await;

    let lacking = ROLES.replacen("[[steps]]\nid = \"base\"", "[[steps]]\nid = \"first\"", 1);
    run.bench.write("lacking.toml", &lacking);
    let lacking = run.file("lacking.toml");
    let says = "the corrected runbook has no step `base`, which still has 1 change in place";
    run.refuses("resume", &["--runbook", &lacking, "--yes"], says)
        .await;

    let more = "\n[[steps]]\nid = \"more\"\nuses = \"create-role\"\naccount = \"owner\"\n\
        with.name = \"more\"\nwith.trusted_account = \"{{ accounts.owner.id }}\"\n";
    run.bench.write("mended.toml", &format!("{ROLES}{more}"));
    let mended = run.file("mended.toml");
    let ended = run.of_run("resume", &["--runbook", &mended, "--yes"]).await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    for line in ["more: is new", "last: says something else"] {
        assert!(ended.stderr.contains(line), "{line}: {}", ended.stderr);
    }
    assert_eq!(run.roles().await, ["base", "more", "noted", "one", "two"]);
    assert_eq!(run.cloud.changes().await.len(), made + 2);
    let undone = run.of_run("undo", &["--yes"]).await;
    assert_eq!(undone.code, Some(0), "{}", undone.stderr);
    assert!(run.roles().await.is_empty());
}

#[tokio::test]
async fn a_runbook_that_changed_since_is_accepted_by_name_only() {
    let run = Roles::done().await;
    run.bench.write(
        "roles.toml",
        &ROLES.replace("default = \"first\"", "default = \"x\""),
    );
    let again = ["--from", "last", "--yes"];
    run.refuses("resume", &again, "is not what it was when the run began")
        .await;
    std::fs::remove_file(run.file("roles.toml")).expect("it is there");
    run.refuses("resume", &again, "with which the run began, is not there")
        .await;
    run.bench.write("moved.toml", ROLES);
    let moved = run.file("moved.toml");
    let ended = run
        .of_run("resume", &["--from", "last", "--runbook", &moved, "--yes"])
        .await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
}

/// Each secret that a step was made with is told from another one, whatever its name, before anything is tried.
#[tokio::test]
async fn a_resume_says_at_once_which_step_was_made_with_another_secret() {
    let procedure = Procedure {
        runbook: "redis_cross_account",
        scenario: "",
    };
    let stage = procedure.rehearsed().await.stage().await;
    let good = Bench::top().join(procedure.inputs_file());
    let good = std::fs::read_to_string(good).expect("the inputs are there");
    let wrong: String = good
        .lines()
        .map(|line| match line.split_once("_password = ") {
            Some((name, _)) => format!("{name}_password = \"Mistyped-Example-1\"\n"),
            None => format!("{line}\n"),
        })
        .collect();
    assert_eq!(wrong.matches("Mistyped").count(), 2, "both are mistyped");
    let wrong = stage.bench.write("mistyped.toml", &wrong);
    let ended = stage.run_with(wrong.to_str().expect("it is text")).await;
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);

    let ended = stage.resume().await;
    let (before, _) = ended
        .stderr
        .split_once("run resumed")
        .expect("it was resumed");
    for name in ["source_password", "destination_password"] {
        let says = format!("step `task` is done and was made with another `{name}`");
        assert!(before.contains(&says), "{name}: {}", ended.stderr);
    }
    assert!(!ended.stderr.contains("Mistyped"), "{}", ended.stderr);
    let ended = stage.resume_with(&["--from", "task", "--yes"]).await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
}

/// The database password is mistyped. The precheck finds it after the role and the task were made.
#[tokio::test]
async fn a_wrong_database_password_is_corrected_without_undoing_the_role_beside_it() {
    let procedure = Procedure {
        runbook: "redis_cross_account",
        scenario: "",
    };
    let stage = procedure.rehearsed().await.stage().await;
    let before = stage.cloud.state().await;
    let good = Bench::top().join(procedure.inputs_file());
    let good = std::fs::read_to_string(good).expect("the inputs are there");
    let wrong: String = good
        .lines()
        .map(|line| match line.starts_with("source_password") {
            true => "source_password = \"Mistyped-Example-1\"\n".to_owned(),
            false => format!("{line}\n"),
        })
        .collect();
    assert!(wrong.contains("Mistyped"));
    let wrong = stage.bench.write("mistyped.toml", &wrong);
    let wrong = wrong.to_str().expect("it is text");
    let ended = stage.run_with(wrong).await;
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    assert!(ended.stderr.contains("CHECK_AUTH_SRC"), "{}", ended.stderr);

    // Going on as it stands says at once what is the matter.
    let ended = stage.resume().await;
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    let says = "step `task` is done and was made with another `source_password`";
    assert!(ended.stderr.contains(says), "{}", ended.stderr);
    assert!(ended.stderr.contains("--from task"), "{}", ended.stderr);

    let ended = stage.resume_with(&["--from", "task", "--yes"]).await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let says = "the secret input `source_password` is another one";
    assert!(ended.stderr.contains(says), "{}", ended.stderr);
    assert!(!ended.stderr.contains("Mistyped"), "{}", ended.stderr);
    let made = stage.cloud.changes().await;
    let times = |name: &str| {
        made.iter()
            .filter(|(_, action, _)| action.ends_with(name))
            .count()
    };
    assert_eq!(times("CreateRole"), 1, "{made:?}");
    assert_eq!(times("ConfigureDtsJob"), 2, "{made:?}");
    assert_eq!(times("DeleteDtsJob"), 1, "{made:?}");

    let logs = stage.bench.run(&["show", &stage.run_id(), "--json"]).await;
    let started = facts(&logs.stdout);
    let started = started
        .iter()
        .find(|fact| fact["kind"] == "rollback-started");
    let started = started.expect("a part was taken back");
    assert_eq!(started["part"]["again"][0]["step"], "task");
    assert!(
        started["mended"]["inputs"].is_object(),
        "the new plan is recorded"
    );
    for secret in ["Mistyped-Example", "Source-Example"] {
        assert!(!logs.stdout.contains(secret), "{secret}");
    }

    let undone = stage.undo().await;
    assert!(matches!(undone.code, Some(0 | 6)), "{}", undone.stderr);
    let after = stage.cloud.state().await;
    let roles = |state: &Value| state["1111111111111111"]["ram-role"].clone();
    assert!(roles(&before).is_object());
    assert_eq!(roles(&after), roles(&before));
}
