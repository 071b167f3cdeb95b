//! A runbook with its example inputs and world, carried out over HTTP.

use std::path::Path;

use tokio::process::Child;

use crate::{Bench, Cloud, Ended, Proxy};

/// How many times faster time passes: hours of waiting in a second or two.
const TIME_SCALE: f64 = 10_000.0;

/// A runbook of the repository.
#[derive(Clone, Copy, Debug)]
pub struct Procedure {
    /// The file's name without `.toml`.
    pub name: &'static str,
    /// Its accounts and the region each is bound to.
    pub accounts: &'static [(&'static str, &'static str)],
    /// The steps that ask a person.
    pub gates: &'static [&'static str],
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
    settings: String,
}

impl Procedure {
    fn file(self, ending: &str) -> String {
        format!("runbooks/{}{ending}", self.name)
    }

    /// Starts a cloud with the procedure's world, and a proxy before it.
    pub async fn stage(self) -> Stage {
        let mut bench = Bench::default();
        let world = fast_world(&bench, &self.file(".world.toml"));
        let cloud = Cloud::start(&bench, &world).await;
        let proxy = Proxy::start(cloud.address()).await;
        let settings = settings(proxy.address());
        let settings = bench.write("rutter.toml", &settings);
        let settings = settings
            .to_str()
            .expect("a temporary path is text")
            .to_owned();
        for (profile, id, secret) in keys(&Bench::top().join(self.file(".world.toml")), self) {
            let variable = |part: &str| {
                format!(
                    "RUTTER_PROFILE_{}_{part}",
                    profile.to_uppercase().replace('-', "_")
                )
            };
            bench.set(&variable("ACCESS_KEY_ID"), id);
            bench.set(&variable("ACCESS_KEY_SECRET"), secret);
        }
        Stage {
            bench,
            cloud,
            proxy,
            procedure: self,
            settings,
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

    /// `rutter run` with every gate approved beforehand, to its end.
    pub async fn run(&self) -> Ended {
        let arguments = self.run_arguments();
        self.bench
            .run(&arguments.iter().map(String::as_str).collect::<Vec<_>>())
            .await
    }

    fn run_arguments(&self) -> Vec<String> {
        let mut arguments = vec!["run".to_owned(), self.procedure.file(".toml")];
        arguments.extend(["--inputs".to_owned(), self.procedure.file(".inputs.toml")]);
        for (account, region) in self.procedure.accounts {
            arguments.extend([
                "--account".to_owned(),
                format!("{account}={account}@{region}"),
            ]);
        }
        arguments.extend(self.common());
        arguments
    }

    fn common(&self) -> Vec<String> {
        let mut arguments = vec!["--config".to_owned(), self.settings.clone()];
        for gate in self.procedure.gates {
            arguments.extend(["--approve".to_owned(), (*gate).to_owned()]);
        }
        arguments
    }

    /// The id of the only run.
    ///
    /// # Panics
    /// When there is none, or more than one.
    pub fn run_id(&self) -> String {
        let runs = self.bench.path().join("state/rutter/runs");
        let mut ids: Vec<_> = std::fs::read_dir(&runs)
            .expect("a run was begun")
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .collect();
        assert_eq!(ids.len(), 1, "one run in {}", runs.display());
        ids.remove(0)
    }

    /// Whether a run was begun at all.
    pub fn begun(&self) -> bool {
        self.bench.path().join("state/rutter/runs").exists()
    }

    /// `rutter resume`, with the input secrets at hand again.
    pub async fn resume(&self) -> Ended {
        let mut arguments = vec!["resume".to_owned(), self.run_id()];
        arguments.extend(["--inputs".to_owned(), self.procedure.file(".inputs.toml")]);
        arguments.extend(self.common());
        self.bench
            .run(&arguments.iter().map(String::as_str).collect::<Vec<_>>())
            .await
    }

    /// `rutter undo`.
    pub async fn undo(&self) -> Ended {
        let run = self.run_id();
        let inputs = self.procedure.file(".inputs.toml");
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

fn settings(address: &str) -> String {
    let products = ["ram", "sts", "dts", "smc", "ecs", "r-kvstore"];
    let lines: String = products
        .iter()
        .map(|product| format!("{product} = \"http://{address}\"\n"))
        .collect();
    format!("[endpoints]\n{lines}\n[simulation]\ntime_scale = {TIME_SCALE}\n")
}

/// The world with its time running fast enough for a test.
fn fast_world(bench: &Bench, file: &str) -> String {
    let text = std::fs::read_to_string(Bench::top().join(file)).expect("the world can be read");
    let mut world: toml::Table = toml::from_str(&text).expect("the world is TOML");
    let general = world
        .entry("world")
        .or_insert_with(|| toml::Table::new().into());
    let general = general.as_table_mut().expect("`world` is a table");
    general.insert("time_scale".to_owned(), toml::Value::Float(TIME_SCALE));
    let text = toml::to_string(&world).expect("a table can be written");
    let path = bench.write("world.toml", &text);
    path.to_str().expect("a temporary path is text").to_owned()
}

/// For each account its first usable user: `(account, key id, key secret)`.
fn keys(world: &Path, procedure: Procedure) -> Vec<(String, String, String)> {
    let text = std::fs::read_to_string(world).expect("the world can be read");
    let world: toml::Table = toml::from_str(&text).expect("the world is TOML");
    let key = |(account, _): &(&str, &str)| {
        let user = &world["accounts"][*account]["users"][0];
        let text = |name: &str| user[name].as_str().expect("a user has a key").to_owned();
        (
            (*account).to_owned(),
            text("access_key_id"),
            text("access_key_secret"),
        )
    };
    procedure.accounts.iter().map(key).collect()
}
