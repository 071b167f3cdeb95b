//! What a plugin says about itself.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

use crate::field::{self, Field};
use crate::ids::IdPair;
use crate::kind::Kind;
use crate::name::{is_kebab_case, is_snake_case};
use crate::notes;
use crate::permission::Permission;
use crate::rules::InputRule;
use crate::shape::{KebabCase, SnakeCase, Version};

/// A plugin's manifest, checked: every name has its shape, every default its type.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// What the plugin is.
    pub plugin: Plugin,
    /// The accounts it needs, by the names its code opens them with. A manifest that names none but
    /// has calls to make needs one, called [`crate::ONLY_ACCOUNT`].
    #[serde(default, deserialize_with = "accounts")]
    #[schemars(with = "IndexMap<SnakeCase, AccountNeed>")]
    pub accounts: IndexMap<String, AccountNeed>,
    /// What it takes, by name, in the order in which it is written: the plugin's `Inputs`.
    #[serde(default, deserialize_with = "field::fields")]
    #[schemars(with = "IndexMap<SnakeCase, Field>")]
    pub inputs: IndexMap<String, Field>,
    /// What must hold between inputs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<InputRule>,
    /// What it gives, by name: the plugin's `Outputs`, and what a runbook reads as `steps.STEP.NAME`.
    #[serde(default, deserialize_with = "field::fields")]
    #[schemars(with = "IndexMap<SnakeCase, Field>")]
    pub outputs: IndexMap<String, Field>,
    /// What it may do; nothing else is possible for it.
    #[serde(default)]
    pub permissions: Vec<Permission>,
    /// What it makes, and what each stands for: the map of old ids and new ones.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ids: Vec<IdPair>,
}

/// What a plugin is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Plugin {
    /// Its name, kebab-case, such as `create-role`: what a runbook's `uses` says.
    #[serde(deserialize_with = "plugin_name")]
    #[schemars(with = "KebabCase")]
    pub name: String,
    /// Its version, `1.2.3`, with a suffix such as `-beta.1` if need be.
    #[serde(deserialize_with = "version")]
    #[schemars(with = "Version")]
    pub version: String,
    /// One sentence for people.
    pub summary: String,
    /// What it does to the world.
    pub kind: Kind,
    /// Whether its own `undo` takes its changes back, instead of their reverses. Also true where
    /// [`Self::nothing_to_undo`] is said: that undo has nothing to do.
    #[serde(default)]
    pub undo: bool,
    /// Why its changes leave nothing that would have to be taken back, one sentence for whoever decides: it runs
    /// commands that only read, say, which the cloud counts as changes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nothing_to_undo: Option<String>,
    /// What whoever runs it must read before, sentences.
    #[serde(
        default,
        skip_serializing_if = "Vec::is_empty",
        deserialize_with = "notes::notes"
    )]
    pub notes: Vec<String>,
}

/// An account that a plugin needs.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AccountNeed {
    /// Which account that is, for people.
    #[serde(default)]
    pub help: String,
}

impl Manifest {
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
