//! Rules between the inputs of a plugin: whether each is one, and which do not hold.

use indexmap::IndexMap;
use rutter_manifest::{Field, FieldKind, InputRule, Manifest, nearest};
use serde_json::Value;

use crate::expression::EvaluationError;
use crate::reference::{Reference, Segment};
use crate::span::Span;
use crate::template::{Piece, Template, TemplateError, Templates};

/// Why a rule of a manifest is none, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoRule {
    /// The number of the rule, from 1.
    pub number: usize,
    /// What is wrong, a fragment fit to follow the rule's text.
    pub message: String,
    /// The part of the rule's text that is wrong.
    pub part: String,
    /// What to write instead.
    pub help: String,
}

/// A rule that does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// What it says, its expressions evaluated.
    pub message: String,
    /// What to write instead.
    pub help: Option<String>,
    /// The inputs that its condition reads, in the order of its text: `source.kind`, `mappings[0].from`.
    pub reads: Vec<String>,
}

/// Holds every rule of a manifest against its inputs: each reads only inputs that there are, asks of a secret no more
/// than whether it is given, and gives true or false.
///
/// # Errors
/// The first that does not.
pub fn check_rules(manifest: &Manifest) -> Result<(), NoRule> {
    for (index, rule) in manifest.rules.iter().enumerate() {
        let at = At {
            number: index + 1,
            fields: &manifest.inputs,
        };
        at.condition(&rule.that)?;
        at.message(&rule.message)?;
    }
    Ok(())
}

/// The rules that do not hold of these inputs, which are checked and complete. A rule that reads anything that
/// `is_unknown` recognises, also inside of a list or a table, is passed over.
pub fn broken(
    rules: &[InputRule],
    templates: &Templates,
    inputs: &Value,
    is_unknown: &dyn Fn(&Value) -> bool,
) -> Vec<Broken> {
    let look = |reference: &Reference| match value(inputs, reference, is_unknown) {
        Some(value) if holds(value, is_unknown) => Err(EvaluationError::NotYet),
        // What is left out is `none`, wherever it is looked for.
        value => Ok(Some(value.cloned().unwrap_or_default())),
    };
    rules
        .iter()
        .filter_map(|rule| one(rule, templates, &look))
        .collect()
}

fn one(
    rule: &InputRule,
    templates: &Templates,
    look: &dyn Fn(&Reference) -> Result<Option<Value>, EvaluationError>,
) -> Option<Broken> {
    // What is no rule was refused with its plugin.
    let condition = templates.condition(&rule.that).ok()?;
    let why = match condition.evaluate(&rule.that, look) {
        Ok(Value::Bool(true)) => return None,
        Ok(_) => None,
        Err(error) if error.error == EvaluationError::NotYet => return None,
        Err(error) => Some(error),
    };
    let said = templates
        .text(&rule.message)
        .ok()?
        .evaluate(&rule.message, look);
    let message = match said {
        Err(error) if error.error == EvaluationError::NotYet => return None,
        Ok(Value::String(said)) => with_reason(&said, why.as_ref()),
        _ => with_reason(&rule.message, why.as_ref()),
    };
    let references = condition.pieces();
    let references = references
        .iter()
        .flat_map(|piece| piece.expression.references());
    Some(Broken {
        message,
        help: rule.help.clone(),
        reads: references.map(path_of).collect(),
    })
}

/// A condition that has no value does not hold, and says why it has none.
fn with_reason(said: &str, why: Option<&TemplateError>) -> String {
    match why {
        None => said.to_owned(),
        Some(why) => format!("{said} (its rule has no value, {why})"),
    }
}

/// The value that a reference to an input leads to; the first on the way that is unknown.
fn value<'a>(
    inputs: &'a Value,
    reference: &Reference,
    is_unknown: &dyn Fn(&Value) -> bool,
) -> Option<&'a Value> {
    let mut value = inputs;
    for segment in &reference.path {
        if is_unknown(value) {
            break;
        }
        value = match segment {
            Segment::Name(name) => value.get(name),
            Segment::Index(index) => value.get(index),
        }?;
    }
    Some(value)
}

/// Whether a value is unknown, or anything in it.
fn holds(value: &Value, is_unknown: &dyn Fn(&Value) -> bool) -> bool {
    match value {
        Value::Array(items) => items.iter().any(|item| holds(item, is_unknown)),
        Value::Object(entries) => entries.values().any(|entry| holds(entry, is_unknown)),
        value => is_unknown(value),
    }
}

/// The path of an input below `inputs`, as problems name it.
fn path_of(reference: &Reference) -> String {
    let text = reference.to_string();
    let below = text.strip_prefix("inputs.").unwrap_or(&text);
    below.to_owned()
}

/// A rule that is looked at, and the fields it may read.
struct At<'a> {
    number: usize,
    fields: &'a IndexMap<String, Field>,
}

impl At<'_> {
    fn condition(&self, text: &str) -> Result<(), NoRule> {
        let template =
            Template::condition(text).map_err(|refusals| self.unread(text, &refusals))?;
        self.reads(text, &template)?;
        let truth = template.pieces().iter().all(|piece| {
            let boolean = |reference: &Reference| self.is_boolean(reference);
            piece.expression.gives_truth(&boolean)
        });
        match truth {
            true => Ok(()),
            false => Err(self.refuse(
                text,
                "does not give true or false".to_owned(),
                "write a comparison, such as `inputs.count > 0`; an optional boolean needs `default(…)`",
            )),
        }
    }

    fn message(&self, text: &str) -> Result<(), NoRule> {
        let template = Template::parse(text).map_err(|refusals| self.unread(text, &refusals))?;
        self.reads(text, &template)
    }

    /// Holds what a text reads against the fields.
    fn reads(&self, text: &str, template: &Template) -> Result<(), NoRule> {
        for piece in template.pieces() {
            for reference in piece.expression.references() {
                self.read(text, piece, reference)?;
            }
        }
        Ok(())
    }

    fn read(&self, text: &str, piece: &Piece, reference: &Reference) -> Result<(), NoRule> {
        let part = &text[piece.place(reference.span).range()];
        let field = match self.field(reference) {
            Ok(field) => field,
            Err((message, help)) => return Err(self.refuse(part, message, &help)),
        };
        if field.is_some_and(Field::holds_secret) && !reference.asked_whether_given {
            let message = "is or holds a secret".to_owned();
            let help = format!("ask only whether it is given: `{reference} == none`");
            return Err(self.refuse(part, message, &help));
        }
        Ok(())
    }

    /// The field that a reference leads to; none inside of what is not declared further.
    fn field(&self, reference: &Reference) -> Result<Option<&Field>, (String, String)> {
        let Some((Segment::Name(name), below)) = reference.path.split_first() else {
            return Err(no_input());
        };
        if reference.root != "inputs" {
            return Err(no_input());
        }
        let mut field = named(self.fields, name)?;
        for segment in below {
            field = match (segment, field.kind) {
                (Segment::Name(name), FieldKind::Table) if !field.fields.is_empty() => {
                    named(&field.fields, name)?
                }
                (Segment::Index(_), FieldKind::List) => match &field.items {
                    Some(items) => items,
                    None => return Ok(None),
                },
                (Segment::Name(_), FieldKind::Table) => return Ok(None),
                (_, kind) => {
                    let kind = kind.name();
                    let message = format!("leads into a value of type {kind}, which holds nothing");
                    return Err((message, "read the value itself".to_owned()));
                }
            };
        }
        Ok(Some(field))
    }

    /// Whether a reference always gives true or false.
    fn is_boolean(&self, reference: &Reference) -> bool {
        let is_boolean =
            matches!(self.field(reference), Ok(Some(field)) if field.kind == FieldKind::Boolean);
        is_boolean && (reference.guarded || !self.may_be_none(reference))
    }

    /// Whether anything on the way to a value may be left out without a default.
    fn may_be_none(&self, reference: &Reference) -> bool {
        (1..=reference.path.len()).any(|length| {
            let mut way = reference.clone();
            way.path.truncate(length);
            matches!(way.path.last(), Some(Segment::Index(_)))
                || !matches!(self.field(&way), Ok(Some(field)) if !field.optional)
        })
    }

    fn unread(&self, text: &str, refusals: &[crate::Refusal]) -> NoRule {
        let Some(first) = refusals.first() else {
            return self.refuse(text, "cannot be read".to_owned(), "write an expression");
        };
        let Span { start, end } = first.span;
        let part = text.get(start..end).filter(|part| !part.is_empty());
        let message = format!("cannot be read: {}", first.message);
        let help = first.help.as_deref();
        self.refuse(
            part.unwrap_or(text),
            message,
            help.unwrap_or("a rule is written like `when` of a step"),
        )
    }

    fn refuse(&self, part: &str, message: String, help: &str) -> NoRule {
        NoRule {
            number: self.number,
            message,
            part: part.trim().to_owned(),
            help: help.to_owned(),
        }
    }
}

fn named<'a>(
    fields: &'a IndexMap<String, Field>,
    name: &str,
) -> Result<&'a Field, (String, String)> {
    fields.get(name).ok_or_else(|| {
        let near = nearest(name, fields.keys().map(String::as_str));
        let help = match near {
            Some(near) => format!("did you mean `{near}`?"),
            None => "declare it under `inputs`".to_owned(),
        };
        ("is read, and there is no such input".to_owned(), help)
    })
}

fn no_input() -> (String, String) {
    let help = "a rule reads `inputs.NAME` and nothing else";
    ("is no input".to_owned(), help.to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const INPUTS: &str = r#"
[plugin]
name = "p"
version = "0.1.0"
summary = "s"
kind = "read"
[inputs]
short = { type = "duration" }
long = { type = "duration", default = "12h" }
months = { type = "integer", optional = true }
names = { type = "list", items = { type = "string" }, default = [] }
on = { type = "boolean", default = false }
maybe = { type = "boolean", optional = true }
key = { type = "secret", optional = true }
end = { type = "table", optional = true, fields.host = { type = "string" }, fields.key = { type = "secret", optional = true } }
any = { type = "table", default = {} }
"#;

    fn manifest(that: &str, message: &str) -> Manifest {
        let rule = format!("[[rules]]\nthat = \"{that}\"\nmessage = \"{message}\"\n");
        Manifest::parse(&format!("{INPUTS}{rule}")).expect("a manifest")
    }

    #[track_caller]
    fn said(that: &str, message: &str, inputs: &Value) -> Vec<String> {
        let manifest = manifest(that, message);
        assert_eq!(check_rules(&manifest), Ok(()), "{that}");
        let unknown = |value: &Value| value == "?";
        let broken = broken(&manifest.rules, &Templates::default(), inputs, &unknown);
        broken.into_iter().map(|one| one.message).collect()
    }

    const NONE: [&str; 0] = [];

    #[test]
    fn a_rule_holds_or_is_broken() {
        let that = "inputs.short < inputs.long";
        let holds = json!({ "short": 1, "long": 2 });
        assert_eq!(said(that, "m", &holds), NONE);
        let breaks = json!({ "short": 2, "long": 2 });
        assert_eq!(said(that, "{{ inputs.short }} ms", &breaks), ["2 ms"]);
    }

    #[test]
    fn the_inputs_that_a_broken_rule_reads_are_named() {
        let manifest = manifest("inputs.end.host == inputs.names[1]", "m");
        let inputs = json!({ "names": ["a", "b"], "end": { "host": "c" } });
        let broken = broken(&manifest.rules, &Templates::default(), &inputs, &|_| false);
        assert_eq!(broken[0].reads, ["end.host", "names[1]"]);
    }

    #[test]
    fn what_is_unknown_breaks_no_rule() {
        let that = "inputs.short > inputs.long";
        assert_eq!(said(that, "m", &json!({ "short": 1, "long": "?" })), NONE);
        let inside = json!({ "names": ["a", "?"] });
        assert_eq!(said("inputs.names == []", "m", &inside), NONE);
        let whole = json!({ "end": "?" });
        assert_eq!(said("inputs.end.host == 'a'", "m", &whole), NONE);
        let in_the_message = json!({ "short": 1, "long": "?" });
        let message = "longer than {{ inputs.long }}";
        assert_eq!(said("inputs.short > 1", message, &in_the_message), NONE);
    }

    #[test]
    fn what_is_left_out_is_none() {
        assert_eq!(said("inputs.months == none", "m", &json!({})), NONE);
        assert_eq!(said("inputs.months != none", "m", &json!({})), ["m"]);
        assert_eq!(said("inputs.end.host == none", "m", &json!({})), NONE);
        let empty = json!({ "names": [] });
        assert_eq!(said("inputs.names[0] == none", "m", &empty), NONE);
    }

    #[test]
    fn a_secret_is_only_asked_whether_it_is_given() {
        assert_eq!(
            said("inputs.key == none", "m", &json!({ "key": "x" })),
            ["m"]
        );
        assert_eq!(said("inputs.end != none", "m", &json!({ "end": {} })), NONE);
        for that in [
            "inputs.key == 'a'",
            "inputs.end == inputs.any",
            "(inputs.key | lower) == none",
            "inputs.key in [none]",
        ] {
            let refused = check_rules(&manifest(that, "m")).expect_err(that);
            assert!(refused.message.contains("secret"), "{refused:?}");
        }
        let told = manifest("inputs.on", "{{ inputs.key }}");
        assert!(check_rules(&told).is_err());
    }

    #[test]
    fn a_condition_without_a_value_does_not_hold_and_says_why() {
        let said = said("inputs.months | length > 0", "m", &json!({}));
        assert!(said[0].starts_with("m (its rule has no value"), "{said:?}");
    }

    #[track_caller]
    fn refused(that: &str, part: &str, message: &str) {
        let manifest = manifest(that, "m");
        let refused = check_rules(&manifest).expect_err(that);
        assert_eq!(
            (refused.number, refused.part.as_str()),
            (1, part),
            "{refused:?}"
        );
        assert!(refused.message.contains(message), "{refused:?}");
    }

    #[test]
    fn what_is_no_rule_is_refused_with_the_part_that_is_wrong() {
        refused("inputs.shrt < inputs.long", "inputs.shrt", "no such input");
        refused("inputs.end.hst == 'a'", "inputs.end.hst", "no such input");
        refused("steps.a.b == 1", "steps.a.b", "no input");
        refused("inputs == none", "inputs", "no input");
        refused("inputs.short.x == 1", "inputs.short.x", "holds nothing");
        refused("inputs.short + 1 > 2", "inputs.short + 1", "arithmetic");
        refused("inputs.short", "inputs.short", "true or false");
        refused("inputs.maybe", "inputs.maybe", "true or false");
        refused(
            "'a' if inputs.on else inputs.on",
            "'a' if inputs.on else inputs.on",
            "true or false",
        );
        let message = manifest("inputs.on", "{{ inputs.of }}");
        assert!(check_rules(&message).is_err());
    }

    #[test]
    fn what_gives_true_or_false_is_a_rule() {
        for that in [
            "inputs.on",
            "not inputs.maybe",
            "inputs.maybe | default(true)",
            "inputs.on and inputs.short > 1 or 'a' in inputs.names",
            "inputs.on if inputs.short > 1 else 1 < inputs.short < 3",
            "(inputs.months == none) == inputs.on",
            "inputs.any.thing == 1",
        ] {
            assert_eq!(check_rules(&manifest(that, "m")), Ok(()), "{that}");
        }
    }
}
