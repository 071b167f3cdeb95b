//! What a run consists of.

use std::collections::{BTreeMap, BTreeSet};

use indexmap::IndexMap;
use serde_json::Value;

use crate::adoption::Adoption;
use crate::api::Fault;
use crate::call::Call;
use crate::find::Find;
use crate::part::Part;
use crate::person::Person;
use crate::place::At;
use crate::plan::{Name, Plan};
use crate::question::{Question, Shown};
use crate::record::{Identity, Mode, RollbackEnd, RunEnd};
use crate::run::recovery::Recovery;
use crate::run::step::StepRun;
use crate::run::token::Token;
use crate::seen::{Passed, Seen};
use crate::time::Timestamp;

/// A record that cannot follow those before it: on resume the journal is damaged or foreign, live it
/// is a bug.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("record {seq} cannot follow those before it: {why}")]
pub struct IllegalRecord {
    /// The number of the record that does not fit, from 1.
    pub seq: u64,
    /// What does not fit.
    pub why: String,
}

/// The state of a run. A value: clone it, change one thing, run on.
#[derive(Clone, Debug, Default)]
pub struct Run {
    pub(crate) id: String,
    pub(crate) mode: Option<Mode>,
    pub(crate) plan: Option<Box<Plan>>,
    /// The number of the newest record.
    pub(crate) seq: u64,
    /// When the first and the newest record were made.
    pub(crate) started: Timestamp,
    pub(crate) latest: Timestamp,
    /// Since when a process drives it without a break.
    pub(crate) driven: Timestamp,
    pub(crate) accounts: BTreeMap<Name, Identity>,
    pub(crate) steps: IndexMap<Name, StepRun>,
    pub(crate) changes: Vec<Change>,
    pub(crate) questions: Vec<Question>,
    /// The numbers of those that wait for an answer.
    pub(crate) open_questions: BTreeSet<u64>,
    /// The files of the inbox whose words are recorded.
    pub(crate) letters: BTreeSet<String>,
    /// The accounts were confirmed since a driver took the run up.
    pub(crate) confirmed: bool,
    pub(crate) interrupted: bool,
    pub(crate) rollback: Option<Rollback>,
    /// A part was taken back, and nothing is begun before a driver takes the run up again.
    pub(crate) rests: bool,
    pub(crate) end: Option<RunEnd>,
    /// The newest recovery of a damaged journal.
    pub(crate) recovery: Option<Recovery>,
    /// By how many milliseconds the cloud's clock is ahead of the driver's, once it was heard.
    pub(crate) cloud_ahead: Option<i64>,
    /// Steps whose situation changed since the engine last looked, by their place in the plan.
    pub(crate) attention: BTreeSet<usize>,
    /// Steps that are not over.
    pub(crate) open_steps: usize,
    /// Steps whose failure keeps new ones from starting.
    pub(crate) failed_steps: BTreeSet<usize>,
    /// Items of open steps that ended with a change of unknown outcome.
    pub(crate) unknown_items: usize,
    /// Changes that were intended and have no outcome yet, by their number.
    pub(crate) unanswered: BTreeSet<u64>,
    /// Set by the driver for one session: nothing but this step and what it needs.
    pub(crate) until: Option<Name>,
    /// What other runs took as it was, as far as this process was told.
    pub(crate) adoptions: Vec<Adoption>,
    /// The steps that may start because of it.
    pub(crate) only: Option<BTreeSet<usize>>,
}

/// A change of the outside world.
#[derive(Clone, Debug)]
pub struct Change {
    /// Its number, from 1.
    pub number: u64,
    /// The attempt that made it.
    pub at: At,
    /// The call's place in the attempt.
    pub index: u32,
    /// The call's fingerprint, by which an equal change is known.
    pub fingerprint: String,
    /// The call, in the form in which it is sent; secrets as placeholders.
    pub call: Call,
    /// The call that takes it back.
    pub reverse: Option<Call>,
    /// How what it makes is seen.
    pub find: Option<Box<Find>>,
    /// The keys of what was seen before it.
    pub before: Vec<String>,
    /// What became of it.
    pub state: ChangeState,
    /// A person's yes to it was used up by it.
    pub(crate) granted: Option<Shown>,
    /// When it was intended first.
    pub intended: Timestamp,
    /// Whether it was taken back.
    pub back: Back,
    /// Its token, and that of the newest reverse.
    pub(crate) token: Token,
    pub(crate) reverse_token: Token,
    /// This process is looking at what it left behind.
    pub(crate) looking: bool,
    /// Looking did not tell what became of it.
    pub(crate) look_failed: bool,
    /// A person said that it is to be taken back, whatever is known of it.
    pub(crate) insisted: bool,
    /// A person said that it happened: an equal one is not sent while this one was not found.
    pub(crate) adopted: bool,
    /// It stays while its step is made again, and answers an equal change.
    pub(crate) offered: bool,
    /// Nobody sent it: it is an object that another change made in passing.
    pub passed: Option<Passed>,
    /// What was seen of it at the end of its step.
    pub left: Option<Seen>,
    /// This process compared it with that before it is taken back.
    pub(crate) compared: bool,
}

/// What became of a change.
#[derive(Clone, Debug, PartialEq)]
pub enum ChangeState {
    /// It is on its way; `stale` when an earlier process sent it.
    Intended {
        /// An earlier process sent it.
        stale: bool,
    },
    /// It happened, and was answered so.
    Done(Value),
    /// It did not happen.
    Refused(Fault),
    /// Whether it happened is not known, for this reason.
    Unknown(Fault),
}

/// Whether a change was taken back.
#[derive(Clone, Debug, PartialEq)]
pub enum Back {
    /// It was not tried.
    No,
    /// The reverse is on its way.
    Sent {
        /// The call that was sent to take it back.
        call: Box<Call>,
        /// An earlier process sent it.
        stale: bool,
    },
    /// It was, or was found to be gone.
    Done,
    /// Its plugin says that it was; it is looked at.
    Claimed,
    /// The reverse failed, or it is not known what became of the change.
    Failed(Fault),
    /// It stays, and why.
    Left(String),
}

/// A rollback of the run or of a part of it, under way or over.
#[derive(Clone, Debug)]
pub struct Rollback {
    /// The person who asked for it; the runbook for `on_failure = "undo"`.
    pub by: Person,
    /// How it ended; none while it is under way.
    pub end: Option<RollbackEnd>,
    /// No change with a higher number is still to be taken back.
    pub(crate) highest: u64,
    /// Changes that wait for a person.
    pub(crate) stuck: BTreeSet<u64>,
    /// Changes that stay.
    pub(crate) left: BTreeSet<u64>,
    /// What it takes back, when that is not the whole run.
    pub part: Option<Part>,
    /// The mended runbook that the run goes on with afterwards.
    pub(crate) mended: Option<Box<Plan>>,
}
