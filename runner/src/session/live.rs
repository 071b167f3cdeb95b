//! The shell of a run against the cloud: its clock, the network, timers, the inbox and Ctrl-C.

use std::collections::VecDeque;
use std::time::Duration;

use rutter_engine::{
    At, Call, Effect, Fact, Input, Person, Record, Run, RunEnd, Ticket, Timestamp, Wake,
};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::RunOptions;
use super::flight::Flight;
use super::outbox::Outbox;
use super::talk::Talk;
use super::timers::Timers;
use super::watch::Watch;
use crate::drive::{Shell, Wakeup};
use crate::guests::Guests;
use crate::journal::{Adoptions, Inbox, RunFolder};
use crate::ui::{Heard, Interview, posting};

/// How often the inbox is looked at while something is under way.
const INBOX_EVERY: Duration = Duration::from_millis(250);

/// The shell of a run against the cloud.
pub struct LiveShell {
    guests: Guests,
    outbox: Outbox,
    options: RunOptions,
    watch: Watch,
    /// Calls on their way.
    sends: JoinSet<(u64, Input)>,
    /// What is known about them.
    flight: Flight,
    /// When the network gives a call up.
    patience: Duration,
    /// Timers that keep the run going.
    timers: Timers,
    /// Timers that do not: an attempt's timeout matters only while something else is under way.
    idle_timers: Timers,
    inbox_ticks: tokio::time::Interval,
    /// Inputs made by the shell itself.
    own: Vec<Input>,
    /// What guests told before the inputs that wait: it is shown before them, in order.
    told: VecDeque<Wakeup>,
    interrupts: mpsc::Receiver<()>,
    interrupted: u8,
    adoptions: Adoptions,
    folder: RunFolder,
    inbox: Inbox,
    inbox_failed: bool,
    /// The group that may answer.
    group: Option<u32>,
    /// What the operator should know and no record says.
    notes: VecDeque<String>,
    /// The conversation with the person at the terminal, if there is one.
    talk: Talk,
}

impl LiveShell {
    /// A shell with nothing under way. `interrupts` gets a message for each Ctrl-C.
    pub(super) fn new(
        guests: Guests,
        outbox: Outbox,
        options: RunOptions,
        watch: Watch,
        interrupts: mpsc::Receiver<()>,
        letters: Letters,
    ) -> Self {
        let interview = options
            .ask
            .then(|| Interview::at_terminal(&options.by))
            .flatten();
        Self {
            talk: Talk::new(interview),
            adoptions: Adoptions::beside(letters.folder.path()),
            folder: letters.folder,
            inbox: letters.inbox,
            inbox_failed: false,
            group: letters.group,
            notes: VecDeque::new(),
            guests,
            outbox,
            options,
            watch,
            sends: JoinSet::new(),
            flight: Flight::default(),
            patience: letters.patience,
            timers: Timers::default(),
            inbox_ticks: tokio::time::interval(INBOX_EVERY),
            idle_timers: Timers::default(),
            own: Vec::new(),
            told: VecDeque::new(),
            interrupts,
            interrupted: 0,
        }
    }

    /// What is to be recorded about the clocks, before anything else is decided.
    pub(super) fn look_at_clocks(&mut self) -> Vec<Input> {
        self.watch.look()
    }

    fn send(&mut self, ticket: Ticket, call: Box<Call>, at: At) {
        let outbox = self.outbox.clone();
        let (number, left) = self.flight.start(&at, &call, &ticket);
        self.sends.spawn(async move {
            let outcome = outbox.send(&call, &at, &left).await;
            (number, Input::Answered { ticket, outcome })
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

    /// Everything that is due by now. Before silence is taken for anything, what was said is read: this
    /// process may have been suspended when it came.
    fn take_due(&mut self, run: &Run) -> Wakeup {
        let now = self.now();
        let mut due = self.timers.due(now);
        due.extend(self.idle_timers.due(now));
        let silence = due.iter().any(|wake| matches!(wake, Wake::Answer(_)));
        let mut inputs = match silence {
            true => self.read_inbox(run),
            false => Vec::new(),
        };
        inputs.extend(due.into_iter().map(Input::Woken));
        Wakeup::Inputs(inputs)
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
        self.outbox.close();
        if self.interrupted == 1 {
            Input::Interrupt
        } else {
            Input::Abort
        }
    }

    /// Everything that has happened already, so that it is decided and appended together. What guests
    /// told meanwhile comes first: a guest tells before it calls, and waits after.
    fn gather(&mut self, mut inputs: Vec<Input>) -> Wakeup {
        while let Some(done) = self.sends.try_join_next() {
            inputs.extend(done.ok().map(|done| self.landed(done)));
        }
        while let Some(wakeup) = self.guests.try_next() {
            match wakeup {
                Wakeup::Inputs(more) => inputs.extend(more),
                told => self.told.push_back(told),
            }
        }
        match self.told.pop_front() {
            Some(told) => {
                self.own.extend(inputs);
                told
            }
            None => Wakeup::Inputs(inputs),
        }
    }

    /// The time in our own line is not time that the cloud was tried for.
    fn landed(&mut self, (number, mut answered): (u64, Input)) -> Input {
        let waited = self.watch.clock.passes_in(self.flight.land(number));
        if let Input::Answered { ticket, .. } = &mut answered {
            ticket.first = ticket.first.after(waited);
        }
        answered
    }

    /// Calls that have no answer for too long.
    fn tell_slow(&mut self) {
        let slow = self.flight.slow(std::time::Instant::now(), self.patience);
        let told = slow.into_iter().map(|(at, call)| Wakeup::Slow { at, call });
        self.told.extend(told);
    }

    /// What other processes left since the last look.
    pub(super) fn read_inbox(&mut self, run: &Run) -> Vec<Input> {
        match self.inbox.take(run) {
            Ok(letters) => letters,
            Err(error) => {
                if !std::mem::replace(&mut self.inbox_failed, true) {
                    self.notes
                        .push_back(format!("answers cannot be read: {error}"));
                }
                Vec::new()
            }
        }
    }

    /// Tells those who may answer what is asked now.
    fn post_questions(&mut self, run: &Run) {
        let Some(group) = self.group else {
            return;
        };
        let posted: Vec<_> = run
            .open_questions()
            .map(|open| posting(open, run))
            .collect();
        if let Err(error) = self.folder.post(&posted, group) {
            self.notes
                .push_back(format!("the group is not told what is asked: {error}"));
        }
    }

    /// What guests told on their way out; what they called is not heard any more.
    fn last_words(&mut self) -> Option<Wakeup> {
        loop {
            match self.guests.try_next()? {
                Wakeup::Inputs(_) => {}
                told => return Some(told),
            }
        }
    }
}

impl Shell for LiveShell {
    fn now(&self) -> Timestamp {
        self.watch.clock.now()
    }

    fn recording(&mut self, records: &[Record], run: &Run) {
        for record in records {
            let kept = match &record.fact {
                Fact::Adopted { object, .. } => self.adoptions.add(run.id(), object),
                Fact::RunEnded {
                    end: RunEnd::RolledBack(_),
                } => self.adoptions.give_up(run.id()),
                _ => Ok(()),
            };
            self.notes.extend(kept.err());
        }
    }

    fn recorded(&mut self, record: &Record, run: &Run) {
        if matches!(
            record.fact,
            Fact::RollbackStarted { .. } | Fact::Resumed { .. }
        ) && run.rollback().is_some()
        {
            let (adoptions, said) = self.adoptions.of_others(run.id());
            self.notes.extend(said);
            self.own.push(Input::AdoptedElsewhere(adoptions));
        }
        if let Some(letter) = record.fact.by().and_then(Person::letter) {
            self.inbox.remove(letter);
        }
        if record.fact.is_about_questions() {
            self.post_questions(run);
        }
        if let Fact::ApprovalAsked { question, .. } = &record.fact
            && let Some(question) = run.question(*question)
            && self.options.answer(question)
        {
            self.own.push(self.options.yes(question.number));
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
            Effect::Waiting { .. } | Effect::Again { .. } => {}
            Effect::ReleaseGuest { at } => self.own.extend(self.guests.release(&at)),
            Effect::DropGuest { at } => self.guests.drop_guest(&at),
            Effect::Send { ticket, call, at } => self.send(ticket, call, at),
            Effect::Timer { due, wake, .. } => self.set_timer(due, wake),
        }
    }

    async fn next(&mut self, run: &Run) -> Option<Wakeup> {
        let clocks = self.watch.look();
        self.own.extend(clocks);
        loop {
            if let Some(note) = self.notes.pop_front() {
                return Some(Wakeup::Note(note));
            }
            if let Some(told) = self.told.pop_front() {
                return Some(told);
            }
            if !self.own.is_empty() {
                return Some(Wakeup::Inputs(std::mem::take(&mut self.own)));
            }
            if let Some(drawing) = self.talk.attend(run) {
                return Some(Wakeup::Ask(drawing));
            }
            let talking = self.talk.is_open();
            if !talking && self.is_idle(run) {
                // Whatever was left until now is heard, however much of it there is.
                let letters = self.read_inbox(run);
                if !letters.is_empty() {
                    return Some(Wakeup::Inputs(letters));
                }
                return self.last_words();
            }
            let timers = self.timers.first(run).into_iter();
            let first = timers.chain(self.idle_timers.first(run)).min();
            let pause = first.map_or(INBOX_EVERY, |due| self.watch.clock.until(due));
            let listens = self.talk.wakes_at();
            let listens_in = listens.map_or(INBOX_EVERY, |at| {
                at.saturating_duration_since(std::time::Instant::now())
            });
            tokio::select! {
                biased;
                Some(()) = self.interrupts.recv() => {
                    return Some(Wakeup::Inputs(vec![self.interrupt()]));
                }
                Some(done) = self.sends.join_next(), if !self.sends.is_empty() => {
                    let landed = done.ok().map(|done| self.landed(done));
                    return Some(self.gather(landed.into_iter().collect()));
                }
                wakeup = self.guests.next() => return Some(match wakeup {
                    Wakeup::Inputs(inputs) => self.gather(inputs),
                    other => other,
                }),
                () = tokio::time::sleep(pause), if first.is_some() => return Some(self.take_due(run)),
                heard = self.talk.hear(), if talking => return Some(match heard {
                    Heard::Draw(drawing) => Wakeup::Ask(drawing),
                    Heard::Said(answers) => Wakeup::Inputs(answers),
                }),
                () = tokio::time::sleep(listens_in), if listens.is_some() => {}
                _ = self.inbox_ticks.tick() => {
                    self.tell_slow();
                    let letters = self.read_inbox(run);
                    if !letters.is_empty() {
                        return Some(Wakeup::Inputs(letters));
                    }
                }
            }
        }
    }
}

/// How other processes reach the run.
pub struct Letters {
    /// The run's folder.
    pub folder: RunFolder,
    /// Its inbox, with what was taken out of it already.
    pub inbox: Inbox,
    /// The group that may answer.
    pub group: Option<u32>,
    /// When the network gives a call up.
    pub patience: Duration,
}
