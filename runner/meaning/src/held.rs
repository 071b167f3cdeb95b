//! Which rules hold in this process: all of them. Tests of the rules start a program of their own that
//! leaves one out; nothing that the program reads can.

use std::sync::OnceLock;

pub use super::rules::Rule;
use super::rules::Rules;

static HELD: OnceLock<Rules> = OnceLock::new();

/// Whether a rule holds.
pub fn hold(rule: Rule) -> bool {
    held().hold(rule)
}

/// The rules that hold.
pub fn held() -> Rules {
    HELD.get().copied().unwrap_or(Rules::ALL)
}

/// Leaves rules out for the rest of the process; once, before anything else.
#[doc(hidden)]
pub fn only(rules: Rules) {
    let _ = HELD.set(rules);
}
