//! People: approvals, decisions about unknown outcomes, and the wish to take a run back.

use super::Turn;
use crate::api::{Fault, FaultClass};
use crate::effect::Effect;
use crate::part::Part;
use crate::person::Person;
use crate::place::At;
use crate::plan::{Name, Plan};
use crate::question::{Approval, Evidence, Question, Settled};
use crate::record::{AttemptEnd, Fact, RunEnd, StepEnd};
use crate::resolution::Resolution;
use crate::run::{Attempt, Run, StepRun};

impl<'a> Turn<'a> {
    pub(super) fn approve(&mut self, number: u64, by: Person, evidence: Evidence) {
        let question = match self.open_question(number) {
            Ok(question) => question,
            Err(why) => return self.ignore_answer(number, by, "yes", why),
        };
        if !question.approval.may_answer(&by) {
            let why = who_may(&question.approval);
            return self.ignore_answer(number, by, "yes", why);
        }
        if question.has_yes_of(&by) {
            let why = format!("{by} has said yes to it already; it takes another person");
            return self.ignore_answer(number, by, "yes", why);
        }
        let missing: Vec<_> = question.missing(&evidence).map(String::as_str).collect();
        if !missing.is_empty() {
            let why = format!(
                "it wants evidence that was not entered: {}",
                missing.join(", ")
            );
            return self.ignore_answer(number, by, "yes", why);
        }
        let step = question.step.clone();
        if question.yes.len() + 1 >= question.approval.people as usize {
            self.release(question);
        }
        self.facts.push(Fact::Approved {
            question: number,
            step,
            by,
            evidence,
        });
    }

    /// Lets the guests go on that wait for this question.
    fn release(&mut self, question: &Question) {
        let Some(run) = self.run.step(&question.step) else {
            return;
        };
        let waiting: Vec<At> = match question.is_of_undo() {
            true => open_undos(run)
                .filter(|undo| undo.hosted)
                .map(|undo| undo.at.clone())
                .collect(),
            false => hosted(run).collect(),
        };
        for at in waiting {
            if question.is_about(at.item.as_ref()) {
                self.effects.push(Effect::ReleaseGuest { at });
            }
        }
    }

    /// Ends the undo that asked. What it was to take back waits for a person.
    fn stop_undo(&mut self, question: &Question, fault: &Fault) {
        let Some(run) = self.run.step(&question.step) else {
            return;
        };
        let undos = open_undos(run).filter(|undo| question.is_about(undo.at.item.as_ref()));
        for at in undos.map(|undo| undo.at.clone()) {
            self.effects.push(Effect::DropGuest { at: at.clone() });
            self.end_attempt(at.clone(), AttemptEnd::Failed(fault.clone()));
            self.undo_was_declined(&at, fault);
        }
    }

    pub(super) fn decline(&mut self, number: u64, by: Person, why: String) {
        let question = match self.open_question(number) {
            Ok(question) => question,
            Err(why) => return self.ignore_answer(number, by, "no", why),
        };
        if !question.approval.may_answer(&by) {
            let why = who_may(&question.approval);
            return self.ignore_answer(number, by, "no", why);
        }
        let step = question.step.clone();
        let fault = Fault::new(
            FaultClass::Fail,
            "rutter.declined",
            format!("{by} said no: {why}"),
        );
        self.facts.push(Fact::Declined {
            question: number,
            step: step.clone(),
            by,
            why,
        });
        if question.is_of_undo() {
            return self.stop_undo(question, &fault);
        }
        let Some(run) = self.run.step(&step) else {
            return;
        };
        if self.stop_attempts(run, &fault) {
            let end = StepEnd::Failed(fault);
            self.facts.push(Fact::StepEnded { step, end });
        }
    }

    /// The question, if it waits for an answer, or why it does not.
    fn open_question(&self, number: u64) -> Result<&'a Question, String> {
        let run: &'a Run = self.run;
        let Some(question) = run.question(number) else {
            return Err("the run has asked no such question".to_owned());
        };
        match &question.settled {
            None => Ok(question),
            Some(Settled::Approved) => {
                let who: Vec<_> = question
                    .yes
                    .iter()
                    .map(|yes| yes.by.name.as_str())
                    .collect();
                Err(format!("{} said yes before", who.join(" and ")))
            }
            Some(Settled::Declined { by }) => Err(format!("{by} said no before")),
            Some(Settled::Moot(why)) => Err((*why).to_owned()),
        }
    }

    /// Records that what a person said decided nothing.
    pub(super) fn ignore(&mut self, by: Person, said: String, why: String) {
        let step = None;
        self.facts.push(Fact::AnswerIgnored {
            step,
            by,
            said,
            why,
        });
    }

    fn ignore_answer(&mut self, number: u64, by: Person, said: &str, why: String) {
        let step = self.run.question(number).map(|asked| asked.step.clone());
        self.facts.push(Fact::AnswerIgnored {
            step,
            by,
            said: format!("{said} to question {number}"),
            why,
        });
    }

    /// Ends the attempts of a step that are under way. Returns whether all outcomes are known.
    fn stop_attempts(&mut self, run: &StepRun, fault: &Fault) -> bool {
        let mut known = true;
        for at in running(run) {
            self.effects.push(Effect::DropGuest { at: at.clone() });
            let end = self.failed_end(&at, fault.clone());
            known &= !matches!(end, AttemptEnd::Unknown(_));
            self.end_attempt(at, end);
        }
        known
    }

    pub(super) fn resolve(&mut self, decided: Decided, by: Person, why: String) {
        let Decided {
            step,
            item,
            about,
            resolution,
        } = decided;
        let undecided = self.run.undecided(&step, item.as_ref(), &resolution);
        let Some(run) = self.run.step(&step).filter(|_| undecided == Some(about)) else {
            let why = match undecided {
                None => "there is nothing of that kind to decide about it now",
                Some(_) => "something else has happened to it since",
            };
            return self.facts.push(Fact::AnswerIgnored {
                step: Some(step),
                by,
                said: format!("{} (record {about})", resolution.flag()),
                why: why.to_owned(),
            });
        };
        let over = matches!(resolution, Resolution::Done(_) | Resolution::Skip);
        if over && item.is_none() {
            let fault = Fault::new(
                FaultClass::Fail,
                "rutter.resolved",
                "a person ended the step",
            );
            self.stop_attempts(run, &fault);
        }
        self.facts.push(Fact::Resolved {
            step,
            item,
            about,
            resolution,
            by,
            why,
        });
    }

    pub(super) fn undo(&mut self, by: Person) {
        let over = matches!(self.run.end(), Some(RunEnd::RolledBack(_)))
            && !self.run.anything_to_take_back();
        let under_way = self.run.rollback_under_way();
        if !over && under_way.is_none_or(|back| back.part.is_some()) {
            return self.begin_rollback(by, None, None);
        }
        if by.letter().is_some() {
            let why = match over {
                true => "the run was taken back",
                false => "the run is being taken back",
            };
            self.ignore(by, "undo".to_owned(), why.to_owned());
        }
    }

    /// Drops every guest where it stands and takes the run back. What was sent is awaited.
    pub(super) fn begin_rollback(
        &mut self,
        by: Person,
        part: Option<Box<Part>>,
        mended: Option<Box<Plan>>,
    ) {
        for (_, step) in self.run.steps() {
            for at in hosted(step) {
                self.effects.push(Effect::DropGuest { at });
            }
        }
        self.facts.push(Fact::RollbackStarted { by, part, mended });
    }
}

/// Why somebody else's answer counts for nothing.
fn who_may(approval: &Approval) -> String {
    match approval.approvers.is_empty() {
        true => "it names no key that may answer it".to_owned(),
        false => format!("only {} may answer it", approval.approver_names()),
    }
}

/// What a person decides, and about what.
pub(super) struct Decided {
    pub(super) step: Name,
    pub(super) item: Option<Name>,
    /// The record that made it undecided.
    pub(super) about: u64,
    pub(super) resolution: Resolution,
}

/// The attempts of a step that are not over.
fn running(step: &StepRun) -> impl Iterator<Item = At> {
    open_attempts(step).map(|attempt| attempt.at.clone())
}

/// Those of them whose guest was started by this process.
fn hosted(step: &StepRun) -> impl Iterator<Item = At> {
    let hosted = open_attempts(step).filter(|attempt| attempt.hosted);
    hosted.map(|attempt| attempt.at.clone())
}

/// The own undos of a step's items that are not over.
fn open_undos(step: &StepRun) -> impl Iterator<Item = &Attempt> {
    let undos = step.items.values().filter_map(|item| item.undo.as_ref());
    undos.filter(|undo| !undo.ended)
}

fn open_attempts(step: &StepRun) -> impl Iterator<Item = &Attempt> {
    let attempts = step.items.values().filter_map(|item| item.attempt.as_ref());
    attempts.filter(|attempt| !attempt.ended)
}
