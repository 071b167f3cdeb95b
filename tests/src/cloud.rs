//! The simulated cloud on a loopback port of its choice: as a process of its own, or in the test's.

use std::time::Duration;

use rutter_simcloud::server::{self, Options, ServeError};
use rutter_simcloud::{Request, Summary, World};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::process::Child;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::command::Bench;

/// A simulated cloud that is served; stopped when it is dropped.
pub struct Cloud {
    address: String,
    client: reqwest::Client,
    server: Server,
}

/// Who serves it.
enum Server {
    /// `rutter simulate`.
    Process { _child: Child },
    /// A task here.
    Task {
        stop: oneshot::Sender<()>,
        task: JoinHandle<Result<World, ServeError>>,
    },
}

/// A world at rest, from which any number of clouds can go on.
#[derive(Clone)]
pub struct Paused {
    world: World,
    now_ms: Option<i64>,
}

impl Cloud {
    /// Starts the simulated cloud with a world file.
    pub async fn start(bench: &Bench, world: &str) -> Self {
        let port_file = bench.path().join(format!("port-{}", fresh()));
        let port_file = port_file.to_str().expect("a temporary path is text");
        let process = bench.spawn(&[
            "simulate",
            "--world",
            world,
            "--listen",
            "127.0.0.1:0",
            "--limit",
            "30m",
            "--port-file",
            port_file,
        ]);
        let port = wait_for_file(port_file).await;
        let address = format!("127.0.0.1:{}", port.trim());
        Self {
            address,
            client: client(),
            server: Server::Process { _child: process },
        }
    }

    /// Serves a world here.
    pub async fn serve(paused: Paused) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener
            .local_addr()
            .expect("a bound port has an address")
            .to_string();
        let options = Options {
            start_ms: paused.now_ms,
            ..Options::default()
        };
        let (stop, stopped) = oneshot::channel();
        let until = async move {
            // A test that drops the cloud stops it, too.
            let _ = stopped.await;
        };
        let task = tokio::spawn(server::serve(paused.world, listener, options, until));
        Self {
            address,
            client: client(),
            server: Server::Task { stop, task },
        }
    }

    /// Stops a cloud that is served here.
    ///
    /// # Panics
    /// When it is a process of its own, whose world nobody else can have.
    pub async fn pause(self) -> Paused {
        let now_ms = self.get("/-/time").await["now_ms"].as_i64();
        drop(self.client);
        let Server::Task { stop, task } = self.server else {
            panic!("the world of another process cannot be had")
        };
        let _ = stop.send(());
        let world = task.await.expect("the simulator ends");
        Paused {
            world: world.expect("the simulator was served"),
            now_ms,
        }
    }

    /// `127.0.0.1:PORT`.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The resources of all accounts.
    pub async fn state(&self) -> Value {
        self.get("/-/state").await
    }

    /// The resources of all accounts, to be compared.
    pub async fn summary(&self) -> Summary {
        serde_json::from_value(self.state().await).expect("the simulator answers with a summary")
    }

    /// Every accepted call that changed something, as `(account, action, digest of parameters)`.
    pub async fn changes(&self) -> Vec<(String, String, String)> {
        let answer = self.get("/-/changes").await;
        let list = answer.get("changes").unwrap_or(&answer);
        let text =
            |change: &Value, name: &str| change[name].as_str().unwrap_or_default().to_owned();
        let changes = list.as_array().expect("the simulator lists its changes");
        let entry = |change| {
            (
                text(change, "account_id"),
                text(change, "action"),
                text(change, "parameters"),
            )
        };
        changes.iter().map(entry).collect()
    }

    /// The actions of all calls that were answered without an error, `RAM:CreateRole`.
    pub async fn answered(&self) -> Vec<String> {
        let calls = self.calls().await;
        let good = calls
            .into_iter()
            .filter(|call| call["status"] == 200 && call.get("code").is_none());
        good.filter_map(|call| call["action"].as_str().map(str::to_owned))
            .collect()
    }

    /// All calls, oldest first.
    pub async fn calls(&self) -> Vec<Value> {
        let answer = self.get("/-/calls").await;
        answer["calls"].as_array().cloned().unwrap_or_default()
    }

    /// What the world's clock shows, in milliseconds since the epoch.
    pub async fn now_ms(&self) -> i64 {
        let time = self.get("/-/time").await;
        time["now_ms"].as_i64().expect("the clock shows something")
    }

    async fn get(&self, path: &str) -> Value {
        let url = format!("http://{}{path}", self.address);
        let answer = self
            .client
            .get(url)
            .send()
            .await
            .expect("the simulator answers");
        let text = answer
            .text()
            .await
            .expect("the simulator answers to the end");
        serde_json::from_str(&text).expect("the simulator answers JSON")
    }
}

impl Paused {
    /// A world as its file describes it.
    ///
    /// # Panics
    /// When the file is wrong.
    pub fn from_toml(text: &str) -> Self {
        let world = World::from_toml(text, "world.toml");
        Self {
            world: world.unwrap_or_else(|error| panic!("the world is sound: {error}")),
            now_ms: None,
        }
    }

    /// Makes a call as somebody who is no run of ours. The answer's status and body.
    pub fn call(&mut self, request: &Request) -> (u16, Value) {
        let now_ms = self.now_ms.unwrap_or_else(|| self.world.start_ms());
        let seed = self.world.seed();
        let answer = self.world.handle(now_ms, seed, request);
        (answer.status, answer.body)
    }
}

/// A client without proxies, for loopback only.
///
/// # Panics
/// When no client can be made.
pub fn client() -> reqwest::Client {
    // A second installation in the same process is an error that means "already there".
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder()
        .no_proxy()
        .timeout(Duration::from_secs(60));
    client.build().expect("a client can be made")
}

fn fresh() -> u64 {
    use std::sync::atomic::{AtomicU64, Ordering};
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

async fn wait_for_file(path: &str) -> String {
    for _ in 0..600 {
        if let Ok(text) = tokio::fs::read_to_string(path).await
            && text.ends_with('\n')
        {
            return text;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the simulator did not start within 30 seconds")
}
