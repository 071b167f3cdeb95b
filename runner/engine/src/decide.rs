//! What now? One input is answered with facts and effects; then everything that follows from the
//! facts is decided, until nothing follows any more.

mod answer;
mod asking;
mod awaited;
mod guest;
mod look;
mod nested;
mod part;
mod pausing;
mod person;
mod rollback;
mod steps;
mod survey;

use crate::api::Fault;
use crate::effect::{Effect, Wake};
use crate::input::Input;
use crate::place::At;
use crate::record::{AttemptEnd, FORMAT, Fact, Record};
use crate::run::{Expressions, IllegalRecord, Run};
use crate::time::Timestamp;
use person::Decided;

/// What an input led to. The records must be safe before any effect is started.
#[derive(Clone, Debug, Default, PartialEq)]
#[must_use]
pub struct Decision {
    /// What happened, in order.
    pub records: Vec<Record>,
    /// What is to be done.
    pub effects: Vec<Effect>,
}

/// Answers one input. The run is evolved by the records that are returned.
///
/// # Errors
/// When a decision does not fit the run: a bug of this crate, and the run is not to be used any more.
pub fn advance(
    run: &mut Run,
    now: Timestamp,
    input: Input,
    expressions: &dyn Expressions,
) -> Result<Decision, IllegalRecord> {
    let mut decision = Decision::default();
    if let Input::AdoptedElsewhere(adoptions) = &input {
        run.learn_adoptions(adoptions);
    }
    let mut turn = Turn::new(run, now, expressions);
    turn.input(input);
    let turned = turn.finish();
    commit(run, now, turned, &mut decision)?;
    loop {
        let attended = if run.may_start() {
            run.attention.pop_first()
        } else {
            None
        };
        let look = attended.and_then(|index| run.steps.get_index_mut(index));
        let look = look.map(|(_, step)| std::mem::take(&mut step.tally.look));
        let mut turn = Turn::new(run, now, expressions);
        match attended {
            Some(index) => turn.settle_step(index, &look.unwrap_or_default()),
            None => turn.settle_run(),
        }
        let turned = turn.finish();
        let over = attended.is_none() && turned.0.is_empty();
        commit(run, now, turned, &mut decision)?;
        if over {
            return Ok(decision);
        }
    }
}

fn commit(
    run: &mut Run,
    now: Timestamp,
    (facts, effects): (Vec<Fact>, Vec<Effect>),
    decision: &mut Decision,
) -> Result<(), IllegalRecord> {
    for fact in facts {
        let record = Record {
            seq: run.seq() + 1,
            time: now,
            fact,
        };
        run.evolve(&record)?;
        decision.records.push(record);
    }
    decision.effects.extend(effects);
    Ok(())
}

/// One look at the run: facts and effects that do not depend on each other.
struct Turn<'a> {
    run: &'a Run,
    now: Timestamp,
    expressions: &'a dyn Expressions,
    facts: Vec<Fact>,
    effects: Vec<Effect>,
}

impl<'a> Turn<'a> {
    fn new(run: &'a Run, now: Timestamp, expressions: &'a dyn Expressions) -> Self {
        Self {
            run,
            now,
            expressions,
            facts: Vec::new(),
            effects: Vec::new(),
        }
    }

    fn finish(self) -> (Vec<Fact>, Vec<Effect>) {
        (self.facts, self.effects)
    }

    fn input(&mut self, input: Input) {
        if self.goes_forward(&input) && self.run.recovery().is_some() {
            return;
        }
        match input {
            Input::Start {
                run,
                mode,
                rutter,
                plan,
            } => {
                self.facts.push(Fact::RunStarted {
                    format: FORMAT,
                    run,
                    mode,
                    rutter,
                    plan,
                });
            }
            Input::Resume { rutter, profiles } => {
                self.facts.push(Fact::Resumed { rutter, profiles });
            }
            Input::ClockDoubted { shown, expected } => {
                self.facts.push(Fact::ClockDoubted { shown, expected });
            }
            Input::CloudClock(cloud) => self.facts.push(Fact::CloudClock { cloud }),
            Input::AccountsConfirmed(accounts) => {
                self.facts.push(Fact::AccountsConfirmed { accounts });
            }
            Input::Revise(plan) => self.facts.push(Fact::PlanRevised { plan }),
            Input::GuestCalled {
                at,
                index,
                fingerprint,
                call,
                denied,
            } => {
                self.guest_called(at, index, fingerprint, *call, denied);
            }
            Input::GuestEnded { at, result } => self.guest_ended(at, result),
            Input::Answered { ticket, outcome } => self.answered(ticket, outcome),
            Input::Woken(wake) => self.woken(wake),
            Input::Approve {
                question,
                by,
                evidence,
            } => self.approve(question, by, evidence),
            Input::Decline { question, by, why } => self.decline(question, by, why),
            Input::Resolve {
                step,
                item,
                about,
                resolution,
                by,
                why,
            } => {
                let decision = Decided {
                    step,
                    item,
                    about,
                    resolution,
                };
                self.resolve(decision, by, why);
            }
            Input::Settle {
                step,
                item,
                change,
                settlement,
                by,
                why,
            } => self.settle_changes(&step, item.as_ref(), change, settlement, by, why),
            Input::Ignore { by, said, why } => self.ignore(by, said, why),
            Input::Undo { by } => self.undo(by),
            Input::UndoPart { by, part, mended } => self.undo_part(by, part, mended),
            Input::Interrupt => {
                if !self.run.interrupted() {
                    self.facts.push(Fact::Interrupted {});
                }
            }
            Input::AdoptedElsewhere(_) => {}
            Input::Abort => self.abort(),
        }
    }

    /// Whether an input is of use only to a run that goes on. One whose journal was recovered does not: it is taken back.
    fn goes_forward(&self, input: &Input) -> bool {
        match input {
            Input::Approve { .. } | Input::Decline { .. } => self.run.rollback().is_none(),
            Input::Revise(_) => true,
            Input::Resolve { .. } => self.run.rollback().is_none(),
            _ => false,
        }
    }

    fn woken(&mut self, wake: Wake) {
        match wake {
            Wake::Send(ticket) => self.send_again(ticket),
            Wake::SleepOver { at, index } => self.sleep_over(at, index),
            Wake::Attempt(at) => self.attempt_due(at),
            Wake::Timeout(at) => self.attempt_timed_out(at),
            Wake::Answer(question) => self.answer_overdue(question),
        }
    }

    fn end_attempt(&mut self, at: At, end: AttemptEnd) {
        self.facts.push(Fact::AttemptEnded { at, end });
    }

    fn answer(&mut self, at: At, index: u32, answer: Result<serde_json::Value, Fault>) {
        self.effects.push(Effect::AnswerGuest {
            at,
            index,
            answer,
            time: self.now,
        });
    }
}
