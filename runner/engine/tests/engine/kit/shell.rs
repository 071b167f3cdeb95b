//! The loop around the engine, with a crash wherever a test wants one.

use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

use rutter_engine::{
    At, Effect, Evidence, Fact, Fault, Identity, Input, Mode, PartRefused, PartWish, Phase, Plan,
    Record, Repeat, Resolution, Run, RunStatus, Settlement, Timestamp, UndoRequest, Wake, Work,
    advance,
};
use serde_json::Value;

use super::cloud::Cloud;
use super::guest::{Act, Script, Told, fingerprint};
use super::plan::Plain;

/// How long a call takes.
const LATENCY_MS: u64 = 100;

/// Where a process is to die.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cut {
    /// The last record that is safe.
    pub after: u64,
    /// Whether its effects were started, when it is the last one of its decision.
    pub effects: bool,
}

/// A process that drives a run, and the world around it.
#[derive(Clone)]
pub struct Shell {
    pub run: Run,
    pub cloud: Cloud,
    pub now: Timestamp,
    pub records: Vec<Record>,
    scripts: BTreeMap<String, Script>,
    undo_scripts: BTreeMap<String, Script>,
    guests: BTreeMap<At, Guest>,
    inputs: VecDeque<Input>,
    agenda: BTreeMap<(Timestamp, u64), Input>,
    planned: u64,
    cut: Option<Cut>,
    dead: bool,
    denied: Option<Fault>,
    /// The numbers of the changes that were sent, and whether they may be sent more than once.
    pub sent_changes: Vec<(u64, Repeat)>,
}

#[derive(Clone)]
struct Guest {
    inputs: Value,
    undo: Option<Box<UndoRequest>>,
    answers: Vec<Result<Value, Fault>>,
}

impl Shell {
    /// Nothing has happened yet.
    pub fn new() -> Self {
        Self {
            run: Run::new(),
            cloud: Cloud::default(),
            now: Timestamp(1_000_000),
            records: Vec::new(),
            scripts: BTreeMap::new(),
            undo_scripts: BTreeMap::new(),
            guests: BTreeMap::new(),
            inputs: VecDeque::new(),
            agenda: BTreeMap::new(),
            planned: 0,
            cut: None,
            dead: false,
            denied: None,
            sent_changes: Vec::new(),
        }
    }

    /// What the guest of a step does.
    pub fn guest(&mut self, step: &str, script: impl Fn(&Told<'_>) -> Act + 'static) {
        self.scripts.insert(step.to_owned(), Rc::new(script));
    }

    /// What the own undo of a step's guest does.
    pub fn undo_guest(&mut self, step: &str, script: impl Fn(&Told<'_>) -> Act + 'static) {
        self.undo_scripts.insert(step.to_owned(), Rc::new(script));
    }

    /// From here on the broker denies every call.
    pub fn deny_all(&mut self, fault: Option<Fault>) {
        self.denied = fault;
    }

    /// Starts a run and drives it until nothing is under way.
    pub fn run(&mut self, plan: Plan) -> RunStatus {
        self.start(plan);
        self.until_idle()
    }

    /// Starts a run without driving it.
    pub fn start(&mut self, plan: Plan) {
        self.push(Input::Start {
            run: "r1".to_owned(),
            mode: Mode::Live,
            rutter: "0.1.0".to_owned(),
            plan: Box::new(plan),
        });
        self.confirm_accounts();
    }

    pub fn confirm_accounts(&mut self) {
        let identity = Identity {
            id: "1".repeat(16),
            arn: "acs:ram::1:user/u".to_owned(),
        };
        self.push(Input::AccountsConfirmed(BTreeMap::from([(
            "home".into(),
            identity,
        )])));
    }

    /// One more input, after those that wait.
    pub fn push(&mut self, input: Input) {
        self.inputs.push_back(input);
    }

    /// Gives an input and drives on until nothing is under way.
    pub fn give(&mut self, input: Input) -> RunStatus {
        self.push(input);
        self.until_idle()
    }

    pub fn approve(&mut self, step: &str, by: &str) -> RunStatus {
        self.approve_with(step, by, &[])
    }

    pub fn approve_with(&mut self, step: &str, by: &str, evidence: &[(&str, &str)]) -> RunStatus {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let evidence: Evidence = evidence.iter().map(owned).collect();
        let question = self.question(step);
        self.give(Input::Approve {
            question,
            by: by.into(),
            evidence,
        })
    }

    /// A person decides about the changes of a step that a rollback could not take back.
    pub fn settle(&mut self, step: &str, settlement: Settlement) -> RunStatus {
        self.give(Input::Settle {
            step: step.into(),
            item: None,
            change: None,
            settlement,
            by: "ann".into(),
            why: "looked".to_owned(),
        })
    }

    pub fn decline(&mut self, step: &str, by: &str, why: &str) -> RunStatus {
        let question = self.question(step);
        self.give(Input::Decline {
            question,
            by: by.into(),
            why: why.to_owned(),
        })
    }

    /// A decision about a step as it stands now, to be given later.
    pub fn decision(&self, step: &str, resolution: Resolution) -> Input {
        let about = self.run.undecided(step, None, &resolution);
        Input::Resolve {
            step: step.into(),
            item: None,
            about: about.unwrap_or_default(),
            resolution,
            by: "ann".into(),
            why: "looked".to_owned(),
        }
    }

    /// The number of the first question of a step that is open; of none when there is none.
    pub fn question(&self, step: &str) -> u64 {
        let first = self.run.open_questions_of(step).next();
        first.map_or(0, |question| question.number)
    }

    pub fn resolve(&mut self, step: &str, resolution: Resolution) -> RunStatus {
        self.resolve_item(step, None, resolution)
    }

    pub fn resolve_item(
        &mut self,
        step: &str,
        item: Option<&str>,
        resolution: Resolution,
    ) -> RunStatus {
        let item = item.map(Into::into);
        let about = self.run.undecided(step, item.as_ref(), &resolution);
        self.give(Input::Resolve {
            step: step.into(),
            item,
            about: about.unwrap_or_default(),
            resolution,
            by: "ann".into(),
            why: "looked".to_owned(),
        })
    }

    pub fn undo(&mut self) -> RunStatus {
        self.give(Input::Undo { by: "ann".into() })
    }

    /// Another process takes a part of the run back, and makes it again if that is wished.
    pub fn part(&mut self, wish: &PartWish) -> Result<RunStatus, PartRefused> {
        self.part_with(wish, None)
    }

    /// As [`Self::part`], and goes on with another plan.
    pub fn part_with(
        &mut self,
        wish: &PartWish,
        mended: Option<Plan>,
    ) -> Result<RunStatus, PartRefused> {
        self.begin_part(wish, mended)?;
        Ok(self.until_idle())
    }

    /// As [`Self::part_with`], without driving on.
    pub fn begin_part(&mut self, wish: &PartWish, mended: Option<Plan>) -> Result<(), PartRefused> {
        self.kill();
        let part = self.run.part(wish)?;
        if let Some(plan) = &mended {
            self.run.may_become(plan, Some(&part), &Plain)?;
        }
        self.push(Input::Resume {
            rutter: "0.1.0".to_owned(),
            profiles: Default::default(),
        });
        self.push(Input::UndoPart {
            by: "ann".into(),
            part: Box::new(part),
            mended: mended.map(Box::new),
        });
        self.confirm_accounts();
        Ok(())
    }

    /// The process dies: only records and the world are left.
    pub fn kill(&mut self) {
        self.guests.clear();
        self.inputs.clear();
        self.agenda.clear();
        self.dead = false;
        self.cut = None;
        self.run = rebuilt(&self.records);
    }

    /// The operator stops the run: what was sent is awaited, timers and guests are not.
    pub fn interrupt(&mut self) {
        self.decide(Input::Interrupt);
        self.inputs.clear();
        self.agenda
            .retain(|_, input| matches!(input, Input::Answered { .. }));
        self.until_idle();
    }

    /// Another process takes the run up.
    pub fn resume(&mut self) -> RunStatus {
        self.take_up();
        self.until_idle()
    }

    /// As [`Self::resume`], without driving on.
    pub fn take_up(&mut self) {
        self.kill();
        self.push(Input::Resume {
            rutter: "0.1.0".to_owned(),
            profiles: Default::default(),
        });
        self.confirm_accounts();
    }

    /// The process is to die there. `until_idle` returns when it does.
    pub fn die_at(&mut self, cut: Cut) {
        self.cut = Some(cut);
    }

    pub fn died(&self) -> bool {
        self.dead
    }

    /// Drives until nothing is under way.
    pub fn until_idle(&mut self) -> RunStatus {
        self.until(|_| false);
        self.run.status()
    }

    /// Drives until a condition holds; returns whether it did.
    pub fn until(&mut self, reached: impl Fn(&Self) -> bool) -> bool {
        for _ in 0..100_000 {
            if reached(self) {
                return true;
            }
            if self.dead {
                return false;
            }
            let Some(input) = self.next_input() else {
                return false;
            };
            self.decide(input);
        }
        panic!(
            "the run does not come to rest: {:#?}",
            self.facts().rev().take(5).collect::<Vec<_>>()
        );
    }

    /// Drives until a record of this kind was written.
    pub fn until_fact(&mut self, kind: &str) {
        let reached = self.until(|shell| shell.kinds().last().is_some_and(|last| last == kind));
        assert!(reached, "no `{kind}` after {:?}", self.kinds());
    }

    fn next_input(&mut self) -> Option<Input> {
        loop {
            if let Some(input) = self.inputs.pop_front() {
                return Some(input);
            }
            let ((due, _), input) = self.agenda.pop_first()?;
            if let Input::Woken(Wake::Timeout(at)) = &input
                && !self.guests.contains_key(at)
            {
                continue;
            }
            self.now = self.now.max(due);
            return Some(input);
        }
    }

    fn decide(&mut self, input: Input) {
        let decision = advance(&mut self.run, self.now, input, &Plain).expect("a legal decision");
        let cut = self.cut.filter(|cut| {
            let newest = decision.records.last().map_or(0, |record| record.seq);
            newest >= cut.after
        });
        let last = decision.records.last().map_or(0, |record| record.seq);
        self.records.extend(decision.records);
        if let Some(cut) = cut {
            let keep = usize::try_from(cut.after).expect("few records");
            self.dead = true;
            self.records.truncate(keep);
            if !cut.effects || cut.after != last {
                return;
            }
        }
        for effect in decision.effects {
            self.begin(effect);
        }
    }

    fn begin(&mut self, effect: Effect) {
        match effect {
            Effect::StartGuest { at, inputs, undo } => {
                let guest = Guest {
                    inputs,
                    undo,
                    answers: Vec::new(),
                };
                self.guests.insert(at.clone(), guest);
                self.go_on(&at);
            }
            Effect::AnswerGuest {
                at, index, answer, ..
            } => {
                if let Some(guest) = self.guests.get_mut(&at) {
                    assert_eq!(
                        guest.answers.len(),
                        index as usize,
                        "the call that waits: {at:?}"
                    );
                    guest.answers.push(answer);
                    self.go_on(&at);
                }
            }
            Effect::Waiting { .. } | Effect::Again { .. } => {}
            Effect::ReleaseGuest { at } => {
                // What it called is handed in already, where it was only just started.
                let waits = |input: &Input| guest_of(input) == Some(&at);
                if !self.inputs.iter().any(waits) {
                    self.go_on(&at);
                }
            }
            Effect::DropGuest { at } => {
                self.guests.remove(&at);
                self.inputs.retain(|input| guest_of(input) != Some(&at));
            }
            Effect::Send { ticket, call, .. } => {
                if let Work::Change(number) = ticket.work {
                    self.sent_changes.push((number, call.repeat));
                }
                let outcome = self.cloud.carry(&call);
                let input = Input::Answered { ticket, outcome };
                self.plan(self.now.after(LATENCY_MS), input);
            }
            Effect::Timer { due, wake, .. } => self.plan(due, Input::Woken(wake)),
        }
    }

    fn plan(&mut self, due: Timestamp, input: Input) {
        self.planned += 1;
        self.agenda.insert((due, self.planned), input);
    }

    /// Lets a guest make its next call, or its last one once more.
    fn go_on(&mut self, at: &At) {
        let Some(guest) = self.guests.get(at) else {
            return;
        };
        let scripts = match at.phase {
            Phase::Run => &self.scripts,
            Phase::Undo => &self.undo_scripts,
        };
        let script = scripts
            .get(&*at.step)
            .unwrap_or_else(|| panic!("no guest for {at:?}"));
        let told = Told {
            inputs: &guest.inputs,
            attempt: at.attempt,
            generation: self.run.generation(at),
            undo: guest.undo.as_deref(),
            answers: &guest.answers,
        };
        let index = u32::try_from(guest.answers.len()).expect("few calls");
        let input = match script(&told) {
            Act::Call(call) => Input::GuestCalled {
                at: at.clone(),
                index,
                fingerprint: fingerprint(&call),
                call: Box::new(call),
                denied: self.denied.clone(),
            },
            Act::End(result) => {
                self.guests.remove(at);
                Input::GuestEnded {
                    at: at.clone(),
                    result,
                }
            }
        };
        self.push(input);
    }

    /// The facts so far.
    pub fn facts(&self) -> impl DoubleEndedIterator<Item = &Fact> {
        self.records.iter().map(|record| &record.fact)
    }

    /// The kinds of the facts so far.
    pub fn kinds(&self) -> Vec<String> {
        let kind = |fact: &Fact| {
            let value = serde_json::to_value(fact).expect("facts are JSON");
            value["kind"]
                .as_str()
                .expect("facts have a kind")
                .to_owned()
        };
        self.facts().map(kind).collect()
    }

    /// How often a kind of fact was recorded.
    pub fn count(&self, kind: &str) -> usize {
        self.kinds().iter().filter(|each| *each == kind).count()
    }

    /// The outputs of a step, if it is done.
    pub fn outputs(&self, step: &str) -> Option<Value> {
        match self.run.step_value(step)? {
            rutter_engine::StepValue::Done(value) => Some(value.clone()),
            rutter_engine::StepValue::Undefined => None,
        }
    }
}

fn guest_of(input: &Input) -> Option<&At> {
    match input {
        Input::GuestCalled { at, .. } | Input::GuestEnded { at, .. } => Some(at),
        _ => None,
    }
}

/// The run that these records make.
pub fn rebuilt(records: &[Record]) -> Run {
    let mut run = Run::new();
    for record in records {
        run.evolve(record).expect("a good journal");
    }
    run
}
