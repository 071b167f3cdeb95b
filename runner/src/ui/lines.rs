//! One line a record, for logs, pipes and `-v`.

use rutter_diagnostic::neutral::one_line;
use rutter_engine::{At, Record, Run, Timestamp};

use super::names::Names;
use super::printer::paint;
use super::words::instant;
use super::{Drawing, Line, Printer, Show, describe};
use crate::journal::LogLevel;

/// Prints every record as a line with its time.
pub(super) struct LineShow {
    printer: Printer,
    /// The time of the newest record; none was shown yet.
    latest: Option<Timestamp>,
    names: Names,
}

impl LineShow {
    pub(super) fn new(printer: Printer) -> Self {
        Self {
            printer,
            latest: None,
            names: Names::default(),
        }
    }

    fn aside(&self, text: &str) {
        let time = self.latest.map(|time| format!("{} ", instant(time)));
        self.printer
            .aside(&format!("{}{text}\n", time.unwrap_or_default()));
    }
}

/// `TIME TEXT`, as `show` and `logs` print it too.
pub fn timed(time: Timestamp, line: &Line, style: rutter_diagnostic::neutral::Style) -> String {
    let text = paint(&line.text, line.tone, style);
    format!("{} {text}\n", instant(time))
}

impl Show for LineShow {
    fn record(&mut self, record: &Record, run: &Run) {
        self.latest = Some(record.time);
        self.names.record(record);
        if self.printer.draws(record) {
            return;
        }
        let line = describe(record, run);
        let style = self.printer.error_style();
        self.printer.aside(&timed(record.time, &line, style));
    }

    // What is not a record is repeated many times a minute; a log is not the place for it.
    fn waiting(&mut self, at: &At, label: &str, seen: &str, deadline: Timestamp) {
        if self.printer.output().verbose > 0 {
            self.aside(&format!(
                "{}: {} is {}, until {} at the latest",
                self.names.place(at),
                one_line(label),
                one_line(seen),
                instant(deadline)
            ));
        }
    }

    fn again(&mut self, at: &At, what: &str, due: Timestamp) {
        if self.printer.output().verbose > 0 {
            let due = instant(due);
            self.aside(&format!(
                "{}: {}, at {due}",
                self.names.place(at),
                one_line(what)
            ));
        }
    }

    fn progress(&mut self, at: &At, done: u64, total: u64, message: &str) {
        if self.printer.output().verbose > 0 {
            let part = super::board::part(done, total);
            self.aside(&format!(
                "{}: {part}{}",
                self.names.place(at),
                one_line(message)
            ));
        }
    }

    fn log(&mut self, at: &At, level: LogLevel, message: &str) {
        let wanted = match self.printer.output().verbose {
            0 => LogLevel::Warn,
            1 => LogLevel::Info,
            _ => LogLevel::Debug,
        };
        if level >= wanted {
            self.aside(&format!(
                "{}: | {}",
                self.names.place(at),
                one_line(message)
            ));
        }
    }

    fn note(&mut self, text: &str) {
        self.aside(&one_line(text));
    }

    fn ask(&mut self, drawing: &Drawing) {
        self.printer.ask(drawing);
    }

    fn finish(&mut self, _run: &Run) {}
}
