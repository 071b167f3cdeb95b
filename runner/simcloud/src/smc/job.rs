//! Migration jobs: from a source to an image, or into an existing server. They run once here; jobs that repeat are not simulated.

use serde_json::{Value, json};

use super::unknown;
use crate::answer::{Answer, Refusal};
use crate::charges::Charge;
use crate::ecs::image::Image;
use crate::scene::Scene;
use crate::time;
use crate::world::{Settings, World};

/// How long a job that is not started stays valid, unless it says otherwise.
const VALID_MS: i64 = 30 * 86_400_000;

/// How many jobs an account may have.
const JOBS_MAX: usize = 1000;

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

pub(super) fn create(scene: &mut Scene<'_>) -> Answer {
    let source_id = scene.required("SourceId")?;
    let region = scene.required("RegionId")?;
    let now = scene.now;
    let source = scene
        .account()
        .smc
        .sources
        .get(&source_id)
        .ok_or_else(|| unknown("SourceId"))?;
    if !source.is_available(now) {
        return Err(source_not_available());
    }
    let target = target(scene)?;
    let scheduled_ms = instant(scene, "ScheduledStartTime")?;
    let valid_until_ms = instant(scene, "ValidTime")?.unwrap_or(now.saturating_add(VALID_MS));
    check_conditions(scene)?;
    check_others(scene, &source_id)?;
    let id = scene.new_id("j-", "replication-job");
    let image_id = scene.new_id("m-", "image");
    let job = Job {
        name: scene
            .parameters
            .filled("Name")
            .unwrap_or_else(|| id.clone()),
        description: scene.parameters.text_or_empty("Description"),
        source: source_id,
        region,
        target,
        created_ms: now,
        valid_until_ms,
        scheduled_ms,
        image_id,
        phase: Phase::Ready,
        paid: Vec::new(),
    };
    scene.account_mut().smc.jobs.insert(id.clone(), job);
    Ok(json!({ "JobId": id }))
}

fn target(scene: &Scene<'_>) -> Result<Target, Refusal> {
    let kind = scene
        .parameters
        .filled("TargetType")
        .unwrap_or_else(|| "Image".to_owned());
    match kind.to_ascii_lowercase().as_str() {
        "image" => Ok(Target::Image {
            name: scene.parameters.text_or_empty("ImageName"),
        }),
        "targetinstance" => {
            let id = scene.required("InstanceId")?;
            if !scene.account().ecs.instances.contains_key(&id) {
                return Err(unknown("InstanceId"));
            }
            Ok(Target::Instance { id })
        }
        _ => Err(not_simulated(&format!("jobs with the target type {kind}"))),
    }
}

fn check_conditions(scene: &Scene<'_>) -> Result<(), Refusal> {
    if scene.parameters.boolean("RunOnce") == Some(false) {
        scene.required("Frequency")?;
        scene.required("MaxNumberOfImageToKeep")?;
        return Err(not_simulated("jobs that run more than once"));
    }
    if scene.parameters.integer("NetMode") == Some(2) {
        scene.required("VSwitchId")?;
    }
    Ok(())
}

fn check_others(scene: &Scene<'_>, source: &str) -> Result<(), Refusal> {
    let jobs = &scene.account().smc.jobs;
    let mut others = jobs.values().filter(|job| !job.is_deleting());
    let is_full = jobs.len() >= JOBS_MAX
        || others
            .clone()
            .any(|job| job.source == source && job.is_unfinished(scene.now));
    if is_full {
        let message = "The maximum number of replication jobs is exceeded. Please submit a ticket to raise the quota.";
        return Err(Refusal::new(400, "QuotaExceeded.ReplicationJob", message));
    }
    let name = scene.parameters.filled("Name");
    if name.is_some_and(|name| others.any(|job| job.name == name)) {
        return Err(Refusal::new(
            400,
            "ReplicationJobName.Duplicate",
            "The specified replication job name already exists.",
        ));
    }
    Ok(())
}

fn instant(scene: &Scene<'_>, parameter: &str) -> Result<Option<i64>, Refusal> {
    let Some(text) = scene.parameters.filled(parameter) else {
        return Ok(None);
    };
    let instant = time::parse(&text).filter(|instant| *instant >= scene.now);
    let wrong = || {
        Refusal::new(
            400,
            "InvalidParameter",
            format!("The specified parameter {parameter} is no instant to come."),
        )
    };
    instant.map(Some).ok_or_else(wrong)
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
    begin(scene.world, &scene.caller.account, &id, now);
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

/// Brings every job to an instant.
pub(crate) fn settle(world: &mut World, now: i64) {
    let places: Vec<(String, String)> = world
        .accounts
        .values()
        .flat_map(|account| {
            account
                .smc
                .jobs
                .keys()
                .map(|job| (account.id.clone(), job.clone()))
        })
        .collect();
    for (account, job) in places {
        while step(world, &account, &job, now) {}
    }
}

fn step(world: &mut World, account_id: &str, id: &str, now: i64) -> bool {
    let Some(account) = world.accounts.get(account_id) else {
        return false;
    };
    let Some(job) = account.smc.jobs.get(id) else {
        return false;
    };
    let source = account.smc.sources.get(&job.source);
    match job.phase {
        Phase::Ready
            if job
                .scheduled_ms
                .is_some_and(|at| at <= now && at < job.valid_until_ms) =>
        {
            let at = job.scheduled_ms.unwrap_or(now);
            if source.is_some_and(|source| source.is_available(at)) {
                begin(world, account_id, id, at);
            } else {
                change(world, account_id, id, |job| {
                    job.phase = Phase::Failed { at }
                });
            }
            true
        }
        Phase::Running { stages } => {
            let lost = source
                .and_then(|source| source.offline_ms)
                .filter(|at| *at < stages.processing && *at >= stages.preparing);
            match lost {
                Some(at) if at <= now => change(world, account_id, id, |job| {
                    job.phase = Phase::Failed { at }
                }),
                None if stages.end <= now => finish(world, account_id, id, stages),
                _ => return false,
            }
            true
        }
        _ => false,
    }
}

fn begin(world: &mut World, account_id: &str, id: &str, at: i64) {
    let Some(account) = world.accounts.get(account_id) else {
        return;
    };
    let bytes = account
        .smc
        .jobs
        .get(id)
        .and_then(|job| account.smc.sources.get(&job.source))
        .map_or(0, |source| source.bytes());
    let stages = stages(&world.settings, at, bytes);
    change(world, account_id, id, |job| {
        job.end(at);
        job.scheduled_ms = None;
        job.phase = Phase::Running { stages };
        job.paid.push((at, None));
    });
}

fn stages(settings: &Settings, at: i64, bytes: u64) -> Stages {
    let syncing = at.saturating_add(settings.durations.smc_prepare.0);
    let processing = syncing.saturating_add(time::transfer_ms(bytes, settings.rates.replicate));
    let imaging = settings
        .durations
        .image
        .0
        .saturating_add(time::transfer_ms(bytes, settings.rates.image));
    let cleaning = processing.saturating_add(imaging);
    Stages {
        preparing: at,
        syncing,
        processing,
        cleaning,
        end: cleaning.saturating_add(settings.durations.smc_clean.0),
    }
}

/// The intermediate resources are released by themselves, and the image is there.
fn finish(world: &mut World, account_id: &str, id: &str, stages: Stages) {
    let Some(account) = world.accounts.get_mut(account_id) else {
        return;
    };
    let Some(job) = account.smc.jobs.get_mut(id) else {
        return;
    };
    job.end(stages.end);
    job.phase = Phase::Finished { stages };
    let Some(source) = account.smc.sources.get(&job.source) else {
        return;
    };
    if let Target::Image { name } = &job.target {
        let image = Image {
            region: job.region.clone(),
            name: if name.is_empty() {
                format!("SMC_{}", job.image_id)
            } else {
                name.clone()
            },
            description: String::new(),
            os: source.server.os,
            size_gb: source.server.disks.iter().map(|disk| disk.size_gb).sum(),
            bytes: source.bytes(),
            snapshots: Vec::new(),
            from_ms: stages.processing,
            until_ms: stages.cleaning,
            copy_of: None,
            shared_by: None,
        };
        account.ecs.images.insert(job.image_id.clone(), image);
    }
}

fn change(world: &mut World, account: &str, id: &str, change: impl FnOnce(&mut Job)) {
    if let Some(job) = world
        .accounts
        .get_mut(account)
        .and_then(|account| account.smc.jobs.get_mut(id))
    {
        change(job);
    }
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

fn not_simulated(what: &str) -> Refusal {
    Refusal::new(
        501,
        "NotSimulated",
        format!("SMC:CreateReplicationJob: the simulated cloud does not simulate {what}."),
    )
}
