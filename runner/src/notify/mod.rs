//! Telling a chat or a webhook what happens to a run: a question, a failure, an end, a step that is late.
//!
//! It follows from the records, beside the run and never in its way: each listener has a task of its own, which
//! tries again for a while. What was taken is kept in the run's folder, so that a resumed run tells nothing twice
//! and tells what its predecessor could not. A rehearsal tells nobody: it does not get here.

mod event;
mod robot;
mod telling;
mod told;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use reqwest::Client;
use rutter_engine::{At, Record, Run};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use url::Url;

use self::event::Event;
use self::robot::{Refusal, judge, message};
pub(crate) use self::telling::Telling;
use self::told::Told;
use crate::cloud::client_for;
use crate::journal::RunFolder;
use crate::secrets::{SecretText, Secrets};
use crate::settings::{NotifyKind, NotifySettings, Settings};
use crate::took::TookFolder;
use crate::ui::{Lateness, now};

/// How often a message is tried…
const TRIES_MAX: u32 = 6;
/// …and the first pause in between; it doubles.
const PAUSE_FIRST: Duration = Duration::from_secs(1);
/// How long one try may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long the end of a command waits for what is still on its way.
const LAST_WAIT: Duration = Duration::from_secs(15);
/// How often it is looked whether a step is late.
const LATE_EVERY: Duration = Duration::from_secs(15);

/// Why nobody could be told.
#[derive(Debug, thiserror::Error)]
#[error("`[notify.{name}]` cannot be used: {what}")]
pub struct NotifyError {
    name: String,
    what: String,
}

/// Tells what happens to one run.
pub(crate) struct Notifier {
    listeners: Vec<Listener>,
    secrets: Secrets,
    shared: Arc<Mutex<Shared>>,
    late: JoinHandle<()>,
}

struct Listener {
    settings: NotifySettings,
    name: String,
    queue: mpsc::UnboundedSender<Event>,
    task: JoinHandle<()>,
}

struct Shared {
    told: Told,
    lateness: Lateness,
    /// What could not be told, for the end of the command.
    complaints: Vec<String>,
}

/// Where a listener is, and how it knows who writes.
struct Address {
    name: String,
    kind: NotifyKind,
    url: Url,
    secret: Option<SecretText>,
    client: Client,
}

impl Notifier {
    /// Begins to tell what happens to a run; `None` when nobody is to be told. Of a run that was begun, what was
    /// not told is told now; `run` is what its records make.
    ///
    /// # Errors
    /// When a listener's address or secret is missing, or no client can be made.
    pub(crate) fn begin(
        settings: &Settings,
        folder: &RunFolder,
        run: &Run,
        secrets: &Secrets,
    ) -> Result<Option<Self>, NotifyError> {
        if settings.notify.is_empty() {
            return Ok(None);
        }
        let mut addresses = Vec::new();
        for (name, one) in &settings.notify {
            let address = Address::of(name, one, settings);
            let address = address.map_err(|what| NotifyError {
                name: name.clone(),
                what,
            })?;
            secrets.hide(&SecretText::new(address.url.as_str()));
            addresses.push((one.clone(), address));
        }
        let shared = Arc::new(Mutex::new(Shared {
            told: Told::of(folder.path(), run),
            lateness: Lateness::new(TookFolder::of(&settings.state_dir)),
            complaints: Vec::new(),
        }));
        let listeners: Vec<_> = addresses
            .into_iter()
            .map(|(one, address)| Listener::start(one, address, secrets, &shared))
            .collect();
        let late = tokio::spawn(watch_lateness(shared.clone(), queues(&listeners)));
        Ok(Some(Self {
            listeners,
            secrets: secrets.clone(),
            shared,
            late,
        }))
    }

    /// Takes note of a record that `run` has evolved by.
    pub(crate) fn record(&self, record: &Record, run: &Run) {
        lock(&self.shared).lateness.record(record, run);
        self.catch_up(record, run);
    }

    /// Tells of a record, which may be of an earlier process, unless it was told.
    pub(crate) fn catch_up(&self, record: &Record, run: &Run) {
        if let Some(event) = event::of_record(record, run) {
            self.tell(&event);
        }
    }

    fn tell(&self, event: &Event) {
        let event = Event {
            text: self.secrets.redact_text(&event.text),
            ..event.clone()
        };
        send(&queues(&self.listeners), &self.shared, &event);
    }

    /// Waits a little for what is on its way, and returns what could not be told.
    pub(crate) async fn end(self) -> Vec<String> {
        self.late.abort();
        let until = tokio::time::Instant::now() + LAST_WAIT;
        for listener in self.listeners {
            drop(listener.queue);
            let mut task = listener.task;
            if tokio::time::timeout_at(until, &mut task).await.is_err() {
                task.abort();
                let complaint = format!(
                    "`[notify.{}]` did not take everything; what is missing is told when the run is resumed",
                    listener.name
                );
                lock(&self.shared).complaints.push(complaint);
            }
        }
        std::mem::take(&mut lock(&self.shared).complaints)
    }
}

type Queues = Vec<(String, NotifySettings, mpsc::WeakUnboundedSender<Event>)>;

fn queues(listeners: &[Listener]) -> Queues {
    let queue = |one: &Listener| {
        (
            one.name.clone(),
            one.settings.clone(),
            one.queue.downgrade(),
        )
    };
    listeners.iter().map(queue).collect()
}

/// Puts an event before everybody who wants it and was not told yet.
fn send(queues: &Queues, shared: &Mutex<Shared>, event: &Event) {
    for (name, settings, queue) in queues {
        if !settings.tells(event.kind) || !lock(shared).told.begins(name, &event.key) {
            continue;
        }
        if let Some(queue) = queue.upgrade() {
            // A task that is over has said why.
            let _ = queue.send(event.clone());
        }
    }
}

/// Looks now and then whether a step is late: no record says so.
async fn watch_lateness(shared: Arc<Mutex<Shared>>, queues: Queues) {
    loop {
        tokio::time::sleep(LATE_EVERY).await;
        let late = lock(&shared).lateness.late(now());
        for (run, runbook, at, said) in late {
            let event = event::late(&run, &runbook, late_key(&at), &said);
            send(&queues, &shared, &event);
        }
    }
}

fn late_key(at: &At) -> String {
    let item = at.item.as_deref().unwrap_or_default();
    format!("late:{}[{item}]:{}", at.step, at.attempt)
}

fn lock(shared: &Mutex<Shared>) -> MutexGuard<'_, Shared> {
    // Each use leaves it whole.
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Listener {
    fn start(
        settings: NotifySettings,
        address: Address,
        secrets: &Secrets,
        shared: &Arc<Mutex<Shared>>,
    ) -> Self {
        let (queue, mut events) = mpsc::unbounded_channel::<Event>();
        let name = address.name.clone();
        let (secrets, shared) = (secrets.clone(), shared.clone());
        let task = tokio::spawn(async move {
            while let Some(event) = events.recv().await {
                let told = address.tell(&event).await;
                let mut shared = lock(&shared);
                match told {
                    Ok(()) => shared.told.ended(&address.name, &event.key),
                    Err(why) => {
                        let complaint = format!(
                            "`[notify.{}]` was not told of run {} ({}): {}",
                            address.name,
                            event.run,
                            event.kind.name(),
                            secrets.redact_text(&why)
                        );
                        shared.complaints.push(complaint);
                    }
                }
            }
        });
        Self {
            settings,
            name,
            queue,
            task,
        }
    }
}

impl Address {
    fn of(name: &str, one: &NotifySettings, settings: &Settings) -> Result<Self, String> {
        let read = |variable: &Option<String>, file: &Option<std::path::PathBuf>| {
            if let Some(variable) = variable {
                let value = settings.environment.get(variable);
                let value = value.ok_or_else(|| format!("the variable `{variable}` is not set"))?;
                return Ok(Some(SecretText::new(value.trim())));
            }
            let Some(file) = file else {
                return Ok(None);
            };
            let text = rutter_files::read_text(file, rutter_files::TEXT_MAX);
            let text =
                text.map_err(|error| format!("`{}` cannot be read: {error}", file.display()))?;
            Ok::<_, String>(Some(SecretText::new(text.trim())))
        };
        let text = read(&one.url_env, &one.url_file)?;
        let url = text.and_then(|text| Url::parse(text.expose()).ok());
        // The address is not quoted: whoever knows it may write there.
        let url = url
            .filter(|url| matches!(url.scheme(), "https" | "http"))
            .ok_or("its address is none: it begins with `https://`")?;
        Ok(Self {
            name: name.to_owned(),
            kind: one.kind,
            client: client_for(&settings.network, &url)?,
            secret: read(&one.secret_env, &one.secret_file)?,
            url,
        })
    }

    /// Tells it, again and again for a while.
    async fn tell(&self, event: &Event) -> Result<(), String> {
        let mut pause = PAUSE_FIRST;
        let mut tries = 1;
        loop {
            match self.try_once(event).await {
                Ok(()) => return Ok(()),
                Err(Refusal::Busy(_)) if tries < TRIES_MAX => {}
                Err(Refusal::Busy(why) | Refusal::Final(why)) => return Err(why),
            }
            tokio::time::sleep(pause).await;
            pause *= 2;
            tries += 1;
        }
    }

    async fn try_once(&self, event: &Event) -> Result<(), Refusal> {
        let secret = self.secret.as_ref();
        let text = event.message();
        let sent = message(self.kind, &self.url, secret, event, &text, now().0);
        let busy = |error: reqwest::Error| {
            Refusal::Busy(format!("it cannot be reached: {}", error.without_url()))
        };
        let sending = self.client.post(sent.url).timeout(PATIENCE);
        let sending = sending
            .header("content-type", "application/json")
            .body(sent.body.to_string());
        let answer = sending.send().await.map_err(busy)?;
        let status = answer.status().as_u16();
        let body = answer.text().await.map_err(busy)?;
        judge(self.kind, status, &body)
    }
}
