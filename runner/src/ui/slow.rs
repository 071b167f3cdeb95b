//! What is said of calls that are slow or sent once more: while they are, and from the log afterwards.

use rutter_diagnostic::neutral::one_line;
use rutter_engine::Timestamp;

use super::words::duration;

const NO_ANSWER: &str = " has no answer for ";
const AGAIN: &str = " is sent once more (try ";

/// A call that has no answer for too long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SlowCall {
    /// The action, `DTS:CreateJob`.
    pub label: String,
    /// When it left.
    pub since: Timestamp,
    /// How often it has been sent.
    pub tries: u32,
    /// After how long without an answer the network gives it up, in milliseconds.
    pub patience_ms: u64,
    /// What happens to it then: `sent again`.
    pub next: &'static str,
}

impl SlowCall {
    /// Which call, for how long, how often tried, and what comes next.
    pub fn told(&self, now: Timestamp) -> String {
        let (label, waited) = (one_line(&self.label), duration(now.since(self.since)));
        let (tries, patience) = (self.tries, duration(self.patience_ms));
        let next = self.next;
        format!("{label}{NO_ANSWER}{waited} (try {tries}); after {patience} it is {next}")
    }
}

/// A call that is sent once more.
pub fn again(label: &str, tries: u32, why: &str) -> String {
    format!("{}{AGAIN}{tries}) after {}", one_line(label), one_line(why))
}

/// Whether a line of the log says one of both.
pub fn is_slow(message: &str) -> bool {
    message.contains(NO_ANSWER) || message.contains(AGAIN)
}
