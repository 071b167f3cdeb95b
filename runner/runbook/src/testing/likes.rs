//! Inputs that are like a plugin's.

use rutter_diagnostic::neutral::Style;
use rutter_diagnostic::render_all;
use serde_json::json;

use super::{codes, load, loaded};

/// A runbook with these inputs, all of which go to `configure-task`.
fn runbook(inputs: &str) -> String {
    format!(
        r#"
schema = 1
[runbook]
name = "likes"
[accounts.source]
[inputs]
{inputs}
[[steps]]
id = "task"
uses = "configure-task@0.1"
account = "source"
with.source.role = "a"
with.source.instance = "r-1"
"#
    )
}

#[track_caller]
fn refused(inputs: &str) -> String {
    let problems = load(&runbook(inputs), &[]).expect_err(inputs);
    render_all(&problems, Style::Plain)
}

#[test]
fn an_input_takes_type_bounds_default_and_help_of_a_plugins() {
    let text = runbook(
        "mode = { like = \"configure-task.mode\" }\nrole = { like = \"configure-task.source.role\", default = \"ram-for-dts\" }\n\
         hours = { like = \"create-role.session_hours\", max = 6 }",
    );
    let checked = loaded(&text, &[]);
    assert_eq!(checked.plan.inputs["mode"], json!("one-way"));
    assert_eq!(checked.plan.inputs["role"], json!("ram-for-dts"));
    assert_eq!(checked.inputs["hours"].max, Some(6.0));
    assert!(checked.inputs["hours"].optional);
    for (set, why) in [
        (("mode", "sideways"), "one-way"),
        (("hours", "7"), "at most 6"),
    ] {
        let problems = load(&text, &[set]).expect_err("it does not fit");
        let told = render_all(&problems, Style::Plain);
        assert!(told.contains(why), "{told}");
    }
}

#[test]
fn what_an_input_cannot_be_like_is_told_at_its_place() {
    for (inputs, why, help) in [
        (
            "a = { like = \"configure-tusk.mode\" }",
            "there is no plugin `configure-tusk`",
            "did you mean `configure-task`?",
        ),
        (
            "a = { like = \"configure-task.mod\" }",
            "`configure-task` has no input `mod`",
            "did you mean `configure-task.mode`?",
        ),
        (
            "a = { like = \"configure-task.mode.x\" }",
            "`configure-task.mode` has no input `x`",
            "nothing can follow",
        ),
        (
            "a = { like = \"configure-task.source.rule\" }",
            "has no input `rule`",
            "did you mean `configure-task.source.role`?",
        ),
        (
            "a = { like = \"configure-task\" }",
            "is a plugin and no input",
            "write `like = \"configure-task.INPUT\"`",
        ),
        (
            "a = { like = \"create-role.session_hours\", max = 13 }",
            "`max` is wider",
            "session_hours",
        ),
        (
            "a = { like = \"configure-task.mode\", type = \"string\" }",
            "unknown field `type`",
            "like",
        ),
    ] {
        let told = refused(inputs);
        assert!(
            told.contains(why) && told.contains(help) && told.contains("input `a`"),
            "{told}"
        );
        assert!(told.contains("x.toml:7:"), "{told}");
    }
    assert_eq!(
        codes(load(&runbook("a = { like = \"configure-task.mad\" }"), &[])),
        ["input-declaration"]
    );
}

#[test]
fn a_length_of_time_needs_a_unit_here_too() {
    let told = refused("a = { like = \"configure-task.wait\", default = 5000 }");
    assert!(
        told.contains("the default of `a` is a number without a unit"),
        "{told}"
    );
}
