//! Shows a run, and tells those who do not look.

use rutter_engine::{At, Record, Run, Timestamp};

use super::Notifier;
use crate::journal::LogLevel;
use crate::ui::{Drawing, Show, SlowCall};

/// Wraps a way of showing a run.
pub(crate) struct Telling<S> {
    show: S,
    notifier: Option<Notifier>,
}

impl<S: Show> Telling<S> {
    pub(crate) fn new(show: S, notifier: Option<Notifier>) -> Self {
        Self { show, notifier }
    }

    /// Waits a little for what is on its way, and returns what could not be told.
    pub(crate) async fn end(self) -> Vec<String> {
        match self.notifier {
            Some(notifier) => notifier.end().await,
            None => Vec::new(),
        }
    }
}

impl<S: Show> Show for Telling<S> {
    fn record(&mut self, record: &Record, run: &Run) {
        if let Some(notifier) = &self.notifier {
            notifier.record(record, run);
        }
        self.show.record(record, run);
    }

    fn waiting(&mut self, at: &At, label: &str, seen: &str, deadline: Timestamp) {
        self.show.waiting(at, label, seen, deadline);
    }

    fn again(&mut self, at: &At, what: &str, due: Timestamp) {
        self.show.again(at, what, due);
    }

    fn progress(&mut self, at: &At, done: u64, total: u64, message: &str) {
        self.show.progress(at, done, total, message);
    }

    fn log(&mut self, at: &At, level: LogLevel, message: &str) {
        self.show.log(at, level, message);
    }

    fn slow(&mut self, at: &At, call: &SlowCall) {
        self.show.slow(at, call);
    }

    fn note(&mut self, text: &str) {
        self.show.note(text);
    }

    fn ask(&mut self, drawing: &Drawing) {
        self.show.ask(drawing);
    }

    fn finish(&mut self, run: &Run) {
        self.show.finish(run);
    }
}
