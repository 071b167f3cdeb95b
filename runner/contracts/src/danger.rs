//! Why a call needs a person's word, which for a few actions depends on what it is asked to do.

use serde_json::Value;

use crate::action::Action;

/// Why a call needs a person's word before it is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Danger {
    /// It cannot be taken back.
    Irreversible,
    /// It costs money.
    Costs,
}

/// A parameter's value that makes an otherwise harmless call destroy data.
struct Destroys {
    product: &'static str,
    action: &'static str,
    /// The parameter, and a member of the JSON text that it holds.
    parameter: &'static str,
    member: Option<&'static str>,
    value: &'static str,
}

const DESTROYS: [Destroys; 3] = [
    // Writes over what the destination holds instead of stopping at it.
    Destroys {
        product: "DTS",
        action: "ConfigureDtsJob",
        parameter: "Reserve",
        member: Some("targetTableMode"),
        value: "2",
    },
    Destroys {
        product: "DTS",
        action: "ConfigureSynchronizationJob",
        parameter: "MigrationReserved",
        member: Some("targetTableMode"),
        value: "2",
    },
    // Replaces the operating system of an existing instance.
    Destroys {
        product: "SMC",
        action: "CreateReplicationJob",
        parameter: "TargetType",
        member: None,
        value: "TargetInstance",
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
        let by_parameters = DESTROYS
            .iter()
            .any(|rule| (rule.product, rule.action) == (self.product, self.name.as_str()));
        self.irreversible || by_parameters
    }

    /// Returns whether the call only asks what would happen.
    fn is_trial(&self, parameters: &Value) -> bool {
        let given = parameters.get("DryRun").map(text);
        self.parameter("DryRun").is_some()
            && given.is_some_and(|given| given.eq_ignore_ascii_case("true"))
    }
}

impl Destroys {
    fn holds(&self, action: &Action, parameters: &Value) -> bool {
        if (action.product, action.name.as_str()) != (self.product, self.action) {
            return false;
        }
        let Some(given) = parameters.get(self.parameter) else {
            return false;
        };
        let found = match self.member {
            None => Some(text(given)),
            Some(member) => member_of(given, member),
        };
        found.is_some_and(|found| found.eq_ignore_ascii_case(self.value))
    }
}

/// Returns a member of a structure, be it handed over as one or as JSON text.
fn member_of(given: &Value, member: &str) -> Option<String> {
    match given {
        Value::String(json) => {
            let parsed: Value = serde_json::from_str(json).ok()?;
            parsed.get(member).map(text)
        }
        structure => structure.get(member).map(text),
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
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
        let careful = json!({"Reserve": {"targetTableMode": "0"}});
        assert_eq!(danger("DTS", "ConfigureDtsJob", &careful), None);
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
        let trial = json!({"DryRun": true});
        assert_eq!(danger("ECS", "RunInstances", &trial), None);
        assert_eq!(
            danger("ECS", "RunInstances", &json!({})),
            Some(Danger::Costs)
        );
    }
}
