//! What a change left is read: once at the end of its step, and again before it is taken back. What it
//! made in passing is found on the way, and what others did with it since is a question.

use std::collections::VecDeque;

use serde_json::{Value, json};

use super::Turn;
use super::answer::{Again, Poll, judge_poll};
use crate::api::{Fault, FaultClass};
use crate::call::Call;
use crate::effect::Effect;
use crate::find::{Find, Own, ids, key};
use crate::place::At;
use crate::record::{AttemptEnd, Fact};
use crate::run::Change;
use crate::seen::{Passed, Seen};
use crate::template;
use crate::ticket::{Outcome, Reading, Survey, SurveyFor, Ticket, Work};

/// The code of an object that is not what the run left.
const CHANGED: &str = "rutter.changed-since";

impl Turn<'_> {
    /// A step is done: what its changes leave is read, the oldest first, then the attempt ends.
    pub(super) fn leave(&mut self, at: At, outputs: Value, after: u64) {
        let mut changes: Vec<_> = self.run.changes_of(&at).collect();
        changes.reverse();
        let worth = |change: &&Change| {
            let new = change.number > after && change.left.is_none() && change.passed.is_none();
            new && change.surveyed().is_some()
        };
        match changes.into_iter().find(worth) {
            Some(change) if !self.run.interrupted() => {
                self.survey(change, at, SurveyFor::Left(outputs));
            }
            _ => self.end_attempt(at, AttemptEnd::Done(outputs)),
        }
    }

    /// Reads what is there before a change is taken back.
    pub(super) fn compare(&mut self, change: &Change) {
        if change.looking {
            return;
        }
        self.facts.push(Fact::LookBegun {
            change: change.number,
        });
        self.survey_before_back(change);
    }

    /// The same, of a change that is being looked at.
    pub(super) fn survey_before_back(&mut self, change: &Change) {
        self.survey(change, change.at.clone(), SurveyFor::Back);
    }

    /// A change is gone. What it made in passing may show only now.
    pub(super) fn is_gone(&mut self, change: &Change, note: String) {
        let lists = |find: &Find| {
            let mut own = find.passing.iter().filter(|passing| passing.of.is_none());
            own.any(|passing| passing.read.is_some())
        };
        let done = change.answer().is_some();
        if done && change.find.as_deref().is_some_and(lists) && !self.run.interrupted() {
            return self.survey(change, change.at.clone(), SurveyFor::After(note));
        }
        let change = change.number;
        self.facts.push(Fact::ReverseDone { change, note });
    }

    fn survey(&mut self, change: &Change, at: At, why: SurveyFor) {
        let Some(find) = change.find.as_deref() else {
            return;
        };
        let mut open = readings(find, change.answer(), &why);
        let Some((reading, call)) = open.pop_front() else {
            return;
        };
        let survey = Survey {
            at,
            change: change.number,
            why,
            reading,
            call,
            open,
            seen: Seen::default(),
            key: None,
            another: None,
            passing: Vec::new(),
        };
        self.read_for_survey(Ticket {
            work: Work::Survey(Box::new(survey)),
            tries: 1,
            first: self.now,
        });
    }

    /// Sends the next read of a survey that is still of use.
    pub(super) fn send_survey(&mut self, ticket: Ticket) {
        let Work::Survey(survey) = &ticket.work else {
            return;
        };
        if self.run.awaits_survey(survey) && !self.run.interrupted() {
            self.read_for_survey(ticket);
        }
    }

    fn read_for_survey(&mut self, ticket: Ticket) {
        if let Work::Survey(survey) = &ticket.work {
            let (call, at) = (survey.call.clone(), survey.at.clone());
            self.effects.push(Effect::Send { ticket, call, at });
        }
    }

    pub(super) fn survey_answered(&mut self, ticket: Ticket, mut survey: Survey, outcome: Outcome) {
        if !self.run.awaits_survey(&survey) {
            return;
        }
        if self.run.interrupted() {
            // What is done stays done; the next process compares before it takes anything back.
            if let SurveyFor::Left(outputs) = survey.why {
                self.end_attempt(survey.at, AttemptEnd::Done(outputs));
            }
            return;
        }
        let Some(change) = self.run.change(survey.change) else {
            return;
        };
        let find = change.find.as_deref().cloned();
        let Some(find) = find else { return };
        if survey.reading == Reading::Rest {
            return self.survey_rests(ticket, survey, &find, outcome);
        }
        let answer = match outcome {
            Outcome::Done(answer) => Some(answer),
            Outcome::Refused(fault) if fault.class == FaultClass::Absent => None,
            Outcome::Refused(fault) | Outcome::Unknown(fault) => {
                let passes = fault.class.passes() || fault.class == FaultClass::LookFirst;
                let at = survey.at.clone();
                if passes && self.plan_again(ticket, &at, &fault) != Again::TriedEnough {
                    return;
                }
                return self.cannot_survey(survey, change, fault);
            }
        };
        survey.take(&find, change, answer.as_ref());
        self.survey_on(survey, change, &find);
    }

    fn survey_rests(&mut self, ticket: Ticket, survey: Survey, find: &Find, outcome: Outcome) {
        let (Some(rest), Some(change)) = (&find.before_back, self.run.change(survey.change)) else {
            return;
        };
        let rests = match judge_poll(outcome, &rest.condition, &survey.call) {
            Poll::Over(_) => true,
            Poll::NotYet(_) => self.now.since(ticket.first) >= rest.condition.timeout_ms,
        };
        if rests {
            return self.survey_on(survey, change, find);
        }
        let due = self.now.after(rest.condition.every_ms);
        let reason = format!("`{}` waits until it may be taken back", survey.at.step);
        self.effects.push(Effect::Timer {
            due,
            wake: crate::effect::Wake::Send(ticket),
            reason,
        });
    }

    fn survey_on(&mut self, mut survey: Survey, change: &Change, find: &Find) {
        match survey.open.pop_front() {
            Some((reading, call)) => {
                survey.reading = reading;
                survey.call = call;
                self.send_survey(Ticket {
                    work: Work::Survey(Box::new(survey)),
                    tries: 1,
                    first: self.now,
                });
            }
            None => self.surveyed(survey, change, find),
        }
    }

    fn surveyed(&mut self, survey: Survey, change: &Change, find: &Find) {
        if survey.why == SurveyFor::Back {
            let mut differs = survey.seen.differences(change.left.as_ref(), &find.uses);
            let another = survey.another.as_ref();
            differs.extend(another.map(|key| format!("another object, {key}, has its place")));
            differs.extend(self.adopted_by_others(&survey, find));
            if !differs.is_empty() {
                let (change, fault) = (change.number, changed_since(change, &differs));
                return self.facts.push(Fact::ReverseFailed { change, fault });
            }
        }
        self.record_passing(&survey, change, find);
        let Survey { at, why, seen, .. } = survey;
        let number = change.number;
        match why {
            SurveyFor::Left(outputs) => {
                let change = number;
                self.facts.push(Fact::ChangeSeen { change, seen });
                self.leave(at, outputs, number);
            }
            SurveyFor::Back => {
                let change = number;
                self.facts.push(Fact::ChangeSeen { change, seen });
            }
            SurveyFor::After(note) => {
                let change = number;
                self.facts.push(Fact::ReverseDone { change, note });
            }
        }
    }

    /// Other runs of the same state folder that took the object as it was.
    fn adopted_by_others(&self, survey: &Survey, find: &Find) -> Option<String> {
        let key = survey.key.as_ref()?;
        let object = self.run.object(&find.read, key)?;
        let runs = self.run.adopters(&object);
        (!runs.is_empty()).then(|| match runs.as_slice() {
            [one] => format!("run {one} found it there and uses it"),
            several => format!("the runs {} found it there and use it", several.join(", ")),
        })
    }

    /// Records what was made in passing and is not known yet.
    fn record_passing(&mut self, survey: &Survey, change: &Change, find: &Find) {
        let mut next = self.run.changes().len() as u64 + 1;
        let mut numbers = Vec::new();
        for (entry, id, behind) in &survey.passing {
            let Some(passing) = find.passing.get(*entry) else {
                continue;
            };
            if let Some(known) = self.run.knows_of(change, &passing.kind, id) {
                numbers.push(known);
                continue;
            }
            let of = behind.and_then(|place| numbers.get(place).copied());
            let answer = json!({ "Id": id });
            let reverse = passing.remove.as_ref();
            let reverse = reverse.and_then(|call| template::filled(call, Some(&answer)).ok());
            let mut look = passing.find.clone();
            if let Ok(read) = template::filled(&look.read, Some(&answer)) {
                look.read = read;
            }
            self.facts.push(Fact::MadeInPassing {
                change: next,
                passed: Passed {
                    of: of.unwrap_or(change.number),
                    kind: passing.kind.clone(),
                    id: id.clone(),
                },
                reverse: reverse.map(Box::new),
                find: Box::new(look),
            });
            numbers.push(next);
            next += 1;
        }
    }

    /// A read of a survey was refused: what is done stays done, what is to be taken back waits for a person.
    fn cannot_survey(&mut self, survey: Survey, change: &Change, fault: Fault) {
        if let SurveyFor::Left(outputs) = survey.why {
            return self.leave(survey.at, outputs, survey.change);
        }
        let fault = super::look::not_seen(change, &fault);
        let change = change.number;
        self.facts.push(Fact::ReverseFailed { change, fault });
    }
}

impl Survey {
    /// Takes what a read says.
    fn take(&mut self, find: &Find, change: &Change, answer: Option<&Value>) {
        match self.reading {
            Reading::Rest => {}
            Reading::Object => match find.own(answer, &change.before, change.answer()) {
                Own::Is(element) => {
                    self.key = key(element, &find.key);
                    self.seen.fields = Seen::fields_of(find, element);
                    for (place, passing) in find.passing.iter().enumerate() {
                        if passing.read.is_none() && passing.of.is_none() {
                            self.found(find, place, None, element);
                        }
                    }
                }
                Own::Another(key) => self.another = Some(key),
                Own::Gone => {}
            },
            Reading::Uses(place) => {
                if let (Some(kind), Some(answer)) = (find.uses.get(place), answer) {
                    let users = kind.users(answer);
                    self.seen.uses.insert(kind.what.clone(), users);
                }
            }
            Reading::Passing(place, behind) => {
                if let Some(answer) = answer {
                    self.found(find, place, behind, answer);
                }
            }
        }
    }

    /// Notes what was made in passing, and that what is behind it is to be read.
    fn found(&mut self, find: &Find, entry: usize, behind: Option<usize>, answer: &Value) {
        let Some(passing) = find.passing.get(entry) else {
            return;
        };
        for id in ids(answer, &passing.list, &passing.id) {
            let same = |(other, known, _): &(usize, String, Option<usize>)| {
                let kind = find.passing.get(*other).map(|passing| &passing.kind);
                kind == Some(&passing.kind) && *known == id
            };
            if self.passing.iter().any(same) {
                continue;
            }
            let place = self.passing.len();
            self.passing.push((entry, id.clone(), behind));
            let answer = json!({ "Id": id });
            for (next, inner) in find.passing.iter().enumerate() {
                let read = inner.read.as_ref().filter(|_| inner.of == Some(entry));
                if let Some(Ok(call)) = read.map(|call| template::filled(call, Some(&answer))) {
                    let reading = Reading::Passing(next, Some(place));
                    self.open.push_back((reading, Box::new(call)));
                }
            }
        }
    }
}

/// What is to be read, in order.
fn readings(
    find: &Find,
    answer: Option<&Value>,
    why: &SurveyFor,
) -> VecDeque<(Reading, Box<Call>)> {
    let mut open = VecDeque::new();
    let mut read = |reading, call: &Call| {
        // What the answer lacks cannot be asked for.
        if let Ok(call) = template::filled(call, answer) {
            open.push_back((reading, Box::new(call)));
        }
    };
    if let (SurveyFor::Back, Some(rest)) = (why, &find.before_back) {
        read(Reading::Rest, &rest.read);
    }
    if !matches!(why, SurveyFor::After(_)) {
        read(Reading::Object, &find.read);
        for (place, kind) in find.uses.iter().enumerate() {
            read(Reading::Uses(place), &kind.read);
        }
    }
    for (place, passing) in find.passing.iter().enumerate() {
        if let (None, Some(call)) = (passing.of, &passing.read) {
            read(Reading::Passing(place, None), call);
        }
    }
    open
}

fn changed_since(change: &Change, differs: &[String]) -> Fault {
    let message = format!(
        "what {} made is not as this run left it: {}",
        change.call.label(),
        differs.join("; ")
    );
    Fault::new(FaultClass::LookFirst, CHANGED, message)
        .advise("`--retry` takes it back all the same, `--leave` leaves it")
}
