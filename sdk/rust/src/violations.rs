//! What is wrong with something, collected so that all of it can be mended in one go.

use crate::fault::Fault;

/// A rule that is broken: what is wrong, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// What is wrong and what would come of it, a fragment: `its TLS is on, and DTS could not connect`.
    pub reason: String,
    /// What to do, a fragment: `turn TLS off`.
    pub remedy: String,
}

impl Violation {
    /// Returns a rule that is broken, of its reason and its remedy.
    pub fn new(reason: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self {
            reason: reason.into(),
            remedy: remedy.into(),
        }
    }
}

/// The rules that something breaks, in the order in which they were found.
///
/// A step that looks at something before anything is changed says everything that stands in the way, and not the
/// first thing only: otherwise people mend one thing a run.
///
/// ```
/// use rutter_sdk::Violations;
///
/// let (status, disks) = ("Starting", ["cloud_essd", "local_ssd"]);
/// let mut violations = Violations::new();
/// violations.add_if(
///     status != "Running",
///     format!("it is `{status}`"),
///     "wait until it is running",
/// );
/// for disk in disks.iter().filter(|disk| disk.starts_with("local")) {
///     violations.add(format!("it has a local disk ({disk})"), "move its data");
/// }
///
/// let fault = violations.fault("my-plugin.unfit", "the server `i-1` will not do");
/// assert_eq!(
///     fault.message,
///     "the server `i-1` will not do: (1) it is `Starting`; (2) it has a local disk (local_ssd)"
/// );
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Violations(Vec<Violation>);

impl Violations {
    /// Returns none, to be added to.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a rule that is broken.
    pub fn add(&mut self, reason: impl Into<String>, remedy: impl Into<String>) {
        self.0.push(Violation::new(reason, remedy));
    }

    /// Adds a rule if it is broken.
    pub fn add_if(
        &mut self,
        is_broken: bool,
        reason: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        if is_broken {
            self.add(reason, remedy);
        }
    }

    /// Returns whether no rule is broken.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns all reasons in a row, for a message of one's own.
    pub fn reasons(&self) -> String {
        self.in_a_row(|one| &one.reason)
    }

    /// Returns all remedies in a row, for an advice of one's own.
    pub fn remedies(&self) -> String {
        self.in_a_row(|one| &one.remedy)
    }

    /// Returns one fault for all of them, for a step that has changed nothing: `what` and the reasons as its message,
    /// the remedies as its advice. Several have numbers, by which reasons and remedies are matched. `code` begins with
    /// the plugin's name.
    pub fn fault(&self, code: &str, what: &str) -> Fault {
        let reasons = self.numbered(|one| &one.reason);
        let remedies = self.numbered(|one| &one.remedy);
        Fault::fail(code, format!("{what}: {reasons}")).advise(format!(
            "{remedies}. Nothing has been changed; run it again afterwards."
        ))
    }

    fn in_a_row(&self, text: fn(&Violation) -> &str) -> String {
        self.0.iter().map(text).collect::<Vec<_>>().join("; ")
    }

    fn numbered(&self, text: fn(&Violation) -> &str) -> String {
        if self.0.len() == 1 {
            return self.in_a_row(text);
        }
        let numbered = self.0.iter().enumerate();
        let numbered = numbered.map(|(index, one)| format!("({}) {}", index + 1, text(one)));
        numbered.collect::<Vec<_>>().join("; ")
    }
}

impl Extend<Violation> for Violations {
    fn extend<T: IntoIterator<Item = Violation>>(&mut self, more: T) {
        self.0.extend(more);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_stands_alone_and_several_have_numbers() {
        let mut violations = Violations::new();
        violations.add_if(false, "never", "never");
        assert!(violations.is_empty());
        violations.add("it is locked", "settle the bill");
        let advice = |violations: &Violations| violations.fault("p.unfit", "no").advice;
        let after = "Nothing has been changed; run it again afterwards.";
        assert_eq!(
            violations.fault("p.unfit", "no").message,
            "no: it is locked"
        );
        assert_eq!(
            advice(&violations),
            Some(format!("settle the bill. {after}"))
        );
        violations.extend([Violation::new("it is full", "empty it")]);
        assert_eq!(violations.reasons(), "it is locked; it is full");
        assert_eq!(
            advice(&violations),
            Some(format!("(1) settle the bill; (2) empty it. {after}"))
        );
    }
}
