//! A `pause`: an attempt without a guest, with one wait in it.

use serde_json::{Value, json};

use super::Turn;
use super::steps::next_at;
use crate::api::{Fault, FaultClass};
use crate::place::{At, CallSite};
use crate::plan::{Name, Step};
use crate::question::Approval;
use crate::record::{A_PAUSE, AttemptEnd, Fact, StepEnd};
use crate::run::{Attempt, ItemRun, ItemState, SlotKind, StepRun};
use crate::time::Timestamp;

/// The fingerprint of the one wait that a `pause` step consists of.
const PAUSE: &str = "pause";

impl Turn<'_> {
    pub(super) fn go_on_pausing(&mut self, step: &Step, run: &StepRun) {
        let Some((key, item)) = run.items.iter().next() else {
            return;
        };
        match &item.state {
            ItemState::Pending if self.may_pause(&step.id, run, &item.inputs, self.now) => {
                let at = next_at(&step.id, key.as_ref(), item);
                self.facts.push(Fact::AttemptStarted { at: at.clone() });
                self.begin_pause(at, &item.inputs);
            }
            ItemState::Running => self.take_up_pause(step, run, item),
            ItemState::Done(_) => self.end_step(step, run, false),
            ItemState::Failed(_) => self.end_step(step, run, true),
            _ => {}
        }
    }

    /// Whether a pause may go on. What it waits for may be past, as of `then`: nobody can have wanted
    /// that, so it is said and asked about; and past its `latest` the step fails.
    fn may_pause(&mut self, step: &Name, run: &StepRun, inputs: &Value, then: Timestamp) -> bool {
        if let Some(fault) = too_late(step, inputs, self.now) {
            let end = StepEnd::Failed(fault);
            self.facts.push(Fact::StepEnded {
                step: step.clone(),
                end,
            });
            return false;
        }
        let instant = |name: &str| inputs.get(name).and_then(Value::as_i64).map(Timestamp);
        let past = instant("until_ms").is_some_and(|until| until < then);
        if !past || instant("latest_ms").is_some() || run.confirmed {
            return true;
        }
        if run.own_question.is_none() {
            let until = inputs.get("until").and_then(Value::as_str);
            self.ask(step.clone(), about_past(step, until.unwrap_or_default()));
        }
        false
    }

    fn begin_pause(&mut self, at: At, inputs: &Value) {
        let deadline = pause_end(inputs, self.now);
        self.facts.push(Fact::WaitStarted {
            place: place(&at),
            label: A_PAUSE.to_owned(),
            deadline,
        });
        self.sleep_until(at, 0, deadline);
    }

    pub(super) fn pause_over(&mut self, at: At) {
        self.facts.push(Fact::CallAnswered {
            place: place(&at),
            label: A_PAUSE.to_owned(),
            answer: Ok(Value::Null),
        });
        let step = self.run.step(&at.step);
        let item = step.and_then(|step| step.items.get(&at.item));
        let late = item.and_then(|item| too_late(&at.step, &item.inputs, self.now));
        let end = late.map_or_else(|| AttemptEnd::Done(json!({})), AttemptEnd::Failed);
        self.end_attempt(at, end);
    }

    /// Goes on with what an earlier process began, wherever its records were cut off.
    fn take_up_pause(&mut self, step: &Step, run: &StepRun, item: &ItemRun) {
        let open = |attempt: &&Attempt| !attempt.ended && !attempt.hosted;
        let Some(attempt) = item.attempt.as_ref().filter(open) else {
            return;
        };
        let at = attempt.at.clone();
        match attempt.calls.first().map(|slot| &slot.kind) {
            Some(SlotKind::Wait { deadline }) => {
                // It ran out while no process drove the run.
                if self.may_pause(&step.id, run, &item.inputs, self.run.driven) {
                    self.facts.push(Fact::AttemptResumed { at: at.clone() });
                    self.sleep_until(at, 0, *deadline);
                }
            }
            Some(_) => {
                self.facts.push(Fact::AttemptResumed { at: at.clone() });
                self.end_attempt(at, AttemptEnd::Done(json!({})));
            }
            None => {
                self.facts.push(Fact::AttemptResumed { at: at.clone() });
                self.begin_pause(at, &item.inputs);
            }
        }
    }
}

fn too_late(step: &Name, inputs: &Value, now: Timestamp) -> Option<Fault> {
    let latest = inputs.get("latest_ms").and_then(Value::as_i64)?;
    let text = inputs.get("latest").and_then(Value::as_str);
    let late = now > Timestamp(latest);
    late.then(|| {
        let message = format!(
            "it is later than {}: what follows `{step}` must not begin any more",
            text.unwrap_or("`latest`")
        );
        Fault::new(FaultClass::Fail, "rutter.too-late", message)
            .advise("resume the run in its next window")
    })
}

fn about_past(step: &Name, until: &str) -> Approval {
    Approval {
        message: format!("`{step}` waits until {until}, which is past. Go on now?"),
        people: 1,
        evidence: Vec::new(),
        owner: None,
        approvers: Vec::new(),
        within: None,
        changes: Vec::new(),
        covers: Vec::new(),
    }
}

fn place(at: &At) -> CallSite {
    CallSite {
        at: at.clone(),
        index: 0,
        fingerprint: PAUSE.to_owned(),
    }
}

fn pause_end(inputs: &Value, now: Timestamp) -> Timestamp {
    if let Some(until) = inputs.get("until_ms").and_then(Value::as_i64) {
        return Timestamp(until);
    }
    now.after(inputs.get("for").and_then(Value::as_u64).unwrap_or(0))
}
