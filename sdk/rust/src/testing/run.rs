//! Runs a case, and holds the plugin to what the host will ask of it.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::rc::Rc;

use rutter_expression::{NoRule, Templates, broken, check_rules};
use rutter_manifest::{Kind, Manifest, check_all};
use rutter_simcloud::{World, diff};
use serde_json::Value;

use crate::api::Api;
use crate::fault::Fault;
use crate::host::Host;
use crate::plugin::{MadeChange, Plugin};
use crate::testing::case::{Case, ExpectedFault};
use crate::testing::double::Double;
use crate::testing::expect::differences;
use crate::testing::script::Script;
use crate::testing::simulated::{self, Loss, Simulated};
use crate::testing::stage::{Answers, Stage, Started};

/// When a script begins, in milliseconds since 1970.
const SCRIPT_START_MS: u64 = 1_700_000_000_000;

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

/// One run of the plugin's code, on its stage.
struct Ran {
    result: Result<Value, Fault>,
    stage: Rc<RefCell<Stage>>,
}

/// A run in a world, and the world.
struct RanIn {
    ran: Ran,
    world: Rc<RefCell<World>>,
    /// The world as the run left it.
    after: World,
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
    if let Err(rule) = check_rules(&manifest) {
        let NoRule {
            number,
            part,
            message,
            help,
        } = rule;
        report.problem(format!("rule {number}: `{part}` {message}: {help}"));
        return report;
    }
    let inputs = match check_all(&manifest.inputs, &Value::Object(case.inputs.clone())) {
        Ok(inputs) => inputs,
        Err(problems) => {
            let said: Vec<String> = problems.iter().map(ToString::to_string).collect();
            refused(&case, &said.join("; "), &mut report);
            return report;
        }
    };
    let broken = broken(&manifest.rules, &Templates::default(), &inputs, &|_| false);
    if !broken.is_empty() {
        let said: Vec<String> = broken.into_iter().map(|one| one.message).collect();
        refused(&case, &said.join("; "), &mut report);
        return report;
    }
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
        inputs,
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
    inputs: Value,
}

impl Runner<'_> {
    fn in_script(&self, report: &mut Report) {
        let (script, progress) = Script::new(self.case);
        let ran = self.once(Box::new(script), SCRIPT_START_MS);
        report.problems.append(&mut progress.borrow_mut().problems);
        for call in &progress.borrow().left {
            report.problem(format!("it does not call `{}`", call.call));
        }
        let (again, _) = Script::new(self.case);
        let again = || self.once(Box::new(again), SCRIPT_START_MS);
        self.judge(&ran, again, report);
    }

    fn in_world(&self, world: &World, report: &mut Report) {
        let first = self.once_in(world, None);
        let changes = first.ran.stage.borrow().changes();
        self.judge(&first.ran, || self.once_in(world, None).ran, report);
        if report.problems.is_empty() {
            report.problems = self.problems_of_taking_back(world, &first);
        }
        let used = std::mem::take(&mut first.ran.stage.borrow_mut().used);
        report.used.extend(used);
        let survives = self.case.survives.unwrap_or(true) && report.problems.is_empty();
        if let (Ok(outputs), true) = (&first.ran.result, survives) {
            self.survive(world, &first.after, outputs, changes, report);
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
                let place = format!("change {} lost {loss:?}", number + 1).to_lowercase();
                let problems = self.problems_of_loss(world, after, outputs, (number, loss));
                report
                    .problems
                    .extend(problems.iter().map(|one| format!("{place}: {one}")));
            }
        }
    }

    fn problems_of_loss(
        &self,
        world: &World,
        after: &World,
        outputs: &Value,
        lose: (usize, Loss),
    ) -> Vec<String> {
        let struck = self.once_in(world, Some(lose));
        let mut problems = std::mem::take(&mut struck.ran.stage.borrow_mut().problems);
        match &struck.ran.result {
            Err(fault) => problems.push(format!("it ends in {fault}")),
            Ok(again) => problems.extend(differences("outputs", outputs, again)),
        }
        for one in diff(&after.summary(), &struck.after.summary()) {
            problems.push(format!("{} `{}` {:?}", one.kind, one.id, one.change));
        }
        problems.extend(self.problems_of_taking_back(world, &struck));
        problems
    }

    /// Takes a run back, where that is to be tried, and says what went wrong.
    fn problems_of_taking_back(&self, before: &World, ran: &RanIn) -> Vec<String> {
        let restores = self.restores();
        if !restores && self.plugin.undo.is_none() {
            return Vec::new();
        }
        let stage = &ran.ran.stage;
        stage.borrow_mut().take_back();
        self.play(stage);
        let mut problems = std::mem::take(&mut stage.borrow_mut().problems);
        problems.extend(stage.borrow().not_taken_back());
        if restores {
            for one in diff(&before.summary(), &ran.world.borrow().summary()) {
                problems.push(format!(
                    "after rollback the {} `{}` is {:?}",
                    one.kind, one.id, one.change
                ));
            }
        }
        problems
    }

    fn once_in(&self, world: &World, lose: Option<(usize, Loss)>) -> RanIn {
        let start_ms = u64::try_from(world.start_ms()).unwrap_or(0);
        let world = Rc::new(RefCell::new(world.clone()));
        let answers = Simulated::new(Rc::clone(&world), self.case, lose);
        let mut ran = self.once(Box::new(answers), start_ms);
        let undecided = ran.stage.borrow().is_undecided();
        if let (true, Some((_, loss))) = (undecided, lose) {
            ran.stage.borrow_mut().decide(loss == Loss::After);
            if let Some(result) = self.play(&ran.stage) {
                ran.result = result;
            }
        }
        let after = world.borrow().clone();
        RanIn { ran, world, after }
    }

    fn once(&self, answers: Box<dyn Answers>, start_ms: u64) -> Ran {
        let names = self.manifest.accounts.keys();
        let regions: BTreeMap<String, String> = names
            .map(|name| {
                let account = self.case.accounts.get(name.as_str());
                let region = account.and_then(|account| account.region.clone());
                let region = region.unwrap_or_else(|| "cn-hangzhou".to_owned());
                (name.to_string(), region)
            })
            .collect();
        let (manifest, inputs) = (self.manifest.clone(), self.inputs.clone());
        let stage = Stage::new(manifest, inputs, regions, answers, start_ms);
        let stage = Rc::new(RefCell::new(stage));
        let result = self.play(&stage);
        let never = || Err(Fault::fail("case.never", "the step never began"));
        Ran {
            result: result.unwrap_or_else(never),
            stage,
        }
    }

    /// Plays what the engine starts, until nothing is under way; how the last of it ended.
    fn play(&self, stage: &Rc<RefCell<Stage>>) -> Option<Result<Value, Fault>> {
        let mut last = None;
        loop {
            let Some(started) = stage.borrow_mut().next_guest() else {
                return last;
            };
            let host = Host::new(Double(Rc::clone(stage)));
            let result = self.perform(&host, started);
            let told = result.clone().map_err(rutter_engine::Fault::from);
            stage.borrow_mut().ended(told);
            last = Some(result);
        }
    }

    /// Runs the plugin's code, or its own undo.
    fn perform(&self, host: &Host, started: Started) -> Result<Value, Fault> {
        let inputs = started.inputs.to_string();
        let Some(request) = started.undo else {
            let text = (self.plugin.run)(host, &inputs)?;
            return serde_json::from_str(&text).map_err(|error| {
                Fault::unexpected_answer(format!("the outputs are not JSON: {error}"))
            });
        };
        let no_undo = || Fault::fail("case.undo", "the plugin has no undo of its own");
        let undo = self.plugin.undo.ok_or_else(no_undo)?;
        let changes = request.changes.into_iter().filter_map(made_change);
        let outputs = request.outputs.map(|outputs| outputs.to_string());
        undo(host, &inputs, changes.collect(), outputs.as_deref()).map(|()| Value::Null)
    }

    /// Whether the world must be as it was after rollback.
    fn restores(&self) -> bool {
        let plugin = &self.manifest.plugin;
        let usually = plugin.undo || plugin.kind != Kind::Irreversible;
        self.case.restores.unwrap_or(usually)
    }

    /// Holds a run to the case and to a second run.
    fn judge(&self, ran: &Ran, again: impl FnOnce() -> Ran, report: &mut Report) {
        let mut stage = ran.stage.borrow_mut();
        report.problems.append(&mut stage.problems);
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
            && *expected != stage.adopted
        {
            report.problem(format!(
                "it adopts {:?}, expected {expected:?}",
                stage.adopted
            ));
        }
        if let Some(expected) = self.case.changes
            && expected != stage.changes()
        {
            report.problem(format!(
                "it makes {} changes, expected {expected}",
                stage.changes()
            ));
        }
        if again().stage.borrow().asked != stage.asked {
            report.problem("it makes other calls when it is run again");
        }
        report.used.extend(stage.used.iter().cloned());
    }
}

/// A change as an own undo is given it; requests by plain HTTP are none of them.
fn made_change(change: rutter_engine::UndoChange) -> Option<MadeChange> {
    let rutter_engine::Target::Api(api) = change.call.target else {
        return None;
    };
    let account = change.call.account?;
    let account = match account.role() {
        Some(role) => role.to_string(),
        None => account.to_string(),
    };
    Some(MadeChange {
        api: Api {
            product: api.product,
            action: api.action,
            version: Some(api.version),
            region: api.region,
            parameters: api.parameters.as_object().cloned().unwrap_or_default(),
        },
        account,
        answer: change.answer,
    })
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
