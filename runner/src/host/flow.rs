//! `flow`: time, progress and tokens.

use rutter_engine::HostCall;
use rutter_meaning::held;
use rutter_meaning::{fingerprint, pause};

use super::context::Context;
use super::limits::{LOG_LINE_MAX, cut};
use super::line::{Answer, GuestEvent, Stop};

impl Context {
    /// Waits; the driver keeps the time.
    pub(super) async fn wait(&mut self, duration_ms: u64) -> Answer<()> {
        if let Err(fault) = pause(duration_ms, held::held()) {
            return Ok(Err(fault));
        }
        let fingerprint = fingerprint::of_sleep(duration_ms);
        let call = Box::new(HostCall::Sleep { duration_ms });
        let answer = self.line.ask(fingerprint, call, None).await?;
        Ok(answer.map(|_| ()))
    }

    /// Tells how far the step is; beyond the volume allowed it is left out.
    pub(super) async fn progress(
        &mut self,
        done: u64,
        total: u64,
        mut message: String,
    ) -> Result<(), Stop> {
        cut(&mut message, LOG_LINE_MAX);
        if !self.line.may_tell(message.len()) {
            return Ok(());
        }
        let at = self.line.at.clone();
        let mut message = self.secrets.inert_text(&message);
        cut(&mut message, LOG_LINE_MAX);
        let event = GuestEvent::Progress {
            at,
            done,
            total,
            message,
        };
        self.line.send(event).await
    }

    /// The instant of the last answered call, milliseconds since 1970.
    pub(super) fn now(&self) -> u64 {
        u64::try_from(self.line.now.0).unwrap_or(0)
    }

    /// A token of the step for a purpose.
    pub(super) fn token(&self, purpose: &str) -> String {
        self.maker().token(purpose)
    }
}
