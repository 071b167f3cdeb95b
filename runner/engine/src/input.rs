//! Everything that can wake the engine.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::adoption::Adoption;
use crate::api::Fault;
use crate::effect::Wake;
use crate::host_call::HostCall;
use crate::part::Part;
use crate::person::Person;
use crate::place::At;
use crate::plan::{Name, Plan};
use crate::question::Evidence;
use crate::record::{Identity, Mode};
use crate::resolution::{Resolution, Settlement};
use crate::ticket::{Outcome, Ticket};
use crate::time::Timestamp;

/// What wakes the engine.
#[derive(Clone, Debug, PartialEq)]
pub enum Input {
    /// A run begins, and has no records yet.
    Start {
        /// The id that the run gets.
        run: String,
        /// How it is driven.
        mode: Mode,
        /// The version of the program that drives the run from here on, `0.1.0`.
        rutter: String,
        /// What the run does, complete: nothing is looked up in files later.
        plan: Box<Plan>,
    },
    /// A driver takes up a run that has records.
    Resume {
        /// The version of the program that drives the run from here on, `0.1.0`.
        rutter: String,
        /// The accounts that are bound to other credential profiles from here on, and to which.
        profiles: BTreeMap<Name, String>,
    },
    /// The driver's clock shows another time than it can be.
    ClockDoubted {
        /// What the clock shows.
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
        /// The ticket of the [`crate::Effect::Send`] that this answers.
        ticket: Ticket,
        /// What became of the call: done, refused or unknown.
        outcome: Outcome,
    },
    /// The instant of an [`crate::Effect::Timer`] has come.
    Woken(Wake),
    /// A person said yes.
    Approve {
        /// The number of the question they were shown.
        question: u64,
        /// The person, and how they are known to be who they are.
        by: Person,
        /// What they entered, by the names that the question asks for.
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
        /// What they said, for people: the command that they gave, or the file that they left.
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
