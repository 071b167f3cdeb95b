//! The shell of a rehearsal: a clock of its own, one guest at a time, the simulated cloud in process.

use std::collections::VecDeque;
use std::sync::Arc;

use rutter_engine::{
    Approval, At, Call, Effect, Evidence, Fact, Fault, Input, Name, Record, Run, Ticket, Timestamp,
    UndoRequest, Wake, Work,
};
use serde_json::Value;

use super::carrier::{Flight, SimCarrier};
use super::event_queue::EventQueue;
use crate::drive::{Shell, Wakeup};
use crate::guests::Guests;
use crate::host::{Pace, dispatch};
use crate::settings::PaceSettings;

/// The shell of a rehearsal.
pub struct RehearsalShell {
    now: Timestamp,
    queue: EventQueue,
    guests: Guests,
    /// Guests that may go on, in the order in which the engine said so: the next one gets its turn
    /// when the one before it is suspended again.
    turns: VecDeque<Turn>,
    carrier: Arc<SimCarrier>,
    pace: Pace,
    /// Calls that are sent before anything else happens.
    sends: VecDeque<(Ticket, Box<Call>, At)>,
    own: Vec<Input>,
}

enum Turn {
    Start {
        at: At,
        inputs: Value,
        undo: Option<Box<UndoRequest>>,
    },
    Answer {
        at: At,
        index: u32,
        answer: Result<Value, Fault>,
        time: Timestamp,
    },
}

impl RehearsalShell {
    /// A shell whose clock stands at the world's start.
    pub fn new(guests: Guests, carrier: Arc<SimCarrier>, start: Timestamp) -> Self {
        Self {
            now: start,
            queue: EventQueue::default(),
            guests,
            turns: VecDeque::new(),
            carrier,
            pace: Pace::new(PaceSettings::default()),
            sends: VecDeque::new(),
            own: Vec::new(),
        }
    }

    /// People always say yes in a rehearsal; that they were asked is in the records.
    fn answer_for_people(&mut self, question: u64, step: &Name, approval: &Approval) {
        for person in 1..=approval.people {
            let evidence: Evidence = approval
                .evidence
                .iter()
                .map(|name| (name.clone(), "(entered by a person)".to_owned()))
                .collect();
            let by = format!("rehearsal {person}").into();
            let input = Input::Approve {
                question,
                by,
                evidence,
            };
            self.queue.enter(self.now, step.clone(), None, input);
        }
    }

    /// Sends what the engine decided to send. Each call has a time of its own, which begins now.
    async fn send_all(&mut self) {
        while let Some((ticket, call, at)) = self.sends.pop_front() {
            let flight = Flight::new(self.now);
            let sending = self.carrier.at(&flight);
            let outcome = dispatch(&self.pace, &flight, &sending, &call, &at).await;
            let input = Input::Answered { ticket, outcome };
            self.queue.enter(flight.now(), at.step, at.item, input);
        }
    }

    fn begin_turn(&mut self, turn: Turn, run: &Run) {
        match turn {
            Turn::Start { at, inputs, undo } => {
                let started = self.guests.start(at, inputs, undo, self.now, run);
                self.own.extend(started.err().map(|ended| *ended));
            }
            Turn::Answer {
                at,
                index,
                answer,
                time,
            } => {
                self.guests.answer(&at, index, answer, time);
            }
        }
    }
}

impl Shell for RehearsalShell {
    fn now(&self) -> Timestamp {
        self.now
    }

    fn recorded(&mut self, record: &Record, _run: &Run) {
        if let Fact::ApprovalAsked {
            question,
            step,
            approval,
        } = &record.fact
        {
            self.answer_for_people(*question, step, approval);
        }
    }

    fn start(&mut self, effect: Effect, _run: &Run) {
        match effect {
            Effect::StartGuest { at, inputs, undo } => {
                self.turns.push_back(Turn::Start { at, inputs, undo });
            }
            Effect::AnswerGuest {
                at,
                index,
                answer,
                time,
            } => {
                self.turns.push_back(Turn::Answer {
                    at,
                    index,
                    answer,
                    time,
                });
            }
            Effect::Waiting { .. } | Effect::Again { .. } => {}
            Effect::ReleaseGuest { at } => self.own.extend(self.guests.release(&at)),
            Effect::DropGuest { at } => {
                self.turns.retain(|turn| turn.at() != &at);
                self.guests.drop_guest(&at);
            }
            Effect::Send { ticket, call, at } => self.sends.push_back((ticket, call, at)),
            Effect::Timer { due, wake, .. } => {
                let at = woken(&wake);
                let (step, item) = at.map_or(("".into(), None), |at| (at.step, at.item));
                self.queue.enter(due, step, item, Input::Woken(wake));
            }
        }
    }

    async fn next(&mut self, run: &Run) -> Option<Wakeup> {
        self.send_all().await;
        loop {
            if !self.own.is_empty() {
                return Some(Wakeup::Inputs(std::mem::take(&mut self.own)));
            }
            if self.guests.any_running() {
                return Some(self.guests.next().await);
            }
            if let Some(turn) = self.turns.pop_front() {
                self.begin_turn(turn, run);
                continue;
            }
            let (due, input) = self.queue.next()?;
            if stale(&input, run) {
                continue;
            }
            self.now = self.now.max(due);
            return Some(Wakeup::Inputs(vec![input]));
        }
    }
}

impl Turn {
    fn at(&self) -> &At {
        match self {
            Self::Start { at, .. } | Self::Answer { at, .. } => at,
        }
    }
}

fn woken(wake: &Wake) -> Option<At> {
    match wake {
        Wake::Send(ticket) => match &ticket.work {
            Work::Read { place, .. } | Work::Poll { place, .. } => Some(place.at.clone()),
            Work::Look(look) => Some(look.at.clone()),
            Work::Survey(survey) => Some(survey.at.clone()),
            Work::Change(_) | Work::Reverse(_) => None,
        },
        Wake::Answer(_) => None,
        Wake::SleepOver { at, .. } | Wake::Attempt(at) | Wake::Timeout(at) => Some(at.clone()),
    }
}

/// What nobody waits for any more must not make the rehearsal longer.
fn stale(input: &Input, run: &Run) -> bool {
    matches!(input, Input::Woken(wake) if !run.awaits(wake))
}
