//! The accounts of a run: the operator's bindings, and what a call's account comes to.

use std::collections::BTreeMap;

use rutter_engine::{Fault, FaultClass, Principal};

use super::credentials::{CredentialError, Profile, Role, Source};

/// What an account of the runbook is bound to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding {
    /// The credential profile's name.
    pub profile: String,
    /// The region used where a call names none.
    pub region: String,
}

/// An account with its profile found.
pub(super) struct ResolvedAccount {
    pub(super) profile: Profile,
    pub(super) region: String,
}

/// The accounts of a run by their names in the runbook.
pub(super) struct Accounts {
    found: BTreeMap<String, ResolvedAccount>,
    /// Those that no call may use, and why.
    barred: BTreeMap<String, Fault>,
}

/// A call's account with what it is bound to.
pub(super) struct Bound<'a> {
    pub(super) principal: &'a Principal,
    pub(super) account: &'a ResolvedAccount,
    /// The profile's own roles, then the step's.
    pub(super) roles: Vec<Role>,
}

impl Bound<'_> {
    /// Whether other credentials can be had than those that the cloud refuses.
    pub(super) fn is_renewable(&self) -> bool {
        !self.roles.is_empty() || matches!(self.account.profile.source, Source::Fetched(_))
    }
}

impl Accounts {
    /// Finds every account's profile, so that all that is missing is said at once.
    pub(super) fn find(
        bindings: BTreeMap<String, Binding>,
        find: impl Fn(&str) -> Result<Profile, CredentialError>,
    ) -> Result<Self, Vec<(String, CredentialError)>> {
        let (accounts, missing) = Self::find_some(bindings, find);
        if missing.is_empty() {
            Ok(accounts)
        } else {
            Err(missing)
        }
    }

    /// As [`Accounts::find`]; those without a profile are barred.
    pub(super) fn find_some(
        bindings: BTreeMap<String, Binding>,
        find: impl Fn(&str) -> Result<Profile, CredentialError>,
    ) -> (Self, Vec<(String, CredentialError)>) {
        let (mut found, mut barred) = (BTreeMap::new(), BTreeMap::new());
        let mut missing = Vec::new();
        for (name, binding) in bindings {
            match find(&binding.profile) {
                Ok(profile) => {
                    let region = binding.region;
                    found.insert(name, ResolvedAccount { profile, region });
                }
                Err(error) => {
                    let message = format!("the account `{name}`: {error}");
                    let fault = Fault::new(FaultClass::Credential, "rutter.no-credential", message);
                    barred.insert(name.clone(), fault.advise(error.help()));
                    missing.push((name, error));
                }
            }
        }
        (Self { found, barred }, missing)
    }

    /// From here on no call may use an account.
    pub(super) fn bar(&mut self, name: &str, why: Fault) {
        self.barred.insert(name.to_owned(), why);
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &ResolvedAccount)> {
        self.found
            .iter()
            .map(|(name, account)| (name.as_str(), account))
    }

    pub(super) fn bound<'a>(&'a self, principal: &'a Principal) -> Result<Bound<'a>, Fault> {
        let name = &**principal.name();
        if let Some(why) = self.barred.get(name) {
            return Err(why.clone());
        }
        let account = self.found.get(name).ok_or_else(|| {
            Fault::new(
                FaultClass::Bug,
                "rutter.account.unbound",
                format!("the account `{name}` is bound to no credential profile"),
            )
        })?;
        let mut roles = account.profile.roles.clone();
        let assumed = principal.roles().iter();
        roles.extend(assumed.map(|role| Role::new(role.as_str())));
        Ok(Bound {
            principal,
            account,
            roles,
        })
    }
}
