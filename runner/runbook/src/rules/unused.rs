//! What is declared and never used is probably a slip: a warning.

use std::collections::HashSet;

use rutter_diagnostic::{Diagnostic, Span};

use super::super::codes;
use super::super::model::Model;
use super::super::problems::Problems;
use super::super::schema::Accounts;

pub(super) fn check(model: &Model<'_>, problems: &mut Problems<'_>) {
    let mut read: HashSet<(String, String)> = HashSet::new();
    for (_, reference, _) in model.references(problems) {
        if let Some(name) = reference.name() {
            read.insert((reference.root.clone(), name.to_owned()));
        }
    }
    let reads = |root: &str, name: &str| read.contains(&(root.to_owned(), name.to_owned()));
    let mut warn = |title: String, span: Span| {
        let warning = Diagnostic::warning(codes::UNUSED, title).at(problems.source, span, "");
        problems.list.push(warning);
    };
    for input in &model.runbook.inputs {
        let name = &input.name.value;
        if !reads("inputs", name) {
            warn(format!("the input `{name}` is never read"), input.name.span);
        }
    }
    for account in &model.runbook.accounts {
        let name = &account.name.value;
        let works = model.runbook.steps.iter().any(|step| match &step.accounts {
            Accounts::None => false,
            Accounts::One(one) => one.value == *name,
            Accounts::Many(_, many) => many.iter().any(|(_, ours)| ours.value == *name),
        });
        if !works && !reads("accounts", name) {
            warn(
                format!("no step works in the account `{name}`"),
                account.name.span,
            );
        }
    }
}
