//! The world outside: names that exist, what is to go wrong, and a log of what was sent.

use std::collections::{BTreeMap, VecDeque};

use rutter_engine::{Api, Call, Fault, FaultClass, Outcome, Target};
use serde_json::{Value, json};

/// What is to become of a call.
#[derive(Clone, Debug)]
pub enum Fate {
    /// It works as it should.
    Fine,
    /// It does not happen, and is answered so with this class.
    Refused(FaultClass),
    /// It happens, and the answer is lost.
    AnswerLost,
    /// It does not happen, and nobody is told.
    Swallowed,
    /// It answers with this value, whatever exists.
    Says(Value),
}

/// Names that exist.
#[derive(Clone, Debug, Default)]
pub struct Cloud {
    /// What exists, and how often it was created.
    pub exists: BTreeMap<String, u32>,
    /// Fates by `Action name`, in the order of the calls; when they are used up, all is fine.
    fates: BTreeMap<String, VecDeque<Fate>>,
    /// `Action name` of everything that was sent.
    pub sent: Vec<String>,
}

impl Cloud {
    /// Lays down the fates of the next calls of `Action name`.
    pub fn will(&mut self, label: &str, fates: impl IntoIterator<Item = Fate>) {
        self.fates
            .entry(label.to_owned())
            .or_default()
            .extend(fates);
    }

    /// Whether a name exists.
    pub fn has(&self, name: &str) -> bool {
        self.exists.contains_key(name)
    }

    /// How often `Action name` was sent.
    pub fn times(&self, label: &str) -> usize {
        self.sent.iter().filter(|sent| *sent == label).count()
    }

    pub fn carry(&mut self, call: &Call) -> Outcome {
        let api = match &call.target {
            Target::Api(api) => Some(api),
            Target::Http(_) => None,
            Target::AssumeRole { .. } => {
                return Outcome::Refused(Fault::new(FaultClass::Bug, "NoApi", "not an api"));
            }
        };
        let label = api.map_or_else(|| call.label(), label);
        self.sent.push(label.clone());
        let fate = self.fates.get_mut(&label).and_then(VecDeque::pop_front);
        let lost = || Fault::new(FaultClass::LookFirst, "Timeout", "no answer came");
        match fate.unwrap_or(Fate::Fine) {
            Fate::Fine => match api.map_or(Ok(json!({})), |api| self.act(api)) {
                Ok(answer) => Outcome::Done(answer),
                Err(fault) => Outcome::Refused(fault),
            },
            Fate::Refused(class) => {
                Outcome::Refused(Fault::new(class, format!("{class:?}"), "it was refused"))
            }
            Fate::AnswerLost => {
                let _lost = api.map(|api| self.act(api));
                Outcome::Unknown(lost())
            }
            Fate::Swallowed => Outcome::Unknown(lost()),
            Fate::Says(value) => Outcome::Done(value),
        }
    }

    fn act(&mut self, api: &Api) -> Result<Value, Fault> {
        let name = name(api);
        let absent = || Fault::new(FaultClass::Absent, "NotExist", format!("no {name}"));
        match api.action.as_str() {
            "Create" if self.has(&name) => {
                Err(Fault::new(FaultClass::Exists, "AlreadyExist", name))
            }
            // Makes one more each time it is called.
            "Create" | "Make" => {
                *self.exists.entry(name.clone()).or_insert(0) += 1;
                Ok(json!({ "Id": name }))
            }
            // Leaves the same state however often it is called.
            "Ensure" => {
                self.exists.insert(name.clone(), 1);
                Ok(json!({ "Id": name }))
            }
            "Delete" => self
                .exists
                .remove(&name)
                .map(|_| json!({}))
                .ok_or_else(absent),
            // As many as there are of a name, each with a key of its own.
            "List" => {
                let number = self.exists.get(&name).copied().unwrap_or_default();
                let items =
                    (1..=number).map(|n| json!({ "Id": format!("{name}-{n}"), "Name": name }));
                Ok(json!({ "Items": items.collect::<Vec<_>>() }))
            }
            _ if self.has(&name) => Ok(json!({ "Id": name, "Status": "Running" })),
            _ => Err(absent()),
        }
    }
}

fn name(api: &Api) -> String {
    let name = api.parameters.get("name").and_then(Value::as_str);
    name.unwrap_or_default().to_owned()
}

fn label(api: &Api) -> String {
    format!("{} {}", api.action, name(api))
}
