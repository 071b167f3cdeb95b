//! The world file: TOML that says which accounts, identities and resources there are, and how long things take.
//!
//! This file knows the text; `build.rs` makes the world of it. `tests/worlds/everything.world.toml` has every key with its
//! default and what it means.

mod build;
mod build_dts;
mod dts;
mod error;
mod faults;
mod http;
mod migrations;
mod resources;
mod scalars;
mod servers;
mod smc;

pub(crate) use dts::{
    Access, Cause, DatabaseFile, DtsFile, DtsJobFile, EndFile, JobStatus, PrecheckFile,
    PrecheckState, Stage, TroubleFile,
};
pub use error::WorldError;
pub(crate) use faults::FaultsFile;
pub use http::HttpScript;
pub(crate) use resources::{
    Architecture, DiskFile, EcsFile, Edition, ImageFile, Network, Os, RedisFile, SnapshotFile,
    Storage, SyncFile,
};
pub(crate) use scalars::{Instant, Span};
pub(crate) use servers::{Content, EcsGeneralFile, SecurityGroupFile, SoldOutFile, VSwitchFile};
pub(crate) use smc::{FailureFile, JobFile, SmcFile, SourceFile, StageFile};

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

use crate::world::World;

/// The newest format that is understood.
const SCHEMA: i64 = 1;

/// Reads a world file.
pub(crate) fn read(text: &str, file: &str) -> Result<World, WorldError> {
    let place = error::Place { text, file };
    check_schema(&place)?;
    let parsed: WorldFile = toml::from_str(text).map_err(|error| place.parse_error(&error))?;
    build::build(parsed, &place)
}

/// The format's version is looked at before anything else, so that an old program does not complain of keys it never heard of.
fn check_schema(place: &error::Place<'_>) -> Result<(), WorldError> {
    #[derive(Deserialize)]
    struct Version {
        schema: Spanned<i64>,
    }
    let version: Version = toml::from_str(place.text).map_err(|error| place.parse_error(&error))?;
    if *version.schema.get_ref() == SCHEMA {
        return Ok(());
    }
    let message = format!(
        "schema {} is not known here; this program reads schema {SCHEMA}",
        version.schema.get_ref()
    );
    Err(place.error(version.schema.span(), message))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WorldFile {
    #[expect(dead_code, reason = "read before the rest, by check_schema")]
    pub schema: i64,
    #[serde(default)]
    pub world: GeneralFile,
    #[serde(default)]
    pub latency: LatencyFile,
    #[serde(default)]
    pub durations: DurationsFile,
    #[serde(default)]
    pub rates: RatesFile,
    #[serde(default)]
    pub faults: Option<Spanned<FaultsFile>>,
    #[serde(default)]
    pub dts: DtsFile,
    #[serde(default)]
    pub smc: SmcFile,
    #[serde(default)]
    pub ecs: EcsGeneralFile,
    /// Answers to requests by plain HTTP.
    #[serde(default)]
    pub http: Vec<http::HttpFile>,
    #[serde(default)]
    pub accounts: BTreeMap<String, AccountFile>,
    /// Further names of accounts, for runbooks in which two names may be one account.
    #[serde(default)]
    pub aliases: BTreeMap<String, Spanned<String>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct GeneralFile {
    pub title: String,
    pub start: Option<Instant>,
    pub time_scale: Option<f64>,
    pub seed: u64,
    /// The amount of data in databases is part of the state that is compared.
    pub compare_data: bool,
}

/// How long the cloud takes to answer.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct LatencyFile {
    pub read: Span,
    pub change: Span,
    pub jitter: Span,
}

impl Default for LatencyFile {
    fn default() -> Self {
        Self {
            read: Span(80),
            change: Span(200),
            jitter: Span(40),
        }
    }
}

/// How long things take that do not depend on an amount of data.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct DurationsFile {
    pub ram_spread: Span,
    pub precheck: Span,
    pub initialise: Span,
    pub dts_deleted: Span,
    pub redis_network: Span,
    pub redis_account: Span,
    pub image: Span,
    pub copy: Span,
    pub command: Span,
    pub instance_start: Span,
    pub instance_stop: Span,
    pub import: Span,
    pub smc_prepare: Span,
    pub smc_clean: Span,
    pub smc_delete: Span,
}

impl Default for DurationsFile {
    fn default() -> Self {
        Self {
            ram_spread: Span(0),
            precheck: Span::minutes(2),
            initialise: Span::minutes(1),
            dts_deleted: Span::minutes(10),
            redis_network: Span::minutes(1),
            redis_account: Span(30_000),
            image: Span::minutes(2),
            copy: Span::minutes(2),
            command: Span(5_000),
            instance_start: Span::minutes(1),
            instance_stop: Span(30_000),
            import: Span::minutes(5),
            smc_prepare: Span::minutes(3),
            smc_clean: Span::minutes(2),
            smc_delete: Span(30_000),
        }
    }
}

/// How fast data moves, in megabytes a second.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RatesFile {
    pub initialise: f64,
    pub image: f64,
    pub copy: f64,
    pub replicate: f64,
}

impl Default for RatesFile {
    fn default() -> Self {
        // Images: the speed of snapshots; replication: 100 Mbit/s of the intermediate instance. Both from documents.
        Self {
            initialise: 50.0,
            image: 30.0,
            copy: 25.0,
            replicate: 12.5,
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AccountFile {
    pub id: Spanned<String>,
    #[serde(default = "yes")]
    pub dts_opened: bool,
    /// DTS may use the account's own resources: it has the role AliyunDTSDefaultRole.
    #[serde(default = "yes")]
    pub dts_authorised: bool,
    #[serde(default)]
    pub users: Vec<UserFile>,
    #[serde(default)]
    pub roles: Vec<RoleFile>,
    #[serde(default)]
    pub policies: Vec<PolicyFile>,
    #[serde(default)]
    pub redis: Vec<Spanned<RedisFile>>,
    #[serde(default)]
    pub databases: Vec<Spanned<DatabaseFile>>,
    #[serde(default)]
    pub dts_jobs: Vec<Spanned<DtsJobFile>>,
    #[serde(default)]
    pub syncs: Vec<Spanned<SyncFile>>,
    #[serde(default)]
    pub ecs: Vec<Spanned<EcsFile>>,
    #[serde(default)]
    pub images: Vec<Spanned<ImageFile>>,
    #[serde(default)]
    pub snapshots: Vec<Spanned<SnapshotFile>>,
    #[serde(default)]
    pub smc_sources: Vec<Spanned<SourceFile>>,
    #[serde(default)]
    pub smc_jobs: Vec<Spanned<JobFile>>,
    #[serde(default)]
    pub vswitches: Vec<Spanned<VSwitchFile>>,
    #[serde(default)]
    pub security_groups: Vec<Spanned<SecurityGroupFile>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct UserFile {
    pub name: String,
    pub access_key_id: Option<Spanned<String>>,
    pub access_key_secret: Option<String>,
    #[serde(default)]
    pub policies: Vec<Spanned<String>>,
    /// The main account itself: it may do everything, except assume a role.
    #[serde(default)]
    pub main: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RoleFile {
    pub name: Spanned<String>,
    /// The trust policy as JSON text.
    pub trust: Spanned<String>,
    #[serde(default)]
    pub description: String,
    #[serde(default)]
    pub policies: Vec<Spanned<String>>,
    #[serde(default = "hour")]
    pub max_session: Span,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PolicyFile {
    pub name: Spanned<String>,
    /// The policy as JSON text.
    pub document: Spanned<String>,
    #[serde(default)]
    pub description: String,
}

fn yes() -> bool {
    true
}

fn hour() -> Span {
    Span::minutes(60)
}
