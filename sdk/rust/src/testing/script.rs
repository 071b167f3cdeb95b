//! Answers from a script: the list of calls that a case expects.

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

use serde_json::{Value, json};

use crate::account::Until;
use crate::fault::{Fault, FaultClass};
use crate::host::{HttpRequest, HttpResponse};
use crate::testing::case::{Case, ScriptedCall};
use crate::testing::double::{Answered, Answers, Asked};
use crate::testing::expect::differences;
use crate::testing::simulated::class_of;

/// How long a scripted call takes, so that time passes.
const TOOK_MS: u64 = 100;

/// What is left of a script, and what went wrong with it.
#[derive(Default)]
pub(super) struct Progress {
    pub(super) left: VecDeque<ScriptedCall>,
    pub(super) problems: Vec<String>,
}

/// Answers from a script.
pub(super) struct Script {
    progress: Rc<RefCell<Progress>>,
    ids: BTreeMap<String, String>,
}

impl Script {
    /// The script of a case, and the progress that the caller can look at afterwards.
    pub(super) fn new(case: &Case) -> (Self, Rc<RefCell<Progress>>) {
        let progress = Rc::new(RefCell::new(Progress {
            left: case.calls.iter().cloned().collect(),
            problems: Vec::new(),
        }));
        let ids = case
            .accounts
            .iter()
            .filter_map(|(name, account)| Some((name.clone(), account.id.clone()?)))
            .collect();
        let script = Self {
            progress: Rc::clone(&progress),
            ids,
        };
        (script, progress)
    }

    fn next(&self, label: &str) -> Result<ScriptedCall, Fault> {
        let mut progress = self.progress.borrow_mut();
        match progress.left.pop_front() {
            Some(call) if call.call.eq_ignore_ascii_case(label) => Ok(call),
            other => {
                let expected = match &other {
                    Some(call) => format!("`{}` was expected", call.call),
                    None => "no more calls were expected".to_owned(),
                };
                // A call that does not fit ends the script: what follows would be noise.
                progress.left.clear();
                let message = format!("it calls `{label}` where {expected}");
                progress.problems.push(message.clone());
                Err(Fault::new(FaultClass::Bug, "case.unexpected-call", message))
            }
        }
    }

    fn compare(&self, scripted: &ScriptedCall, call: &Asked) {
        let label = call.api.label();
        let mut problems = Vec::new();
        if let Some(account) = &scripted.account
            && *account != call.account
        {
            problems.push(format!(
                "{label} goes to `{}`, expected `{account}`",
                call.account
            ));
        }
        if let Some(expected) = &scripted.parameters {
            let actual = Value::Object(call.api.parameters.clone());
            problems.extend(differences(&label, expected, &actual));
        }
        if let Some(expected) = &scripted.reverse {
            match &call.reverse {
                None => problems.push(format!("{label} carries no reverse")),
                Some(reverse) if !reverse.label().eq_ignore_ascii_case(&expected.call) => {
                    problems.push(format!(
                        "the reverse of {label} is {}, expected {}",
                        reverse.label(),
                        expected.call
                    ));
                }
                Some(reverse) => {
                    let actual = Value::Object(reverse.parameters.clone());
                    let expected = expected.parameters.clone().unwrap_or(Value::Null);
                    if !expected.is_null() {
                        let path = format!("reverse {}", reverse.label());
                        problems.extend(differences(&path, &expected, &actual));
                    }
                }
            }
        }
        self.progress.borrow_mut().problems.extend(problems);
    }

    fn answer(&self, call: &Asked) -> Result<Value, Fault> {
        let scripted = self.next(&call.api.label())?;
        self.compare(&scripted, call);
        match scripted.fault {
            None => Ok(scripted.answer.unwrap_or_default()),
            Some(fault) => {
                let class = fault.class.unwrap_or_else(|| {
                    class_of(&call.api.product, 400, &fault.code, &fault.message)
                });
                Err(Fault::new(class, fault.code, fault.message))
            }
        }
    }
}

impl Answers for Script {
    fn call(&mut self, _now_ms: u64, call: &Asked) -> Answered {
        Answered {
            result: self.answer(call),
            took_ms: TOOK_MS,
        }
    }

    /// The script holds the last answer; those before it would only take time.
    fn wait_for(&mut self, now_ms: u64, call: &Asked, _until: &Until) -> Answered {
        self.call(now_ms, call)
    }

    fn account_id(&self, name: &str) -> Option<String> {
        let id = self.ids.get(name).cloned();
        Some(id.unwrap_or_else(|| "1234567890123456".to_owned()))
    }

    fn send(&mut self, request: &HttpRequest, auth: Option<&str>) -> Result<HttpResponse, Fault> {
        let label = format!("{} {}", request.method, request.url);
        let scripted = self.next(&label)?;
        if let Some(expected) = &scripted.parameters {
            let problems = differences(&label, expected, &as_value(request, auth));
            self.progress.borrow_mut().problems.extend(problems);
        }
        match scripted.fault {
            Some(fault) => Err(Fault::new(
                fault.class.unwrap_or(FaultClass::Fail),
                fault.code,
                fault.message,
            )),
            None => Ok(response(&scripted.answer.unwrap_or_default())),
        }
    }
}

/// A request as a case's `with` describes it: `headers`, `auth`, and the body as `json` or `text`.
fn as_value(request: &HttpRequest, auth: Option<&str>) -> Value {
    let headers: serde_json::Map<String, Value> = request
        .headers
        .iter()
        .map(|(name, value)| (name.clone(), value.as_str().into()))
        .collect();
    let body = request.body.as_deref().unwrap_or_default();
    let mut value = json!({ "headers": headers });
    if let Some(auth) = auth {
        value["auth"] = auth.into();
    }
    if let Ok(json) = serde_json::from_slice::<Value>(body) {
        value["json"] = json;
    }
    if let Ok(text) = std::str::from_utf8(body) {
        value["text"] = text.into();
    }
    value
}

/// A case's `answer`: `status`, and the body as `json` or `text`.
fn response(answer: &Value) -> HttpResponse {
    let status = answer.get("status").and_then(Value::as_u64).unwrap_or(200);
    let text = answer.get("text").and_then(Value::as_str);
    let body = match (answer.get("json"), text) {
        (Some(json), _) => json.to_string(),
        (None, text) => text.unwrap_or_default().to_owned(),
    };
    HttpResponse {
        status: u16::try_from(status).unwrap_or(u16::MAX),
        headers: Vec::new(),
        body: body.into_bytes(),
    }
}
