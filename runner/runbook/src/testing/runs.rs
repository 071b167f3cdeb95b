//! Expressions of a plan, evaluated while it is carried out.

use std::collections::BTreeMap;

use rutter_engine::{
    Expressions, FORMAT, Fact, Identity, Item, Mode, Prepared, Record, Run, Shape, StepValue,
    Timestamp,
};
use serde_json::{Value, json};

use super::{GOOD, loaded};
use crate::Checked;
use crate::resolve::View;

/// A run as far as expressions see it.
struct Pretended<'a> {
    checked: &'a Checked,
    done: BTreeMap<&'static str, Option<Value>>,
}

impl View for Pretended<'_> {
    fn input(&self, name: &str) -> Option<&Value> {
        self.checked.plan.inputs.get(name)
    }
    fn account(&self, name: &str) -> Option<Value> {
        let id = if name == "source" {
            "1111111111111111"
        } else {
            "2222222222222222"
        };
        Some(json!({ "id": id, "region": "cn-hangzhou" }))
    }
    fn step(&self, id: &str) -> Option<StepValue<'_>> {
        let value = self.done.get(id)?;
        Some(value.as_ref().map_or(StepValue::Undefined, StepValue::Done))
    }
    fn run_id(&self) -> &str {
        "run-1"
    }
}

fn run(checked: &Checked) -> Pretended<'_> {
    let done = BTreeMap::from([
        (
            "role",
            Some(json!({ "name": "ram-for-dts", "arn": "acs:ram::1:role/ram-for-dts" })),
        ),
        (
            "copies",
            Some(json!([{ "image": "m-1", "size": 3 }, { "image": "m-2", "size": 4 }])),
        ),
        ("task", None),
        (
            "cutover",
            Some(json!({ "by": ["ann"], "evidence": { "ticket": "T-1" } })),
        ),
    ]);
    Pretended { checked, done }
}

pub(super) fn prepare(checked: &Checked, step: &str) -> Result<Prepared, String> {
    let step = checked.plan.step(step).expect("it is there");
    checked
        .evaluator
        .prepare_in(step, &run(checked), Timestamp(0))
        .map_err(|fault| fault.to_string())
}

fn one(checked: &Checked, step: &str) -> Value {
    match prepare(checked, step) {
        Ok(Prepared::Items {
            shape: Shape::One,
            items,
        }) => items[0].inputs.clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_engine_evaluates_a_step_of_its_own_run() {
    let checked = loaded(GOOD, &[("source_instance", "r-1")]);
    let who = |id: &str| Identity {
        id: id.to_owned(),
        arn: format!("acs:ram::{id}:root"),
    };
    let facts = [
        Fact::RunStarted {
            format: FORMAT,
            run: "run-1".to_owned(),
            mode: Mode::Rehearsal,
            rutter: "0.1.0".to_owned(),
            plan: Box::new(checked.plan.clone()),
        },
        Fact::AccountsConfirmed {
            accounts: [
                ("source".into(), who("1111111111111111")),
                ("destination".into(), who("2222222222222222")),
            ]
            .into(),
        },
    ];
    let mut run = Run::new();
    for (seq, fact) in (1..).zip(facts) {
        let time = Timestamp(0);
        run.evolve(&Record { seq, time, fact }).expect("it follows");
    }
    let step = checked.plan.step("role").expect("it is there");
    let expressions: &dyn Expressions = &checked.evaluator;
    let prepared = expressions
        .prepare(step, &run.scope())
        .expect("all it reads is known");
    assert_eq!(
        prepared,
        Prepared::Items {
            shape: Shape::One,
            items: vec![Item {
                key: None,
                name: None,
                inputs: json!({ "name": "ram-for-dts", "trusted_account": "2222222222222222" }),
            }],
        }
    );
}

#[test]
fn inputs_are_evaluated_checked_and_completed() {
    let checked = loaded(GOOD, &[("source_instance", "r-1")]);
    assert_eq!(
        one(&checked, "role"),
        json!({ "name": "ram-for-dts", "trusted_account": "2222222222222222" })
    );
    assert_eq!(
        one(&checked, "task"),
        json!({
            "source": { "role": "ram-for-dts", "instance": "r-1" },
            "images": ["m-1"],
            "mode": "one-way",
        })
    );
}

#[test]
fn a_step_runs_over_a_list_with_item_key_and_index() {
    let checked = loaded(GOOD, &[("source_instance", "r-1")]);
    let Ok(Prepared::Items { shape, items }) = prepare(&checked, "copies") else {
        panic!("it has items");
    };
    assert_eq!(shape, Shape::List);
    let seen: Vec<(&str, &Value)> = items
        .iter()
        .map(|item| {
            (
                item.key.as_deref().expect("an item has a key"),
                &item.inputs,
            )
        })
        .collect();
    assert_eq!(
        seen,
        [
            ("0", &json!({ "region": "cn-hangzhou", "name": "copy-0-0" })),
            ("1", &json!({ "region": "cn-beijing", "name": "copy-1-1" })),
        ]
    );
}

#[test]
fn a_step_runs_over_a_table_by_its_keys() {
    let text = GOOD
        .replace(
            "for_each = \"{{ inputs.regions }}\"",
            "for_each = { b = \"cn-beijing\", a = \"{{ accounts.source.region }}\" }",
        )
        .replace(
            "with.images = [\"{{ steps.copies[0].image }}\"]",
            "with.images = [\"{{ steps.copies.a.image }}\"]",
        )
        .replace(
            "default = [\"cn-hangzhou\", \"cn-beijing\"]\n",
            "optional = true\n",
        );
    let checked = loaded(&text, &[("source_instance", "r-1")]);
    let Ok(Prepared::Items { shape, items }) = prepare(&checked, "copies") else {
        panic!("it has items");
    };
    assert_eq!(shape, Shape::Table);
    let keys: Vec<&str> = items
        .iter()
        .filter_map(|item| item.key.as_deref())
        .collect();
    assert_eq!(keys, ["a", "b"]);
    assert_eq!(
        items[0].inputs,
        json!({ "region": "cn-hangzhou", "name": "copy-0-a" })
    );
}

#[test]
fn a_false_condition_skips_the_step_and_what_reads_it_falls_back() {
    let checked = loaded(GOOD, &[("source_instance", "r-1"), ("dry", "true")]);
    assert!(
        matches!(prepare(&checked, "task"), Ok(Prepared::Skip(reason)) if reason.contains("not inputs.dry"))
    );
    assert_eq!(
        one(&checked, "sure"),
        json!({ "that": true, "message": "the task failed" })
    );
    let outputs = checked
        .evaluator
        .outputs_in(&checked.plan.outputs, None, &run(&checked));
    assert_eq!(outputs, Ok(json!({ "task": null, "ticket": "T-1" })));
}

#[test]
fn built_in_steps_get_what_the_engine_takes() {
    let checked = loaded(GOOD, &[("source_instance", "r-1")]);
    assert_eq!(
        one(&checked, "cutover"),
        json!({
            "message": "Have clients stopped writing to r-1?",
            "people": 1,
            "evidence": ["ticket"],
            "approvers": [],
        })
    );
    assert_eq!(one(&checked, "settle"), json!({ "for": 300_000 }));
}

#[test]
fn a_question_is_evaluated_as_text() {
    let checked = loaded(GOOD, &[("source_instance", "r-1")]);
    let view = run(&checked);
    let text = |template: &str| checked.evaluator.text_in(template, &view);
    assert_eq!(
        text("Configure {{ inputs.source_instance }} in {{ run.id }}?"),
        Ok("Configure r-1 in run-1?".to_owned())
    );
    assert_eq!(text("{{ steps.copies | length }}"), Ok("2".to_owned()));
    assert!(text("{{ steps.task.id }}").is_err());
}

#[test]
fn a_fault_names_the_step_and_the_expression() {
    let text = GOOD.replace("steps.copies[0].image", "steps.copies[9].image");
    let checked = loaded(&text, &[("source_instance", "r-1")]);
    assert_eq!(
        prepare(&checked, "task"),
        Err("rutter.expression: `with` of step `task`, in `steps.copies[9].image`: `steps.copies[9].image` is undefined".to_owned())
    );
    let text = GOOD
        .replace(
            "with.name = \"copy-{{ index }}-{{ key }}\"",
            "with.name = \"{{ steps.role.arn }}\"",
        )
        .replace(
            "with.region = \"{{ item }}\"",
            "with.region = \"{{ steps.role.arn }}\"",
        );
    let checked = loaded(&text, &[("source_instance", "r-1")]);
    let error = prepare(&checked, "copies").expect_err("an ARN is no region");
    assert!(
        error.starts_with("rutter.inputs: inputs of step `copies` (item `cn-hangzhou`): `region`"),
        "{error}"
    );
}
