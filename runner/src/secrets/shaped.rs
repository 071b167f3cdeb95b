//! Fields of an answer that look like credentials: hidden whoever answers, and known from then on.

use rutter_contracts::is_key_field;
use rutter_meaning::MARK;
use rutter_meaning::held::{self, Rule};
use rutter_meaning::placeholder::is_placeholder;
use serde_json::Value;

use super::{SecretText, Secrets};

/// What is shorter says too little to be known again elsewhere.
const KNOWN_MIN: usize = 8;

impl Secrets {
    /// Hides what stands in fields whose names are those of credentials. What the contract calls secret was
    /// taken before and has a placeholder.
    pub fn hide_shaped(&self, answer: &mut Value) {
        if held::hold(Rule::KeysHidden) {
            self.hide_below(answer);
        }
    }

    fn hide_below(&self, value: &mut Value) {
        match value {
            Value::Object(fields) => {
                for (name, field) in fields {
                    match is_key_field(name) {
                        true => self.hide_all(name, field),
                        false => self.hide_below(field),
                    }
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.hide_below(item)),
            _ => {}
        }
    }

    fn hide_all(&self, name: &str, value: &mut Value) {
        match value {
            Value::String(text) if text.is_empty() || is_placeholder(text) => {}
            Value::String(text) => {
                if text.len() >= KNOWN_MIN {
                    self.hide(&SecretText::new(std::mem::take(text)));
                }
                *text = format!("{MARK}{name}]");
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.hide_all(name, item)),
            // A list of objects called `AccessToken` says in their fields what each holds.
            Value::Object(_) => self.hide_below(value),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_field_that_looks_like_a_credential_is_hidden_wherever_it_is() {
        let secrets = Secrets::new("run", None).unwrap();
        let placeholder = secrets.input("pin", SecretText::new("one-pin-of-many"));
        let mut answer = json!({
            "AccessKey": { "AccessKeyId": "LTAI", "AccessKeySecret": "planted-secret" },
            "Items": [{ "PASSWORD": "short", "Name": "n" }, { "private_key": ["line-one-of-it"] }],
            "SecurityToken": "", "PasswordFree": "no", "Password": placeholder, "Plaintext": 7,
            "AccessTokens": { "AccessToken": [{ "AccessTokenId": "at-1", "Status": "activated" }] },
        });
        secrets.hide_shaped(&mut answer);
        assert_eq!(
            answer,
            json!({
                "AccessKey": { "AccessKeyId": "LTAI", "AccessKeySecret": "[secret AccessKeySecret]" },
                "Items": [{ "PASSWORD": "[secret PASSWORD]", "Name": "n" },
                    { "private_key": ["[secret private_key]"] }],
                "SecurityToken": "", "PasswordFree": "no", "Password": placeholder, "Plaintext": 7,
                "AccessTokens": { "AccessToken": [{ "AccessTokenId": "at-1", "Status": "activated" }] },
            })
        );
        let quoted = secrets.redact_text("it is planted-secret, and line-one-of-it");
        assert!(
            !quoted.contains("planted") && !quoted.contains("line-one"),
            "{quoted}"
        );
    }
}
