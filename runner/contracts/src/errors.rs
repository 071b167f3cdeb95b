//! What the cloud's error codes mean: the reaction to each, its cause and what an operator can do.

mod meaning;

use std::sync::OnceLock;

use serde::Deserialize;
use serde_json::Value;

pub use self::meaning::{Giver, Meaning, all_meanings, meaning_by_form, meanings};

/// The reaction that an error asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorClass {
    /// The same request again after a pause, with a new nonce and date and the same client token.
    Retry,
    /// Busy or in the wrong state for the moment: poll the state, then send again.
    RetryStatus,
    /// The outcome is unknown: read first, send again only when it did not happen.
    LookThenRetry,
    /// The wanted state is already reached: check it and go on.
    Done,
    /// The object does not exist: success for a delete or detach, a failure otherwise.
    Absent,
    /// New credentials or a right clock are needed.
    Credential,
    /// An operator must change input or rights.
    Fail,
    /// The request is wrong: a fault of the plugin or of this program.
    Bug,
}

/// What is known about an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    /// What to do about it.
    pub class: ErrorClass,
    /// Why it happens; one sentence, for the operator.
    pub cause: &'static str,
    /// What the operator can do; one sentence.
    pub fix: &'static str,
    /// Whether the code is in the table; otherwise class and texts follow from the HTTP status alone.
    pub listed: bool,
}

/// A failure as an answer states it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The code; `HttpStatus.502` where the answer has none.
    pub code: String,
    /// The message, its gaps filled.
    pub message: String,
    /// The cloud's id of the request.
    pub request_id: Option<String>,
    /// The HTTP status; for a failure inside an HTTP 200, the one that the answer states, or 200.
    pub status: u16,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    /// `common`, a product in lower case, or `PRODUCT-run` for what a job or command reports later.
    area: String,
    code: String,
    class: ErrorClass,
    cause: String,
    fix: String,
    #[serde(default)]
    http: Option<u16>,
    #[serde(default)]
    message: Option<String>,
    /// Text that the message holds, for a code with several meanings.
    #[serde(default)]
    when: Option<String>,
}

fn rows() -> &'static [Row] {
    static ROWS: OnceLock<Vec<Row>> = OnceLock::new();
    ROWS.get_or_init(|| {
        serde_json::from_str(include_str!("../data/errors.json"))
            .expect("the table is compiled in and a test reads it")
    })
}

/// Returns what is known about an error of a product.
///
/// The product's own meaning of a code comes before the common one. A code with several meanings
/// (`AssumeRoleFail`) is told apart by its message. A code that the table does not know is judged by
/// its form and by the HTTP status: server errors leave the outcome unknown, the rest is a refusal.
pub fn classify(product: &str, http_status: u16, code: &str, message: &str) -> Known {
    let product = product.to_ascii_lowercase();
    let run = format!("{product}-run");
    for area in [product.as_str(), "common", run.as_str()] {
        let matching = |row: &&Row| row.area == area && code_matches(&row.code, code);
        let told = rows()
            .iter()
            .filter(matching)
            .find(|row| row.when.as_ref().is_some_and(|when| message.contains(when)));
        let plain = || {
            rows()
                .iter()
                .filter(matching)
                .find(|row| row.when.is_none())
        };
        let any = || rows().iter().find(matching);
        if let Some(row) = told.or_else(plain).or_else(any) {
            return Known {
                class: row.class,
                cause: &row.cause,
                fix: &row.fix,
                listed: true,
            };
        }
    }
    by_form(http_status, code)
}

/// Returns what a job or a command of a product means by a code that it reports about itself.
pub fn classify_run(product: &str, code: &str) -> Option<Known> {
    let area = format!("{}-run", product.to_ascii_lowercase());
    let row = rows()
        .iter()
        .find(|row| row.area == area && code_matches(&row.code, code))?;
    Some(Known {
        class: row.class,
        cause: &row.cause,
        fix: &row.fix,
        listed: true,
    })
}

/// Returns whether a code is the table's, in which `<Name>` stands for any name.
fn code_matches(pattern: &str, code: &str) -> bool {
    match pattern.split_once("<Name>") {
        None => pattern == code,
        Some((start, end)) => {
            code.len() > start.len() + end.len() && code.starts_with(start) && code.ends_with(end)
        }
    }
}

/// The code with which the simulated cloud says that it does not simulate something. No live service gives it.
pub(crate) const NOT_SIMULATED: &str = "NotSimulated";

/// Judges a code that the table does not know.
fn by_form(http_status: u16, code: &str) -> Known {
    let known = |class, cause, fix| Known {
        class,
        cause,
        fix,
        listed: false,
    };
    if code == NOT_SIMULATED {
        return known(
            ErrorClass::Fail,
            "The simulated cloud does not simulate this.",
            "Skip the step in the rehearsal; what it does cannot be tried out there.",
        );
    }
    if code.contains("Throttling") {
        return known(
            ErrorClass::Retry,
            "Too many calls in a short time.",
            "Wait; the call is repeated more slowly.",
        );
    }
    if code.starts_with("Missing") || code.starts_with("InvalidParam") {
        return known(
            ErrorClass::Bug,
            "A parameter is missing or not as the API wants it.",
            "Correct the parameter that the message names.",
        );
    }
    if code.starts_with("Forbidden") || code.starts_with("NoPermission") || http_status == 401 {
        return known(
            ErrorClass::Fail,
            "The caller may not do this.",
            "Grant the caller the right that the message names.",
        );
    }
    if http_status >= 500 {
        return known(
            ErrorClass::LookThenRetry,
            "The service failed while it handled the call; whether the call took effect is unknown.",
            "Look whether it took effect; send again only if it did not.",
        );
    }
    known(
        ErrorClass::Fail,
        meaning::GENERIC,
        "Read the service's message, correct what it names, and resume.",
    )
}

/// Codes that say nothing about whether the call took effect, whatever their HTTP status.
const OUTCOME_OPEN: [&str; 7] = [
    "InternalError",
    "InternalFailure",
    "ServiceUnavailable",
    "SystemBusy",
    "UnknownError",
    "LockTimeout",
    "SQLExecuteError",
];

/// Returns whether an error proves that the call did not take effect.
///
/// True for what was throttled or is not simulated, at any status, and for every other refusal with a
/// status below 500, except codes that the service gives when it failed in the middle.
pub fn refused_before_acting(code: &str, http_status: u16) -> bool {
    if code.contains("Throttling") || code == NOT_SIMULATED {
        return true;
    }
    let is_open = OUTCOME_OPEN
        .iter()
        .any(|open| code.split('.').any(|part| part == *open));
    http_status < 500 && !is_open
}

/// Returns the failure that an answer states, or `None` for a success.
///
/// Every HTTP status from 400 is one, whatever the body. DTS also states failures inside an HTTP 200,
/// by `Success` being false (boolean or text).
pub fn failure_in(product: &str, status: u16, answer: &Value) -> Option<Failure> {
    let text = |name: &str| {
        answer
            .get(name)
            .and_then(Value::as_str)
            .filter(|text| !text.is_empty())
            .map(str::to_owned)
    };
    let request_id = text("RequestId");
    if status >= 400 {
        let code = text("Code").or_else(|| text("ErrCode"));
        return Some(Failure {
            code: code.unwrap_or_else(|| format!("HttpStatus.{status}")),
            message: text("Message")
                .or_else(|| filled_message(answer))
                .unwrap_or_else(|| format!("the service answered with HTTP status {status}")),
            request_id,
            status,
        });
    }
    if !product.eq_ignore_ascii_case("DTS") || !is_false(answer.get("Success")?) {
        return None;
    }
    let code = text("ErrCode").or_else(|| text("DynamicCode"));
    Some(Failure {
        code: code.unwrap_or_else(|| "UnknownError".to_owned()),
        message: filled_message(answer)
            .unwrap_or_else(|| "the service stated a failure without a message".to_owned()),
        request_id,
        status: stated_status(answer).unwrap_or(status),
    })
}

fn is_false(value: &Value) -> bool {
    match value {
        Value::Bool(success) => !success,
        Value::String(text) => text.eq_ignore_ascii_case("false"),
        _ => false,
    }
}

/// Returns `ErrMessage` with its `%s` filled from `DynamicMessage`.
fn filled_message(answer: &Value) -> Option<String> {
    let message = answer.get("ErrMessage")?.as_str()?;
    let dynamic = answer.get("DynamicMessage").and_then(Value::as_str);
    match (message, dynamic) {
        ("", dynamic) => dynamic.map(str::to_owned),
        (message, Some(dynamic)) => Some(message.replacen("%s", dynamic, 1)),
        (message, None) => Some(message.to_owned()),
    }
}

/// Returns the HTTP status that an answer states about itself, as a number or as text.
fn stated_status(answer: &Value) -> Option<u16> {
    let status = match answer.get("HttpStatusCode")? {
        Value::Number(number) => u16::try_from(number.as_u64()?).ok()?,
        Value::String(text) => text.parse().ok()?,
        _ => return None,
    };
    (status >= 400).then_some(status)
}

/// Returns the HTTP status and the message that the cloud documents for a code, for a simulation to
/// answer with; either may be undocumented.
pub fn documented(product: &str, code: &str) -> (Option<u16>, Option<&'static str>) {
    let product = product.to_ascii_lowercase();
    let found = [product.as_str(), "common"].iter().find_map(|area| {
        rows()
            .iter()
            .find(|row| row.area == *area && row.code == code)
    });
    match found {
        Some(row) => (row.http, row.message.as_deref()),
        None => (None, None),
    }
}

#[cfg(test)]
mod tests;
