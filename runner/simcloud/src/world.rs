//! The world: every account with everything in it, as one cloneable value.

use std::collections::{BTreeMap, BTreeSet};

use crate::charges::{self, Charge};
use crate::dts::{self, DatabaseFile, DtsFile, Job, Sync};
use crate::ecs::{self, Ecs, EcsGeneralFile};
use crate::http::HttpScript;
use crate::ledger::{CallRecord, ChangeRecord, Ledger};
use crate::ram::{Policy, PolicyName, Role, User};
use crate::redis::Redis;
use crate::register::{Register, Registered};
use crate::request::AccessKey;
use crate::settings::Settings;
use crate::smc::{self, Smc, SmcFile};
use crate::sts::Session;
use crate::token::Remembered;

/// The simulated cloud.
#[derive(Clone, Debug)]
pub struct World {
    pub(crate) settings: Settings,
    pub(crate) dts_file: DtsFile,
    pub(crate) ecs_file: EcsGeneralFile,
    pub(crate) smc_file: SmcFile,
    /// By account id.
    pub(crate) accounts: BTreeMap<String, Account>,
    /// From the file's name of an account to its id.
    pub(crate) names: BTreeMap<String, String>,
    /// Temporary credentials, by access key id.
    pub(crate) sessions: BTreeMap<String, Session>,
    /// Answers to calls that carried a client token.
    pub(crate) remembered: BTreeMap<(String, String, String), Remembered>,
    /// How many identifiers of a kind an account has been given.
    pub(crate) counters: BTreeMap<(String, String), u64>,
    pub(crate) ledger: Ledger,
}

/// One account.
#[derive(Clone, Debug)]
pub(crate) struct Account {
    pub id: String,
    pub name: String,
    pub dts_opened: bool,
    pub users: BTreeMap<String, User>,
    pub roles: Register<Role>,
    pub policies: Register<Policy>,
    /// The names of the roles that each policy is attached to.
    pub holders: BTreeMap<PolicyName, BTreeSet<String>>,
    pub redis: Register<Redis>,
    /// Databases that only DTS looks at.
    pub databases: Register<DatabaseFile>,
    pub dts: Register<Job>,
    /// Tasks of the older family.
    pub syncs: Register<Sync>,
    pub ecs: Ecs,
    pub smc: Smc,
    /// What was paid for until it was deleted.
    pub paid: Vec<Charge>,
}

impl Account {
    /// Returns everything that there can be any number of.
    pub fn registers(&mut self) -> [&mut dyn Registered; 13] {
        let (ecs, smc) = (&mut self.ecs, &mut self.smc);
        [
            &mut self.roles,
            &mut self.policies,
            &mut self.redis,
            &mut self.databases,
            &mut self.dts,
            &mut self.syncs,
            &mut ecs.instances,
            &mut ecs.images,
            &mut ecs.snapshots,
            &mut ecs.lives,
            &mut smc.tokens,
            &mut smc.sources,
            &mut smc.jobs,
        ]
    }
}

impl World {
    /// Returns the world's name for people; empty if it has none.
    pub fn title(&self) -> &str {
        &self.settings.title
    }

    /// Returns the instant at which the world starts, in milliseconds since the epoch.
    pub fn start_ms(&self) -> i64 {
        self.settings.start_ms
    }

    /// Returns how many seconds pass in the world in a real second, when it is served.
    pub fn time_scale(&self) -> f64 {
        self.settings.time_scale
    }

    /// Returns the seed that the world file gives.
    pub fn seed(&self) -> u64 {
        self.settings.seed
    }

    /// Returns what the world file has other services than the cloud's answer to a request; the first that
    /// fits.
    pub fn http_answer(&self, method: &str, url: &str) -> Option<&HttpScript> {
        let mut scripts = self.settings.http.iter();
        scripts.find(|script| script.fits(method, url))
    }

    /// Returns the names of the accounts, sorted.
    pub fn account_names(&self) -> impl Iterator<Item = &str> {
        self.names.keys().map(String::as_str)
    }

    /// Returns the id of the account that the world file calls `name`.
    pub fn account_id(&self, name: &str) -> Option<&str> {
        self.names.get(name).map(String::as_str)
    }

    /// Returns the key of the first identity in the account that the world file calls `name`.
    pub fn key(&self, name: &str) -> Option<AccessKey> {
        let account = self.accounts.get(self.names.get(name)?)?;
        account
            .users
            .values()
            .min_by_key(|user| user.position)
            .map(|user| user.key.clone())
    }

    /// Returns the key of the identity `user` in the account that the world file calls `name`.
    pub fn user_key(&self, name: &str, user: &str) -> Option<AccessKey> {
        let account = self.accounts.get(self.names.get(name)?)?;
        account.users.get(user).map(|user| user.key.clone())
    }

    /// Lets everything happen that happens by itself until an instant. [`World::handle`] does so first.
    pub fn settle(&mut self, now_ms: i64) {
        dts::settle(self, now_ms);
        ecs::settle(self, now_ms);
        smc::settle(self, now_ms);
    }

    /// Returns how many resources were looked at so far, whatever for: what a test of the world's own cost counts.
    #[doc(hidden)]
    pub fn looks(&mut self) -> u64 {
        let accounts = self.accounts.values_mut();
        let registers = accounts.flat_map(Account::registers);
        registers.map(|register| register.looks()).sum()
    }

    /// Returns how many calls were accepted that changed something.
    pub fn change_count(&self) -> u64 {
        self.ledger.changes.len() as u64
    }

    /// Returns the accepted calls that changed something, oldest first.
    pub fn changes(&self) -> &[ChangeRecord] {
        &self.ledger.changes
    }

    /// Returns all calls, oldest first.
    pub fn calls(&self) -> &[CallRecord] {
        &self.ledger.calls
    }

    /// Returns what costs money, as of the last call.
    pub fn charges(&self) -> Vec<Charge> {
        charges::charges(self)
    }
}
