//! A plan of one step, for whoever lets the engine drive a plugin outside a run: the kit, the tables.

use std::collections::BTreeMap;

use rutter_engine::{
    Account, Expressions, Fault, Item, Name, OnFailure, Plan, PluginRef, Prepared, Retry, Scope,
    Shape, SourceLine, Step, SubRunbook, Uses,
};
use serde_json::{Value, json};

/// The plan of one step that uses a plugin, with these inputs, which are complete. The accounts, by the
/// plugin's names and with their regions, are the plan's own.
pub fn one_step(
    plugin: &str,
    own_undo: bool,
    inputs: Value,
    accounts: &BTreeMap<String, String>,
) -> Plan {
    let account = |(name, region): (&String, &String)| {
        let account = Account {
            help: String::new(),
            profile: String::new(),
            region: region.clone(),
            expected_id: None,
        };
        (Name::from(name.as_str()), account)
    };
    let uses = Uses::Plugin(PluginRef {
        name: plugin.to_owned(),
        version: String::new(),
        digest: String::new(),
        undo: own_undo,
        ids: Vec::new(),
    });
    let step = Step {
        id: plugin.into(),
        caller: None,
        title: plugin.to_owned(),
        uses,
        accounts: accounts
            .keys()
            .map(|name| (name.clone(), name.as_str().into()))
            .collect(),
        with: inputs,
        needs: Vec::new(),
        when: None,
        for_each: None,
        retry: Retry::default(),
        timeout_ms: None,
        on_failure: OnFailure::Stop,
        confirm: None,
        line: SourceLine::default(),
    };
    Plan {
        name: plugin.to_owned(),
        title: plugin.to_owned(),
        file: String::new(),
        digest: String::new(),
        inputs: json!({}),
        accounts: accounts.iter().map(account).collect(),
        steps: vec![step],
        outputs: json!({}),
        notes: Vec::new(),
    }
}

/// Expressions where there are none: everything stands for itself.
#[derive(Clone, Copy, Debug)]
pub struct AsWritten;

impl Expressions for AsWritten {
    fn prepare(&self, step: &Step, _scope: &Scope<'_>) -> Result<Prepared, Fault> {
        let item = Item {
            key: None,
            name: None,
            inputs: step.with.clone(),
        };
        Ok(Prepared::Items {
            shape: Shape::One,
            items: vec![item],
        })
    }

    fn text(&self, template: &str, _scope: &Scope<'_>) -> Result<String, Fault> {
        Ok(template.to_owned())
    }

    fn outputs(&self, plan: &Plan, _scope: &Scope<'_>) -> Result<Value, Fault> {
        Ok(plan.outputs.clone())
    }

    fn outputs_nested(
        &self,
        _caller: &Step,
        runbook: &SubRunbook,
        _scope: &Scope<'_>,
    ) -> Result<Value, Fault> {
        Ok(runbook.outputs.clone())
    }
}
