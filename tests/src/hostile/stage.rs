//! A member set against the program: its runbook written, its guest made, each command carried out.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::process;
use toml::{Table, Value};

use super::{Command, Guest, Member, Spent, make, watch};
use crate::planted::Search;
use crate::{Bench, Cloud, Ended, Paused};

/// How long a command may take, on a machine that does much else.
const PATIENCE: Duration = Duration::from_secs(120);

/// What every command may take with everything that it starts.
pub const SPENT_MAX: Spent = Spent {
    kibibytes: 512 * 1024,
    cpu_ms: 10_000,
};

/// How long is waited for what hangs where a rule is left out.
const PATIENCE_WITHOUT: Duration = Duration::from_secs(30);

/// Memory that a process may have at most, in KiB.
const MEMORY_MAX: u64 = 3 << 20;

/// The secret of the account's key, which no file, screen or child may hold.
pub(super) const KEY_SECRET: &str = "planted-key-secret-of-owner";

/// The accounts that members attack: each with what would be missed.
const WORLD: &str = r#"
schema = 1

[world]
start = "2026-01-15T20:00:00Z"

[accounts.owner]
id = "1111111111111111"

[[accounts.owner.users]]
name = "operator"
access_key_id = "LTAI-owner"
access_key_secret = "planted-key-secret-of-owner"
policies = ["AdministratorAccess"]

[[accounts.owner.roles]]
name = "victim"
trust = '{"Version": "1", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"RAM": ["acs:ram::1111111111111111:root"]}}]}'

[[accounts.owner.images]]
id = "m-victim00000000"
region = "cn-hangzhou"
"#;

/// A step of a plugin that ships, beside the hostile one.
const OTHER: &str = r#"
[[steps]]
id = "other"
uses = "create-policy"
account = "owner"
needs = []
with.name = "of-the-other-step"
with.document = { Version = "1", Statement = [{ Effect = "Allow", Action = "ecs:DescribeInstances", Resource = "*" }] }
"#;

/// How a member's command ended.
#[derive(Debug)]
pub struct Held {
    /// The command.
    pub command: Command,
    /// How it ended.
    pub ended: Ended,
    /// What it took.
    pub spent: Spent,
    /// The actions that changed the cloud, `RAM:CreateRole`, since the command before it.
    pub changed: Vec<String>,
    /// Where planted secrets were found, in whatever encoding.
    pub planted: Vec<String>,
    /// Files and folders that other users may read or write.
    pub lax: Vec<String>,
}

/// A member's place: its files, its cloud, which of the two programs is tried.
struct Place {
    bench: Bench,
    cloud: Cloud,
    program: PathBuf,
    runbook: String,
    settings: String,
}

/// Carries out every command of a member: with every rule, or without its own.
///
/// # Panics
/// When its files cannot be made.
pub async fn hold(member: &Member, with_rule: bool) -> Vec<Held> {
    let place = Place::make(member, with_rule).await;
    // What gets through where a rule is left out need not be waited for.
    let (patience, enough) = match with_rule {
        true => (PATIENCE, Spent::ANY),
        false => (PATIENCE_WITHOUT, SPENT_MAX),
    };
    if !member.unlocked {
        // What cannot be locked is refused by whatever follows.
        watch(place.command(Command::Lock), patience, enough).await;
    }
    place.alter(member).await;
    let mut all = Vec::new();
    let mut seen = 0;
    for command in &member.commands {
        if let Some(between) = member.between.as_deref().filter(|_| !all.is_empty()) {
            shell(&place.bench, between).await;
        }
        let (ended, spent, children) = watch(place.command(*command), patience, enough).await;
        let planted = Search::new(&member.planted());
        let mut found = planted.of_folder(&place.bench.state());
        for (what, text) in [
            ("standard output", ended.stdout.as_bytes()),
            ("standard error", ended.stderr.as_bytes()),
            ("arguments and environment of children", &children),
        ] {
            found.extend(planted.of(what, text));
        }
        let changes = place.cloud.changes().await;
        let changed = changes[seen..].iter().map(|(_, action, _)| action.clone());
        all.push(Held {
            command: *command,
            ended,
            spent,
            changed: changed.collect(),
            planted: found,
            lax: lax(&place.bench.state()),
        });
        seen = changes.len();
        if !with_rule && all.last().is_some_and(|held| held.ended.code.is_none()) {
            break;
        }
    }
    all
}

impl Place {
    async fn make(member: &Member, with_rule: bool) -> Self {
        let mut bench = Bench::default();
        let world = member.world.as_deref().unwrap_or(WORLD);
        bench.write("h.world.toml", world);
        let cloud = Cloud::serve(Paused::from_toml(world)).await;
        let address = cloud.address();
        let products = ["ram", "sts", "ecs", "dts", "smc", "r-kvstore"];
        let endpoints = products.map(|product| format!("{product} = \"http://{address}\"\n"));
        let settings = format!("[endpoints]\n{}{}", endpoints.concat(), member.settings);
        let settings = bench.write("rutter.toml", &settings).display().to_string();
        if let Some(bytes) = make::component(member) {
            std::fs::write(bench.path().join("hostile.wasm"), bytes).expect("the guest is written");
        }
        if let Some(setup) = &member.setup {
            shell(&bench, setup).await;
        }
        for (name, value) in &member.variables {
            let folder = bench.path().display().to_string();
            bench.set(name, value.replace("{folder}", &folder));
        }
        let runbook = member
            .runbook
            .clone()
            .unwrap_or_else(|| usual_runbook(member));
        let runbook = bench.write("h.toml", &runbook).display().to_string();
        bench.set("RUTTER_PROFILE_OWNER_ACCESS_KEY_ID", "LTAI-owner");
        bench.set("RUTTER_PROFILE_OWNER_ACCESS_KEY_SECRET", KEY_SECRET);
        for (name, value) in &member.inputs {
            bench.set(&format!("RUTTER_INPUT_{}", name.to_uppercase()), value);
        }
        let program = match with_rule {
            true => Bench::binary(),
            false => {
                let also = member.off.iter().flat_map(|off| off.also.iter().cloned());
                let rules: Vec<String> = [member.rule.clone()].into_iter().chain(also).collect();
                bench.set("RUTTER_WITHOUT", rules.join(","));
                Bench::without_rules()
            }
        };
        Self {
            bench,
            cloud,
            program,
            runbook,
            settings,
        }
    }

    /// What happens after the runbook was accepted.
    async fn alter(&self, member: &Member) {
        if let Some(manifest) = &member.swapped {
            let mut other = member.clone();
            other.manifest.clone_from(manifest);
            let bytes = make::component(&other).expect("it has a guest");
            let path = self.bench.path().join("hostile.wasm");
            std::fs::write(path, bytes).expect("the guest is written");
        }
        if let Some(then) = &member.then {
            shell(&self.bench, then).await;
        }
    }

    fn command(&self, command: Command) -> process::Command {
        let guest = self.bench.path().join("hostile.wasm").display().to_string();
        let account = "owner=owner@cn-hangzhou";
        let run = self.run();
        let (runbook, settings) = (self.runbook.as_str(), self.settings.as_str());
        let arguments = match command {
            Command::Check => vec!["check", runbook, "--config", settings],
            Command::CheckLocked => vec!["check", "--locked", runbook, "--config", settings],
            Command::Lock => vec!["lock", runbook],
            Command::Inspect => vec!["plugin", "inspect", guest.as_str()],
            Command::Rehearse => vec!["rehearse", runbook, "--config", settings],
            Command::Run => vec!["run", runbook, "--account", account, "--config", settings],
            Command::Logs => vec!["logs", run.as_str()],
            Command::Undo => vec!["undo", run.as_str(), "--yes", "--config", settings],
            Command::Decline => vec![
                "approve", &run, "hostile", "--no", "--why", "not ours", "--config", settings,
            ],
            Command::Leave => vec![
                "resolve", &run, "hostile", "--leave", "--why", "not ours", "--config", settings,
            ],
        };
        // Where a rule is left out, the machine must survive it.
        let limit = match self.program == Bench::binary() {
            true => String::new(),
            false => format!("ulimit -d {MEMORY_MAX}; "),
        };
        let limit = format!("umask 000; {limit}exec \"$@\"");
        let program = self.program.display().to_string();
        let shell = ["-c", limit.as_str(), "sh", program.as_str()];
        let arguments = [&shell[..], &arguments[..]].concat();
        self.bench.command_of(Path::new("/bin/sh"), &arguments)
    }
}

impl Place {
    /// The id of the run; empty where there was none.
    fn run(&self) -> String {
        let mut runs = std::fs::read_dir(self.bench.state().join("runs"))
            .into_iter()
            .flatten();
        let run = runs.find_map(Result::ok);
        run.map(|run| run.file_name().to_string_lossy().into_owned())
            .unwrap_or_default()
    }
}

/// What of a folder other users may read or write, under the most open mask that a user can have.
fn lax(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let Ok(seen) = entry.metadata() else { continue };
        let path = entry.path();
        if !seen.is_symlink() && seen.permissions().mode() & 0o077 != 0 {
            found.push(path.display().to_string());
        }
        if seen.is_dir() {
            found.extend(lax(&path));
        }
    }
    found
}

/// Runs commands in the folder of the runbook.
async fn shell(bench: &Bench, commands: &str) {
    let mut shell = process::Command::new("/bin/sh");
    shell.args(["-c", commands]).current_dir(bench.path());
    let done = shell.status().await.expect("a shell can be started");
    assert!(done.success(), "{commands}");
}

fn usual_runbook(member: &Member) -> String {
    let mut step = Table::new();
    step.insert("id".to_owned(), "hostile".into());
    step.insert("uses".to_owned(), "./hostile.wasm".into());
    step.insert("account".to_owned(), "owner".into());
    if member.guest == Guest::Actor {
        let mut with = Table::new();
        with.insert("script".to_owned(), Value::Array(member.script.clone()));
        if !member.undo.is_empty() {
            with.insert("undo".to_owned(), Value::Array(member.undo.clone()));
        }
        step.insert("with".to_owned(), Value::Table(with));
    }
    for (name, value) in &member.step {
        match (step.get_mut(name), value) {
            (Some(Value::Table(own)), Value::Table(more)) => own.extend(more.clone()),
            _ => {
                step.insert(name.clone(), value.clone());
            }
        }
    }
    let steps = Table::from_iter([("steps".to_owned(), Value::Array(vec![Value::Table(step)]))]);
    let steps = toml::to_string(&steps).expect("a step can be written");
    format!(
        "schema = 1\n[runbook]\nname = \"hostile\"\n[accounts.owner]\nhelp = \"the only account\"\n{OTHER}\n{steps}"
    )
}
