//! SMC: activation codes, migration sources, migration jobs.
//!
//! The documents list no error for an id that does not exist. Deleting or disabling what is not there succeeds here, so
//! that a repeat does no harm; every other action answers `InvalidParameter`. Neither is verified.

mod client;
mod delete;
mod describe;
mod file;
pub(crate) mod job;
mod source;
mod token;

use std::collections::BTreeMap;

use crate::answer::{Answer, Refusal};
use crate::charges::{Bill, Paid};
use crate::ecs::Ecs;
use crate::register::Register;
use crate::request_context::{self, PerAccount};
use crate::settings::Settings;

pub(crate) use client::Client;
pub(crate) use file::{JobFile, SmcFile, SourceFile};
use job::Job;
pub(crate) use job::settle;
pub(crate) use source::SourceServer;
pub(crate) use token::Token;

/// What SMC sees of the world: what every account has in it, and what migrations do in ECS.
pub(crate) struct View<'a> {
    /// By account id.
    pub smc: &'a mut BTreeMap<String, Smc>,
    /// By account id.
    pub ecs: &'a mut BTreeMap<String, Ecs>,
    pub paid: &'a mut Paid,
    pub settings: &'a Settings,
    pub file: &'a SmcFile,
}

impl View<'_> {
    /// Returns what an account has in SMC and in ECS.
    fn account(&self, id: &str) -> Option<(&Smc, &Ecs)> {
        Some((self.smc.get(id)?, self.ecs.get(id)?))
    }

    /// Returns what an account has in SMC and in ECS, to change it, and where that goes which it paid for what it deletes.
    fn account_mut<'a>(&'a mut self, id: &'a str) -> Option<(&'a mut Smc, &'a mut Ecs, Bill<'a>)> {
        let bill = Bill {
            account: id,
            start_ms: self.settings.start_ms,
            paid: self.paid,
        };
        Some((self.smc.get_mut(id)?, self.ecs.get_mut(id)?, bill))
    }
}

type RequestContext<'a> = request_context::RequestContext<'a, View<'a>>;

/// One action, as a function.
pub(crate) type Act = fn(&mut RequestContext<'_>) -> Answer;

impl PerAccount for View<'_> {
    type Part = Smc;

    fn accounts(&self) -> &BTreeMap<String, Smc> {
        self.smc
    }

    fn accounts_mut(&mut self) -> &mut BTreeMap<String, Smc> {
        self.smc
    }
}

/// The actions that are simulated.
pub(crate) const ACTIONS: &[(&str, Act)] = &[
    ("CreateAccessToken", token::create),
    ("DisableAccessToken", token::disable),
    ("DeleteAccessToken", token::delete),
    ("ListAccessTokens", token::list),
    ("DescribeSourceServers", describe::sources),
    ("DeleteSourceServer", delete::source),
    ("CreateReplicationJob", job::create),
    ("StartReplicationJob", job::start),
    ("StopReplicationJob", job::stop),
    ("CutOverReplicationJob", job::cut_over),
    ("ModifyReplicationJobAttribute", job::modify),
    ("DescribeReplicationJobs", describe::jobs),
    ("DeleteReplicationJob", job::delete),
];

/// What an account has in SMC.
#[derive(Clone, Debug, Default)]
pub(crate) struct Smc {
    pub tokens: Register<Token>,
    pub sources: Register<SourceServer>,
    pub jobs: Register<Job>,
    /// How many runs broke off as the world file has it, by the failure's place there.
    pub failures: BTreeMap<usize, u64>,
}

fn unknown(parameter: &str) -> Refusal {
    Refusal::new(
        400,
        "InvalidParameter",
        format!("The specified parameter {parameter} is not valid: there is none of this id."),
    )
}
