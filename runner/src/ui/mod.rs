//! What people and scripts see: the only place that prints.
//!
//! The answer goes to standard output and everything else to standard error. A run is shown from
//! its records alone: as bars on a terminal, as lines elsewhere, as JSON with `--json`. Nothing here
//! decides anything.
//!
//! Read next: `describe.rs` for what a record says, `bars.rs` for what a terminal shows.

mod ascii;
mod bars;
mod board;
mod course;
mod declared;
mod describe;
mod fields;
#[cfg(test)]
pub(crate) mod fixture;
mod footer;
mod ids;
mod interview;
mod json;
mod keep_log;
mod keyboard;
mod lateness;
mod lines;
mod names;
mod no_return;
mod notes;
mod part;
mod printer;
mod prompt;
mod question;
mod quiet;
mod recovered;
mod screen;
mod slow;
mod standing;
mod summary;
mod table;
mod typed;
mod word;
mod words;
mod wrap;

use rutter_engine::{At, Record, Run, Timestamp};

use crate::journal::LogLevel;
use crate::took::TookFolder;

pub use declared::input_declared;
pub use describe::{Line, Tone, Weight, describe, describe_stored};
pub use fields::fields;
pub use ids::{ids_csv, ids_json, ids_table};
pub use interview::{Drawing, Heard, Interview, announced};
pub use keep_log::KeepLog;
pub(crate) use lateness::Lateness;
pub use lines::timed;
pub use no_return::{
    destroys, destroys_by_parameter, no_return, passed_no_return, possible_no_return,
};
pub use notes::notes;
pub use part::{difference, how, what_helps};
pub use printer::{Output, Printer, Traces};
pub use prompt::{Prompt, PromptError};
pub use question::{open_questions, posting};
pub use slow::{SlowCall, again, is_slow};
pub(crate) use summary::explained;
pub use summary::{ending, ending_seen, outputs, records_end, steps_table};
pub use table::{Align, Table};
pub(crate) use words::{count, now};
pub use words::{instant, instant_here, place};

/// Shows a run while it is driven. Every text has had its secrets swapped before it gets here.
pub trait Show: Send {
    /// A record was appended; `run` has evolved by it.
    fn record(&mut self, record: &Record, run: &Run);

    /// A wait saw a value and goes on until `deadline` at the latest.
    fn waiting(&mut self, at: &At, label: &str, seen: &str, deadline: Timestamp);

    /// A call is sent once more at an instant; `what` says which, how often, and after what.
    fn again(&mut self, at: &At, what: &str, due: Timestamp);

    /// A step tells how far it is; `total` 0 means that it does not know.
    fn progress(&mut self, at: &At, done: u64, total: u64, message: &str);

    /// A plugin wrote a line.
    fn log(&mut self, at: &At, level: LogLevel, message: &str);

    /// A call has no answer for too long; said again when twice the time has passed.
    fn slow(&mut self, at: &At, call: &SlowCall) {
        self.log(at, LogLevel::Warn, &call.told(now()));
    }

    /// The host has something to say that is no record: the clock jumped, say.
    fn note(&mut self, text: &str);

    /// Draws a question, and the line where a person types.
    fn ask(&mut self, drawing: &Drawing);

    /// Nothing is under way any more: leaves the screen to whoever prints next.
    fn finish(&mut self, run: &Run);
}

/// The way of showing a run that fits where the output goes; `took` tells how long its steps took before.
pub(crate) fn show(printer: &Printer, took: &TookFolder) -> Box<dyn Show> {
    let output = printer.output();
    if output.json {
        Box::new(json::JsonShow::new(printer.clone()))
    } else if output.quiet {
        Box::new(quiet::QuietShow::new(printer.clone()))
    } else if output.bars() {
        Box::new(bars::BarShow::new(printer.clone(), took.clone()))
    } else {
        Box::new(lines::LineShow::new(printer.clone()))
    }
}

/// A way of showing nothing, for what is told as a whole when it is over.
pub fn silent() -> Box<dyn Show> {
    Box::new(quiet::QuietShow::silent())
}
