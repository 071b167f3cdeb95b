//! What a plugin asks leave to do.

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

use crate::kind::Kind;
use crate::shape::{Call, HttpPath, Method, Sentence};

/// One permission: the calls a plugin may make, and why it wants to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Permission {
    /// Actions of the cloud's API, each `product:Action`, such as `ram:CreateRole`.
    #[serde(
        default,
        skip_serializing_if = "Vec::is_empty",
        deserialize_with = "calls"
    )]
    #[schemars(with = "Vec<Call>")]
    pub call: Vec<String>,
    /// Requests by plain HTTP to one host; a permission has either these or [`Self::call`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub http: Option<HttpPermission>,
    /// The account it holds for; absent means every account of the plugin.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// Whether it holds for handles of assumed roles, and not for the account itself.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub assumed: bool,
    /// The granted credential that requests by HTTP may carry; [`OPERATORS_HOSTS`], `*`, for any that the
    /// operator's settings mean for the host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential: Option<String>,
    /// Where secrets may go beside the parameters that the cloud's API calls secret: names of parameters,
    /// `CommandContent`, `DataDisk[].Key`; by HTTP `url`, `body`, `header:NAME`, `header:*`. Whoever reads that
    /// place can read the secret.
    #[serde(
        default,
        skip_serializing_if = "Vec::is_empty",
        deserialize_with = "places"
    )]
    pub secrets: Vec<String>,
    /// Where answers by HTTP hold secrets: `body`, `header:NAME`, or a JSON pointer into the body,
    /// `/access_token`, in which `*` means every element of a list. The plugin gets a placeholder, which it may
    /// send to where [`Self::secrets`] says.
    #[serde(
        default,
        skip_serializing_if = "Vec::is_empty",
        deserialize_with = "answers"
    )]
    pub secret_answers: Vec<String>,
    /// Why the plugin wants it, for whoever decides.
    #[serde(deserialize_with = "reason")]
    #[schemars(with = "Sentence")]
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

    /// Returns whether a request by HTTP may carry the credential `name`.
    pub fn grants(&self, name: &str) -> bool {
        self.credential
            .as_deref()
            .is_some_and(|granted| granted == name || granted == OPERATORS_HOSTS)
    }
}

/// The host of a permission that leaves the hosts to the operator: those that the settings name, and
/// no other.
pub const OPERATORS_HOSTS: &str = "*";

/// Requests by plain HTTP to one host.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HttpPermission {
    /// The host's name, `hooks.example.com`, with `:port` unless it is the scheme's own; `*.example.com`
    /// for every host below it; [`OPERATORS_HOSTS`] for those that the operator's settings name.
    pub host: String,
    /// The methods that it may use, in upper case: `GET`, `POST`.
    #[serde(deserialize_with = "methods")]
    #[schemars(with = "Vec<Method>")]
    pub methods: Vec<String>,
    /// The path; `*` stands for any text.
    #[serde(deserialize_with = "http_path")]
    #[schemars(with = "HttpPath")]
    pub path: String,
    /// Whether such a request alters the outside world; `read` or `change`.
    #[serde(default = "change")]
    pub kind: Kind,
    /// Whether a change may be sent again when its answer was lost.
    #[serde(default, skip_serializing_if = "HttpRepeat::is_never")]
    pub repeat: HttpRepeat,
    /// Whether what a change did may stay when a run is taken back: a message that was sent, say.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub stays: bool,
}

/// Whether a change by plain HTTP may be sent twice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum HttpRepeat {
    /// A second one may do the same again; when the answer was lost a person looks.
    #[default]
    Never,
    /// A second one is harmless.
    Same,
}

impl HttpRepeat {
    #[expect(
        clippy::trivially_copy_pass_by_ref,
        reason = "serde passes a reference"
    )]
    fn is_never(&self) -> bool {
        *self == Self::Never
    }
}

impl HttpPermission {
    /// Returns whether the hosts are the operator's to name.
    pub fn leaves_hosts_to_operator(&self) -> bool {
        self.host == OPERATORS_HOSTS
    }

    /// Returns whether this names a request. `authority` is the host in lower case, with `:port` unless
    /// it is the scheme's own.
    pub fn admits(&self, method: &str, authority: &str, path: &str) -> bool {
        let method_fits = self.methods.iter().any(|allowed| allowed == method);
        method_fits && host_fits(&self.host, authority) && glob(&self.path, path)
    }
}

fn host_fits(pattern: &str, authority: &str) -> bool {
    if pattern == OPERATORS_HOSTS {
        return true;
    }
    match pattern.strip_prefix("*.") {
        Some(parent) => authority
            .strip_suffix(&parent.to_ascii_lowercase())
            // The rest is one or more labels: `a.`, never an empty one.
            .is_some_and(|labels| labels.len() > 1 && labels.ends_with('.')),
        None => pattern.eq_ignore_ascii_case(authority),
    }
}

/// Whether `text` fits `pattern`, in which `*` stands for any text.
fn glob(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else {
        return false;
    };
    let Some(last) = parts.next_back() else {
        return rest.is_empty();
    };
    for part in parts {
        match rest.split_once(part) {
            Some((_, after)) => rest = after,
            None => return false,
        }
    }
    rest.ends_with(last)
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

fn places<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let places = Vec::<String>::deserialize(deserializer)?;
    let is_place = |place: &String| {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b".[]_-:*".contains(&byte);
        place.starts_with(|c: char| c.is_ascii_alphabetic()) && place.bytes().all(allowed)
    };
    match places.iter().find(|place| !is_place(place)) {
        Some(place) => Err(serde::de::Error::custom(format!(
            "a secret goes into a parameter, `CommandContent`, or by HTTP into `url`, `body` or `header:NAME`, not `{place}`"
        ))),
        None => Ok(places),
    }
}

fn answers<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let places = Vec::<String>::deserialize(deserializer)?;
    let is_place = |place: &String| {
        let header = |name: &str| {
            let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
            !name.is_empty() && name.bytes().all(allowed)
        };
        place == "body"
            || place.starts_with('/')
            || place.strip_prefix("header:").is_some_and(header)
    };
    match places.iter().find(|place| !is_place(place)) {
        Some(place) => Err(serde::de::Error::custom(format!(
            "a secret of an answer stands in `body`, `header:NAME` or at a JSON pointer into the body, \
             `/access_token`, not in `{place}`"
        ))),
        None => Ok(places),
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_text() {
        assert!(glob("/a/*/c", "/a/b/c"));
        assert!(glob("*", ""));
        assert!(glob("/a*b*c", "/aXbYbZc"));
        assert!(!glob("/a*c*c", "/abc"));
        assert!(!glob("/a", "/ab"));
    }

    #[test]
    fn a_credential_is_granted_by_name_or_left_to_the_operator() {
        let permission = |credential: Option<&str>| Permission {
            call: Vec::new(),
            http: None,
            account: None,
            assumed: false,
            credential: credential.map(str::to_owned),
            secrets: Vec::new(),
            secret_answers: Vec::new(),
            reason: "r".to_owned(),
        };
        assert!(permission(Some("hook")).grants("hook"));
        assert!(!permission(Some("hook")).grants("other"));
        assert!(permission(Some("*")).grants("other"));
        assert!(!permission(None).grants("hook"));
    }
}
