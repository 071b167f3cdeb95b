//! The accounts of a run: the operator's bindings, and what a call's account text means.

use std::collections::BTreeMap;

use rutter_engine::{Fault, FaultClass};

use super::credentials::{CredentialError, Profile, Role};

/// What an account of the runbook is bound to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding {
    /// The credential profile's name.
    pub profile: String,
    /// The region used where a call names none.
    pub region: String,
}

/// An account with its profile found.
pub(super) struct Account {
    pub(super) profile: Profile,
    pub(super) region: String,
}

/// The accounts of a run by their names in the runbook.
pub(super) struct Accounts(BTreeMap<String, Account>);

/// A call's account, taken apart: `NAME`, or `NAME>ARN` and so on for roles that a step assumed.
pub(super) struct Bound<'a> {
    pub(super) name: &'a str,
    pub(super) account: &'a Account,
    /// The profile's own roles, then the step's.
    pub(super) roles: Vec<Role>,
}

impl Accounts {
    /// Finds every account's profile, so that all that is missing is said at once.
    pub(super) fn find(
        bindings: BTreeMap<String, Binding>,
        find: impl Fn(&str) -> Result<Profile, CredentialError>,
    ) -> Result<Self, Vec<(String, CredentialError)>> {
        let mut accounts = BTreeMap::new();
        let mut missing = Vec::new();
        for (name, binding) in bindings {
            match find(&binding.profile) {
                Ok(profile) => {
                    let region = binding.region;
                    accounts.insert(name, Account { profile, region });
                }
                Err(error) => missing.push((name, error)),
            }
        }
        if missing.is_empty() {
            Ok(Self(accounts))
        } else {
            Err(missing)
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &Account)> {
        self.0
            .iter()
            .map(|(name, account)| (name.as_str(), account))
    }

    pub(super) fn bound<'a>(&'a self, text: &'a str) -> Result<Bound<'a>, Fault> {
        let mut parts = text.split('>');
        let name = parts.next().unwrap_or_default();
        let account = self.0.get(name).ok_or_else(|| {
            Fault::new(
                FaultClass::Bug,
                "rutter.account.unbound",
                format!("the account `{name}` is bound to no credential profile"),
            )
        })?;
        let mut roles = account.profile.roles.clone();
        roles.extend(parts.map(Role::new));
        Ok(Bound {
            name,
            account,
            roles,
        })
    }
}
