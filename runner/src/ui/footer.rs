//! The line below everything that is printed, where a person types.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use console::{Term, truncate_str};

use rutter_diagnostic::neutral::Style;
use rutter_diagnostic::neutral::guard;

/// The line, shared by whoever prints to the terminal.
#[derive(Clone, Debug, Default)]
pub(super) struct Footer {
    text: Arc<Mutex<Option<String>>>,
}

/// Moves to the beginning of the line and clears it.
const CLEAR: &str = "\r\u{1b}[K";

impl Footer {
    fn lock(&self) -> MutexGuard<'_, Option<String>> {
        self.text.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What to write so that `text` stands above the line.
    pub(super) fn above(&self, text: &str) -> String {
        match &*self.lock() {
            Some(line) => format!("{CLEAR}{text}{line}"),
            None => text.to_owned(),
        }
    }

    /// Sets the line, or takes it away, and returns what to write.
    pub(super) fn set(&self, text: Option<&str>) -> String {
        let mut line = self.lock();
        let had = line.is_some();
        *line = text.map(fitting);
        match &*line {
            Some(line) => format!("{CLEAR}{line}"),
            None if had => CLEAR.to_owned(),
            None => String::new(),
        }
    }
}

/// One line of the screen: a longer one could not be taken away again. What was typed last is seen.
pub(super) fn fitting(text: &str) -> String {
    let text = &*guard(text, Style::Plain);
    let (_, columns) = Term::stderr().size();
    let columns = usize::from(columns).saturating_sub(1).max(20);
    let length = console::measure_text_width(text);
    if length <= columns {
        return text.to_owned();
    }
    let begin = truncate_str(text, columns / 2, "").into_owned();
    let skipped = length - (columns - columns / 2 - 1);
    let end: String = text.chars().skip(skipped).collect();
    format!("{begin}…{end}")
}
