//! Whether an expression gives true or false, whatever its values are.

use minijinja::machinery::ast::{BinOpKind, CallArg, Expr, UnaryOpKind};

use crate::filters::DEFAULT;

/// What must be true or false for an expression to be so: the starts of references in its text; `None` where it is
/// something else in any case. Nesting was bounded by the fence.
pub(crate) fn of(expression: &Expr<'_>) -> Option<Vec<usize>> {
    match expression {
        Expr::Const(constant) => {
            (constant.value == true.into() || constant.value == false.into()).then(Vec::new)
        }
        Expr::Var(_) | Expr::GetAttr(_) | Expr::GetItem(_) => Some(vec![start(expression)]),
        Expr::UnaryOp(operator) => matches!(operator.op, UnaryOpKind::Not).then(Vec::new),
        Expr::Compare(_) => Some(Vec::new()),
        Expr::BinOp(operator) => match operator.op {
            // Each gives one of its operands.
            BinOpKind::ScAnd | BinOpKind::ScOr => both(&operator.left, &operator.right),
            BinOpKind::Eq
            | BinOpKind::Ne
            | BinOpKind::Lt
            | BinOpKind::Lte
            | BinOpKind::Gt
            | BinOpKind::Gte
            | BinOpKind::In => Some(Vec::new()),
            _ => None,
        },
        Expr::IfExpr(choice) => both(&choice.true_expr, choice.false_expr.as_ref()?),
        Expr::Filter(filter) if filter.name == DEFAULT => match filter.args.first()? {
            CallArg::Pos(other) => both(filter.expr.as_ref()?, other),
            _ => None,
        },
        _ => None,
    }
}

fn both(one: &Expr<'_>, other: &Expr<'_>) -> Option<Vec<usize>> {
    let mut starts = of(one)?;
    starts.extend(of(other)?);
    Some(starts)
}

/// Where a chain of names begins in the text.
fn start(reference: &Expr<'_>) -> usize {
    match reference {
        Expr::GetAttr(step) => start(&step.expr),
        Expr::GetItem(step) => start(&step.expr),
        other => other.span().start_offset as usize,
    }
}
