//! A runbook with its example inputs and world: as a rehearsal shows it, and carried out over HTTP.

use std::collections::BTreeMap;

use serde_json::Value;
use tokio::process::Child;

use crate::{Bench, Cloud, Ended, Proxy};

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
#[derive(Clone, Debug)]
pub struct Rehearsed {
    procedure: Procedure,
    /// The accounts and the region each is bound to.
    accounts: Vec<(String, String)>,
    /// The steps that ask a person, in the order in which they ask.
    pub gates: Vec<String>,
    /// The steps that were done, in the order in which they ended.
    pub steps: Vec<String>,
    /// How many changes were made.
    pub changes: usize,
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
    accounts: Vec<(String, String)>,
    gates: Vec<String>,
    settings: String,
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
        Rehearsed {
            procedure: self,
            accounts: accounts
                .expect("a plan has accounts")
                .iter()
                .map(|(name, account)| (name.clone(), region(account)))
                .collect(),
            gates: of_kind("approval-asked").map(step).collect(),
            steps: of_kind("step-ended")
                .filter(|fact| fact["end"].get("done").is_some())
                .map(step)
                .collect(),
            changes: of_kind("change-done").count(),
        }
    }
}

impl Rehearsed {
    /// Starts a cloud with the procedure's world, and a proxy before it.
    pub async fn stage(&self) -> Stage {
        let mut bench = Bench::default();
        let text = std::fs::read_to_string(Bench::top().join(self.procedure.world_file()));
        let world: toml::Table =
            toml::from_str(&text.expect("the world can be read")).expect("the world is TOML");
        let cloud = Cloud::start(&bench, &fast_world(&bench, world.clone())).await;
        let proxy = Proxy::start(cloud.address()).await;
        let settings = bench.write("rutter.toml", &settings(proxy.address()));
        for (account, (id, secret)) in keys(&world) {
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
    /// `rutter run` with every gate approved beforehand, started.
    pub fn start(&self) -> Child {
        let arguments = self.run_arguments();
        self.bench
            .spawn(&arguments.iter().map(String::as_str).collect::<Vec<_>>())
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
            for (step, evidence) in asked {
                let mut approve = vec!["approve".to_owned(), self.run_id(), step];
                for name in evidence {
                    approve.extend(["--evidence".to_owned(), format!("{name}=seen-by-a-test")]);
                }
                approve.extend(["--config".to_owned(), self.settings.clone()]);
                let said = self.command(&approve).await;
                assert_eq!(said.code, Some(0), "{approve:?}: {}", said.stderr);
            }
            arguments = self.resume_arguments();
        }
        panic!("{:?} asks without end", self.procedure)
    }

    async fn command(&self, arguments: &[String]) -> Ended {
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        self.bench.run(&arguments).await
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
        let runs = self.bench.path().join("state/rutter/runs");
        let last = std::fs::read_dir(&runs)
            .expect("a run was begun")
            .filter_map(Result::ok)
            .max_by_key(|entry| entry.metadata().and_then(|data| data.modified()).ok());
        let id = last.map(|entry| entry.file_name().to_string_lossy().into_owned());
        id.unwrap_or_else(|| panic!("no run in {}", runs.display()))
    }

    /// Whether a run was begun at all.
    pub fn begun(&self) -> bool {
        self.bench.path().join("state/rutter/runs").exists()
    }

    /// `rutter resume`, with the input secrets at hand again.
    pub async fn resume(&self) -> Ended {
        self.go(self.resume_arguments(), &[]).await
    }

    /// `rutter resume` with these flags more.
    pub async fn resume_with(&self, more: &[&str]) -> Ended {
        self.go(self.resume_arguments(), more).await
    }

    /// `rutter undo`.
    pub async fn undo(&self) -> Ended {
        let run = self.run_id();
        let inputs = self.procedure.inputs_file();
        let settings = &self.settings;
        self.bench
            .run(&[
                "undo", &run, "--yes", "--inputs", &inputs, "--config", settings,
            ])
            .await
    }

    /// `rutter resolve STEP` by one of its ways.
    pub async fn resolve(&self, step: &str, way: &str) -> Ended {
        let run = self.run_id();
        let settings = &self.settings;
        self.bench
            .run(&[
                "resolve", &run, step, way, "--why", "a test", "--config", settings,
            ])
            .await
    }
}

/// The facts of the records that `--json` prints.
pub fn facts(lines: &str) -> Vec<Value> {
    let record = |line: &str| serde_json::from_str::<Value>(line).expect("a record is JSON");
    let records = lines.lines().filter(|line| !line.is_empty()).map(record);
    records.map(|mut record| record["fact"].take()).collect()
}

/// The questions that a message tells to answer, with the evidence each wants:
/// `rutter approve RUN STEP --evidence NAME=…`.
fn questions(ended: &Ended) -> BTreeMap<String, Vec<String>> {
    let mut questions = BTreeMap::new();
    for line in ended.stdout.lines().chain(ended.stderr.lines()) {
        let Some((_, rest)) = line.split_once("rutter approve ") else {
            continue;
        };
        let mut words = rest
            .split_whitespace()
            .map(|word| word.trim_matches(['`', ',', '.', ';']));
        let Some(step) = words.nth(1) else { continue };
        let names = words
            .filter_map(|word| Some(word.split_once('=')?.0.to_owned()))
            .collect::<Vec<_>>();
        let known: &mut Vec<String> = questions.entry(step.to_owned()).or_default();
        if known.is_empty() {
            *known = names;
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

/// The world with its time running fast enough for a test.
fn fast_world(bench: &Bench, mut world: toml::Table) -> String {
    let general = world
        .entry("world")
        .or_insert_with(|| toml::Table::new().into());
    let general = general.as_table_mut().expect("`world` is a table");
    general.insert("time_scale".to_owned(), toml::Value::Float(TIME_SCALE));
    let text = toml::to_string(&world).expect("a table can be written");
    let path = bench.write("world.toml", &text);
    path.to_str().expect("a temporary path is text").to_owned()
}

/// For each account of a world its first usable user's key id and secret.
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
