//! DTS: tasks that copy a database and keep the copy up to date. Only Redis and Tair endpoints are simulated.
//!
//! A task's phase changes by itself: `settle` brings every task to an instant, and every instant at which something
//! happened is computed from the one before, never from when somebody looked.

mod addresses;
mod configure;
mod describe;
mod endpoint;
mod lifecycle;
mod older;
mod precheck;
mod progress;

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::answer::Refusal;
use crate::scene::{Act, Scene};
use crate::world::World;
use endpoint::Endpoint;
pub(crate) use older::Sync;
use precheck::Item;

/// The actions that are simulated.
pub(crate) const ACTIONS: &[(&str, Act)] = &[
    ("ConfigureDtsJob", configure::configure),
    ("DescribePreCheckStatus", progress::describe),
    ("SkipPreCheck", precheck::skip),
    ("CreateDtsInstance", lifecycle::buy),
    ("StartDtsJob", lifecycle::start),
    ("SuspendDtsJob", lifecycle::suspend),
    ("StopDtsJob", lifecycle::stop),
    ("DeleteDtsJob", lifecycle::delete),
    ("DescribeDtsJobDetail", describe::detail),
    ("DescribeDtsJobs", describe::list),
    ("DescribeDTSIP", addresses::describe),
    ("CreateSynchronizationJob", older::buy),
    ("ConfigureSynchronizationJob", older::configure),
    ("StartSynchronizationJob", older::start),
    ("SuspendSynchronizationJob", older::suspend),
    ("DeleteSynchronizationJob", older::delete),
    ("DescribeSynchronizationJobStatus", older::status),
    ("DescribeSynchronizationJobs", older::list),
];

/// A task.
#[derive(Clone, Debug)]
pub(crate) struct Job {
    pub id: String,
    /// The id that its instance has or will have.
    pub instance_id: String,
    pub name: String,
    /// `SYNC`, `MIGRATION` or `CHECK`.
    pub kind: String,
    pub region: String,
    pub created_ms: i64,
    pub setup: Option<Setup>,
    pub bought: Option<Bought>,
    pub phase: Phase,
    /// The check items that a person decided to overlook.
    pub skipped: BTreeSet<String>,
}

/// What was configured.
#[derive(Clone, Debug)]
pub(crate) struct Setup {
    pub source: Endpoint,
    pub destination: Endpoint,
    pub structure: bool,
    pub full: bool,
    pub incremental: bool,
    pub objects: Value,
    pub reserve: Value,
}

#[derive(Clone, Debug)]
pub(crate) struct Bought {
    pub at_ms: i64,
    pub pay_type: String,
    pub class: String,
}

/// Where a task is in its life.
#[derive(Clone, Debug)]
pub(crate) enum Phase {
    NotConfigured,
    NotStarted,
    /// The items are judged when it begins, and told when it ends.
    Prechecking {
        from: i64,
        until: i64,
        items: Vec<Item>,
    },
    Prechecked {
        at: i64,
        items: Vec<Item>,
    },
    Initializing {
        from: i64,
        until: i64,
    },
    /// The incremental stage.
    Running {
        from: i64,
    },
    /// Paused, with what was left of the initialisation; `None` if it was over.
    Suspended {
        left_ms: Option<i64>,
    },
    Finished {
        at: i64,
    },
    /// Deleted: it can be read as finished for a while.
    Deleted {
        at: i64,
    },
}

impl Job {
    /// Returns the status as `DescribeDtsJobs` spells it.
    pub fn status(&self) -> &'static str {
        let is_sync = self.kind == "SYNC";
        match &self.phase {
            Phase::NotConfigured => "NotConfigured",
            Phase::NotStarted => "NotStarted",
            Phase::Prechecking { .. } => "Prechecking",
            Phase::Prechecked { items, .. } if precheck::passed(items) => "PreCheckPass",
            Phase::Prechecked { .. } => "PrecheckFailed",
            Phase::Initializing { .. } if is_sync => "Initializing",
            Phase::Running { .. } if is_sync => "Synchronizing",
            Phase::Initializing { .. } | Phase::Running { .. } => "Migrating",
            Phase::Suspended { .. } => "Suspending",
            Phase::Finished { .. } | Phase::Deleted { .. } => "Finished",
        }
    }

    pub fn is_deleted(&self) -> bool {
        matches!(self.phase, Phase::Deleted { .. })
    }

    fn is_readable(&self, now: i64, deleted_ms: i64) -> bool {
        match self.phase {
            Phase::Deleted { at } => now < at.saturating_add(deleted_ms),
            _ => true,
        }
    }

    /// Returns the lasting properties, for comparing states.
    pub fn lasting(&self) -> Value {
        let endpoints = self.setup.as_ref().map(|setup| {
            json!({ "source": setup.source.instance_id, "destination": setup.destination.instance_id, "objects": setup.objects })
        });
        json!({ "name": self.name, "kind": self.kind, "region": self.region, "setup": endpoints, "bought": self.bought.is_some() })
    }
}

/// Brings every task to an instant.
pub(crate) fn settle(world: &mut World, now: i64) {
    older::settle(world, now);
    let places: Vec<(String, String)> = world
        .accounts
        .values()
        .flat_map(|account| {
            account
                .dts
                .keys()
                .map(|job| (account.id.clone(), job.clone()))
        })
        .collect();
    for (account, job) in places {
        while step(world, &account, &job, now) {}
    }
}

/// Lets the next thing happen to a task if its time has come.
fn step(world: &mut World, account: &str, id: &str, now: i64) -> bool {
    let Some(job) = world
        .accounts
        .get(account)
        .and_then(|account| account.dts.get(id))
    else {
        return false;
    };
    let is_bought = job.bought.is_some();
    let next = match &job.phase {
        Phase::Prechecking { until, items, .. } if *until <= now => Phase::Prechecked {
            at: *until,
            items: items.clone(),
        },
        Phase::Prechecked { at, items } if is_bought && precheck::passed(items) => {
            initializing(world, account, job, *at)
        }
        Phase::Initializing { until, .. } if *until <= now => after_initialization(job, *until),
        _ => return false,
    };
    if matches!(next, Phase::Running { .. } | Phase::Finished { .. }) {
        deliver(world, account, id);
    }
    if let Some(job) = job_mut(world, account, id) {
        job.phase = next;
    }
    true
}

/// Returns the phase in which data is copied, as long as it takes from an instant on.
fn initializing(world: &World, account: &str, job: &Job, from: i64) -> Phase {
    let bytes = job
        .setup
        .as_ref()
        .map_or(0, |setup| match setup.source.find(world, account) {
            Some(redis) if setup.full => redis.data_bytes,
            _ => 0,
        });
    let base = world.settings.durations.initialise.0;
    let copying = crate::time::transfer_ms(bytes, world.settings.rates.initialise);
    Phase::Initializing {
        from,
        until: from.saturating_add(base).saturating_add(copying),
    }
}

fn after_initialization(job: &Job, at: i64) -> Phase {
    let goes_on = job.kind == "SYNC" || job.setup.as_ref().is_some_and(|setup| setup.incremental);
    if goes_on {
        Phase::Running { from: at }
    } else {
        Phase::Finished { at }
    }
}

/// Puts the source's data into the destination.
fn deliver(world: &mut World, account: &str, id: &str) {
    let Some(setup) = world
        .accounts
        .get(account)
        .and_then(|account| account.dts.get(id)?.setup.clone())
    else {
        return;
    };
    if !setup.full {
        return;
    }
    let bytes = setup
        .source
        .find(world, account)
        .map_or(0, |redis| redis.data_bytes);
    let owner = setup.destination.owner_or(account).to_owned();
    let destination = world
        .accounts
        .get_mut(&owner)
        .and_then(|account| account.redis.get_mut(&setup.destination.instance_id));
    if let Some(redis) = destination {
        redis.data_bytes = redis
            .data_bytes
            .saturating_add(bytes)
            .min(redis.capacity_bytes());
    }
}

fn job_mut<'a>(world: &'a mut World, account: &str, id: &str) -> Option<&'a mut Job> {
    world.accounts.get_mut(account)?.dts.get_mut(id)
}

/// Returns the id of the task that a call names by task or by instance.
fn named(scene: &Scene<'_>) -> Result<String, Refusal> {
    let job = scene.parameters.filled("DtsJobId");
    let instance = scene
        .parameters
        .filled("DtsInstanceId")
        .or_else(|| scene.parameters.filled("DtsInstanceID"));
    let deleted_ms = scene.settings().durations.dts_deleted.0;
    let found = scene.account().dts.values().find(|held| {
        let fits = job.as_ref().is_none_or(|id| *id == held.id)
            && instance.as_ref().is_none_or(|id| *id == held.instance_id);
        fits && held.is_readable(scene.now, deleted_ms)
    });
    match (found, job, instance) {
        (_, None, None) => Err(Refusal::new(
            400,
            "MissingParameter",
            "The parameter DtsJobId or DtsInstanceId is mandatory for this action.",
        )),
        (Some(found), _, _) => Ok(found.id.clone()),
        (None, Some(_), _) => Err(Refusal::enveloped(
            "InvalidJobId",
            "The specified DtsJobId does not exist.",
        )),
        (None, None, Some(_)) => Err(Refusal::enveloped(
            "Forbidden.InstanceNotFound",
            "The specified DTS instance does not exist.",
        )),
    }
}

fn held<'a>(scene: &'a Scene<'_>, id: &str) -> &'a Job {
    scene
        .account()
        .dts
        .get(id)
        .expect("the task was found a moment ago")
}

fn held_mut<'a>(scene: &'a mut Scene<'_>, id: &str) -> &'a mut Job {
    scene
        .account_mut()
        .dts
        .get_mut(id)
        .expect("the task was found a moment ago")
}

fn wrong_status(job: &Job, why: &str) -> Refusal {
    Refusal::enveloped(
        "InvalidJobStatus",
        format!(
            "The operation is not permitted while the status of {} is {}: {why}.",
            job.id,
            job.status()
        ),
    )
}

fn succeeded() -> Value {
    json!({ "Success": true, "HttpStatusCode": 200, "ErrCode": "", "ErrMessage": "" })
}
