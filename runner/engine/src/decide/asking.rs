//! What is asked of people: by an `approve` step, before a step that is to be confirmed, and by a
//! change that destroys, buys or cannot be taken back.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::Turn;
use crate::api::{Fault, FaultClass};
use crate::call::{Ask, Call};
use crate::effect::{Effect, Wake};
use crate::place::{At, Phase};
use crate::plan::{Name, Step};
use crate::question::{Approval, Question, Shown, Silence, TakesBack, Within};
use crate::record::{Fact, StepEnd};
use crate::run::{Run, StepRun};
use crate::time::Timestamp;

impl Turn<'_> {
    /// Whether a change must wait for a person, who is asked unless they are asked already. Its guest
    /// stays suspended in the call, which is handed in again when there is an answer.
    pub(super) fn must_wait(
        &mut self,
        at: &At,
        fingerprint: &str,
        call: &Call,
        back: &[&Call],
    ) -> bool {
        let takes_back = self.takes_back_others(back);
        let because = match call.ask {
            None | Some(Ask::Reverse) if takes_back.is_empty() => return false,
            None => Ask::Reverse,
            Some(because) => because,
        };
        let doubtful = self
            .run
            .open_change(at, fingerprint)
            .map(|change| change.number);
        // To buy again what may have been bought is nothing that was said yes to.
        let again = doubtful.filter(|_| matches!(because, Ask::Costs | Ask::Unknown));
        // Whoever said yes to the action had not seen what would take it back.
        let as_named = again.is_none() && takes_back.is_empty();
        let covered = as_named && self.run.is_covered(at, &call.label());
        let shown = Shown {
            again,
            undo: at.phase == Phase::Undo,
            takes_back,
            ..Shown::new(at.item.clone(), fingerprint, call, because)
        };
        if covered || self.run.is_granted(at, &shown) {
            return false;
        }
        let asked = |other: &Shown| {
            let same = (&other.item, other.undo) == (&shown.item, shown.undo);
            same && other.fingerprint == fingerprint && other.takes_back == shown.takes_back
        };
        let mut open = self.run.open_questions_of(&at.step);
        if !open.any(|question| question.approval.changes.iter().any(asked)) {
            self.ask(at.step.clone(), about_change(&at.step, shown, self.run));
        }
        true
    }

    /// Of the calls that would take a change back, those that take back something else: not what another change
    /// of this run has for its reverse as well.
    fn takes_back_others(&self, back: &[&Call]) -> Vec<TakesBack> {
        let others = back.iter().filter(|call| call.ask == Some(Ask::Reverse));
        let unknown = others.filter(|call| !self.run.has_reverse(call));
        unknown.map(|call| TakesBack::new(call)).collect()
    }

    pub(super) fn ask(&mut self, step: Name, approval: Approval) {
        self.facts.push(Fact::ApprovalAsked {
            question: self.run.next_question(),
            step,
            approval,
        });
    }

    pub(super) fn ask_to_confirm(&mut self, step: &Step, run: &StepRun) {
        let Some(confirm) = step.confirm.as_ref().filter(|_| run.own_question.is_none()) else {
            return;
        };
        let message = self
            .expressions
            .text(&confirm.message, &self.run.scope_of(step));
        match message {
            Ok(message) => {
                let approval = Approval {
                    message,
                    people: confirm.people,
                    evidence: Vec::new(),
                    owner: None,
                    approvers: Vec::new(),
                    within: None,
                    changes: Vec::new(),
                    covers: confirm.changes.clone(),
                };
                self.ask(step.id.clone(), approval);
            }
            Err(fault) => self.facts.push(Fact::StepEnded {
                step: step.id.clone(),
                end: StepEnd::Failed(fault),
            }),
        }
    }

    pub(super) fn go_on_approving(&mut self, step: &Step, run: &StepRun) {
        let Some(inputs) = run.items.values().next().map(|item| &item.inputs) else {
            return;
        };
        match self.run.own_question(&step.id) {
            None => self.ask_within(step.id.clone(), approval_from(inputs, self.now)),
            Some(question) if run.confirmed => {
                let by: Vec<_> = question.yes.iter().map(|yes| yes.by.name.clone()).collect();
                let evidence: BTreeMap<_, _> = question
                    .yes
                    .iter()
                    .flat_map(|yes| yes.evidence.clone())
                    .collect();
                let outputs = json!({ "by": by, "evidence": evidence });
                self.facts.push(Fact::StepEnded {
                    step: step.id.clone(),
                    end: StepEnd::Done(outputs),
                });
            }
            Some(question) => self.go_on_waiting_for(question),
        }
    }

    fn ask_within(&mut self, step: Name, approval: Approval) {
        let (question, within) = (self.run.next_question(), approval.within);
        self.ask(step.clone(), approval);
        if let Some(within) = within {
            self.wait_for_answer(&step, question, within);
        }
    }

    fn wait_for_answer(&mut self, step: &Name, question: u64, within: Within) {
        self.effects.push(Effect::Timer {
            due: within.due,
            wake: Wake::Answer(question),
            reason: format!("`{step}` waits for an answer"),
        });
    }

    /// A question that has a time: a new process waits for it too, unless it ran out while there was
    /// none. What silence means was said of people who could answer, so they are asked.
    fn go_on_waiting_for(&mut self, question: &Question) {
        let Some(within) = question.approval.within else {
            return;
        };
        if question.settled.is_some() || within.due >= self.run.driven {
            if question.settled.is_none() {
                self.wait_for_answer(&question.step, question.number, within);
            }
            return;
        }
        let message = format!(
            "The time for an answer ran out while nothing drove the run. {}",
            question.approval.message
        );
        let approval = Approval {
            message,
            within: None,
            ..question.approval.clone()
        };
        self.ask(question.step.clone(), approval);
    }

    /// Nobody answered in time.
    pub(super) fn answer_overdue(&mut self, number: u64) {
        let question = self.run.question(number);
        let Some(question) = question.filter(|asked| asked.settled.is_none()) else {
            return;
        };
        let Some(within) = question.approval.within.filter(|_| self.run.may_start()) else {
            return;
        };
        let step = question.step.clone();
        let end = match within.then {
            Silence::Undo => {
                return self.begin_rollback("nobody answered in time".into(), None, None);
            }
            Silence::Continue => StepEnd::Done(json!({ "by": [], "evidence": {} })),
            Silence::Stop => StepEnd::Failed(Fault::new(
                FaultClass::Fail,
                "rutter.no-answer",
                format!("nobody answered question {number} in time"),
            )),
        };
        self.facts.push(Fact::StepEnded { step, end });
    }
}

pub(super) fn unconfirmed(step: &Step, run: &StepRun) -> bool {
    step.confirm.is_some() && !run.confirmed
}

fn about_change(step: &Name, shown: Shown, run: &Run) -> Approval {
    let why = match shown.because {
        Ask::Irreversible => "cannot be taken back",
        Ask::Costs => "costs money",
        Ask::Unknown => "no contract knows: it may destroy, cost money, or stay for ever",
        Ask::Reverse => "would be taken back by another call than its reverse",
    };
    let again = match shown.again {
        Some(number) => format!(
            " An equal one was sent before (change {number}), and it is not known whether it happened."
        ),
        None => String::new(),
    };
    let who = match &shown.item {
        Some(item) => format!("`{step}` for `{}`", run.item_name(step, item)),
        None => format!("`{step}`"),
    };
    let who = match shown.undo {
        true => format!("the undo of {who}"),
        false => who,
    };
    let labels: Vec<&str> = shown.takes_back.iter().map(|one| &*one.label).collect();
    let back = match labels.is_empty() {
        true => String::new(),
        false => format!(
            " An undo of it would call {} on what it is not known to make.",
            labels.join(", ")
        ),
    };
    let message = format!(
        "{who} is about to call {}, which {why}.{again}{back} Go on?",
        shown.label
    );
    Approval {
        message,
        people: 1,
        evidence: Vec::new(),
        owner: None,
        approvers: Vec::new(),
        within: None,
        changes: vec![shown],
        covers: Vec::new(),
    }
}

fn approval_from(inputs: &Value, now: Timestamp) -> Approval {
    let within_ms = inputs.get("within").and_then(Value::as_u64);
    let then = match inputs.get("then").and_then(Value::as_str) {
        Some("undo") => Silence::Undo,
        Some("continue") => Silence::Continue,
        _ => Silence::Stop,
    };
    let within = within_ms.map(|within_ms| Within {
        due: now.after(within_ms),
        then,
    });
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
        approvers: inputs
            .get("approvers")
            .and_then(Value::as_array)
            .map(names)
            .unwrap_or_default(),
        within,
        changes: Vec::new(),
        covers: Vec::new(),
    }
}
