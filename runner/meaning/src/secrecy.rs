//! Whether a guest may send the secrets that a host request names, and to where.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rutter_contracts::is_key_field;
use rutter_engine::{Api, Fault, FaultClass, HttpRequest, Is, Test};
use rutter_manifest::Manifest;
use serde_json::Value;

use crate::class::known;
use crate::handed::{Handed, secret_answers};
use crate::look::Look;
use crate::placeholder::placeholders;
use crate::plain::HEADER;
use crate::pointer::each_at;
use crate::rules::{Rule, Rules};

/// How a mark begins that stands for a secret which may not be read.
pub const MARK: &str = "[secret ";

/// By what it is judged.
pub(crate) struct Secrecy<'a> {
    pub(crate) manifest: &'a Manifest,
    pub(crate) handed: &'a Handed,
    pub(crate) rules: Rules,
}

/// What stands in a place where a secret might be.
enum Piece<'a> {
    Text(&'a str),
    /// The name of a parameter.
    Name(&'a str),
    /// A field of an answer, which is put in later.
    Answer(&'a str),
}

impl Secrecy<'_> {
    /// Judges a call. `allowed` are the parameters that the manifest lets hold secrets, and `answers` the call
    /// whose answer is put in where one is left open.
    pub(crate) fn call(
        &self,
        api: &Api,
        allowed: &[&str],
        answers: Option<&Api>,
    ) -> Result<(), Fault> {
        let contract = known(api);
        let label = format!("{}:{}", api.product, api.action);
        let is_read = contract.is_some_and(|action| action.as_read().is_some());
        each_piece(&api.parameters, String::new(), &mut |place, piece| {
            let (secret, named) = match piece {
                Piece::Text(text) => {
                    self.handed_all(text, &label)?;
                    if !is_read {
                        self.no_mark(text, &label)?;
                    }
                    (placeholders(text).next().is_some(), false)
                }
                Piece::Name(name) => (placeholders(name).next().is_some(), true),
                Piece::Answer(pointer) => (answers_secret(answers, pointer), false),
            };
            let own =
                || contract.is_some_and(|one| one.secret_parameters.iter().any(|p| p == place));
            let fits = !named && (own() || allowed.contains(&place));
            match secret && !fits && self.rules.hold(Rule::SecretPlaces) {
                true => Err(self.misplaced(place, &label)),
                false => Ok(()),
            }
        })
    }

    /// Judges what a look holds beside its reads.
    pub(crate) fn look(&self, change: &Api, look: &Look) -> Result<(), Fault> {
        let label = format!("the look of {}:{}", change.product, change.action);
        for Test { is, .. } in &look.tests {
            for value in values(is) {
                each_text(value, &mut |text| self.handed_all(text, &label))?;
            }
        }
        // It is an answer like the cloud's own: secrets stand where the contract says, and nowhere else.
        let mut expected = look.answer.clone();
        for pointer in known(change).into_iter().flat_map(secret_answers) {
            each_at(&mut expected, pointer, &mut |secret| *secret = Value::Null);
        }
        each_text(&look.answer, &mut |text| self.handed_all(text, &label))?;
        each_text(&expected, &mut |text| {
            let secret = placeholders(text).next().is_some();
            match secret && self.rules.hold(Rule::SecretPlaces) {
                true => Err(self.misplaced("answer", &label)),
                false => Ok(()),
            }
        })
    }

    /// Judges a request by plain HTTP. `allowed` is what the manifest's permission says.
    pub(crate) fn request(&self, request: &HttpRequest, allowed: &[String]) -> Result<(), Fault> {
        let label = format!("{} {}", request.method, host_of(&request.url));
        let body = request.body.as_deref().unwrap_or_default();
        let body = STANDARD.decode(body).unwrap_or_default();
        let body = String::from_utf8_lossy(&body);
        let headers = request.headers.iter();
        let headers = headers.map(|(name, value)| {
            (
                format!("{HEADER}{}", name.to_ascii_lowercase()),
                value.as_str(),
            )
        });
        let parts = [
            ("url".to_owned(), request.url.as_str()),
            ("body".to_owned(), &body),
        ];
        for (place, text) in parts.into_iter().chain(headers) {
            self.handed_all(text, &label)?;
            let fits = allowed.iter().any(|allowed| {
                let any = allowed == "header:*" && place.starts_with(HEADER);
                any || allowed.eq_ignore_ascii_case(&place)
            });
            let secret = placeholders(text).next().is_some();
            if secret && !fits && self.rules.hold(Rule::SecretPlaces) {
                return Err(self.misplaced(&place, &label));
            }
        }
        Ok(())
    }

    fn handed_all(&self, text: &str, label: &str) -> Result<(), Fault> {
        let foreign = placeholders(text).any(|place| !self.handed.holds(&text[place]));
        if !foreign || !self.rules.hold(Rule::OwnSecrets) {
            return Ok(());
        }
        let plugin = &self.manifest.plugin.name;
        Err(denied(
            "rutter.secret-foreign",
            format!(
                "`{plugin}` would send a secret with {label} that its step was not given; nothing was sent"
            ),
            "pass the secret to a secret input of this step, if it is meant to have it",
        ))
    }

    /// A mark stands for a secret that the guest may not read: as a text of its own it would overwrite something.
    fn no_mark(&self, text: &str, label: &str) -> Result<(), Fault> {
        if !has_mark(text) || !self.rules.hold(Rule::InertMarks) {
            return Ok(());
        }
        Err(denied(
            "rutter.secret-mark",
            format!(
                "{label} would send the mark of a secret, which is not the secret itself; nothing was sent"
            ),
            "what the plugin read holds a secret of this run; it can be neither copied nor written back",
        ))
    }

    fn misplaced(&self, place: &str, label: &str) -> Fault {
        let plugin = &self.manifest.plugin.name;
        denied(
            "rutter.secret-place",
            format!(
                "the manifest of `{plugin}` does not let a secret into `{place}` of {label}; \
                 it would need `secrets = [\"{place}\"]` in the permission; nothing was sent"
            ),
            "let the plugin's author add it, if everybody who can read that place may know the secret",
        )
    }
}

fn denied(code: &str, message: String, advice: &str) -> Fault {
    Fault::new(FaultClass::Denied, code, message).advise(advice)
}

/// Whether a text holds a mark of the host's.
fn has_mark(text: &str) -> bool {
    let mut marks = text.match_indices(MARK);
    marks.any(|(at, _)| {
        let rest = &text[at + MARK.len()..];
        let name = rest.split(']').next().unwrap_or_default();
        let begins = ["inputs.", "steps.", "undo.", "of "];
        begins.iter().any(|one| rest.starts_with(one)) || is_key_field(name)
    })
}

/// Calls `visit` with everything in parameters that may be or become a secret, and the pattern of its place:
/// `DataDisk[].Size`.
fn each_piece<'a>(
    value: &'a Value,
    place: String,
    visit: &mut impl FnMut(&str, Piece<'a>) -> Result<(), Fault>,
) -> Result<(), Fault> {
    match value {
        Value::String(text) => visit(&place, Piece::Text(text)),
        Value::Array(items) => items
            .iter()
            .try_for_each(|item| each_piece(item, format!("{place}[]"), visit)),
        Value::Object(fields) => {
            let only = fields.iter().next().filter(|_| fields.len() == 1);
            match only {
                Some((name, Value::String(pointer))) if name == "$answer" => {
                    return visit(&place, Piece::Answer(pointer));
                }
                Some((name, Value::Array(parts))) if name == "$text" => {
                    return parts
                        .iter()
                        .try_for_each(|part| each_piece(part, place.clone(), visit));
                }
                _ => {}
            }
            fields.iter().try_for_each(|(name, value)| {
                visit(&place, Piece::Name(name))?;
                let inner = match place.is_empty() {
                    true => name.clone(),
                    false => format!("{place}.{name}"),
                };
                each_piece(value, inner, visit)
            })
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => Ok(()),
    }
}

fn each_text(
    value: &Value,
    visit: &mut impl FnMut(&str) -> Result<(), Fault>,
) -> Result<(), Fault> {
    match value {
        Value::String(text) => visit(text),
        Value::Array(items) => items.iter().try_for_each(|item| each_text(item, visit)),
        Value::Object(fields) => fields.iter().try_for_each(|(name, value)| {
            visit(name)?;
            each_text(value, visit)
        }),
        Value::Null | Value::Bool(_) | Value::Number(_) => Ok(()),
    }
}

fn values(is: &Is) -> Vec<&Value> {
    match is {
        Is::Equal(value) | Is::Contains(value) | Is::Differs(value) | Is::Json(value) => {
            vec![value]
        }
        Is::OneOf(values) | Is::NoneOf(values) => values.iter().collect(),
        Is::Absent => Vec::new(),
    }
}

/// Whether a pointer leads to, into or above what an answer holds of secrets.
fn answers_secret(answers: Option<&Api>, pointer: &str) -> bool {
    let segments = |text: &str| {
        text.split('/')
            .skip(1)
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let asked = segments(pointer);
    let secrets = answers.and_then(known).into_iter().flat_map(secret_answers);
    secrets.map(segments).any(|secret| {
        let mut both = secret.iter().zip(&asked);
        both.all(|(secret, asked)| secret == "*" || secret == asked)
    })
}

fn host_of(url: &str) -> String {
    let url = url::Url::parse(url).ok();
    let host = url.as_ref().and_then(url::Url::host_str);
    host.unwrap_or_default().to_owned()
}
