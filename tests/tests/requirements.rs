//! `runbooks/REQUIREMENTS.toml` says for each numbered requirement of the five procedures what becomes
//! of it. This sees that none is missing and that what an entry points at exists.

use std::collections::BTreeMap;
use std::path::Path;

use rutter_tests::Bench;
use serde::Deserialize;
use toml::{Table, Value};

/// How many requirements each document has, and how many follow from all of them (`X`).
const DOCUMENTS: [(&str, usize); 6] = [
    ("S000", 51),
    ("S001", 67),
    ("S002", 42),
    ("S003", 35),
    ("S004", 20),
    ("X", 7),
];

/// What becomes of a requirement.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Requirement {
    class: Class,
    /// The requirement in a sentence.
    what: String,
    /// Tests that show the refusal or the effect.
    #[serde(default)]
    by: Vec<String>,
    /// The steps of runbooks that ask a person, as `FILE#STEP`.
    #[serde(default)]
    gate: Vec<String>,
    /// Where the operator reads it.
    #[serde(default)]
    says: Vec<Said>,
    /// Why there is nothing to do.
    #[serde(default)]
    why: String,
}

/// The strongest thing that is done about it.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Class {
    /// A machine sees to it.
    Enforced,
    /// A person is asked.
    Asked,
    /// The operator reads it.
    Said,
    /// There is nothing to do.
    NotApplicable,
}

/// A text in a file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Said {
    file: String,
    text: String,
}

fn read(file: &str) -> Result<String, String> {
    std::fs::read_to_string(Bench::top().join(file)).map_err(|error| format!("{file}: {error}"))
}

fn requirements() -> BTreeMap<String, Requirement> {
    let text = read("runbooks/REQUIREMENTS.toml").expect("the table is there");
    toml::from_str(&text).unwrap_or_else(|error| panic!("runbooks/REQUIREMENTS.toml: {error}"))
}

fn numbers() -> Vec<String> {
    let of = |(document, count): (&str, usize)| {
        (1..=count)
            .map(move |number| format!("{document}-{number:02}"))
            .collect::<Vec<_>>()
    };
    DOCUMENTS.into_iter().flat_map(of).collect()
}

#[test]
fn every_number_is_there_and_no_other() {
    let mut entries: Vec<String> = requirements().into_keys().collect();
    let mut numbers = numbers();
    entries.sort();
    numbers.sort();
    let missing: Vec<_> = numbers.iter().filter(|n| !entries.contains(n)).collect();
    let unknown: Vec<_> = entries.iter().filter(|n| !numbers.contains(n)).collect();
    assert!(missing.is_empty(), "missing: {missing:?}");
    assert!(unknown.is_empty(), "unknown: {unknown:?}");
}

#[test]
fn what_an_entry_points_at_exists() {
    let mut wrong = Vec::new();
    for (number, requirement) in requirements() {
        let found = look_up(&requirement);
        wrong.extend(
            found
                .into_iter()
                .map(|reason| format!("{number}: {reason}")),
        );
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

fn look_up(requirement: &Requirement) -> Vec<String> {
    let Requirement { by, gate, says, .. } = requirement;
    let tests = by.iter().map(|test| is_test(test));
    let gates = gate.iter().map(|gate| is_gate(gate));
    let said = says.iter().map(is_said);
    let mut reasons: Vec<String> = tests
        .chain(gates)
        .chain(said)
        .filter_map(Result::err)
        .collect();
    let (empty, needed) = match requirement.class {
        Class::Enforced => (by.is_empty(), "a test in `by`"),
        Class::Asked => (gate.is_empty(), "a step in `gate`"),
        Class::Said => (says.is_empty(), "a text in `says`"),
        Class::NotApplicable => (requirement.why.trim().is_empty(), "a reason in `why`"),
    };
    if empty {
        reasons.push(format!("its class needs {needed}"));
    }
    if requirement.what.trim().is_empty() {
        reasons.push("it says not what it is".to_owned());
    }
    reasons
}

/// A test: `FILE.rs::FUNCTION`, `FILE.py::METHOD`, a case of a plugin, a wrong runbook with its message,
/// or an entry of a table of bad input as `tests/bad/RUNBOOK.toml::NAME` (an input's name, or a world's).
fn is_test(test: &str) -> Result<(), String> {
    let (file, name) = test.split_once("::").unwrap_or((test, ""));
    let text = read(file)?;
    let found = match Path::new(file)
        .extension()
        .and_then(|ending| ending.to_str())
    {
        Some("rs") => is_test_function(&text, name),
        Some("py") => text.contains(&format!("def {name}(")),
        Some("toml") if file.starts_with("tests/bad/") => is_bad_input(&text, name),
        Some("toml") if file.contains("/cases/") => name.is_empty(),
        Some("toml") if file.starts_with("tests/runbooks/invalid/") => {
            read(&file.replace(".toml", ".err")).is_ok() && name.is_empty()
        }
        _ => false,
    };
    found
        .then_some(())
        .ok_or(format!("there is no test {test}"))
}

/// Whether a file has the function, with an attribute above it that makes it a test.
fn is_test_function(text: &str, name: &str) -> bool {
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let heads = [format!("fn {name}("), format!("async fn {name}(")];
    let Some(at) = lines
        .iter()
        .position(|line| heads.iter().any(|head| line.starts_with(head)))
    else {
        return false;
    };
    let above = lines[..at].iter().rev();
    above
        .take_while(|line| line.starts_with('#') || line.starts_with("//"))
        .any(|line| line.starts_with("#[test]") || line.starts_with("#[tokio::test"))
}

fn is_bad_input(text: &str, name: &str) -> bool {
    let table: Table = toml::from_str(text).expect("another test reads it");
    let entries = |kind: &str| {
        table
            .get(kind)
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
    };
    let input = entries("input").any(|case| {
        case.get("set")
            .and_then(Value::as_table)
            .is_some_and(|set| set.contains_key(name))
    });
    input || entries("world").any(|case| case.get("name").and_then(Value::as_str) == Some(name))
}

/// A step that asks: it uses `approve`, or has a `confirm`.
fn is_gate(gate: &str) -> Result<(), String> {
    let (file, id) = gate.split_once('#').unwrap_or((gate, ""));
    let table: Table = toml::from_str(&read(file)?).map_err(|error| format!("{file}: {error}"))?;
    let steps = table.get("steps").and_then(Value::as_array);
    let step = steps
        .into_iter()
        .flatten()
        .find(|step| step.get("id").and_then(Value::as_str) == Some(id));
    let asks = step.is_some_and(|step| {
        step.get("confirm").is_some() || step.get("uses").and_then(Value::as_str) == Some("approve")
    });
    asks.then_some(()).ok_or(format!("no step asks: {gate}"))
}

fn is_said(said: &Said) -> Result<(), String> {
    let found = read(&said.file)?.contains(&said.text);
    let reason = || format!("{} does not say `{}`", said.file, said.text);
    found.then_some(()).ok_or_else(reason)
}
