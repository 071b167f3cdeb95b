//! Runs a case, and holds the plugin to what the host will ask of it.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::rc::Rc;

use rutter_manifest::{Kind, Manifest, check_all};
use rutter_simcloud::{World, diff};
use serde_json::Value;

use crate::api::Api;
use crate::fault::Fault;
use crate::host::Host;
use crate::plugin::{MadeChange, Plugin, UndoText};
use crate::testing::case::{Case, ExpectedFault};
use crate::testing::double::{Answers, Asked, Double, State};
use crate::testing::expect::{differences, resolve};
use crate::testing::script::Script;
use crate::testing::simulated::{self, Loss, Simulated};

/// What came of a case.
#[derive(Default)]
pub(super) struct Report {
    pub(super) problems: Vec<String>,
    pub(super) used: BTreeSet<String>,
}

impl Report {
    fn problem(&mut self, problem: impl Into<String>) {
        self.problems.push(problem.into());
    }
}

/// One run of the plugin's code.
struct Ran {
    result: Result<Value, Fault>,
    state: State,
}

/// Runs the case in a file.
pub(super) fn run(plugin: &Plugin, path: &Path) -> Report {
    let mut report = Report::default();
    let case = match Case::read(path) {
        Ok(case) => case,
        Err(error) => {
            report.problem(error);
            return report;
        }
    };
    let manifest = Manifest::parse(plugin.manifest).expect("the macro has read it already");
    let inputs = match check_all(&manifest.inputs, &Value::Object(case.inputs.clone())) {
        Ok(inputs) => inputs,
        Err(problems) => {
            let said: Vec<String> = problems.iter().map(ToString::to_string).collect();
            refused(&case, &said.join("; "), &mut report);
            return report;
        }
    };
    if let Some(expected) = &case.refused {
        report.problem(format!(
            "the manifest accepts the inputs, expected: {expected}"
        ));
        return report;
    }
    let runner = Runner {
        plugin,
        case: &case,
        manifest,
        inputs: inputs.to_string(),
    };
    match &case.world {
        None => runner.in_script(&mut report),
        Some(source) => match simulated::world(source, path) {
            Ok(world) => runner.in_world(&world, &mut report),
            Err(error) => report.problem(error),
        },
    }
    report
}

fn refused(case: &Case, said: &str, report: &mut Report) {
    match &case.refused {
        Some(expected) if said.contains(expected.as_str()) => {}
        Some(expected) => report.problem(format!(
            "the inputs are refused: {said}; expected: {expected}"
        )),
        None => report.problem(format!("the manifest refuses the inputs: {said}")),
    }
}

struct Runner<'a> {
    plugin: &'a Plugin,
    case: &'a Case,
    manifest: Manifest,
    inputs: String,
}

impl Runner<'_> {
    fn in_script(&self, report: &mut Report) {
        let (script, progress) = Script::new(self.case);
        let ran = self.once(Box::new(script), 1_700_000_000_000);
        report.problems.append(&mut progress.borrow_mut().problems);
        for call in &progress.borrow().left {
            report.problem(format!("it does not call `{}`", call.call));
        }
        let (again, _) = Script::new(self.case);
        self.judge(
            ran,
            |_| self.once(Box::new(again), 1_700_000_000_000),
            report,
        );
    }

    fn in_world(&self, world: &World, report: &mut Report) {
        let (ran, after) = self.once_in(world, None);
        let restored = self.restores().then(|| self.take_back(&ran, &after));
        let undone = self.plugin.undo.map(|undo| self.undo(undo, &ran, &after));
        let changes = ran.state.changes.len();
        let finished = ran.result.clone();
        self.judge(ran, |_| self.once_in(world, None).0, report);
        if let Some(problems) = restored.filter(|_| report.problems.is_empty()) {
            let left = problems_of_restoring(world, problems);
            report.problems.extend(left);
        }
        if let Some((undone, left)) = undone {
            let mut problems = undone.state.problems;
            problems.extend(
                undone
                    .result
                    .err()
                    .map(|fault| format!("the undo ends in {fault}")),
            );
            report.used.extend(undone.state.used);
            if self.case.restores.unwrap_or(true) {
                report
                    .problems
                    .extend(problems_of_restoring(world, (problems, left)));
            }
        }
        let survives = self.case.survives.unwrap_or(true) && report.problems.is_empty();
        if let (Ok(outputs), true) = (finished, survives) {
            self.survive(world, &after, &outputs, changes, report);
        }
    }

    /// Runs it once for each change and each way in which its answer can get lost.
    fn survive(
        &self,
        world: &World,
        after: &World,
        outputs: &Value,
        changes: usize,
        report: &mut Report,
    ) {
        for number in 0..changes {
            for loss in [Loss::Before, Loss::After] {
                let (ran, world_after) = self.once_in(world, Some((number, loss)));
                let place = format!("change {} lost {loss:?}", number + 1).to_lowercase();
                report.problems.extend(
                    ran.state
                        .problems
                        .iter()
                        .map(|one| format!("{place}: {one}")),
                );
                match &ran.result {
                    Err(fault) => report.problem(format!("{place}: it ends in {fault}")),
                    Ok(again) => {
                        let places = differences("outputs", outputs, again);
                        report
                            .problems
                            .extend(places.iter().map(|one| format!("{place}: {one}")));
                    }
                }
                for one in diff(&after.summary(), &world_after.summary()) {
                    report.problem(format!(
                        "{place}: {} `{}` {:?}",
                        one.kind, one.id, one.change
                    ));
                }
                if self.restores() {
                    let problems = self.take_back(&ran, &world_after);
                    let left = problems_of_restoring(world, problems);
                    report
                        .problems
                        .extend(left.iter().map(|one| format!("{place}: {one}")));
                }
            }
        }
    }

    fn once_in(&self, world: &World, lose: Option<(usize, Loss)>) -> (Ran, World) {
        let start_ms = u64::try_from(world.start_ms()).unwrap_or(0);
        let world = Rc::new(RefCell::new(world.clone()));
        let answers = Simulated::new(Rc::clone(&world), self.case, lose);
        let ran = self.once(Box::new(answers), start_ms);
        let after = world.borrow().clone();
        (ran, after)
    }

    fn once(&self, answers: Box<dyn Answers>, start_ms: u64) -> Ran {
        self.with_host(answers, start_ms, |host| {
            (self.plugin.run)(host, &self.inputs).and_then(|text| {
                serde_json::from_str(&text).map_err(|error| {
                    Fault::unexpected_answer(format!("the outputs are not JSON: {error}"))
                })
            })
        })
    }

    /// Lets the plugin's own undo take a run back; what went wrong, and the world then.
    fn undo(&self, undo: UndoText, ran: &Ran, after: &World) -> (Ran, World) {
        let world = Rc::new(RefCell::new(after.clone()));
        let answers = Simulated::new(Rc::clone(&world), self.case, None);
        let changes = ran.state.changes.iter().rev();
        let changes = changes.map(|(call, answer)| MadeChange {
            api: call.api.clone(),
            account: call.account.clone(),
            answer: Some(answer.clone()),
        });
        let changes: Vec<_> = changes.collect();
        let outputs = ran.result.as_ref().ok().map(Value::to_string);
        let undone = self.with_host(Box::new(answers), ran.state.now_ms, |host| {
            undo(host, &self.inputs, changes, outputs.as_deref()).map(|()| Value::Null)
        });
        let world = world.borrow().clone();
        (undone, world)
    }

    fn with_host(
        &self,
        answers: Box<dyn Answers>,
        start_ms: u64,
        act: impl FnOnce(&Host) -> Result<Value, Fault>,
    ) -> Ran {
        let regions: BTreeMap<String, String> = self
            .case
            .accounts
            .iter()
            .filter_map(|(name, account)| Some((name.clone(), account.region.clone()?)))
            .collect();
        let state = Rc::new(RefCell::new(State {
            manifest: self.manifest.clone(),
            answers,
            regions,
            now_ms: start_ms,
            asked: Vec::new(),
            changes: Vec::new(),
            unknown: Vec::new(),
            adopted: Vec::new(),
            used: BTreeSet::new(),
            problems: Vec::new(),
        }));
        let host = Host::new(Double(Rc::clone(&state)));
        let result = act(&host);
        drop(host);
        let state = Rc::into_inner(state)
            .expect("the host and its accounts are gone with the function")
            .into_inner();
        Ran { result, state }
    }

    /// Whether the world must be as it was after rollback.
    fn restores(&self) -> bool {
        let plugin = &self.manifest.plugin;
        self.case
            .restores
            .unwrap_or(plugin.kind != Kind::Irreversible && !plugin.undo)
    }

    /// Takes every change back, last first; what went wrong, and the world then.
    fn take_back(&self, ran: &Ran, after: &World) -> (Vec<String>, World) {
        let mut world = after.clone();
        let mut problems = Vec::new();
        let mut now_ms = ran.state.now_ms;
        let keys = Simulated::new(Rc::new(RefCell::new(after.clone())), self.case, None);
        for (call, answer) in ran.state.changes.iter().rev() {
            let Some(reverse) = call
                .reverse
                .as_ref()
                .and_then(|reverse| filled(reverse, answer))
            else {
                continue;
            };
            now_ms += 1_000;
            let behind = simulated::made_in_passing(&mut world, &keys, now_ms, call, answer);
            let taken = simulated::take_back(&mut world, &keys, now_ms, &call.account, &reverse);
            if let Err(fault) = taken {
                problems.push(format!(
                    "the reverse of {} ends in {fault}",
                    call.api.label()
                ));
            }
            for remove in behind {
                let gone = simulated::take_back(&mut world, &keys, now_ms, &call.account, &remove);
                if let Err(fault) = gone {
                    problems.push(format!("{} ends in {fault}", remove.label()));
                }
            }
        }
        (problems, world)
    }

    /// Holds a run to the case and to a second run.
    fn judge(&self, ran: Ran, again: impl FnOnce(()) -> Ran, report: &mut Report) {
        report.problems.extend(ran.state.problems);
        match (&ran.result, &self.case.outputs, &self.case.fault) {
            (Ok(outputs), Some(expected), _) => {
                report
                    .problems
                    .extend(differences("outputs", expected, outputs));
                if let Err(problems) = check_all(&self.manifest.outputs, outputs) {
                    report
                        .problems
                        .extend(problems.iter().map(|one| format!("outputs: {one}")));
                }
            }
            (Err(fault), _, Some(expected)) => compare_fault(expected, fault, report),
            (Ok(outputs), _, Some(expected)) => {
                report.problem(format!(
                    "it ends well with {outputs}, expected the fault `{}`",
                    expected.code
                ));
            }
            (Err(fault), ..) => report.problem(format!("it ends in {fault}")),
            (Ok(_), None, None) => {}
        }
        if let Some(expected) = &self.case.adopts
            && *expected != ran.state.adopted
        {
            report.problem(format!(
                "it adopts {:?}, expected {expected:?}",
                ran.state.adopted
            ));
        }
        if let Some(expected) = self.case.changes
            && expected != ran.state.changes.len()
        {
            report.problem(format!(
                "it makes {} changes, expected {expected}",
                ran.state.changes.len()
            ));
        }
        if again(()).state.asked != ran.state.asked {
            report.problem("it makes other calls when it is run again");
        }
        report.used.extend(ran.state.used);
    }
}

pub(super) fn filled(api: &Api, answer: &Value) -> Option<Api> {
    let mut reverse = api.clone();
    if let Value::Object(parameters) = resolve(&Value::Object(reverse.parameters), answer) {
        reverse.parameters = parameters;
        return Some(reverse);
    }
    None
}

fn problems_of_restoring(
    before: &World,
    (mut problems, after): (Vec<String>, World),
) -> Vec<String> {
    for one in diff(&before.summary(), &after.summary()) {
        problems.push(format!(
            "after rollback the {} `{}` is {:?}",
            one.kind, one.id, one.change
        ));
    }
    problems
}

fn compare_fault(expected: &ExpectedFault, fault: &Fault, report: &mut Report) {
    let lacks = |part: &Option<String>, text: &str| {
        part.as_ref()
            .is_some_and(|part| !text.contains(part.as_str()))
    };
    let advice = fault.advice.as_deref().unwrap_or_default();
    if fault.code != expected.code
        || lacks(&expected.message, &fault.message)
        || lacks(&expected.advice, advice)
        || expected.class.is_some_and(|class| class != fault.class)
    {
        report.problem(format!("it ends in {fault:?}, expected {expected:?}"));
    }
}
