//! Inputs that a person is asked for: when, and what their answers are held against.

use std::cell::RefCell;

use rutter_diagnostic::neutral::Style;
use rutter_diagnostic::render_all;

use super::nested::load_asking;

const OUTER: &str = r#"
schema = 1
[runbook]
name = "outer"
[inputs.least]
type = "integer"
[inputs.most]
type = "integer"
default = 5
[[steps]]
id = "first"
uses = "set-limits"
with.least = 1
with.most = "{{ inputs.most }}"
[[steps]]
id = "inner"
uses = "./inner.toml"
with.least = "{{ inputs.least }}"
with.most = "{{ inputs.most }}"
"#;

const INNER: &str = r#"
schema = 1
[runbook]
name = "inner"
[inputs.least]
type = "integer"
[inputs.most]
type = "integer"
[[steps]]
id = "limits"
uses = "set-limits"
with.least = "{{ inputs.least }}"
with.most = "{{ inputs.most }}"
"#;

/// Loads a runbook with a person who answers `answer`; what was asked, and what came of it.
fn asked(outer: &str, set: &[(&str, &str)], answer: &str) -> (Vec<String>, Result<i64, String>) {
    let names = RefCell::new(Vec::new());
    let loaded = load_asking(
        &[("inner.toml", INNER), ("outer.toml", outer)],
        set,
        &|name| {
            names.borrow_mut().push(name.to_owned());
            answer.to_owned()
        },
    );
    let told = match loaded {
        Ok(checked) => Ok(checked.plan.inputs["least"].as_i64().unwrap_or_default()),
        Err(problems) => Err(render_all(&problems, Style::Plain)),
    };
    (names.into_inner(), told)
}

#[test]
fn an_answer_becomes_the_inputs_value() {
    assert_eq!(asked(OUTER, &[], "3"), (vec!["least".to_owned()], Ok(3)));
}

#[test]
fn an_answer_that_breaks_a_rule_inside_another_runbook_is_refused() {
    let (names, told) = asked(OUTER, &[], "7");
    let told = told.expect_err("it breaks a rule");
    assert_eq!(names, ["least"]);
    assert!(
        told.contains("`least` is 7 and must be below `most`, 5"),
        "{told}"
    );
    assert!(told.contains("runs as step `inner`"), "{told}");
}

/// Nobody has to answer while something else is wrong.
#[test]
fn what_is_given_is_held_against_the_rules_before_anybody_is_asked() {
    let (names, told) = asked(OUTER, &[("most", "0")], "-1");
    assert_eq!(names, [] as [&str; 0]);
    let told = told.expect_err("1 is not below 0");
    assert!(
        told.contains("`least` is 1 and must be below `most`, 0"),
        "{told}"
    );
}

/// What is assumed for as long as an input is missing is settled once it is there.
#[test]
fn a_default_is_held_against_the_rules_once_everything_was_answered() {
    let outer = OUTER.replace("default = 5", "default = 1");
    let (names, told) = asked(&outer, &[], "0");
    assert_eq!(names, ["least"]);
    let told = told.expect_err("1 is not below 1");
    assert!(
        told.contains("`least` is 1 and must be below `most`, 1"),
        "{told}"
    );
}

#[test]
fn an_answer_of_another_type_is_refused() {
    let (_, told) = asked(OUTER, &[], "many");
    let told = told.expect_err("it is no number");
    assert!(
        told.contains("the input `least` from the answer is not of type integer"),
        "{told}"
    );
}
