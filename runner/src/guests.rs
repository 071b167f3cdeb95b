//! The guests of a run: started, answered, held and dropped as the engine says.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;

use rutter_engine::{
    At, Call, Fault, FaultClass, HostCall, Input, PluginRef, Principal, Run, Target, Timestamp,
    UndoRequest, Uses,
};
use serde_json::Value;
use tokio::sync::mpsc;

use crate::drive::Wakeup;
use crate::host::{BoundAccount, GuestEvent, GuestHandle, GuestJob, Hosts, LoadedPlugin, Sandbox};
use crate::secrets::Secrets;
use crate::settings::Limits;

/// How many events of guests wait before a guest has to: one each for all that run at once is enough,
/// since a guest is suspended after its call; progress and log lines share the rest.
const EVENTS_MAX: usize = 4_096;

/// The guests of one run in this process.
pub struct Guests {
    sandbox: Arc<Sandbox>,
    plugins: BTreeMap<String, Arc<LoadedPlugin>>,
    limits: Limits,
    hosts: Hosts,
    secrets: Secrets,
    guests: HashMap<At, Guest>,
    /// Those for which there is no room yet, of pooled and of large components; they are not under way.
    backlog: [VecDeque<(Arc<LoadedPlugin>, GuestJob)>; 2],
    /// How many of each kind are under way.
    under_way: [usize; 2],
    /// Guests that execute code, as opposed to waiting for an answer.
    running: usize,
    sender: mpsc::Sender<GuestEvent>,
    events: mpsc::Receiver<GuestEvent>,
}

struct Guest {
    handle: GuestHandle,
    executing: bool,
    large: bool,
    /// The call it is suspended in, if it may have to be handed in again.
    asked: Option<Input>,
}

impl Guests {
    /// No guests yet; `plugins` by the digests that the plan names, `hosts` those
    /// that the operator named, `secrets` what no text of theirs may hold.
    pub fn new(
        sandbox: Arc<Sandbox>,
        plugins: BTreeMap<String, Arc<LoadedPlugin>>,
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
            backlog: Default::default(),
            under_way: [0; 2],
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
        self.enter(plugin, job);
        Ok(())
    }

    /// Begins a guest if there is room for it; otherwise it is not under way, so that nobody waits for it who waits
    /// for all that are.
    fn enter(&mut self, plugin: Arc<LoadedPlugin>, job: GuestJob) {
        let kind = usize::from(plugin.is_large());
        if self.under_way[kind] < self.sandbox.places(plugin.is_large()) {
            self.begin(&plugin, job);
        } else {
            self.backlog[kind].push_back((plugin, job));
        }
    }

    fn begin(&mut self, plugin: &Arc<LoadedPlugin>, job: GuestJob) {
        let at = job.at.clone();
        let handle = crate::host::start_guest(&self.sandbox, plugin, job, self.sender.clone());
        let large = plugin.is_large();
        self.guests.insert(
            at,
            Guest {
                handle,
                executing: true,
                large,
                asked: None,
            },
        );
        self.under_way[usize::from(large)] += 1;
        self.running += 1;
    }

    /// Takes a guest out that is over or was dropped, and begins one that waited for its room.
    fn leave(&mut self, at: &At) {
        let Some(guest) = self.guests.remove(at) else {
            return;
        };
        let kind = usize::from(guest.large);
        self.running -= usize::from(guest.executing);
        self.under_way[kind] -= 1;
        if let Some((plugin, job)) = self.backlog[kind].pop_front() {
            self.begin(&plugin, job);
        }
    }

    fn job(
        &self,
        at: &At,
        inputs: Value,
        undo: Option<Box<UndoRequest>>,
        now: Timestamp,
        run: &Run,
    ) -> Result<(Arc<LoadedPlugin>, GuestJob), Fault> {
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
        if self.guests.contains_key(at) {
            return self.leave(at);
        }
        for backlog in &mut self.backlog {
            backlog.retain(|(_, job)| job.at != *at);
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
                    self.leave(&at);
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use rutter_engine::Phase;
    use serde_json::json;

    use super::*;
    use crate::host::{SandboxSettings, fixture};
    use rutter_plugin::fixture::read;

    const PLACES: u32 = 2;

    fn at(step: &str) -> At {
        At {
            step: step.into(),
            item: None,
            attempt: 1,
            phase: Phase::Run,
        }
    }

    fn guests() -> (Guests, Arc<LoadedPlugin>) {
        let settings = SandboxSettings {
            pool_size: PLACES,
            ..SandboxSettings::default()
        };
        let sandbox = Arc::new(Sandbox::new(&settings).unwrap());
        let waiting = fixture::plugin("(call $pause) (call $ok)");
        let plugin = sandbox.load(&read(&waiting)).unwrap();
        let secrets = Secrets::new("run", None).unwrap();
        let (limits, hosts) = (Limits::default(), Hosts::default());
        let guests = Guests::new(sandbox, BTreeMap::new(), limits, hosts, secrets);
        (guests, plugin)
    }

    fn enter(guests: &mut Guests, plugin: &Arc<LoadedPlugin>, step: &str) {
        let job = GuestJob {
            at: at(step),
            run_id: "run".to_owned(),
            generation: 0,
            inputs: json!({}),
            undo: None,
            spent: BTreeSet::new(),
            accounts: BTreeMap::new(),
            limits: guests.limits.clone(),
            hosts: guests.hosts.clone(),
            secrets: guests.secrets.clone(),
            started: Timestamp(1_000),
        };
        guests.enter(Arc::clone(plugin), job);
    }

    /// The steps whose guests call or end next, so many of them.
    async fn heard(guests: &mut Guests, count: usize) -> BTreeSet<String> {
        let mut heard = BTreeSet::new();
        for _ in 0..count {
            let Wakeup::Inputs(inputs) = guests.next().await else {
                panic!("a guest calls or ends")
            };
            heard.extend(inputs.into_iter().map(|input| match input {
                Input::GuestCalled { at, .. } => format!("{} calls", at.step),
                Input::GuestEnded { at, .. } => format!("{} ends", at.step),
                other => panic!("{other:?} is no guest's"),
            }));
        }
        heard
    }

    fn of(said: &[&str]) -> BTreeSet<String> {
        said.iter().map(|&said| said.to_owned()).collect()
    }

    #[tokio::test]
    async fn a_guest_without_room_begins_when_another_is_over_or_dropped() {
        let (mut guests, plugin) = guests();
        for step in ["one", "two", "three", "four", "five"] {
            enter(&mut guests, &plugin, step);
        }
        assert_eq!(heard(&mut guests, 2).await, of(&["one calls", "two calls"]));
        assert!(!guests.any_running(), "the others are not under way");
        guests.drop_guest(&at("four"));
        guests.answer(&at("one"), 0, Ok(Value::Null), Timestamp(2_000));
        assert_eq!(
            heard(&mut guests, 2).await,
            of(&["one ends", "three calls"])
        );
        guests.drop_guest(&at("two"));
        assert_eq!(heard(&mut guests, 1).await, of(&["five calls"]));
    }
}
