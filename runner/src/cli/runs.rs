//! Looking at runs from outside: their records, where they stand, who drives them.

use std::ops::ControlFlow;

use rutter_engine::{Run, RunStatus};

use super::{Context, Failure};
use crate::journal::{Damage, JournalError, Link, RunFolder, Runs};
use crate::session::SessionError;

/// A run as its journal tells it.
pub(super) struct Seen {
    /// The folder of the run, `STATE/runs/ID`.
    pub folder: RunFolder,
    /// The run after those records that are understood, up to the first that is not.
    pub run: Run,
    /// Records of kinds that a newer program wrote.
    pub foreign: bool,
    /// The newest record.
    pub end: Link,
    /// The process that drives it now.
    pub driver: Option<String>,
}

impl Context {
    /// The runs under the state folder.
    pub(super) fn runs(&self) -> Result<Runs, Failure> {
        Ok(Runs::new(&self.settings()?.state_dir))
    }

    /// The run whose id begins with `prefix`, as its journal tells it.
    pub(super) fn see(&self, prefix: &str) -> Result<Seen, Failure> {
        Seen::new(self.runs()?.find(prefix)?)
    }
}

impl Seen {
    /// Reads a run.
    pub(super) fn new(folder: RunFolder) -> Result<Self, Failure> {
        let driver = folder.driver()?;
        let mut run = Run::new();
        let (mut foreign, mut illegal) = (false, None);
        let view = folder.view()?;
        let end = view.end()?;
        view.follow(0, &mut |stored| {
            match stored.into_known().map(|record| run.evolve(&record)) {
                Some(Ok(())) => return ControlFlow::Continue(()),
                Some(Err(error)) => illegal = Some(error),
                None => foreign = true,
            }
            ControlFlow::Break(())
        })?;
        if let Some(error) = illegal {
            let what = Damage::Contradiction(error.to_string());
            return Err(JournalError::damaged(&folder.journal(), what).into());
        }
        Ok(Self {
            folder,
            run,
            foreign,
            end,
            driver,
        })
    }

    /// Refuses a run that has no records: its driver died before the first one was safe.
    pub(super) fn begun(self) -> Result<Self, Failure> {
        if self.run.has_plan() {
            return Ok(self);
        }
        let id = self.folder.id();
        Err(Failure::refused(
            format!("run {id} has no records: it ended before it began, and changed nothing"),
            format!("remove the folder {}", self.folder.path().display()),
        ))
    }

    /// Refuses a run whose journal was recovered: it is shown and taken back, and answers nothing.
    pub(super) fn whole(self) -> Result<Self, Failure> {
        match self.run.recovery() {
            None => Ok(self),
            Some(_) => Err(SessionError::Recovered(self.folder.id().to_owned()).into()),
        }
    }

    /// Refuses a run of another user: only its owner decides about it as a whole.
    pub(super) fn mine(self) -> Result<Self, Failure> {
        self.folder.refuse_foreign()?;
        Ok(self)
    }

    /// Refuses a run that another process drives.
    pub(super) fn free(self) -> Result<Self, Failure> {
        match self.driver {
            None => Ok(self),
            Some(driver) => Err(crate::journal::RunsError::Driven {
                id: self.folder.id().to_owned(),
                driver,
            }
            .into()),
        }
    }

    /// One word for where it stands.
    pub(super) fn word(&self) -> &'static str {
        if !self.run.has_plan() {
            return "empty";
        }
        if self.driver.is_some() {
            return "running";
        }
        let standing = self.run.status();
        match self.run.recovery() {
            Some(_) if !matches!(standing, RunStatus::Ended(_) | RunStatus::UndoFailed) => {
                "recovered"
            }
            _ => standing_word(&standing),
        }
    }
}

/// One word for where a run stands that nobody drives.
pub(super) fn standing_word(standing: &RunStatus) -> &'static str {
    use rutter_engine::{RollbackEnd, RunEnd};
    match standing {
        RunStatus::Ended(RunEnd::Done { fault: None, .. }) => "done",
        RunStatus::Ended(RunEnd::Done { .. }) => "no outputs",
        RunStatus::Ended(RunEnd::RolledBack(RollbackEnd::Done)) => "taken back",
        RunStatus::Ended(RunEnd::RolledBack(_)) => "partly taken back",
        RunStatus::UndoFailed => "undo failed",
        RunStatus::Unknown => "unknown",
        RunStatus::WaitingForPerson => "waiting",
        RunStatus::Failed => "failed",
        RunStatus::Stopped => "stopped",
    }
}
