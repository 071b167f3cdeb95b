//! The life of a guest: started from the beginning, suspended in host calls, ended or dropped.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rutter_engine::{At, Fault, FaultClass, Input, Phase, Principal, Timestamp, UndoRequest};
use rutter_meaning::Handed;
use rutter_meaning::held::{self, Rule};
use serde_json::Value;
use tokio::sync::mpsc;
use tokio::task::AbortHandle;
use wasmtime::Store;

use super::context::{BoundAccount, Context};
use super::hosts::Hosts;
use super::limits::too_long;
use super::line::{Desk, GuestEvent, Line};
use super::load::LoadedPlugin;
use super::meter::Meter;
use super::pools::PoolPermit;
use super::sandbox::Sandbox;
use super::store::{Guest, store};
use super::told::Told;
use super::{trap, v0_1};
use crate::secrets::Secrets;
use crate::settings::Limits;

/// What a guest is started for.
#[derive(Clone, Debug)]
pub struct GuestJob {
    /// The step, item and attempt. In [`Phase::Undo`] the plugin's `undo` is run.
    pub at: At,
    /// The id of the run.
    pub run_id: String,
    /// How often the item was taken back before: what is made again has tokens of its own.
    pub generation: u32,
    /// The inputs, checked and completed; secrets as placeholders.
    pub inputs: Value,
    /// What to take back, in [`Phase::Undo`].
    pub undo: Option<UndoRequest>,
    /// The client tokens that earlier attempts used up.
    pub spent: BTreeSet<String>,
    /// The accounts, by the plugin's names.
    pub accounts: BTreeMap<String, BoundAccount>,
    /// What it may use up.
    pub limits: Limits,
    /// The hosts that the operator named.
    pub hosts: Hosts,
    /// What no text of the guest's may hold.
    pub secrets: Secrets,
    /// When the attempt began: what `flow.now` says before the first answer.
    pub started: Timestamp,
}

/// A guest under way. Dropping it drops the guest where it stands; nothing more is heard of it then,
/// apart from what it had told before.
#[derive(Debug)]
pub struct GuestHandle {
    desk: Arc<Desk>,
    task: AbortHandle,
}

impl GuestHandle {
    /// Answers the host call number `index`. `time` is the instant of the answer, which `flow.now`
    /// says from here on. Returns whether the guest waited for this answer.
    pub fn answer(&self, index: u32, result: Result<Value, Fault>, time: Timestamp) -> bool {
        self.desk.hand_in(index, result, time)
    }
}

impl Drop for GuestHandle {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Starts a guest as a task of the current runtime: a fresh instance that runs the plugin's `run` or
/// `undo` from the beginning, as soon as there is room for it. Host calls and the end come through `events`.
///
/// # Panics
/// When called outside a tokio runtime.
pub fn start_guest(
    sandbox: &Sandbox,
    plugin: &Arc<LoadedPlugin>,
    job: GuestJob,
    events: mpsc::Sender<GuestEvent>,
) -> GuestHandle {
    let desk = Arc::new(Desk::default());
    // Ten thousand of these wait at once: what they hold is kept small, and moved by its address.
    let life = live(
        sandbox.clone(),
        Arc::clone(plugin),
        Box::new(job),
        events,
        Arc::clone(&desk),
    );
    let task = tokio::spawn(life).abort_handle();
    GuestHandle { desk, task }
}

async fn live(
    sandbox: Sandbox,
    plugin: Arc<LoadedPlugin>,
    job: Box<GuestJob>,
    events: mpsc::Sender<GuestEvent>,
    desk: Arc<Desk>,
) {
    let at = job.at.clone();
    let line = Line::new(
        at.clone(),
        job.limits.clone(),
        job.started,
        events.clone(),
        desk,
    );
    let meter = Arc::new(Meter::new(job.limits.cpu_max_ms));
    let attempt = attempt(&sandbox, &plugin, job, line, Arc::clone(&meter));
    let driven = sandbox.pools().ticker.drive(&meter, attempt).await;
    let result = driven.unwrap_or_else(|| End::Fault(trap::panicked()));
    let result = match result {
        End::Value(value) => Ok(value),
        End::Fault(fault) => Err(fault),
        End::Unheard => return,
    };
    // An error means that the driver is gone: nobody is left to tell.
    let _ = events
        .send(GuestEvent::Input(Input::GuestEnded { at, result }))
        .await;
}

/// How an attempt ended.
enum End {
    Value(Value),
    Fault(Fault),
    /// The driver is gone.
    Unheard,
}

impl From<Result<Value, Fault>> for End {
    fn from(result: Result<Value, Fault>) -> Self {
        match result {
            Ok(value) => Self::Value(value),
            Err(fault) => Self::Fault(fault),
        }
    }
}

async fn attempt(
    sandbox: &Sandbox,
    plugin: &LoadedPlugin,
    job: Box<GuestJob>,
    line: Line,
    meter: Arc<Meter>,
) -> End {
    let permit = sandbox.pools().admit(plugin.is_large()).await;
    let ran = run(sandbox, plugin, job, line, meter, &permit).await;
    // The permit is given back after the instance is gone, not before.
    drop(permit);
    match ran {
        Ok(result) => result.into(),
        Err(error) => trap::fault(&error).map_or(End::Unheard, End::Fault),
    }
}

async fn run(
    sandbox: &Sandbox,
    plugin: &LoadedPlugin,
    job: Box<GuestJob>,
    line: Line,
    meter: Arc<Meter>,
    permit: &PoolPermit,
) -> wasmtime::Result<Result<Value, Fault>> {
    let ready = plugin
        .ready(sandbox.pools(), permit.pool)
        .map_err(wasmtime::Error::msg)?;
    let engine = &sandbox.pools().station(permit.pool)?.engine;
    let GuestJob {
        at,
        run_id,
        generation,
        inputs,
        undo,
        spent,
        accounts,
        limits: _,
        hosts,
        secrets,
        started: _,
    } = *job;
    let handed = Handed::at_start(plugin.manifest(), &inputs, undo.as_ref());
    let inputs = into_text(inputs);
    let context = Context {
        manifest: plugin.shared_manifest(),
        run_id,
        generation,
        accounts,
        hosts,
        line,
        tokens: rutter_meaning::Tokens::after(spent),
        undo: undo.clone().map(Arc::new),
        handed,
        secrets,
        told: Told::default(),
        log_full: false,
    };
    let mut store = store(engine, context, meter);
    let step = ready.instantiate_async(&mut store).await?;
    match at.phase {
        Phase::Run => {
            let result = step.call_run(&mut store, &inputs).await?;
            let bytes_max = store.data().context.line.limits.request_max;
            Ok(result
                .map_err(|fault| ended(&store, fault))
                .and_then(|text| outputs(plugin, &text, bytes_max))
                .map(|outputs| store.data().context.without_secrets(outputs)))
        }
        Phase::Undo => self::undo(&mut store, &step, inputs, undo).await,
    }
}

/// The text of a value, which is not kept.
fn into_text(value: Value) -> String {
    value.to_string()
}

async fn undo(
    store: &mut Store<Guest>,
    step: &v0_1::Step,
    inputs: String,
    request: Option<UndoRequest>,
) -> wasmtime::Result<Result<Value, Fault>> {
    let (changes, outputs) = match request {
        Some(request) => (request.changes, request.outputs),
        None => (Vec::new(), None),
    };
    let accounts = &store.data().context.accounts;
    let changes: Vec<_> = changes
        .into_iter()
        .filter_map(|change| {
            let account = known_as(accounts, change.call.account.as_ref()?);
            v0_1::change(change, account)
        })
        .collect();
    let outputs = outputs.map(into_text);
    let result = step
        .call_undo(&mut *store, &inputs, &changes, outputs.as_ref())
        .await?;
    Ok(result
        .map(|()| Value::Null)
        .map_err(|fault| ended(store, fault)))
}

/// What a guest ended with.
fn ended(store: &Store<Guest>, fault: impl Into<Fault>) -> Fault {
    let context = &store.data().context;
    let plugin = &context.manifest.plugin.name;
    let mut fault = context.told.ended(plugin, fault.into());
    context.secrets.make_fault_inert(&mut fault);
    fault
}

/// The name under which a step knows an account of the runbook, or the ARN of the role it stands for.
fn known_as(accounts: &BTreeMap<String, BoundAccount>, account: &Principal) -> String {
    if let Some(role) = account.role() {
        return role.to_string();
    }
    accounts
        .iter()
        .find(|(_, bound)| bound.principal == *account)
        .map_or_else(|| account.to_string(), |(name, _)| name.clone())
}

/// Checks and completes a step's outputs.
fn outputs(plugin: &LoadedPlugin, text: &str, bytes_max: usize) -> Result<Value, Fault> {
    // What is parsed takes many times the room of its text.
    if text.len() > bytes_max && held::hold(Rule::TextLengths) {
        return Err(too_long(
            "request",
            "the text of its outputs",
            text.len(),
            bytes_max,
        ));
    }
    let wrong = |message: String| {
        Fault::new(FaultClass::Bug, "rutter.outputs", message)
            .advise("this is a bug of the plugin: its outputs are not what its manifest says")
    };
    let value = serde_json::from_str(text)
        .map_err(|error| wrong(format!("the outputs are no JSON: {error}")))?;
    rutter_manifest::check_all(&plugin.manifest().outputs, &value).map_err(|problems| {
        let texts: Vec<String> = problems.iter().map(ToString::to_string).collect();
        wrong(format!("the outputs are wrong: {}", texts.join("; ")))
    })
}
