//! Built-in steps are about the run: they work in no account, run once, and are not tried again.

use super::super::codes;
use super::super::file::Used;
use super::super::model::Model;
use super::super::problems::Problems;
use super::super::schema::Accounts;

pub(super) fn check(model: &Model<'_>, problems: &mut Problems<'_>) {
    for (step, used) in model.runbook.steps.iter().zip(model.used) {
        let Some(Used::BuiltIn(built_in)) = used else {
            continue;
        };
        let account = match &step.accounts {
            Accounts::None => None,
            Accounts::One(account) => Some(account.span),
            Accounts::Many(span, _) => Some(*span),
        };
        let keys = [
            ("account", account),
            ("for_each", step.for_each.as_ref().map(|over| over.span)),
            ("retry", step.retry.as_ref().map(|retry| retry.span)),
            (
                "timeout",
                step.timeout_ms.as_ref().map(|timeout| timeout.span),
            ),
            (
                "confirm",
                step.confirm.as_ref().map(|confirm| confirm.message.span),
            ),
        ];
        for (key, span) in keys {
            if let Some(span) = span {
                let title = format!(
                    "`{key}` means nothing to `{}`, which is built in",
                    built_in.name()
                );
                let help = Some(format!("leave `{key}` out"));
                problems.push_at(codes::BUILT_IN, title, span, "", help);
            }
        }
    }
}
