//! The guests of a run: started, answered, held and dropped as the engine says.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use rutter_engine::{
    At, Call, Fault, FaultClass, HostCall, Input, PluginRef, Principal, Run, Target, Timestamp,
    UndoRequest, Uses,
};
use serde_json::Value;
use tokio::sync::mpsc;

use crate::drive::Wakeup;
use crate::host::{
    BoundAccount, GuestEvent, GuestHandle, GuestJob, Hosts, Limits, Plugin, Sandbox,
};
use crate::secrets::Secrets;

/// How many events of guests wait before a guest has to: one each for all that run at once is enough,
/// since a guest is suspended after its call; progress and log lines share the rest.
const EVENTS_MAX: usize = 4_096;

/// The guests of one run in this process.
pub struct Guests {
    sandbox: Arc<Sandbox>,
    plugins: BTreeMap<String, Arc<Plugin>>,
    limits: Limits,
    hosts: Hosts,
    secrets: Secrets,
    guests: HashMap<At, Guest>,
    /// Guests that execute code, as opposed to waiting for an answer.
    running: usize,
    sender: mpsc::Sender<GuestEvent>,
    events: mpsc::Receiver<GuestEvent>,
}

struct Guest {
    handle: GuestHandle,
    executing: bool,
    /// The call it is suspended in, if it may have to be handed in again.
    asked: Option<Input>,
}

impl Guests {
    /// No guests yet; `plugins` by the digests that the plan names, `hosts` those
    /// that the operator named, `secrets` what no text of theirs may hold.
    pub fn new(
        sandbox: Arc<Sandbox>,
        plugins: BTreeMap<String, Arc<Plugin>>,
        limits: Limits,
        hosts: Hosts,
        secrets: Secrets,
    ) -> Self {
        let (sender, events) = mpsc::channel(EVENTS_MAX);
        Self {
            sandbox,
            plugins,
            limits,
            hosts,
            secrets,
            guests: HashMap::new(),
            running: 0,
            sender,
            events,
        }
    }

    /// Whether any guest executes code.
    pub fn any_running(&self) -> bool {
        self.running > 0
    }

    /// Starts a guest. What comes of it arrives as events.
    pub fn start(
        &mut self,
        at: At,
        inputs: Value,
        undo: Option<Box<UndoRequest>>,
        now: Timestamp,
        run: &Run,
    ) -> Result<(), Box<Input>> {
        let job = match self.job(&at, inputs, undo, now, run) {
            Ok(job) => job,
            Err(fault) => {
                return Err(Box::new(Input::GuestEnded {
                    at,
                    result: Err(fault),
                }));
            }
        };
        let (plugin, job) = job;
        let handle = crate::host::start_guest(&self.sandbox, &plugin, job, self.sender.clone());
        self.guests.insert(
            at,
            Guest {
                handle,
                executing: true,
                asked: None,
            },
        );
        self.running += 1;
        Ok(())
    }

    fn job(
        &self,
        at: &At,
        inputs: Value,
        undo: Option<Box<UndoRequest>>,
        now: Timestamp,
        run: &Run,
    ) -> Result<(Arc<Plugin>, GuestJob), Fault> {
        let plan = run.plan();
        let missing = || {
            Fault::new(
                FaultClass::Bug,
                "rutter.plugin-missing",
                format!("the component of step `{}` is not at hand", at.step),
            )
        };
        let step = run.planned(&at.step).ok_or_else(missing)?;
        let Uses::Plugin(PluginRef { digest, .. }) = &step.uses else {
            return Err(missing());
        };
        let plugin = self.plugins.get(digest).cloned().ok_or_else(missing)?;
        let bound = step.accounts.iter().filter_map(|(name, account)| {
            let region = plan.accounts.get(account)?.region.clone();
            let id = run.identity(account)?.id.clone();
            let bound = Principal::new(account).map(|principal| BoundAccount {
                principal,
                id,
                region,
            });
            Some(bound.map(|bound| (name.clone(), bound)))
        });
        let job = GuestJob {
            at: at.clone(),
            run_id: run.id().to_owned(),
            generation: run.generation(at),
            spent: run.done_before(at).filter_map(client_token).collect(),
            inputs,
            undo: undo.map(|undo| *undo),
            accounts: bound.collect::<Result<_, _>>()?,
            limits: self.limits.clone(),
            hosts: self.hosts.clone(),
            secrets: self.secrets.clone(),
            started: now,
        };
        Ok((plugin, job))
    }

    /// Answers the call a guest is suspended in.
    pub fn answer(&mut self, at: &At, index: u32, answer: Result<Value, Fault>, time: Timestamp) {
        if let Some(guest) = self.guests.get_mut(at) {
            guest.asked = None;
            self.running += usize::from(!guest.executing);
            guest.executing = true;
            guest.handle.answer(index, answer, time);
        }
    }

    /// The call of a held guest, to be handed in again.
    pub fn release(&self, at: &At) -> Option<Input> {
        self.guests.get(at).and_then(|guest| guest.asked.clone())
    }

    /// Drops a guest where it stands.
    pub fn drop_guest(&mut self, at: &At) {
        if let Some(guest) = self.guests.remove(at) {
            self.running -= usize::from(guest.executing);
        }
    }

    /// The next event of any guest. Cancel safe.
    pub async fn next(&mut self) -> Wakeup {
        loop {
            let event = self
                .events
                .recv()
                .await
                .expect("a sender is kept beside the receiver");
            if let Some(wakeup) = self.take(event) {
                return wakeup;
            }
        }
    }

    /// An event that waits already.
    pub fn try_next(&mut self) -> Option<Wakeup> {
        loop {
            let event = self.events.try_recv().ok()?;
            if let Some(wakeup) = self.take(event) {
                return Some(wakeup);
            }
        }
    }

    /// Keeps count; drops what a guest said that is gone.
    fn take(&mut self, event: GuestEvent) -> Option<Wakeup> {
        match event {
            GuestEvent::Input(input) => {
                let (at, ended) = match &input {
                    Input::GuestCalled { at, .. } => (at.clone(), false),
                    Input::GuestEnded { at, .. } => (at.clone(), true),
                    _ => return Some(Wakeup::Inputs(vec![input])),
                };
                let guest = self.guests.get_mut(&at)?;
                self.running -= usize::from(guest.executing);
                guest.executing = false;
                guest.asked = may_be_held(&input).then(|| input.clone());
                if ended {
                    self.guests.remove(&at);
                }
                Some(Wakeup::Inputs(vec![input]))
            }
            GuestEvent::Progress {
                at,
                done,
                total,
                message,
            } => Some(Wakeup::Progress {
                at,
                done,
                total,
                message,
            }),
            GuestEvent::Log { at, level, message } => Some(Wakeup::Log { at, level, message }),
        }
    }
}

/// Only a change that asks a person is ever held.
fn may_be_held(input: &Input) -> bool {
    let Input::GuestCalled { call, .. } = input else {
        return false;
    };
    matches!(&**call, HostCall::Call { call, .. } if call.ask.is_some())
}

/// The client token that a call was sent with.
fn client_token(call: &Call) -> Option<String> {
    let Target::Api(api) = &call.target else {
        return None;
    };
    let action = rutter_contracts::action(&api.product, &api.action)?;
    let parameter = action.token_parameter.as_deref()?;
    Some(api.parameters.get(parameter)?.as_str()?.to_owned())
}
