//! The line between a guest and the driver: a guest asks, is suspended, and gets its answer.

use std::sync::{Arc, Mutex, PoisonError};

use rutter_engine::{At, Fault, HostCall, Input, Timestamp};
use serde_json::Value;
use tokio::sync::{mpsc, oneshot};

use super::limits::Limit;
use crate::journal::LogLevel;
use crate::settings::Limits;

/// What a guest tells the driver.
#[derive(Clone, Debug, PartialEq)]
pub enum GuestEvent {
    /// For the engine: [`Input::GuestCalled`] or [`Input::GuestEnded`].
    Input(Input),
    /// How far a step is; never recorded, told again when a step is replayed.
    Progress {
        /// The attempt whose guest tells it.
        at: At,
        /// How much is done.
        done: u64,
        /// Out of how much.
        total: u64,
        /// What it is doing, for people.
        message: String,
    },
    /// A line for the operator who looks closely; told again when a step is replayed.
    Log {
        /// The attempt whose guest writes it.
        at: At,
        /// How serious the guest takes it to be.
        level: LogLevel,
        /// The text, cut to a bounded length; secrets are marks in it.
        message: String,
    },
}

/// Why a guest's code is not run on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Stop {
    /// It met a limit.
    #[error(transparent)]
    Limit(#[from] Limit),
    /// The driver is gone; nobody hears the end.
    #[error("the driver is gone")]
    Abandoned,
}

/// What a host function gives back: an answer for the guest, or the end of it.
pub(super) type Answer<T> = Result<Result<T, Fault>, Stop>;

/// The guest's end of the line.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) at: At,
    pub(super) limits: Limits,
    /// The instant of the last answered call.
    pub(super) now: Timestamp,
    next_index: u32,
    told_bytes: usize,
    events: mpsc::Sender<GuestEvent>,
    desk: Arc<Desk>,
}

impl Line {
    pub(super) fn new(
        at: At,
        limits: Limits,
        started: Timestamp,
        events: mpsc::Sender<GuestEvent>,
        desk: Arc<Desk>,
    ) -> Self {
        Self {
            at,
            limits,
            now: started,
            next_index: 0,
            told_bytes: 0,
            events,
            desk,
        }
    }

    /// Hands a host call to the driver and suspends the guest until it is answered.
    pub(super) async fn ask(
        &mut self,
        fingerprint: String,
        call: Box<HostCall>,
        denied: Option<Fault>,
    ) -> Answer<Value> {
        let index = self.next_index;
        if index >= self.limits.calls_max {
            return Err(Limit::Calls(self.limits.calls_max).into());
        }
        self.next_index += 1;
        let answer = self.desk.expect(index);
        let input = Input::GuestCalled {
            at: self.at.clone(),
            index,
            fingerprint,
            call,
            denied,
        };
        self.send(GuestEvent::Input(input)).await?;
        let (result, time) = answer.await.map_err(|_| Stop::Abandoned)?;
        self.now = time;
        Ok(result)
    }

    /// Whether a message of this many bytes may still be told to the driver.
    pub(super) fn may_tell(&mut self, bytes: usize) -> bool {
        // A message costs something even when it is empty.
        let with_message = self.told_bytes.saturating_add(bytes).saturating_add(16);
        if with_message > self.limits.log_max {
            return false;
        }
        self.told_bytes = with_message;
        true
    }

    pub(super) async fn send(&self, event: GuestEvent) -> Result<(), Stop> {
        self.events.send(event).await.map_err(|_| Stop::Abandoned)
    }
}

/// Where the answer to a suspended call is handed in.
#[derive(Debug, Default)]
pub(super) struct Desk {
    waiting: Mutex<Option<Waiting>>,
}

#[derive(Debug)]
struct Waiting {
    index: u32,
    answer: oneshot::Sender<(Result<Value, Fault>, Timestamp)>,
}

impl Desk {
    fn expect(&self, index: u32) -> oneshot::Receiver<(Result<Value, Fault>, Timestamp)> {
        let (answer, receiver) = oneshot::channel();
        *self.lock() = Some(Waiting { index, answer });
        receiver
    }

    /// Hands in an answer; `false` when the guest does not wait for this one.
    pub(super) fn hand_in(
        &self,
        index: u32,
        result: Result<Value, Fault>,
        time: Timestamp,
    ) -> bool {
        let waiting = self.lock().take_if(|waiting| waiting.index == index);
        waiting.is_some_and(|waiting| waiting.answer.send((result, time)).is_ok())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Waiting>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
