//! Exit codes: did anything run, and is it safe to run again?

use std::process::ExitCode;

use rutter_engine::{Recovery, RollbackEnd, Run, RunEnd, RunStatus};

/// How the program ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Done what was asked for.
    Done,
    /// The run failed.
    Failed,
    /// The command or the runbook is wrong; nothing ran.
    Refused,
    /// The run stopped and can be resumed.
    Stopped,
    /// The run waits for a person.
    Waiting,
    /// Nobody knows whether a change happened.
    Unknown,
    /// A change could not be taken back.
    UndoFailed,
    /// A bug of this program.
    Bug,
    /// The operator interrupted the run, which can be resumed.
    Interrupted,
}

/// What the operator asked for, which decides what counts as done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// To carry the run out.
    Run,
    /// To take it back, or a part of it.
    Undo,
}

impl Exit {
    /// The code, for scripts.
    pub fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Refused => 2,
            Self::Stopped => 3,
            Self::Waiting => 4,
            Self::Unknown => 5,
            Self::UndoFailed => 6,
            Self::Bug => 70,
            Self::Interrupted => 130,
        }
    }

    /// The code for a run that lost records: success becomes `Unknown`, since it is not known what those did.
    pub fn of_run(self, run: &Run) -> Self {
        let lost = run.recovery().is_some_and(Recovery::lost_records);
        if lost && self == Self::Done {
            return Self::Unknown;
        }
        self
    }

    /// What the end of a run means for whoever asked for it.
    pub fn of_standing(standing: &RunStatus, asked: Asked, interrupted: bool) -> Self {
        match (standing, asked) {
            (RunStatus::Ended(RunEnd::Done { fault: None, .. }), _) => Self::Done,
            (RunStatus::Ended(RunEnd::Done { fault: Some(_), .. }), _) => Self::Failed,
            (RunStatus::Ended(RunEnd::RolledBack(RollbackEnd::Done)), Asked::Undo) => Self::Done,
            (RunStatus::Ended(RunEnd::RolledBack(RollbackEnd::Done)), Asked::Run) => Self::Failed,
            (RunStatus::Ended(RunEnd::RolledBack(_)) | RunStatus::UndoFailed, _) => {
                Self::UndoFailed
            }
            (RunStatus::Unknown, _) => Self::Unknown,
            (RunStatus::WaitingForPerson, _) => Self::Waiting,
            (RunStatus::Failed, _) => Self::Failed,
            (RunStatus::Stopped, _) if interrupted => Self::Interrupted,
            (RunStatus::Stopped, _) => Self::Stopped,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}
