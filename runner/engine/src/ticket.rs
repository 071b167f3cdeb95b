//! What is under way outside of the engine: what it is for, and what became of it.

use std::collections::VecDeque;

use serde_json::Value;

use crate::api::{Fault, FaultClass};
use crate::call::{Call, Condition};
use crate::find::Find;
use crate::place::{At, CallSite};
use crate::seen::Seen;
use crate::time::Timestamp;

/// What became of something that was sent.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// It was answered, with this body; an answer by plain HTTP has its status and headers beside it.
    Done(Value),
    /// It did not happen: the cloud or the host said so, or no byte left.
    Refused(Fault),
    /// It may have happened.
    Unknown(Fault),
}

impl Outcome {
    /// The outcome of a call that failed with this fault, where nothing but the fault is known.
    pub fn of_fault(fault: Fault) -> Self {
        match fault.class {
            FaultClass::LookFirst => Self::Unknown(fault),
            _ => Self::Refused(fault),
        }
    }

    /// It did not happen, and the same call may well succeed a little later.
    pub fn is_refused_for_now(&self) -> bool {
        matches!(self, Self::Refused(fault) if fault.class == FaultClass::Retry)
    }

    /// It did not happen, because of the credentials that it was sent with.
    pub fn asks_for_credentials(&self) -> bool {
        matches!(self, Self::Refused(fault) if fault.class == FaultClass::Credential)
    }
}

/// What a call in flight is for. It goes out with the effect and comes back with the answer, so that
/// the engine keeps no memory of its own beside the records.
#[derive(Clone, Debug, PartialEq)]
pub struct Ticket {
    /// What the call does in the run.
    pub work: Work,
    /// How often it has been sent, from 1.
    pub tries: u32,
    /// When it was sent first.
    pub first: Timestamp,
}

/// The purpose of a call in flight.
#[derive(Clone, Debug, PartialEq)]
pub enum Work {
    /// A guest's call that changes nothing.
    Read {
        /// Whose call it is, and which of its attempt.
        place: CallSite,
        /// The read, judged and classed.
        call: Box<Call>,
    },
    /// A poll of a guest's wait.
    Poll {
        /// Whose call it is, and which of its attempt.
        place: CallSite,
        /// The read, judged and classed.
        call: Box<Call>,
        /// What an answer must hold for the wait to end, and what makes it fail.
        condition: Box<Condition>,
        /// When it gives up.
        deadline: Timestamp,
    },
    /// A change, by its number.
    Change(u64),
    /// The reverse of a change, by the change's number.
    Reverse(u64),
    /// A read of a look.
    Look(Box<Look>),
    /// A read of a survey.
    Survey(Box<Survey>),
}

/// What a change left behind is being read: the object, who uses it, and what was made in passing.
#[derive(Clone, Debug, PartialEq)]
pub struct Survey {
    /// Whose change it is.
    pub at: At,
    /// The change's number in the run, from 1.
    pub(crate) change: u64,
    /// What is decided with what is read.
    pub(crate) why: SurveyFor,
    /// What is being read.
    pub(crate) reading: Reading,
    /// The call that reads it.
    pub(crate) call: Box<Call>,
    /// What is to be read after that.
    pub(crate) open: VecDeque<(Reading, Box<Call>)>,
    /// What was seen so far.
    pub(crate) seen: Seen,
    /// Its key, if it was seen.
    pub(crate) key: Option<String>,
    /// The key of another object that has its place.
    pub(crate) another: Option<String>,
    /// What was made in passing, as far as seen: the place of its kind, its id, and the place of what it is
    /// behind in this list.
    pub(crate) passing: Vec<(usize, String, Option<usize>)>,
}

/// What a survey is for.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum SurveyFor {
    /// The step is done, with these outputs: what it leaves is recorded.
    Left(Value),
    /// It is compared with what was left, before it is taken back.
    Back,
    /// It was taken back, as this says: what is left of what was made in passing.
    After(String),
}

/// One read of a survey.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reading {
    /// Whether it came to rest.
    Rest,
    /// The object that the change made.
    Object,
    /// Who uses it, by the place of the kind of use.
    Uses(usize),
    /// What was made in passing, by the place of its kind, behind what has this place in the list.
    Passing(usize, Option<usize>),
}

/// A look at what a change makes, under way.
#[derive(Clone, Debug, PartialEq)]
pub struct Look {
    /// The attempt for whose change it is made.
    pub at: At,
    /// What is looked at.
    pub(crate) find: Box<Find>,
    /// What follows from what is seen.
    pub purpose: LookFor,
    /// Whether what is looked at came to rest, where that is waited for.
    pub rested: bool,
    /// From when on what is not seen is taken not to be there.
    pub(crate) until: Timestamp,
}

/// Why something is looked at.
#[derive(Clone, Debug, PartialEq)]
pub enum LookFor {
    /// What is there before a change is intended, by the guest's call.
    Before {
        /// The place of the guest's call.
        place: CallSite,
        /// The change that the guest wants to make.
        call: Box<Call>,
        /// The call that takes it back.
        reverse: Option<Box<Call>>,
    },
    /// Whether a change of unknown outcome happened, by its number.
    Outcome(u64),
    /// Whether what exists already is what was wanted, after a change was refused for it, by its number.
    Existing(u64),
    /// Whether a change is gone after its reverse.
    Gone {
        /// The change's number in the run, from 1.
        change: u64,
        /// How it was taken back, for the record.
        note: String,
        /// What became of the reverse.
        reverse: Reversed,
        /// How often the reverse was sent.
        tries: u32,
    },
}

/// What became of a reverse, as far as its answer tells.
#[derive(Clone, Debug, PartialEq)]
pub enum Reversed {
    /// It was answered: what still shows is on its way out.
    Answered,
    /// Nobody knows: where the change still shows, it did not happen and is sent again.
    Unknown,
    /// It was refused: where the change does not show any more, there was nothing left to take back.
    Refused(Fault),
    /// It was not sent yet: what still shows did not go with what it is behind.
    NotSent,
    /// There is none, since it goes with the object it belongs to: where it still shows, that stays.
    NotNeeded,
}
