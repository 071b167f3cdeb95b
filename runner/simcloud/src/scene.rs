//! What an action has before it: the world, the instant, the caller, the parameters.

use crate::answer::{Answer, Refusal};
use crate::caller::Caller;
use crate::identifier::Source;
use crate::parameters::Parameters;
use crate::settings::Settings;
use crate::world::{Account, World};

/// One action, as a function.
pub(crate) type Act = fn(&mut Scene<'_>) -> Answer;

/// When a call is made, and what its identifiers are derived from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment {
    pub now_ms: i64,
    /// The instant on the clock by which temporary credentials expire. A world that is served may run faster than real
    /// time, but its clients sign and renew by the real clock.
    pub credentials_ms: i64,
    pub seed: u64,
}

pub(crate) struct Scene<'a> {
    pub world: &'a mut World,
    /// The instant, in milliseconds since the epoch.
    pub now: i64,
    pub moment: Moment,
    pub caller: &'a Caller,
    /// The region that the call is about; empty if it names none.
    pub region: String,
    pub parameters: Parameters<'a>,
}

impl Scene<'_> {
    /// Returns the caller's account.
    pub fn account(&self) -> &Account {
        self.world
            .accounts
            .get(&self.caller.account)
            .expect("the caller was found in its account")
    }

    /// Returns the caller's account, to change it.
    pub fn account_mut(&mut self) -> &mut Account {
        self.world
            .accounts
            .get_mut(&self.caller.account)
            .expect("the caller was found in its account")
    }

    pub fn settings(&self) -> &Settings {
        &self.world.settings
    }

    /// Returns a new identifier of a kind.
    pub fn new_id(&mut self, prefix: &str, kind: &str) -> String {
        let counter = self.world.count(&self.caller.account, kind);
        self.source().resource(prefix, kind, counter)
    }

    /// Returns a new secret of a kind.
    pub fn new_secret(&mut self, kind: &str) -> String {
        let counter = self
            .world
            .count(&self.caller.account, &format!("secret:{kind}"));
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

    fn source(&self) -> Source<'_> {
        Source {
            seed: self.moment.seed,
            account: &self.caller.account,
        }
    }
}

impl World {
    /// Counts one more identifier of a kind in an account and returns how many there are.
    pub(crate) fn count(&mut self, account: &str, kind: &str) -> u64 {
        let counter = self
            .counters
            .entry((account.to_owned(), kind.to_owned()))
            .or_default();
        *counter += 1;
        *counter
    }
}
