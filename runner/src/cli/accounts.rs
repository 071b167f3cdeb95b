//! What the accounts of a runbook are bound to: flags before settings, and never a default.

use std::collections::BTreeMap;
use std::str::FromStr;

use rutter_runbook::Binding;

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
        let (profile, region) = match bound.rsplit_once('@') {
            Some((profile, region)) => (profile, Some(region)),
            None => (bound, None),
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

#[cfg(test)]
mod tests {
    use super::{AccountFlag, bindings};
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
}
