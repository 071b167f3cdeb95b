//! What a person accepted of a runbook, held against what the runbook is: each command in its manner.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use rutter_diagnostic::{Diagnostic, Severity, Source, shell};
use rutter_meaning::Rule;
use rutter_meaning::held;
use rutter_plugin::{Catalogue, Component, Origin, Plugin};
use rutter_runbook::Checked;

use super::plugins::catalogue;
use super::{Context, Failure, granted};
use crate::lock::{self, Entry, Lock, LockError, Verdict, Which};
use crate::ui::Prompt;

/// What a command does about a runbook that was not accepted as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Manner {
    /// Warns, and runs no code that was not accepted.
    Check,
    /// Refuses the runbook.
    CheckLocked,
    /// Warns and runs the code all the same, in a simulated cloud.
    Rehearse,
    /// Refuses a runbook that differs; asks the person at the terminal about one that was never accepted.
    Run,
    /// Accepts the runbook as it is.
    Lock,
}

/// What was accepted of a runbook, and what is to be done with that.
pub(super) struct Acceptance<'a> {
    context: &'a Context,
    path: &'a Path,
    manner: Manner,
    lock: RefCell<Lock>,
    warnings: RefCell<Vec<Diagnostic>>,
}

impl<'a> Acceptance<'a> {
    /// Reads what was accepted of the runbook at `path`.
    pub(super) fn new(
        context: &'a Context,
        path: &'a Path,
        manner: Manner,
    ) -> Result<Self, Failure> {
        let lock = Lock::beside(path)?;
        Ok(Self {
            context,
            path,
            manner,
            lock: RefCell::new(lock),
            warnings: RefCell::new(Vec::new()),
        })
    }

    /// The command's surroundings.
    pub(super) fn context(&self) -> &'a Context {
        self.context
    }

    /// The runbook.
    pub(super) fn path(&self) -> &'a Path {
        self.path
    }

    /// The file that says what was accepted.
    pub(super) fn lock_path(&self) -> String {
        self.lock.borrow().path().display().to_string()
    }

    /// The plugins of the search path; where several have a name, the accepted one is meant.
    pub(super) fn catalogue(&self) -> Catalogue {
        let mut catalogue = catalogue(&self.context.environment);
        let lock = self.lock.borrow();
        for plugin in lock
            .of(self.path)
            .into_iter()
            .flat_map(|entry| &entry.plugin)
        {
            let component = match &plugin.component {
                Which::Shipped => Component::Shipped,
                Which::Bytes(digest) => Component::Digest(digest.hex().to_owned()),
            };
            catalogue.accept(&plugin.name, component);
        }
        catalogue
    }

    /// What is to be accepted of the runbook as it is now.
    pub(super) fn entry(&self, checked: &Checked) -> Entry {
        Entry::of(checked, self.path, self.lock.borrow().of(self.path))
    }

    /// Judges a runbook that is well written, before anything of it is run and anybody is asked for a value.
    ///
    /// # Errors
    /// Why it is refused.
    pub(super) fn judge(&self, checked: &Checked) -> Result<(), Vec<Diagnostic>> {
        if !held::hold(Rule::Lock) {
            return Ok(());
        }
        let now = self.entry(checked);
        let verdict = lock::judge(self.lock.borrow().of(self.path), &now);
        let Some(problem) = self.problem(&verdict, &now) else {
            return Ok(());
        };
        match (self.manner, verdict) {
            (Manner::Lock, _) => Ok(()),
            (Manner::Check | Manner::Rehearse, _) => {
                self.warnings.borrow_mut().push(Diagnostic {
                    severity: Severity::Warning,
                    ..problem
                });
                Ok(())
            }
            (Manner::Run, Verdict::Unaccepted) => self.ask(checked, now, problem),
            (Manner::Run | Manner::CheckLocked, _) => {
                Err(vec![problem.state(super::failure::NOTHING_RAN)])
            }
        }
    }

    /// The warnings: what was found and does not stop the command.
    pub(super) fn warnings(self) -> Vec<Diagnostic> {
        self.warnings.into_inner()
    }

    /// The plugins whose code the command may run before the run, by digest.
    pub(super) fn may_be_asked(&self, checked: &Checked) -> BTreeMap<String, Arc<Plugin>> {
        let is_check = matches!(self.manner, Manner::Check | Manner::CheckLocked);
        let mut plugins = checked.plugins.clone();
        if !is_check || !held::hold(Rule::Lock) {
            return plugins;
        }
        let now = self.entry(checked);
        let lock = self.lock.borrow();
        let accepted = lock.of(self.path);
        plugins.retain(|digest, found| {
            let is_it = |which: &Which| matches!(which, Which::Bytes(own) if own.hex() == digest);
            let mut as_now = now.plugin.iter().filter(|plugin| is_it(&plugin.component));
            let was = |plugin| accepted.is_some_and(|entry| entry.plugin.contains(plugin));
            found.origin != Origin::Other || as_now.any(was)
        });
        plugins
    }

    /// Accepts the runbook as it is. Says whether that altered the file.
    pub(super) fn accept(&self, entry: Entry) -> Result<bool, LockError> {
        self.lock.borrow_mut().accept([entry])
    }

    fn problem(&self, verdict: &Verdict, now: &Entry) -> Option<Diagnostic> {
        let runbook = self.path.display();
        let lock = self.lock_path();
        let problem = match verdict {
            Verdict::Accepted | Verdict::Ships => return None,
            Verdict::Unaccepted => Diagnostic::error(
                "lock-unaccepted",
                format!("nobody accepted what the plugins of `{runbook}` may do"),
            )
            .details(granted::lines(
                now.plugin
                    .iter()
                    .filter(|plugin| plugin.component != Which::Shipped),
            )),
            Verdict::Differs(lines) => Diagnostic::error(
                "lock-differs",
                format!("`{runbook}` is not what `{lock}` accepts"),
            )
            .details(lines.clone()),
        };
        let typed = shell::path(self.path);
        Some(problem.help(format!("`rutter lock {typed}` accepts it")))
    }

    /// Asks the person at the terminal; without one it is refused.
    fn ask(
        &self,
        checked: &Checked,
        now: Entry,
        problem: Diagnostic,
    ) -> Result<(), Vec<Diagnostic>> {
        let refused = || vec![problem.state(super::failure::NOTHING_RAN)];
        let Some(prompt) = Prompt::open() else {
            return Err(refused());
        };
        let printer = &self.context.printer;
        printer.aside(&granted::page(&now, checked));
        let question = format!("May `{}` do this?", self.path.display());
        if !prompt.word(&question).unwrap_or(false) {
            return Err(refused());
        }
        self.accept(now)
            .map_err(|error| vec![lock_problem(&error)])?;
        printer.note(&format!("`{}` is written", self.lock_path()));
        Ok(())
    }
}

/// A lock that cannot be read or written, for people.
pub(super) fn lock_problem(error: &LockError) -> Diagnostic {
    let problem = Diagnostic::error("lock", error.to_string()).state(super::failure::NOTHING_RAN);
    match error {
        LockError::Unreadable { .. } => problem
            .help("a lock is a regular text file next to the runbook; move away what is there"),
        LockError::Wrong {
            path, text, span, ..
        } => {
            let source = Source::new(path.display().to_string(), text.as_str());
            problem.at(&source, span.clone().into(), "").help(
                "correct it, or delete it and run `rutter lock RUNBOOK` for each runbook next to it",
            )
        }
        LockError::Unwritable { .. } => {
            problem.help("it is what it was; make room, or give yourself the right to write there")
        }
    }
}

impl From<LockError> for Failure {
    fn from(error: LockError) -> Self {
        Self::runbook(vec![lock_problem(&error)])
    }
}
