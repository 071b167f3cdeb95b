//! Everything that the engine can ask of the shell.

use serde_json::Value;

use crate::api::Fault;
use crate::call::Call;
use crate::place::At;
use crate::ticket::Ticket;
use crate::time::Timestamp;

/// Why the engine wants to be woken.
#[derive(Clone, Debug, PartialEq)]
pub enum Wake {
    /// A call that did not get through is due again.
    Send(Ticket),
    /// A guest's wait is over.
    SleepOver {
        /// The attempt whose guest waits.
        at: At,
        /// The call's number in the attempt, from 0.
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
        /// The call's number in the attempt, from 0.
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
    /// Send a call; answer with [`crate::Input::Answered`].
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
        /// The value at the path that the wait looks at, as text.
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
