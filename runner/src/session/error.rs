//! Why a session could not begin or go on.

use rutter_engine::{Fault, IllegalRecord, PartRefused, RunEnd};

use crate::cloud::CloudError;
use crate::drive::DriveError;
use crate::host::LoadError;
use crate::journal::{JournalError, RunsError};
use crate::secrets::VaultError;

/// Why a session could not begin or go on.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// Credentials are missing or cannot be used.
    #[error(transparent)]
    Cloud(#[from] CloudError),
    /// Accounts could not be asked who they are, or are not who they should be.
    #[error("{}", accounts_text(.0))]
    Accounts(Vec<Fault>),
    /// A component cannot be used.
    #[error("a plugin cannot be loaded")]
    Plugin(#[from] LoadError),
    /// The run's folder.
    #[error(transparent)]
    Runs(#[from] RunsError),
    /// The journal refused something.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The records contradict each other.
    #[error("the journal is damaged or foreign, and is not acted upon")]
    Damaged(#[from] IllegalRecord),
    /// The loop stopped.
    #[error(transparent)]
    Drive(#[from] DriveError),
    /// The secrets that the cloud gave out cannot be kept or read.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The run has no records: it ended before its first one was safe.
    #[error("run {0} has no records: it ended before it began, and did nothing")]
    Empty(String),
    /// The run's journal was recovered: what came after its sound part is not known.
    #[error(
        "the journal of run {0} was damaged: what the run did last is not known, so it cannot go on"
    )]
    Recovered(String),
    /// There is nothing to recover.
    #[error("the journal of run {0} is sound: there is nothing to recover")]
    Sound(String),
    /// Nothing can be recovered.
    #[error("not even the first record of run {0} can be read: {1}")]
    NothingSound(String, String),
    /// The run is over.
    #[error("run {0} is over")]
    Over(String, RunEnd),
    /// A part of the run cannot be taken back, or not made again.
    #[error("{refused}")]
    Part {
        /// Why the part cannot be taken back.
        refused: PartRefused,
        /// What to type instead.
        help: String,
    },
    /// The run went on since it was looked at.
    #[error("run {0} went on since it was looked at")]
    Moved(String),
    /// `--account` names an account that the run does not have.
    #[error("the run has no account `{name}`")]
    NoSuchAccount {
        /// The name that was given.
        name: String,
        /// The accounts that it has.
        accounts: Vec<String>,
    },
    /// `--until` or `--approve` names a step that the runbook does not have.
    #[error("the runbook has no step `{0}`")]
    NoSuchStep(String),
    /// `--approve` names an action that the step never calls.
    #[error("step `{step}` never calls `{action}`")]
    NoSuchAction {
        /// The step's full id: `step`, or `caller.step` inside another runbook.
        step: String,
        /// The action that `--approve` names, `ecs:DeleteImage`.
        action: String,
        /// The actions it may ask about.
        asks: Vec<String>,
    },
    /// The world's file.
    #[error(transparent)]
    World(#[from] rutter_simcloud::WorldError),
    /// The world lacks an account of the runbook.
    #[error("the world has no account `{0}`, which the runbook needs")]
    WorldAccount(String),
}

fn accounts_text(faults: &[Fault]) -> String {
    faults
        .iter()
        .map(|fault| fault.message.as_str())
        .collect::<Vec<_>>()
        .join("; ")
}
