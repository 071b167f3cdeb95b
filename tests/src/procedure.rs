//! A runbook with its example inputs and world: as a rehearsal shows it, and carried out over HTTP.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use crate::cloud::Paused;
use crate::planted::Search;
use crate::{Bench, Cloud, Ended, Place, Proxy};

/// How many times faster time passes: hours of waiting in a second or two.
const TIME_SCALE: f64 = 10_000.0;

/// How often a run is taken up again after a person answered.
const ANSWERS_MAX: usize = 20;

/// A runbook of the repository with one set of example inputs.
#[derive(Clone, Copy, Debug)]
pub struct Procedure {
    /// The file's name without `.toml`.
    pub runbook: &'static str,
    /// `X` of `RUNBOOK.X.inputs.toml`; empty for `RUNBOOK.inputs.toml`.
    pub scenario: &'static str,
}

/// A procedure and what its rehearsal shows of it.
pub struct Rehearsed {
    procedure: Procedure,
    /// The accounts and the region each is bound to.
    accounts: Vec<(String, String)>,
    /// What `--approve` takes for each question: the step, or the step and the action that is named.
    pub gates: Vec<String>,
    /// The steps that were done, in the order in which they ended.
    pub steps: Vec<String>,
    /// The changes that were made, in the order in which they were sent.
    pub changes: Vec<Made>,
    /// The cloud before anything was changed.
    cloud: Paused,
    /// For each account the id and the secret of a key.
    keys: BTreeMap<String, (String, String)>,
    /// The secrets that are given with its inputs.
    given: Vec<String>,
}

/// A change that a procedure makes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Made {
    /// The step that makes it.
    pub step: String,
    /// The account it is made in.
    pub account: String,
    /// The request.
    pub place: Place,
}

/// A procedure, its cloud and the proxy between them, in an environment of their own.
pub struct Stage {
    /// Where the binary runs.
    pub bench: Bench,
    /// The simulated cloud.
    pub cloud: Cloud,
    /// What lies between.
    pub proxy: Proxy,
    procedure: Procedure,
    /// The secrets of its accounts' keys and of its inputs.
    secrets: Vec<String>,
    accounts: Vec<(String, String)>,
    gates: Vec<String>,
    settings: String,
}

/// A stage at rest: a run that nobody drives and the cloud as it left it. Any number of stages go on
/// from it.
pub struct Frozen {
    state: tempfile::TempDir,
    cloud: Paused,
}

impl Procedure {
    /// `runbooks/…` with an ending of the scenario's, or of the runbook's where the scenario has none.
    fn file(self, ending: &str) -> String {
        let own = format!("runbooks/{}.{}{ending}", self.runbook, self.scenario);
        if !self.scenario.is_empty() && Bench::top().join(&own).exists() {
            return own;
        }
        format!("runbooks/{}{ending}", self.runbook)
    }

    /// `RUNBOOK` or `RUNBOOK.SCENARIO`.
    pub fn name(self) -> String {
        match self.scenario {
            "" => self.runbook.to_owned(),
            scenario => format!("{}.{scenario}", self.runbook),
        }
    }

    /// The runbook's file, from the repository's top folder.
    pub fn runbook_file(self) -> String {
        format!("runbooks/{}.toml", self.runbook)
    }

    /// The file of its inputs.
    pub fn inputs_file(self) -> String {
        self.file(".inputs.toml")
    }

    /// The file of its world.
    pub fn world_file(self) -> String {
        self.file(".world.toml")
    }

    /// `rutter rehearse` with these flags more.
    pub async fn rehearse(self, bench: &Bench, more: &[&str]) -> Ended {
        let (runbook, inputs) = (self.runbook_file(), self.inputs_file());
        let world = self.world_file();
        let mut arguments = vec!["rehearse", &runbook, "--inputs", &inputs, "--world", &world];
        arguments.extend(more);
        bench.run(&arguments).await
    }

    /// Rehearses it to its end and reads what it needs from the records.
    ///
    /// # Panics
    /// When the rehearsal does not end well.
    pub async fn rehearsed(self) -> Rehearsed {
        let ended = self.rehearse(&Bench::default(), &["--json"]).await;
        assert_eq!(ended.code, Some(0), "{self:?}: {}", ended.stderr);
        let facts = facts(&ended.stdout);
        let of_kind = |kind: &'static str| facts.iter().filter(move |fact| fact["kind"] == kind);
        let step = |fact: &Value| fact["step"].as_str().unwrap_or_default().to_owned();
        let started = of_kind("run-started").next().expect("a run starts");
        let accounts = started["plan"]["accounts"].as_object();
        let region = |account: &Value| account["region"].as_str().unwrap_or_default().to_owned();
        let world = self.world();
        Rehearsed {
            procedure: self,
            accounts: accounts
                .expect("a plan has accounts")
                .iter()
                .map(|(name, account)| (name.clone(), region(account)))
                .collect(),
            gates: of_kind("approval-asked").flat_map(consents).collect(),
            steps: of_kind("step-ended")
                .filter(|fact| fact["end"].get("done").is_some())
                .map(step)
                .collect(),
            changes: made(of_kind("change-intended").filter(|intent| {
                // What is refused at first, because a role is not known everywhere yet, is not refused
                // where time passes faster than requests.
                of_kind("change-done").any(|done| done["change"] == intent["change"])
            })),
            keys: keys(&world),
            given: given(&table(&self.inputs_file())),
            cloud: Paused::from_toml(&fast(world)),
        }
    }

    /// The world as its file has it.
    fn world(self) -> toml::Table {
        table(&self.world_file())
    }
}

impl std::fmt::Display for Made {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.step, self.place)
    }
}

/// The changes of the records that intend them.
fn made<'a>(intents: impl Iterator<Item = &'a Value>) -> Vec<Made> {
    let mut made: Vec<Made> = Vec::new();
    for intent in intents {
        let (at, call) = (&intent["at"], &intent["call"]);
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let action = text(&call["target"]["api"]["action"]);
        let before = made.iter().filter(|made| made.place.action == action);
        let number = before.count() + 1;
        made.push(Made {
            step: text(&at["step"]),
            account: text(&call["account"]),
            place: Place { action, number },
        });
    }
    made
}

impl Rehearsed {
    /// Which procedure it is.
    pub fn procedure(&self) -> Procedure {
        self.procedure
    }

    /// Starts a cloud with the procedure's world, and a proxy before it.
    pub async fn stage(&self) -> Stage {
        self.stage_with(Bench::default(), self.cloud.clone()).await
    }

    /// Starts a stage that goes on from one at rest.
    pub async fn stage_from(&self, frozen: &Frozen) -> Stage {
        let bench = Bench::default();
        copy_folder(frozen.state.path(), &bench.state());
        self.stage_with(bench, frozen.cloud.clone()).await
    }

    async fn stage_with(&self, mut bench: Bench, cloud: Paused) -> Stage {
        let cloud = Cloud::serve(cloud).await;
        let proxy = Proxy::start(cloud.address()).await;
        let settings = bench.write("rutter.toml", &settings(proxy.address()));
        for (account, (id, secret)) in &self.keys {
            let profile = account.to_uppercase().replace('-', "_");
            bench.set(&format!("RUTTER_PROFILE_{profile}_ACCESS_KEY_ID"), id);
            bench.set(
                &format!("RUTTER_PROFILE_{profile}_ACCESS_KEY_SECRET"),
                secret,
            );
        }
        Stage {
            bench,
            cloud,
            proxy,
            procedure: self.procedure,
            secrets: self
                .keys
                .values()
                .map(|(_, secret)| secret.clone())
                .chain(self.given.iter().cloned())
                .collect(),
            accounts: self.accounts.clone(),
            gates: self.gates.clone(),
            settings: settings
                .to_str()
                .expect("a temporary path is text")
                .to_owned(),
        }
    }
}

impl Stage {
    /// Where secrets of the accounts' keys and of the inputs are found, in whatever encoding: in the state folder and
    /// in what a command said.
    pub fn leaks(&self, said: &Ended) -> Vec<String> {
        let secrets: Vec<&str> = self.secrets.iter().map(String::as_str).collect();
        let search = Search::new(&secrets);
        let mut found = search.of_folder(&self.bench.state());
        found.extend(search.of("standard output", said.stdout.as_bytes()));
        found.extend(search.of("standard error", said.stderr.as_bytes()));
        found
    }

    /// Stops it, for others to go on from there.
    pub async fn freeze(self) -> Frozen {
        let state = tempfile::tempdir().expect("a temporary folder can be made");
        copy_folder(&self.bench.state(), state.path());
        Frozen {
            state,
            cloud: self.cloud.pause().await,
        }
    }

    /// `rutter run`, once: nothing is answered but what is approved beforehand.
    pub async fn run_once(&self) -> Ended {
        self.command(&self.run_arguments()).await
    }

    /// `rutter run` with every gate approved, to its end.
    pub async fn run(&self) -> Ended {
        self.go(self.run_arguments(), &[]).await
    }

    /// `rutter run` with other inputs than the example's.
    pub async fn run_with(&self, inputs: &str) -> Ended {
        let mut arguments = self.run_arguments();
        let place = arguments.iter().position(|flag| flag == "--inputs");
        let place = place.expect("a run is given inputs") + 1;
        inputs.clone_into(&mut arguments[place]);
        self.command(&arguments).await
    }

    /// `rutter run --until STEP` with every gate approved.
    pub async fn run_until(&self, step: &str) -> Ended {
        self.go(self.run_arguments(), &["--until", step]).await
    }

    /// Carries out a command, and answers by hand the questions that cannot be answered beforehand:
    /// those that ask for evidence.
    async fn go(&self, arguments: Vec<String>, more: &[&str]) -> Ended {
        let mut arguments = arguments;
        let more = || more.iter().map(|&flag| flag.to_owned());
        for _ in 0..ANSWERS_MAX {
            arguments.extend(more());
            let ended = self.command(&arguments).await;
            let asked = questions(&ended);
            if ended.code != Some(4) || asked.is_empty() {
                return ended;
            }
            for (step, named) in asked {
                let mut approve = vec!["approve".to_owned(), self.run_id(), step];
                approve.extend(named);
                approve.extend(["--config".to_owned(), self.settings.clone()]);
                let words: Vec<&str> = approve.iter().map(String::as_str).collect();
                let said = self.bench.run(&words).await;
                assert_eq!(said.code, Some(0), "{approve:?}: {}", said.stderr);
            }
            arguments = self.resume_arguments();
        }
        panic!("{:?} asks without end", self.procedure)
    }

    /// Runs the binary to its end; it is the one that a blow kills.
    async fn command(&self, arguments: &[String]) -> Ended {
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let process = self.bench.spawn(&arguments);
        self.proxy.aim(process.id());
        let output = process.wait_with_output().await;
        self.proxy.aim(None);
        output.expect("the binary can be waited for").into()
    }

    fn run_arguments(&self) -> Vec<String> {
        let mut arguments = vec!["run".to_owned(), self.procedure.runbook_file()];
        for (account, region) in &self.accounts {
            arguments.extend([
                "--account".to_owned(),
                format!("{account}={account}@{region}"),
            ]);
        }
        arguments.extend(self.common());
        arguments
    }

    fn resume_arguments(&self) -> Vec<String> {
        let mut arguments = vec!["resume".to_owned(), self.run_id()];
        arguments.extend(self.common());
        arguments
    }

    fn common(&self) -> Vec<String> {
        let mut arguments = vec!["--inputs".to_owned(), self.procedure.inputs_file()];
        arguments.extend(["--config".to_owned(), self.settings.clone()]);
        for gate in &self.gates {
            arguments.extend(["--approve".to_owned(), gate.clone()]);
        }
        arguments
    }

    /// The id of the run that was begun last: one that was killed before its first record lies there
    /// too and is of no use.
    ///
    /// # Panics
    /// When there is none.
    pub fn run_id(&self) -> String {
        let runs = self.bench.state().join("runs");
        let last = std::fs::read_dir(&runs)
            .expect("a run was begun")
            .filter_map(Result::ok)
            .max_by_key(|entry| entry.metadata().and_then(|data| data.modified()).ok());
        let id = last.map(|entry| entry.file_name().to_string_lossy().into_owned());
        id.unwrap_or_else(|| panic!("no run in {}", runs.display()))
    }

    /// Whether a run was begun at all.
    pub fn begun(&self) -> bool {
        let runs = std::fs::read_dir(self.bench.state().join("runs"));
        // The folder of runs is made before the first run in it.
        runs.is_ok_and(|mut runs| runs.next().is_some())
    }

    /// `rutter resume`, with the input secrets at hand again.
    pub async fn resume(&self) -> Ended {
        self.go(self.resume_arguments(), &[]).await
    }

    /// `rutter resume --until STEP`.
    pub async fn resume_until(&self, step: &str) -> Ended {
        self.go(self.resume_arguments(), &["--until", step]).await
    }

    /// `rutter resume` with these flags more.
    pub async fn resume_with(&self, more: &[&str]) -> Ended {
        self.go(self.resume_arguments(), more).await
    }

    /// `rutter undo`.
    pub async fn undo(&self) -> Ended {
        let inputs = self.procedure.inputs_file();
        self.say(&["undo", &self.run_id(), "--yes", "--inputs", &inputs])
            .await
    }

    /// `rutter resolve STEP` by one of its ways.
    pub async fn resolve(&self, step: &str, way: &str) -> Ended {
        self.say(&["resolve", &self.run_id(), step, way, "--why", "a test"])
            .await
    }

    /// `rutter show`.
    pub async fn show(&self) -> Ended {
        self.say(&["show", &self.run_id()]).await
    }

    /// Any command of the binary, with the settings of this stage.
    pub async fn say(&self, words: &[&str]) -> Ended {
        let mut words: Vec<String> = words.iter().map(|&word| word.to_owned()).collect();
        words.extend(["--config".to_owned(), self.settings.clone()]);
        self.command(&words).await
    }
}

/// Copies a folder with all that is in it; links are left out, they lead to what all share.
fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder can be made");
    for entry in std::fs::read_dir(from).expect("a folder can be read") {
        let entry = entry.expect("an entry can be read");
        let (kind, target) = (entry.file_type(), to.join(entry.file_name()));
        let kind = kind.expect("an entry has a type");
        if kind.is_dir() {
            copy_folder(&entry.path(), &target);
        } else if kind.is_file() {
            std::fs::copy(entry.path(), &target).expect("a file can be copied");
        }
    }
    let rights = std::fs::metadata(from).expect("a folder has rights");
    std::fs::set_permissions(to, rights.permissions()).expect("rights can be set");
}

/// The facts of the records that `--json` prints.
pub fn facts(lines: &str) -> Vec<Value> {
    let record = |line: &str| serde_json::from_str::<Value>(line).expect("a record is JSON");
    let records = lines.lines().filter(|line| !line.is_empty()).map(record);
    records.map(|mut record| record["fact"].take()).collect()
}

/// What answers a question beforehand: its step, or the step with each action that a yes lets through.
fn consents(asked: &Value) -> Vec<String> {
    let step = asked["step"].as_str().unwrap_or_default();
    let approval = &asked["approval"];
    let list = |name: &str| approval[name].as_array().cloned().unwrap_or_default();
    let covered = list("covers").into_iter();
    let held = list("changes")
        .into_iter()
        .map(|shown| shown["label"].clone());
    let named: Vec<String> = covered
        .chain(held)
        .filter_map(|action| Some(format!("{step}:{}", action.as_str()?)))
        .collect();
    match named.is_empty() {
        true => vec![step.to_owned()],
        false => named,
    }
}

/// The questions that a message tells to answer, by their steps, with the flags each wants:
/// `rutter approve RUN STEP --question 3 --evidence NAME=…`.
fn questions(ended: &Ended) -> BTreeMap<String, Vec<String>> {
    let mut questions = BTreeMap::new();
    for line in ended.stdout.lines().chain(ended.stderr.lines()) {
        let Some((_, rest)) = line.split_once("rutter approve ") else {
            continue;
        };
        let mut words = rest
            .split_whitespace()
            .map(|word| word.trim_matches(['`', ',', '.', ';', ':']));
        let Some(step) = words.nth(1) else { continue };
        let flags: &mut Vec<String> = questions.entry(step.to_owned()).or_default();
        while let Some(flag) = words.next().filter(|word| word.starts_with("--")) {
            let value = words.next().unwrap_or_default();
            let value = match value.split_once('=') {
                Some((name, _)) => format!("{name}=seen-by-a-test"),
                None => value.to_owned(),
            };
            if !flags.contains(&value) {
                flags.extend([flag.to_owned(), value]);
            }
        }
    }
    questions
}

fn settings(address: &str) -> String {
    let products = ["ram", "sts", "dts", "smc", "ecs", "r-kvstore"];
    let lines: String = products
        .iter()
        .map(|product| format!("{product} = \"http://{address}\"\n"))
        .collect();
    format!("[endpoints]\n{lines}\n[simulation]\ntime_scale = {TIME_SCALE}\n")
}

/// The world's text, with its time running fast enough for a test.
fn fast(mut world: toml::Table) -> String {
    let general = world
        .entry("world")
        .or_insert_with(|| toml::Table::new().into());
    let general = general.as_table_mut().expect("`world` is a table");
    general.insert("time_scale".to_owned(), toml::Value::Float(TIME_SCALE));
    toml::to_string(&world).expect("a table can be written")
}

/// For each account of a world its first usable user's key id and secret.
/// A file of the repository.
fn table(file: &str) -> toml::Table {
    let text = std::fs::read_to_string(Bench::top().join(file));
    toml::from_str(&text.expect("it can be read")).expect("it is TOML")
}

/// The secrets of a file of inputs: its passwords, tokens and codes.
fn given(inputs: &toml::Table) -> Vec<String> {
    let mut found = Vec::new();
    for (name, value) in inputs {
        match value {
            toml::Value::Table(table) => found.extend(given(table)),
            toml::Value::String(text) => {
                let secret = ["password", "token", "secret", "code"];
                if secret.iter().any(|ending| name.ends_with(ending)) {
                    found.push(text.clone());
                }
            }
            _ => {}
        }
    }
    found
}

fn keys(world: &toml::Table) -> BTreeMap<String, (String, String)> {
    let accounts = world["accounts"].as_table().expect("a world has accounts");
    let key = |(name, account): (&String, &toml::Value)| {
        let user = account.get("users")?.get(0)?;
        let text = |name: &str| Some(user.get(name)?.as_str()?.to_owned());
        let pair = (text("access_key_id")?, text("access_key_secret")?);
        Some((name.clone(), pair))
    };
    let mut keys: BTreeMap<_, _> = accounts.iter().filter_map(key).collect();
    // A runbook's two names may be one account of the world.
    let aliases = world.get("aliases").and_then(toml::Value::as_table);
    for (alias, name) in aliases.into_iter().flatten() {
        let held = name.as_str().and_then(|name| keys.get(name)).cloned();
        keys.extend(held.map(|pair| (alias.clone(), pair)));
    }
    keys
}
