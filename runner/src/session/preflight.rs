//! What a plan's steps say before anything runs: those that need nothing but the runbook's inputs.
//!
//! An `assert` over inputs, and a plugin that only reads and may call nothing, come to the same end
//! whenever they are asked. So `rutter check` asks them too, and a run that they would stop is not
//! begun. What needs an account, an earlier step or an input that is missing waits for the run.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rutter_engine::{
    Fact, Fault, Input, Mode, Name, OnFailure, Plan, Retry, Run, Step, StepEnd, Timestamp, Uses,
};
use rutter_manifest::Kind;
use rutter_plugin::Plugin;
use rutter_runbook::Evaluator;
use rutter_simcloud::World;
use serde_json::json;

use super::{SessionError, load};
use crate::drive::Drive;
use crate::guests::Guests;
use crate::host::{Hosts, Sandbox};
use crate::journal::{Journal as _, MemoryJournal};
use crate::rehearsal::{RehearsalShell, SimCarrier};
use crate::secrets::Secrets;
use crate::settings::Limits;
use crate::ui;

/// A world in which nobody has an account: what is asked here has nothing to call.
const NOWHERE: &str = "schema = 1\n";

/// The steps of a plan that can be asked before it runs.
pub struct Preflight {
    plan: Plan,
    plugins: Vec<Arc<Plugin>>,
    /// Those whose failure does not stop a run.
    may_fail: BTreeSet<Name>,
}

/// A step that said no.
pub struct Refusal {
    /// The step.
    pub step: Step,
    /// What it says.
    pub fault: Fault,
    /// Whether a run ends with it; one with `on_failure = "continue"` goes on.
    pub stops: bool,
}

impl Preflight {
    /// Picks them; `None` if there are none. `plugins` are the plan's by digest.
    pub fn of(plan: &Plan, plugins: &BTreeMap<String, Arc<Plugin>>) -> Option<Self> {
        let may_fail = plan.steps.iter().filter(|step| may_fail(plan, step));
        let may_fail = may_fail.map(|step| step.id.clone()).collect();
        let mut plan = plan.clone();
        plan.accounts.clear();
        plan.outputs = json!({});
        plan.steps
            .retain(|step| is_caller(step) || needs_nothing(step, plugins.get(digest(step))));
        for step in &mut plan.steps {
            step.needs.clear();
            step.confirm = None;
            step.on_failure = OnFailure::Continue;
            step.retry = Retry::default();
        }
        if plan.steps.iter().all(is_caller) {
            return None;
        }
        let is_used = |plugin: &&Arc<Plugin>| {
            plan.steps
                .iter()
                .any(|step| digest(step) == plugin.digest())
        };
        let plugins = plugins.values().filter(is_used).cloned().collect();
        Some(Self {
            plan,
            plugins,
            may_fail,
        })
    }

    /// Asks them, and returns those that refuse, with what they say.
    ///
    /// # Errors
    /// When a component cannot be used.
    pub async fn refusals(
        self,
        evaluator: &Evaluator,
        sandbox: Arc<Sandbox>,
        limits: Limits,
        secrets: Secrets,
    ) -> Result<Vec<Refusal>, SessionError> {
        let world = World::from_toml(NOWHERE, "no world")?;
        let plugins = load(&sandbox, &self.plugins)?;
        let guests = Guests::new(sandbox, plugins, limits, Hosts::default(), secrets.clone());
        let carrier = Arc::new(SimCarrier::new(world, secrets));
        let mut run = Run::new();
        let mut journal = MemoryJournal::default();
        let mut shell = RehearsalShell::new(guests, carrier, Timestamp(0));
        let steps = self.plan.steps.clone();
        let first = vec![
            Input::Start {
                run: "ahead".to_owned(),
                mode: Mode::Rehearsal,
                rutter: env!("CARGO_PKG_VERSION").to_owned(),
                plan: Box::new(self.plan),
            },
            Input::AccountsConfirmed(BTreeMap::new()),
        ];
        let mut show = ui::silent();
        let mut drive = Drive {
            run: &mut run,
            journal: &mut journal,
            expressions: evaluator,
            show: &mut *show,
            shell: &mut shell,
        };
        drive.until_idle(first).await?;
        let ends = journal
            .load()?
            .into_iter()
            .filter_map(|record| match record.fact {
                Fact::StepEnded {
                    step,
                    end: StepEnd::Failed(fault),
                } => Some((step, fault)),
                _ => None,
            });
        Ok(ends
            .filter(|(_, fault)| is_verdict(fault))
            .filter_map(|(id, fault)| {
                let step = steps.iter().find(|step| step.id == id)?.clone();
                let stops = !self.may_fail.contains(&id);
                Some(Refusal { step, fault, stops })
            })
            .collect())
    }
}

/// The digest of the component that a step uses; empty for a built-in step.
fn digest(step: &Step) -> &str {
    match &step.uses {
        Uses::Plugin(plugin) => &plugin.digest,
        _ => "",
    }
}

/// Whether a run goes on when the step fails: by what it says itself, or the step whose runbook it is part of.
fn may_fail(plan: &Plan, step: &Step) -> bool {
    let mut step = step;
    loop {
        let caller = step.caller.as_ref();
        let caller = caller.and_then(|id| plan.steps.iter().find(|step| step.id == *id));
        match (step.on_failure, caller) {
            (OnFailure::Caller, Some(caller)) => step = caller,
            (said, _) => return said == OnFailure::Continue,
        }
    }
}

/// Whether it runs a sub-runbook: what its steps can be asked depends on what it gives them.
fn is_caller(step: &Step) -> bool {
    matches!(step.uses, Uses::Runbook(_))
}

fn needs_nothing(step: &Step, plugin: Option<&Arc<Plugin>>) -> bool {
    let is_free = match (&step.uses, plugin) {
        (Uses::Assert, _) => true,
        (Uses::Plugin(_), Some(plugin)) => {
            let manifest = plugin.manifest();
            manifest.plugin.kind == Kind::Read && manifest.permissions.is_empty()
        }
        _ => false,
    };
    is_free && step.accounts.is_empty() && step.confirm.is_none()
}

/// Whether the step itself says no. What has no value yet is no verdict.
fn is_verdict(fault: &Fault) -> bool {
    fault.code == "rutter.assert"
        || !["rutter.", "sdk."]
            .iter()
            .any(|begin| fault.code.starts_with(begin))
}
