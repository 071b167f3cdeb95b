//! What an action has before it: a part of the world, the instant, the caller, the parameters.

use std::collections::BTreeMap;

use crate::answer::Refusal;
use crate::caller::Caller;
use crate::identifier::{Counters, IdentifierSource};
use crate::parameters::Parameters;
use crate::settings::Settings;

/// When a call is made, and what its identifiers are derived from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment {
    pub now_ms: i64,
    /// The instant on the clock by which temporary credentials expire. A world that is served may run faster than real
    /// time, but its clients sign and renew by the real clock.
    pub credentials_ms: i64,
    pub seed: u64,
}

/// A call, with what its product sees of the world: each product says in its own `RequestContext` what that is.
pub(crate) struct RequestContext<'a, W> {
    pub world: W,
    pub settings: &'a Settings,
    pub counters: &'a mut Counters,
    /// The instant, in milliseconds since the epoch.
    pub now: i64,
    pub moment: Moment,
    pub caller: &'a Caller,
    /// The region that the call is about; empty if it names none.
    pub region: String,
    pub parameters: Parameters<'a>,
}

/// A part of the world that holds something for every account.
pub(crate) trait PerAccount {
    /// What an account has in it.
    type Part;

    /// By account id.
    fn accounts(&self) -> &BTreeMap<String, Self::Part>;

    /// By account id, to change it.
    fn accounts_mut(&mut self) -> &mut BTreeMap<String, Self::Part>;
}

impl<T> PerAccount for &mut BTreeMap<String, T> {
    type Part = T;

    fn accounts(&self) -> &BTreeMap<String, T> {
        self
    }

    fn accounts_mut(&mut self) -> &mut BTreeMap<String, T> {
        self
    }
}

impl<W: PerAccount> RequestContext<'_, W> {
    /// Returns what the caller's account has.
    pub fn account(&self) -> &W::Part {
        let account = self.world.accounts().get(&self.caller.account);
        account.expect("the caller was found in its account")
    }

    /// Returns what the caller's account has, to change it.
    pub fn account_mut(&mut self) -> &mut W::Part {
        let account = self.world.accounts_mut().get_mut(&self.caller.account);
        account.expect("the caller was found in its account")
    }
}

impl<W> RequestContext<'_, W> {
    pub fn settings(&self) -> &Settings {
        self.settings
    }

    /// Returns a new identifier of a kind.
    pub fn new_id(&mut self, prefix: &str, kind: &str) -> String {
        let counter = self.counters.count(&self.caller.account, kind);
        self.source().resource(prefix, kind, counter)
    }

    /// Returns a new secret of a kind.
    pub fn new_secret(&mut self, kind: &str) -> String {
        let secret = format!("secret:{kind}");
        let counter = self.counters.count(&self.caller.account, &secret);
        self.source().secret(kind, counter)
    }

    /// Returns a parameter that must not be empty, or refuses the call.
    pub fn required(&self, name: &str) -> Result<String, Refusal> {
        self.parameters.filled(name).ok_or_else(|| {
            Refusal::new(
                400,
                format!("MissingParameter.{name}"),
                format!("The parameter {name} is mandatory for this action."),
            )
        })
    }

    fn source(&self) -> IdentifierSource<'_> {
        IdentifierSource {
            seed: self.moment.seed,
            account: &self.caller.account,
        }
    }
}
