//! `log`: lines for the operator who looks closely.

use super::context::Context;
use super::limits::{LOG_LINE_MAX, cut};
use super::line::{GuestEvent, Stop};
use crate::journal::LogLevel;

impl Context {
    /// Passes a line on; beyond the volume allowed it is left out, and the last line says so.
    pub(super) async fn log(&mut self, level: LogLevel, mut message: String) -> Result<(), Stop> {
        cut(&mut message, LOG_LINE_MAX);
        let mut message = self.secrets.inert_text(&message);
        cut(&mut message, LOG_LINE_MAX);
        let at = self.line.at.clone();
        if self.line.may_tell(message.len()) {
            return self.line.send(GuestEvent::Log { at, level, message }).await;
        }
        if self.log_full {
            return Ok(());
        }
        self.log_full = true;
        let message = format!(
            "more was logged and left out (rutter.limit.log: {} bytes an attempt, `log` under `[limits]` keeps more)",
            self.line.limits.log_max
        );
        let level = LogLevel::Warn;
        self.line.send(GuestEvent::Log { at, level, message }).await
    }
}
