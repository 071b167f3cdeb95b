//! The rules between inputs that plugins have.

use rutter_diagnostic::neutral::Style;
use rutter_diagnostic::{Diagnostic, render_all};
use rutter_engine::Prepared;

use super::nested;
use super::runs::prepare;
use super::{InputSources, load, load_with, loaded};
use crate::Checked;

const HEAD: &str = "schema = 1\n[runbook]\nname = 'x'\n";

fn runbook(inputs: &str, step: &str) -> String {
    format!("{HEAD}{inputs}\n[[steps]]\nid = 'limits'\nuses = 'set-limits'\n{step}\n")
}

#[track_caller]
fn titles(result: Result<Checked, Vec<Diagnostic>>) -> Vec<String> {
    match result {
        Ok(_) => Vec::new(),
        Err(problems) => problems.into_iter().map(|problem| problem.title).collect(),
    }
}

const NONE: [&str; 0] = [];

#[test]
fn what_keeps_the_rules_is_run() {
    let text = runbook("", "with.least = 1\nwith.note = 'n'");
    assert_eq!(titles(load(&text, &[])), NONE);
    assert_eq!(titles(load(&runbook("", "with.least = 0"), &[])), NONE);
}

#[test]
fn every_broken_rule_is_told_at_the_value_that_it_reads() {
    let text = runbook("", "with.note = 'n'\nwith.least = -1\nwith.most = -2");
    let problems = load(&text, &[]).expect_err("two rules are broken");
    let told = render_all(&problems, Style::Plain);
    for part in [
        "error[step-inputs]: step `limits`: `least` is -1 and must be below `most`, -2",
        "with.least = -1",
        "lower `least`",
        "error[step-inputs]: step `limits`: a note goes with a `least` above 0",
        "with.note = 'n'",
    ] {
        assert!(told.contains(part), "{part}\n{told}");
    }
}

#[test]
fn a_rule_about_a_default_is_told_at_what_is_given() {
    let text = runbook("", "with.least = 10");
    assert_eq!(
        titles(load(&text, &[])),
        ["step `limits`: `least` is 10 and must be below `most`, 10"]
    );
}

#[test]
fn a_rule_that_reads_what_only_the_run_knows_waits_for_it() {
    let first = "\n[[steps]]\nid = 'first'\nuses = 'set-limits'\nwith.least = 1\n";
    let text = runbook(
        first,
        "with.least = '{{ steps.first.most }}'\nwith.note = 'n'",
    );
    assert_eq!(titles(load(&text, &[])), NONE);
}

#[test]
fn a_value_that_comes_late_and_breaks_a_rule_keeps_the_attempt_from_beginning() {
    let run = "with.least = '{{ steps.copies[0].size }}'\nwith.most = 3\nwith.note = 'n'";
    let copies = "[accounts.source]\nhelp = 'a'\n[[steps]]\nid = 'copies'\nuses = 'copy-image'\naccounts = { from = 'source', to = 'source' }\nfor_each = [1]\nwith.region = 'cn-hangzhou'\nwith.name = 'n'\n";
    let checked = loaded(&runbook(copies, run), &[]);
    assert_eq!(
        prepare(&checked, "limits"),
        Err(
            "rutter.inputs: inputs of step `limits`: `least` is 3 and must be below `most`, 3"
                .to_owned()
        )
    );
    let checked = loaded(&runbook(copies, &run.replace("most = 3", "most = 4")), &[]);
    assert!(matches!(
        prepare(&checked, "limits"),
        Ok(Prepared::Items { .. })
    ));
}

#[test]
fn a_rule_holds_for_each_item() {
    let text = runbook("", "for_each = [1, 12]\nwith.least = '{{ item }}'");
    assert_eq!(
        titles(load(&text, &[])),
        ["step `limits`: `least` is 12 and must be below `most`, 10 for item `1`"]
    );
}

#[test]
fn a_default_that_a_run_may_replace_breaks_no_rule_before() {
    let inputs = "[inputs]\nleast = { type = 'integer', default = 20 }\nname = { type = 'string' }";
    let text = runbook(
        inputs,
        "with.least = '{{ inputs.least }}'\nwith.note = '{{ inputs.name }}'",
    );
    assert_eq!(
        titles(load_with(&text, InputSources::default(), None)),
        NONE
    );
    assert_eq!(titles(load(&text, &[("name", "n"), ("least", "5")])), NONE);
    let refused = titles(load(&text, &[("name", "n")]));
    assert_eq!(refused.len(), 1, "{refused:?}");
    let set = [("least".to_owned(), "30".to_owned())].to_vec();
    let sources = InputSources {
        set,
        ..InputSources::default()
    };
    assert_eq!(titles(load_with(&text, sources, None)).len(), 1);
}

#[test]
fn a_rule_holds_inside_a_runbook_with_what_that_is_given() {
    let inner = runbook(
        "[inputs]\nleast = { type = 'integer' }",
        "with.least = '{{ inputs.least }}'",
    );
    let outer = |least: &str| {
        format!("{HEAD}[[steps]]\nid = 'call'\nuses = './inner.toml'\nwith.least = {least}\n")
    };
    let load = |least: &str| nested::load(&[("inner.toml", &inner), ("outer.toml", &outer(least))]);
    assert_eq!(titles(load("1")), NONE);
    let told = render_all(&load("10").expect_err("it is broken"), Style::Plain);
    assert!(
        told.contains("inner.toml") && told.contains("must be below `most`, 10"),
        "{told}"
    );
    assert!(told.contains("`call`"), "{told}");
}
