//! The world file: TOML that says which accounts, identities and resources there are, and how long things take.
//!
//! This file knows the text; `build.rs` makes the world of it. `tests/worlds/everything.world.toml` has every key with its
//! default and what it means.

mod build;
mod build_dts;
mod error;
mod faults;
mod http;
mod located;
mod migrations;

pub use error::WorldError;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use toml::Spanned;

use crate::chance::FaultsFile;
use crate::dts::{DatabaseFile, DtsFile, DtsJobFile, SyncFile};
use crate::ecs::{
    EcsFile, EcsGeneralFile, ImageFile, SecurityGroupFile, SnapshotFile, VSwitchFile,
};
use crate::ram::{OidcProviderFile, PolicyFile, RoleFile, UserFile};
use crate::redis::RedisFile;
use crate::scalars::Instant;
use crate::settings::{DurationsFile, LatencyFile, RatesFile};
use crate::smc::{JobFile, SmcFile, SourceFile};
use crate::world::World;

/// The newest format that is understood.
const SCHEMA: i64 = 1;

impl World {
    /// Reads a world file; `file` is what its errors call it.
    ///
    /// # Errors
    ///
    /// The first thing that is wrong with it, with its place.
    pub fn from_toml(text: &str, file: &str) -> Result<Self, WorldError> {
        let world_text = error::WorldText { text, file };
        check_schema(&world_text)?;
        let parsed: WorldFile =
            toml::from_str(text).map_err(|error| world_text.parse_error(&error))?;
        build::build(parsed, &world_text)
    }
}

/// The form of world files as a JSON Schema of draft 7, for editors.
pub fn world_schema() -> schemars::Schema {
    let settings = schemars::generate::SchemaSettings::draft07();
    settings
        .into_generator()
        .into_root_schema_for::<WorldFile>()
}

/// The format's version is looked at before anything else, so that an old program does not complain of keys it never heard of.
fn check_schema(world_text: &error::WorldText<'_>) -> Result<(), WorldError> {
    #[derive(Deserialize)]
    struct Version {
        schema: Spanned<i64>,
    }
    let version: Version =
        toml::from_str(world_text.text).map_err(|error| world_text.parse_error(&error))?;
    if *version.schema.get_ref() == SCHEMA {
        return Ok(());
    }
    let message = format!(
        "schema {} is not known here; this program reads schema {SCHEMA}",
        version.schema.get_ref()
    );
    Err(world_text.error(version.schema.span(), message))
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WorldFile {
    #[expect(dead_code, reason = "read before the rest, by check_schema")]
    #[schemars(range(min = 1, max = 1))]
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
    #[schemars(with = "Option<FaultsFile>")]
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
    #[schemars(with = "BTreeMap<String, String>")]
    pub aliases: BTreeMap<String, Spanned<String>>,
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct GeneralFile {
    pub title: String,
    pub start: Option<Instant>,
    pub time_scale: Option<f64>,
    pub seed: u64,
    /// The amount of data in databases is part of the state that is compared.
    pub compare_data: bool,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AccountFile {
    #[schemars(with = "String")]
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
    /// Identity providers whose tokens open roles that trust them.
    #[serde(default)]
    pub oidc_providers: Vec<OidcProviderFile>,
    #[serde(default)]
    pub policies: Vec<PolicyFile>,
    #[serde(default)]
    #[schemars(with = "Vec<RedisFile>")]
    pub redis: Vec<Spanned<RedisFile>>,
    #[serde(default)]
    #[schemars(with = "Vec<DatabaseFile>")]
    pub databases: Vec<Spanned<DatabaseFile>>,
    #[serde(default)]
    #[schemars(with = "Vec<DtsJobFile>")]
    pub dts_jobs: Vec<Spanned<DtsJobFile>>,
    #[serde(default)]
    #[schemars(with = "Vec<SyncFile>")]
    pub syncs: Vec<Spanned<SyncFile>>,
    #[serde(default)]
    #[schemars(with = "Vec<EcsFile>")]
    pub ecs: Vec<Spanned<EcsFile>>,
    #[serde(default)]
    #[schemars(with = "Vec<ImageFile>")]
    pub images: Vec<Spanned<ImageFile>>,
    #[serde(default)]
    #[schemars(with = "Vec<SnapshotFile>")]
    pub snapshots: Vec<Spanned<SnapshotFile>>,
    #[serde(default)]
    #[schemars(with = "Vec<SourceFile>")]
    pub smc_sources: Vec<Spanned<SourceFile>>,
    #[serde(default)]
    #[schemars(with = "Vec<JobFile>")]
    pub smc_jobs: Vec<Spanned<JobFile>>,
    #[serde(default)]
    #[schemars(with = "Vec<VSwitchFile>")]
    pub vswitches: Vec<Spanned<VSwitchFile>>,
    #[serde(default)]
    #[schemars(with = "Vec<SecurityGroupFile>")]
    pub security_groups: Vec<Spanned<SecurityGroupFile>>,
}

fn yes() -> bool {
    true
}
