//! Answers from a script: the list of calls that a case expects.

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rutter_engine::{Call, Fault, FaultClass, HttpRequest, Outcome, Target, Timestamp};
use rutter_meaning::Subject;
use serde_json::{Value, json};

use crate::testing::case::{Case, ScriptedCall, ScriptedFault, ScriptedReverse};
use crate::testing::expect::differences;
use crate::testing::stage::{Answered, Answers, Sent};

/// How long a scripted call takes, so that time passes.
const TOOK_MS: u64 = 100;

/// The host's name in messages.
const HOST: &str = "the script";

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
    /// The answer to the newest call, which it gets again when the host repeats it by itself.
    newest: Option<Outcome>,
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
            newest: None,
        };
        (script, progress)
    }

    fn next(&self, label: &str) -> Result<ScriptedCall, Fault> {
        let mut progress = self.progress.borrow_mut();
        match progress.left.pop_front() {
            Some(call) if is_called(&call.call, label) => Ok(call),
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

    fn compare(&self, scripted: &ScriptedCall, sent: &Sent<'_>) {
        let label = sent.call.label();
        let mut problems = Vec::new();
        let account = sent.call.account.as_ref();
        let account = account.map(ToString::to_string).unwrap_or_default();
        if let Some(expected) = scripted.account.as_ref().filter(|one| **one != account) {
            problems.push(format!(
                "{label} goes to `{account}`, expected `{expected}`"
            ));
        }
        if let Some(expected) = &scripted.parameters {
            problems.extend(differences(&label, expected, &parameters(sent.call)));
        }
        if let Some(expected) = &scripted.reverse {
            problems.extend(compare_reverse(&label, expected, sent.reverse));
        }
        self.progress.borrow_mut().problems.extend(problems);
    }

    fn answer(&self, sent: &Sent<'_>) -> Outcome {
        let label = sent.call.label();
        let scripted = match self.next(&label) {
            Ok(scripted) => scripted,
            Err(fault) => return Outcome::Refused(fault),
        };
        self.compare(&scripted, sent);
        let subject = Subject {
            label: &label,
            host: HOST,
            class: sent.call.class,
        };
        let answer = scripted.answer.unwrap_or_default();
        match (scripted.fault, &sent.call.target) {
            (Some(fault), target) => judge_fault(subject, fault, target),
            (None, Target::Http(_)) => {
                let (status, body) = response(&answer);
                subject.judge_plain(status, &[], body.as_bytes())
            }
            (None, Target::Api(api)) => subject.judge_body(&api.product, 200, answer),
            (None, Target::AssumeRole { .. }) => Outcome::Done(answer),
        }
    }
}

impl Answers for Script {
    /// What the host repeats by itself is answered as before: the script holds what was seen last.
    fn carry(&mut self, _now: Timestamp, sent: &Sent<'_>) -> Answered {
        if sent.is_survey {
            // A script ends where the plugin does.
            let message = "a script does not tell what a change left";
            let fault = Fault::new(FaultClass::Fail, "case.survey", message);
            return Answered {
                outcome: Outcome::Refused(fault),
                took_ms: TOOK_MS,
            };
        }
        let before = self.newest.take().filter(|_| sent.again);
        let outcome = before.unwrap_or_else(|| self.answer(sent));
        self.newest = Some(outcome.clone());
        Answered {
            outcome,
            took_ms: TOOK_MS,
        }
    }

    fn account_id(&self, name: &str) -> Option<String> {
        let id = self.ids.get(name).cloned();
        Some(id.unwrap_or_else(|| "1234567890123456".to_owned()))
    }
}

/// Whether a scripted call is this one: actions in any case, addresses however they are written.
fn is_called(scripted: &str, label: &str) -> bool {
    let address = |text: &str| {
        let (method, url) = text.split_once(' ')?;
        let url = url::Url::parse(url).ok()?;
        Some((method.to_ascii_uppercase(), url))
    };
    match (address(scripted), address(label)) {
        (Some(scripted), Some(label)) => scripted == label,
        _ => scripted.eq_ignore_ascii_case(label),
    }
}

/// What a scripted fault means: what the contracts say about its code, unless it says itself.
fn judge_fault(subject: Subject<'_>, fault: ScriptedFault, target: &Target) -> Outcome {
    let product = match (fault.class, target) {
        (None, Target::Api(api)) => api.product.as_str(),
        (None, Target::AssumeRole { .. }) => "STS",
        (class, _) => {
            let class = class.map_or(FaultClass::Fail, Into::into);
            return Outcome::of_fault(Fault::new(class, fault.code, fault.message));
        }
    };
    let status = rutter_contracts::errors::documented(product, &fault.code).0;
    let body = json!({ "Code": fault.code, "Message": fault.message });
    subject.judge_body(
        product,
        status.filter(|status| *status >= 400).unwrap_or(400),
        body,
    )
}

fn compare_reverse(label: &str, expected: &ScriptedReverse, reverse: Option<&Call>) -> Vec<String> {
    match (expected, reverse) {
        (ScriptedReverse::None(_), None) => Vec::new(),
        (ScriptedReverse::None(_), Some(reverse)) => vec![format!(
            "{label} carries the reverse {}, expected none",
            reverse.label()
        )],
        (ScriptedReverse::Call { .. }, None) => vec![format!("{label} carries no reverse")],
        (ScriptedReverse::Call { call, .. }, Some(reverse))
            if !reverse.label().eq_ignore_ascii_case(call) =>
        {
            vec![format!(
                "the reverse of {label} is {}, expected {call}",
                reverse.label()
            )]
        }
        (ScriptedReverse::Call { parameters, .. }, Some(reverse)) => {
            let path = format!("reverse {}", reverse.label());
            let expected = parameters.iter();
            expected
                .flat_map(|expected| differences(&path, expected, &self::parameters(reverse)))
                .collect()
        }
    }
}

/// The parameters of a call, as a case's `with` describes them.
fn parameters(call: &Call) -> Value {
    match &call.target {
        Target::Api(api) => api.parameters.clone(),
        Target::AssumeRole { arn, session } => {
            json!({ "RoleArn": arn, "RoleSessionName": session })
        }
        Target::Http(request) => as_value(request),
    }
}

/// A request as a case's `with` describes it: `headers`, `auth`, and the body as `json` or `text`.
fn as_value(request: &HttpRequest) -> Value {
    let headers: serde_json::Map<String, Value> = request
        .headers
        .iter()
        .map(|(name, value)| (name.clone(), value.as_str().into()))
        .collect();
    let body = request.body.as_deref().unwrap_or_default();
    let body = STANDARD.decode(body).unwrap_or_default();
    let mut value = json!({ "headers": headers });
    if let Some(auth) = &request.auth {
        value["auth"] = auth.as_str().into();
    }
    if let Ok(json) = serde_json::from_slice::<Value>(&body) {
        value["json"] = json;
    }
    if let Ok(text) = std::str::from_utf8(&body) {
        value["text"] = text.into();
    }
    value
}

/// A case's `answer`: `status`, and the body as `json` or `text`.
fn response(answer: &Value) -> (u16, String) {
    let status = answer.get("status").and_then(Value::as_u64).unwrap_or(200);
    let text = answer.get("text").and_then(Value::as_str);
    let body = match (answer.get("json"), text) {
        (Some(json), _) => json.to_string(),
        (None, text) => text.unwrap_or_default().to_owned(),
    };
    (u16::try_from(status).unwrap_or(u16::MAX), body)
}
