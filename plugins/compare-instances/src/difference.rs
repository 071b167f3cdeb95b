//! One thing that two servers do not have in common.

use crate::OutputsDifferencesItem;

pub(crate) struct Difference {
    pub(crate) what: String,
    pub(crate) source: String,
    pub(crate) target: String,
    /// It has to differ, or may.
    pub(crate) expected: bool,
}

impl Difference {
    /// Returns a difference, if there is one.
    pub(crate) fn between(what: &str, source: &str, target: &str, expected: bool) -> Option<Self> {
        (source != target).then(|| Self::new(what, source, target, expected))
    }

    pub(crate) fn new(what: &str, source: &str, target: &str, expected: bool) -> Self {
        Self {
            what: what.to_owned(),
            source: or_absent(source),
            target: or_absent(target),
            expected,
        }
    }

    pub(crate) fn sentence(&self) -> String {
        let word = if self.expected { " (expected)" } else { "" };
        format!("{}: {} -> {}{word}", self.what, self.source, self.target)
    }

    pub(crate) fn output(self) -> OutputsDifferencesItem {
        OutputsDifferencesItem {
            what: self.what,
            source: self.source,
            target: self.target,
            expected: self.expected,
        }
    }
}

fn or_absent(text: &str) -> String {
    if text.is_empty() {
        "none".to_owned()
    } else {
        text.to_owned()
    }
}
