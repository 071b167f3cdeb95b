//! The values of a runbook's inputs: from `--set`, a file, the environment, or a person, in that
//! order of strength; converted, checked, completed, and secrets set apart.

use std::collections::BTreeSet;

use rutter_diagnostic::{Diagnostic, Source, Span, shell};
use rutter_manifest::{
    Field, FieldKind, FieldProblem, duration_text, is_usual_account_id, nearest, unseen_in,
};
use rutter_meaning::Rule;
use rutter_meaning::held;
use rutter_meaning::placeholder::placeholders;
use serde_json::{Map, Value};

use super::codes;
use super::document::{self, FILE_BYTES_MAX, Node, NodeKind};
use super::problems::Problems;
use super::quoting::{quotable, takes_secrets, without_quoting};
use super::schema::{Input, Runbook};
use super::secret_inputs::{SecretInputs, variable};
use super::sources::{Ask, InputSources};

/// The values found.
#[derive(Default)]
pub(super) struct Values<'a> {
    /// By name; secrets as placeholders, an absent optional input as null.
    pub known: Map<String, Value>,
    /// Those that nobody gave, where others are still missing: a run may begin with other values.
    pub assumed: BTreeSet<String>,
    pub secrets: SecretInputs,
    /// The inputs that must be given and were not.
    pub missing: Vec<Missing<'a>>,
}

/// An input that nobody gave.
pub(super) type Missing<'a> = (&'a Input, &'a Field);

/// A value as it was given.
struct Given {
    value: Value,
    /// For people: `--set`, the file's name, the variable.
    from: String,
    place: Option<(Source, Span)>,
}

/// Gathers the values.
pub(super) fn gather<'a>(
    runbook: &'a Runbook,
    sources: &InputSources<'_>,
    secret: &dyn Fn(&str) -> String,
    problems: &mut Problems<'_>,
) -> Values<'a> {
    let file = sources
        .file
        .as_ref()
        .and_then(|path| read_file(&path.display().to_string(), runbook, problems));
    warn_of_lax_file(runbook, sources, file.as_ref(), problems);
    report_unknown_sets(runbook, sources, problems);
    let mut values = Values::default();
    for input in &runbook.inputs {
        let Some(field) = &input.field else { continue };
        let given = match find(input, field, sources, file.as_ref(), problems) {
            Ok(given) => given,
            Err(Refused) => continue,
        };
        match given {
            Some(given) => {
                let kept = &mut values.secrets;
                if let Some(value) = accept(input, field, given, secret, kept, problems) {
                    values.known.insert(input.name.value.clone(), value);
                }
            }
            None if had_secret(field, sources.before.get(&input.name.value)) => {
                values.missing.push((input, field));
            }
            None => match &field.default {
                None if !field.optional => values.missing.push((input, field)),
                default => {
                    let name = input.name.value.clone();
                    values.assumed.insert(name.clone());
                    let value = default.clone().unwrap_or_default();
                    values.known.insert(name, value);
                }
            },
        }
    }
    // A secret is mostly given last, by other means, and goes with any values of the others.
    let mut missing = values.missing.iter();
    if missing.all(|(_, field)| field.holds_secret()) {
        values.assumed.clear();
    }
    values
}

/// A value that was given and cannot be used; it has been reported.
struct Refused;

fn find(
    input: &Input,
    field: &Field,
    sources: &InputSources<'_>,
    file: Option<&(Source, Node)>,
    problems: &mut Problems<'_>,
) -> Result<Option<Given>, Refused> {
    let name = input.name.value.as_str();
    let variable = variable(name);
    if let Some((_, text)) = sources.set.iter().rev().find(|(set, _)| set == name) {
        if field.holds_secret() {
            problems.push(
                Diagnostic::error(
                    codes::SECRET,
                    format!("the input `{name}` is a secret and cannot be given by `--set`"),
                )
                .at(problems.source, input.name.span, "declared as a secret")
                .help(format!(
                    "others could read it from the list of processes: use the environment (`{variable}`) or an inputs file"
                )),
            );
            return Err(Refused);
        }
        return from_text(input, field, text, "--set", problems).map(Some);
    }
    if let Some((source, root)) = file
        && let (node, true) = root.find(name)
    {
        return Ok(Some(Given {
            value: node.to_json(&mut |text, _| text.into()),
            from: source.name().to_owned(),
            place: Some((source.clone(), node.span)),
        }));
    }
    match sources.environment.get(&variable) {
        Some(text) => from_text(input, field, text, &variable, problems).map(Some),
        None => Ok(before(field, sources.before.get(name))),
    }
}

/// What the run began with, as somebody would write it. A secret is not known any more.
fn before(field: &Field, value: Option<&Value>) -> Option<Given> {
    let value = value.filter(|value| !value.is_null() && !field.holds_secret())?;
    Some(Given {
        value: as_written(field, value),
        from: "the run".to_owned(),
        place: None,
    })
}

/// Whether the run began with a secret, which is not known any more: it has to be given again.
fn had_secret(field: &Field, before: Option<&Value>) -> bool {
    field.holds_secret() && before.is_some_and(|value| !value.is_null())
}

fn as_written(field: &Field, value: &Value) -> Value {
    match (field.kind, value) {
        (FieldKind::Duration, Value::Number(number)) => match number.as_u64() {
            Some(duration_ms) => duration_text(duration_ms).into(),
            None => value.clone(),
        },
        (FieldKind::List, Value::Array(items)) => match &field.items {
            Some(inner) => items.iter().map(|item| as_written(inner, item)).collect(),
            None => value.clone(),
        },
        (FieldKind::Table, Value::Object(entries)) => {
            let written = entries.iter().map(|(key, value)| {
                let inner = field.fields.get(key);
                let value = inner.map_or_else(|| value.clone(), |inner| as_written(inner, value));
                (key.clone(), value)
            });
            // What was left out has no value.
            written.filter(|(_, value)| !value.is_null()).collect()
        }
        _ => value.clone(),
    }
}

/// Turns text from the command line or the environment into a value of the field's type.
fn from_text(
    input: &Input,
    field: &Field,
    text: &str,
    from: &str,
    problems: &mut Problems<'_>,
) -> Result<Given, Refused> {
    let value = match field.kind {
        FieldKind::Integer => text.trim().parse::<i64>().ok().map(Value::from),
        FieldKind::Number => text
            .trim()
            .parse::<f64>()
            .ok()
            .filter(|number| number.is_finite())
            .map(Value::from),
        FieldKind::Boolean => text.trim().parse::<bool>().ok().map(Value::from),
        FieldKind::List => serde_json::from_str(text).ok().filter(Value::is_array),
        FieldKind::Table => serde_json::from_str(text).ok().filter(Value::is_object),
        _ => Some(text.into()),
    };
    let Some(value) = value else {
        let help = match field.kind {
            FieldKind::List => Some("write a list as JSON: `[\"a\", \"b\"]`"),
            FieldKind::Table => Some("write a table as JSON: `{\"a\": 1}`"),
            FieldKind::Boolean => Some("write `true` or `false`"),
            _ => None,
        };
        let title = format!(
            "the input `{}` from {from} is not of type {}",
            input.name.value,
            field.kind.name()
        );
        problems.push_at(
            codes::INPUT_VALUE,
            title,
            input.name.span,
            format!("declared as {}", field.kind.name()),
            help.map(str::to_owned),
        );
        return Err(Refused);
    };
    Ok(Given {
        value,
        from: from.to_owned(),
        place: None,
    })
}

/// Checks a value and sets its secrets apart.
fn accept(
    input: &Input,
    field: &Field,
    mut given: Given,
    secret: &dyn Fn(&str) -> String,
    secrets: &mut SecretInputs,
    problems: &mut Problems<'_>,
) -> Option<Value> {
    let name = &input.name.value;
    let mut wrong = match held::hold(Rule::EmptySecrets) {
        true => without_empty_secrets(name, field, &mut given.value),
        false => Vec::new(),
    };
    stand_ins(name, &given.value, &mut wrong);
    let value = match given.value.is_null() && field.optional {
        true => Ok(Value::Null),
        false => checked(field, name, &given.value),
    };
    match value.and_then(|value| {
        if wrong.is_empty() {
            Ok(value)
        } else {
            Err(wrong)
        }
    }) {
        Ok(value) => {
            warn_of_unseen(input, field, &given, problems);
            warn_of_unusual(input, field, &given, problems);
            Some(set_apart(name, field, value, secret, secrets))
        }
        Err(found) => {
            for problem in found {
                let title = format!("the input `{}`: {}", problem.path, problem.message);
                let diagnostic = Diagnostic::error(codes::INPUT_VALUE, title);
                let mut diagnostic = match &given.place {
                    Some((source, span)) => diagnostic.at(source, *span, ""),
                    None => diagnostic.at(
                        problems.source,
                        input.name.span,
                        format!("given by {}", given.from),
                    ),
                };
                diagnostic.help = problem.help.or_else(|| field.help.clone());
                problems.push(diagnostic);
            }
            None
        }
    }
}

/// Reports texts that would be taken for what stands for a secret: a run knows its secrets by those.
fn stand_ins(path: &str, value: &Value, found: &mut Vec<FieldProblem>) {
    match value {
        Value::String(text) if placeholders(text).next().is_some() => found.push(FieldProblem {
            path: path.to_owned(),
            message: "holds the placeholder of a secret from some run, not the secret itself"
                .to_owned(),
            help: Some("give the secret itself, to an input of type `secret`".to_owned()),
        }),
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                stand_ins(&format!("{path}[{index}]"), item, found);
            }
        }
        Value::Object(entries) => {
            for (key, value) in entries {
                stand_ins(&format!("{path}.{key}"), value, found);
            }
        }
        _ => {}
    }
}

/// Takes away empty texts where a secret may be absent, and reports the others: an empty text hides nothing,
/// and every text holds it.
fn without_empty_secrets(path: &str, field: &Field, value: &mut Value) -> Vec<FieldProblem> {
    match (field.kind, value) {
        (FieldKind::Secret, value) if value.as_str() == Some("") => {
            if field.optional {
                *value = Value::Null;
                return Vec::new();
            }
            vec![FieldProblem {
                path: path.to_owned(),
                message: "is empty, which is no secret".to_owned(),
                help: None,
            }]
        }
        (FieldKind::List, Value::Array(items)) => {
            let Some(inner) = &field.items else {
                return Vec::new();
            };
            let each = items.iter_mut().enumerate();
            each.flat_map(|(index, item)| {
                without_empty_secrets(&format!("{path}[{index}]"), inner, item)
            })
            .collect()
        }
        (FieldKind::Table, Value::Object(entries)) => {
            let each = field.fields.iter().filter_map(|(key, inner)| {
                let value = entries.get_mut(key)?;
                Some(without_empty_secrets(
                    &format!("{path}.{key}"),
                    inner,
                    value,
                ))
            });
            each.flatten().collect()
        }
        _ => Vec::new(),
    }
}

/// Names a character in an input that nobody sees: it came along when the value was copied. Of a secret
/// only which character it is.
fn warn_of_unseen(input: &Input, field: &Field, given: &Given, problems: &mut Problems<'_>) {
    let Some(mut unseen) = unseen_within(&given.value) else {
        return;
    };
    if field.holds_secret() {
        unseen.truncate(unseen.find(' ').unwrap_or(unseen.len()));
    }
    let title = format!("the input `{}` holds {unseen}", input.name.value);
    let warning = Diagnostic::warning(codes::INPUT_UNSEEN, title);
    let warning = match &given.place {
        Some((source, span)) if !field.holds_secret() => warning.at(source, *span, ""),
        Some((source, _)) => warning.file(source),
        None => warning.at(
            problems.source,
            input.name.span,
            format!("given by {}", given.from),
        ),
    };
    problems.push(warning.help("the character is invisible: type the value instead of copying it"));
}

/// Says of an account's id that it has another length than those of today.
fn warn_of_unusual(input: &Input, field: &Field, given: &Given, problems: &mut Problems<'_>) {
    let Some(id) = given.value.as_str() else {
        return;
    };
    if field.kind != FieldKind::AccountId || is_usual_account_id(id) {
        return;
    }
    let (name, digits) = (&input.name.value, id.len());
    let title = format!("the input `{name}` is an account's id of {digits} digits");
    let warning = Diagnostic::warning(codes::INPUT_UNUSUAL, title);
    let warning = match &given.place {
        Some((source, span)) => warning.at(source, *span, ""),
        None => warning.at(
            problems.source,
            input.name.span,
            format!("given by {}", given.from),
        ),
    };
    problems.push(
        warning.help("most have 16: see whether one is missing, unless the account is an old one"),
    );
}

fn unseen_within(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => unseen_in(text),
        Value::Array(items) => items.iter().find_map(unseen_within),
        Value::Object(entries) => entries
            .iter()
            .find_map(|(key, value)| unseen_in(key).or_else(|| unseen_within(value))),
        _ => None,
    }
}

/// Holds a value against its field. Of a number that stands for a length of time nobody can tell the unit.
fn checked(field: &Field, name: &str, value: &Value) -> Result<Value, Vec<FieldProblem>> {
    if field.kind != FieldKind::Duration || !value.is_number() {
        return field.check(name, value);
    }
    Err(vec![FieldProblem {
        path: name.to_owned(),
        message: format!("{value} is a number without a unit"),
        help: Some("write a number and a unit: `90s`, `5m`, `12h`, `2d`".to_owned()),
    }])
}

/// Replaces each secret in a value by its placeholder.
fn set_apart(
    path: &str,
    field: &Field,
    value: Value,
    secret: &dyn Fn(&str) -> String,
    secrets: &mut SecretInputs,
) -> Value {
    match (field.kind, value) {
        (FieldKind::Secret, Value::String(text)) => {
            secrets.insert(path.to_owned(), text);
            secret(path).into()
        }
        (FieldKind::List, Value::Array(items)) => match &field.items {
            Some(inner) if inner.holds_secret() => items
                .into_iter()
                .enumerate()
                .map(|(index, item)| {
                    set_apart(&format!("{path}[{index}]"), inner, item, secret, secrets)
                })
                .collect(),
            _ => Value::Array(items),
        },
        (FieldKind::Table, Value::Object(entries)) => entries
            .into_iter()
            .map(|(key, value)| {
                let value = match field.fields.get(&key) {
                    Some(inner) => {
                        set_apart(&format!("{path}.{key}"), inner, value, secret, secrets)
                    }
                    None => value,
                };
                (key, value)
            })
            .collect(),
        (_, value) => value,
    }
}

/// Asks a person for what is missing, and returns the values by name; secrets as placeholders. What nobody
/// answers is reported.
pub(super) fn ask(
    missing: &[Missing<'_>],
    ask: &Ask<'_>,
    secret: &dyn Fn(&str) -> String,
    secrets: &mut SecretInputs,
    problems: &mut Problems<'_>,
) -> Map<String, Value> {
    let mut answers = Map::new();
    for missing @ (input, field) in missing {
        let name = &input.name.value;
        let Some(text) = ask(name, field) else {
            report(&[*missing], problems);
            continue;
        };
        if let Ok(given) = from_text(input, field, &text, "the answer", problems)
            && let Some(value) = accept(input, field, given, secret, secrets, problems)
        {
            answers.insert(name.clone(), value);
        }
    }
    answers
}

/// Reports inputs that nobody gave.
pub(super) fn report(missing: &[Missing<'_>], problems: &mut Problems<'_>) {
    for (input, field) in missing {
        let name = &input.name.value;
        let how = if field.holds_secret() {
            format!(
                "set {} in the environment, or put it into an inputs file",
                variable(name)
            )
        } else {
            format!("add `--set {name}=…`")
        };
        problems.push_at(
            codes::INPUT_MISSING,
            format!("the input `{name}` was not given"),
            input.name.span,
            field.help.clone().unwrap_or_default(),
            Some(how),
        );
    }
}

fn report_unknown_sets(runbook: &Runbook, sources: &InputSources<'_>, problems: &mut Problems<'_>) {
    for (name, _) in &sources.set {
        if runbook.inputs.iter().all(|input| input.name.value != *name) {
            let title = format!("the runbook has no input `{name}`, which `--set` gives");
            let mut problem = Diagnostic::error(codes::INPUT_UNKNOWN, title).file(problems.source);
            problem.help = Some(known_inputs(runbook, name));
            problems.push(problem);
        }
    }
}

fn known_inputs(runbook: &Runbook, name: &str) -> String {
    let names = || runbook.inputs.iter().map(|input| input.name.value.as_str());
    match nearest(name, names()) {
        Some(near) => format!("did you mean `{near}`?"),
        None if runbook.inputs.is_empty() => "it has no inputs".to_owned(),
        None => format!("its inputs are {}", names().collect::<Vec<_>>().join(", ")),
    }
}

/// Says that others may read a file in which a secret was found.
fn warn_of_lax_file(
    runbook: &Runbook,
    sources: &InputSources<'_>,
    file: Option<&(Source, Node)>,
    problems: &mut Problems<'_>,
) {
    let Some((path, (source, root))) = sources.file.as_ref().zip(file) else {
        return;
    };
    let mut inputs = runbook.inputs.iter();
    let holds_secret = inputs.any(|input| {
        let is_secret = input.field.as_ref().is_some_and(Field::holds_secret);
        is_secret && root.find(&input.name.value).1
    });
    if holds_secret && held::hold(Rule::Modes) && rutter_files::is_open_to_others(path) {
        let name = path.display();
        let title = format!("the inputs file `{name}` holds secrets, and other users can read it");
        let warning = Diagnostic::warning(codes::INPUT_FILE_LAX, title).file(source);
        problems.push(warning.help(format!("run `chmod 600 {}`", shell::path(path))));
    }
}

/// Reads the file of inputs; what is wrong with it is reported with its place in that file.
fn read_file(name: &str, runbook: &Runbook, problems: &mut Problems<'_>) -> Option<(Source, Node)> {
    let text = match super::read_text(std::path::Path::new(name), FILE_BYTES_MAX) {
        Ok(text) => text,
        Err(reason) => {
            let title = format!("the inputs file `{name}` cannot be read: {reason}");
            problems.push(Diagnostic::error(codes::INPUT_FILE, title));
            return None;
        }
    };
    let source = Source::new(name, text);
    let root = match document::parse(&source) {
        Ok(document) => document.root,
        Err(found) => {
            let found = found.into_iter();
            problems.list.extend(match takes_secrets(runbook) {
                true => found.map(without_quoting).collect(),
                false => found.collect::<Vec<_>>(),
            });
            return None;
        }
    };
    let source = quotable(&source, &root, runbook);
    for entry in &root.entries {
        if runbook
            .inputs
            .iter()
            .all(|input| input.name.value != entry.key)
        {
            let title = format!("the runbook has no input `{}`", entry.key);
            let mut problem =
                Diagnostic::error(codes::INPUT_UNKNOWN, title).at(&source, entry.key_span, "");
            problem.help = Some(known_inputs(runbook, &entry.key));
            problems.push(problem);
        }
    }
    let node = Node {
        span: root.span,
        kind: NodeKind::Table(root),
    };
    Some((source, node))
}
