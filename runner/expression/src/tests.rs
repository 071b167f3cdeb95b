//! The language, as it is seen from outside.

use serde_json::{Value, json};

use super::*;

/// Evaluates against a table of roots; what is not in it is undefined.
fn evaluate(text: &str, roots: &Value) -> Result<Value, String> {
    let expression = Expression::parse(text).map_err(|refusals| refusals[0].message.clone())?;
    expression
        .evaluate(&|reference| {
            let mut value = roots.get(&reference.root);
            for segment in &reference.path {
                value = value.and_then(|value| match segment {
                    Segment::Name(name) => value.get(name),
                    Segment::Index(index) => value.get(index),
                });
            }
            Ok(value.cloned())
        })
        .map_err(|error| error.to_string())
}

fn world() -> Value {
    json!({
        "inputs": { "name": "r-é", "count": 3, "ratio": 0.5, "on": true, "gone": null,
                    "list": ["a", "b"], "big": 9_007_199_254_740_993_i64 },
        "steps": { "role": { "arn": "acs:ram", "tags": [{ "key": "k" }] } },
    })
}

#[track_caller]
fn gives(text: &str, expected: Value) {
    assert_eq!(evaluate(text, &world()), Ok(expected), "{text}");
}

#[track_caller]
fn refuses(text: &str, part: &str) {
    let message = evaluate(text, &world()).expect_err(text);
    assert!(message.contains(part), "{text}: {message}");
}

#[test]
fn a_reference_keeps_the_type_of_its_value() {
    gives("inputs.count", json!(3));
    gives("inputs.big", json!(9_007_199_254_740_993_i64));
    gives("inputs.list", json!(["a", "b"]));
    gives("inputs['list'][1]", json!("b"));
    gives("steps.role.tags[0].key", json!("k"));
    gives("inputs.gone", json!(null));
}

#[test]
fn operators_and_filters_work_on_values() {
    gives("inputs.count == 3 and not inputs.gone", json!(true));
    gives(
        "inputs.count >= 2 or inputs.missing_is_not_read | default(false)",
        json!(true),
    );
    gives("'a' in inputs.list", json!(true));
    gives("'z' not in inputs.list", json!(true));
    gives("1 < inputs.count < 5", json!(true));
    gives("inputs.name | upper", json!("R-É"));
    gives("inputs.list | join('-')", json!("a-b"));
    gives("inputs.list | first", json!("a"));
    gives("inputs.list | last", json!("b"));
    gives("inputs.list | length", json!(2));
    gives("inputs.name | replace('r-', '')", json!("é"));
    gives("'a,b' | split(',')", json!(["a", "b"]));
    gives("['b', 'a', 'b'] | unique", json!(["b", "a"]));
    gives("[{'id': 1}, {'id': 2}] | collect('id')", json!([1, 2]));
    gives("{'a': {'id': 1}} | collect('id')", json!([1]));
    gives("[] | collect('id')", json!([]));
    gives("'-12' | int", json!(-12));
    gives("'1.5' | int", json!(null));
    gives("'twelve' | int | default(0)", json!(0));
    gives("' a ' | trim | upper", json!("A"));
    gives("inputs.list | tojson", json!("[\"a\",\"b\"]"));
    gives("'yes' if inputs.on else 'no'", json!("yes"));
    gives(
        "[inputs.count, -1, {'a': inputs.ratio}]",
        json!([3, -1, { "a": 0.5 }]),
    );
    gives("inputs.big == 9007199254740993", json!(true));
}

#[test]
fn what_is_undefined_is_an_error_unless_it_has_a_default() {
    refuses("inputs.nme", "`inputs.nme` is undefined");
    refuses(
        "steps.role.tags[4].key",
        "`steps.role.tags[4].key` is undefined",
    );
    refuses("inputs.nme == 'x'", "`inputs.nme` is undefined");
    refuses("[] | first", "the expression");
    refuses(
        "[{'id': 1}, {'od': 2}] | collect('id')",
        "an item has no `id`",
    );
    gives("inputs.nme | default('x')", json!("x"));
    gives("inputs.gone | default('x')", json!("x"));
    gives("inputs.count | default(0)", json!(3));
    gives("[] | first | default('x')", json!("x"));
    gives("steps.skipped.arn | default(inputs.name)", json!("r-é"));
}

#[test]
fn what_is_outside_of_the_fence_is_refused() {
    refuses("inputs.count + 1", "arithmetic");
    refuses("inputs.count ~ 'x'", "arithmetic");
    refuses("-inputs.count", "arithmetic");
    refuses("inputs[inputs.name]", "constant");
    refuses("inputs.list[-1]", "constant");
    refuses("inputs.list[0:1]", "slices");
    refuses("range(3)", "calls");
    refuses("inputs.name.upper()", "calls");
    refuses("inputs.name is defined", "tests");
    refuses("inputs.name | safe", "no filter `safe`");
    refuses("inputs.name | uper", "no filter `uper`");
    refuses("inputs.name | default", "takes one argument");
    refuses("inputs.name | default(value='x')", "no names");
    refuses("(inputs.list | first).name", "followed by");
    refuses("((inputs).name)", "parentheses");
    refuses("inputs.a if inputs.on", "else");
    refuses("(1, 2)", "tuples");
    refuses("{inputs.name: 1}", "constant text");
    refuses("", "empty");
    refuses("inputs.", "identifier");
    refuses("inputs.a }} {{ b", "");
    refuses("{% if a %}", "");
}

#[test]
fn sizes_are_bounded() {
    refuses(&format!("'{}'", "x".repeat(3_000)), "at most");
    refuses(&"[".repeat(1_000), "");
    refuses(&"-".repeat(2_000), "");
    refuses(&"not ".repeat(500), "");
    refuses(&format!("a{}", ".b".repeat(900)), "at most 16");
    refuses(&format!("a{}", " | upper".repeat(200)), "nested");
    refuses(&format!("a{}", " and a".repeat(300)), "nested");
    let growing = " | replace('a', 'aaaaaaaaaa')".repeat(40);
    refuses(&format!("'a'{growing}"), "1 MiB");
}

#[test]
fn references_are_known_with_their_places_and_without_evaluating() {
    let text = "é if false else steps.role.arn | default(inputs.name)";
    let text = text.replace('é', "inputs.list[0]");
    let expression = Expression::parse(&text).expect("it is an expression");
    let seen: Vec<(String, &str, bool)> = expression
        .references()
        .iter()
        .map(|reference| {
            let written = &text[reference.span.range()];
            (reference.to_string(), written, reference.guarded)
        })
        .collect();
    assert_eq!(
        seen,
        [
            ("inputs.list[0]".to_owned(), "inputs.list[0]", false),
            ("steps.role.arn".to_owned(), "steps.role.arn", true),
            ("inputs.name".to_owned(), "inputs.name", false),
        ]
    );
}

#[test]
fn a_comparison_looks_at_a_value_and_passing_it_on_does_not() {
    let inspected = |text: &str| Expression::parse(text).expect(text).references()[0].inspected;
    assert!(!inspected("inputs.a"));
    assert!(!inspected("inputs.a | default('')"));
    assert!(!inspected("[inputs.a]"));
    assert!(inspected("inputs.a | upper"));
    assert!(inspected("inputs.a == 'x'"));
    assert!(inspected("(inputs.a | default('')) == 'x'"));
}
