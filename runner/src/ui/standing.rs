//! What a change left in an account, named for people: the object's id, the account, what it costs.

use rutter_contracts::{Danger, charged, charged_kind};
use rutter_diagnostic::neutral::one_line;
use rutter_engine::{Back, Change, Run, Target};
use serde_json::Value;

use super::words::why;

/// `i-1 of ECS:RunInstances (change 4) in account source (1234567890123456), charged`.
pub(super) fn object(change: &Change, run: &Run) -> String {
    let mut text = match name_of(change) {
        Some(id) => format!("{} of {}", one_line(&id), one_line(&change.call.label())),
        None => one_line(&change.call.label()),
    };
    text.push_str(&format!(" (change {})", change.number));
    if let Some(passed) = &change.passed {
        text.push_str(&format!(", a {} made in passing,", one_line(&passed.kind)));
    }
    if let Some(account) = &change.call.account {
        text.push_str(&format!(" in account {}", one_line(&account.to_string())));
        if let Some(identity) = run.identity(account.name()) {
            text.push_str(&format!(" ({})", one_line(&identity.id)));
        }
    }
    if is_charged(change) {
        text.push_str(", charged");
    }
    text
}

/// The changes of a run that was taken back which stay, and those that wait for a person: a line each,
/// newest first.
pub(super) fn left_standing(run: &Run) -> Vec<String> {
    let changes = run.changes().iter().rev();
    let left = changes.filter_map(|change| {
        let reason = match &change.back {
            Back::Left(reason) if change.stands() => one_line(reason),
            Back::Failed(fault) if change.waits_for_settlement() => why(fault),
            _ => return None,
        };
        let object = object(change, run);
        Some(format!("{}: {object} stands: {reason}", change.at.step))
    });
    left.collect()
}

/// Whether what a change made is paid for as long as it stands.
fn is_charged(change: &Change) -> bool {
    if let Some(passed) = &change.passed {
        return charged_kind(&passed.kind);
    }
    let Target::Api(api) = &change.call.target else {
        return false;
    };
    let action = rutter_contracts::action(&api.product, &api.action);
    let costs =
        action.is_some_and(|action| action.danger_of(&api.parameters) == Some(Danger::Costs));
    costs || charged(&api.product, &api.action)
}

/// The id in the answer; before it is known, the name or id in the parameters.
fn name_of(change: &Change) -> Option<String> {
    let parameters = match &change.call.target {
        Target::Api(api) => Some(&api.parameters),
        _ => None,
    };
    let answered = change.answer().and_then(|answer| id_in(answer, &["Id"]));
    answered.or_else(|| parameters.and_then(|parameters| id_in(parameters, &["Id", "Name"])))
}

/// The first text below a field whose name ends so; the cloud's id of the request is none.
fn id_in(value: &Value, endings: &[&str]) -> Option<String> {
    let members = value.as_object()?;
    let none = ["RequestId", "RegionId", "ZoneId"];
    let is_id =
        |name: &str| !none.contains(&name) && endings.iter().any(|ending| name.ends_with(ending));
    let own = members.iter().filter(|(name, _)| is_id(name));
    let found = own.filter_map(|(_, value)| value.as_str()).next();
    found.map(str::to_owned).or_else(|| {
        members.values().find_map(|value| match value {
            Value::Object(_) => id_in(value, endings),
            Value::Array(list) => list.iter().find_map(Value::as_str).map(str::to_owned),
            _ => None,
        })
    })
}
