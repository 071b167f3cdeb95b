//! The records themselves, one a line, on standard output.

use rutter_engine::{At, Record, Run, Timestamp};

use super::{Drawing, Printer, Show};
use crate::journal::{LogLevel, StoredRecord};

/// Prints records as JSON.
pub(super) struct JsonShow {
    printer: Printer,
}

impl JsonShow {
    pub(super) fn new(printer: Printer) -> Self {
        Self { printer }
    }
}

impl Show for JsonShow {
    fn record(&mut self, record: &Record, _run: &Run) {
        let stored = StoredRecord::from(record.clone());
        self.printer.json(&stored.to_json());
    }

    // Not records: a script would have to tell them apart.
    fn waiting(&mut self, _at: &At, _label: &str, _seen: &str, _deadline: Timestamp) {}
    fn again(&mut self, _at: &At, _what: &str, _due: Timestamp) {}
    fn progress(&mut self, _at: &At, _done: u64, _total: u64, _message: &str) {}
    fn log(&mut self, _at: &At, _level: LogLevel, _message: &str) {}

    fn note(&mut self, text: &str) {
        self.printer
            .note(&rutter_diagnostic::neutral::one_line(text));
    }

    fn ask(&mut self, drawing: &Drawing) {
        self.printer.ask(drawing);
    }

    fn finish(&mut self, _run: &Run) {}
}
