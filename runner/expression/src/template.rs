//! Text with expressions in it.
//!
//! A text that is one whole `{{ … }}` keeps its value's type; in longer text a value is formatted.
//! Parsed templates are kept by [`Templates`], because a runbook of a thousand steps evaluates the
//! same few again and again.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Map, Value};

use crate::expression::{EvaluationError, Expression};
use crate::filters::{TEXT_BYTES_MAX, formatted};
use crate::reference::Reference;
use crate::refusal::Refusal;
use crate::span::Span;

/// A parsed text.
pub enum Template {
    /// No expression in it.
    Literal,
    /// One whole expression.
    Whole(Piece),
    /// Expressions in longer text, which is kept between them.
    Text(Vec<(String, Option<Piece>)>),
}

/// An expression and its place in the text.
pub struct Piece {
    /// The expression, parsed and checked.
    pub expression: Expression,
    /// The text between the braces.
    pub text: String,
    /// Where that text starts.
    pub offset: usize,
}

/// What a reference gives; `None` where it is undefined.
pub type Look<'a> = dyn Fn(&Reference) -> Result<Option<Value>, EvaluationError> + 'a;

/// Why a template has no value, and which expression in it is the reason.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("in `{expression}`: {error}")]
pub struct TemplateError {
    /// The expression, as it is written.
    pub expression: String,
    /// Why it has no value.
    pub error: EvaluationError,
}

impl Template {
    /// Reads a text.
    ///
    /// # Errors
    /// All mistakes in all of its expressions, each with its place in the text.
    pub fn parse(text: &str) -> Result<Self, Vec<Refusal>> {
        let mut parts = Vec::new();
        let mut refusals = Vec::new();
        let mut rest = 0;
        while let Some(open) = find_braces(text, rest, &mut refusals) {
            let start = open + 2;
            let Some(end) = expression_end(text, start) else {
                refusals.push(Refusal {
                    message: "`{{` is never closed".to_owned(),
                    span: (open..text.len()).into(),
                    help: Some(
                        "close it with `}}`; a text that holds `{{` is written `{{ '{{' }}`"
                            .to_owned(),
                    ),
                });
                break;
            };
            match piece(text, start, end) {
                Ok(piece) => parts.push((text[rest..open].to_owned(), Some(piece))),
                Err(found) => refusals.extend(found),
            }
            rest = end + 2;
        }
        if !refusals.is_empty() {
            return Err(refusals);
        }
        if parts.is_empty() {
            return Ok(Self::Literal);
        }
        if let [(before, whole @ Some(_))] = &mut *parts
            && before.is_empty()
            && rest == text.len()
            && let Some(piece) = whole.take()
        {
            return Ok(Self::Whole(piece));
        }
        parts.push((text[rest..].to_owned(), None));
        Ok(Self::Text(parts))
    }

    /// Reads the text of a condition: an expression, with or without braces.
    ///
    /// # Errors
    /// As [`Self::parse`].
    pub fn condition(text: &str) -> Result<Self, Vec<Refusal>> {
        if !text.contains("{{") {
            return piece(text, 0, text.len()).map(Self::Whole);
        }
        match Self::parse(text.trim())? {
            Self::Text(_) => Err(vec![Refusal {
                message: "a condition is one expression".to_owned(),
                span: (0..text.len()).into(),
                help: Some("leave the braces out".to_owned()),
            }]),
            template => Ok(template),
        }
    }

    /// Its expressions.
    pub fn pieces(&self) -> Vec<&Piece> {
        match self {
            Self::Literal => Vec::new(),
            Self::Whole(piece) => vec![piece],
            Self::Text(parts) => parts
                .iter()
                .filter_map(|(_, piece)| piece.as_ref())
                .collect(),
        }
    }

    /// The reference, if the text is nothing else.
    pub fn as_reference(&self) -> Option<&Reference> {
        match self {
            Self::Whole(piece) => piece.expression.as_reference(),
            _ => None,
        }
    }

    /// Whether it is longer text, which always gives text.
    pub fn is_text(&self) -> bool {
        matches!(self, Self::Text(_))
    }

    /// Evaluates it; `text` is what it was parsed from.
    ///
    /// # Errors
    /// When one of its expressions has no value, or one that cannot stand in text.
    pub fn evaluate(&self, text: &str, look: &Look<'_>) -> Result<Value, TemplateError> {
        let parts = match self {
            Self::Literal => return Ok(text.into()),
            Self::Whole(piece) => return piece.evaluate(look),
            Self::Text(parts) => parts,
        };
        let mut result = String::new();
        for (before, piece) in parts {
            result.push_str(before);
            let Some(piece) = piece else { continue };
            let value = piece.evaluate(look)?;
            let value = formatted(&value).map_err(|message| piece.fail(message))?;
            if result.len() + value.len() > TEXT_BYTES_MAX {
                return Err(piece.fail("the text is longer than 1 MiB".to_owned()));
            }
            result.push_str(&value);
        }
        Ok(result.into())
    }
}

impl Piece {
    /// The place of a part of the expression in the template's text.
    pub fn place(&self, span: Span) -> Span {
        Span {
            start: span.start + self.offset,
            end: span.end + self.offset,
        }
    }

    fn evaluate(&self, look: &Look<'_>) -> Result<Value, TemplateError> {
        self.expression
            .evaluate(look)
            .map_err(|error| TemplateError {
                expression: self.text.trim().to_owned(),
                error,
            })
    }

    fn fail(&self, message: String) -> TemplateError {
        TemplateError {
            expression: self.text.trim().to_owned(),
            error: EvaluationError::Failed(message),
        }
    }
}

fn piece(text: &str, start: usize, end: usize) -> Result<Piece, Vec<Refusal>> {
    let inside = &text[start..end];
    let expression = Expression::parse(inside).map_err(|refusals| {
        let moved = |refusal: Refusal| Refusal {
            span: Span {
                start: refusal.span.start + start,
                end: refusal.span.end + start,
            },
            ..refusal
        };
        refusals.into_iter().map(moved).collect::<Vec<_>>()
    })?;
    Ok(Piece {
        expression,
        text: inside.to_owned(),
        offset: start,
    })
}

/// The next `{{`. Statements and comments on the way there are refused.
fn find_braces(text: &str, from: usize, refusals: &mut Vec<Refusal>) -> Option<usize> {
    let mut at = from;
    while let Some(found) = text[at..].find('{') {
        at += found;
        match text.as_bytes().get(at + 1) {
            Some(b'{') => return Some(at),
            Some(b'%' | b'#') => refusals.push(Refusal {
                message: "statements and comments are not part of the language".to_owned(),
                span: (at..at + 2).into(),
                help: Some(format!(
                    "a text that holds `{0}` is written `{{{{ '{0}' }}}}`",
                    &text[at..at + 2]
                )),
            }),
            _ => {}
        }
        at += 1;
    }
    None
}

/// Where the `}}` stands that closes an expression: not in quotes, not closing a table.
fn expression_end(text: &str, start: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut quote = None;
    let mut open = 0_usize;
    let mut at = start;
    while at < bytes.len() {
        match (quote, bytes[at]) {
            (Some(_), b'\\') => at += 1,
            (Some(mark), byte) if byte == mark => quote = None,
            (Some(_), _) => {}
            (None, mark @ (b'"' | b'\'')) => quote = Some(mark),
            (None, b'{') => open += 1,
            (None, b'}') if open > 0 => open -= 1,
            (None, b'}') if bytes.get(at + 1) == Some(&b'}') => return Some(at),
            _ => {}
        }
        at += 1;
    }
    None
}

/// Parsed templates by their text.
#[derive(Default)]
pub struct Templates {
    texts: Mutex<HashMap<String, Arc<Template>>>,
    conditions: Mutex<HashMap<String, Arc<Template>>>,
}

/// A way to read a text.
type Parse = fn(&str) -> Result<Template, Vec<Refusal>>;

impl Templates {
    /// The template of a text.
    ///
    /// # Errors
    /// As [`Template::parse`].
    pub fn text(&self, text: &str) -> Result<Arc<Template>, Vec<Refusal>> {
        Self::get(&self.texts, text, Template::parse)
    }

    /// The template of a condition.
    ///
    /// # Errors
    /// As [`Template::condition`].
    pub fn condition(&self, text: &str) -> Result<Arc<Template>, Vec<Refusal>> {
        Self::get(&self.conditions, text, Template::condition)
    }

    fn get(
        known: &Mutex<HashMap<String, Arc<Template>>>,
        text: &str,
        parse: Parse,
    ) -> Result<Arc<Template>, Vec<Refusal>> {
        // A panic elsewhere leaves the map whole: an entry is inserted complete.
        let mut known = known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(template) = known.get(text) {
            return Ok(template.clone());
        }
        let template = Arc::new(parse(text)?);
        known.insert(text.to_owned(), template.clone());
        Ok(template)
    }

    /// Evaluates every text in a value.
    ///
    /// # Errors
    /// The first that has no value.
    pub fn evaluate(&self, value: &Value, look: &Look<'_>) -> Result<Value, TemplateError> {
        match value {
            Value::String(text) if !text.contains('{') => Ok(value.clone()),
            Value::String(text) => self
                .text(text)
                .map_err(|refusals| refused(text, &refusals))?
                .evaluate(text, look),
            Value::Array(items) => items.iter().map(|item| self.evaluate(item, look)).collect(),
            Value::Object(entries) => {
                let mut evaluated = Map::new();
                for (key, value) in entries {
                    evaluated.insert(key.clone(), self.evaluate(value, look)?);
                }
                Ok(Value::Object(evaluated))
            }
            other => Ok(other.clone()),
        }
    }
}

/// A plan holds checked texts only; one that cannot be read comes from a foreign journal.
pub fn refused(text: &str, refusals: &[Refusal]) -> TemplateError {
    let message = refusals
        .first()
        .map_or("it cannot be read", |first| &first.message);
    TemplateError {
        expression: text.to_owned(),
        error: EvaluationError::Failed(message.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn evaluate(text: &str) -> Result<Value, String> {
        let template = Template::parse(text).map_err(|refusals| refusals[0].message.clone())?;
        let look = |reference: &Reference| {
            Ok(match reference.root.as_str() {
                "n" => Some(json!(3)),
                "s" => Some(json!("é")),
                "l" => Some(json!([1])),
                "z" => Some(Value::Null),
                _ => None,
            })
        };
        template
            .evaluate(text, &look)
            .map_err(|error| error.to_string())
    }

    #[test]
    fn a_whole_expression_keeps_its_type_and_longer_text_is_formatted() {
        assert_eq!(evaluate("{{ n }}"), Ok(json!(3)));
        assert_eq!(evaluate("{{n}} "), Ok(json!("3 ")));
        assert_eq!(evaluate("a {{ n }}-{{ s }} b"), Ok(json!("a 3-é b")));
        assert_eq!(evaluate("plain { text } %"), Ok(json!("plain { text } %")));
        assert_eq!(
            evaluate("{{ '{{' }} and {{ '}}' }}"),
            Ok(json!("{{ and }}"))
        );
        assert_eq!(
            evaluate("{{ {'a': {'b': n}} }}"),
            Ok(json!({ "a": { "b": 3 } }))
        );
        assert_eq!(evaluate(r#"{{ "a\"}}" }}"#), Ok(json!("a\"}}")));
    }

    #[test]
    fn what_cannot_stand_in_text_is_named() {
        assert_eq!(
            evaluate("a {{ l }}"),
            Err("in `l`: a list cannot stand in text: use `| join(\", \")`".to_owned())
        );
        assert!(evaluate("a {{ z }}").is_err());
        assert_eq!(
            evaluate("{{ u }}"),
            Err("in `u`: `u` is undefined".to_owned())
        );
    }

    #[test]
    fn every_mistake_in_a_text_is_reported_with_its_place() {
        let text = "a {{ n + 1 }} b {{ s() }} {% if %} {{ x";
        let refusals = match Template::parse(text) {
            Err(refusals) => refusals,
            Ok(_) => panic!("it is full of mistakes"),
        };
        let places: Vec<&str> = refusals
            .iter()
            .map(|refusal| &text[refusal.span.range()])
            .collect();
        assert_eq!(places.len(), 4);
        assert_eq!(places[0], "n + 1");
        assert_eq!(places[2..], ["{%", "{{ x"]);
    }

    #[test]
    fn a_condition_stands_with_or_without_braces() {
        for text in ["n == 3", "{{ n == 3 }}"] {
            assert!(Template::condition(text).is_ok(), "{text}");
        }
        for text in ["", "{{ n }} x", "n ==", "{{"] {
            assert!(Template::condition(text).is_err(), "{text}");
        }
    }
}
