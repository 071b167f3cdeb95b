//! The stage on which a plugin plays: a run of one step that the engine drives, on a clock of its own.
//!
//! A host call of the plugin becomes an input of the engine, and the plugin waits until the engine
//! answers it. Polls, repeats, looks and the way back are the engine's, as in a run.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use rutter_contracts::Action;
use rutter_engine::{
    Approval, At, Back, Call, Class, Effect, Evidence, Fact, Fault, FaultClass, HostCall, Identity,
    Input, Mode, Name, Outcome, Resolution, Run, RunEnd, RunStatus, Target, Ticket, Timestamp,
    UndoRequest, Work, advance,
};
use rutter_manifest::Manifest;
use rutter_meaning::{
    AsWritten, Awaited, Handed, HostRequest, Judge, Made, Maker, Rules, Tokens, fingerprint,
    http_place, one_step,
};
use serde_json::Value;

use crate::testing::expect::resolve;

/// What answers calls that are sent.
pub(super) trait Answers {
    /// Answers one call, sent once.
    fn carry(&mut self, now: Timestamp, sent: &Sent<'_>) -> Answered;
    /// The id of an account by the plugin's name for it.
    fn account_id(&self, name: &str) -> Option<String>;
}

/// A call that the engine sends.
pub(super) struct Sent<'a> {
    pub(super) call: &'a Call,
    /// The call that takes it back.
    pub(super) reverse: Option<&'a Call>,
    /// A change that the plugin asked for.
    pub(super) is_change: bool,
    /// The host reads what a change left, once its step is over.
    pub(super) is_survey: bool,
    /// The host sends it again by itself: a poll, a look that saw nothing yet, a repetition.
    pub(super) again: bool,
}

/// What became of a call, and how long that took.
pub(super) struct Answered {
    pub(super) outcome: Outcome,
    pub(super) took_ms: u64,
}

/// A guest that the engine starts.
pub(super) struct Started {
    pub(super) at: At,
    pub(super) inputs: Value,
    pub(super) undo: Option<Box<UndoRequest>>,
}

/// A run of one step, and the world around it.
pub(super) struct Stage {
    pub(super) manifest: Manifest,
    answers: Box<dyn Answers>,
    regions: BTreeMap<String, String>,
    run: Run,
    now: Timestamp,
    inputs: VecDeque<Input>,
    agenda: BTreeMap<(Timestamp, u64), Input>,
    planned: u64,
    starts: VecDeque<Started>,
    /// The guest that plays, and the number of its next call.
    playing: Option<(At, u32)>,
    /// What the own undo that plays was given.
    undo: Option<Box<UndoRequest>>,
    /// The instant of the last answer that it got.
    told_at: Timestamp,
    /// The secrets that it was handed.
    handed: Handed,
    /// The call that it is suspended in.
    suspended: Option<Input>,
    told: Option<Result<Value, Fault>>,
    tokens: Tokens,
    last_sent: Option<Work>,
    /// Changes that a look was begun for.
    looked_for: BTreeSet<u64>,
    /// Every call of the plugin's `run`, in order: what must be the same when it is run again.
    pub(super) asked: Vec<(String, HostCall)>,
    /// What was found after its answer was lost, `RAM:CreateRole`.
    pub(super) adopted: Vec<String>,
    /// Permissions used, `ram:createrole`.
    pub(super) used: BTreeSet<String>,
    /// What was not as it should be.
    pub(super) problems: Vec<String>,
}

impl Stage {
    /// A stage on which the step is about to begin. `regions` are those of its accounts.
    pub(super) fn new(
        manifest: Manifest,
        inputs: Value,
        regions: BTreeMap<String, String>,
        answers: Box<dyn Answers>,
        start_ms: u64,
    ) -> Self {
        let name = manifest.plugin.name.clone();
        let plan = one_step(&name, manifest.plugin.undo, inputs, &regions);
        let identities = regions.keys().map(|name| {
            let id = answers.account_id(name).unwrap_or_default();
            let arn = format!("acs:ram::{id}:root");
            (Name::from(name.as_str()), Identity { id, arn })
        });
        let confirmed = Input::AccountsConfirmed(identities.collect());
        let first = [
            Input::Start {
                run: "case".to_owned(),
                mode: Mode::Rehearsal,
                rutter: env!("CARGO_PKG_VERSION").to_owned(),
                plan: Box::new(plan),
            },
            confirmed,
        ];
        let now = Timestamp(i64::try_from(start_ms).unwrap_or(i64::MAX));
        Self {
            manifest,
            answers,
            regions,
            run: Run::new(),
            now,
            inputs: first.into(),
            agenda: BTreeMap::new(),
            planned: 0,
            starts: VecDeque::new(),
            playing: None,
            undo: None,
            told_at: now,
            handed: Handed::default(),
            suspended: None,
            told: None,
            tokens: Tokens::default(),
            last_sent: None,
            looked_for: BTreeSet::new(),
            asked: Vec::new(),
            adopted: Vec::new(),
            used: BTreeSet::new(),
            problems: Vec::new(),
        }
    }

    /// Drives on until a guest is to be started; `None` when nothing is under way any more.
    pub(super) fn next_guest(&mut self) -> Option<Started> {
        loop {
            if let Some(started) = self.starts.pop_front() {
                self.playing = Some((started.at.clone(), 0));
                self.undo.clone_from(&started.undo);
                self.told_at = self.now;
                self.tokens = Tokens::default();
                self.handed =
                    Handed::at_start(&self.manifest, &started.inputs, started.undo.as_deref());
                return Some(started);
            }
            if !self.step() {
                return None;
            }
        }
    }

    /// The guest that plays has come to its end.
    pub(super) fn ended(&mut self, result: Result<Value, Fault>) {
        if let Some((at, _)) = self.playing.take() {
            self.inputs.push_back(Input::GuestEnded { at, result });
        }
    }

    /// Whether a person has to say what became of a change.
    pub(super) fn is_undecided(&self) -> bool {
        self.run.status() == RunStatus::Unknown
    }

    /// A person looked, and says whether what is undecided happened.
    pub(super) fn decide(&mut self, happened: bool) {
        let resolution = match happened {
            true => Resolution::Adopt,
            false => Resolution::Retry,
        };
        let step = Name::from(self.manifest.plugin.name.as_str());
        let about = self.run.undecided(&step, None, &resolution);
        if about.is_none() {
            let problem = "an answer is lost, and nothing says how to look whether it happened";
            self.problems.push(problem.to_owned());
        }
        self.inputs.push_back(Input::Resolve {
            step,
            item: None,
            about: about.unwrap_or_default(),
            resolution,
            by: "case".into(),
            why: "looked".to_owned(),
        });
    }

    /// Takes the run back, from the next step of the loop on.
    pub(super) fn take_back(&mut self) {
        let by = "case".into();
        self.inputs.push_back(Input::Undo { by });
    }

    /// What could not be taken back, and why.
    pub(super) fn not_taken_back(&self) -> Vec<String> {
        match self.run.status() {
            RunStatus::Ended(RunEnd::RolledBack(_)) => Vec::new(),
            RunStatus::UndoFailed => {
                let stuck = self.run.changes().iter().filter_map(|change| {
                    let Back::Failed(fault) = &change.back else {
                        return None;
                    };
                    Some(format!(
                        "{} is not taken back: {fault}",
                        change.call.label()
                    ))
                });
                stuck.collect()
            }
            other => vec![format!("the way back does not end: {other:?}")],
        }
    }

    /// The changes of the cloud's API that the plugin made and that happened.
    pub(super) fn changes(&self) -> usize {
        let happened = |change: &&rutter_engine::Change| {
            let api = matches!(change.call.target, Target::Api(_));
            api && change.answer().is_some() && change.passed.is_none()
        };
        self.run.changes().iter().filter(happened).count()
    }

    /// The id of an account by the plugin's name for it.
    pub(super) fn account_id(&self, name: &str) -> Option<String> {
        self.answers.account_id(name)
    }

    /// The region of an account by the plugin's name for it.
    pub(super) fn region(&self, name: &str) -> String {
        self.regions.get(name).cloned().unwrap_or_default()
    }

    /// The instant of the last answer.
    pub(super) fn told_at(&self) -> Timestamp {
        self.told_at
    }

    /// Judges a host request of the guest that plays, hands it to the engine, and waits for the answer.
    pub(super) fn serve(&mut self, host_request: HostRequest) -> Result<Value, Fault> {
        let Some((at, _)) = self.playing.clone() else {
            return Err(nobody_plays());
        };
        let judge = Judge {
            manifest: &self.manifest,
            // Which hosts an operator names, no case knows.
            named: &|_| true,
            maker: Maker {
                run: "case",
                at: &at,
                generation: 0,
            },
            made: self.undo.as_deref().map(|undo| Made {
                changes: &undo.changes,
                known: &undo.known,
            }),
            handed: &self.handed,
            rules: Rules::ALL,
        };
        let denied = judge.permit(&host_request).err();
        let place = match &host_request {
            HostRequest::Http { request, url } => http_place(&self.manifest, request, url),
            _ => None,
        };
        let (fingerprint, call) = judge.class(&mut self.tokens, host_request);
        match &denied {
            Some(fault) => self.problems.push(fault.message.clone()),
            None => self.use_permissions(&call, place),
        }
        let answer = self.ask(fingerprint.clone(), call, denied);
        self.tokens.note(&fingerprint, &answer);
        answer
    }

    /// Lets the guest that plays wait.
    pub(super) fn pause(&mut self, duration_ms: u64) -> Result<(), Fault> {
        let fingerprint = fingerprint::of_sleep(duration_ms);
        self.ask(fingerprint, HostCall::Sleep { duration_ms }, None)
            .map(drop)
    }

    fn ask(
        &mut self,
        fingerprint: String,
        call: HostCall,
        denied: Option<Fault>,
    ) -> Result<Value, Fault> {
        let Some((at, next)) = &mut self.playing else {
            return Err(nobody_plays());
        };
        let index = *next;
        *next += 1;
        if at.phase == rutter_engine::Phase::Run {
            self.asked.push((fingerprint.clone(), call.clone()));
        }
        let awaited = Awaited::of(&call);
        let input = Input::GuestCalled {
            at: at.clone(),
            index,
            fingerprint,
            call: Box::new(call),
            denied,
        };
        self.suspended = Some(input.clone());
        self.inputs.push_back(input);
        loop {
            if let Some(told) = self.told.take() {
                self.told_at = self.now;
                if let (Some(awaited), Ok(told)) = (&awaited, &told) {
                    self.handed.take(awaited, told);
                }
                return told;
            }
            if !self.step() {
                let message = "the call is never answered";
                return Err(Fault::new(FaultClass::Bug, "case.stuck", message));
            }
        }
    }

    /// Lets the engine decide the next input; `false` when there is none.
    fn step(&mut self) -> bool {
        let Some(input) = self.next_input() else {
            return false;
        };
        let decision = match advance(&mut self.run, self.now, input, &AsWritten) {
            Ok(decision) => decision,
            Err(error) => {
                self.problems.push(error.to_string());
                return false;
            }
        };
        for record in &decision.records {
            self.recorded(&record.fact);
        }
        for effect in decision.effects {
            self.begin(effect);
        }
        true
    }

    fn next_input(&mut self) -> Option<Input> {
        loop {
            if let Some(input) = self.inputs.pop_front() {
                return Some(input);
            }
            let ((due, _), input) = self.agenda.pop_first()?;
            if matches!(&input, Input::Woken(wake) if !self.run.awaits(wake)) {
                continue;
            }
            self.now = self.now.max(due);
            return Some(input);
        }
    }

    fn recorded(&mut self, fact: &Fact) {
        match fact {
            Fact::ApprovalAsked {
                question, approval, ..
            } => self.answer_for_people(*question, approval),
            Fact::LookBegun { change } => {
                self.looked_for.insert(*change);
            }
            Fact::ChangeDone { change, answer } => {
                self.check_reverse(*change, answer);
                if self.looked_for.contains(change) {
                    self.found(*change);
                }
            }
            Fact::ChangeFound { change, .. } => self.found(*change),
            _ => {}
        }
    }

    fn found(&mut self, change: u64) {
        let label = self.run.change(change).map(|change| change.call.label());
        self.adopted.extend(label);
    }

    /// People say yes to whatever a case asks them.
    fn answer_for_people(&mut self, question: u64, approval: &Approval) {
        for person in 1..=approval.people {
            let evidence: Evidence = approval
                .evidence
                .iter()
                .map(|name| (name.clone(), "(entered by a person)".to_owned()))
                .collect();
            let by = format!("person {person}").into();
            self.inputs.push_back(Input::Approve {
                question,
                by,
                evidence,
            });
        }
    }

    fn begin(&mut self, effect: Effect) {
        match effect {
            Effect::StartGuest { at, inputs, undo } => {
                self.starts.push_back(Started { at, inputs, undo });
            }
            Effect::AnswerGuest { answer, .. } => {
                self.suspended = None;
                self.told = Some(answer);
            }
            Effect::ReleaseGuest { .. } => self.inputs.extend(self.suspended.clone()),
            Effect::DropGuest { .. } => {
                let message = "the engine ends the step here";
                self.told = Some(Err(Fault::new(FaultClass::Bug, "case.dropped", message)));
            }
            Effect::Send { ticket, call, .. } => self.send(ticket, &call),
            Effect::Timer { due, wake, .. } => self.plan(due, Input::Woken(wake)),
            Effect::Waiting { .. } | Effect::Again { .. } => {}
        }
    }

    fn send(&mut self, ticket: Ticket, call: &Call) {
        let before = self.last_sent.as_ref();
        let again = ticket.tries > 1 || before.is_some_and(|before| same(before, &ticket.work));
        self.last_sent = Some(ticket.work.clone());
        let change = match &ticket.work {
            Work::Change(number) => self.run.change(*number),
            _ => None,
        };
        let sent = Sent {
            call,
            reverse: change.and_then(|change| change.reverse.as_ref()),
            is_change: matches!(ticket.work, Work::Change(_)) && call.class == Class::Change,
            is_survey: matches!(ticket.work, Work::Survey(_)),
            again,
        };
        let Answered { outcome, took_ms } = self.answers.carry(self.now, &sent);
        let due = self.now.after(took_ms);
        self.plan(due, Input::Answered { ticket, outcome });
    }

    fn plan(&mut self, due: Timestamp, input: Input) {
        self.planned += 1;
        self.agenda.insert((due, self.planned), input);
    }

    fn use_permissions(&mut self, call: &HostCall, place: Option<usize>) {
        let mut use_one = |call: &Call| {
            self.used.insert(call.label().to_lowercase());
        };
        match call {
            HostCall::Call {
                call,
                reverse,
                find,
            } => {
                use_one(call);
                reverse.iter().for_each(|call| use_one(call));
                if let Some(find) = find {
                    use_one(&find.read);
                    let rests = find.rest.iter().chain(&find.before_back);
                    rests.for_each(|rest| use_one(&rest.read));
                    find.uses.iter().for_each(|usage| use_one(&usage.read));
                    for kind in &find.passing {
                        use_one(&kind.find.read);
                        kind.read.iter().chain(&kind.remove).for_each(&mut use_one);
                    }
                }
            }
            HostCall::WaitFor { call, .. } => use_one(call),
            HostCall::Sleep { .. } => {}
        }
        self.used.extend(place.map(http_permission));
    }

    /// A reverse that its contract refuses must be known before there is something to take back.
    fn check_reverse(&mut self, change: u64, answer: &Value) {
        let Some(Target::Api(reverse)) = self
            .run
            .change(change)
            .and_then(|change| change.reverse.as_ref())
            .map(|reverse| &reverse.target)
        else {
            return;
        };
        let contract = rutter_contracts::action(&reverse.product, &reverse.action);
        let parameters = resolve(&reverse.parameters, answer);
        let problems = contract.map_or_else(Vec::new, |one: &Action| one.check(&parameters));
        let label = format!("{}:{}", reverse.product, reverse.action);
        for problem in problems {
            self.problems.push(format!(
                "{label} would be refused: {} ({})",
                problem.message, problem.parameter
            ));
        }
    }
}

/// Whether two calls are sent for the same. A look before a change is made again once people have said
/// yes to the change.
fn same(one: &Work, other: &Work) -> bool {
    match (one, other) {
        (Work::Look(one), Work::Look(other)) => {
            (&one.at, &one.purpose, one.rested) == (&other.at, &other.purpose, other.rested)
        }
        _ => one == other,
    }
}

/// How the use of a permission for plain HTTP is noted; `index` is its place in the manifest.
pub(super) fn http_permission(index: usize) -> String {
    format!("http of permission {}", index + 1)
}

fn nobody_plays() -> Fault {
    let message = "a host was kept beyond the end of the function it was given to";
    Fault::new(FaultClass::Bug, "case.ended", message)
}
