//! Bad input, by tables in `tests/bad/`: for every input with a rule a value that breaks it, which
//! `rutter check` refuses without a network; for every precondition of a resource a world that
//! violates it, in which a rehearsal stops before its first change.

use std::collections::BTreeSet;

use rutter_tests::{Bench, Ended, facts, overlay};
use serde::Deserialize;
use toml::{Table, Value};

/// `tests/bad/RUNBOOK.toml`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Cases {
    /// Broken inputs.
    #[serde(default)]
    input: Vec<BadInput>,
    /// Violated preconditions.
    #[serde(default)]
    world: Vec<BadWorld>,
}

/// Values laid over the example inputs, and what the refusal says.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BadInput {
    set: Table,
    says: String,
    /// Whether a schema sees it, or why not: `tests/tests/schema.rs` reads that.
    #[serde(rename = "schema")]
    _schema: String,
    inputs: Option<String>,
}

/// Values laid over the example world, and what the failure says.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BadWorld {
    name: String,
    #[serde(default)]
    set: Table,
    #[serde(default)]
    remove: Vec<String>,
    /// Values laid over the example inputs.
    #[serde(default)]
    with: Table,
    says: String,
    inputs: Option<String>,
    world: Option<String>,
}

/// A runbook and its table.
struct Runbook {
    name: String,
    table: Table,
    cases: Cases,
}

fn table(file: &str) -> Table {
    let text = std::fs::read_to_string(Bench::top().join(file));
    let text = text.unwrap_or_else(|error| panic!("{file}: {error}"));
    toml::from_str(&text).unwrap_or_else(|error| panic!("{file}: {error}"))
}

impl Runbook {
    fn read(name: &str) -> Self {
        let cases = format!("tests/bad/{name}.toml");
        let cases = table(&cases)
            .try_into()
            .unwrap_or_else(|error| panic!("{cases}: {error}"));
        Self {
            name: name.to_owned(),
            table: table(&format!("runbooks/{name}.toml")),
            cases,
        }
    }

    fn example(&self, named: Option<&String>, ending: &str) -> Table {
        let usual = format!("{}.{ending}.toml", self.name);
        table(&format!("runbooks/{}", named.unwrap_or(&usual)))
    }

    fn inputs(&self, named: Option<&String>, over: &Table) -> Table {
        let mut inputs = self.example(named, "inputs");
        for (path, value) in over {
            overlay::set(&mut inputs, path, value.clone());
        }
        inputs
    }

    /// The inputs whose values are held to a rule.
    fn ruled(&self) -> BTreeSet<&str> {
        let inputs = self.table.get("inputs").and_then(Value::as_table);
        let ruled = |input: &&(&String, &Value)| {
            let rules = ["pattern", "one_of", "min", "max", "items", "fields"];
            let declared = declared(input.1);
            let kind = declared.get("type").and_then(Value::as_str);
            rules.iter().any(|rule| declared.contains_key(*rule))
                || !matches!(kind, Some("string" | "secret" | "table" | "list"))
        };
        let inputs: Vec<_> = inputs.into_iter().flatten().collect();
        inputs
            .iter()
            .filter(ruled)
            .map(|(name, _)| name.as_str())
            .collect()
    }

    async fn check(&self, case: &BadInput) -> Ended {
        let bench = Bench::default();
        let inputs = self.inputs(case.inputs.as_ref(), &case.set);
        let inputs = write(&bench, "inputs.toml", &inputs);
        let runbook = format!("runbooks/{}.toml", self.name);
        bench.run(&["check", &runbook, "--inputs", &inputs]).await
    }

    async fn rehearse(&self, case: &BadWorld, more: &[&str]) -> Ended {
        let bench = Bench::default();
        let inputs = self.inputs(case.inputs.as_ref(), &case.with);
        let inputs = write(&bench, "inputs.toml", &inputs);
        let mut world = self.example(case.world.as_ref(), "world");
        for path in &case.remove {
            overlay::remove(&mut world, path);
        }
        for (path, value) in &case.set {
            overlay::set(&mut world, path, value.clone());
        }
        let world = write(&bench, "world.toml", &world);
        let runbook = format!("runbooks/{}.toml", self.name);
        let mut arguments = vec!["rehearse", &runbook, "--inputs", &inputs, "--world", &world];
        arguments.extend(more);
        bench.run(&arguments).await
    }
}

fn write(bench: &Bench, name: &str, table: &Table) -> String {
    let text = toml::to_string(table).expect("a table can be written");
    let path = bench.write(name, &text);
    path.to_str().expect("a temporary path is text").to_owned()
}

/// Messages are broken into lines where they are long.
fn says(ended: &Ended, text: &str) -> bool {
    let flat = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let said = format!("{} {}", ended.stdout, ended.stderr);
    flat(&said).contains(&flat(text))
}

/// All that is said of an input, also where it is like a plugin's.
fn declared(input: &Value) -> Table {
    let own = input.as_table().cloned().unwrap_or_default();
    let Some(like) = own.get("like").and_then(Value::as_str) else {
        return own;
    };
    let (plugin, path) = like.split_once('.').expect("a plugin and its input");
    let file = Bench::top()
        .join("plugins")
        .join(plugin)
        .join("plugin.toml");
    let text = std::fs::read_to_string(&file).expect("the plugin has a manifest");
    let manifest: Table = text.parse().expect("it is TOML");
    let path = path.replace('.', ".fields.");
    let base = path
        .split('.')
        .try_fold(&manifest["inputs"], |table, key| table.get(key));
    let mut declared = base.and_then(Value::as_table).cloned().expect(like);
    declared.extend(own);
    declared
}

/// The inputs with a rule that no case breaks.
fn unbroken(runbook: &Runbook) -> Vec<&str> {
    let cases = runbook.cases.input.iter();
    let broken: BTreeSet<&str> = cases
        .flat_map(|case| case.set.keys())
        .map(|path| path.split('.').next().unwrap_or(path))
        .collect();
    runbook.ruled().difference(&broken).copied().collect()
}

async fn is_refused(runbook: &Runbook, case: &BadInput) {
    let ended = runbook.check(case).await;
    let output = format!("{}{}", ended.stdout, ended.stderr);
    let what = format!("{}, {:?}:\n{output}", runbook.name, case.set);
    assert_eq!(ended.code, Some(2), "{what}");
    assert!(says(&ended, &case.says), "not said: {}\n{what}", case.says);
}

async fn stops_before_a_change(runbook: &Runbook, case: &BadWorld) {
    let ended = runbook.rehearse(case, &[]).await;
    let name = format!("{}, {}", runbook.name, case.name);
    let what = format!("{name}:\n{}{}", ended.stdout, ended.stderr);
    assert_eq!(ended.code, Some(1), "{what}");
    assert!(says(&ended, &case.says), "not said: {}\n{what}", case.says);
    let records = runbook.rehearse(case, &["--json"]).await;
    let intended: Vec<_> = facts(&records.stdout)
        .into_iter()
        .filter(|fact| fact["kind"] == "change-intended")
        .collect();
    assert!(intended.is_empty(), "{name}: changed: {intended:?}");
}

/// The runbooks that have a table.
fn runbooks() -> Vec<Runbook> {
    let folder = Bench::top().join("tests/bad");
    let files = std::fs::read_dir(folder).expect("the folder can be read");
    let mut names: Vec<String> = files
        .filter_map(|file| file.ok()?.file_name().into_string().ok())
        .filter_map(|name| Some(name.strip_suffix(".toml")?.to_owned()))
        .collect();
    names.sort();
    names.iter().map(|name| Runbook::read(name)).collect()
}

#[test]
fn every_runbook_with_a_world_has_a_table() {
    let tables: Vec<String> = runbooks().into_iter().map(|runbook| runbook.name).collect();
    let files = std::fs::read_dir(Bench::top().join("runbooks")).expect("the folder can be read");
    for file in files.filter_map(|file| file.ok()?.file_name().into_string().ok()) {
        let Some(name) = file.strip_suffix(".world.toml") else {
            continue;
        };
        // A scenario belongs to its runbook's table.
        let runbook = name.split('.').next().unwrap_or(name).to_owned();
        assert!(tables.contains(&runbook), "no table for {runbook}");
    }
}

#[test]
fn every_rule_of_an_input_is_broken_by_a_case() {
    for runbook in runbooks() {
        let missing = unbroken(&runbook);
        assert!(missing.is_empty(), "{}: {missing:?}", runbook.name);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn check_refuses_every_broken_input() {
    for runbook in runbooks() {
        for case in &runbook.cases.input {
            is_refused(&runbook, case).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rehearsal_stops_before_its_first_change_in_every_violating_world() {
    for runbook in runbooks() {
        for case in &runbook.cases.world {
            stops_before_a_change(&runbook, case).await;
        }
    }
}
