//! Plans in a few words, and expressions that need no language.

use std::collections::BTreeMap;

use rutter_engine::{
    Account, Because, Confirm, Expressions, Fault, FaultClass, ForEach, IdPair, Item, Name, Need,
    OnFailure, Plan, PluginRef, Prepared, Retry, Scope, Shape, SourceLine, Step, StepValue,
    SubRunbook, Uses,
};
use serde_json::{Value, json};

/// Stands for the step above until the plan is made.
const ABOVE: &str = "*above*";

/// A step that uses the guest of its own name.
pub fn step(id: &str) -> Step {
    Step {
        id: id.into(),
        caller: None,
        title: id.to_owned(),
        uses: Uses::Plugin(PluginRef {
            name: id.to_owned(),
            version: "1.0.0".to_owned(),
            digest: "d".to_owned(),
            undo: false,
            ids: Vec::new(),
        }),
        accounts: BTreeMap::new(),
        with: json!({}),
        needs: vec![Need::new(ABOVE, Because::Order)],
        when: None,
        for_each: None,
        retry: Retry::default(),
        timeout_ms: None,
        on_failure: OnFailure::Stop,
        confirm: None,
        line: SourceLine::default(),
    }
}

/// A step that runs a sub-runbook with these inputs, of these steps and outputs; and those steps.
pub fn runbook(
    id: &str,
    with: Value,
    steps: impl IntoIterator<Item = Step>,
    outputs: Value,
) -> Vec<Step> {
    let mut caller = step(id).with(with).uses(Uses::Runbook(Box::new(SubRunbook {
        name: id.to_owned(),
        file: format!("{id}.toml"),
        inputs: json!({}),
        outputs,
    })));
    caller.accounts = BTreeMap::from([("ours".to_owned(), "home".into())]);
    let mut all = vec![caller];
    all.extend(plan(steps).steps.into_iter().map(|step| nested(id, step)));
    all
}

/// The step as one of the sub-runbook that the step `caller` runs.
fn nested(caller: &str, mut step: Step) -> Step {
    let outer = |name: &str| format!("{caller}.{name}").as_str().into();
    step.id = outer(&step.id);
    for need in &mut step.needs {
        need.step = outer(&need.step);
    }
    step.caller = Some(
        step.caller
            .map_or_else(|| caller.into(), |within| outer(&within)),
    );
    step
}

/// A plan of these steps; what names no needs waits for the step above it.
pub fn plan(steps: impl IntoIterator<Item = Step>) -> Plan {
    let mut steps: Vec<_> = steps.into_iter().collect();
    for index in 0..steps.len() {
        if steps[index]
            .needs
            .first()
            .is_some_and(|need| &*need.step == ABOVE)
        {
            let beside = |step: &&Step| step.caller.is_none();
            let above = steps[..index]
                .iter()
                .rfind(beside)
                .map(|above| above.id.clone());
            let need = |above: Name| Need::new(above, Because::Order);
            steps[index].needs = above.into_iter().map(need).collect();
        }
    }
    let account = Account {
        help: String::new(),
        profile: "p".to_owned(),
        region: "cn-hangzhou".to_owned(),
        expected_id: None,
    };
    Plan {
        name: "story".to_owned(),
        title: "A story".to_owned(),
        file: "story.toml".to_owned(),
        digest: "0".to_owned(),
        inputs: json!({}),
        accounts: BTreeMap::from([("home".into(), account)]),
        outputs: json!({}),
        notes: Vec::new(),
        steps,
    }
}

pub fn retry(attempts: u32, delay_ms: u64) -> Retry {
    Retry {
        attempts,
        delay_ms,
        max_delay_ms: 4 * delay_ms,
    }
}

/// Variations of a step.
pub trait StepExt {
    /// It says that it needs these.
    fn needs(self, needs: &[&str]) -> Self;
    /// It stands below these, and waits for them for no other reason.
    fn below(self, steps: &[&str]) -> Self;
    /// Its expressions read these.
    fn reads(self, steps: &[&str]) -> Self;
    fn with(self, with: Value) -> Self;
    fn when(self, when: &str) -> Self;
    fn each(self, over: Value, max_parallel: usize, max_failures: usize) -> Self;
    fn retried(self, retry: Retry) -> Self;
    fn timeout(self, timeout_ms: u64) -> Self;
    fn on_failure(self, what: OnFailure) -> Self;
    fn confirm(self, people: u32) -> Self;
    fn uses(self, uses: Uses) -> Self;
    fn own_undo(self) -> Self;
    fn id_of(self, kind: &str, source: &str, target: &str) -> Self;
}

impl StepExt for Step {
    fn needs(mut self, needs: &[&str]) -> Self {
        let said = |need: &&str| Need::new(*need, Because::Said);
        self.needs = needs.iter().map(said).collect();
        self
    }

    fn reads(mut self, steps: &[&str]) -> Self {
        let read = |step: &&str| Need::new(*step, Because::Referenced);
        self.needs.retain(|need| &*need.step != ABOVE);
        self.needs.extend(steps.iter().map(read));
        self
    }

    fn below(mut self, steps: &[&str]) -> Self {
        let order = |step: &&str| Need::new(*step, Because::Order);
        self.needs.retain(|need| &*need.step != ABOVE);
        self.needs.extend(steps.iter().map(order));
        self
    }

    fn with(mut self, with: Value) -> Self {
        self.with = with;
        self
    }

    fn when(mut self, when: &str) -> Self {
        self.when = Some(when.to_owned());
        self
    }

    fn each(mut self, over: Value, max_parallel: usize, max_failures: usize) -> Self {
        self.for_each = Some(ForEach {
            over,
            max_parallel,
            max_failures,
        });
        self
    }

    fn retried(mut self, retry: Retry) -> Self {
        self.retry = retry;
        self
    }

    fn timeout(mut self, timeout_ms: u64) -> Self {
        self.timeout_ms = Some(timeout_ms);
        self
    }

    fn on_failure(mut self, what: OnFailure) -> Self {
        self.on_failure = what;
        self
    }

    fn confirm(mut self, people: u32) -> Self {
        self.confirm = Some(Confirm {
            message: "Really?".to_owned(),
            people,
            changes: Vec::new(),
        });
        self
    }

    fn uses(mut self, uses: Uses) -> Self {
        self.uses = uses;
        self
    }

    fn own_undo(mut self) -> Self {
        if let Uses::Plugin(plugin) = &mut self.uses {
            plugin.undo = true;
        }
        self
    }

    fn id_of(mut self, kind: &str, source: &str, target: &str) -> Self {
        if let Uses::Plugin(plugin) = &mut self.uses {
            let of_inputs = target.strip_prefix("inputs.");
            plugin.ids.push(IdPair {
                kind: kind.to_owned(),
                source: source.to_owned(),
                target: of_inputs.unwrap_or(target).to_owned(),
                target_is_input: of_inputs.is_some(),
            });
        }
        self
    }
}

/// Values stand for themselves; `{"$step": "x"}` is the outputs of `x`, `{"$input": "x"}` that input
/// of the runbook, `{"$account": "x"}` who that account is; `when` is `true`, `false` or
/// the id of a step that must be done.
pub struct Plain;

impl Expressions for Plain {
    fn prepare(&self, step: &Step, scope: &Scope<'_>) -> Result<Prepared, Fault> {
        let when = step.when.as_deref().unwrap_or("true");
        let skip = match when {
            "true" => false,
            "false" => true,
            id => !matches!(scope.step(id), Some(StepValue::Done(_))),
        };
        if skip {
            return Ok(Prepared::Skip(format!("`{when}` is false")));
        }
        let inputs = value(&step.with, scope)?;
        let item = |key: Option<String>, item: Value| Item {
            key: key.map(Into::into),
            name: None,
            inputs: match step.for_each {
                Some(_) => json!({ "item": item }),
                None => inputs.clone(),
            },
        };
        let over = step
            .for_each
            .as_ref()
            .map(|each| value(&each.over, scope))
            .transpose()?;
        Ok(match over {
            None => Prepared::Items {
                shape: Shape::One,
                items: vec![item(None, Value::Null)],
            },
            Some(Value::Object(table)) => Prepared::Items {
                shape: Shape::Table,
                items: table
                    .into_iter()
                    .map(|(key, each)| item(Some(key), each))
                    .collect(),
            },
            Some(list) => {
                let list = list
                    .as_array()
                    .cloned()
                    .unwrap_or_default()
                    .into_iter()
                    .enumerate();
                let items = list.map(|(index, each)| item(Some(index.to_string()), each));
                Prepared::Items {
                    shape: Shape::List,
                    items: items.collect(),
                }
            }
        })
    }

    fn text(&self, template: &str, _scope: &Scope<'_>) -> Result<String, Fault> {
        Ok(template.to_owned())
    }

    fn outputs(&self, plan: &Plan, scope: &Scope<'_>) -> Result<Value, Fault> {
        value(&plan.outputs, scope)
    }

    fn outputs_nested(
        &self,
        _caller: &Step,
        runbook: &SubRunbook,
        scope: &Scope<'_>,
    ) -> Result<Value, Fault> {
        value(&runbook.outputs, scope)
    }
}

fn value(template: &Value, scope: &Scope<'_>) -> Result<Value, Fault> {
    let read = |what: &str| template.get(what).and_then(Value::as_str);
    if let Some(name) = read("$input") {
        return Ok(scope.inputs().get(name).cloned().unwrap_or_default());
    }
    if let Some(name) = read("$account") {
        return Ok(scope.account(name).unwrap_or_default());
    }
    let Some(id) = template.get("$step").and_then(Value::as_str) else {
        return match template {
            Value::Object(map) => {
                let pairs = map
                    .iter()
                    .map(|(key, each)| Ok((key.clone(), value(each, scope)?)));
                pairs.collect::<Result<_, _>>().map(Value::Object)
            }
            other => Ok(other.clone()),
        };
    };
    match scope.step(id) {
        Some(StepValue::Done(outputs)) => Ok(outputs.clone()),
        _ => Err(Fault::new(
            FaultClass::Fail,
            "undefined",
            format!("`steps.{id}` is undefined"),
        )),
    }
}
