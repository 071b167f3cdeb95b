//! A run of many steps at once, its simulated cloud, and what is seen of a command that drives it.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};
use tokio::process::Child;
use tokio::task::JoinHandle;

use crate::{Bench, Cloud, waiter};

/// Every fifth call is throttled and every fiftieth fails, half of those after they did what was asked.
const WORLD: &str = r#"
schema = 1

[world]
seed = 11
time_scale = TIME_SCALE

[faults]
throttled = 0.2
failed = 0.01
lost = 0.01

[accounts.owner]
id = "1111111111111111"

[[accounts.owner.users]]
name = "operator"
access_key_id = "LTAI-owner"
access_key_secret = "good-for-nothing"
policies = ["AdministratorAccess"]

[accounts.fleet]
id = "2222222222222222"

[[accounts.fleet.users]]
name = "operator"
access_key_id = "LTAI-fleet"
access_key_secret = "good-for-nothing"
policies = ["AdministratorAccess"]

[[accounts.fleet.roles]]
name = "load"
trust = '{"Version": "1", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"RAM": ["acs:ram::2222222222222222:root"]}}]}'
"#;

/// How much at once.
pub struct Load {
    /// Steps that wait.
    pub waiting: usize,
    /// Steps that change something.
    pub changing: usize,
    /// How many of them at once at most.
    pub at_once: usize,
    /// How long each of the waiting waits before it asks, in the cloud's time.
    pub wait: Duration,
    /// How many times faster than here time passes in the cloud.
    pub time_scale: u32,
}

impl Load {
    fn runbook(&self) -> String {
        let items = |count: usize| {
            let numbers = (0..count).map(|number| number.to_string());
            numbers.collect::<Vec<_>>().join(", ")
        };
        format!(
            r#"
schema = 1

[runbook]
name = "load"
title = "Many steps at once"

[accounts.owner]
help = "where policies are made"

[accounts.fleet]
help = "where it is waited"

[[steps]]
id = "wait"
uses = "./waiter.wasm"
account = "fleet"
needs = []
for_each = [{waits}]
max_parallel = {at_once}

[[steps]]
id = "change"
uses = "create-policy"
account = "owner"
needs = []
for_each = [{changes}]
with.name = "load-{{{{ item }}}}"
with.document = {{ Version = "1", Statement = [{{ Effect = "Allow", Action = "ecs:Describe*", Resource = "*" }}] }}
"#,
            waits = items(self.waiting),
            at_once = self.at_once,
            changes = items(self.changing),
        )
    }
}

/// A command about the run, and what is seen of it.
pub struct Driven {
    child: Child,
    began: Instant,
    seen: Arc<Mutex<Seen>>,
    reading: JoinHandle<String>,
}

/// What a command has told so far.
#[derive(Default)]
struct Seen {
    /// How many records of each kind.
    records: BTreeMap<String, usize>,
    interrupted: Option<Instant>,
    /// The most memory so far, in MiB.
    memory: u64,
}

impl Seen {
    fn note(&mut self, line: &str) {
        let Ok(record) = serde_json::from_str::<Value>(line) else {
            return;
        };
        let kind = record["fact"]["kind"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        if kind == "interrupted" {
            self.interrupted = Some(Instant::now());
        }
        *self.records.entry(kind).or_default() += 1;
    }
}

impl Driven {
    /// Starts a command.
    ///
    /// # Panics
    /// When it cannot be started.
    pub fn start(bench: &Bench, arguments: &[&str]) -> Self {
        let began = Instant::now();
        let mut child = bench.spawn(arguments);
        let seen = Arc::new(Mutex::new(Seen::default()));
        let stdout = child.stdout.take().expect("it is piped");
        let mut stderr = child.stderr.take().expect("it is piped");
        let shared = seen.clone();
        let reading = tokio::spawn(async move {
            let mut said = String::new();
            let telling = async {
                let mut lines = BufReader::new(stdout).lines();
                while let Ok(Some(line)) = lines.next_line().await {
                    lock(&shared).note(&line);
                }
            };
            let saying = stderr.read_to_string(&mut said);
            let ((), _) = tokio::join!(telling, saying);
            said
        });
        Self {
            child,
            began,
            seen,
            reading,
        }
    }

    /// How many records of a kind it has told.
    pub fn seen(&self, kind: &str) -> usize {
        let seen = lock(&self.seen);
        seen.records.get(kind).copied().unwrap_or_default()
    }

    /// Waits until it told of a record of this kind.
    pub async fn until(&self, kind: &str) {
        while self.seen(kind) == 0 {
            tokio::time::sleep(A_MOMENT).await;
        }
    }

    fn look_at_memory(&self) {
        let status = self.child.id().map(|id| format!("/proc/{id}/status"));
        let status = status.and_then(|path| std::fs::read_to_string(path).ok());
        let peak = status.as_deref().and_then(|status| {
            let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
            line.split_whitespace().nth(1)?.parse::<u64>().ok()
        });
        let mut seen = lock(&self.seen);
        seen.memory = seen.memory.max(peak.unwrap_or_default() / 1_024);
    }

    /// Presses Ctrl-C.
    ///
    /// # Panics
    /// When it is over.
    pub fn interrupt(&self) -> Instant {
        let id = self.child.id().expect("it is under way").to_string();
        let pressed = Instant::now();
        let sent = std::process::Command::new("kill")
            .args(["-INT", &id])
            .status();
        assert!(sent.expect("`kill` can be started").success());
        pressed
    }

    /// Waits for its end.
    ///
    /// # Panics
    /// When it cannot be waited for.
    pub async fn end(mut self) -> Figures {
        let code = loop {
            self.look_at_memory();
            if let Some(status) = self.child.try_wait().expect("a child can be waited for") {
                break status.code();
            }
            tokio::time::sleep(A_MOMENT).await;
        };
        let took = self.began.elapsed();
        let said = self.reading.await.expect("what it said can be read");
        let seen = lock(&self.seen);
        Figures {
            code,
            took,
            memory: seen.memory,
            interrupted: seen.interrupted,
            said,
        }
    }
}

/// How a command ended.
pub struct Figures {
    /// Its exit code.
    pub code: Option<i32>,
    /// How long it took.
    pub took: Duration,
    /// The most memory it had, in MiB.
    pub memory: u64,
    /// When it said that it was interrupted.
    pub interrupted: Option<Instant>,
    /// What it said beside the records.
    pub said: String,
}

const A_MOMENT: Duration = Duration::from_millis(20);

fn lock(seen: &Mutex<Seen>) -> std::sync::MutexGuard<'_, Seen> {
    seen.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Where the run is carried out.
pub struct Field {
    /// The program's place.
    pub bench: Bench,
    /// The simulated cloud.
    pub cloud: Cloud,
    runbook: String,
    settings: String,
}

impl Field {
    /// Starts the cloud, and accepts what the runbook's plugins may do.
    ///
    /// # Panics
    /// When it cannot be done.
    pub async fn new(load: &Load) -> Self {
        let mut bench = Bench::default();
        let scale = load.time_scale.to_string();
        let world = WORLD.replace("TIME_SCALE", &scale);
        let world = text(&bench.write("load.world.toml", &world));
        let cloud = Cloud::start(&bench, &world).await;
        let address = cloud.address();
        let products = ["ram", "sts", "ecs", "dts", "smc", "r-kvstore"];
        let endpoints = products.map(|product| format!("{product} = \"http://{address}\"\n"));
        let settings = format!(
            "[endpoints]\n{}[simulation]\ntime_scale = {scale}\n",
            endpoints.concat()
        );
        let settings = text(&bench.write("rutter.toml", &settings));
        for account in ["OWNER", "FLEET"] {
            let id = format!("LTAI-{}", account.to_lowercase());
            bench.set(&format!("RUTTER_PROFILE_{account}_ACCESS_KEY_ID"), id);
            let secret = format!("RUTTER_PROFILE_{account}_ACCESS_KEY_SECRET");
            bench.set(&secret, "good-for-nothing");
        }
        let runbook = text(&bench.write("load.toml", &load.runbook()));
        let wait_ms = u64::try_from(load.wait.as_millis()).expect("a short wait");
        std::fs::write(bench.path().join("waiter.wasm"), waiter(wait_ms)).expect("it is written");
        let locked = bench.run(&["lock", &runbook]).await;
        assert_eq!(locked.code, Some(0), "{}", locked.stderr);
        Self {
            bench,
            cloud,
            runbook,
            settings,
        }
    }

    /// Begins the run.
    pub fn run(&self) -> Driven {
        let (owner, fleet) = ("owner=owner@cn-hangzhou", "fleet=fleet@cn-hangzhou");
        let accounts = ["--account", owner, "--account", fleet];
        let run = ["--json", "run", &self.runbook, "--config", &self.settings];
        Driven::start(&self.bench, &[&run[..], &accounts[..]].concat())
    }

    /// Takes it up again.
    pub fn resume(&self) -> Driven {
        let id = self.run_folder();
        let id = id
            .file_name()
            .map(|name| name.to_string_lossy().into_owned());
        let id = id.expect("a run has a name");
        Driven::start(&self.bench, &["resume", &id, "--config", &self.settings])
    }

    /// Another command about it, that tells records.
    pub fn about(&self, command: &str) -> Driven {
        self.about_with("--json", command)
    }

    /// Another command about it, that tells what it is asked for and nothing else.
    pub fn plainly(&self, command: &str) -> Driven {
        self.about_with("-q", command)
    }

    fn about_with(&self, flag: &str, command: &str) -> Driven {
        let arguments = [flag, command, &self.run_id(), "--config", &self.settings];
        Driven::start(&self.bench, &arguments)
    }

    /// The run's id.
    ///
    /// # Panics
    /// When there is no run.
    pub fn run_id(&self) -> String {
        let folder = self.run_folder();
        let id = folder.file_name().and_then(|name| name.to_str());
        id.expect("a run has a name").to_owned()
    }

    /// The run's folder.
    ///
    /// # Panics
    /// When there is no run.
    pub fn run_folder(&self) -> PathBuf {
        let runs = std::fs::read_dir(self.bench.state().join("runs")).expect("there are runs");
        let mut runs = runs.map(|entry| entry.expect("the folder can be read").path());
        runs.next().expect("there is a run")
    }

    /// The bytes of its files.
    ///
    /// # Panics
    /// When there is no run.
    pub fn journal_bytes(&self) -> u64 {
        let files = std::fs::read_dir(self.run_folder()).expect("there is a run");
        let files = files.filter_map(|entry| entry.ok()?.metadata().ok());
        files.map(|data| data.len()).sum()
    }

    /// Waits until enough is under way to be interrupted in the middle.
    ///
    /// # Panics
    /// When it ends before.
    pub async fn middle(&self, load: &Load, driven: &mut Driven) {
        loop {
            driven.look_at_memory();
            let over = driven.child.try_wait().expect("a child can be waited for");
            assert!(over.is_none(), "it ended before its middle: {over:?}");
            let done = driven.seen("change-done");
            let waits = driven.seen("wait-started") == load.waiting;
            if (waits && done > load.changing / 4) || done > load.changing * 3 / 4 {
                return;
            }
            tokio::time::sleep(A_MOMENT).await;
        }
    }
}

fn text(path: &std::path::Path) -> String {
    path.to_str().expect("a temporary path is text").to_owned()
}
