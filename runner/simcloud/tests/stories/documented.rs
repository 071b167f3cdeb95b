//! An answer against its documents: the cloud shows nothing else, and nothing as another type.

use rutter_contracts::{Action, DocumentedError};
use rutter_simcloud::Response;
use serde_json::Value;

/// Returns what is in an answer that the action's documents do not have, or have as another type.
pub fn undocumented(contract: &Action, body: &Value) -> Vec<String> {
    let mut problems = Vec::new();
    walk(contract, "", body, &mut problems);
    problems
}

/// Refusals that the documents do not have among those of their code, although other pages tell of them.
const OTHER_WORDS: [(&str, &str); 2] = [
    // The page lists the parameters that were missing first.
    ("RunInstances", "SecurityGroupId"),
    ("AssumeRole", "Roles may not be assumed by root accounts."),
];

/// Returns why a refusal cannot be what the documents say of its code: another status, or other words. They give some
/// codes several times. The simulated cloud may say more after the documented words.
pub fn wrong_refusal(contract: &Action, response: &Response) -> Vec<String> {
    let code = response.body["Code"].as_str().unwrap_or_default();
    let said = response.body["Message"].as_str().unwrap_or_default();
    let documented: Vec<_> = contract
        .errors
        .iter()
        .filter(|error| error.code == code)
        .collect();
    let fits = |error: &&DocumentedError| {
        let status = error.http.is_none_or(|status| status == response.status);
        let words = error.message.as_deref().unwrap_or_default();
        status && said.starts_with(words.trim_end_matches('.'))
    };
    let is_known = OTHER_WORDS
        .iter()
        .any(|(action, words)| contract.name == *action && said.contains(words));
    if documented.is_empty() || is_known || documented.iter().any(fits) {
        return Vec::new();
    }
    let status = response.status;
    vec![format!(
        "{code} with status {status} and `{said}` is documented as {documented:?}"
    )]
}

fn walk(contract: &Action, path: &str, value: &Value, problems: &mut Vec<String>) {
    match contract.response.get(path).map(String::as_str) {
        Some("map" | "any") => {}
        Some(declared) if !is_a(value, declared) => {
            problems.push(format!("{path} is {value} and documented as {declared}"));
        }
        Some(_) => {}
        None => inside(contract, path, value, problems),
    }
}

fn inside(contract: &Action, path: &str, value: &Value, problems: &mut Vec<String>) {
    let below = |name: &str| match path {
        "" => name.to_owned(),
        path => format!("{path}.{name}"),
    };
    match value {
        Value::Object(fields) if is_above(contract, &below("")) => {
            for (name, value) in fields {
                walk(contract, &below(name), value, problems);
            }
        }
        Value::Array(items) if is_above(contract, &format!("{path}[]")) => {
            for item in items {
                walk(contract, &format!("{path}[]"), item, problems);
            }
        }
        _ => problems.push(format!("{path} is {value} and not documented")),
    }
}

fn is_above(contract: &Action, start: &str) -> bool {
    contract.response.keys().any(|path| path.starts_with(start))
}

fn is_a(value: &Value, declared: &str) -> bool {
    match declared {
        "string" => value.is_string(),
        "integer" => value.is_i64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        _ => false,
    }
}
