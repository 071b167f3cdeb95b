//! What a plugin asks leave to do.

use serde::{Deserialize, Deserializer, Serialize};

use crate::manifest::Kind;

/// One permission: the calls a plugin may make, and why it wants to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Permission {
    /// Actions of the cloud's API, each `product:Action`, such as `ram:CreateRole`.
    #[serde(
        default,
        skip_serializing_if = "Vec::is_empty",
        deserialize_with = "calls"
    )]
    pub call: Vec<String>,
    /// Requests by plain HTTP.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub http: Option<HttpPermission>,
    /// The account it holds for; absent means every account of the plugin.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// Whether it holds for handles of assumed roles, and not for the account itself.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub assumed: bool,
    /// The granted credential that requests by HTTP may carry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential: Option<String>,
    /// Why the plugin wants it, for whoever decides.
    #[serde(deserialize_with = "reason")]
    pub reason: String,
}

impl Permission {
    /// Returns whether this names `action` of `product`; products are compared without case.
    pub fn allows(&self, product: &str, action: &str) -> bool {
        self.call.iter().any(|call| {
            call.split_once(':')
                .is_some_and(|(its_product, its_action)| {
                    its_product.eq_ignore_ascii_case(product) && its_action == action
                })
        })
    }
}

/// Requests by plain HTTP to one host.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HttpPermission {
    /// The host's name, `hooks.example.com`, with `:port` unless it is the scheme's own.
    pub host: String,
    /// The methods, upper case.
    #[serde(deserialize_with = "methods")]
    pub methods: Vec<String>,
    /// The path; `*` stands for any text.
    #[serde(deserialize_with = "http_path")]
    pub path: String,
    /// Whether such a request alters the outside world; `read` or `change`.
    #[serde(default = "change")]
    pub kind: Kind,
}

/// What is not known to be a read is a change.
fn change() -> Kind {
    Kind::Change
}

fn calls<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let calls: Vec<CallName> = Deserialize::deserialize(deserializer)?;
    Ok(calls.into_iter().map(|call| call.0).collect())
}

/// A call's name, checked where it is read so that an error has a place.
struct CallName(String);

impl<'de> Deserialize<'de> for CallName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text.contains('*') {
            return Err(serde::de::Error::custom(format!(
                "a permission names each action, `{text}` does not"
            )));
        }
        if is_call(&text) {
            Ok(Self(text))
        } else {
            Err(serde::de::Error::custom(format!(
                "a call is spelled `product:Action`, such as `ram:CreateRole`, not `{text}`"
            )))
        }
    }
}

fn is_call(text: &str) -> bool {
    let Some((product, action)) = text.split_once(':') else {
        return false;
    };
    product.starts_with(|c: char| c.is_ascii_alphabetic())
        && product
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || c == '-')
        && action.starts_with(|c: char| c.is_ascii_uppercase())
        && action.chars().all(|c| c.is_ascii_alphanumeric())
}

fn reason<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text = String::deserialize(deserializer)?;
    if text.trim().is_empty() {
        return Err(serde::de::Error::custom(
            "a permission says why the plugin wants it",
        ));
    }
    Ok(text)
}

fn methods<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let methods = Vec::<String>::deserialize(deserializer)?;
    match methods
        .iter()
        .find(|method| method.is_empty() || !method.bytes().all(|b| b.is_ascii_uppercase()))
    {
        Some(method) => Err(serde::de::Error::custom(format!(
            "a method is upper-case letters, such as `POST`, not `{method}`"
        ))),
        None => Ok(methods),
    }
}

fn http_path<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let path = String::deserialize(deserializer)?;
    if path.starts_with('/') {
        Ok(path)
    } else {
        Err(serde::de::Error::custom(format!(
            "a path begins with `/`, `{path}` does not"
        )))
    }
}
