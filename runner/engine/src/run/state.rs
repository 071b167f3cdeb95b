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
use crate::plan::{Name, Plan};
use crate::question::{Question, Shown};
use crate::record::{At, Identity, Mode, RollbackEnd, RunEnd, Shape, Timestamp};
use crate::run::recovery::Recovery;
use crate::run::tally::Tally;
use crate::run::token::Token;
use crate::seen::{Passed, Seen};

/// A record that cannot follow those before it: on resume the journal is damaged or foreign, live it
/// is a bug.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("record {seq} cannot follow those before it: {why}")]
pub struct IllegalRecord {
    /// The record's number.
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

/// A step of the run.
#[derive(Clone, Debug, Default)]
pub struct StepRun {
    /// Where it stands.
    pub state: StepState,
    /// What its outputs will look like.
    pub shape: Option<Shape>,
    /// Its items, once they are fixed.
    pub items: IndexMap<Option<Name>, ItemRun>,
    /// The record that made it what it is: over, begun, or begun again.
    pub(crate) since: u64,
    /// The newest question that it asked itself, and not one of its changes.
    pub(crate) own_question: Option<u64>,
    /// Enough people said yes to that.
    pub confirmed: bool,
    /// How many of its questions are open.
    pub(crate) questions: usize,
    /// Needed steps that are not over.
    pub(crate) unmet: usize,
    /// The steps that need this one.
    pub(crate) dependents: Vec<usize>,
    /// How the items stand.
    pub(crate) tally: Tally,
    /// The changes that people said yes to and that were not sent yet, as they were shown.
    pub(crate) granted: Vec<Shown>,
    /// A mended runbook says something else than what the items were made from, or the step waits
    /// again: they are made anew before it goes on.
    pub(crate) revised: bool,
    /// The record with which it was begun.
    pub(crate) began: Option<u64>,
    /// The record with which it was over.
    pub(crate) ended: Option<u64>,
    /// The step that runs the sub-runbook this one belongs to.
    pub(crate) caller: Option<usize>,
    /// What it is to the steps of the sub-runbook it runs, if it runs one.
    pub(crate) inner: Inner,
}

/// The steps of a sub-runbook, as the step that runs it sees them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Inner {
    /// Their places in the plan.
    pub(crate) steps: Vec<usize>,
    /// Those of them that are not over.
    pub(crate) open: usize,
    /// They may begin: the inputs are fixed, and people said yes if they are asked.
    pub(crate) begun: bool,
    /// The first failure that this step answers for: what has not begun does not begin any more.
    pub(crate) broken: Option<Fault>,
}

/// Where a step stands.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum StepState {
    /// It was not begun.
    #[default]
    Waiting,
    /// Its items are fixed and not over.
    Running,
    /// It was left out, and why.
    Skipped(String),
    /// Its outputs.
    Done(Value),
    /// Why it failed.
    Failed(Fault),
}

/// One item of a step.
#[derive(Clone, Debug)]
pub struct ItemRun {
    /// What people call it, where its key says less.
    pub name: Option<String>,
    /// Its inputs, secrets as placeholders.
    pub inputs: Value,
    /// Where it stands.
    pub state: ItemState,
    /// The record since which it stands so.
    pub(crate) since: u64,
    /// Attempts that were started.
    pub attempts: u32,
    /// Attempts that do not count against the retry's budget, because a person began anew.
    pub forgiven: u32,
    /// The newest attempt.
    pub attempt: Option<Attempt>,
    /// The attempt of the plugin's own undo.
    pub undo: Option<Attempt>,
    /// How often the undo was started.
    pub undo_attempts: u32,
    /// How often it was taken back: what is made again has other tokens and marks than what was made
    /// before.
    pub generation: u32,
    /// Changes of it stand although it is made again.
    pub(crate) stands: bool,
    /// The numbers of its changes, over all attempts.
    pub(crate) changes: Vec<u64>,
}

/// Where an item stands.
#[derive(Clone, Debug, PartialEq)]
pub enum ItemState {
    /// It may be started.
    Pending,
    /// It waits for a new attempt; `armed` while this process has set the timer.
    Delayed {
        /// When.
        due: Timestamp,
        /// This process has set the timer.
        armed: bool,
    },
    /// Its newest attempt is under way.
    Running,
    /// Its outputs.
    Done(Value),
    /// Why it failed, and no new attempt was planned yet.
    Failed(Fault),
    /// A change of unknown outcome ended it.
    Unknown(Fault),
}

/// One start of a step's code, with its host calls so far.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// Which.
    pub at: At,
    /// The recorded calls by index, until it is over.
    pub calls: Vec<Slot>,
    /// This process has started the guest.
    pub hosted: bool,
    /// Since when its timeout counts: its start in this process, or a person's last answer.
    pub(crate) since: Timestamp,
    /// It is over.
    pub ended: bool,
    /// Why it ended badly.
    pub fault: Option<Fault>,
}

/// A recorded host call.
#[derive(Clone, Debug)]
pub struct Slot {
    /// Its fingerprint.
    pub print: String,
    /// What it was.
    pub kind: SlotKind,
    /// When it was answered, or begun.
    pub time: Timestamp,
}

/// What a recorded host call was.
#[derive(Clone, Debug)]
pub enum SlotKind {
    /// Answered.
    Answered(Result<Value, Fault>),
    /// A change, by its number.
    Change(u64),
    /// A wait that is not over.
    Wait {
        /// When it ends or gives up.
        deadline: Timestamp,
    },
}

/// A change of the outside world.
#[derive(Clone, Debug)]
pub struct Change {
    /// Its number, from 1.
    pub number: u64,
    /// By whom.
    pub at: At,
    /// The call's place in the attempt.
    pub index: u32,
    /// The call's fingerprint.
    pub print: String,
    /// The call.
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
    /// It happened.
    Done(Value),
    /// It did not happen.
    Refused(Fault),
    /// Nobody knows.
    Unknown(Fault),
}

/// Whether a change was taken back.
#[derive(Clone, Debug, PartialEq)]
pub enum Back {
    /// It was not tried.
    No,
    /// The reverse is on its way.
    Sent {
        /// The reverse.
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

/// A rollback.
#[derive(Clone, Debug)]
pub struct Rollback {
    /// Who asked.
    pub by: Person,
    /// How it ended.
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
