//! Nothing but what a person must answer.

use rutter_engine::{At, Record, Run, Timestamp};

use super::lines::timed;
use super::{Drawing, Printer, Show, Weight, describe};
use crate::journal::LogLevel;

/// Prints questions only, or nothing at all.
pub(super) struct QuietShow {
    printer: Option<Printer>,
}

impl QuietShow {
    pub(super) fn new(printer: Printer) -> Self {
        Self {
            printer: Some(printer),
        }
    }

    pub(super) fn silent() -> Self {
        Self { printer: None }
    }
}

impl Show for QuietShow {
    fn record(&mut self, record: &Record, run: &Run) {
        let Some(printer) = &self.printer else {
            return;
        };
        let line = describe(record, run);
        if line.weight == Weight::Call && !printer.draws(record) {
            printer.aside(&timed(record.time, &line, printer.error_style()));
        }
    }

    fn waiting(&mut self, _at: &At, _label: &str, _seen: &str, _deadline: Timestamp) {}
    fn again(&mut self, _at: &At, _what: &str, _due: Timestamp) {}
    fn progress(&mut self, _at: &At, _done: u64, _total: u64, _message: &str) {}
    fn log(&mut self, _at: &At, _level: LogLevel, _message: &str) {}
    fn note(&mut self, text: &str) {
        // Nothing goes on, or something is lost: that is never unwanted.
        if let Some(printer) = &self.printer {
            printer.aside(&format!("{}\n", rutter_diagnostic::neutral::one_line(text)));
        }
    }

    fn ask(&mut self, drawing: &Drawing) {
        if let Some(printer) = &self.printer {
            printer.ask(drawing);
        }
    }

    fn finish(&mut self, _run: &Run) {}
}
