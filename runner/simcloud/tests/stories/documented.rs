//! An answer against its documents: the cloud shows nothing else, and nothing as another type.

use rutter_contracts::Action;
use rutter_simcloud::Response;
use serde_json::Value;

/// Returns what is in an answer that the action's documents do not have, or have as another type.
pub fn undocumented(contract: &Action, body: &Value) -> Vec<String> {
    let mut problems = Vec::new();
    walk(contract, "", body, &mut problems);
    problems
}

/// Returns why a refusal cannot be what the documents say of its code; they give some codes several times.
pub fn wrong_status(contract: &Action, response: &Response) -> Vec<String> {
    let code = response.body["Code"].as_str().unwrap_or_default();
    let statuses: Vec<u16> = contract
        .errors
        .iter()
        .filter(|error| error.code == code)
        .filter_map(|error| error.http)
        .collect();
    let status = response.status;
    if statuses.is_empty() || statuses.contains(&status) {
        return Vec::new();
    }
    vec![format!(
        "{code} has status {status} and is documented with {statuses:?}"
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
