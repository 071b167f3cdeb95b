//! Rules between inputs: what must hold of several of them together, as data.
//!
//! What one input may be is said by its [`Field`](crate::Field). Here is only what a rule looks like: whether its
//! condition is an expression over inputs that exist is for whoever evaluates expressions to say.

use schemars::JsonSchema;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

use crate::shape::Sentence;

/// What must hold between inputs before a step begins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct InputRule {
    /// The condition, over `inputs.…`: it gives true or false. An optional input that is left out is `none`.
    #[serde(deserialize_with = "that")]
    #[schemars(with = "Sentence")]
    pub that: String,
    /// What is wrong where it does not hold, a fragment fit to follow the step's name. It may hold expressions
    /// over inputs: `` `{{ inputs.name }}` is too long``.
    #[serde(deserialize_with = "message")]
    #[schemars(with = "Sentence")]
    pub message: String,
    /// What to write instead.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "help"
    )]
    #[schemars(with = "Option<Sentence>")]
    pub help: Option<String>,
}

fn that<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text = String::deserialize(deserializer)?;
    if text.trim().is_empty() {
        return Err(D::Error::custom(
            "`that` is a condition, such as `inputs.minimum <= inputs.maximum`",
        ));
    }
    Ok(text)
}

fn message<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    sentence("the message", deserializer)
}

fn help<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    sentence("the help", deserializer).map(Some)
}

fn sentence<'de, D: Deserializer<'de>>(what: &str, deserializer: D) -> Result<String, D::Error> {
    let text = String::deserialize(deserializer)?;
    if text.trim().is_empty() {
        return Err(D::Error::custom(format!("{what} of a rule says something")));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use crate::Manifest;

    const HEAD: &str = "[plugin]\nname = 'p'\nversion = '0.1.0'\nsummary = 's'\nkind = 'read'\n";

    fn refused(rules: &str) -> String {
        let error = Manifest::parse(&format!("{HEAD}{rules}")).expect_err("no rule");
        error.to_string()
    }

    #[test]
    fn a_rule_is_a_condition_and_what_it_says() {
        let text = "[[rules]]\nthat = 'inputs.a < inputs.b'\nmessage = 'm'\nhelp = 'h'\n";
        let manifest = Manifest::parse(&format!("{HEAD}{text}")).expect("a manifest");
        let rule = &manifest.rules[0];
        assert_eq!(rule.that, "inputs.a < inputs.b");
        assert_eq!(
            (rule.message.as_str(), rule.help.as_deref()),
            ("m", Some("h"))
        );
    }

    #[test]
    fn what_is_no_rule_is_refused_at_its_place() {
        let said = refused("[[rules]]\nthat = ' '\nmessage = 'm'\n");
        assert!(
            said.contains("is a condition") && said.contains("line 7"),
            "{said}"
        );
        assert!(refused("[[rules]]\nthat = 'a'\n").contains("missing field `message`"));
        assert!(refused("[[rules]]\nthat = 'a'\nmessage = ''\n").contains("says something"));
        assert!(refused("[[rules]]\nwhen = 'a'\nmessage = 'm'\n").contains("unknown field `when`"));
    }
}
