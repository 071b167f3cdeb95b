//! Before a run every account is bound to a profile and a region; nothing falls back to a default.

use rutter_diagnostic::Diagnostic;
use rutter_manifest::nearest;

use super::super::codes;
use super::super::model::Model;
use super::super::problems::Problems;

pub(super) fn check(model: &Model<'_>, problems: &mut Problems<'_>) {
    let Some(bindings) = model.bindings else {
        return;
    };
    let accounts = &model.runbook.accounts;
    for account in accounts {
        let name = account.name.value.as_str();
        let binding = bindings.get(name);
        let (title, help) = match binding {
            Some(binding) if binding.profile.is_empty() => (
                format!("the account `{name}` is bound to no profile"),
                format!("add `--account {name}=PROFILE`"),
            ),
            Some(binding) if binding.region.is_empty() => (
                format!("the account `{name}` has no region"),
                format!("add `--account {name}={}@REGION`", binding.profile),
            ),
            Some(_) => continue,
            None => (
                format!("the account `{name}` is bound to no profile"),
                format!("add `--account {name}=PROFILE`"),
            ),
        };
        problems.push_at(
            codes::ACCOUNT_UNBOUND,
            title,
            account.name.span,
            account.help.as_str(),
            Some(help),
        );
    }
    for name in bindings.keys() {
        if accounts.iter().any(|account| account.name.value == *name) {
            continue;
        }
        let title = format!("a profile is bound to `{name}`, which is no account of the runbook");
        let near = nearest(
            name,
            accounts.iter().map(|account| account.name.value.as_str()),
        );
        let mut problem = Diagnostic::warning(codes::UNUSED, title).file(problems.source);
        problem.help = near.map(|near| format!("did you mean `{near}`?"));
        problems.push(problem);
    }
}
