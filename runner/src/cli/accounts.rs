//! What the accounts of a runbook are bound to: flags before settings, and never a default.

use std::collections::BTreeMap;
use std::str::FromStr;

use rutter_runbook::{Binding, BindingFault};

use crate::cloud::credentials;
use crate::settings::Settings;

/// `NAME=PROFILE[@REGION]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct AccountFlag {
    /// The runbook's name of the account.
    pub name: String,
    /// The credential profile.
    pub profile: String,
    /// The region, if given.
    pub region: Option<String>,
}

impl FromStr for AccountFlag {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || "it must be NAME=PROFILE or NAME=PROFILE@REGION".to_owned();
        let (name, bound) = text.split_once('=').ok_or_else(wrong)?;
        // No region has a dot; the name of a profile may be somebody's address.
        let (profile, region) = match bound.rsplit_once('@') {
            Some((profile, region)) if !region.contains('.') => (profile, Some(region)),
            _ => (bound, None),
        };
        let all = [Some(name), Some(profile), region];
        if all.into_iter().flatten().any(|part| part.trim().is_empty()) {
            return Err(wrong());
        }
        Ok(Self {
            name: name.to_owned(),
            profile: profile.to_owned(),
            region: region.map(str::to_owned),
        })
    }
}

/// Binds the accounts that a runbook has (`names`), and those that only a flag names, so that the
/// mistake is reported.
pub(super) fn bindings(
    settings: &Settings,
    flags: &[AccountFlag],
    names: &[&str],
) -> BTreeMap<String, Binding> {
    let mut bindings = BTreeMap::new();
    for name in names {
        if let Some(account) = settings.accounts.get(*name) {
            bindings.insert(
                (*name).to_owned(),
                Binding {
                    profile: account.profile.clone().unwrap_or_default(),
                    region: account.region.clone().unwrap_or_default(),
                    expected_id: account.id.clone(),
                    ..Binding::default()
                },
            );
        }
    }
    for flag in flags {
        let binding = bindings.entry(flag.name.clone()).or_default();
        binding.profile.clone_from(&flag.profile);
        if let Some(region) = &flag.region {
            binding.region.clone_from(region);
        }
    }
    bindings
}

/// Adds what the profiles themselves say: the region where none was named, and why one cannot be used. Two
/// accounts with one profile are one login.
pub(super) fn looked_up(
    settings: &Settings,
    mut bindings: BTreeMap<String, Binding>,
) -> BTreeMap<String, Binding> {
    let mut seen: BTreeMap<String, String> = BTreeMap::new();
    for (name, binding) in &mut bindings {
        if binding.profile.is_empty() {
            continue;
        }
        match credentials::find(&binding.profile, settings) {
            Ok(profile) if binding.region.is_empty() => {
                binding.region = profile.region.unwrap_or_default();
            }
            Ok(_) => {}
            Err(error) => {
                binding.fault = Some(BindingFault {
                    what: error.to_string(),
                    help: error.help(),
                });
            }
        }
        if let Some(other) = seen.get(&binding.profile) {
            binding.doubt = Some(BindingFault {
                what: format!(
                    "`{other}` is bound to the same profile `{}`",
                    binding.profile
                ),
                help: format!(
                    "if they are meant to be two accounts, bind one of them to another profile: `--account {name}=PROFILE`"
                ),
            });
        }
        seen.insert(binding.profile.clone(), name.clone());
    }
    bindings
}

#[cfg(test)]
mod tests {
    use super::{AccountFlag, bindings, looked_up};
    use crate::settings::{Environment, Settings, SettingsOverrides};

    #[test]
    fn an_account_is_bound_to_a_profile_and_perhaps_a_region() {
        let flag: AccountFlag = "source=team-a@cn-beijing".parse().unwrap();
        assert_eq!(
            (
                flag.name.as_str(),
                flag.profile.as_str(),
                flag.region.as_deref()
            ),
            ("source", "team-a", Some("cn-beijing"))
        );
        let flag: AccountFlag = "source=team-a".parse().unwrap();
        assert_eq!(flag.region, None);
        let flag: AccountFlag = "source=wang@corp.example".parse().unwrap();
        assert_eq!(
            (flag.profile.as_str(), flag.region),
            ("wang@corp.example", None)
        );
        let flag: AccountFlag = "source=wang@corp.example@cn-beijing".parse().unwrap();
        assert_eq!(flag.profile, "wang@corp.example");
        assert_eq!(flag.region.as_deref(), Some("cn-beijing"));
        for wrong in ["source", "=a", "source=", "source=a@", "source=@cn-beijing"] {
            assert!(wrong.parse::<AccountFlag>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn flags_are_stronger_than_settings_and_others_accounts_do_not_matter() {
        let text = "[accounts.source]\nprofile = \"a\"\nregion = \"cn-hangzhou\"\n[accounts.other]\nprofile = \"x\"\n";
        let environment = Environment::given([("HOME", "/home/o")]);
        let path = std::path::Path::new("rutter.toml");
        let settings =
            Settings::parse(text, path, &SettingsOverrides::default(), environment).unwrap();
        let flags = ["source=b".parse().unwrap(), "typo=c".parse().unwrap()];
        let bound = bindings(&settings, &flags, &["source"]);
        assert_eq!(bound.keys().collect::<Vec<_>>(), ["source", "typo"]);
        assert_eq!(bound["source"].profile, "b");
        assert_eq!(bound["source"].region, "cn-hangzhou");
    }

    #[test]
    fn an_account_without_a_region_takes_that_of_its_profile() {
        let text = "[profiles.a]\naccess_key_id = \"k\"\naccess_key_secret_env = \"S\"\nregion = \"cn-qingdao\"\n\
            [profiles.b]\nsource_profile = \"a\"\nrole_arn = \"acs:ram::1:role/r\"\n";
        let environment = Environment::given([("HOME", "/home/o"), ("S", "s")]);
        let path = std::path::Path::new("rutter.toml");
        let settings =
            Settings::parse(text, path, &SettingsOverrides::default(), environment).unwrap();
        let flags = ["x=b", "y=a@cn-beijing", "z=none"].map(|flag| flag.parse().unwrap());
        let bound = looked_up(&settings, bindings(&settings, &flags, &[]));
        let regions = ["x", "y", "z"].map(|name| bound[name].region.as_str());
        assert_eq!(regions, ["cn-qingdao", "cn-beijing", ""]);
        let fault = bound["z"].fault.as_ref().unwrap();
        assert!(
            fault
                .what
                .starts_with("there is no credential profile `none`"),
            "{}",
            fault.what
        );
    }

    #[test]
    fn one_profile_for_two_accounts_is_doubted_once() {
        let environment = Environment::given([("HOME", "/home/o")]);
        let path = std::path::Path::new("rutter.toml");
        let settings =
            Settings::parse("", path, &SettingsOverrides::default(), environment).unwrap();
        let flags = ["x=a@r", "y=a@r", "z=b@r"].map(|flag| flag.parse().unwrap());
        let bound = looked_up(&settings, bindings(&settings, &flags, &[]));
        let doubted: Vec<_> = bound
            .iter()
            .filter(|(_, one)| one.doubt.is_some())
            .collect();
        assert_eq!(doubted.len(), 1);
        assert_eq!(doubted[0].0, "y");
    }
}
