//! Keeps the lines of plugins beside the journal while they are shown, and how long steps take.

use rutter_engine::{At, Record, Run, Timestamp};

use super::{Drawing, Show, SlowCall, instant, now};
use crate::journal::{LogFile, LogLevel, LogLine};
use crate::took::{Stopwatch, TookFolder};

/// Shows a run, writes what its plugins write into the run's log, and keeps how long its steps took.
pub struct KeepLog {
    show: Box<dyn Show>,
    log: LogFile,
    /// The log could not be written; said once.
    failed: bool,
    watch: Stopwatch,
    took: TookFolder,
}

impl KeepLog {
    /// Wraps a way of showing a run.
    pub(crate) fn new(show: Box<dyn Show>, log: LogFile, took: TookFolder) -> Self {
        Self {
            show,
            log,
            failed: false,
            watch: Stopwatch::default(),
            took,
        }
    }

    fn keep(&mut self, at: &At, level: LogLevel, message: String) {
        let line = LogLine {
            time: now(),
            at: at.clone(),
            level,
            message,
        };
        if let Err(error) = self.log.write(&line)
            && !self.failed
        {
            self.failed = true;
            self.show
                .note(&format!("the log of the run cannot be written: {error}"));
        }
    }
}

impl Show for KeepLog {
    fn record(&mut self, record: &Record, run: &Run) {
        self.watch.record(record);
        self.show.record(record, run);
    }

    fn waiting(&mut self, at: &At, label: &str, seen: &str, deadline: Timestamp) {
        self.show.waiting(at, label, seen, deadline);
    }

    fn again(&mut self, at: &At, what: &str, due: Timestamp) {
        self.show.again(at, what, due);
        self.keep(at, LogLevel::Info, format!("{what}, at {}", instant(due)));
    }

    fn progress(&mut self, at: &At, done: u64, total: u64, message: &str) {
        self.show.progress(at, done, total, message);
    }

    fn log(&mut self, at: &At, level: LogLevel, message: &str) {
        self.show.log(at, level, message);
        self.keep(at, level, message.to_owned());
    }

    fn slow(&mut self, at: &At, call: &SlowCall) {
        self.show.slow(at, call);
        self.keep(at, LogLevel::Warn, call.told(now()));
    }

    fn note(&mut self, text: &str) {
        self.show.note(text);
    }

    fn ask(&mut self, drawing: &Drawing) {
        self.show.ask(drawing);
    }

    fn finish(&mut self, run: &Run) {
        self.show.finish(run);
        self.took.keep(run, &self.watch);
    }
}
