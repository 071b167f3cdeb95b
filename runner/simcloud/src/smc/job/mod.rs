//! Migration jobs: from a source to an image, or into an existing server. They run once here; jobs that repeat are not simulated.

mod create;
mod run;

pub(super) use create::create;
pub(crate) use run::settle;

use serde_json::{Value, json};

use super::unknown;
use crate::answer::{Answer, Refusal};
use crate::charges::Charge;
use crate::scene::Scene;

#[derive(Clone, Debug)]
pub(crate) struct Job {
    pub name: String,
    pub description: String,
    pub source: String,
    pub region: String,
    pub target: Target,
    pub created_ms: i64,
    pub valid_until_ms: i64,
    pub scheduled_ms: Option<i64>,
    /// The image that it will be; used only if the target is one.
    pub image_id: String,
    pub phase: Phase,
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

#[derive(Clone, Copy, Debug)]
pub(crate) enum Phase {
    Ready,
    Running { stages: Stages },
    Failed { at: i64 },
    Finished { stages: Stages },
    Deleting { at: i64 },
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
            Phase::Ready if now >= self.valid_until_ms => "Expired",
            Phase::Ready => "Ready",
            Phase::Running { .. } => "Running",
            Phase::Failed { .. } => "InError",
            Phase::Finished { .. } => "Finished",
            Phase::Deleting { .. } => "Deleting",
        }
    }

    pub fn is_unfinished(&self, now: i64) -> bool {
        match self.phase {
            Phase::Ready => now < self.valid_until_ms,
            Phase::Running { .. } | Phase::Failed { .. } => true,
            Phase::Finished { .. } | Phase::Deleting { .. } => false,
        }
    }

    pub fn is_deleting(&self) -> bool {
        matches!(self.phase, Phase::Deleting { .. })
    }

    pub fn is_listed(&self, now: i64, delete_ms: i64) -> bool {
        !matches!(self.phase, Phase::Deleting { at } if now >= at.saturating_add(delete_ms))
    }

    /// Releases the intermediate instance or disk.
    pub fn end(&mut self, now: i64) {
        for stay in &mut self.paid {
            stay.1.get_or_insert(now);
        }
    }

    pub fn lasting(&self) -> Value {
        json!({ "name": self.name, "source": self.source, "region": self.region })
    }

    pub fn charges(&self, account_id: &str, id: &str) -> Vec<Charge> {
        let (kind, what) = match self.target {
            Target::Image { .. } => (
                "smc-intermediate-instance",
                "No_Delete_SMC_Transition_Instance",
            ),
            Target::Instance { .. } => ("smc-intermediate-disk", "SMC_Temp_Disk"),
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

pub(super) fn start(scene: &mut Scene<'_>) -> Answer {
    let id = scene.required("JobId")?;
    let now = scene.now;
    let job = scene
        .account()
        .smc
        .jobs
        .get(&id)
        .ok_or_else(|| unknown("JobId"))?;
    if !["Ready", "InError"].contains(&job.status(now)) {
        return Err(wrong_status());
    }
    if !scene
        .account()
        .smc
        .sources
        .get(&job.source)
        .is_some_and(|source| source.is_available(now))
    {
        return Err(source_not_available());
    }
    run::begin(scene.world, &scene.caller.account, &id, now);
    Ok(json!({}))
}

pub(super) fn delete(scene: &mut Scene<'_>) -> Answer {
    let id = scene.required("JobId")?;
    let now = scene.now;
    let Some(job) = scene
        .account_mut()
        .smc
        .jobs
        .get_mut(&id)
        .filter(|job| !job.is_deleting())
    else {
        return Ok(json!({}));
    };
    if matches!(job.phase, Phase::Running { .. }) {
        return Err(wrong_status());
    }
    job.end(now);
    job.phase = Phase::Deleting { at: now };
    Ok(json!({}))
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
