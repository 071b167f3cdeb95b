//! What a plugin says about itself.

use indexmap::IndexMap;
use serde::{Deserialize, Deserializer, Serialize};

use crate::bounds;
use crate::field::{self, Field};
use crate::ids::IdPair;
use crate::name::{is_kebab_case, is_snake_case, nearest};
use crate::notes;
use crate::parse::{self, ManifestError};
use crate::permission::{HttpPermission, HttpRepeat, Permission};

/// A plugin's manifest, checked: every name has its shape, every default its type.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// What the plugin is.
    pub plugin: Plugin,
    /// The accounts it needs, by the names its code opens them with. A manifest that names none but
    /// has calls to make needs one, called [`crate::ONLY_ACCOUNT`].
    #[serde(default, deserialize_with = "accounts")]
    pub accounts: IndexMap<String, AccountNeed>,
    /// What it takes.
    #[serde(default, deserialize_with = "field::fields")]
    pub inputs: IndexMap<String, Field>,
    /// What it gives.
    #[serde(default, deserialize_with = "field::fields")]
    pub outputs: IndexMap<String, Field>,
    /// What it may do; nothing else is possible for it.
    #[serde(default)]
    pub permissions: Vec<Permission>,
    /// What it makes, and what each stands for: the map of old ids and new ones.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ids: Vec<IdPair>,
}

/// What a plugin is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plugin {
    /// Its name, kebab-case.
    #[serde(deserialize_with = "plugin_name")]
    pub name: String,
    /// Its version, `1.2.3`, with a suffix such as `-beta.1` if need be.
    #[serde(deserialize_with = "version")]
    pub version: String,
    /// One sentence for people.
    pub summary: String,
    /// What it does to the world.
    pub kind: Kind,
    /// Whether its own `undo` takes its changes back, instead of their reverses.
    #[serde(default)]
    pub undo: bool,
    /// What whoever runs it must read before, sentences.
    #[serde(
        default,
        skip_serializing_if = "Vec::is_empty",
        deserialize_with = "notes::notes"
    )]
    pub notes: Vec<String>,
}

/// What a plugin, or a request, does to the world.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Nothing.
    Read,
    /// It alters the world, and what it altered can be taken back.
    Change,
    /// It alters the world for good.
    Irreversible,
}

/// An account that a plugin needs.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccountNeed {
    /// Which account that is, for people.
    #[serde(default)]
    pub help: String,
}

impl Manifest {
    /// Reads a manifest from the text of a `plugin.toml`; the error is the first in the text.
    pub fn parse(text: &str) -> Result<Self, ManifestError> {
        bounds::of_text(text)?;
        let manifest = Self::parse_at_any_length(text)?;
        bounds::check(&manifest)?;
        Ok(manifest)
    }

    /// The same for a text of any length.
    #[doc(hidden)]
    pub fn parse_at_any_length(text: &str) -> Result<Self, ManifestError> {
        let mut manifest: Self =
            toml::from_str(text).map_err(|error| parse::from_toml(text, &error))?;
        manifest.complete();
        manifest.check_permissions(text)?;
        manifest.check_ids(text)?;
        Ok(manifest)
    }

    /// Returns the permissions that name `action` of `product`.
    pub fn permissions_for<'a>(
        &'a self,
        product: &'a str,
        action: &'a str,
    ) -> impl Iterator<Item = &'a Permission> {
        self.permissions
            .iter()
            .filter(move |permission| permission.allows(product, action))
    }

    fn complete(&mut self) {
        let calls = self.permissions.iter().any(|one| !one.call.is_empty());
        if self.accounts.is_empty() && calls {
            self.accounts
                .insert(crate::ONLY_ACCOUNT.to_owned(), AccountNeed::default());
        }
    }

    fn check_permissions(&self, text: &str) -> Result<(), ManifestError> {
        for (index, permission) in self.permissions.iter().enumerate() {
            let refuse = |key: Option<&str>, message: String, help: Option<String>| {
                Err(parse::in_entry(
                    text,
                    "permissions",
                    index,
                    key,
                    message,
                    help,
                ))
            };
            if permission.call.is_empty() == permission.http.is_none() {
                return refuse(
                    None,
                    "a permission has either `call` or `http`".to_owned(),
                    None,
                );
            }
            if let Some(http) = &permission.http
                && let Some(problem) = http_problem(http)
            {
                return refuse(Some("http"), problem, None);
            }
            if let Some(problem) = misplaced_secret(permission) {
                return refuse(Some("secrets"), problem, None);
            }
            if !permission.secret_answers.is_empty() && permission.http.is_none() {
                let problem = "of an answer of the cloud's API the contracts say what is secret; \
                               `secret_answers` is said of `http`";
                return refuse(Some("secret_answers"), problem.to_owned(), None);
            }
            if let Some(account) = &permission.account
                && !self.accounts.contains_key(account)
            {
                let known = self.accounts.keys().map(String::as_str);
                let help = nearest(account, known).map(|name| format!("did you mean `{name}`?"));
                return refuse(
                    Some("account"),
                    format!("the manifest has no account `{account}`"),
                    help,
                );
            }
        }
        Ok(())
    }

    fn check_ids(&self, text: &str) -> Result<(), ManifestError> {
        for (index, pair) in self.ids.iter().enumerate() {
            if let Err((key, (message, help))) = pair.check(&self.inputs, &self.outputs) {
                return Err(parse::in_entry(
                    text,
                    "ids",
                    index,
                    Some(key),
                    message,
                    help,
                ));
            }
        }
        Ok(())
    }
}

/// A request by HTTP has an address, headers and a body; a call has parameters.
fn misplaced_secret(permission: &Permission) -> Option<String> {
    let by_http = permission.http.is_some();
    let mut places = permission.secrets.iter();
    let wrong = places.find(|place| {
        let of_http = matches!(place.as_str(), "url" | "body") || place.starts_with("header:");
        of_http != by_http
    })?;
    Some(match by_http {
        true => {
            format!("by HTTP a secret goes into `url`, `body` or `header:NAME`, not into `{wrong}`")
        }
        false => format!("a secret goes into a parameter of the call, and `{wrong}` is none"),
    })
}

fn http_problem(http: &HttpPermission) -> Option<String> {
    let read = http.kind == Kind::Read;
    if http.kind == Kind::Irreversible {
        return Some("a request by HTTP is `read` or `change`".to_owned());
    }
    if read && (http.stays || http.repeat == HttpRepeat::Same) {
        return Some("`repeat` and `stays` are said of changes, not of reads".to_owned());
    }
    if http.host.contains('*')
        && !http.leaves_hosts_to_operator()
        && (!http.host.starts_with("*.") || http.host[1..].contains('*'))
    {
        return Some(format!(
            "a host is a name, `*.example.com`, or `*` for those that the operator names, not `{}`",
            http.host
        ));
    }
    None
}

fn plugin_name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let name = String::deserialize(deserializer)?;
    if is_kebab_case(&name) {
        Ok(name)
    } else {
        Err(serde::de::Error::custom(format!(
            "a plugin's name is kebab-case, such as `create-role`, not `{name}`"
        )))
    }
}

fn version<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let version = String::deserialize(deserializer)?;
    let core = version.split(['-', '+']).next().unwrap_or_default();
    let numbers: Vec<&str> = core.split('.').collect();
    let whole = |number: &&str| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
    if numbers.len() == 3 && numbers.iter().all(whole) {
        Ok(version)
    } else {
        Err(serde::de::Error::custom(format!(
            "a version is three numbers, such as `0.1.0`, not `{version}`"
        )))
    }
}

fn accounts<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<IndexMap<String, AccountNeed>, D::Error> {
    let accounts: IndexMap<AccountName, AccountNeed> = Deserialize::deserialize(deserializer)?;
    Ok(accounts
        .into_iter()
        .map(|(name, need)| (name.0, need))
        .collect())
}

/// An account's name; a type of its own, so that an error points at the very key.
#[derive(PartialEq, Eq, Hash)]
struct AccountName(String);

impl<'de> Deserialize<'de> for AccountName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        if is_snake_case(&name) {
            Ok(Self(name))
        } else {
            Err(serde::de::Error::custom(format!(
                "an account's name is snake_case, not `{name}`"
            )))
        }
    }
}
