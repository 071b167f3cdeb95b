//! The shell of a run against the cloud: the real clock, the network, timers, the inbox and Ctrl-C.

use std::sync::Arc;
use std::time::Duration;

use rutter_engine::{
    At, Call, Effect, Evidence, Fact, Input, Outcome, Record, Run, Ticket, Timestamp, Wake,
};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::Wishes;
use super::guests::Guests;
use crate::drive::{Shell, Wakeup};
use crate::host::{Carry, Pace, PaceSettings, dispatch};

/// How often the inbox is looked at while something is under way.
const INBOX_EVERY: Duration = Duration::from_millis(250);

/// The shell of a run against the cloud.
pub struct LiveShell {
    guests: Guests,
    carrier: Arc<dyn Carry>,
    pace: Arc<Pace>,
    wishes: Wishes,
    /// Calls in flight.
    sends: JoinSet<Input>,
    /// Timers that keep the run going.
    timers: JoinSet<Input>,
    /// Timers that do not: an attempt's timeout matters only while something else is under way.
    idle_timers: JoinSet<Input>,
    inbox_ticks: tokio::time::Interval,
    /// Inputs made by the shell itself.
    own: Vec<Input>,
    interrupts: mpsc::Receiver<()>,
    interrupted: u8,
}

impl LiveShell {
    /// A shell with nothing under way. `interrupts` gets a message for each Ctrl-C.
    pub fn new(
        guests: Guests,
        carrier: Arc<dyn Carry>,
        wishes: Wishes,
        interrupts: mpsc::Receiver<()>,
    ) -> Self {
        Self {
            guests,
            carrier,
            pace: Arc::new(Pace::new(PaceSettings::default())),
            wishes,
            sends: JoinSet::new(),
            timers: JoinSet::new(),
            inbox_ticks: tokio::time::interval(INBOX_EVERY),
            idle_timers: JoinSet::new(),
            own: Vec::new(),
            interrupts,
            interrupted: 0,
        }
    }

    fn send(&mut self, ticket: Ticket, call: Box<Call>, at: At) {
        let (carrier, pace) = (self.carrier.clone(), self.pace.clone());
        self.sends.spawn(async move {
            let outcome: Outcome = dispatch(&pace, &*carrier, &call, &at).await;
            Input::Answered { ticket, outcome }
        });
    }

    fn set_timer(&mut self, due: Timestamp, wake: Wake) {
        let wait = Duration::from_millis(due.since(self.now()));
        let idle = matches!(wake, Wake::Timeout(_));
        let timers = if idle {
            &mut self.idle_timers
        } else {
            &mut self.timers
        };
        timers.spawn(async move {
            tokio::time::sleep(wait).await;
            Input::Woken(wake)
        });
    }

    fn is_idle(&self, run: &Run) -> bool {
        if run.interrupted() {
            // Timers and guests do not matter any more: only what was sent is awaited, and once the
            // operator insisted, not even that.
            return self.sends.is_empty() || self.interrupted > 1;
        }
        self.sends.is_empty() && self.timers.is_empty() && !self.guests.any_running()
    }

    fn interrupt(&mut self) -> Input {
        self.interrupted += 1;
        if self.interrupted == 1 {
            Input::Interrupt
        } else {
            Input::Abort
        }
    }

    /// Everything that has happened already, so that it is decided and appended together.
    fn gather(&mut self, mut inputs: Vec<Input>) -> Wakeup {
        while let Some(done) = self.sends.try_join_next() {
            inputs.extend(done.ok());
        }
        while let Some(wakeup) = self.guests.try_next() {
            match wakeup {
                Wakeup::Inputs(more) => inputs.extend(more),
                // Display only; a later one says more.
                Wakeup::Progress { .. } | Wakeup::Log { .. } | Wakeup::Inbox => {}
            }
        }
        Wakeup::Inputs(inputs)
    }
}

impl Shell for LiveShell {
    fn now(&self) -> Timestamp {
        Timestamp(jiff::Timestamp::now().as_millisecond())
    }

    fn recorded(&mut self, record: &Record, _run: &Run) {
        if let Fact::ApprovalAsked { step, approval } = &record.fact
            && self.wishes.approve.contains(step)
            && approval.evidence.is_empty()
        {
            self.own.push(Input::Approve {
                step: step.clone(),
                by: self.wishes.by.clone(),
                evidence: Evidence::new(),
            });
        }
    }

    fn start(&mut self, effect: Effect, run: &Run) {
        match effect {
            Effect::StartGuest { at, inputs, undo } => {
                let now = self.now();
                if let Err(ended) = self.guests.start(at, inputs, undo, now, run) {
                    self.own.push(ended);
                }
            }
            Effect::AnswerGuest {
                at,
                index,
                answer,
                time,
            } => {
                self.guests.answer(&at, index, answer, time);
            }
            Effect::HoldGuest { .. } | Effect::Waiting { .. } => {}
            Effect::ReleaseGuest { at } => self.own.extend(self.guests.release(&at)),
            Effect::DropGuest { at } => self.guests.drop_guest(&at),
            Effect::Send { ticket, call, at } => self.send(ticket, call, at),
            Effect::Timer { due, wake, .. } => self.set_timer(due, wake),
        }
    }

    async fn next(&mut self, run: &Run) -> Option<Wakeup> {
        if !self.own.is_empty() {
            return Some(Wakeup::Inputs(std::mem::take(&mut self.own)));
        }
        if self.is_idle(run) {
            return None;
        }
        tokio::select! {
                biased;
                Some(()) = self.interrupts.recv() => {
                    return Some(Wakeup::Inputs(vec![self.interrupt()]));
                }
                Some(done) = self.sends.join_next(), if !self.sends.is_empty() => {
                    return Some(self.gather(done.into_iter().collect()));
                }
                wakeup = self.guests.next() => {
                    return Some(match wakeup {
                        Wakeup::Inputs(inputs) => self.gather(inputs),
                        other => other,
                    });
                }
                Some(done) = self.timers.join_next(), if !self.timers.is_empty() => {
                    return Some(Wakeup::Inputs(done.into_iter().collect()));
                }
                Some(done) = self.idle_timers.join_next(), if !self.idle_timers.is_empty() => {
                    return Some(Wakeup::Inputs(done.into_iter().collect()));
                }
                _ = self.inbox_ticks.tick() => return Some(Wakeup::Inbox),
        }
    }
}
