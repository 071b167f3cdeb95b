//! From a good runbook to a plan.

use std::collections::BTreeMap;
use std::sync::Arc;

use rutter_diagnostic::Source;
use rutter_engine::{Need, OnFailure, Uses};
use rutter_plugin::{Catalogue, Plugin};
use serde_json::json;

use super::plugins::Pretended;
use super::{GOOD, bindings, codes, load, load_with, loaded};
use crate::{Binding, InputSources, Load, Plugins as _, load_text, secret_places, secrets_again};

fn pretended(name: &str) -> Arc<Plugin> {
    Pretended.find(name).expect("it is pretended")
}

#[test]
fn a_good_runbook_becomes_a_plan() {
    let checked = loaded(GOOD, &[("source_instance", "r-1")]);
    let plan = &checked.plan;
    assert_eq!(
        (plan.name.as_str(), plan.title.as_str()),
        ("redis_cross_account", "One-way sync")
    );
    assert_eq!(plan.digest.len(), 64);
    assert_eq!(plan.inputs["regions"], json!(["cn-hangzhou", "cn-beijing"]));
    assert_eq!(plan.inputs["source_password"], json!(null));
    assert_eq!(plan.accounts["source"].profile, "profile-source");
    assert_eq!(
        plan.outputs["ticket"],
        json!("{{ steps.cutover.evidence.ticket }}")
    );

    let role = plan.step("role").expect("it is there");
    assert_eq!(role.accounts["account"].as_ref(), "source");
    let Uses::Plugin(plugin) = &role.uses else {
        panic!("it is a plugin");
    };
    assert_eq!(
        (plugin.name.as_str(), plugin.digest.as_str()),
        ("create-role", pretended("create-role").digest())
    );
    assert_eq!((role.line.line, role.line.column), (32, 6));

    let task = plan.step("task").expect("it is there");
    assert_eq!((task.retry.attempts, task.retry.delay_ms), (3, 5_000));
    assert_eq!(
        (task.timeout_ms, task.on_failure),
        (Some(43_200_000), OnFailure::Undo)
    );
    assert_eq!(
        plan.step("cutover").expect("it is there").uses,
        Uses::Approve
    );
    assert!(checked.warnings.is_empty());
    assert!(
        checked
            .plugins
            .contains_key(pretended("copy-image").digest())
    );
}

#[test]
fn notes_and_ids_travel_with_the_plan() {
    let text = GOOD.replace(
        "title = \"One-way sync\"",
        "title = \"One-way sync\"\nnotes = [\"Addresses change.\", \"Clients stop.\"]",
    );
    let plan = loaded(&text, &[("source_instance", "r-1")]).plan;
    let notes: Vec<_> = plan
        .notes
        .iter()
        .map(|note| (note.from.as_deref(), note.text.as_str()))
        .collect();
    assert_eq!(
        notes,
        [
            (None, "Addresses change."),
            (None, "Clients stop."),
            (Some("plugin copy-image"), "A copy takes hours."),
        ]
    );
    let Uses::Plugin(copy) = &plan.step("copies").expect("it is there").uses else {
        panic!("it is a plugin");
    };
    let pairs: Vec<_> = copy
        .ids
        .iter()
        .map(|pair| (&*pair.source, &*pair.target))
        .collect();
    assert_eq!(pairs, [("name", "image")]);
}

#[test]
fn a_step_waits_for_what_stands_above_what_it_names_and_what_it_reads() {
    let plan = loaded(GOOD, &[("source_instance", "r-1")]).plan;
    let needs = |id: &str| -> Vec<String> {
        let step = plan.step(id).expect("it is there");
        let text = |need: &Need| format!("{} {:?}", need.step, need.because);
        step.needs.iter().map(text).collect()
    };
    assert_eq!(needs("copies"), Vec::<String>::new());
    assert_eq!(needs("task"), ["role Referenced", "copies Referenced"]);
    // Waiting for `task` is waiting for all above it.
    assert_eq!(needs("cutover"), ["task Order"]);
    assert_eq!(needs("sure"), ["task Referenced", "settle Order"]);
}

#[test]
fn a_secret_becomes_a_placeholder_and_its_value_stays_apart() {
    let inputs = InputSources {
        set: vec![("source_instance".to_owned(), "r-1".to_owned())],
        environment: [(
            "RUTTER_INPUT_SOURCE_PASSWORD".to_owned(),
            "hunter2".to_owned(),
        )]
        .into(),
        ..InputSources::default()
    };
    let checked =
        load_with(GOOD, inputs, Some(bindings(&["source", "destination"]))).expect("it is good");
    assert_eq!(
        checked.plan.inputs["source_password"],
        json!("placeholder-source_password")
    );
    assert_eq!(checked.secrets.get("source_password"), Some("hunter2"));
    assert!(!format!("{checked:?}").contains("hunter2"));
}

#[test]
fn secrets_are_gathered_again_when_a_run_is_taken_up() {
    let text = GOOD.replace(
        "[inputs.regions]",
        "[inputs.db]\ntype = 'table'\nfields = { user = { type = 'string' }, password = { type = 'secret' } }\n[inputs.regions]",
    );
    let text = text.replace("{{ inputs.source_password", "{{ inputs.db.password");
    let environment = || {
        BTreeMap::from([(
            "RUTTER_INPUT_DB".to_owned(),
            r#"{"user": "u", "password": "hunter2"}"#.to_owned(),
        )])
    };
    let inputs = InputSources {
        set: vec![("source_instance".to_owned(), "r-1".to_owned())],
        environment: environment(),
        ..InputSources::default()
    };
    let checked = load_with(&text, inputs, Some(bindings(&["source", "destination"])));
    let checked = checked.expect("it is good");
    assert_eq!(
        checked.plan.inputs["db"],
        json!({ "user": "u", "password": "placeholder-db.password" })
    );
    assert_eq!(checked.secrets.get("db.password"), Some("hunter2"));

    let is_secret = |path: &str, text: &str| *text == format!("placeholder-{path}");
    let places = secret_places(&checked.plan, &is_secret);
    assert_eq!(places["db.password"], "placeholder-db.password");
    let again = |sources: InputSources<'_>| secrets_again(places.keys(), &sources);
    let found = again(InputSources {
        environment: environment(),
        ..InputSources::default()
    });
    assert_eq!(
        found.expect("it is there").get("db.password"),
        Some("hunter2")
    );
    let asked = again(InputSources {
        ask: Some(Box::new(|name, _| {
            (name == "db.password").then(|| "typed".to_owned())
        })),
        ..InputSources::default()
    });
    assert_eq!(
        asked.expect("it was typed").get("db.password"),
        Some("typed")
    );
    let problems = again(InputSources::default()).expect_err("nobody gave it");
    assert_eq!(
        problems[0].title,
        "the secret input `db.password` was not given"
    );
}

#[test]
fn a_secret_on_the_command_line_is_refused() {
    let set = [("source_instance", "r-1"), ("source_password", "hunter2")];
    assert_eq!(codes(load(GOOD, &set)), ["secret"]);
}

#[test]
fn values_come_from_the_command_line_then_the_file_then_the_environment_then_a_person() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("inputs.toml");
    std::fs::write(&file, "a = 'file'\nb = 'file'\n").expect("it is written");
    let text = r#"
schema = 1
[runbook]
name = "x"
[inputs.a]
type = "string"
[inputs.b]
type = "string"
[inputs.c]
type = "string"
[inputs.d]
type = "duration"
[[steps]]
id = "s"
uses = "say-hello"
[outputs]
all = "{{ inputs.a }}{{ inputs.b }}{{ inputs.c }}{{ inputs.d }}"
"#;
    let environment =
        ["A", "B", "C"].map(|name| (format!("RUTTER_INPUT_{name}"), "environment".to_owned()));
    let inputs = InputSources {
        set: vec![("a".to_owned(), "set".to_owned())],
        file: Some(file),
        environment: environment.into(),
        ask: Some(Box::new(|name, field| {
            assert_eq!((name, field.kind.name()), ("d", "duration"));
            Some("5m".to_owned())
        })),
        ..InputSources::default()
    };
    let plan = load_with(text, inputs, Some(bindings(&[])))
        .expect("it is good")
        .plan;
    assert_eq!(
        plan.inputs,
        json!({ "a": "set", "b": "file", "c": "environment", "d": 300_000 })
    );
}

#[test]
fn what_the_run_began_with_stays_unless_it_is_given_anew() {
    let text = r#"
schema = 1
[runbook]
name = "x"
[inputs.size]
type = "integer"
[inputs.wait]
type = "duration"
default = "1m"
[inputs.gone]
type = "string"
optional = true
[inputs.password]
type = "secret"
optional = true
[[steps]]
id = "s"
uses = "say-hello"
[outputs]
all = "{{ inputs.size }}{{ inputs.wait }}{{ inputs.gone | default('') }}"
"#;
    let before = json!({ "size": 1, "wait": 300_000, "gone": null, "password": "placeholder" });
    let before = || before.as_object().cloned().unwrap();
    let sources = |set: &[(&str, &str)]| InputSources {
        set: set
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
        before: before(),
        ..InputSources::default()
    };
    let problems = load_with(text, sources(&[]), Some(bindings(&[])));
    assert_eq!(
        codes(problems),
        ["missing-input"],
        "nobody knows the secret any more"
    );
    let mut given = sources(&[("size", "2")]);
    let variable = "RUTTER_INPUT_PASSWORD".to_owned();
    given.environment.insert(variable, "hunter2".to_owned());
    let plan = load_with(text, given, Some(bindings(&[])))
        .expect("it is good")
        .plan;
    assert_eq!(
        (&plan.inputs["size"], &plan.inputs["wait"]),
        (&json!(2), &json!(300_000))
    );
    assert_eq!(plan.inputs["gone"], json!(null));
}

#[test]
fn nobody_is_asked_while_something_else_is_wrong() {
    let inputs = InputSources {
        ask: Some(Box::new(|_, _| panic!("asked too early"))),
        ..InputSources::default()
    };
    let text = GOOD.replace("steps.role.name", "steps.rule.name");
    let problems = load_with(&text, inputs, Some(bindings(&["source", "destination"])));
    assert_eq!(codes(problems), ["unknown-reference"]);
}

#[test]
fn a_check_needs_neither_inputs_nor_profiles_and_a_run_needs_both() {
    assert_eq!(
        codes(load_with(GOOD, InputSources::default(), None)),
        Vec::<String>::new()
    );
    let run = load_with(
        GOOD,
        InputSources::default(),
        Some([("source".to_owned(), Binding::default())].into()),
    );
    assert_eq!(
        codes(run),
        ["missing-input", "unbound-account", "unbound-account"]
    );
}

#[test]
fn what_inputs_give_a_plugin_is_checked_before_the_run() {
    let text = GOOD.replace("\"ram-for-dts\"", "\"{{ inputs.source_instance }}/role\"");
    assert_eq!(
        codes(load(&text, &[("source_instance", "r-1")])),
        ["step-inputs"]
    );
    assert_eq!(
        codes(load_with(&text, InputSources::default(), None)),
        Vec::<String>::new()
    );
}

#[test]
fn what_is_declared_and_never_used_is_a_warning() {
    let text = GOOD.replace(
        "[accounts.source]",
        "[inputs.spare]\ntype = 'string'\noptional = true\n[accounts.source]",
    );
    assert_eq!(
        codes(load(&text, &[("source_instance", "r-1")])),
        ["unused"]
    );
}

#[test]
fn ten_thousand_steps_load_quickly() {
    let mut text = "schema = 1\n[runbook]\nname = 'x'\n".to_owned();
    for step in 0..10_000 {
        text.push_str(&format!("[[steps]]\nid = 's{step}'\nuses = 'say-hello'\n"));
    }
    let started = std::time::Instant::now();
    let loaded = load_with(&text, InputSources::default(), Some(bindings(&[])));
    let plan = loaded.expect("it is good").plan;
    assert_eq!(plan.steps.len(), 10_000);
    assert_eq!(
        plan.steps
            .iter()
            .map(|step| step.needs.len())
            .sum::<usize>(),
        9_999
    );
    assert!(started.elapsed().as_secs() < 20, "{:?}", started.elapsed());
}

#[test]
fn a_file_that_is_no_plugin_stops_the_runbook_and_says_what_to_do() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("broken.wasm"), b"hello").expect("it is written");
    let catalogue = Catalogue::open([folder.path().to_owned()]);
    let text = "schema = 1\n[runbook]\nname = 'x'\n[[steps]]\nid = 'a'\nuses = 'broken'\n\
                [[steps]]\nid = 'b'\nuses = './broken.wasm'\n[[steps]]\nid = 'c'\nuses = 'borken'\n";
    let load = Load {
        plugins: &catalogue,
        reach: &crate::Reach::default(),
        inputs: InputSources::default(),
        bind: None,
        secret: &|_| String::new(),
        accept: &|_| Ok(()),
    };
    let problems = load_text(&Source::new("x.toml", text), folder.path(), &load)
        .expect_err("none is a plugin");
    let helps: Vec<Option<&str>> = problems
        .iter()
        .map(|problem| problem.help.as_deref())
        .collect();
    let build = Some("build it with `rutter plugin build`");
    assert_eq!(helps, [build, build, Some("did you mean `broken`?")]);
}

#[test]
fn an_item_that_is_not_there_cannot_be_read() {
    let over = |over: &str, read: &str| {
        let text = GOOD
            .replace(
                "for_each = \"{{ inputs.regions }}\"",
                &format!("for_each = {over}"),
            )
            .replace("steps.copies[0].image", read);
        let set = [("source_instance", "r-1")];
        codes(load(&text, &set))
            .into_iter()
            .filter(|code| code != "unused")
            .collect::<Vec<_>>()
    };
    let list = "[\"cn-hangzhou\", \"cn-beijing\"]";
    let table = "{ a = \"cn-hangzhou\" }";
    assert_eq!(over(list, "steps.copies[1].image"), Vec::<String>::new());
    assert_eq!(over(list, "steps.copies[2].image"), ["unknown-reference"]);
    assert_eq!(over(list, "steps.copies.a.image"), ["unknown-reference"]);
    assert_eq!(over(table, "steps.copies.a.image"), Vec::<String>::new());
    assert_eq!(over(table, "steps.copies.b.image"), ["unknown-reference"]);
    assert_eq!(over(table, "steps.copies[0].image"), ["unknown-reference"]);
    let may_fail = format!("{list}\nmax_failures = 1");
    assert_eq!(
        over(&may_fail, "steps.copies[0].image"),
        ["may-be-undefined"]
    );
}

#[test]
fn limits_are_stated_and_enforced() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("x.toml");
    let load = |bytes: &[u8]| {
        std::fs::write(&path, bytes).expect("it is written");
        let load = Load {
            plugins: &Pretended,
            reach: &crate::Reach::default(),
            inputs: InputSources::default(),
            bind: None,
            secret: &|_| String::new(),
            accept: &|_| Ok(()),
        };
        codes(crate::load(&path, &load))
    };
    assert_eq!(load(&vec![b'#'; (1 << 20) + 1]), ["limit"]);
    assert_eq!(load(b"schema = 1\nname = '\xff'\n"), ["runbook-file"]);
    let steps = "[[steps]]\nid = 'a'\nuses = 'say-hello'\n".repeat(10_001);
    assert_eq!(
        load(format!("schema = 1\n[runbook]\nname = 'x'\n{steps}").as_bytes()),
        ["limit"]
    );
    std::fs::remove_file(&path).expect("it is there");
    let gone = Load {
        plugins: &Pretended,
        reach: &crate::Reach::default(),
        inputs: InputSources::default(),
        bind: None,
        secret: &|_| String::new(),
        accept: &|_| Ok(()),
    };
    assert_eq!(codes(crate::load(&path, &gone)), ["runbook-file"]);
}

#[test]
fn only_evidence_that_is_asked_for_can_be_read() {
    let text = GOOD.replace("evidence.ticket", "evidence.tickt");
    assert_eq!(
        codes(load(&text, &[("source_instance", "r-1")])),
        ["unknown-reference"]
    );
}
