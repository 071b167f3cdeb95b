//! The walk that keeps expressions inside the fence and collects what they read.

use minijinja::machinery::Span as CrateSpan;
use minijinja::machinery::ast::{BinOpKind, CallArg, Expr, UnaryOpKind};

use crate::filters::{self, DEFAULT, FILTERS, Filter};
use crate::reference::{Reference, Segment};
use crate::refusal::Refusal;
use crate::span::Span;

/// Names in one reference.
const SEGMENTS_MAX: usize = 16;
/// Operators, filters and literals inside each other.
const DEPTH_MAX: usize = 64;

/// Whether an expression is one reference and nothing else.
pub(super) fn is_reference(expression: &Expr<'_>) -> bool {
    matches!(
        expression,
        Expr::Var(_) | Expr::GetAttr(_) | Expr::GetItem(_)
    )
}

/// Where in an expression the walk is.
#[derive(Clone, Copy, Default)]
struct WalkContext {
    /// Right before `default(…)`.
    guarded: bool,
    /// Compared with `none`.
    with_none: bool,
    /// Below an operator or a filter.
    inspected: bool,
}

/// Walks an expression, collects its references and refuses what is outside of the fence.
pub(super) struct Fence<'a> {
    text: &'a str,
    references: Vec<Reference>,
    refusals: Vec<Refusal>,
}

impl<'a> Fence<'a> {
    /// Returns what an expression reads, or everything in it that the language does not have.
    pub fn check(text: &'a str, parsed: &Expr<'a>) -> Result<Vec<Reference>, Vec<Refusal>> {
        let mut fence = Fence {
            text,
            references: Vec::new(),
            refusals: Vec::new(),
        };
        fence.walk(parsed, WalkContext::default(), 0);
        if !fence.refusals.is_empty() {
            return Err(fence.refusals);
        }
        // They are taken out of the text from left to right.
        fence.references.sort_by_key(|reference| reference.span);
        Ok(fence.references)
    }

    fn walk(&mut self, expression: &Expr<'a>, context: WalkContext, depth: usize) {
        if depth > DEPTH_MAX {
            let message = format!("an expression is nested at most {DEPTH_MAX} deep");
            return self.refuse(expression.span(), message, None);
        }
        let inspect = WalkContext {
            inspected: true,
            ..WalkContext::default()
        };
        let pass = WalkContext {
            inspected: context.inspected,
            ..WalkContext::default()
        };
        match expression {
            Expr::Const(_) => {}
            Expr::Var(_) | Expr::GetAttr(_) | Expr::GetItem(_) => {
                self.reference(expression, context)
            }
            Expr::UnaryOp(operator) => match operator.op {
                UnaryOpKind::Not => self.walk(&operator.expr, inspect, depth + 1),
                UnaryOpKind::Neg if matches!(operator.expr, Expr::Const(_)) => {}
                UnaryOpKind::Neg => self.no_arithmetic(expression),
            },
            Expr::BinOp(operator) => {
                if is_arithmetic(&operator.op) {
                    self.no_arithmetic(expression);
                }
                let compares = matches!(operator.op, BinOpKind::Eq | BinOpKind::Ne);
                let beside = |other: &Expr<'a>| WalkContext {
                    with_none: compares && is_none(other),
                    ..inspect
                };
                self.walk(&operator.left, beside(&operator.right), depth + 1);
                self.walk(&operator.right, beside(&operator.left), depth + 1);
            }
            Expr::Compare(comparison) => {
                self.walk(&comparison.expr, inspect, depth + 1);
                for operator in &comparison.ops {
                    self.walk(&operator.expr, inspect, depth + 1);
                }
            }
            Expr::IfExpr(choice) => {
                self.walk(&choice.true_expr, pass, depth + 1);
                self.walk(&choice.test_expr, inspect, depth + 1);
                match &choice.false_expr {
                    Some(other) => self.walk(other, pass, depth + 1),
                    None => self.refuse(
                        expression.span(),
                        "`if` needs an `else`: without one the result may be undefined",
                        None,
                    ),
                }
            }
            Expr::Filter(filter) => self.filter(expression, filter, context, depth),
            Expr::List(list) => {
                for item in &list.items {
                    self.walk(item, pass, depth + 1);
                }
            }
            Expr::Map(map) => {
                for key in &map.keys {
                    if !matches!(key, Expr::Const(_)) {
                        self.refuse(key.span(), "a key is a constant text", None);
                    }
                }
                for value in &map.values {
                    self.walk(value, pass, depth + 1);
                }
            }
            Expr::Test(_) => self.refuse(
                expression.span(),
                "tests (`is …`) are not part of the language",
                Some("compare, or use `default(…)` for what may be undefined"),
            ),
            Expr::Call(_) => self.refuse(
                expression.span(),
                "calls are not part of the language",
                Some("filters are written with a bar: `value | lower`"),
            ),
            Expr::Slice(_) => self.refuse(
                expression.span(),
                "slices are not part of the language",
                Some("use `first`, `last` or one index"),
            ),
            Expr::Tuple(_) => self.refuse(
                expression.span(),
                "tuples are not part of the language",
                Some("write a list: `[a, b]`"),
            ),
        }
    }

    fn filter(
        &mut self,
        expression: &Expr<'a>,
        filter: &minijinja::machinery::ast::Filter<'a>,
        context: WalkContext,
        depth: usize,
    ) {
        let Some(operand) = &filter.expr else {
            return self.refuse(expression.span(), "a filter needs a value", None);
        };
        let guards = filter.name == DEFAULT;
        let inside = WalkContext {
            guarded: guards,
            with_none: false,
            // Standing in for what is absent does not look at what is there.
            inspected: !guards || context.inspected,
        };
        self.walk(operand, inside, depth + 1);
        match filters::find(filter.name) {
            Ok(known) => self.count_arguments(expression, known, filter.args.len()),
            Err(near) => {
                let help = match near {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => {
                        let names: Vec<&str> = FILTERS.iter().map(|filter| filter.name).collect();
                        format!("the filters are {}", names.join(", "))
                    }
                };
                let message = format!("there is no filter `{}`", filter.name);
                self.refuse(expression.span(), message, Some(&help));
            }
        }
        for argument in &filter.args {
            match argument {
                CallArg::Pos(argument) => self.walk(
                    argument,
                    WalkContext {
                        guarded: false,
                        ..inside
                    },
                    depth + 1,
                ),
                _ => self.refuse(
                    expression.span(),
                    "arguments of a filter have no names",
                    None,
                ),
            }
        }
    }

    fn count_arguments(&mut self, expression: &Expr<'a>, filter: &Filter, count: usize) {
        let (from, to) = filter.arguments;
        if (from..=to).contains(&count) {
            return;
        }
        let wanted = match (from, to) {
            (0, 0) => "no arguments".to_owned(),
            (1, 1) => "one argument".to_owned(),
            (from, to) if from == to => format!("{from} arguments"),
            (from, to) => format!("{from} to {to} arguments"),
        };
        let message = format!("`{}` takes {wanted}, not {count}", filter.name);
        self.refuse(expression.span(), message, None);
    }

    /// Reads a chain from its end to its root.
    fn reference(&mut self, expression: &Expr<'a>, context: WalkContext) {
        let mut path = Vec::new();
        let mut rest = expression;
        let (root, start) = loop {
            match rest {
                Expr::Var(variable) => break (variable.id, variable.span()),
                Expr::GetAttr(step) => {
                    path.push(Segment::Name(step.name.to_owned()));
                    rest = &step.expr;
                }
                Expr::GetItem(step) => {
                    match constant(&step.subscript_expr) {
                        Some(segment) => path.push(segment),
                        None => {
                            return self.refuse(
                                step.subscript_expr.span(),
                                "a key or an index is a constant",
                                Some("computed keys would hide what a step reads"),
                            );
                        }
                    }
                    rest = &step.expr;
                }
                other => {
                    return self.refuse(
                        other.span(),
                        "only a name can be followed by `.` or `[`",
                        None,
                    );
                }
            }
        };
        path.reverse();
        let span = Span {
            start: start.start_offset as usize,
            end: expression.span().end_offset as usize,
        };
        if path.len() > SEGMENTS_MAX {
            let message = format!("a reference has at most {SEGMENTS_MAX} names");
            return self.refuse(expression.span(), message, None);
        }
        // Parentheses inside a chain would be torn apart when it is taken out.
        if self
            .text
            .get(span.range())
            .is_none_or(|text| text.contains(['(', ')']))
        {
            return self.refuse(
                expression.span(),
                "a reference is written without parentheses",
                None,
            );
        }
        self.references.push(Reference {
            root: root.to_owned(),
            path,
            span,
            guarded: context.guarded,
            asked_whether_given: context.with_none,
            inspected: context.inspected,
        });
    }

    fn no_arithmetic(&mut self, expression: &Expr<'a>) {
        self.refuse(
            expression.span(),
            "arithmetic is not part of the language",
            Some("text is joined by writing it around the braces: `{{ a }}-{{ b }}`"),
        );
    }

    fn refuse(&mut self, span: CrateSpan, message: impl Into<String>, help: Option<&str>) {
        self.refusals.push(Refusal {
            message: message.into(),
            span: Span {
                start: span.start_offset as usize,
                end: span.end_offset as usize,
            },
            help: help.map(str::to_owned),
        });
    }
}

fn is_arithmetic(operator: &BinOpKind) -> bool {
    matches!(
        operator,
        BinOpKind::Add
            | BinOpKind::Sub
            | BinOpKind::Mul
            | BinOpKind::Div
            | BinOpKind::FloorDiv
            | BinOpKind::Rem
            | BinOpKind::Pow
            | BinOpKind::Concat
    )
}

fn is_none(expression: &Expr<'_>) -> bool {
    matches!(expression, Expr::Const(constant) if constant.value.is_none())
}

/// A constant key or index.
fn constant(expression: &Expr<'_>) -> Option<Segment> {
    let Expr::Const(constant) = expression else {
        return None;
    };
    if let Some(name) = constant.value.as_str() {
        return Some(Segment::Name(name.to_owned()));
    }
    constant.value.as_usize().map(Segment::Index)
}
