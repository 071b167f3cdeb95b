//! Judges structured parameters against what the action documents, in the cloud's own words.

use serde_json::Value;

use crate::action::Action;
use crate::parameter::{Encoding, Parameter, ParameterKind, Required};
use crate::wire_names::{Leaf, pattern_of, walk};

mod words;

/// What is wrong with a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ProblemKind {
    /// It must be given and is not.
    Missing,
    /// The action has no such parameter. The live cloud ignores most of these.
    Unknown,
    /// A number is too small or too large, or a list has too few or too many elements.
    OutOfRange,
    /// It is no number, no boolean, no list or no structure.
    WrongType,
    /// It is none of the documented values.
    BadEnum,
    /// The text is too short or too long.
    Length,
}

/// One thing wrong with one parameter, as the cloud would answer it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParameterProblem {
    /// The wire name, `Tag.1.Key`.
    pub parameter: String,
    /// Which of the contract's rules is broken.
    pub kind: ProblemKind,
    /// The code that the cloud answers with: the action's own where it documents one.
    pub code: String,
    /// The message that goes with the code.
    pub message: String,
    /// The HTTP status that goes with the code.
    pub status: u16,
}

/// Parameters of every action that the table leaves out because nobody should use them.
const LEGACY: [&str; 7] = [
    "OwnerId",
    "OwnerAccount",
    "ResourceOwnerId",
    "ResourceOwnerAccount",
    "SecurityToken",
    "SourceBiz",
    "AccountId",
];

impl Action {
    /// Returns everything wrong with the given structured parameters: what is missing first, then in
    /// the order given.
    ///
    /// `null` counts as left out, and for a required parameter so does empty text. Text is taken for
    /// a number or a boolean where it is one, since all values travel as text. What depends on other
    /// parameters is not judged here.
    pub fn check(&self, parameters: &Value) -> Vec<ParameterProblem> {
        let mut given = Vec::new();
        walk(parameters, &mut |leaf| {
            if !leaf.value.is_null() {
                given.push(leaf.clone());
            }
        });
        let mut problems = missing(self, parameters, &given);
        problems.extend(counts(self, &given));
        problems.extend(given.iter().filter_map(|leaf| judge(self, leaf)));
        problems
    }
}

/// Returns a problem for each required parameter that is not given.
fn missing(action: &Action, parameters: &Value, given: &[Leaf<'_>]) -> Vec<ParameterProblem> {
    let mut problems = Vec::new();
    for parameter in action.required() {
        for wire_name in expected_names(&parameter.name, parameters) {
            let below = format!("{wire_name}.");
            let is_given = given.iter().any(|leaf| {
                (leaf.wire_name == wire_name && leaf.value.as_str() != Some(""))
                    || leaf.wire_name.starts_with(&below)
            });
            if !is_given {
                let kind = ProblemKind::Missing;
                problems.push(words::problem(action, parameter, &wire_name, kind));
            }
        }
    }
    problems
}

/// Returns the wire names under which a required parameter must stand: one, or, for a member of
/// list elements, one for each element given.
fn expected_names(pattern: &str, parameters: &Value) -> Vec<String> {
    let Some((list, member)) = pattern.rsplit_once("[].") else {
        return vec![pattern.trim_end_matches("[]").to_owned()];
    };
    let pointer = format!("/{}", list.replace("[]", "/0").replace('.', "/"));
    let elements = parameters.pointer(&pointer).and_then(Value::as_array);
    let prefix = list.replace("[]", ".1");
    (1..=elements.map_or(0, Vec::len))
        .map(|position| format!("{prefix}.{position}.{member}"))
        .collect()
}

/// Returns a problem for each list that is longer or shorter than documented.
fn counts(action: &Action, given: &[Leaf<'_>]) -> Vec<ParameterProblem> {
    let mut problems: Vec<ParameterProblem> = Vec::new();
    for parameter in &action.parameters {
        let Some((least, most)) = parameter.count else {
            continue;
        };
        let Some((list, _)) = parameter.name.split_once("[]") else {
            continue;
        };
        let length = given
            .iter()
            .filter_map(|leaf| position_in(list, &leaf.wire_name))
            .max();
        let Some(length) = length else { continue };
        let fits = least.is_none_or(|least| length >= least) && most.is_none_or(|m| length <= m);
        if !fits && !problems.iter().any(|problem| problem.parameter == list) {
            let kind = ProblemKind::OutOfRange;
            problems.push(words::problem(action, parameter, list, kind));
        }
    }
    problems
}

/// Returns the position of a wire name in the list, `2` for `Tag.2.Key` in `Tag`.
fn position_in(list: &str, wire_name: &str) -> Option<u64> {
    let rest = wire_name.strip_prefix(list)?.strip_prefix('.')?;
    rest.split('.').next()?.parse().ok()
}

/// Judges one value that is given.
fn judge(action: &Action, leaf: &Leaf<'_>) -> Option<ParameterProblem> {
    let pattern = pattern_of(&leaf.wire_name);
    if let Some(parameter) = action.parameters.iter().find(|p| p.name == pattern) {
        let kind = fault(parameter, leaf.value)?;
        return Some(words::problem(action, parameter, &leaf.wire_name, kind));
    }
    if LEGACY.contains(&pattern.as_str()) || inside_text(action, &pattern) {
        return None;
    }
    let deeper = [format!("{pattern}[]"), format!("{pattern}.")];
    let is_prefix = |parameter: &&Parameter| {
        parameter.name.starts_with(&deeper[0]) || parameter.name.starts_with(&deeper[1])
    };
    match action.parameters.iter().find(is_prefix) {
        Some(parameter) if parameter.encoding != Encoding::Repeat => None,
        Some(parameter) => {
            let kind = ProblemKind::WrongType;
            Some(words::problem(action, parameter, &leaf.wire_name, kind))
        }
        None => Some(words::unknown(&leaf.wire_name)),
    }
}

/// Returns whether the value is part of a parameter that travels as one JSON or Base64 text.
fn inside_text(action: &Action, pattern: &str) -> bool {
    action.parameters.iter().any(|parameter| {
        let is_text = matches!(parameter.kind, ParameterKind::Map | ParameterKind::String)
            || parameter.encoding == Encoding::Json;
        let rest = pattern.strip_prefix(parameter.name.as_str());
        is_text && rest.is_some_and(|rest| rest.starts_with('.') || rest.starts_with('['))
    })
}

/// Returns what is wrong with a value of a documented parameter.
fn fault(parameter: &Parameter, value: &Value) -> Option<ProblemKind> {
    let text = match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    if !is_typed(parameter, &text) {
        return Some(ProblemKind::WrongType);
    }
    if !is_documented_value(parameter, &text) {
        return Some(ProblemKind::BadEnum);
    }
    if let Some((least, most)) = parameter.range {
        let Ok(number) = text.parse::<f64>() else {
            return Some(ProblemKind::WrongType);
        };
        let fits = least.is_none_or(|least| number >= least) && most.is_none_or(|m| number <= m);
        if !fits {
            return Some(ProblemKind::OutOfRange);
        }
    }
    let (least, most) = parameter.length?;
    let length = u64::try_from(text.chars().count()).unwrap_or(u64::MAX);
    let fits = least.is_none_or(|least| length >= least) && most.is_none_or(|most| length <= most);
    (!fits).then_some(ProblemKind::Length)
}

/// Returns whether the text is of the documented type.
fn is_typed(parameter: &Parameter, text: &str) -> bool {
    match parameter.kind {
        ParameterKind::Integer => text.parse::<i64>().is_ok(),
        ParameterKind::Number => text.parse::<f64>().is_ok_and(f64::is_finite),
        ParameterKind::Boolean => ["true", "false"]
            .iter()
            .any(|word| text.eq_ignore_ascii_case(word)),
        ParameterKind::String | ParameterKind::Map => true,
        ParameterKind::Object => parameter.encoding != Encoding::Repeat,
    }
}

/// Returns whether the text is one of the documented values, or several where several may be given.
fn is_documented_value(parameter: &Parameter, text: &str) -> bool {
    let is_one = |word: &str| {
        let mut values = parameter.one_of.iter();
        values.any(|value| value.eq_ignore_ascii_case(word))
    };
    parameter.one_of.is_empty()
        || is_one(text)
        || (parameter.several && text.split(',').all(|word| is_one(word.trim())))
}

impl Parameter {
    /// Returns whether every call must give it.
    pub fn is_required(&self) -> bool {
        self.required == Required::Always
    }
}

#[cfg(test)]
mod tests;
