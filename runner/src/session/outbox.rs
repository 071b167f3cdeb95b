//! The way of a call out of this process: it waits for its turn, and is sent. While it waits it can be kept back.

use std::sync::{Arc, OnceLock};
use std::time::Instant;

use rutter_engine::{At, Call, Fault, FaultClass, Outcome};
use tokio::sync::watch;

use crate::host::{Carry, MachineTime, Pace, Turnstile, await_turn, send};
use crate::settings::PaceSettings;

/// When a call left; not yet while it waits for its turn.
pub(super) type Left = Arc<OnceLock<Instant>>;

/// What all calls of a run share on their way.
#[derive(Clone)]
pub(super) struct Outbox {
    carrier: Arc<dyn Carry>,
    pace: Arc<Pace>,
    turnstile: Arc<Turnstile>,
    time: MachineTime,
    closed: Arc<watch::Sender<bool>>,
}

impl Outbox {
    pub(super) fn new(carrier: Arc<dyn Carry>, pace: PaceSettings) -> Self {
        Self {
            carrier,
            turnstile: Arc::new(Turnstile::new(pace.per_second)),
            pace: Arc::new(Pace::new(pace)),
            time: MachineTime::default(),
            closed: Arc::new(watch::Sender::new(false)),
        }
    }

    /// Sends a call when it has its turn, and says what became of it.
    pub(super) async fn send(&self, call: &Call, at: &At, left: &Left) -> Outcome {
        let mut closed = self.closed.subscribe();
        let turn = async {
            let turn = self.turnstile.enter(call).await;
            let first = turn.first().await;
            await_turn(&self.pace, &self.time, call).await;
            drop(first);
            turn
        };
        let turn = tokio::select! {
            biased;
            _ = closed.wait_for(|closed| *closed) => return kept_back(call),
            turn = turn => turn,
        };
        // It is set once.
        let _ = left.set(Instant::now());
        let outcome = send(&self.pace, &self.time, &*self.carrier, call, at).await;
        turn.answered();
        outcome
    }

    /// Keeps back what was not sent yet: whoever stops a run does not wait for ten thousand calls in a line.
    pub(super) fn close(&self) {
        self.closed.send_replace(true);
    }
}

fn kept_back(call: &Call) -> Outcome {
    let message = format!("the run was stopped before {} was sent", call.label());
    Outcome::Refused(Fault::new(FaultClass::Retry, "rutter.not-sent", message))
}
