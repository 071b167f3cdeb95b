//! What is said of calls that are slow or sent once more: while they are, and from the log afterwards.

use rutter_diagnostic::neutral::one_line;

const NO_ANSWER: &str = " has no answer for ";
const AGAIN: &str = " is sent once more (try ";

/// A call that has no answer yet.
pub fn no_answer(label: &str, waited: &str, tries: u32, patience: &str, next: &str) -> String {
    let label = one_line(label);
    format!("{label}{NO_ANSWER}{waited} (try {tries}); after {patience} it is {next}")
}

/// A call that is sent once more.
pub fn again(label: &str, tries: u32, why: &str) -> String {
    format!("{}{AGAIN}{tries}) after {}", one_line(label), one_line(why))
}

/// Whether a line of the log says one of both.
pub fn is_slow(message: &str) -> bool {
    message.contains(NO_ANSWER) || message.contains(AGAIN)
}
