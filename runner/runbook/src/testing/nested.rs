//! Runbooks that run inside others.

use std::path::Path;

use rutter_diagnostic::neutral::Style;
use rutter_diagnostic::{Diagnostic, render_all};
use rutter_engine::{
    Expressions as _, FORMAT, Fact, Identity, Item, Mode, Need, OnFailure, Prepared, Record, Run,
    Shape, StepEnd, Timestamp, Uses,
};
use serde_json::{Value, json};

use super::plugins::Pretended;
use super::{bindings, codes};
use crate::{Checked, InputSources, Load};

const CHILD: &str = r#"
schema = 1
[runbook]
name = "authorise"
[accounts.owner]
help = "who owns it"
[inputs.role]
type = "string"
pattern = "^[a-z-]+$"
help = "lower-case letters"
[inputs.wait]
type = "duration"
default = "5m"
[inputs.password]
type = "secret"
optional = true
[[steps]]
id = "role"
title = "Make the role"
uses = "create-role"
account = "owner"
with.name = "{{ inputs.role }}"
with.trusted_account = "{{ accounts.owner.id }}"
[[steps]]
id = "settle"
uses = "pause"
needs = []
on_failure = "stop"
with.for = "{{ inputs.wait }}"
[outputs]
arn = "{{ steps.role.arn }}"
who = "{{ accounts.owner.id }}"
"#;

const MIDDLE: &str = r#"
schema = 1
[runbook]
name = "middle"
[accounts.ours]
help = "ours"
[inputs.role]
type = "string"
[[steps]]
id = "auth"
uses = "./child.toml"
accounts.owner = "ours"
with.role = "{{ inputs.role }}"
[[steps]]
id = "check"
uses = "assert"
with.that = "{{ steps.auth.arn != '' }}"
[outputs]
arn = "{{ steps.auth.arn }}"
"#;

const PARENT: &str = r#"
schema = 1
[runbook]
name = "parent"
[accounts.source]
help = "A"
[accounts.destination]
help = "B"
[[steps]]
id = "first"
uses = "create-role"
account = "source"
with.name = "first"
with.trusted_account = "{{ accounts.source.id }}"
[[steps]]
id = "auth"
title = "Authorise"
uses = "./middle.toml"
account = "destination"
confirm = "Really?"
with.role = "{{ steps.first.name }}"
[[steps]]
id = "last"
uses = "create-role"
account = "source"
with.name = "{{ steps.auth.arn }}"
with.trusted_account = "{{ accounts.source.id }}"
"#;

/// Writes the files into a folder and loads the last of them, every account bound.
pub(super) fn load(files: &[(&str, &str)]) -> Result<Checked, Vec<Diagnostic>> {
    let folder = written(files);
    let (name, _) = files.last().expect("one is loaded");
    load_file(&folder.path().join(name))
}

fn load_file(path: &Path) -> Result<Checked, Vec<Diagnostic>> {
    load_with(path, InputSources::default())
}

/// The same with values, and with a person who is asked for what is missing.
pub(super) fn load_asking(
    files: &[(&str, &str)],
    set: &[(&str, &str)],
    person: &dyn Fn(&str) -> String,
) -> Result<Checked, Vec<Diagnostic>> {
    let folder = written(files);
    let (name, _) = files.last().expect("one is loaded");
    let set = set
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let inputs = InputSources {
        set: set.collect(),
        ask: Some(Box::new(|name, _| Some(person(name)))),
        ..InputSources::default()
    };
    load_with(&folder.path().join(name), inputs)
}

fn load_with(path: &Path, inputs: InputSources<'_>) -> Result<Checked, Vec<Diagnostic>> {
    let load = Load {
        plugins: &Pretended,
        reach: &crate::Reach::default(),
        inputs,
        bind: Some(&|names| super::known(bindings(&["source", "destination"]), names)),
        secret: &|path| format!("placeholder-{path}"),
        accept: &|_| Ok(()),
    };
    crate::load(path, &load)
}

fn written(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).expect("it is written");
    }
    folder
}

#[track_caller]
fn loaded(files: &[(&str, &str)]) -> Checked {
    match load(files) {
        Ok(checked) => checked,
        Err(problems) => panic!("{}", render_all(&problems, Style::Plain)),
    }
}

fn whole() -> Checked {
    loaded(&[
        ("child.toml", CHILD),
        ("middle.toml", MIDDLE),
        ("parent.toml", PARENT),
    ])
}

#[test]
fn the_steps_inside_follow_the_step_that_runs_them_under_its_id() {
    let plan = whole().plan;
    let steps: Vec<(&str, Option<&str>, Vec<&str>)> = plan
        .steps
        .iter()
        .map(|step| {
            let needs = step.needs.iter().map(|need| &*need.step).collect();
            (&*step.id, step.caller.as_deref(), needs)
        })
        .collect();
    assert_eq!(
        steps,
        [
            ("first", None, vec![]),
            ("auth", None, vec!["first"]),
            ("auth.auth", Some("auth"), vec![]),
            ("auth.auth.role", Some("auth.auth"), vec![]),
            ("auth.auth.settle", Some("auth.auth"), vec![]),
            ("auth.check", Some("auth"), vec!["auth.auth"]),
            ("last", None, vec!["auth"]),
        ]
    );
}

#[test]
fn a_step_waits_for_a_step_inside_another() {
    let parent = PARENT.replace(
        "id = \"last\"",
        "id = \"beside\"\nuses = \"say-hello\"\nneeds = [\"auth.auth.role\"]\n[[steps]]\nid = \"last\"",
    );
    let files = [
        ("child.toml", CHILD),
        ("middle.toml", MIDDLE),
        ("parent.toml", &*parent),
    ];
    let plan = loaded(&files).plan;
    let needs = |id: &str| -> Vec<String> {
        let step = plan.step(id).expect("it is there");
        let text = |need: &Need| format!("{} {:?}", need.step, need.because);
        step.needs.iter().map(text).collect()
    };
    assert_eq!(needs("beside"), ["auth.auth.role Said"]);
    assert_eq!(needs("last"), ["auth Referenced", "beside Order"]);
}

#[test]
fn a_step_inside_says_what_it_is_and_where_it_stands() {
    let plan = whole().plan;
    let role = plan.step("auth.auth.role").expect("it is there");
    assert_eq!(role.title, "Make the role");
    assert_eq!(role.accounts["account"].as_ref(), "destination");
    assert_eq!((role.line.line, role.line.column), (18, 6));
    let file = role.line.file.as_deref().expect("it is another file");
    assert!(file.ends_with("child.toml"), "{file}");
    let said = |id: &str| plan.step(id).expect("it is there").on_failure;
    assert_eq!(said("auth.auth.role"), OnFailure::Caller);
    assert_eq!(said("auth.auth.settle"), OnFailure::Stop);
    assert_eq!(
        (said("auth.auth"), said("auth")),
        (OnFailure::Caller, OnFailure::Stop)
    );
    let auth = plan.step("auth").expect("it is there");
    assert!(matches!(&auth.uses, Uses::Runbook(runbook) if runbook.name == "middle"));
    assert_eq!(auth.accounts["ours"].as_ref(), "destination");
    assert!(auth.confirm.is_some() && auth.line.file.is_none());
}

#[test]
fn the_digest_is_that_of_all_files_together() {
    let digest = |child: &str| {
        let files = [
            ("child.toml", child),
            ("middle.toml", MIDDLE),
            ("parent.toml", PARENT),
        ];
        loaded(&files).plan.digest
    };
    let one = digest(CHILD);
    assert_eq!((one.len(), &one), (64, &digest(CHILD)));
    assert_ne!(one, digest(&CHILD.replace("Make the role", "Make a role")));
}

#[test]
fn notes_inside_are_read_before_the_run_too() {
    let child = CHILD.replace(
        "\"authorise\"",
        "\"authorise\"\nnotes = [\"It takes an hour.\"]",
    );
    let files = [
        ("child.toml", &*child),
        ("middle.toml", MIDDLE),
        ("parent.toml", PARENT),
    ];
    let notes = loaded(&files).plan.notes;
    let said: Vec<_> = notes
        .iter()
        .map(|note| (note.from.as_deref(), note.text.as_str()))
        .collect();
    assert_eq!(said, [(Some("runbook authorise"), "It takes an hour.")]);
}

#[test]
fn a_runbook_that_runs_inside_another_runs_by_itself() {
    let alone = MIDDLE
        .replace("[accounts.ours]", "[accounts.source]")
        .replace("\"ours\"", "\"source\"")
        .replace("type = \"string\"", "type = \"string\"\ndefault = \"x\"");
    let plan = loaded(&[("child.toml", CHILD), ("alone.toml", &alone)]).plan;
    let role = plan.step("auth.role").expect("it is there");
    assert_eq!(role.accounts["account"].as_ref(), "source");
}

/// A run of the plan after these facts.
fn run(checked: &Checked, facts: Vec<Fact>) -> Run {
    let who = |id: &str| Identity {
        id: id.to_owned(),
        arn: format!("acs:ram::{id}:root"),
    };
    let mut all = vec![
        Fact::RunStarted {
            format: FORMAT,
            run: "run-1".to_owned(),
            mode: Mode::Rehearsal,
            rutter: "0.1.0".to_owned(),
            // As a journal keeps it.
            plan: serde_json::from_value(
                serde_json::to_value(&checked.plan).expect("a plan is data"),
            )
            .expect("it is a plan"),
        },
        Fact::AccountsConfirmed {
            accounts: [
                ("source".into(), who("1111111111111111")),
                ("destination".into(), who("2222222222222222")),
            ]
            .into(),
        },
    ];
    all.extend(facts);
    let mut run = Run::new();
    for (seq, fact) in (1..).zip(all) {
        let time = Timestamp(0);
        run.evolve(&Record { seq, time, fact }).expect("it follows");
    }
    run
}

fn ended(step: &str, outputs: Value) -> [Fact; 2] {
    [
        prepared(step, json!({})),
        Fact::StepEnded {
            step: step.into(),
            end: StepEnd::Done(outputs),
        },
    ]
}

fn prepared(step: &str, inputs: Value) -> Fact {
    Fact::StepPrepared {
        step: step.into(),
        shape: Shape::One,
        items: vec![Item {
            key: None,
            name: None,
            inputs,
        }],
    }
}

/// The inputs that are made for a step, or why none are.
fn inputs(checked: &Checked, run: &Run, step: &str) -> Result<Value, String> {
    let step = run.planned(step).expect("it is there");
    match checked.evaluator.prepare(step, &run.scope_of(step)) {
        Ok(Prepared::Items { mut items, .. }) => Ok(items.remove(0).inputs),
        Ok(Prepared::Skip(reason)) => Err(reason),
        Err(fault) => Err(fault.to_string()),
    }
}

#[test]
fn a_step_inside_reads_what_its_runbook_was_given() {
    let checked = whole();
    let first = ended("first", json!({ "name": "dts", "arn": "a" }));
    let auth = prepared("auth", json!({ "role": "dts" }));
    let facts = [first.to_vec(), vec![auth]].concat();
    let run_one = run(&checked, facts.clone());
    let given = inputs(&checked, &run_one, "auth.auth").expect("it is known");
    assert_eq!(
        given,
        json!({ "role": "dts", "wait": 300_000, "password": null })
    );

    let facts = [facts, vec![prepared("auth.auth", given)]].concat();
    let run_two = run(&checked, facts.clone());
    assert_eq!(
        inputs(&checked, &run_two, "auth.auth.role"),
        Ok(json!({ "name": "dts", "trusted_account": "2222222222222222" }))
    );
    assert_eq!(
        inputs(&checked, &run_two, "auth.auth.settle"),
        Ok(json!({ "for": 300_000 }))
    );

    let role = ended("auth.auth.role", json!({ "name": "dts", "arn": "the-arn" }));
    let run_three = run(&checked, [facts, role.to_vec()].concat());
    let caller = run_three.planned("auth.auth").expect("it is there");
    let Uses::Runbook(runbook) = &caller.uses else {
        panic!("it runs a runbook");
    };
    let scope = run_three.scope_nested(caller);
    let outputs = checked.evaluator.outputs_nested(caller, runbook, &scope);
    assert_eq!(
        outputs,
        Ok(json!({ "arn": "the-arn", "who": "2222222222222222" }))
    );
}

#[test]
fn an_input_that_shows_during_the_run_to_break_its_rule_fails_the_step_that_gives_it() {
    let checked = whole();
    let auth = prepared("auth", json!({ "role": "DTS" }));
    let run = run(&checked, vec![auth]);
    let fault = inputs(&checked, &run, "auth.auth").expect_err("it is no role");
    assert_eq!(
        fault,
        "rutter.inputs: inputs of step `auth.auth`: `role`: `DTS` does not match `^[a-z-]+$`"
    );
}

#[test]
fn rules_of_every_kind_are_kept_with_a_plan() {
    let rules = r#"
[inputs.a]
type = "duration"
default = "5m"
min = "1m"
[inputs.b]
type = "number"
default = 1.5
max = 2
[inputs.c]
type = "list"
items = { type = "table", fields = { x = { type = "string", one_of = ["u", "v"] } } }
default = [{ x = "u" }]
[inputs.d]
type = "boolean"
default = true
[inputs.e]
type = "account_id"
optional = true
"#;
    let child = format!(
        "schema = 1\n[runbook]\nname = \"c\"\n{rules}\n[[steps]]\nid = \"s\"\nuses = \"assert\"\nwith.that = \"{{{{ inputs.d }}}}\"\n"
    );
    let parent =
        "schema = 1\n[runbook]\nname = \"p\"\n[[steps]]\nid = \"sub\"\nuses = \"./c.toml\"\n";
    let checked = loaded(&[("c.toml", &child), ("p.toml", parent)]);
    assert_eq!(
        inputs(&checked, &run(&checked, vec![]), "sub"),
        Ok(json!({ "a": 300_000, "b": 1.5, "c": [{ "x": "u" }], "d": true, "e": null }))
    );
}

#[test]
fn what_is_declared_inside_and_never_used_is_a_warning_there() {
    let child = CHILD.replace(
        "[inputs.wait]",
        "[inputs.spare]\ntype = \"string\"\ndefault = \"\"\n[inputs.wait]",
    );
    let files = [
        ("child.toml", &*child),
        ("middle.toml", MIDDLE),
        ("parent.toml", PARENT),
    ];
    let warnings = loaded(&files).warnings;
    let text = render_all(&warnings, Style::Plain);
    assert!(codes(load(&files)).iter().all(|code| code == "unused"));
    for part in [
        "`spare` is never read",
        "child.toml:11:9",
        "it runs as step `auth` of",
        "which runs as step `auth` of",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
}

fn errors(result: Result<Checked, Vec<Diagnostic>>) -> Vec<String> {
    result
        .err()
        .map_or_else(Vec::new, |problems| codes(Err(problems)))
}

/// A runbook of steps that each run another one.
fn calling(name: &str, times: usize) -> String {
    let mut text = "schema = 1\n[runbook]\nname = \"x\"\n".to_owned();
    for step in 0..times {
        text.push_str(&format!(
            "[[steps]]\nid = \"s{step}\"\nuses = \"./{name}\"\n"
        ));
    }
    text
}

const ONE: &str =
    "schema = 1\n[runbook]\nname = \"one\"\n[[steps]]\nid = \"s\"\nuses = \"say-hello\"\n";

#[test]
fn runbooks_run_inside_each_other_so_deep_and_no_deeper() {
    let chain = |depth: usize| {
        let names: Vec<String> = (0..depth).map(|level| format!("{level}.toml")).collect();
        let mut files = vec![(names[0].as_str(), ONE.to_owned())];
        for level in 1..depth {
            files.push((&names[level], calling(&names[level - 1], 1)));
        }
        let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (*name, &**text)).collect();
        errors(load(&files))
    };
    assert_eq!(chain(8), Vec::<String>::new());
    assert_eq!(chain(9), ["limit"]);
    assert_eq!(chain(150), ["limit"]);
}

#[test]
fn the_limit_of_steps_holds_for_all_of_them_together() {
    let files = |last: usize| {
        let hundred = calling("one.toml", 49);
        let all = calling("hundred.toml", last);
        errors(load(&[
            ("one.toml", ONE),
            ("hundred.toml", &hundred),
            ("all.toml", &all),
        ]))
    };
    // 49 times 2, and the step itself: 99.
    assert_eq!(files(101), Vec::<String>::new());
    assert_eq!(files(102), ["limit"]);
}
