//! A step says in which account it works, with the names that its plugin asks for.

use rutter_diagnostic::Span;
use rutter_manifest::{ONLY_ACCOUNT, nearest};

use super::super::codes;
use super::super::file::Used;
use super::super::model::Model;
use super::super::problems::Problems;
use super::super::schema::{Accounts, Step};
use super::super::spanned::Spanned;

pub(super) fn check(model: &Model<'_>, problems: &mut Problems<'_>) {
    for (step, used) in model.runbook.steps.iter().zip(model.used) {
        match &step.accounts {
            Accounts::None => {}
            Accounts::One(account) => exists(account, model, problems),
            Accounts::Many(_, names) => {
                for (_, account) in names {
                    exists(account, model, problems);
                }
            }
        }
        if let Some(wanted) = used.as_ref().and_then(Used::accounts) {
            fits(step, &wanted, model, problems);
        }
    }
}

fn exists(account: &Spanned<String>, model: &Model<'_>, problems: &mut Problems<'_>) {
    let names = || {
        model
            .runbook
            .accounts
            .iter()
            .map(|account| account.name.value.as_str())
    };
    let name = account.value.as_str();
    if names().any(|known| known == name) {
        return;
    }
    let help = match nearest(name, names()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("declare it: `[accounts.{name}]`"),
    };
    let title = format!("the runbook has no account `{name}`");
    problems.push_at(codes::ACCOUNT, title, account.span, "", Some(help));
}

/// Holds a step's accounts against those its plugin or its runbook needs.
fn fits(step: &Step, wanted: &[&str], model: &Model<'_>, problems: &mut Problems<'_>) {
    let plugin = step.uses.as_ref().map_or("", |uses| &uses.value);
    let id = &step.id.value;
    let example = model
        .runbook
        .accounts
        .first()
        .map_or("source", |account| &account.name.value);
    let mut report = |title: String, span: Span, help: Option<String>| {
        problems.push_at(codes::ACCOUNT, title, span, "", help);
    };
    match (&step.accounts, wanted) {
        (Accounts::None, []) => {}
        (Accounts::None, [_]) => report(
            format!("step `{id}` does not say in which account `{plugin}` works"),
            step.id.span,
            Some(format!("add `account = \"{example}\"`")),
        ),
        (Accounts::None, many) => report(
            format!("step `{id}` does not say in which accounts `{plugin}` works"),
            step.id.span,
            Some(format!("add `accounts = {{ {} }}`", pairs(many, example))),
        ),
        (Accounts::One(account), []) => report(
            format!("`{plugin}` works in no account"),
            account.span,
            Some("leave `account` out".to_owned()),
        ),
        (Accounts::One(_), [_]) => {}
        (Accounts::One(account), many) => report(
            format!("`{plugin}` works in {} accounts", many.len()),
            account.span,
            Some(format!("write `accounts = {{ {} }}`", pairs(many, example))),
        ),
        (Accounts::Many(span, names), wanted) => {
            for (theirs, _) in names {
                if !wanted.contains(&theirs.value.as_str()) {
                    let help = match (nearest(&theirs.value, wanted.iter().copied()), wanted) {
                        (Some(near), _) => format!("did you mean `{near}`?"),
                        (None, []) => "leave `accounts` out".to_owned(),
                        (None, [ONLY_ACCOUNT]) => format!("write `account = \"{example}\"`"),
                        (None, wanted) => format!("it asks for {}", wanted.join(", ")),
                    };
                    let title =
                        format!("`{plugin}` does not ask for an account `{}`", theirs.value);
                    report(title, theirs.span, Some(help));
                }
            }
            for name in wanted {
                if names.iter().all(|(theirs, _)| theirs.value != *name) {
                    report(
                        format!(
                            "step `{id}` does not say which account is the `{name}` of `{plugin}`"
                        ),
                        *span,
                        Some(format!("add `{name} = \"{example}\"`")),
                    );
                }
            }
        }
    }
}

fn pairs(names: &[&str], example: &str) -> String {
    let pairs: Vec<String> = names
        .iter()
        .map(|name| format!("{name} = \"{example}\""))
        .collect();
    pairs.join(", ")
}
