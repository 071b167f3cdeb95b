//! What the world file says of the world as a whole: how long things take, how fast data moves.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::chance::FaultsFile;
use crate::http::HttpScript;
use crate::scalars::Span;

/// What every product goes by.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub title: String,
    pub start_ms: i64,
    pub time_scale: f64,
    pub seed: u64,
    pub compare_data: bool,
    pub latency: LatencyFile,
    pub durations: DurationsFile,
    pub rates: RatesFile,
    pub faults: FaultsFile,
    pub http: Vec<HttpScript>,
}

/// How long the cloud takes to answer.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
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
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct DurationsFile {
    pub ram_spread: Span,
    /// Temporary credentials live at most so long, by the real clock.
    pub session: Span,
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
            session: Span::minutes(12 * 60),
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
#[derive(Clone, Debug, Deserialize, JsonSchema)]
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
