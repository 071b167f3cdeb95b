//! Before a run every account is bound to a profile and a region; nothing falls back to a default.

use rutter_diagnostic::{Diagnostic, shell};
use rutter_manifest::nearest;

use super::super::codes;
use super::super::model::Model;
use super::super::problems::Problems;
use crate::Binding;

pub(super) fn check(model: &Model<'_>, problems: &mut Problems<'_>) {
    let Some(bindings) = model.bindings else {
        return;
    };
    let accounts = &model.runbook.accounts;
    for account in accounts {
        let name = account.name.value.as_str();
        let (span, help_of) = (account.name.span, account.help.as_str());
        let binding = bindings.get(name);
        if let Some((code, title, help)) = fault(name, binding) {
            problems.push_at(code, title, span, help_of, Some(help));
        } else if let Some(doubt) = binding.and_then(|binding| binding.doubt.as_ref()) {
            let title = format!("the account `{name}`: {}", doubt.what);
            let mut problem =
                Diagnostic::warning(codes::SAME_LOGIN, title).at(problems.source, span, "");
            problem.help = Some(doubt.help.clone());
            problems.push(problem);
        }
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
        let mut problem = Diagnostic::error(codes::UNKNOWN_ACCOUNT, title).file(problems.source);
        let names: Vec<_> = accounts
            .iter()
            .map(|account| account.name.value.as_str())
            .collect();
        problem.help = Some(match near {
            Some(near) => format!("did you mean `{near}`?"),
            None if names.is_empty() => "it has no accounts: leave the binding out".to_owned(),
            None => format!("its accounts are: {}", names.join(", ")),
        });
        problems.push(problem);
    }
}

/// Why an account cannot be used: the code, the title and the help.
fn fault(name: &str, binding: Option<&Binding>) -> Option<(&'static str, String, String)> {
    let Some(binding) = binding.filter(|binding| !binding.profile.is_empty()) else {
        return Some((
            codes::ACCOUNT_UNBOUND,
            format!("the account `{name}` is bound to no profile"),
            format!("add `--account {name}=PROFILE`"),
        ));
    };
    if let Some(fault) = &binding.fault {
        let title = format!("the account `{name}`: {}", fault.what);
        return Some((codes::CREDENTIALS, title, fault.help.clone()));
    }
    binding.region.is_empty().then(|| {
        (
            codes::ACCOUNT_UNBOUND,
            format!("the account `{name}` has no region"),
            format!(
                "add `--account {name}={}@REGION`",
                shell::word(&binding.profile)
            ),
        )
    })
}
