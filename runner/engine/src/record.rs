//! The facts of a run. What is here, and what it holds, is on disk: adding a kind or an optional field is compatible,
//! anything else is a new [`FORMAT`].

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::adoption::Object;
use crate::api::Fault;
use crate::call::Call;
use crate::find::Find;
use crate::part::Part;
use crate::person::Person;
use crate::place::{At, CallSite};
use crate::plan::{Name, Plan};
use crate::question::{Approval, Evidence};
use crate::resolution::{Resolution, Settlement};
use crate::seen::{Passed, Seen};
use crate::time::Timestamp;

/// The version of the records' form. A journal with a higher one is shown but never continued.
pub const FORMAT: u32 = 2;

/// What a wait is said to be for that only lets time pass.
pub const A_PAUSE: &str = "a pause";

/// One fact in the journal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Its number in the run, from 1 without gaps.
    pub seq: u64,
    /// When it was made, by the driver's clock.
    pub time: Timestamp,
    /// What happened; everything that is known of a run follows from its facts.
    pub fact: Fact,
}

/// How a run is driven.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// Against the cloud.
    Live,
    /// Against the simulated cloud, in process.
    Rehearsal,
}

/// Who an account turned out to be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// The account's id, decimal digits.
    pub id: String,
    /// The ARN of the user or role that the calls are made as.
    pub arn: String,
}

/// One item of a step; a step without `for_each` has one without a key.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Item {
    /// Its key: the index as text, or the table's key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<Name>,
    /// What people call it, where its key is a number and its value says more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its inputs, evaluated; secrets as placeholders.
    pub inputs: Value,
}

/// What the outputs of a step look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Shape {
    /// The outputs of its one item.
    One,
    /// A list in the order of the items.
    List,
    /// A table by the items' keys.
    Table,
}

/// How an attempt ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AttemptEnd {
    /// It returned these outputs.
    Done(Value),
    /// It failed, with this fault.
    Failed(Fault),
    /// With a change whose outcome nobody knows.
    Unknown(Fault),
}

/// How a step ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StepEnd {
    /// Its outputs, in their shape.
    Done(Value),
    /// The first fault, and the outputs of the items that were done.
    Failed(Fault),
}

/// How a rollback ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RollbackEnd {
    /// Every change was taken back.
    Done,
    /// What could be was taken back; some changes stay, each with a record that says why.
    Partly,
    /// Some changes wait for a person: their reverse failed, or what became of them is not known.
    Failed {
        /// Their numbers, newest first.
        changes: Vec<u64>,
    },
}

/// How a run ended for good.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RunEnd {
    /// Every step is done, skipped, or failed where that is borne.
    Done {
        /// The runbook's outputs by their names.
        outputs: Value,
        /// Why the outputs could not be made.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        fault: Option<Fault>,
    },
    /// The whole run was taken back, as far as it could be.
    RolledBack(RollbackEnd),
}

/// How soon a record must be safe.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Durability {
    /// It survives the process.
    Process,
    /// It survives the machine soon; the flush is shared.
    Soon,
    /// It survives the machine before anything else happens.
    Machine,
    /// And so does the word of how far the records reach: the run rests here.
    Rest,
}

/// What happened, in the past tense.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Fact {
    /// The run began: always its first record.
    RunStarted {
        /// The version of the records' form.
        format: u32,
        /// The run's id, which is the name of its folder.
        run: String,
        /// How it is driven.
        mode: Mode,
        /// The version of the program that drives the run from here on, `0.1.0`.
        rutter: String,
        /// What the run does, complete: nothing is looked up in files later.
        plan: Box<Plan>,
    },
    /// A driver took the run up again.
    Resumed {
        /// The version of the program that drives the run from here on, `0.1.0`.
        rutter: String,
        /// The accounts that are bound to other credential profiles from here on, and to which.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        profiles: BTreeMap<Name, String>,
    },
    /// The journal was damaged, and begun again from the records that were sound.
    Recovered {
        /// So many records from the first on were sound.
        sound: u64,
        /// So many there had been, at least.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reached: Option<u64>,
        /// What the damage was.
        damage: String,
        /// The folder beside the journal in which the damaged files are kept.
        kept: String,
        /// Who had the journal recovered.
        by: Person,
    },
    /// The driver's clock showed another time than it can have been.
    ClockDoubted {
        /// What the clock showed.
        shown: Timestamp,
        /// What it should have shown: the newest record's time, or as much more as had passed.
        expected: Timestamp,
    },
    /// The cloud said what time it is.
    CloudClock {
        /// Its time, when the driver's clock showed this record's.
        cloud: Timestamp,
    },
    /// Each account said who it is.
    AccountsConfirmed {
        /// By the runbook's names.
        accounts: BTreeMap<Name, Identity>,
    },
    /// A mended runbook, or one with other inputs, replaced the plan.
    PlanRevised {
        /// The plan that holds from here on, complete.
        plan: Box<Plan>,
    },
    /// The operator asked to stop.
    Interrupted {},
    /// A step's condition was false, or a person left it out.
    StepSkipped {
        /// The step's full id: `step`, or `caller.step` inside another runbook.
        step: Name,
        /// Why it was skipped, for people.
        reason: String,
    },
    /// A step's items and their inputs were fixed.
    StepPrepared {
        /// The step's full id: `step`, or `caller.step` inside another runbook.
        step: Name,
        /// What the outputs will look like.
        shape: Shape,
        /// The items with their inputs, in order; one without a key where there is no `for_each`.
        items: Vec<Item>,
    },
    /// A step's inputs could not be made, or its assertion failed.
    StepEnded {
        /// The step's full id: `step`, or `caller.step` inside another runbook.
        step: Name,
        /// The outputs, or the fault.
        end: StepEnd,
    },
    /// A person was asked.
    ApprovalAsked {
        /// The question's number in the run, from 1.
        question: u64,
        /// The step's full id: `step`, or `caller.step` inside another runbook.
        step: Name,
        /// What was asked, as it is shown.
        approval: Approval,
    },
    /// A person said yes.
    Approved {
        /// The question they were shown.
        question: u64,
        /// The step's full id: `step`, or `caller.step` inside another runbook.
        step: Name,
        /// The person, and how they are known to be who they are.
        by: Person,
        /// What they entered, by the names that the question asks for.
        evidence: Evidence,
    },
    /// A person said no.
    Declined {
        /// The question they were shown.
        question: u64,
        /// The step's full id: `step`, or `caller.step` inside another runbook.
        step: Name,
        /// The person, and how they are known to be who they are.
        by: Person,
        /// The reason they gave, in their own words.
        why: String,
    },
    /// What a person said came too late, or fits nothing, and decided nothing.
    AnswerIgnored {
        /// The full id of the step that they spoke of, if it is known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        step: Option<Name>,
        /// The person, and how they are known to be who they are.
        by: Person,
        /// What they said, for people: the command that they gave, or the file that they left.
        said: String,
        /// Why it decided nothing.
        why: String,
    },
    /// A step's code was started.
    AttemptStarted {
        /// The attempt that began.
        at: At,
    },
    /// A driver started a step's code again from the beginning, to answer it from the record.
    AttemptResumed {
        /// The attempt that is replayed.
        at: At,
    },
    /// A host call that changes nothing was answered.
    CallAnswered {
        /// The call: its attempt, its number there, and its fingerprint.
        #[serde(flatten)]
        place: CallSite,
        /// The call for people, `ECS:DescribeImages`.
        label: String,
        /// What the guest was answered; secrets as placeholders.
        answer: Result<Value, Fault>,
    },
    /// A guest waits: for a time, or until a read shows something.
    WaitStarted {
        /// The call: its attempt, its number there, and its fingerprint.
        #[serde(flatten)]
        place: CallSite,
        /// What is waited for, for people.
        label: String,
        /// When it ends or gives up.
        deadline: Timestamp,
    },
    /// A change is about to be sent.
    ChangeIntended {
        /// The call: its attempt, its number there, and its fingerprint.
        #[serde(flatten)]
        place: CallSite,
        /// The change's number in the run, from 1.
        change: u64,
        /// The change, in the form in which it is sent; secrets as placeholders.
        call: Box<Call>,
        /// The call that takes it back.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reverse: Option<Box<Call>>,
        /// How what it makes is seen.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        find: Option<Box<Find>>,
        /// The keys of what `find` saw before it.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        before: Vec<String>,
    },
    /// What a change of unknown outcome, or its reverse, left behind is being looked at.
    LookBegun {
        /// The change's number in the run, from 1.
        change: u64,
    },
    /// A look did not tell what became of a change: a person has to.
    LookFailed {
        /// The change's number in the run, from 1.
        change: u64,
        /// Why looking did not tell.
        fault: Fault,
    },
    /// What an open change made was found when an equal one was about to be sent.
    ChangeFound {
        /// The call: its attempt, its number there, and its fingerprint.
        #[serde(flatten)]
        place: CallSite,
        /// The change's number in the run, from 1.
        change: u64,
        /// What its answer would have held.
        answer: Value,
    },
    /// A change happened: it was answered, or a look found what it makes.
    ChangeDone {
        /// The change's number in the run, from 1.
        change: u64,
        /// What the service answered, or what a look found in its place.
        answer: Value,
    },
    /// A change did not happen.
    ChangeRefused {
        /// The change's number in the run, from 1.
        change: u64,
        /// The fault with which it was refused.
        fault: Fault,
    },
    /// Nobody knows whether a change happened.
    ChangeUnknown {
        /// The change's number in the run, from 1.
        change: u64,
        /// Why its outcome is unknown, such as a lost answer.
        fault: Fault,
    },
    /// What a change left behind was read: at the end of its step, or before it is taken back.
    ChangeSeen {
        /// The change's number in the run, from 1.
        change: u64,
        /// What was seen of the object, and who uses it.
        seen: Seen,
    },
    /// An object was found that a change had made in passing. It is a change of its own from here on.
    MadeInPassing {
        /// The number that it gets.
        change: u64,
        /// What it is, and of which change.
        passed: Passed,
        /// The call that takes it away.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reverse: Option<Box<Call>>,
        /// How it is seen.
        find: Box<Find>,
    },
    /// What a change was to make was there already, and is taken as it is: it is not this run's.
    Adopted {
        /// The attempt that found it.
        at: At,
        /// The object that was there.
        object: Object,
    },
    /// A change that stayed while its step was made again answered an equal one.
    ChangeKept {
        /// The call: its attempt, its number there, and its fingerprint.
        #[serde(flatten)]
        place: CallSite,
        /// The change's number in the run, from 1.
        change: u64,
    },
    /// An attempt ended, well or not.
    AttemptEnded {
        /// The attempt that ended.
        at: At,
        /// Its outputs, or the fault that ended it.
        end: AttemptEnd,
    },
    /// A new attempt was planned.
    RetryPlanned {
        /// The attempt to come.
        at: At,
        /// The instant at which it begins, by the driver's clock.
        due: Timestamp,
    },
    /// A person decided about an unknown or failed step.
    Resolved {
        /// The step's full id: `step`, or `caller.step` inside another runbook.
        step: Name,
        /// The item, if one is meant.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        item: Option<Name>,
        /// The record that made it undecided.
        about: u64,
        /// What is to become of the step.
        resolution: Resolution,
        /// The person, and how they are known to be who they are.
        by: Person,
        /// The reason they gave, in their own words.
        why: String,
    },
    /// The run is being taken back.
    RollbackStarted {
        /// Who asked; the runbook for `on_failure = "undo"`.
        by: Person,
        /// What is taken back, when it is not the whole run.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        part: Option<Box<Part>>,
        /// The plan that the run goes on with once that part was taken back, when it is another.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        mended: Option<Box<Plan>>,
    },
    /// A reverse is about to be sent.
    ReverseIntended {
        /// The change it takes back.
        change: u64,
        /// The reverse, with what the change answered filled in.
        call: Box<Call>,
    },
    /// A change was taken back, or was found to be gone.
    ReverseDone {
        /// The number of the change that was to be taken back.
        change: u64,
        /// How it is known.
        note: String,
    },
    /// A reverse did not take the change back, or nobody knows.
    ReverseFailed {
        /// The number of the change that was to be taken back.
        change: u64,
        /// The fault of the reverse, or why its outcome is unknown.
        fault: Fault,
    },
    /// A change stays where it is.
    ChangeLeft {
        /// The change's number in the run, from 1.
        change: u64,
        /// Why it stays, for people.
        why: String,
    },
    /// A person decided about a change that a rollback could not take back.
    ChangeSettled {
        /// The change's number in the run, from 1.
        change: u64,
        /// What is to become of the change.
        settlement: Settlement,
        /// The person, and how they are known to be who they are.
        by: Person,
        /// The reason they gave, in their own words.
        why: String,
    },
    /// Nothing more is to be taken back, or nothing that can be without a person.
    RollbackEnded {
        /// Whether every change was taken back, and which wait for a person.
        end: RollbackEnd,
    },
    /// The run ended for good.
    RunEnded {
        /// The outputs of the run, or how its rollback ended.
        end: RunEnd,
    },
}

impl Fact {
    /// Who said it, if somebody did.
    pub fn by(&self) -> Option<&Person> {
        match self {
            Self::Approved { by, .. }
            | Self::Declined { by, .. }
            | Self::AnswerIgnored { by, .. }
            | Self::Resolved { by, .. }
            | Self::ChangeSettled { by, .. }
            | Self::RollbackStarted { by, .. } => Some(by),
            _ => None,
        }
    }

    /// Whether questions may be open, or answered, after it that were not before.
    pub fn is_about_questions(&self) -> bool {
        matches!(
            self,
            Self::ApprovalAsked { .. }
                | Self::Approved { .. }
                | Self::Declined { .. }
                | Self::StepEnded { .. }
                | Self::StepSkipped { .. }
                | Self::AttemptEnded { .. }
                | Self::Resumed { .. }
                | Self::RollbackStarted { .. }
        )
    }

    /// How soon this fact must be safe. Each kind is named, so that a new one is not taken for the least.
    pub fn durability(&self) -> Durability {
        match self {
            Self::RunStarted { .. }
            | Self::Recovered { .. }
            | Self::WaitStarted { .. }
            | Self::ApprovalAsked { .. }
            | Self::RollbackEnded { .. }
            | Self::RunEnded { .. } => Durability::Rest,
            Self::ChangeIntended { .. }
            | Self::ReverseIntended { .. }
            | Self::ClockDoubted { .. }
            | Self::Approved { .. }
            | Self::Declined { .. }
            | Self::AnswerIgnored { .. }
            | Self::Resolved { .. }
            | Self::ChangeSettled { .. }
            | Self::PlanRevised { .. }
            | Self::RollbackStarted { .. } => Durability::Machine,
            Self::ChangeDone { .. }
            | Self::ChangeRefused { .. }
            | Self::ChangeUnknown { .. }
            | Self::ChangeFound { .. }
            | Self::LookFailed { .. }
            | Self::ChangeSeen { .. }
            | Self::MadeInPassing { .. }
            | Self::Adopted { .. }
            | Self::ChangeLeft { .. }
            | Self::ChangeKept { .. }
            | Self::ReverseDone { .. }
            | Self::ReverseFailed { .. }
            | Self::StepEnded { .. } => Durability::Soon,
            Self::Resumed { .. }
            | Self::CloudClock { .. }
            | Self::AccountsConfirmed { .. }
            | Self::LookBegun { .. }
            | Self::Interrupted {}
            | Self::StepSkipped { .. }
            | Self::StepPrepared { .. }
            | Self::AttemptStarted { .. }
            | Self::AttemptResumed { .. }
            | Self::CallAnswered { .. }
            | Self::AttemptEnded { .. }
            | Self::RetryPlanned { .. } => Durability::Process,
        }
    }
}
