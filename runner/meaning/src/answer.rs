//! What became of a call, judged from what came back: done, refused, or unknown.
//!
//! Refused is said only where it is known that nothing happened: no byte of the request left, or the
//! cloud itself said no in a way that proves it. Everything else after the first byte is unknown. For
//! a read the distinction costs nothing, because the engine repeats it either way. `table.rs` shows it
//! by example.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rutter_contracts::{ErrorClass, Known, classify, failure_in, refused_before_acting};
use rutter_engine::{Class, Fault, FaultClass, Outcome};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// The cloud's messages may quote the whole request; more than this says nothing more.
const MESSAGE_CHARACTERS_MAX: usize = 2_000;

/// Why there is no answer. The texts are fragments without the address, which may hold secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TransportError {
    /// No byte of the request left.
    NotSent {
        /// Why: a fragment without the address.
        reason: String,
        /// Whether it may go better next time.
        transient: bool,
    },
    /// The answer was not there, or not whole, when the time for it was up.
    TimeOut {
        /// How long was waited.
        after: Duration,
        /// The answer had begun.
        answering: bool,
    },
    /// The connection broke after the request, or a part of it, had left.
    Broken {
        /// Why: a fragment without the address.
        reason: String,
        /// The answer had begun.
        answering: bool,
    },
    /// The answer is larger than the cap.
    TooLarge {
        /// The cap in bytes.
        max: usize,
    },
}

/// What is being judged, for the messages.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// The call for people: `RAM:CreateRole`, `POST https://…`.
    pub label: &'a str,
    /// The host that was called.
    pub host: &'a str,
    /// Whether the call can have altered anything, if it arrived.
    pub class: Class,
}

impl Subject<'_> {
    /// An outcome that cannot be known. A read is simply to be repeated.
    pub fn unknown(self, code: &str, what: &str) -> Outcome {
        let Self { label, host, class } = self;
        let class = match class {
            Class::Read => FaultClass::Retry,
            Class::Change => FaultClass::LookFirst,
        };
        let advice = match class {
            FaultClass::LookFirst => {
                "look whether it took effect; send it again only if it did not"
            }
            _ => "check the network and the service's status page",
        };
        let message = format!("{what} ({label} at {host})");
        Outcome::Unknown(Fault::new(class, code, message).advise(advice))
    }

    /// An outcome known to be nothing.
    pub fn refused(self, class: FaultClass, code: &str, what: &str, advice: &str) -> Outcome {
        let message = format!("{what} ({} at {})", self.label, self.host);
        Outcome::Refused(Fault::new(class, code, message).advise(advice))
    }

    /// Judges a request that got no whole answer.
    pub fn judge_trouble(self, trouble: TransportError) -> Outcome {
        match trouble {
            TransportError::NotSent { reason, transient } => {
                let (class, advice) = if transient {
                    (
                        FaultClass::Retry,
                        "nothing was sent; check the network, the name and the proxy",
                    )
                } else {
                    (
                        FaultClass::Fail,
                        "nothing was sent; check `[network]` and `[http]` in the settings",
                    )
                };
                let what = format!("no connection could be made: {reason}");
                self.refused(class, "rutter.not-sent", &what, advice)
            }
            TransportError::TimeOut { after, answering } => {
                let seconds = after.as_secs_f64();
                let what = if answering {
                    format!("the answer was not complete after {seconds} s")
                } else {
                    format!("there was no answer after {seconds} s")
                };
                self.unknown("rutter.time-out", &what)
            }
            TransportError::Broken { reason, answering } => {
                let (code, when) = if answering {
                    ("rutter.answer-cut-off", "in the middle of the answer")
                } else {
                    ("rutter.connection-broken", "before the answer")
                };
                self.unknown(code, &format!("the connection broke {when}: {reason}"))
            }
            TransportError::TooLarge { max } => {
                let what = format!("the answer is larger than {max} bytes");
                match self.class {
                    // Repeating would only meet the same answer.
                    Class::Read => self.refused(
                        FaultClass::Fail,
                        "rutter.limit.answer",
                        &what,
                        "ask for less, or raise `answer` under `[limits]` in the settings",
                    ),
                    Class::Change => self.unknown("rutter.limit.answer", &what),
                }
            }
        }
    }

    /// Judges the answer of an action of the cloud's API.
    pub fn judge_api(self, product: &str, status: u16, body: &[u8]) -> Outcome {
        let body = match serde_json::from_slice::<Value>(body) {
            Ok(body @ Value::Object(_)) => body,
            _ if (300..400).contains(&status) => {
                let what =
                    format!("the answer is a redirect (HTTP {status}), which is not followed");
                return self.unknown("rutter.answer-redirect", &what);
            }
            _ => {
                let what = format!("the answer is not JSON (HTTP {status})");
                return self.unknown("rutter.answer-not-json", &what);
            }
        };
        self.judge_body(product, status, body)
    }

    /// Judges an answer of an action that was read as JSON already.
    pub fn judge_body(self, product: &str, status: u16, body: Value) -> Outcome {
        if let Some(failure) = failure_in(product, status, &body) {
            let known = classify(product, failure.status, &failure.code, &failure.message);
            let mut fault = self.cloud_fault(&failure.code, &failure.message, &known);
            fault.request_id = failure.request_id;
            if refused_before_acting(&failure.code, failure.status) {
                return Outcome::Refused(fault);
            }
            fault.class = match self.class {
                Class::Read => FaultClass::Retry,
                Class::Change => FaultClass::LookFirst,
            };
            return Outcome::Unknown(fault);
        }
        if !(200..300).contains(&status) {
            let what = format!("the answer has the status HTTP {status}");
            return self.unknown("rutter.answer-status", &what);
        }
        Outcome::Done(body)
    }

    fn cloud_fault(self, code: &str, message: &str, known: &Known) -> Fault {
        let message: String = message.chars().take(MESSAGE_CHARACTERS_MAX).collect();
        let message = format!(
            "{} ({} at {})",
            message.trim().trim_end_matches('.'),
            self.label,
            self.host
        );
        let fault = Fault::new(fault_class(known.class), code, message);
        match [known.cause, known.fix].join(" ").trim() {
            "" => fault,
            advice => fault.advise(advice),
        }
    }
}

fn fault_class(class: ErrorClass) -> FaultClass {
    match class {
        ErrorClass::Retry => FaultClass::Retry,
        ErrorClass::RetryStatus => FaultClass::Busy,
        ErrorClass::LookThenRetry => FaultClass::LookFirst,
        ErrorClass::Done => FaultClass::Exists,
        ErrorClass::Absent => FaultClass::Absent,
        ErrorClass::Credential => FaultClass::Credential,
        ErrorClass::Fail => FaultClass::Fail,
        ErrorClass::Bug => FaultClass::Bug,
    }
}

/// An answer by HTTP, as carriers give it and records hold it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HttpAnswer {
    /// The HTTP status of the answer.
    pub status: u16,
    /// Header names and values, in order.
    pub headers: Vec<(String, String)>,
    /// The body, Base64.
    pub body: String,
}

impl Subject<'_> {
    /// Judges an answer by plain HTTP. Every whole answer is the plugin's to judge, but for those that
    /// leave open what happened and those that ask for the same again.
    pub fn judge_plain(self, status: u16, headers: &[(String, String)], body: &[u8]) -> Outcome {
        if status == 429 {
            let what = "the service asks for fewer requests (HTTP 429)";
            let advice = "wait; it is repeated";
            return self.refused(FaultClass::Retry, "rutter.http.throttled", what, advice);
        }
        if status >= 500 && self.class == Class::Change {
            let what = format!("the service failed (HTTP {status})");
            return self.unknown("rutter.http.status", &what);
        }
        Outcome::Done(json!({
            "status": status,
            "headers": headers,
            "body": STANDARD.encode(body),
        }))
    }
}

/// Whether the cloud said that calls come too fast.
pub fn is_throttled(outcome: &Outcome) -> bool {
    match outcome {
        Outcome::Refused(fault) => fault.code.contains("Throttling"),
        Outcome::Done(_) | Outcome::Unknown(_) => false,
    }
}
