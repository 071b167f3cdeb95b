//! Expressions: a fenced part of MiniJinja.
//!
//! References are chains of constant names (`steps.role.name`, `inputs.regions[0]`). Beside them there are the filters of
//! `filters.rs`, comparison, logic, `a if b else c` and literals. There are no statements, calls, macros, loops, computed keys
//! or arithmetic.
//!
//! References are taken out before MiniJinja sees the rest: it is given one variable for each,
//! resolved by our own code. So what an expression reads is known without evaluating it, nothing
//! undefined slips through, and an expression that is one reference keeps its value untouched.

use std::sync::LazyLock;

use minijinja::machinery::parse_expr;
use minijinja::value::{Rest, Serde};
use minijinja::{Environment, Error, ErrorKind, UndefinedBehavior};
use serde_json::Value;

use crate::fence::{self, Fence};
use crate::filters::{FILTERS, Filter};
use crate::reference::Reference;
use crate::refusal::Refusal;
use crate::span::Span;
use crate::truth;

/// Bytes of one expression.
const EXPRESSION_BYTES_MAX: usize = 2_048;
/// Instructions of one evaluation: a large list compared costs far less.
const FUEL: u64 = 100_000;

/// Why an expression has no value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EvaluationError {
    /// It reads what is not there, without `default(…)`.
    #[error("`{0}` is undefined")]
    Undefined(String),
    /// An operator or a filter does not fit its values.
    #[error("{0}")]
    Failed(String),
    /// Before the run: it reads what only the run will know.
    #[error("it is not known yet")]
    NotYet,
}

/// A checked expression.
pub struct Expression {
    references: Vec<Reference>,
    /// Where the references begin that must be true or false for it to be so; none where it never is.
    truth: Option<Vec<usize>>,
    program: Program,
}

enum Program {
    /// The expression is its one reference.
    Reference,
    /// The rest, in which each reference is a variable.
    Compiled(minijinja::Expression<'static, 'static>),
}

static ENVIRONMENT: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut environment = Environment::empty();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_fuel(Some(FUEL));
    for filter in &FILTERS {
        environment.add_filter(
            filter.name,
            move |value: minijinja::Value, arguments: Rest<minijinja::Value>| {
                apply(filter, &value, &arguments)
            },
        );
    }
    environment
});

impl Expression {
    /// Reads an expression.
    ///
    /// # Errors
    /// Everything in it that is outside of the fence, or the syntax error.
    pub fn parse(text: &str) -> Result<Self, Vec<Refusal>> {
        let whole = Span {
            start: 0,
            end: text.len(),
        };
        let refuse = |message: String, span: Span| {
            vec![Refusal {
                message,
                span,
                help: None,
            }]
        };
        if text.trim().is_empty() {
            return Err(refuse("the expression is empty".to_owned(), whole));
        }
        if text.len() > EXPRESSION_BYTES_MAX {
            let message = format!("an expression is at most {EXPRESSION_BYTES_MAX} bytes");
            return Err(refuse(message, whole));
        }
        let parsed = parse_expr(text).map_err(|error| {
            let span = error.range().map_or(whole, Span::from);
            refuse(syntax_message(&error), span)
        })?;
        let references = Fence::check(text, &parsed)?;
        let program = if fence::is_reference(&parsed) {
            Program::Reference
        } else {
            Program::Compiled(
                compile(text, &references)
                    .map_err(|error| refuse(syntax_message(&error), whole))?,
            )
        };
        Ok(Self {
            truth: truth::of(&parsed),
            references,
            program,
        })
    }

    /// What it reads, in the order of the text.
    pub fn references(&self) -> &[Reference] {
        &self.references
    }

    /// The reference, if the expression is nothing else.
    pub fn as_reference(&self) -> Option<&Reference> {
        matches!(self.program, Program::Reference).then(|| &self.references[0])
    }

    /// Whether it gives true or false, where `is_boolean` says which references do.
    pub(crate) fn gives_truth(&self, is_boolean: &dyn Fn(&Reference) -> bool) -> bool {
        let is_boolean = |start: &usize| {
            let mut references = self.references.iter();
            references.any(|reference| reference.span.start == *start && is_boolean(reference))
        };
        self.truth
            .as_ref()
            .is_some_and(|starts| starts.iter().all(is_boolean))
    }

    /// Evaluates it. `look` gives the value of a reference, `None` where it is undefined.
    ///
    /// # Errors
    /// When a reference without `default(…)`, or the result, is undefined, and when an operator or
    /// filter does not fit its values.
    pub fn evaluate(
        &self,
        look: &dyn Fn(&Reference) -> Result<Option<Value>, EvaluationError>,
    ) -> Result<Value, EvaluationError> {
        let mut values = Vec::with_capacity(self.references.len());
        for reference in &self.references {
            let value = look(reference)?;
            if value.is_none() && !reference.guarded {
                return Err(EvaluationError::Undefined(reference.to_string()));
            }
            values.push(value);
        }
        let compiled = match &self.program {
            Program::Reference => return Ok(values.swap_remove(0).unwrap_or_default()),
            Program::Compiled(compiled) => compiled,
        };
        let context = minijinja::Value::from_pairs(
            values
                .iter()
                .enumerate()
                .map(|(index, value)| (variable(index), to_crate(value.as_ref()))),
        );
        let result = compiled
            .eval(context)
            .map_err(|error| EvaluationError::Failed(evaluation_message(&error)))?;
        to_json(&result)
            .map_err(EvaluationError::Failed)?
            .ok_or_else(|| EvaluationError::Undefined("the expression".to_owned()))
    }
}

/// The name of the variable that stands for a reference.
fn variable(index: usize) -> String {
    format!("r{index}")
}

/// Compiles a text in which every reference is replaced by its variable.
fn compile(
    text: &str,
    references: &[Reference],
) -> Result<minijinja::Expression<'static, 'static>, Error> {
    let mut replaced = String::with_capacity(text.len());
    let mut from = 0;
    for (index, reference) in references.iter().enumerate() {
        replaced.push_str(&text[from..reference.span.start]);
        replaced.push_str(&variable(index));
        from = reference.span.end;
    }
    replaced.push_str(&text[from..]);
    ENVIRONMENT.compile_expression_owned(replaced)
}

fn apply(
    filter: &Filter,
    value: &minijinja::Value,
    arguments: &[minijinja::Value],
) -> Result<minijinja::Value, Error> {
    let fail = |message: String| Error::new(ErrorKind::InvalidOperation, message);
    let value = to_json(value).map_err(fail)?;
    let arguments: Result<Vec<Value>, Error> = arguments
        .iter()
        .map(|argument| {
            to_json(argument)
                .map_err(fail)?
                .ok_or_else(|| fail("an argument is undefined".to_owned()))
        })
        .collect();
    let result = (filter.work)(value.as_ref(), &arguments?)
        .map_err(|message| fail(format!("`{}`: {message}", filter.name)))?;
    Ok(to_crate(result.as_ref()))
}

fn to_crate(value: Option<&Value>) -> minijinja::Value {
    match value {
        None => minijinja::Value::UNDEFINED,
        Some(value) => minijinja::Value::from(Serde(value)),
    }
}

/// The value as JSON; `None` where it is undefined.
fn to_json(value: &minijinja::Value) -> Result<Option<Value>, String> {
    if value.is_undefined() {
        return Ok(None);
    }
    let json = serde_json::to_value(value).map_err(|error| error.to_string())?;
    if json.is_null() && !value.is_none() {
        return Err("a number is neither NaN nor infinite".to_owned());
    }
    Ok(Some(json))
}

fn syntax_message(error: &Error) -> String {
    let detail = error.detail().unwrap_or("it cannot be read");
    detail.replace("end of expression", "end of the expression")
}

fn evaluation_message(error: &Error) -> String {
    match error.kind() {
        ErrorKind::OutOfFuel => "the expression is too long to evaluate".to_owned(),
        _ => error
            .detail()
            .map_or_else(|| error.kind().to_string(), str::to_owned),
    }
}
