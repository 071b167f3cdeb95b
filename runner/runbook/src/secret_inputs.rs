//! The real values of secret inputs: set apart when a runbook is loaded, and gathered again when a
//! run is taken up, because no journal holds them.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use rutter_diagnostic::{Diagnostic, Source};
use rutter_engine::Plan;
use rutter_manifest::{Field, FieldKind};
use rutter_meaning::Rule;
use rutter_meaning::held;
use serde_json::Value;
use zeroize::Zeroizing;

use super::codes;
use super::document::{self, FILE_BYTES_MAX, Table};
use super::path::{self, PathStep, root};
use super::quoting::without_quoting;
use super::read_text;
use super::sources::{ENVIRONMENT_PREFIX, InputSources};

/// The real values of secret inputs, by the path that their placeholder was made for: the input's
/// name, or `name.key` inside a table. Cannot print itself; wiped from memory when dropped.
#[derive(Default)]
pub struct SecretInputs(BTreeMap<String, Zeroizing<String>>);

impl fmt::Debug for SecretInputs {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_set().entries(self.0.keys()).finish()
    }
}

impl SecretInputs {
    /// The paths and their values.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|(path, value)| (path.as_str(), value.as_str()))
    }

    /// The value at a path.
    pub fn get(&self, path: &str) -> Option<&str> {
        self.0.get(path).map(|value| value.as_str())
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn insert(&mut self, path: String, value: String) {
        self.0.insert(path, Zeroizing::new(value));
    }
}

/// The paths of a plan's secret inputs, and the placeholder that stands at each. `is_secret` says of a
/// path and a text whether the text is one of that path's placeholders.
pub fn secret_places(
    plan: &Plan,
    is_secret: &dyn Fn(&str, &str) -> bool,
) -> BTreeMap<String, String> {
    let mut places = BTreeMap::new();
    for (name, value) in plan.inputs.as_object().into_iter().flatten() {
        placeholders(name, value, is_secret, &mut places);
    }
    places
}

/// Gathers secrets of a plan's inputs again, those at `paths`: from the inputs file, the environment, or
/// a person.
///
/// # Errors
/// One problem for each secret that nobody gave.
pub fn secrets_again<'a>(
    paths: impl ExactSizeIterator<Item = &'a String>,
    sources: &InputSources<'_>,
) -> Result<SecretInputs, Vec<Diagnostic>> {
    let mut secrets = SecretInputs::default();
    if paths.len() == 0 {
        return Ok(secrets);
    }
    let file = match &sources.file {
        Some(path) => Some(table_in(path)?),
        None => None,
    };
    let mut problems = Vec::new();
    for path in paths {
        let given = given(path, file.as_ref(), sources)
            .filter(|value| !value.is_empty() || !held::hold(Rule::EmptySecrets))
            .or_else(|| sources.ask.as_ref()?(path, &Field::new(FieldKind::Secret)));
        match given {
            Some(value) => secrets.insert(path.clone(), value),
            None => {
                let variable = variable(root(path));
                let title = format!("the secret input `{path}` was not given");
                problems.push(Diagnostic::error(codes::INPUT_MISSING, title).help(format!(
                    "set {variable} in the environment, or name an inputs file: secrets are not kept with a run"
                )));
            }
        }
    }
    if problems.is_empty() {
        Ok(secrets)
    } else {
        Err(problems)
    }
}

/// The variable that gives an input.
pub(super) fn variable(input: &str) -> String {
    format!("{ENVIRONMENT_PREFIX}{}", input.to_uppercase())
}

/// The paths at which a value is a placeholder of that very path.
fn placeholders(
    path: &str,
    value: &Value,
    is_secret: &dyn Fn(&str, &str) -> bool,
    found: &mut BTreeMap<String, String>,
) {
    match value {
        Value::String(text) if is_secret(path, text) => {
            found.insert(path.to_owned(), text.clone());
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                placeholders(&format!("{path}[{index}]"), item, is_secret, found);
            }
        }
        Value::Object(entries) => {
            for (key, value) in entries {
                placeholders(&format!("{path}.{key}"), value, is_secret, found);
            }
        }
        _ => {}
    }
}

/// The value at a path, from the file or the environment.
fn given(path: &str, file: Option<&Table>, sources: &InputSources<'_>) -> Option<String> {
    let root = root(path);
    let rest = path[root.len()..].trim_start_matches('.');
    let whole = match file.and_then(|file| file.get(root)) {
        Some(entry) => entry.value.to_json(&mut |text, _| text.into()),
        None => {
            let text = sources.environment.get(&variable(root))?;
            if rest.is_empty() {
                return Some(text.clone());
            }
            serde_json::from_str(text).ok()?
        }
    };
    let value = path::steps(rest).try_fold(&whole, |value, step| match step {
        PathStep::Index(index) => value.get(index),
        PathStep::Key(key) => value.get(key),
    })?;
    value.as_str().map(str::to_owned)
}

fn table_in(path: &Path) -> Result<Table, Vec<Diagnostic>> {
    let name = path.display().to_string();
    let text = read_text(path, FILE_BYTES_MAX).map_err(|reason| {
        let title = format!("the inputs file `{name}` cannot be read: {reason}");
        vec![Diagnostic::error(codes::INPUT_FILE, title)]
    })?;
    let document = document::parse(&Source::new(name, text))
        .map_err(|found| found.into_iter().map(without_quoting).collect::<Vec<_>>())?;
    Ok(document.root)
}
