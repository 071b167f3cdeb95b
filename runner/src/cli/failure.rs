//! Why a command did not do what was asked for, and how that is said: what happened, where, what
//! state the world is in, what to type next. The only place where errors become messages.

use std::error::Error;
use std::fmt::Write as _;
use std::path::Path;

use rutter_diagnostic::neutral::Style;
use rutter_diagnostic::{Diagnostic, Severity, Source, render_all};
use rutter_engine::{Fault, RunEnd};
use rutter_simcloud::WorldError;

use super::Exit;
use crate::drive::DriveError;
use crate::journal::{JournalError, Remedy, RunsError};
use crate::session::SessionError;
use crate::settings::SettingsError;
use crate::ui::PromptError;

/// Nothing was begun; the state of the world is what it was.
pub(super) const NOTHING_RAN: &str = "nothing ran";

/// Why a command did not do what was asked for.
#[derive(Debug)]
pub struct Failure {
    exit: Exit,
    diagnostics: Vec<Diagnostic>,
}

impl Failure {
    /// A failure with one message.
    pub(super) fn new(exit: Exit, diagnostic: Diagnostic) -> Self {
        Self {
            exit,
            diagnostics: vec![diagnostic],
        }
    }

    /// The command cannot be carried out as it was typed.
    pub(super) fn refused(title: impl Into<String>, help: impl Into<String>) -> Self {
        let diagnostic = Diagnostic::error("command", title)
            .state(NOTHING_RAN)
            .help(help);
        Self::new(Exit::Refused, diagnostic)
    }

    /// The operating system refused something before anything ran.
    pub(super) fn io(what: impl Into<String>, error: std::io::Error) -> Self {
        let title = format!("{}: {error}", what.into());
        let diagnostic = Diagnostic::error("system", title).state(NOTHING_RAN);
        let help = remedy_of_io(error.kind()).map(str::to_owned);
        Self::new(Exit::Refused, with_help(diagnostic, help))
    }

    /// A runbook is wrong.
    pub(super) fn runbook(diagnostics: Vec<Diagnostic>) -> Self {
        Self {
            exit: Exit::Refused,
            diagnostics,
        }
    }

    /// The failure of a command that would have run something: a single message says that it did not. Several are
    /// followed by a line that does.
    pub(super) fn before_the_run(mut self) -> Self {
        let is_error = |diagnostic: &&mut Diagnostic| diagnostic.severity == Severity::Error;
        let mut errors: Vec<_> = self.diagnostics.iter_mut().filter(is_error).collect();
        if let [only] = errors.as_mut_slice() {
            only.state.get_or_insert_with(|| NOTHING_RAN.to_owned());
        }
        self
    }

    /// A world file is wrong; `text` is what it says.
    pub(super) fn world(error: &WorldError, text: &str) -> Self {
        let source = Source::new(error.file.clone(), text);
        let diagnostic = Diagnostic::error("world", error.message.clone())
            .at(&source, error.span.clone().into(), "")
            .state(NOTHING_RAN);
        Self::new(Exit::Refused, diagnostic)
    }

    /// The exit code.
    pub fn exit(&self) -> Exit {
        self.exit
    }

    /// The messages, in the order in which they are printed.
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.diagnostics
    }

    /// The messages as text, with a count when there are several.
    pub fn render(&self, style: Style) -> String {
        let mut text = render_all(&self.diagnostics, style);
        let number = |severity| {
            let of = |diagnostic: &&Diagnostic| diagnostic.severity == severity;
            self.diagnostics.iter().filter(of).count()
        };
        let errors = number(Severity::Error);
        if errors > 1 {
            // Writing to a string cannot fail.
            let _ = write!(text, "\n{errors} errors; {NOTHING_RAN}\n");
        }
        text
    }
}

/// An error and its causes on one line.
pub(super) fn with_causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        // A wrapper that only repeats its cause says nothing new.
        if !text.ends_with(&more) {
            let _ = write!(text, ": {more}");
        }
        cause = error.source();
    }
    text
}

/// A message with the help that an error brings along.
pub(super) fn with_help(diagnostic: Diagnostic, help: Option<String>) -> Diagnostic {
    match help {
        Some(help) => diagnostic.help(help),
        None => diagnostic,
    }
}

impl From<SettingsError> for Failure {
    fn from(error: SettingsError) -> Self {
        let mut diagnostic = Diagnostic::error("settings", with_causes(&error));
        let name = error.file.as_deref().map(Path::display);
        if let (Some(name), Some(place)) = (&name, &error.place) {
            let source = Source::new(name.to_string(), place.text.as_str());
            diagnostic = diagnostic.at(&source, place.span.clone().into(), "");
        }
        let diagnostic = with_help(diagnostic.state(NOTHING_RAN), error.help);
        Self::new(Exit::Refused, diagnostic)
    }
}

impl From<RunsError> for Failure {
    fn from(error: RunsError) -> Self {
        if let RunsError::Journal(error) = error {
            return error.into();
        }
        let code = match &error {
            RunsError::NotFound { .. } | RunsError::Ambiguous { .. } => "run",
            RunsError::Driven { .. } => "driven",
            RunsError::Component { .. } => "component",
            RunsError::Journal(_) => "journal",
        };
        let diagnostic = Diagnostic::error(code, error.to_string()).state(NOTHING_RAN);
        Self::new(Exit::Refused, with_help(diagnostic, error.remedy()))
    }
}

impl From<JournalError> for Failure {
    fn from(error: JournalError) -> Self {
        let state = error.state().unwrap_or_else(|| NOTHING_RAN.to_owned());
        let diagnostic = Diagnostic::error("journal", error.to_string()).state(state);
        Self::new(Exit::Refused, with_help(diagnostic, error.remedy()))
    }
}

impl From<SessionError> for Failure {
    fn from(error: SessionError) -> Self {
        match error {
            SessionError::Runs(error) => error.into(),
            SessionError::Journal(error) => error.into(),
            SessionError::Drive(error) => drive_failed(&error),
            SessionError::Accounts(faults) => accounts_failed(&faults),
            error => session_failed(&error),
        }
    }
}

/// The loop stopped in the middle of a run: what was sent is recorded, and it can be resumed.
fn drive_failed(error: &DriveError) -> Failure {
    let state = "nothing was sent that is not recorded; the run can be resumed";
    match error {
        DriveError::Journal { source, .. } => {
            let diagnostic = Diagnostic::error("journal", with_causes(error)).state(state);
            Failure::new(Exit::Stopped, with_help(diagnostic, source.remedy()))
        }
        DriveError::Illegal(_) => {
            let diagnostic =
                Diagnostic::error("bug", format!("rutter has a bug: {}", with_causes(error)));
            let help = "please report this message; `rutter list` shows where the run stands";
            Failure::new(Exit::Bug, diagnostic.state(state).help(help))
        }
    }
}

/// One message for each account that is not who it should be, or cannot be asked.
fn accounts_failed(faults: &[Fault]) -> Failure {
    let message = |fault: &Fault| {
        let diagnostic = Diagnostic::error(fault.code.clone(), fault.message.clone());
        with_help(diagnostic.state(NOTHING_RAN), fault.advice.clone())
    };
    Failure {
        exit: Exit::Refused,
        diagnostics: faults.iter().map(message).collect(),
    }
}

/// A session that could not begin.
fn session_failed(error: &SessionError) -> Failure {
    let (code, help) = match error {
        SessionError::Cloud(error) => ("credentials", Some(error.help().join("; "))),
        SessionError::Plugin(_) => ("plugin", None),
        SessionError::Damaged(_) => (
            "journal",
            Some("restore the run's folder from a backup; nothing was done".to_owned()),
        ),
        SessionError::Vault(_) => (
            "secrets",
            Some("restore the files from a backup".to_owned()),
        ),
        SessionError::Over(id, RunEnd::Done { fault: Some(_), .. }) => (
            "run",
            Some(format!(
                "its outputs could not be made: `rutter resume {id} --runbook FILE` makes them with a corrected runbook"
            )),
        ),
        SessionError::Over(id, _) => (
            "run",
            Some(format!(
                "`rutter undo {id}` takes its changes back; `rutter show {id}` shows them"
            )),
        ),
        SessionError::NoSuchAction { asks, .. } => ("action", Some(named_actions(asks))),
        SessionError::Recovered(id) => (
            "recovered",
            Some(format!(
                "`rutter undo {id}` takes back what is known; `rutter show {id}` shows it"
            )),
        ),
        SessionError::Sound(id) => ("run", Some(format!("`rutter show {id}` shows where it stands"))),
        SessionError::NothingSound(..) => (
            "journal",
            Some(
                "put the whole folder back from a backup; without one compare the accounts with the runbook and clear \
                 up by hand"
                    .to_owned(),
            ),
        ),
        SessionError::Part { help, .. } => ("part", Some(help.clone())),
        SessionError::Moved(_) => ("run", Some("try again".to_owned())),
        SessionError::NoSuchAccount { accounts, .. } => (
            "unknown-account",
            Some(format!("its accounts are: {}", accounts.join(", "))),
        ),
        SessionError::NoSuchStep(_) => ("step", Some("`rutter check` lists the steps".to_owned())),
        _ => ("run", None),
    };
    let diagnostic = Diagnostic::error(code, with_causes(error)).state(NOTHING_RAN);
    let help = help.filter(|help| !help.is_empty());
    Failure::new(Exit::Refused, with_help(diagnostic, help))
}

fn named_actions(asks: &[String]) -> String {
    match asks {
        [] => "it calls nothing that destroys, buys or is final".to_owned(),
        asks => format!("it may ask about {}", asks.join(", ")),
    }
}

impl From<PromptError> for Failure {
    fn from(error: PromptError) -> Self {
        Self::refused(error.to_string(), "give the answer by a flag or a file")
    }
}

/// What a person can do about what the operating system refused, where that is the same for every command.
fn remedy_of_io(kind: std::io::ErrorKind) -> Option<&'static str> {
    use std::io::ErrorKind;
    match kind {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => {
            Some("make room on its disk, or choose another place, then try again")
        }
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
            Some("let its owner allow it to you, or choose another place")
        }
        ErrorKind::AlreadyExists => {
            Some("nothing is written over: move it away, or choose another name")
        }
        ErrorKind::NotFound | ErrorKind::NotADirectory => {
            Some("check the path: is each folder in it there, and a folder?")
        }
        _ => None,
    }
}
