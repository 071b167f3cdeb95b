//! Migration jobs: from a source to an image, or into an existing server, once or again and again until they are cut over.

mod change;
mod create;
mod file;
mod options;
mod run;
mod transition;

pub(super) use change::{cut_over, delete, modify, remove, start, stop};
pub(super) use create::create;
pub(crate) use file::add_from_file;
pub(super) use options::Options;
pub(crate) use run::settle;
pub(super) use transition::Transition;
use transition::release;

use serde_json::{Value, json};

use super::unknown;
use crate::answer::Refusal;
use crate::charges::Charge;
use crate::ecs::transition as ecs;
use crate::smc::RequestContext;

const DAY_MS: i64 = 86_400_000;

/// How long an expired job is kept.
const EXPIRED_MS: i64 = 7 * DAY_MS;

#[derive(Clone, Debug)]
pub(crate) struct Job {
    pub source: String,
    pub region: String,
    pub options: Options,
    /// How often it runs again; `None` runs once.
    pub repeats: Option<Repeats>,
    pub created_ms: i64,
    pub phase: Phase,
    /// Its runs, oldest first.
    pub runs: Vec<Run>,
    /// What stands in ECS for it.
    pub transition: Option<Transition>,
    /// The stays of the intermediate instance or disk: from, until.
    pub paid: Vec<(i64, Option<i64>)>,
}

#[derive(Clone, Debug)]
pub(crate) enum Target {
    Image {
        name: String,
    },
    /// Its operating system is replaced.
    Instance {
        id: String,
    },
}

/// The settings of a job that copies what has changed, at intervals.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Repeats {
    pub frequency_ms: i64,
    pub images_to_keep: usize,
}

#[derive(Clone, Debug)]
pub(crate) struct Run {
    /// Begun by a call, or by itself.
    pub manual: bool,
    pub from: i64,
    pub until: Option<i64>,
    pub image: Option<String>,
}

#[derive(Clone, Debug)]
pub(crate) enum Phase {
    Ready,
    Running {
        stages: Stages,
        /// When and with what code it breaks off.
        breaks: Option<(i64, String)>,
        /// Whether it is cut over after this run.
        last: bool,
    },
    /// Paused while it copied.
    Stopped {
        left_ms: Option<i64>,
    },
    Failed {
        at: i64,
        code: String,
    },
    /// Between two runs.
    Waiting {
        next: i64,
    },
    Finished,
    Deleting {
        at: i64,
    },
}

/// The instants at which the stages of a run begin, and its end.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stages {
    pub preparing: i64,
    pub syncing: i64,
    pub processing: i64,
    pub cleaning: i64,
    pub end: i64,
}

impl Stages {
    pub fn name(&self, now: i64) -> &'static str {
        match now {
            now if now < self.syncing => "Preparing",
            now if now < self.processing => "Syncing",
            now if now < self.cleaning => "Processing",
            _ => "Cleaning",
        }
    }
}

impl Job {
    /// Returns the status, as of the last time the world was settled.
    pub fn status(&self, now: i64) -> &'static str {
        match self.phase {
            _ if self.is_expired(now) => "Expired",
            Phase::Ready => "Ready",
            Phase::Running { .. } => "Running",
            Phase::Stopped { .. } => "Stopped",
            Phase::Failed { .. } => "InError",
            Phase::Waiting { .. } => "Waiting",
            Phase::Finished => "Finished",
            Phase::Deleting { .. } => "Deleting",
        }
    }

    fn is_expired(&self, now: i64) -> bool {
        let may = matches!(
            self.phase,
            Phase::Ready | Phase::Stopped { .. } | Phase::Failed { .. }
        );
        may && now >= self.options.valid_until_ms
    }

    pub fn is_unfinished(&self, now: i64) -> bool {
        let is_over = matches!(self.phase, Phase::Finished | Phase::Deleting { .. });
        !is_over && !self.is_expired(now)
    }

    pub fn is_deleting(&self) -> bool {
        matches!(self.phase, Phase::Deleting { .. })
    }

    pub fn is_listed(&self, now: i64, delete_ms: i64) -> bool {
        !matches!(self.phase, Phase::Deleting { at } if now >= at.saturating_add(delete_ms))
    }

    /// Returns the image of the last run that made one.
    pub fn image(&self) -> Option<&str> {
        let runs = self.runs.iter().rev();
        runs.filter_map(|run| run.image.as_deref()).next()
    }

    pub fn lasting(&self) -> Value {
        json!({ "name": self.options.name, "source": self.source, "region": self.region })
    }

    pub fn charges(&self, account_id: &str, id: &str) -> Vec<Charge> {
        let (kind, what) = match self.options.target {
            Target::Image { .. } => ("smc-intermediate-instance", ecs::INSTANCE),
            Target::Instance { .. } => ("smc-intermediate-disk", ecs::DISK),
        };
        let of = |stay: &(i64, Option<i64>)| Charge {
            account_id: account_id.to_owned(),
            kind: kind.to_owned(),
            id: id.to_owned(),
            from_ms: stay.0,
            until_ms: stay.1,
            detail: format!("{what} in {}", self.region),
        };
        self.paid.iter().map(of).collect()
    }
}

/// Returns a job of the caller.
fn held<'a>(context: &'a RequestContext<'_>, id: &str) -> Result<&'a Job, Refusal> {
    let job = context.account().jobs.get(id);
    job.ok_or_else(|| unknown("JobId"))
}

fn wrong_status() -> Refusal {
    Refusal::new(
        400,
        "ReplicationJob.InvalidStatus",
        "The specified replication job status is invalid.",
    )
}

fn source_not_available() -> Refusal {
    Refusal::new(
        400,
        "SourceServerState.Invalid",
        "The specified source server status is invalid.",
    )
}
