//! SMC: activation codes, migration sources, migration jobs.
//!
//! The documents list no error for an id that does not exist. Deleting or disabling what is not there succeeds here, so
//! that a repeat does no harm; every other action answers `InvalidParameter`. Neither is verified.

pub(crate) mod client;
mod delete;
mod describe;
mod file;
pub(crate) mod job;
mod source;
mod token;

use crate::answer::Refusal;
use crate::register::Register;
use crate::scene::Act;

pub(crate) use file::{JobFile, SmcFile, SourceFile};
use job::Job;
pub(crate) use job::settle;
pub(crate) use source::Source;
pub(crate) use token::Token;

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
    pub sources: Register<Source>,
    pub jobs: Register<Job>,
}

fn unknown(parameter: &str) -> Refusal {
    Refusal::new(
        400,
        "InvalidParameter",
        format!("The specified parameter {parameter} is not valid: there is none of this id."),
    )
}
