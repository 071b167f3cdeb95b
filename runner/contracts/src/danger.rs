//! Why a call needs a person's word, which for a few actions depends on what it is asked to do.

use serde_json::Value;

use crate::action::Action;
// A value as it is sent: a number and its text are the same.
use crate::wire::plain_text as text;

/// Why a call needs a person's word before it is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Danger {
    /// It cannot be taken back.
    Irreversible,
    /// It starts or changes the billing of an instance.
    Costs,
}

/// A parameter that makes an otherwise harmless call destroy data, unless it has a value that is known to
/// be harmless.
struct Destroys {
    product: &'static str,
    action: &'static str,
    /// The parameter, and a member of the structure or JSON text that it holds.
    parameter: &'static str,
    member: Option<&'static str>,
    harmless: &'static [&'static str],
}

const DESTROYS: [Destroys; 3] = [
    // Writes over what the destination holds instead of stopping at it.
    Destroys {
        product: "DTS",
        action: "ConfigureDtsJob",
        parameter: "Reserve",
        member: Some("targetTableMode"),
        harmless: &["0"],
    },
    Destroys {
        product: "DTS",
        action: "ConfigureSynchronizationJob",
        parameter: "MigrationReserved",
        member: Some("targetTableMode"),
        harmless: &["0"],
    },
    // Replaces the operating system of an existing instance.
    Destroys {
        product: "SMC",
        action: "CreateReplicationJob",
        parameter: "TargetType",
        member: None,
        harmless: &["Image"],
    },
];

/// Changes that nobody is asked about because they are taken back without a trace, and whose objects
/// are paid for as long as they stand: the snapshots behind an image, what a job of SMC makes in passing.
const CHARGED: [(&str, &str); 3] = [
    ("ECS", "CreateImage"),
    ("ECS", "CopyImage"),
    ("SMC", "CreateReplicationJob"),
];

/// Returns whether what an action makes is paid for as long as it stands, without a person's being asked.
pub fn charged(product: &str, action: &str) -> bool {
    CHARGED.contains(&(product, action))
}

/// Kinds of objects, as changes that make them in passing call them, that are paid for as long as they
/// stand.
const CHARGED_KINDS: [&str; 2] = ["snapshot", "instance"];

/// Returns whether an object of this kind is paid for as long as it stands.
pub fn charged_kind(kind: &str) -> bool {
    CHARGED_KINDS.contains(&kind)
}

impl Action {
    /// Returns why a call with these structured parameters needs a person's word, if it does.
    ///
    /// Beside the columns `costs` and `irreversible` this knows the parameters that turn a harmless
    /// call into one that destroys data. What does both is said to cost, since that is what it is
    /// called for. A trial (`DryRun`) needs nobody's word.
    pub fn danger_of(&self, parameters: &Value) -> Option<Danger> {
        if self.is_trial(parameters) {
            return None;
        }
        if self.costs {
            return Some(Danger::Costs);
        }
        let destroys =
            self.irreversible || DESTROYS.iter().any(|rule| rule.holds(self, parameters));
        destroys.then_some(Danger::Irreversible)
    }

    /// Returns whether some call of this action needs a person's word, whatever it is asked to do.
    pub fn may_be_dangerous(&self) -> bool {
        self.costs || self.may_destroy()
    }

    /// Returns whether some call of this action destroys what no other call brings back.
    pub fn may_destroy(&self) -> bool {
        let by_parameters = DESTROYS.iter().any(|rule| rule.is_of(self));
        self.irreversible || by_parameters
    }

    /// Returns whether a person's word depends on what is inside this parameter: it is judged after parsing.
    pub fn is_judged_inside(&self, parameter: &str) -> bool {
        let mut rules = DESTROYS.iter().filter(|rule| rule.is_of(self));
        rules.any(|rule| rule.parameter == parameter && rule.member.is_some())
    }

    /// Returns whether the call only asks what would happen.
    fn is_trial(&self, parameters: &Value) -> bool {
        let given = parameters.get("DryRun").map(text);
        self.parameter("DryRun").is_some() && given.as_deref() == Some("true")
    }
}

impl Destroys {
    fn is_of(&self, action: &Action) -> bool {
        (action.product, action.name.as_str()) == (self.product, self.action)
    }

    fn holds(&self, action: &Action, parameters: &Value) -> bool {
        self.is_of(action)
            && match parameters.get(self.parameter) {
                None | Some(Value::Null) => false,
                Some(given) => !self.is_harmless(given),
            }
    }

    fn is_harmless(&self, given: &Value) -> bool {
        let Some(member) = self.member else {
            return self.is_harmless_value(given);
        };
        let parsed;
        let structure = match given {
            Value::String(json) => {
                parsed = serde_json::from_str(json).unwrap_or(Value::Null);
                &parsed
            }
            structure => structure,
        };
        let Value::Object(members) = structure else {
            return false;
        };
        // A structure that is sent as something else, or with parts that are filled in later, says nothing.
        let is_plain = !members.keys().any(|name| name.starts_with('$'));
        let value = members.get(member);
        is_plain && value.is_none_or(|value| self.is_harmless_value(value))
    }

    /// A number is compared as one, however it is written.
    fn is_harmless_value(&self, value: &Value) -> bool {
        let given = match value {
            Value::String(_) | Value::Number(_) => text(value),
            _ => return false,
        };
        let number = |text: &str| text.parse::<f64>().ok();
        self.harmless.iter().any(|harmless| {
            let equal = number(harmless).is_some_and(|one| number(&given) == Some(one));
            equal || harmless.eq_ignore_ascii_case(&given)
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::Danger;
    use crate::action;

    fn danger(product: &str, name: &str, parameters: &Value) -> Option<Danger> {
        action(product, name).unwrap().danger_of(parameters)
    }

    #[test]
    fn buying_costs_and_deleting_cannot_be_taken_back() {
        let nothing = json!({});
        assert_eq!(
            danger("DTS", "CreateDtsInstance", &nothing),
            Some(Danger::Costs)
        );
        assert_eq!(
            danger("RAM", "DeleteRole", &nothing),
            Some(Danger::Irreversible)
        );
        assert_eq!(danger("RAM", "CreateRole", &nothing), None);
    }

    #[test]
    fn writing_over_the_destination_s_data_cannot_be_taken_back() {
        for mode in [json!("2"), json!(2)] {
            let structure = json!({"Reserve": {"targetTableMode": mode}});
            let found = danger("DTS", "ConfigureDtsJob", &structure);
            assert_eq!(found, Some(Danger::Irreversible));
            let text = json!({"Reserve": json!({"targetTableMode": mode}).to_string()});
            assert_eq!(danger("DTS", "ConfigureDtsJob", &text), found);
        }
        for careful in [
            json!({"Reserve": {"targetTableMode": "0"}}),
            json!({"Reserve": {"targetTableMode": 0}}),
            json!({"Reserve": r#"{"targetTableMode": 0.0}"#}),
            json!({"Reserve": {"other": "2"}}),
            json!({"Reserve": null}),
        ] {
            let found = danger("DTS", "ConfigureDtsJob", &careful);
            assert_eq!(found, None, "{careful}");
        }
    }

    #[test]
    fn what_is_not_known_to_be_harmless_is_dangerous() {
        for given in [
            json!({"targetTableMode": 2.0}),
            json!({"targetTableMode": "02"}),
            json!({"targetTableMode": [2]}),
            json!({"targetTableMode": {"$base64": "2"}}),
            json!({"targetTableMode": null}),
            json!({"targetTableMode": true}),
            json!({"$base64": {"targetTableMode": "2"}}),
            json!({"$answer": "/Reserve"}),
            json!([{"targetTableMode": "2"}]),
            json!("{\"targetTableMode\": \"\\u0032\"}"),
            json!("\"{}\""),
            json!("no JSON"),
        ] {
            let found = danger("DTS", "ConfigureDtsJob", &json!({ "Reserve": given }));
            assert_eq!(found, Some(Danger::Irreversible), "{given}");
        }
        for given in [json!(["Image"]), json!({"$answer": "/x"}), json!("")] {
            let found = danger(
                "SMC",
                "CreateReplicationJob",
                &json!({ "TargetType": given }),
            );
            assert_eq!(found, Some(Danger::Irreversible), "{given}");
        }
    }

    #[test]
    fn replacing_an_operating_system_cannot_be_taken_back() {
        let replace = json!({"TargetType": "TargetInstance"});
        let found = danger("SMC", "CreateReplicationJob", &replace);
        assert_eq!(found, Some(Danger::Irreversible));
        let image = json!({"TargetType": "Image"});
        assert_eq!(danger("SMC", "CreateReplicationJob", &image), None);
    }

    #[test]
    fn a_trial_needs_nobody_s_word() {
        for trial in [json!(true), json!("true")] {
            let found = danger("ECS", "RunInstances", &json!({ "DryRun": trial }));
            assert_eq!(found, None);
        }
        for given in [
            json!({}),
            json!({"DryRun": "True "}),
            json!({"DryRun": [true]}),
        ] {
            let found = danger("ECS", "RunInstances", &given);
            assert_eq!(found, Some(Danger::Costs), "{given}");
        }
    }
}
