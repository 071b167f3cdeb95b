//! What guests cost: `cargo run --example bench_host [plugin.wasm inputs.json]`.
//!
//! Prints the price of a start beside that of a bare instance of the same component, because absolute
//! times drift on shared machines, and what ten thousand suspended guests hold on to. A plugin given
//! as an argument has to make a host call with these inputs; the first it makes is answered with a
//! fault, which should end it.

#[path = "../src/host/fixture.rs"]
mod fixture;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rutter::host::{
    BoundAccount, GuestEvent, GuestHandle, GuestJob, Hosts, LoadedPlugin, Sandbox, SandboxSettings,
    start_guest,
};
use rutter::settings::Limits;
use rutter_engine::{At, Fault, FaultClass, Input, Phase, Principal, Timestamp};
use rutter_plugin::{Origin, Plugin};
use serde_json::{Value, json};
use tokio::sync::mpsc;

const STARTS: usize = 5_000;
const SUSPENDED: usize = 10_000;

fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let bytes = match arguments.next() {
        Some(path) => std::fs::read(path)?,
        None => fixture::plugin("(call $pause) (call $ok)"),
    };
    let inputs: Value = match arguments.next() {
        Some(path) => serde_json::from_str(&std::fs::read_to_string(path)?)?,
        None => json!({}),
    };
    say(format_args!("component: {} bytes", bytes.len()));
    let plugin = Plugin::new("measured.wasm".into(), bytes, Origin::Other)?;
    loading(&plugin)?;
    for threads in [1, 2] {
        let mut builder = if threads == 1 {
            tokio::runtime::Builder::new_current_thread()
        } else {
            tokio::runtime::Builder::new_multi_thread()
        };
        let runtime = builder.worker_threads(threads).enable_all().build()?;
        runtime.block_on(starts(&plugin, &inputs, threads))?;
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(suspended(&plugin, &inputs))
}

/// Compiling, then loading from the cache in a sandbox of its own.
fn loading(plugin: &Plugin) -> anyhow::Result<()> {
    let folder = std::env::temp_dir().join(format!("rutter-bench-{}", std::process::id()));
    let settings = SandboxSettings {
        cache_dir: Some(folder.clone()),
        ..SandboxSettings::default()
    };
    for state in ["cold", "warm"] {
        let began = Instant::now();
        let sandbox = Sandbox::new(&settings)?;
        let set_up = began.elapsed();
        sandbox.load(plugin)?;
        let loaded = began.elapsed().saturating_sub(set_up);
        let compiled = sandbox.compiled();
        say(format_args!(
            "{state}: sandbox {set_up:?}, load {loaded:?}, compiled {compiled}"
        ));
    }
    std::fs::remove_dir_all(folder)?;
    Ok(())
}

/// Starts one after the other, each with one host call, beside bare instances.
async fn starts(read: &Plugin, inputs: &Value, threads: usize) -> anyhow::Result<()> {
    let sandbox = Sandbox::new(&SandboxSettings::default())?;
    let plugin = sandbox.load(read)?;
    let bare = Bare::new(&read.bytes)?;
    let (mut ours, mut theirs) = (Duration::ZERO, Duration::ZERO);
    for _ in 0..STARTS / 100 {
        let began = Instant::now();
        for _ in 0..100 {
            bare.instantiate().await?;
        }
        theirs += began.elapsed();
        let began = Instant::now();
        for _ in 0..100 {
            one(&sandbox, &plugin, inputs).await?;
        }
        ours += began.elapsed();
    }
    let per = |total: Duration| total / u32::try_from(STARTS).unwrap_or(u32::MAX);
    say(format_args!(
        "{threads} thread(s): start, one call, end {:?}; bare instance {:?}; ratio {:.2}",
        per(ours),
        per(theirs),
        ours.as_secs_f64() / theirs.as_secs_f64()
    ));
    let began = Instant::now();
    let (sender, mut events) = mpsc::channel(STARTS);
    let guests = start_all(&sandbox, &plugin, inputs, 1_000, &sender)?;
    answer_all(&guests, &mut events, 2_000).await;
    say(format_args!(
        "{threads} thread(s): a thousand at once, {:?} each",
        began.elapsed() / 1_000
    ));
    Ok(())
}

async fn one(sandbox: &Sandbox, plugin: &Arc<LoadedPlugin>, inputs: &Value) -> anyhow::Result<()> {
    let (sender, mut events) = mpsc::channel(1);
    let guests = start_all(sandbox, plugin, inputs, 1, &sender)?;
    answer_all(&guests, &mut events, 2).await;
    Ok(())
}

/// What many suspended guests hold on to.
async fn suspended(read: &Plugin, inputs: &Value) -> anyhow::Result<()> {
    let sandbox = Sandbox::new(&SandboxSettings::default())?;
    let plugin = sandbox.load(read)?;
    one(&sandbox, &plugin, inputs).await?;
    let (sender, mut events) = mpsc::channel(SUSPENDED);
    let before = (resident()?, mappings()?);
    let began = Instant::now();
    let guests = start_all(&sandbox, &plugin, inputs, SUSPENDED, &sender)?;
    let mut calls = Vec::new();
    while calls.len() < SUSPENDED {
        calls.extend(events.recv().await);
    }
    let took = began.elapsed();
    let after = (resident()?, mappings()?);
    let apiece = |total: usize| total as f64 / SUSPENDED as f64;
    say(format_args!(
        "{SUSPENDED} suspended: {:.1} KiB and {:.1} mappings each, {:?} each to get there",
        apiece(after.0.saturating_sub(before.0)) / 1024.0,
        apiece(after.1.saturating_sub(before.1)),
        took / u32::try_from(SUSPENDED)?
    ));
    let began = Instant::now();
    for event in calls {
        answer(&guests, event);
    }
    answer_all(&guests, &mut events, SUSPENDED).await;
    say(format_args!(
        "answered and ended in {:?} each",
        began.elapsed() / u32::try_from(SUSPENDED)?
    ));
    Ok(())
}

fn start_all(
    sandbox: &Sandbox,
    plugin: &Arc<LoadedPlugin>,
    inputs: &Value,
    count: usize,
    events: &mpsc::Sender<GuestEvent>,
) -> anyhow::Result<Vec<GuestHandle>> {
    let account = BoundAccount {
        principal: Principal::new("source")?,
        id: "1234567890123456".to_owned(),
        region: "cn-hangzhou".to_owned(),
    };
    let accounts = BTreeMap::from([("account".to_owned(), account)]);
    let secrets = rutter::secrets::Secrets::new("run", None)?;
    let guests = (0..count)
        .map(|item| {
            let at = At {
                step: "step".into(),
                item: Some(item.to_string().into()),
                attempt: 1,
                phase: Phase::Run,
            };
            let job = GuestJob {
                at,
                generation: 0,
                run_id: "run".to_owned(),
                inputs: inputs.clone(),
                undo: None,
                spent: std::collections::BTreeSet::new(),
                accounts: accounts.clone(),
                limits: Limits::default(),
                hosts: Hosts::default(),
                secrets: secrets.clone(),
                started: Timestamp(0),
            };
            start_guest(sandbox, plugin, job, events.clone())
        })
        .collect();
    Ok(guests)
}

/// Answers host calls until so many inputs have come.
async fn answer_all(
    guests: &[GuestHandle],
    events: &mut mpsc::Receiver<GuestEvent>,
    inputs: usize,
) {
    for _ in 0..inputs {
        if let Some(event) = events.recv().await {
            answer(guests, event);
        }
    }
}

fn answer(guests: &[GuestHandle], event: GuestEvent) {
    let GuestEvent::Input(Input::GuestCalled { at, index, .. }) = event else {
        return;
    };
    let item = at
        .item
        .and_then(|item| item.parse().ok())
        .unwrap_or(0_usize);
    if let Some(guest) = guests.get(item) {
        let fault = Fault::new(FaultClass::Fail, "bench", "the measurement ends here");
        guest.answer(index, Err(fault), Timestamp(1));
    }
}

/// The same component without a host around it: what the engine alone takes for an instance.
struct Bare {
    engine: wasmtime::Engine,
    ready: wasmtime::component::InstancePre<()>,
}

impl Bare {
    fn new(bytes: &[u8]) -> anyhow::Result<Self> {
        let mut config = wasmtime::Config::new();
        config
            .memory_init_cow(false)
            .concurrency_support(false)
            .allocation_strategy(wasmtime::PoolingAllocationConfig::new());
        let engine = wasmtime::Engine::new(&config)?;
        let component = wasmtime::component::Component::new(&engine, bytes)?;
        let mut linker = wasmtime::component::Linker::new(&engine);
        linker.define_unknown_imports_as_traps(&component)?;
        let ready = linker.instantiate_pre(&component)?;
        Ok(Self { engine, ready })
    }

    async fn instantiate(&self) -> anyhow::Result<()> {
        let mut store = wasmtime::Store::new(&self.engine, ());
        self.ready.instantiate_async(&mut store).await?;
        Ok(())
    }
}

/// Bytes of memory that the process holds.
fn resident() -> anyhow::Result<usize> {
    let text = std::fs::read_to_string("/proc/self/statm")?;
    let pages: usize = text.split(' ').nth(1).unwrap_or("0").parse()?;
    Ok(pages * 4096)
}

fn mappings() -> anyhow::Result<usize> {
    Ok(std::fs::read_to_string("/proc/self/maps")?.lines().count())
}

#[expect(clippy::print_stdout, reason = "a measurement is for reading")]
fn say(line: std::fmt::Arguments<'_>) {
    println!("{line}");
}
