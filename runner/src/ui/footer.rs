//! The line below everything that is printed, where a person types.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use console::{Term, measure_text_width, truncate_str};

use rutter_diagnostic::neutral::Style;
use rutter_diagnostic::neutral::guard;

use super::ascii::marks;

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
    pub(super) fn set(&self, text: Option<&str>, ascii: bool) -> String {
        let mut line = self.lock();
        let had = line.is_some();
        *line = text.map(|text| fitting(text, ascii));
        match &*line {
            Some(line) => format!("{CLEAR}{line}"),
            None if had => CLEAR.to_owned(),
            None => String::new(),
        }
    }
}

/// One line of the screen: a longer one could not be taken away again. What was typed last is seen.
pub(super) fn fitting(text: &str, ascii: bool) -> String {
    let (_, columns) = Term::stderr().size();
    cut(text, usize::from(columns).saturating_sub(1).max(1), ascii)
}

fn cut(text: &str, columns: usize, ascii: bool) -> String {
    let text = &*guard(text, Style::Plain);
    let text = &*marks(text, ascii);
    let length = measure_text_width(text);
    if length <= columns {
        return text.to_owned();
    }
    let mark = marks("…", ascii);
    let room = columns.saturating_sub(measure_text_width(&mark));
    let begin = truncate_str(text, room / 2, "").into_owned();
    let skipped = length - (room - room / 2);
    let end: String = text.chars().skip(skipped).collect();
    truncate_str(&format!("{begin}{mark}{end}"), columns, "").into_owned()
}

#[cfg(test)]
mod tests {
    use console::measure_text_width;

    use super::cut;

    #[test]
    fn the_line_fits_any_terminal_and_ends_with_what_was_typed_last() {
        let text = "cutover, question 3: ticket = OPS-4711";
        assert_eq!(cut(text, 80, false), text);
        assert_eq!(cut(text, 19, false), "cutover, … OPS-4711");
        assert_eq!(cut(text, 19, true), "cutover,...OPS-4711");
        for columns in 1..40 {
            for text in [text, "切换时间到了，所有客户端都停止写入了吗？"] {
                assert!(measure_text_width(&cut(text, columns, true)) <= columns);
                assert!(measure_text_width(&cut(text, columns, false)) <= columns);
            }
        }
    }
}
