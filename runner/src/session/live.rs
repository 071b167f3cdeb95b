//! The shell of a run against the cloud: its clock, the network, timers, the inbox and Ctrl-C.

use std::sync::Arc;
use std::time::Duration;

use rutter_engine::{
    At, Call, Effect, Evidence, Fact, Input, Outcome, Record, Run, Ticket, Timestamp, Wake,
};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::Wishes;
use super::guests::Guests;
use super::timers::Timers;
use super::watch::Watch;
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
    watch: Watch,
    /// Calls in flight.
    sends: JoinSet<Input>,
    /// Timers that keep the run going.
    timers: Timers,
    /// Timers that do not: an attempt's timeout matters only while something else is under way.
    idle_timers: Timers,
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
        watch: Watch,
        interrupts: mpsc::Receiver<()>,
    ) -> Self {
        Self {
            guests,
            carrier,
            pace: Arc::new(Pace::new(PaceSettings::default())),
            wishes,
            watch,
            sends: JoinSet::new(),
            timers: Timers::default(),
            inbox_ticks: tokio::time::interval(INBOX_EVERY),
            idle_timers: Timers::default(),
            own: Vec::new(),
            interrupts,
            interrupted: 0,
        }
    }

    /// What is to be recorded about the clocks, before anything else is decided.
    pub(super) fn look_at_clocks(&mut self) -> Vec<Input> {
        self.watch.look()
    }

    fn send(&mut self, ticket: Ticket, call: Box<Call>, at: At) {
        let (carrier, pace) = (self.carrier.clone(), self.pace.clone());
        self.sends.spawn(async move {
            let outcome: Outcome = dispatch(&pace, &*carrier, &call, &at).await;
            Input::Answered { ticket, outcome }
        });
    }

    fn set_timer(&mut self, due: Timestamp, wake: Wake) {
        let idle = matches!(wake, Wake::Timeout(_));
        let timers = if idle {
            &mut self.idle_timers
        } else {
            &mut self.timers
        };
        timers.set(due, wake);
    }

    /// Everything that is due by now.
    fn take_due(&mut self) -> Wakeup {
        let now = self.now();
        let due = self
            .timers
            .due(now)
            .into_iter()
            .chain(self.idle_timers.due(now));
        Wakeup::Inputs(due.map(Input::Woken).collect())
    }

    fn is_idle(&mut self, run: &Run) -> bool {
        if run.interrupted() {
            // Timers and guests do not matter any more: only what was sent is awaited, and once the
            // operator insisted, not even that.
            return self.sends.is_empty() || self.interrupted > 1;
        }
        self.sends.is_empty() && !self.guests.any_running() && self.timers.first(run).is_none()
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
        self.watch.clock.now()
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
                    self.own.push(*ended);
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
        let clocks = self.watch.look();
        self.own.extend(clocks);
        if !self.own.is_empty() {
            return Some(Wakeup::Inputs(std::mem::take(&mut self.own)));
        }
        if self.is_idle(run) {
            return None;
        }
        let timers = self.timers.first(run).into_iter();
        let first = timers.chain(self.idle_timers.first(run)).min();
        let pause = first.map_or(INBOX_EVERY, |due| self.watch.clock.until(due));
        tokio::select! {
            biased;
            Some(()) = self.interrupts.recv() => {
                Some(Wakeup::Inputs(vec![self.interrupt()]))
            }
            Some(done) = self.sends.join_next(), if !self.sends.is_empty() => {
                Some(self.gather(done.into_iter().collect()))
            }
            wakeup = self.guests.next() => Some(match wakeup {
                Wakeup::Inputs(inputs) => self.gather(inputs),
                other => other,
            }),
            () = tokio::time::sleep(pause), if first.is_some() => Some(self.take_due()),
            _ = self.inbox_ticks.tick() => Some(Wakeup::Inbox),
        }
    }
}
