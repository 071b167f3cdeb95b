//! What follows from where a step stands: it is prepared, asked about, started, tried again, ended.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::Turn;
use super::asking::unconfirmed;
use super::part::item_left_out;
use crate::api::{Fault, FaultClass};
use crate::effect::{Effect, Wake};
use crate::place::{At, Phase};
use crate::plan::{Name, OnFailure, Step, Uses};
use crate::record::{Fact, RunEnd, Shape, StepEnd};
use crate::retry;
use crate::run::{ItemRun, ItemState, Prepared, StepRun, StepState};
use crate::time::Timestamp;

impl Turn<'_> {
    /// `look` are the places of the items whose situation changed.
    pub(super) fn settle_step(&mut self, index: usize, look: &BTreeSet<usize>) {
        let step = &self.run.plan().steps[index];
        let run = &self.run.steps[index];
        match run.state {
            StepState::Waiting => self.prepare(index, step, run),
            StepState::Running => match &step.uses {
                Uses::Approve => self.go_on_approving(step, run),
                _ if unconfirmed(step, run) => self.ask_to_confirm(step, run),
                Uses::Plugin(_) => self.go_on(step, run, look),
                Uses::Pause => self.go_on_pausing(step, run),
                Uses::Assert => self.judge_assertion(step, run),
                Uses::Runbook(runbook) => self.go_on_nested(index, step, runbook),
            },
            StepState::Skipped(_) | StepState::Done(_) | StepState::Failed(_) => {}
        }
    }

    pub(super) fn settle_run(&mut self) {
        if !self.run.may_start() {
            self.settle_rollback();
            return;
        }
        let plan = self.run.plan();
        let undo = |index: &usize| self.run.answers_for(*index).1 == OnFailure::Undo;
        if self.run.failed_steps.iter().any(undo) {
            self.begin_rollback("the runbook".into(), None, None);
            return;
        }
        if self.run.open_steps == 0 && self.run.failed_steps.is_empty() {
            let (outputs, fault) = match self.expressions.outputs(plan, &self.run.scope()) {
                Ok(outputs) => (outputs, None),
                Err(fault) => (Value::Null, Some(fault)),
            };
            self.facts.push(Fact::RunEnded {
                end: RunEnd::Done { outputs, fault },
            });
        }
    }

    fn prepare(&mut self, index: usize, step: &Step, run: &StepRun) {
        if let Some(reason) = self.run.left_out(index) {
            let step = step.id.clone();
            self.facts.push(Fact::StepSkipped { step, reason });
            return;
        }
        let allowed = self
            .run
            .only
            .as_ref()
            .is_none_or(|only| only.contains(&index));
        if run.unmet > 0 || self.run.is_stopped() || !allowed {
            return;
        }
        let id = step.id.clone();
        self.facts.push(
            match self.expressions.prepare(step, &self.run.scope_of(step)) {
                Ok(Prepared::Skip(reason)) => Fact::StepSkipped { step: id, reason },
                Ok(Prepared::Items { shape, items }) => match item_left_out(run, &items) {
                    None => Fact::StepPrepared {
                        step: id,
                        shape,
                        items,
                    },
                    Some(fault) => Fact::StepEnded {
                        step: id,
                        end: StepEnd::Failed(fault),
                    },
                },
                Err(fault) => Fact::StepEnded {
                    step: id,
                    end: StepEnd::Failed(fault),
                },
            },
        );
    }

    fn go_on(&mut self, step: &Step, run: &StepRun, look: &BTreeSet<usize>) {
        let mut retried = 0;
        for (key, item) in look.iter().filter_map(|place| run.items.get_index(*place)) {
            match &item.state {
                ItemState::Failed(fault) if may_try_again(step, item, fault) => {
                    retried += 1;
                    self.plan_attempt(step, key.as_ref(), item);
                }
                ItemState::Delayed { due, armed: false } => {
                    self.delay_attempt(step, key.as_ref(), item, *due);
                }
                ItemState::Running => self.take_up(item),
                _ => {}
            }
        }
        let tally = &run.tally;
        let failed = tally.failed - retried;
        let given_up = failed > max_failures(step);
        let mut active = tally.running;
        if !given_up && !self.run.is_stopped() {
            let max_parallel = step.for_each.as_ref().map_or(1, |each| each.max_parallel);
            let room = match max_parallel {
                0 => usize::MAX,
                most => most.saturating_sub(active),
            };
            for place in tally.pending.iter().take(room) {
                let (key, item) = &run.items.get_index(*place).expect("a tally counts items");
                active += 1;
                self.start_attempt(next_at(&step.id, key.as_ref(), item), item);
            }
        }
        let left = tally.pending.len() + tally.delayed + retried;
        let quiet = active == 0 && tally.unknown == 0;
        if quiet && (left == 0 || given_up) {
            self.end_step(step, run, given_up);
        }
    }

    pub(super) fn end_step(&mut self, step: &Step, run: &StepRun, failed: bool) {
        let first = || {
            run.items.values().find_map(|item| match &item.state {
                ItemState::Failed(fault) => Some(fault.clone()),
                _ => None,
            })
        };
        let end = match failed.then(first).flatten() {
            Some(fault) => StepEnd::Failed(fault),
            None => StepEnd::Done(outputs(run)),
        };
        let step = step.id.clone();
        self.facts.push(Fact::StepEnded { step, end });
    }

    fn start_attempt(&mut self, at: At, item: &ItemRun) {
        self.facts.push(Fact::AttemptStarted { at: at.clone() });
        self.host(at, item);
    }

    /// Starts again what an earlier process had under way.
    fn take_up(&mut self, item: &ItemRun) {
        let Some(attempt) = item.attempt.as_ref().filter(|attempt| !attempt.hosted) else {
            return;
        };
        self.facts.push(Fact::AttemptResumed {
            at: attempt.at.clone(),
        });
        self.host(attempt.at.clone(), item);
    }

    fn host(&mut self, at: At, item: &ItemRun) {
        self.begin_timeout(&at, self.now);
        let inputs = item.inputs.clone();
        self.effects.push(Effect::StartGuest {
            at,
            inputs,
            undo: None,
        });
    }

    /// Sets the timer of an attempt's timeout. Returns false when it has none, or it is over.
    pub(super) fn begin_timeout(&mut self, at: &At, since: Timestamp) -> bool {
        let step = self.run.planned(&at.step);
        let timeout_ms = step.and_then(|step| step.timeout_ms);
        let due = timeout_ms.map(|timeout_ms| since.after(timeout_ms));
        let Some(due) = due.filter(|due| *due > self.now) else {
            return false;
        };
        self.effects.push(Effect::Timer {
            due,
            wake: Wake::Timeout(at.clone()),
            reason: format!("`{}` has a timeout", at.step),
        });
        true
    }

    fn plan_attempt(&mut self, step: &Step, key: Option<&Name>, item: &ItemRun) {
        let failed = item.attempts.saturating_sub(item.forgiven);
        let due = retry::next_attempt(&step.retry, failed, self.now);
        self.delay_attempt(step, key, item, due);
    }

    fn delay_attempt(&mut self, step: &Step, key: Option<&Name>, item: &ItemRun, due: Timestamp) {
        let at = next_at(&step.id, key, item);
        let reason = format!("`{}` tries again", step.id);
        self.effects.push(Effect::Timer {
            due,
            wake: Wake::Attempt(at.clone()),
            reason,
        });
        self.facts.push(Fact::RetryPlanned { at, due });
    }

    pub(super) fn attempt_due(&mut self, at: At) {
        if !self.run.may_start() {
            return;
        }
        let Some((step, run)) = self.run.planned(&at.step).zip(self.run.step(&at.step)) else {
            return;
        };
        let Some(item) = run.items.get(&at.item) else {
            return;
        };
        let delayed = matches!(item.state, ItemState::Delayed { .. });
        let wanted = run.state == StepState::Running && run.tally.failed <= max_failures(step);
        if wanted && delayed && at.attempt == item.attempts + 1 {
            self.start_attempt(at, item);
        }
    }

    fn judge_assertion(&mut self, step: &Step, run: &StepRun) {
        let Some(inputs) = run.items.values().next().map(|item| &item.inputs) else {
            return;
        };
        let holds = inputs.get("that").and_then(Value::as_bool).unwrap_or(false);
        let end = if holds {
            StepEnd::Done(json!({}))
        } else {
            let message = inputs.get("message").and_then(Value::as_str);
            let message = message.unwrap_or("the assertion does not hold");
            StepEnd::Failed(Fault::new(FaultClass::Fail, "rutter.assert", message))
        };
        self.facts.push(Fact::StepEnded {
            step: step.id.clone(),
            end,
        });
    }
}

/// Failures that a step bears.
fn max_failures(step: &Step) -> usize {
    step.for_each.as_ref().map_or(0, |each| each.max_failures)
}

fn may_try_again(step: &Step, item: &ItemRun, fault: &Fault) -> bool {
    let hopeless = matches!(fault.class, FaultClass::Denied | FaultClass::Bug);
    !hopeless && item.attempts.saturating_sub(item.forgiven) < step.retry.attempts
}

pub(super) fn next_at(step: &Name, key: Option<&Name>, item: &ItemRun) -> At {
    At {
        step: step.clone(),
        item: key.cloned(),
        attempt: item.attempts + 1,
        phase: Phase::Run,
    }
}

fn outputs(run: &StepRun) -> Value {
    let output = |item: &ItemRun| match &item.state {
        ItemState::Done(outputs) => outputs.clone(),
        _ => Value::Null,
    };
    match run.shape.unwrap_or(Shape::One) {
        Shape::One => run.items.values().next().map_or(Value::Null, output),
        Shape::List => Value::Array(run.items.values().map(output).collect()),
        Shape::Table => {
            let named = run
                .items
                .iter()
                .map(|(key, item)| (key.as_deref().unwrap_or_default().to_owned(), output(item)));
            Value::Object(named.collect::<Map<_, _>>())
        }
    }
}
