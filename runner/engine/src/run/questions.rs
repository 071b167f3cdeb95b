//! The questions of a run: asked under a number, answered, settled.

use crate::person::Person;
use crate::place::{At, Phase};
use crate::plan::Name;
use crate::question::{Approval, Evidence, Question, Settled, Shown, Yes, names_action};
use crate::record::Fact;
use crate::run::{Legal, Run, StepRun};
use crate::time::Timestamp;

impl Run {
    /// A question by its number.
    pub fn question(&self, number: u64) -> Option<&Question> {
        self.questions
            .get(usize::try_from(number).ok()?.checked_sub(1)?)
    }

    /// The questions that wait for an answer, in the order in which they were asked.
    pub fn open_questions(&self) -> impl Iterator<Item = &Question> {
        self.open_questions
            .iter()
            .filter_map(|number| self.question(*number))
    }

    /// Those of one step.
    pub fn open_questions_of<'a>(&'a self, step: &'a str) -> impl Iterator<Item = &'a Question> {
        self.open_questions()
            .filter(move |question| &*question.step == step)
    }

    /// The question that a step asked itself, and not one of its changes, if it asked one.
    pub(crate) fn own_question(&self, step: &str) -> Option<&Question> {
        self.question(self.step(step)?.own_question?)
    }

    /// Whether what a file of the inbox said was recorded.
    pub fn has_read(&self, letter: &str) -> bool {
        self.letters.contains(letter)
    }

    /// Notes that what a file of the inbox said is recorded.
    pub(super) fn note_letter(&mut self, fact: &Fact) {
        if let Some(letter) = fact.by().and_then(Person::letter) {
            self.letters.insert(letter.to_owned());
        }
    }

    /// The number of the next question.
    pub(crate) fn next_question(&self) -> u64 {
        self.questions.len() as u64 + 1
    }

    /// Whether an attempt waits for a person's answer.
    pub(crate) fn asks_for(&self, at: &At) -> bool {
        self.open_questions_of(&at.step)
            .any(|question| question.is_about(at.item.as_ref()))
    }

    /// Whether a person said yes to this change as it is shown.
    pub(crate) fn is_granted(&self, at: &At, shown: &Shown) -> bool {
        let said = |granted: &Shown| {
            let same = is_yes_to(granted, at, &shown.fingerprint);
            same && granted.takes_back == shown.takes_back
        };
        let step = self.step(&at.step);
        step.is_some_and(|step| step.granted.iter().any(said))
    }

    /// Whether a person said yes to a question of the runbook that names the action of this change.
    pub(crate) fn is_covered(&self, at: &At, label: &str) -> bool {
        let Some((planned, step)) = self.planned(&at.step).zip(self.step(&at.step)) else {
            return false;
        };
        // What a step does and what takes it back are two things.
        if at.phase == Phase::Undo {
            return false;
        }
        let mut named = planned.confirm.iter().flat_map(|confirm| &confirm.changes);
        step.confirmed && named.any(|named| names_action(named, label))
    }

    pub(super) fn asked(
        &mut self,
        number: u64,
        step: &Name,
        approval: &Approval,
        time: Timestamp,
    ) -> Legal {
        if number != self.next_question() {
            return Err(format!("question {} was expected", self.next_question()));
        }
        let items: Vec<_> = approval.changes.iter().map(|shown| &shown.item).collect();
        // An item waits in one call at a time: what it asked before it does not ask any more.
        for item in items {
            self.settle_questions(step, Some(item.as_ref()), "it asks something else now");
        }
        if approval.changes.is_empty() {
            self.settle_questions(step, None, "it is asked anew");
        }
        let of_undo = approval.changes.iter().any(|shown| shown.undo);
        let (index, run) = self.asking_step(step, of_undo)?;
        if approval.changes.is_empty() {
            run.own_question = Some(number);
        }
        run.questions += 1;
        self.questions.push(Question {
            number,
            step: step.clone(),
            asked: time,
            approval: approval.clone(),
            yes: Vec::new(),
            settled: None,
        });
        self.open_questions.insert(number);
        self.attention.insert(index);
        Ok(())
    }

    pub(super) fn said_yes(
        &mut self,
        number: u64,
        by: &Person,
        evidence: &Evidence,
        time: Timestamp,
    ) -> Legal {
        let question = self.open_question_mut(number)?;
        question.yes.push(Yes {
            by: by.clone(),
            time,
            evidence: evidence.clone(),
        });
        let (step, of_undo) = (question.step.clone(), question.is_of_undo());
        let enough = question.yes.len() >= question.approval.people as usize;
        let (index, _) = self.asking_step(&step, of_undo)?;
        if enough {
            self.settle_question(number, Settled::Approved);
            self.grant(number, index, time);
        }
        self.attention.insert(index);
        Ok(())
    }

    /// Lets what was asked about begin.
    fn grant(&mut self, number: u64, index: usize, time: Timestamp) {
        let Some(question) = self.question(number).cloned() else {
            return;
        };
        let step = &mut self.steps[index];
        for (key, item) in &mut step.items {
            let attempt = match question.is_of_undo() {
                true => item.undo.as_mut(),
                false => item.attempt.as_mut(),
            };
            if let Some(attempt) = attempt.filter(|_| question.is_about(key.as_ref())) {
                attempt.since = time;
            }
        }
        if question.approval.changes.is_empty() {
            step.confirmed = true;
            self.begin_nested(index);
        } else {
            let shown = question.approval.changes.into_iter();
            step.granted.extend(shown);
        }
    }

    pub(super) fn said_no(&mut self, number: u64, by: &Person) -> Legal {
        let by = by.clone();
        let question = self.open_question_mut(number)?;
        let (step, of_undo) = (question.step.clone(), question.is_of_undo());
        self.settle_question(number, Settled::Declined { by });
        self.asking_step(&step, of_undo).map(drop)
    }

    /// A yes is used up by the change it was said to. Returns it, if there was one.
    pub(super) fn use_grant(&mut self, at: &At, fingerprint: &str) -> Option<Shown> {
        let step = self.steps.get_mut(&at.step)?;
        let mut granted = step.granted.iter();
        let place = granted.position(|granted| is_yes_to(granted, at, fingerprint));
        place.map(|place| step.granted.swap_remove(place))
    }

    /// What is known not to have happened has not used its yes up.
    pub(super) fn give_grant_back(&mut self, number: u64) {
        let Ok(change) = self.change_mut(number) else {
            return;
        };
        let Some(granted) = change.granted.take() else {
            return;
        };
        let step = change.at.step.clone();
        if let Some(step) = self.steps.get_mut(&step) {
            step.granted.push(granted);
        }
    }

    /// The open questions of a step, or of one of its items, are about nothing any more.
    pub(super) fn settle_questions(
        &mut self,
        step: &Name,
        item: Option<Option<&Name>>,
        why: &'static str,
    ) {
        if self.steps.get(step).is_none_or(|step| step.questions == 0) {
            return;
        }
        let gone = self.open_questions_of(step).filter(|question| match item {
            None => true,
            Some(item) => !question.approval.changes.is_empty() && question.is_about(item),
        });
        let gone: Vec<u64> = gone.map(|question| question.number).collect();
        for number in gone {
            self.settle_question(number, Settled::Moot(why));
        }
    }

    /// No question of the steps is about anything any more, and no yes counts that nothing used. An own undo goes
    /// on waiting for its answer.
    pub(super) fn settle_all_questions(&mut self, why: &'static str) {
        let of_steps = self
            .open_questions()
            .filter(|question| !question.is_of_undo());
        let of_steps: Vec<u64> = of_steps.map(|question| question.number).collect();
        for number in of_steps {
            self.settle_question(number, Settled::Moot(why));
        }
        for step in self.steps.values_mut() {
            step.granted.retain(|granted| granted.undo);
        }
    }

    /// A step that is begun anew asks anew, whatever was said to it before.
    pub(super) fn ask_anew(&mut self, index: usize) {
        let Some((name, _)) = self.steps.get_index(index) else {
            return;
        };
        self.settle_questions(&name.clone(), None, "the step is begun anew");
        let step = &mut self.steps[index];
        if !step.confirmed {
            step.own_question = None;
        }
    }

    /// A step that asks: one that is not over, or that is taken back by its own undo.
    fn asking_step(&mut self, step: &Name, of_undo: bool) -> Result<(usize, &mut StepRun), String> {
        match of_undo {
            true => self.step_mut(step),
            false => self.open_step(step),
        }
    }

    fn settle_question(&mut self, number: u64, how: Settled) {
        if !self.open_questions.remove(&number) {
            return;
        }
        let Ok(question) = self.question_mut(number) else {
            return;
        };
        question.settled = Some(how);
        let step = question.step.clone();
        if let Some(step) = self.steps.get_mut(&step) {
            step.questions = step.questions.saturating_sub(1);
        }
    }

    fn question_mut(&mut self, number: u64) -> Result<&mut Question, String> {
        let place = usize::try_from(number)
            .ok()
            .and_then(|number| number.checked_sub(1));
        let question = place.and_then(|place| self.questions.get_mut(place));
        question.ok_or(format!("there is no question {number}"))
    }

    fn open_question_mut(&mut self, number: u64) -> Result<&mut Question, String> {
        let question = self.question_mut(number)?;
        match &question.settled {
            None => Ok(question),
            Some(_) => Err(format!("question {number} is settled")),
        }
    }
}

/// Whether a yes was said to this change: by the step itself, or by its own undo.
fn is_yes_to(granted: &Shown, at: &At, fingerprint: &str) -> bool {
    let undo = at.phase == Phase::Undo;
    (&granted.item, granted.undo) == (&at.item, undo) && granted.fingerprint == fingerprint
}
