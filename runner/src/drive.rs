//! The only loop: inputs in, records to the journal, effects out. A run, a resume, an undo and a
//! rehearsal differ in the [`Shell`] they hand in and in nothing else.
//!
//! All inputs that wait are decided in turn and appended as one batch, so that flushes are shared; no
//! effect is started before its records are safe.

use rutter_engine::{
    At, Decision, Durability, Effect, Expressions, IllegalRecord, Input, Record, Run, RunStatus,
    Timestamp, advance,
};

use crate::journal::{Journal, JournalError, LogLevel, PATIENCE, append_patiently};
use crate::ui::{Drawing, Show, SlowCall, again};

/// What happened outside since the last look.
#[derive(Debug)]
pub enum Wakeup {
    /// The engine has something to decide.
    Inputs(Vec<Input>),
    /// A person at the terminal is asked, or typed something.
    Ask(Drawing),
    /// The operator should know this.
    Note(String),
    /// A guest told how far it is.
    Progress {
        /// The attempt whose guest told it.
        at: At,
        /// Done so far.
        done: u64,
        /// Of so many; 0 when unknown.
        total: u64,
        /// What it is doing, for people.
        message: String,
    },
    /// A guest wrote a line.
    Log {
        /// The attempt whose guest wrote it.
        at: At,
        /// How serious the guest takes it to be.
        level: LogLevel,
        /// The text; secrets are marks in it.
        message: String,
    },
    /// A call has no answer for too long.
    Slow {
        /// The attempt that waits for it.
        at: At,
        /// The call.
        call: SlowCall,
    },
}

/// The world as the loop sees it: a clock, guests, calls in flight and timers.
pub trait Shell {
    /// The instant, by the clock that the run goes by.
    fn now(&self) -> Timestamp;

    /// Sees each record once it is safe.
    fn recorded(&mut self, _record: &Record, _run: &Run) {}

    /// Records are about to be appended: what others must know is kept before they say so.
    fn recording(&mut self, _records: &[Record], _run: &Run) {}

    /// Starts an effect; what comes of it arrives through [`Self::next`].
    fn start(&mut self, effect: Effect, run: &Run);

    /// Waits for what happens next; `None` when nothing is under way that could make anything happen.
    fn next(&mut self, run: &Run) -> impl Future<Output = Option<Wakeup>>;
}

/// Why the loop could not go on. Nothing was sent that is not recorded.
#[derive(Debug, thiserror::Error)]
pub enum DriveError {
    /// The journal did not take the records.
    #[error("the journal did not take record {seq}")]
    Journal {
        /// The first record of the batch.
        seq: u64,
        /// What the journal said.
        source: JournalError,
    },
    /// A decision does not fit the run: a bug.
    #[error("the engine made a decision that does not fit the run")]
    Illegal(#[from] IllegalRecord),
}

/// Everything one loop works on.
pub struct Drive<'a, S> {
    /// The run, as its records so far made it.
    pub run: &'a mut Run,
    /// Where its records go.
    pub journal: &'a mut dyn Journal,
    /// Evaluates the runbook's expressions.
    pub expressions: &'a dyn Expressions,
    /// Shows the records.
    pub show: &'a mut dyn Show,
    /// The clock, the guests, the carrier and the timers.
    pub shell: &'a mut S,
}

impl<S: Shell> Drive<'_, S> {
    /// Decides the inputs and all that follows, until nothing is under way.
    ///
    /// # Errors
    /// When the journal fails or the engine contradicts itself; nothing more was started then.
    pub async fn until_idle(&mut self, first: Vec<Input>) -> Result<RunStatus, DriveError> {
        let mut inputs = first;
        loop {
            self.turn(inputs).await?;
            inputs = loop {
                match self.shell.next(self.run).await {
                    None => return Ok(self.run.status()),
                    Some(Wakeup::Inputs(inputs)) => break inputs,
                    Some(Wakeup::Note(text)) => self.show.note(&text),
                    Some(Wakeup::Ask(drawing)) => self.show.ask(&drawing),
                    Some(Wakeup::Progress {
                        at,
                        done,
                        total,
                        message,
                    }) => {
                        self.show.progress(&at, done, total, &message);
                    }
                    Some(Wakeup::Log { at, level, message }) => {
                        self.show.log(&at, level, &message);
                    }
                    Some(Wakeup::Slow { at, call }) => self.show.slow(&at, &call),
                }
            };
        }
    }

    async fn append(
        &mut self,
        before: u64,
        records: &[Record],
        durability: Durability,
    ) -> Result<(), DriveError> {
        let show = &mut *self.show;
        let mut say = |said: &str| show.note(said);
        append_patiently(
            self.journal,
            before,
            records,
            durability,
            PATIENCE,
            &mut say,
        )
        .await
        .map_err(|source| DriveError::Journal {
            seq: before + 1,
            source,
        })
    }

    async fn turn(&mut self, inputs: Vec<Input>) -> Result<(), DriveError> {
        let before = self.run.seq();
        let now = self.shell.now();
        let mut batch = Decision::default();
        for input in inputs {
            let decision = advance(self.run, now, input, self.expressions)?;
            batch.records.extend(decision.records);
            batch.effects.extend(decision.effects);
        }
        if let Some(durability) = batch
            .records
            .iter()
            .map(|record| record.fact.durability())
            .max()
        {
            self.shell.recording(&batch.records, self.run);
            self.append(before, &batch.records, durability).await?;
        }
        for record in &batch.records {
            self.shell.recorded(record, self.run);
            self.show.record(record, self.run);
        }
        for effect in batch.effects {
            match &effect {
                Effect::Waiting {
                    at,
                    label,
                    seen,
                    deadline,
                } => {
                    self.show.waiting(at, label, seen, *deadline);
                    continue;
                }
                Effect::Again {
                    at,
                    label,
                    tries,
                    why,
                    due,
                } => {
                    let what = again(label, *tries, why);
                    self.show.again(at, &what, *due);
                    continue;
                }
                _ => {}
            }
            self.shell.start(effect, self.run);
        }
        Ok(())
    }
}
