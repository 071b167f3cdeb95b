//! What a guest may use up whatever the settings say, and the fault that names the limit it met.

use std::io;

use rutter_engine::{Fault, FaultClass, HostCall};
use rutter_meaning::Rule;
use rutter_meaning::held;

use crate::settings::Limits;

/// Table elements a guest may have. A table holds a component's functions; this is ten times what an
/// interpreter brings along.
pub(super) const TABLE_ELEMENTS_MAX: usize = 100_000;

/// Account handles a guest may hold at once. They are few; the cap stops a loop of `open`.
pub(super) const HANDLES_MAX: usize = 1_000;

/// Bytes of the text of one log line or progress message; the rest is cut off.
pub(super) const LOG_LINE_MAX: usize = 4 * 1024;

/// Bytes of each text of a fault that a plugin makes up; the rest is cut off.
pub(super) const FAULT_TEXT_MAX: usize = 8 * 1024;

/// How many times the bytes of one text all that is handed over with one call may have: a look has many texts.
const OF_ONE_CALL: usize = 4;

/// Bytes that the host lifts out of a guest's memory in one call, before it looks at them.
pub(super) fn lifted_max(limits: &Limits) -> usize {
    // Texts of a list are counted with what the host keeps beside each.
    limits.request_max.saturating_mul(2 * OF_ONE_CALL)
}

/// Whether all of a call fits: its names, pointers, conditions, its reverse, its look, as they are recorded.
///
/// # Errors
/// The fault for the guest.
pub(super) fn fits(call: &HostCall, limits: &Limits) -> Result<(), Fault> {
    let bytes_max = limits.request_max.saturating_mul(OF_ONE_CALL);
    let mut bytes = Counted(0);
    // Nothing in a call fails to be written.
    let _ = serde_json::to_writer(&mut bytes, call);
    if bytes.0 > bytes_max && held::hold(Rule::TextLengths) {
        return Err(too_long(
            "request",
            "the call as a whole",
            bytes.0,
            bytes_max,
        ));
    }
    Ok(())
}

/// Counts what is written.
struct Counted(usize);

impl io::Write for Counted {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A limit that ends the attempt when it is met.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Limit {
    #[error("it needs more than {0} bytes of memory")]
    Memory(usize),
    #[error("it computed for more than {0} ms")]
    Cpu(u64),
    #[error("it made more than {0} host calls")]
    Calls(u32),
}

impl Limit {
    /// The fault that ends the attempt.
    pub(super) fn fault(self) -> Fault {
        let (name, remedy) = match self {
            Self::Memory(_) => ("memory", setting("memory")),
            Self::Cpu(_) => ("cpu", setting("cpu")),
            Self::Calls(_) => ("calls", setting("calls")),
        };
        fault(name, format!("the plugin was stopped: {self}"), remedy)
    }
}

/// The fault for a text that is too long to pass between guest and host.
pub(super) fn too_long(name: &str, what: &str, bytes: usize, bytes_max: usize) -> Fault {
    let message = format!("{what} has {bytes} bytes, more than the {bytes_max} allowed");
    fault(name, message, setting(name))
}

/// What to do when a plugin is right to need more.
fn setting(name: &str) -> String {
    format!("if the plugin is right to need more, raise `{name}` under `[limits]` in the settings")
}

fn fault(name: &str, message: String, remedy: String) -> Fault {
    Fault::new(FaultClass::Fail, format!("rutter.limit.{name}"), message).advise(remedy)
}

/// Cuts `text` to at most `bytes_max` bytes, at a character's boundary.
pub(super) fn cut(text: &mut String, bytes_max: usize) {
    if text.len() > bytes_max {
        let end = (0..=bytes_max).rev().find(|&at| text.is_char_boundary(at));
        text.truncate(end.unwrap_or(0));
        text.push('…');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_names_itself_and_the_setting_that_raises_it() {
        let fault = Limit::Memory(65_536).fault();
        assert_eq!(fault.code, "rutter.limit.memory");
        assert!(fault.message.contains("65536 bytes"));
        assert!(
            fault
                .advice
                .is_some_and(|text| text.contains("`memory` under `[limits]`"))
        );
    }

    #[test]
    fn long_text_is_cut_between_characters() {
        let mut text = "aé€".to_owned();
        cut(&mut text, 4);
        assert_eq!(text, "aé…");
    }
}
