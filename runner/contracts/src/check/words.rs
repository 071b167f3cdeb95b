//! Which code and message the cloud answers with for a parameter problem.

use super::{ParameterProblem, ProblemKind};
use crate::action::{Action, DocumentedError};
use crate::parameter::Parameter;

/// Builds the problem with the code that the action documents for it, or the product's usual one.
pub(super) fn problem(
    action: &Action,
    parameter: &Parameter,
    wire_name: &str,
    kind: ProblemKind,
) -> ParameterProblem {
    let stem = stem(&parameter.name);
    let candidates = candidates(&stem, kind);
    let documented = candidates
        .iter()
        .find_map(|code| action.errors.iter().find(|error| error.code == *code));
    let (code, message, status) = match documented {
        Some(error) => from_page(error, &stem, kind),
        None => usual(action.product, &stem, kind),
    };
    ParameterProblem {
        parameter: wire_name.to_owned(),
        kind,
        code,
        message,
        status,
    }
}

/// Builds the problem of a parameter that the action does not have.
pub(super) fn unknown(wire_name: &str) -> ParameterProblem {
    ParameterProblem {
        parameter: wire_name.to_owned(),
        kind: ProblemKind::Unknown,
        code: "UnsupportedParameter".to_owned(),
        message: format!("The parameter {wire_name} is unsupported."),
        status: 400,
    }
}

/// Returns the name that codes are made of: `Tag` of `Tag[].Key`, `Size` of `SystemDisk.Size`.
fn stem(pattern: &str) -> String {
    match pattern.split_once("[]") {
        Some((list, _)) => list.to_owned(),
        None => pattern.to_owned(),
    }
}

/// Returns the codes that pages use for such a problem, the most specific first.
fn candidates(stem: &str, kind: ProblemKind) -> Vec<String> {
    let bare: String = stem.split('.').collect();
    match kind {
        ProblemKind::Missing => vec![
            format!("MissingParameter.{stem}"),
            format!("MissingParamter.{stem}"),
            format!("Missing{bare}"),
            "MissingParameter".to_owned(),
            "MissingParamter".to_owned(),
        ],
        ProblemKind::Length => vec![
            format!("InvalidParameter.{stem}.Length"),
            format!("Invalid{bare}.Length"),
            format!("Invalid{bare}.Malformed"),
            format!("Invalid{bare}.Format"),
            format!("InvalidParameter.{stem}"),
            format!("Invalid{bare}"),
            "InvalidParameter".to_owned(),
        ],
        ProblemKind::OutOfRange => vec![
            format!("InvalidParameter.{stem}"),
            format!("Invalid{bare}.ValueNotSupported"),
            format!("Invalid{bare}.Malformed"),
            format!("Invalid{bare}"),
            "InvalidParameter".to_owned(),
        ],
        ProblemKind::BadEnum => vec![
            format!("Invalid{bare}.ValueNotSupported"),
            format!("InvalidParameter.{stem}"),
            format!("Invalid{bare}.NotSupport"),
            format!("Invalid{bare}.Malformed"),
            format!("Invalid{bare}.Format"),
            format!("Invalid{bare}"),
            "InvalidParameter".to_owned(),
        ],
        ProblemKind::WrongType | ProblemKind::Unknown => vec![
            format!("InvalidParameter.{stem}"),
            format!("Invalid{bare}.Malformed"),
            format!("Invalid{bare}.Format"),
            format!("Invalid{bare}"),
            "InvalidParameter".to_owned(),
        ],
    }
}

fn from_page(error: &DocumentedError, stem: &str, kind: ProblemKind) -> (String, String, u16) {
    let message = error
        .message
        .clone()
        .unwrap_or_else(|| general_message(stem, kind));
    (error.code.clone(), message, error.http.unwrap_or(400))
}

/// What a product answers where the action's page names no code.
fn usual(product: &str, stem: &str, kind: ProblemKind) -> (String, String, u16) {
    let bare: String = stem.split('.').collect();
    let code = match (kind, product) {
        (ProblemKind::Missing, "ECS") => "MissingParameter".to_owned(),
        (ProblemKind::Missing, _) => format!("Missing{bare}"),
        (ProblemKind::Length, "RAM") => format!("InvalidParameter.{stem}.Length"),
        (_, "RAM" | "STS") => format!("InvalidParameter.{stem}"),
        _ => "InvalidParameter".to_owned(),
    };
    let message = match (kind, product) {
        (ProblemKind::Missing, "ECS") => format!(
            "The input parameter \"{stem}\" that is mandatory for processing this request is not supplied."
        ),
        (ProblemKind::Length, "RAM") => {
            format!("The parameter - \"{stem}\" beyond the length limit.")
        }
        (ProblemKind::BadEnum, "RAM") => format!("The parameter - \"{stem}\" is incorrect."),
        _ => general_message(stem, kind),
    };
    (code, message, 400)
}

fn general_message(stem: &str, kind: ProblemKind) -> String {
    match kind {
        ProblemKind::Missing => format!("{stem} is mandatory for this action."),
        _ => format!("The specified parameter \"{stem}\" is not valid."),
    }
}
