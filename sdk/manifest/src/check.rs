//! Values held against fields: checked, completed with defaults, durations turned into milliseconds.

use indexmap::IndexMap;
use serde_json::{Map, Value};

use crate::bounds::MATCHED_MAX;
use crate::duration::{duration_text, parse_duration};
use crate::field::{Field, FieldKind};
use crate::name::{is_account_id, is_region, nearest};
use crate::unseen::{is_unseen, unseen_in, written_out};

/// One way in which a value does not fit its field. Never holds the value of a secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{path}`: {message}")]
pub struct FieldProblem {
    /// The path to the value: `source.role`, `names[0]`.
    pub path: String,
    /// What is wrong, a fragment fit to follow the path.
    pub message: String,
    /// What to write instead.
    pub help: Option<String>,
}

/// Checks a table of values against its fields and completes it.
///
/// # Errors
/// Every way in which it does not fit, in the order of the fields.
pub fn check_all(
    fields: &IndexMap<String, Field>,
    value: &Value,
) -> Result<Value, Vec<FieldProblem>> {
    check_known(fields, value, &|_| false)
}

/// As [`check_all`], but what `unknown` recognises (an expression that has no value yet) fits every
/// field and is left as it is.
///
/// # Errors
/// As [`check_all`].
pub fn check_known(
    fields: &IndexMap<String, Field>,
    value: &Value,
    unknown: &dyn Fn(&Value) -> bool,
) -> Result<Value, Vec<FieldProblem>> {
    let mut check = Check {
        unknown,
        problems: Vec::new(),
    };
    let completed = check.table("", fields, value);
    check.finish(completed)
}

impl Field {
    /// Checks one value and completes it with defaults. `path` is where it stands, for problems.
    ///
    /// # Errors
    /// Every way in which it does not fit.
    pub fn check(&self, path: &str, value: &Value) -> Result<Value, Vec<FieldProblem>> {
        self.check_known(path, value, &|_| false)
    }

    /// As [`Field::check`], but what `unknown` recognises fits and is left as it is.
    ///
    /// # Errors
    /// As [`Field::check`].
    pub fn check_known(
        &self,
        path: &str,
        value: &Value,
        unknown: &dyn Fn(&Value) -> bool,
    ) -> Result<Value, Vec<FieldProblem>> {
        let mut check = Check {
            unknown,
            problems: Vec::new(),
        };
        let completed = check.field(path, self, value);
        check.finish(completed)
    }
}

/// Collects problems on the way through a value.
struct Check<'a> {
    unknown: &'a dyn Fn(&Value) -> bool,
    problems: Vec<FieldProblem>,
}

impl Check<'_> {
    fn finish(self, completed: Value) -> Result<Value, Vec<FieldProblem>> {
        if self.problems.is_empty() {
            Ok(completed)
        } else {
            Err(self.problems)
        }
    }

    fn problem(&mut self, path: &str, message: impl Into<String>, help: Option<String>) -> Value {
        self.problems.push(FieldProblem {
            path: path.to_owned(),
            message: message.into(),
            help,
        });
        Value::Null
    }

    fn table(&mut self, path: &str, fields: &IndexMap<String, Field>, value: &Value) -> Value {
        if (self.unknown)(value) {
            return value.clone();
        }
        let Value::Object(given) = value else {
            return self.wrong_type(path, "a table", value);
        };
        for key in given.keys().filter(|key| !fields.contains_key(*key)) {
            let near = nearest(key, fields.keys().map(String::as_str));
            let help = near.map(|name| format!("did you mean `{name}`?"));
            self.problem(&join(path, key), "there is no such field", help);
        }
        let mut completed = Map::new();
        for (name, field) in fields {
            let path = join(path, name);
            match given.get(name).filter(|value| !value.is_null()) {
                Some(value) => {
                    completed.insert(name.clone(), self.field(&path, field, value));
                }
                None => {
                    if let Some(value) = self.absent(&path, field) {
                        completed.insert(name.clone(), value);
                    }
                }
            }
        }
        Value::Object(completed)
    }

    /// The value of a field that was left out, if it has one.
    fn absent(&mut self, path: &str, field: &Field) -> Option<Value> {
        if let Some(default) = &field.default {
            return Some(default.clone());
        }
        if field.optional {
            return None;
        }
        // A table all of whose fields may be left out may be left out itself.
        if field.kind == FieldKind::Table
            && !field.fields.is_empty()
            && field.fields.values().all(Field::may_be_absent)
        {
            return Some(self.table(path, &field.fields, &Value::Object(Map::new())));
        }
        self.problem(path, "is missing", field.help.clone());
        None
    }

    fn field(&mut self, path: &str, field: &Field, value: &Value) -> Value {
        if (self.unknown)(value) {
            return value.clone();
        }
        let problems_before = self.problems.len();
        let completed = self.typed(path, field, value);
        if self.problems.len() == problems_before {
            self.rules(path, field, &completed);
        }
        completed
    }

    fn typed(&mut self, path: &str, field: &Field, value: &Value) -> Value {
        match (field.kind, value) {
            (FieldKind::String, Value::String(_))
            | (FieldKind::Secret, Value::String(_))
            | (FieldKind::Boolean, Value::Bool(_)) => value.clone(),
            (FieldKind::Integer, Value::Number(number)) => match whole(number) {
                Some(number) => number.into(),
                None => self.wrong_type(path, "a whole number", value),
            },
            (FieldKind::Number, Value::Number(_)) => value.clone(),
            (FieldKind::Duration, value) => self.duration(path, value),
            (FieldKind::List, Value::Array(items)) => self.list(path, field, items),
            (FieldKind::Table, Value::Object(_)) if field.fields.is_empty() => value.clone(),
            (FieldKind::Table, value) if !value.is_object() && field.holds_secret() => {
                self.problem(path, "expected a table", None)
            }
            (FieldKind::Table, value) => self.table(path, &field.fields, value),
            (FieldKind::AccountId, Value::String(id)) if is_account_id(id) => value.clone(),
            (FieldKind::AccountId, value) => self.wrong_account_id(path, value),
            (FieldKind::Region, Value::String(region)) if is_region(region) => value.clone(),
            (FieldKind::Secret, _) => self.problem(path, "a secret is text", None),
            // What was meant for a secret within may stand here.
            (kind, _) if field.holds_secret() => {
                self.problem(path, format!("expected {}", expected(kind)), None)
            }
            (kind, value) => self.wrong_type(path, expected(kind), value),
        }
    }

    fn list(&mut self, path: &str, field: &Field, items: &[Value]) -> Value {
        let Some(item_field) = &field.items else {
            return Value::Array(items.to_vec());
        };
        let item = |(index, item): (usize, &Value)| {
            self.field(&format!("{path}[{index}]"), item_field, item)
        };
        Value::Array(items.iter().enumerate().map(item).collect())
    }

    /// Text becomes milliseconds; a number is milliseconds already.
    fn duration(&mut self, path: &str, value: &Value) -> Value {
        let duration_ms = match value {
            Value::String(text) => parse_duration(text),
            Value::Number(number) => whole(number).and_then(|number| u64::try_from(number).ok()),
            _ => None,
        };
        match duration_ms {
            Some(duration_ms) => duration_ms.into(),
            None => self.wrong_type(path, expected(FieldKind::Duration), value),
        }
    }

    fn wrong_account_id(&mut self, path: &str, value: &Value) -> Value {
        let help = match value {
            Value::Number(number) if is_account_id(&number.to_string()) => {
                Some(format!("put it in quotes: \"{number}\""))
            }
            _ => Some("an account's id is digits, as text: mostly 16".to_owned()),
        };
        let message = told(format!("{} is not an account's id", shown(value)), value);
        self.problem(path, message, help)
    }

    fn wrong_type(&mut self, path: &str, expected: &str, value: &Value) -> Value {
        self.problem(
            path,
            told(format!("expected {expected}, got {}", shown(value)), value),
            None,
        )
    }

    /// The rules that hold besides the type. `value` has the type already.
    fn rules(&mut self, path: &str, field: &Field, value: &Value) {
        if let (Some(pattern), Value::String(text)) = (&field.pattern, value) {
            if text.len() > MATCHED_MAX {
                let message = format!("has more than {MATCHED_MAX} bytes, too many for a pattern");
                self.problem(path, message, field.help.clone());
                return;
            }
            let regex = regex_lite::Regex::new(pattern);
            if !regex.is_ok_and(|regex| regex.is_match(text)) {
                let message = told(
                    format!("{} does not match `{pattern}`", shown(value)),
                    value,
                );
                self.problem(path, message, field.help.clone());
            }
        }
        if !field.one_of.is_empty() && !field.one_of.contains(value) {
            let allowed: Vec<String> = field.one_of.iter().map(shown).collect();
            let near = value
                .as_str()
                .and_then(|text| nearest(text, field.one_of.iter().filter_map(Value::as_str)));
            let message = format!("{} is none of {}", shown(value), allowed.join(", "));
            let message = told(message, value);
            self.problem(
                path,
                message,
                near.map(|name| format!("did you mean `{name}`?")),
            );
        }
        self.bounds(path, field, value);
    }

    fn bounds(&mut self, path: &str, field: &Field, value: &Value) {
        let (measure, unit) = match (field.kind, value) {
            (FieldKind::String, Value::String(text)) => {
                (text.chars().count() as f64, " characters")
            }
            (FieldKind::List, Value::Array(items)) => (items.len() as f64, " items"),
            (FieldKind::Integer | FieldKind::Number | FieldKind::Duration, value) => {
                (value.as_f64().unwrap_or_default(), "")
            }
            _ => return,
        };
        let bound = |limit: f64| match field.kind {
            FieldKind::Duration => duration_text(limit.max(0.0) as u64),
            _ => format!("{limit}{unit}"),
        };
        if let Some(min) = field.min.filter(|min| measure < *min) {
            self.problem(
                path,
                format!("must be at least {}, is {}", bound(min), bound(measure)),
                None,
            );
        }
        if let Some(max) = field.max.filter(|max| measure > *max) {
            self.problem(
                path,
                format!("must be at most {}, is {}", bound(max), bound(measure)),
                None,
            );
        }
    }
}

/// A whole number, also when it was computed as `3.0`.
fn whole(number: &serde_json::Number) -> Option<i64> {
    number.as_i64().or_else(|| {
        let float = number.as_f64()?;
        // Beyond 2^53 a double no longer tells neighbours apart.
        (float.fract() == 0.0 && float.abs() <= 9_007_199_254_740_992.0).then_some(float as i64)
    })
}

fn expected(kind: FieldKind) -> &'static str {
    match kind {
        FieldKind::String | FieldKind::Secret => "text",
        FieldKind::Integer => "a whole number",
        FieldKind::Number => "a number",
        FieldKind::Boolean => "`true` or `false`",
        FieldKind::Duration => "a duration such as `90s`, `5m`, `12h` or `2d`",
        FieldKind::List => "a list",
        FieldKind::Table => "a table",
        FieldKind::AccountId => "the id of an account",
        FieldKind::Region => "the id of a region such as `cn-hangzhou`",
    }
}

/// A value as a message shows it: short, and never the inside of a table, which may hold a secret.
fn shown(value: &Value) -> String {
    const SHOWN_MAX: usize = 80;
    match value {
        Value::Null => "nothing".to_owned(),
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "a table".to_owned(),
        Value::String(text) if text.chars().count() > SHOWN_MAX => {
            format!(
                "`{}…`",
                seen(&text.chars().take(SHOWN_MAX).collect::<String>())
            )
        }
        Value::String(text) => format!("`{}`", seen(text)),
        other => format!("`{other}`"),
    }
}

/// A text with what nobody sees written out.
fn seen(text: &str) -> String {
    let mut seen = String::with_capacity(text.len());
    for character in text.chars() {
        match is_unseen(character) && !matches!(character, '\n' | '\t') {
            true => seen.push_str(&written_out(character)),
            false => seen.push(character),
        }
    }
    seen
}

/// A message about a value, which says too what in it nobody sees: it came along when it was copied.
fn told(message: String, value: &Value) -> String {
    match value.as_str().and_then(unseen_in) {
        Some(unseen) => format!("{message}: it holds {unseen}"),
        None => message,
    }
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() {
        name.to_owned()
    } else {
        format!("{path}.{name}")
    }
}
