//! Everything that can wake the engine, and everything it can ask of the shell.

use serde_json::Value;

use crate::adoption::Adoption;
use crate::api::{Fault, FaultClass};
use crate::call::{Call, Condition};
use crate::find::Find;
use crate::host_call::HostCall;
use crate::part::Part;
use crate::person::Person;
use crate::place::{At, CallSite};
use crate::plan::{Name, Plan};
use crate::question::Evidence;
use crate::record::{Identity, Mode};
use crate::resolution::{Resolution, Settlement};
use crate::seen::Seen;
use crate::time::Timestamp;
use std::collections::{BTreeMap, VecDeque};

/// What became of something that was sent.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// It was answered.
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
    /// A guest's read.
    Read {
        /// Whose, and which.
        place: CallSite,
        /// The read, judged and classed.
        call: Box<Call>,
    },
    /// A poll of a guest's wait.
    Poll {
        /// Whose, and which.
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
    /// The change's number.
    pub change: u64,
    /// What is decided with what is read.
    pub why: SurveyFor,
    /// What is being read.
    pub reading: Reading,
    /// By this call.
    pub call: Box<Call>,
    /// What is to be read after that.
    pub open: VecDeque<(Reading, Box<Call>)>,
    /// What was seen so far.
    pub seen: Seen,
    /// Its key, if it was seen.
    pub key: Option<String>,
    /// The key of another object that has its place.
    pub another: Option<String>,
    /// What was made in passing, as far as seen: the place of its kind, its id, and the place of what it is
    /// behind in this list.
    pub passing: Vec<(usize, String, Option<usize>)>,
}

/// What a survey is for.
#[derive(Clone, Debug, PartialEq)]
pub enum SurveyFor {
    /// The step is done, with these outputs: what it leaves is recorded.
    Left(Value),
    /// It is compared with what was left, before it is taken back.
    Back,
    /// It was taken back, as this says: what is left of what was made in passing.
    After(String),
}

/// One read of a survey.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
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
    pub find: Box<Find>,
    /// What follows from what is seen.
    pub purpose: LookFor,
    /// Whether what is looked at came to rest, where that is waited for.
    pub rested: bool,
    /// From when on what is not seen is taken not to be there.
    pub until: Timestamp,
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
        /// The change's number.
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

/// Why the engine wants to be woken.
#[derive(Clone, Debug, PartialEq)]
pub enum Wake {
    /// A call that did not get through is due again.
    Send(Ticket),
    /// A guest's wait is over.
    SleepOver {
        /// The attempt whose guest waits.
        at: At,
        /// The call's place.
        index: u32,
    },
    /// A new attempt is due.
    Attempt(At),
    /// An attempt took too long.
    Timeout(At),
    /// The time for an answer to a question is up, by the question's number.
    Answer(u64),
}

/// What a plugin's own undo is given.
#[derive(Clone, Debug, PartialEq)]
pub struct UndoRequest {
    /// The step's changes that have not been taken back, newest first, over all attempts.
    pub changes: Vec<UndoChange>,
    /// The outputs, if the step was done.
    pub outputs: Option<Value>,
    /// The recorded calls that would take back what the step's changes made, in passing too. The plugin is
    /// not told of them.
    pub known: Vec<Call>,
}

/// A change as a plugin's own undo sees it.
#[derive(Clone, Debug, PartialEq)]
pub struct UndoChange {
    /// The change as it was recorded.
    pub call: Call,
    /// The answer; absent while the outcome is unknown.
    pub answer: Option<Value>,
}

/// What wakes the engine.
#[derive(Clone, Debug, PartialEq)]
pub enum Input {
    /// A new run.
    Start {
        /// The id that the run gets.
        run: String,
        /// How it is driven.
        mode: Mode,
        /// The program's version.
        rutter: String,
        /// What to do.
        plan: Box<Plan>,
    },
    /// A driver takes up a run that has records.
    Resume {
        /// The program's version.
        rutter: String,
    },
    /// The driver's clock shows another time than it can be.
    ClockDoubted {
        /// What it shows.
        shown: Timestamp,
        /// What it should show.
        expected: Timestamp,
    },
    /// The cloud says what time it is.
    CloudClock(Timestamp),
    /// Each account said who it is; steps may start.
    AccountsConfirmed(BTreeMap<Name, Identity>),
    /// A mended runbook, as [`crate::Run::may_become`] accepted it.
    Revise(Box<Plan>),
    /// A guest made a host call and is suspended.
    GuestCalled {
        /// The attempt whose guest made the call.
        at: At,
        /// The call's place in the attempt, from 0.
        index: u32,
        /// The call's fingerprint, which a replay is held to.
        fingerprint: String,
        /// The call, judged and classed by the broker.
        call: Box<HostCall>,
        /// Set when the broker denies it.
        denied: Option<Fault>,
    },
    /// A guest returned, trapped or was stopped by a limit.
    GuestEnded {
        /// The attempt whose guest ended.
        at: At,
        /// Its outputs, checked, or why not.
        result: Result<Value, Fault>,
    },
    /// Something that was sent has an outcome.
    Answered {
        /// The ticket of the [`Effect::Send`] that this answers.
        ticket: Ticket,
        /// What became of the call: done, refused or unknown.
        outcome: Outcome,
    },
    /// A timer fired.
    Woken(Wake),
    /// A person said yes.
    Approve {
        /// The number of the question they were shown.
        question: u64,
        /// The person, and how they are known to be who they are.
        by: Person,
        /// What they entered.
        evidence: Evidence,
    },
    /// A person said no.
    Decline {
        /// The number of the question they were shown.
        question: u64,
        /// The person, and how they are known to be who they are.
        by: Person,
        /// The reason they gave, in their own words.
        why: String,
    },
    /// A person decided about a step.
    Resolve {
        /// The step's full id: `step`, or `caller.step` inside another runbook.
        step: Name,
        /// The key of the item, where the step has `for_each`.
        item: Option<Name>,
        /// What they decide about: the record that made it undecided, as [`crate::Run::undecided`]
        /// tells. When something else is undecided by now, they decide nothing.
        about: u64,
        /// What is to become of it.
        resolution: Resolution,
        /// The person, and how they are known to be who they are.
        by: Person,
        /// The reason they gave, in their own words.
        why: String,
    },
    /// A person decided about changes that a rollback could not take back.
    Settle {
        /// The step's full id: `step`, or `caller.step` inside another runbook.
        step: Name,
        /// The item; all of them when absent.
        item: Option<Name>,
        /// The change's number; all that wait for a decision when absent.
        change: Option<u64>,
        /// What is to become of the changes.
        settlement: Settlement,
        /// The person, and how they are known to be who they are.
        by: Person,
        /// The reason they gave, in their own words.
        why: String,
    },
    /// Somebody said what cannot be acted upon: it is recorded, and decides nothing.
    Ignore {
        /// The person, and how they are known to be who they are.
        by: Person,
        /// What they said.
        said: String,
        /// Why it decides nothing.
        why: String,
    },
    /// Take the whole run back.
    Undo {
        /// The person who wants it.
        by: Person,
    },
    /// Take a part of the run back, as [`crate::Run::part`] found it.
    UndoPart {
        /// The person who wants it.
        by: Person,
        /// The steps and changes that go along, as they were shown.
        part: Box<Part>,
        /// The runbook that the run goes on with, as [`crate::Run::may_become`] accepted it, when it
        /// is another one than before.
        mended: Option<Box<Plan>>,
    },
    /// What other runs of the same state folder took as it was; no fact of this run.
    AdoptedElsewhere(Vec<Adoption>),
    /// Stop: nothing new is started, what was sent is awaited.
    Interrupt,
    /// Stop now: what is in flight becomes unknown.
    Abort,
}

/// What the engine asks of the shell.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Start a guest, with these inputs, from the beginning.
    StartGuest {
        /// The attempt that the guest carries out.
        at: At,
        /// Its inputs; secrets as placeholders.
        inputs: Value,
        /// In [`crate::Phase::Undo`]: what to take back.
        undo: Option<Box<UndoRequest>>,
    },
    /// Answer the host call a guest is suspended in.
    AnswerGuest {
        /// The attempt whose guest waits for the answer.
        at: At,
        /// The call's place.
        index: u32,
        /// What the call answered, or the fault that the guest gets.
        answer: Result<Value, Fault>,
        /// The instant of the answer: what `flow.now` says from here on.
        time: Timestamp,
    },
    /// Hand in again the host call that a guest is suspended in: it was held for a person, who has
    /// answered.
    ReleaseGuest {
        /// The attempt whose guest is suspended.
        at: At,
    },
    /// Drop a guest where it stands.
    DropGuest {
        /// The attempt whose guest is dropped.
        at: At,
    },
    /// Send a call; answer with [`Input::Answered`].
    Send {
        /// What the call is for; it comes back with the answer.
        ticket: Ticket,
        /// The call, in the form that was recorded.
        call: Box<Call>,
        /// The step and item it is sent for: pace, tokens and secrets depend on them.
        at: At,
    },
    /// Wake the engine at an instant.
    Timer {
        /// The instant, by the driver's clock.
        due: Timestamp,
        /// What the engine is woken with.
        wake: Wake,
        /// What is waited for, for people.
        reason: String,
    },
    /// A wait saw a value; for display only.
    Waiting {
        /// The attempt that waits.
        at: At,
        /// What is waited for.
        label: String,
        /// The value seen.
        seen: String,
        /// When it gives up.
        deadline: Timestamp,
    },
    /// A call is sent once more at an instant; for display only.
    Again {
        /// The attempt for which it is sent.
        at: At,
        /// The call for people, `ECS:DescribeImages`.
        label: String,
        /// How often it will have been sent then.
        tries: u32,
        /// Why: a fault's code.
        why: String,
        /// The instant at which it is sent.
        due: Timestamp,
    },
}
