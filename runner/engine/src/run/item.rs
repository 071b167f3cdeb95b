//! An item of a step: where it stands, its attempts, and the host calls of each.

use serde_json::Value;

use crate::api::Fault;
use crate::place::At;
use crate::time::Timestamp;

/// One item of a step.
#[derive(Clone, Debug)]
pub struct ItemRun {
    /// What people call it, where its key says less.
    pub name: Option<String>,
    /// Its inputs, secrets as placeholders.
    pub inputs: Value,
    /// Whether it waits, runs, or ended, and how.
    pub state: ItemState,
    /// The record since which it stands so.
    pub(crate) since: u64,
    /// Attempts that were started.
    pub attempts: u32,
    /// Attempts that do not count against the retry's budget, because a person began anew.
    pub(crate) forgiven: u32,
    /// The newest attempt of its `run`; none before the first.
    pub attempt: Option<Attempt>,
    /// The attempt of the plugin's own undo.
    pub undo: Option<Attempt>,
    /// How often the undo was started.
    pub(crate) undo_attempts: u32,
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
        /// The instant at which the attempt begins.
        due: Timestamp,
        /// This process has set the timer.
        armed: bool,
    },
    /// Its newest attempt is under way.
    Running,
    /// It is done, with these outputs.
    Done(Value),
    /// Why it failed, and no new attempt was planned yet.
    Failed(Fault),
    /// A change of unknown outcome ended it.
    Unknown(Fault),
}

/// One start of a step's code, with its host calls so far.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// The step, item and number of the attempt.
    pub at: At,
    /// The recorded calls by index, until it is over.
    pub calls: Vec<Slot>,
    /// This process has started the guest.
    pub(crate) hosted: bool,
    /// Since when its timeout counts: its start in this process, or a person's last answer.
    pub(crate) since: Timestamp,
    /// Nothing of it is under way any more.
    pub ended: bool,
    /// Why it ended badly.
    pub fault: Option<Fault>,
}

/// A recorded host call.
#[derive(Clone, Debug)]
pub struct Slot {
    /// The call's fingerprint, which a replay is held to.
    pub fingerprint: String,
    /// What kind of call it was, with its answer where that is known.
    pub kind: SlotKind,
    /// When it was answered, or begun.
    pub time: Timestamp,
}

/// What a recorded host call was.
#[derive(Clone, Debug)]
pub enum SlotKind {
    /// A call that changes nothing, with its answer.
    Answered(Result<Value, Fault>),
    /// A change, by its number.
    Change(u64),
    /// A wait that is not over.
    Wait {
        /// When it ends or gives up.
        deadline: Timestamp,
    },
}
