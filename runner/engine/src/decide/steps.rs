//! What follows from where a step stands: it is prepared, asked about, started, tried again, ended.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::Turn;
use crate::api::{Fault, FaultClass};
use crate::effect::{Effect, Wake};
use crate::plan::{Name, OnFailure, Step, Uses};
use crate::record::{Approval, At, AttemptEnd, Fact, Phase, RunEnd, Shape, StepEnd, Timestamp};
use crate::retry;
use crate::run::{ItemRun, ItemState, StepRun, StepState};
use crate::scope::Prepared;

/// The fingerprint of the one wait that a `pause` step consists of.
const PAUSE: &str = "pause";

impl Turn<'_> {
    pub(super) fn settle_step(&mut self, index: usize) {
        let step = &self.run.plan().steps[index];
        let run = &self.run.steps[index];
        match run.state {
            StepState::Waiting => self.prepare(index, step, run),
            StepState::Running => match &step.uses {
                Uses::Plugin(_) => self.go_on(step, run),
                Uses::Approve => self.go_on_approving(step, run),
                Uses::Pause => self.go_on_pausing(step, run),
                Uses::Assert => self.judge_assertion(step, run),
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
        let undo = |index: &usize| plan.steps[*index].on_failure == OnFailure::Undo;
        if self.run.failed_steps.iter().any(undo) {
            let quiet = self.run.steps.values().all(|step| step.active == 0);
            if quiet {
                self.facts.push(Fact::RollbackStarted {
                    by: "the runbook".to_owned(),
                });
            }
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
        let allowed = self
            .run
            .only
            .as_ref()
            .is_none_or(|only| only.contains(&index));
        if run.unmet > 0 || self.run.is_stopped() || !allowed {
            return;
        }
        let id = step.id.clone();
        self.facts
            .push(match self.expressions.prepare(step, &self.run.scope()) {
                Ok(Prepared::Skip(reason)) => Fact::StepSkipped { step: id, reason },
                Ok(Prepared::Items { shape, items }) => Fact::StepPrepared {
                    step: id,
                    shape,
                    items,
                },
                Err(fault) => Fact::StepEnded {
                    step: id,
                    end: StepEnd::Failed(fault),
                },
            });
    }

    fn go_on(&mut self, step: &Step, run: &StepRun) {
        if step.confirm.is_some() && !run.approved {
            self.ask_to_confirm(step, run);
            return;
        }
        let mut active = run.active;
        let mut left = 0_usize;
        let limits = step.for_each.as_ref();
        let max_parallel = limits.map_or(1, |each| each.max_parallel);
        let max_failures = limits.map_or(0, |each| each.max_failures);
        let may_begin = !self.run.is_stopped() && run.failures <= max_failures;
        for (key, item) in &run.items {
            match &item.state {
                ItemState::Failed(fault) if may_try_again(step, item, fault) => {
                    left += 1;
                    self.plan_attempt(step, key.as_ref(), item);
                }
                ItemState::Delayed { due, armed } => {
                    left += 1;
                    if !armed {
                        self.delay_attempt(step, key.as_ref(), item, *due);
                    }
                }
                ItemState::Running => self.take_up(step, item),
                ItemState::Pending => {
                    left += 1;
                    if may_begin && (max_parallel == 0 || active < max_parallel) {
                        active += 1;
                        self.start_attempt(step, next_at(&step.id, key.as_ref(), item), item);
                    }
                }
                ItemState::Done(_) | ItemState::Failed(_) | ItemState::Unknown(_) => {}
            }
        }
        let abandoned = run.failures > max_failures;
        if active == 0 && self.run.unknown_items == 0 && (left == 0 || abandoned) {
            self.end_step(step, run, max_failures);
        }
    }

    fn end_step(&mut self, step: &Step, run: &StepRun, max_failures: usize) {
        let id = step.id.clone();
        let first = run.items.values().find_map(|item| match &item.state {
            ItemState::Failed(fault) => Some(fault.clone()),
            _ => None,
        });
        let end = match first {
            Some(fault) if run.failures > max_failures => StepEnd::Failed(fault),
            _ => StepEnd::Done(outputs(run)),
        };
        self.facts.push(Fact::StepEnded { step: id, end });
    }

    fn start_attempt(&mut self, step: &Step, at: At, item: &ItemRun) {
        self.facts.push(Fact::AttemptStarted { at: at.clone() });
        self.host(step, at, item);
    }

    /// Starts again what an earlier process had under way.
    fn take_up(&mut self, step: &Step, item: &ItemRun) {
        let Some(attempt) = item.attempt.as_ref().filter(|attempt| !attempt.hosted) else {
            return;
        };
        self.facts.push(Fact::AttemptResumed {
            at: attempt.at.clone(),
        });
        self.host(step, attempt.at.clone(), item);
    }

    fn host(&mut self, step: &Step, at: At, item: &ItemRun) {
        if let Some(timeout_ms) = step.timeout_ms {
            let due = self.now.after(timeout_ms);
            let reason = format!("`{}` has a timeout", step.id);
            self.effects.push(Effect::Timer {
                due,
                wake: Wake::Timeout(at.clone()),
                reason,
            });
        }
        let inputs = item.inputs.clone();
        self.effects.push(Effect::StartGuest {
            at,
            inputs,
            undo: None,
        });
    }

    fn plan_attempt(&mut self, step: &Step, key: Option<&Name>, item: &ItemRun) {
        let failed = item.attempts - item.forgiven;
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
        let Some(step) = self.run.plan().step(&at.step) else {
            return;
        };
        let Some(item) = self
            .run
            .step(&at.step)
            .and_then(|run| run.items.get(&at.item))
        else {
            return;
        };
        let delayed = matches!(item.state, ItemState::Delayed { .. });
        if delayed && at.attempt == item.attempts + 1 {
            self.start_attempt(step, at, item);
        }
    }

    fn ask_to_confirm(&mut self, step: &Step, run: &StepRun) {
        let Some(confirm) = step.confirm.as_ref().filter(|_| run.asked.is_none()) else {
            return;
        };
        let step = step.id.clone();
        self.facts.push(
            match self.expressions.text(&confirm.message, &self.run.scope()) {
                Ok(message) => {
                    let people = confirm.people;
                    let (evidence, owner, because) = (Vec::new(), None, None);
                    let approval = Approval {
                        message,
                        people,
                        evidence,
                        owner,
                        because,
                    };
                    Fact::ApprovalAsked { step, approval }
                }
                Err(fault) => Fact::StepEnded {
                    step,
                    end: StepEnd::Failed(fault),
                },
            },
        );
    }

    fn go_on_approving(&mut self, step: &Step, run: &StepRun) {
        let Some(inputs) = run.items.values().next().map(|item| &item.inputs) else {
            return;
        };
        let id = step.id.clone();
        match &run.asked {
            None => {
                let approval = approval_from(inputs);
                self.facts.push(Fact::ApprovalAsked { step: id, approval });
            }
            Some((_, yes)) if run.approved => {
                let by: Vec<_> = yes.iter().map(|(by, _)| by.clone()).collect();
                let evidence: BTreeMap<_, _> = yes
                    .iter()
                    .flat_map(|(_, evidence)| evidence.clone())
                    .collect();
                let outputs = json!({ "by": by, "evidence": evidence });
                self.facts.push(Fact::StepEnded {
                    step: id,
                    end: StepEnd::Done(outputs),
                });
            }
            Some(_) => {}
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

    /// A pause is an attempt without a guest, with one wait in it.
    fn go_on_pausing(&mut self, step: &Step, run: &StepRun) {
        let Some((key, item)) = run.items.iter().next() else {
            return;
        };
        match &item.state {
            ItemState::Pending => {
                let at = next_at(&step.id, key.as_ref(), item);
                let deadline = pause_end(&item.inputs, self.now);
                self.facts.push(Fact::AttemptStarted { at: at.clone() });
                self.facts.push(Fact::WaitStarted {
                    at: at.clone(),
                    index: 0,
                    print: PAUSE.to_owned(),
                    label: "a pause".to_owned(),
                    deadline,
                });
                self.sleep_until(at, 0, deadline);
            }
            ItemState::Running => self.take_up_pause(item),
            ItemState::Done(_) => self.end_step(step, run, 0),
            _ => {}
        }
    }

    fn take_up_pause(&mut self, item: &ItemRun) {
        let Some(attempt) = item.attempt.as_ref().filter(|attempt| !attempt.ended) else {
            return;
        };
        match attempt.calls.first().map(|slot| &slot.kind) {
            Some(crate::run::SlotKind::Wait { deadline }) if !attempt.hosted => {
                self.facts.push(Fact::AttemptResumed {
                    at: attempt.at.clone(),
                });
                self.sleep_until(attempt.at.clone(), 0, *deadline);
            }
            Some(crate::run::SlotKind::Answered(_)) => {
                self.end_attempt(attempt.at.clone(), AttemptEnd::Done(json!({})));
            }
            _ => {}
        }
    }
}

fn may_try_again(step: &Step, item: &ItemRun, fault: &Fault) -> bool {
    let hopeless = matches!(fault.class, FaultClass::Denied | FaultClass::Bug);
    !hopeless && item.attempts - item.forgiven < step.retry.attempts
}

fn next_at(step: &Name, key: Option<&Name>, item: &ItemRun) -> At {
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

fn approval_from(inputs: &Value) -> Approval {
    let text = |name: &str| inputs.get(name).and_then(Value::as_str).map(str::to_owned);
    let people = inputs.get("people").and_then(Value::as_u64).unwrap_or(1);
    let evidence = inputs.get("evidence").and_then(Value::as_array);
    let names = |list: &Vec<Value>| {
        list.iter()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    Approval {
        message: text("message").unwrap_or_else(|| "Go on?".to_owned()),
        people: u32::try_from(people).unwrap_or(u32::MAX).max(1),
        evidence: evidence.map(names).unwrap_or_default(),
        owner: text("owner"),
        because: None,
    }
}

fn pause_end(inputs: &Value, now: Timestamp) -> Timestamp {
    if let Some(until) = inputs.get("until_ms").and_then(Value::as_i64) {
        return Timestamp(until);
    }
    now.after(inputs.get("for").and_then(Value::as_u64).unwrap_or(0))
}
