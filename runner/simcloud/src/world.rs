//! The world: every account with everything in it, as one cloneable value.

use std::collections::BTreeMap;

use crate::charges::{Charge, Paid};
use crate::dts::{self, Dts, DtsFile};
use crate::ecs::{self, Ecs, EcsGeneralFile};
use crate::http::HttpScript;
use crate::identifier::Counters;
use crate::ledger::{CallRecord, ChangeRecord, Ledger};
use crate::presumed::Presumed;
use crate::ram::Ram;
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
    /// From the file's name of an account to its id.
    pub(crate) names: BTreeMap<String, String>,
    // What every account has in each product, by the account's id.
    pub(crate) ram: BTreeMap<String, Ram>,
    pub(crate) redis: BTreeMap<String, Register<Redis>>,
    pub(crate) dts: BTreeMap<String, Dts>,
    pub(crate) ecs: BTreeMap<String, Ecs>,
    pub(crate) smc: BTreeMap<String, Smc>,
    // What the world file says of a product for all accounts.
    pub(crate) dts_file: DtsFile,
    pub(crate) ecs_file: EcsGeneralFile,
    pub(crate) smc_file: SmcFile,
    pub(crate) paid: Paid,
    /// Temporary credentials, by access key id.
    pub(crate) sessions: BTreeMap<String, Session>,
    /// Answers to calls that carried a client token.
    pub(crate) remembered: BTreeMap<(String, String, String), Remembered>,
    pub(crate) counters: Counters,
    pub(crate) ledger: Ledger,
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
        let account = self.ram.get(self.names.get(name)?)?;
        account
            .users
            .values()
            .min_by_key(|user| user.position)
            .map(|user| user.key.clone())
    }

    /// Returns the key of the identity `user` in the account that the world file calls `name`.
    pub fn user_key(&self, name: &str, user: &str) -> Option<AccessKey> {
        let account = self.ram.get(self.names.get(name)?)?;
        account.users.get(user).map(|user| user.key.clone())
    }

    /// Returns whether a resource with an id is there that a call on the account `name` took for granted. Of what is in a
    /// network, and of what has a name and no id, it is not said that it is missing.
    pub fn has(&self, name: &str, presumed: &Presumed) -> bool {
        let owner = presumed.owner.as_ref();
        let Some(account) = owner.or_else(|| self.names.get(name)) else {
            return false;
        };
        let id = &presumed.id;
        let found = match presumed.table {
            "redis" => self.redis.get(account).map(|redis| redis.get(id).is_some()),
            "ecs" => self
                .ecs
                .get(account)
                .map(|ecs| ecs.instances.get(id).is_some()),
            "images" => self
                .ecs
                .get(account)
                .map(|ecs| ecs.images.get(id).is_some()),
            "snapshots" => self
                .ecs
                .get(account)
                .map(|ecs| ecs.snapshots.get(id).is_some()),
            "dts_jobs" => self.dts.get(account).map(|dts| dts.jobs.get(id).is_some()),
            _ => Some(true),
        };
        found.unwrap_or(false)
    }

    /// Lets everything happen that happens by itself until an instant. [`World::handle`] does so first.
    pub fn settle(&mut self, now_ms: i64) {
        dts::settle(&mut self.dts_view().0, now_ms);
        let start_ms = self.settings.start_ms;
        ecs::settle(&mut self.ecs, &mut self.paid, start_ms, now_ms);
        smc::settle(&mut self.smc_view().0, now_ms);
    }

    /// Returns what DTS sees of the world, and what counts identifiers.
    pub(crate) fn dts_view(&mut self) -> (dts::View<'_>, &mut Counters) {
        let view = dts::View {
            dts: &mut self.dts,
            redis: &mut self.redis,
            ram: &self.ram,
            paid: &mut self.paid,
            settings: &self.settings,
            file: &self.dts_file,
        };
        (view, &mut self.counters)
    }

    /// Returns what SMC sees of the world, and what counts identifiers.
    pub(crate) fn smc_view(&mut self) -> (smc::View<'_>, &mut Counters) {
        let view = smc::View {
            smc: &mut self.smc,
            ecs: &mut self.ecs,
            paid: &mut self.paid,
            settings: &self.settings,
            file: &self.smc_file,
        };
        (view, &mut self.counters)
    }

    /// Returns everything that there can be any number of.
    pub(crate) fn registers(&mut self) -> impl Iterator<Item = &mut dyn Registered> {
        let ram = self.ram.values_mut();
        let ram = ram.flat_map(|ram| [&mut ram.roles as &mut dyn Registered, &mut ram.policies]);
        let redis = self.redis.values_mut();
        let redis = redis.map(|redis| redis as &mut dyn Registered);
        let dts = self.dts.values_mut();
        let dts = dts.flat_map(|dts| {
            [
                &mut dts.databases as &mut dyn Registered,
                &mut dts.jobs,
                &mut dts.syncs,
            ]
        });
        let ecs = self.ecs.values_mut();
        let ecs = ecs.flat_map(|ecs| {
            [
                &mut ecs.instances as &mut dyn Registered,
                &mut ecs.images,
                &mut ecs.snapshots,
                &mut ecs.lives,
            ]
        });
        let smc = self.smc.values_mut();
        let smc = smc.flat_map(|smc| {
            [
                &mut smc.tokens as &mut dyn Registered,
                &mut smc.sources,
                &mut smc.jobs,
            ]
        });
        ram.chain(redis).chain(dts).chain(ecs).chain(smc)
    }

    /// Returns how many resources were looked at so far, whatever for: what a test of the world's own cost counts.
    #[doc(hidden)]
    pub fn looks(&mut self) -> u64 {
        self.registers().map(|register| register.looks()).sum()
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
        let accounts = self.dts.keys();
        accounts
            .flat_map(|account| self.charges_of(account))
            .collect()
    }

    fn charges_of(&self, account: &str) -> Vec<Charge> {
        let start_ms = self.settings.start_ms;
        let (dts, ecs, smc) = (&self.dts[account], &self.ecs[account], &self.smc[account]);
        let mut charges = self.paid.of(account).to_vec();
        charges.extend(dts.jobs.values().filter_map(|job| job.charge(account)));
        let syncs = dts.syncs.values();
        charges.extend(syncs.map(|sync| sync.charge(account, start_ms, None)));
        let snapshots = ecs.snapshots.iter();
        charges.extend(snapshots.map(|(id, one)| one.charge(account, id, start_ms, None)));
        charges.extend(ecs.charges(account));
        let jobs = smc.jobs.iter();
        charges.extend(jobs.flat_map(|(id, job)| job.charges(account, id)));
        charges
    }
}
