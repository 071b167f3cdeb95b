//! DTS: tasks that copy a database and keep the copy up to date.
//!
//! Start at `job.rs`, which says what a task is; `settle.rs` says what happens to it by itself. Of the databases, Redis and
//! Tair are simulated in detail; of the others DTS knows where they are, who may open them and how much is in them.

mod access;
mod addresses;
mod check_item;
mod configure;
mod describe;
mod endpoint;
mod file;
mod held;
mod job;
mod kinds;
mod lifecycle;
mod monitor;
mod older;
mod precheck;
mod precheck_items;
mod presumed;
mod progress;
mod settings;
mod settle;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::answer::{Answer, Refusal};
use crate::charges::Paid;
use crate::ram::{Ram, Rights};
use crate::redis::Redis;
use crate::register::Register;
use crate::request_context::{self, PerAccount};
use crate::settings::Settings;
pub(crate) use file::{DatabaseFile, DtsFile, DtsJobFile, SyncFile};
pub(crate) use held::hold;
pub(crate) use job::Job;
pub(crate) use kinds::{named as kind_named, names as kind_names};
pub(crate) use older::Sync;
pub(crate) use presumed::presumed;

/// What an account has in DTS.
#[derive(Clone, Debug, Default)]
pub(crate) struct Dts {
    /// Whether it ever opened the console of DTS.
    pub is_opened: bool,
    /// Databases that only DTS looks at.
    pub databases: Register<DatabaseFile>,
    pub jobs: Register<Job>,
    /// Tasks of the older family.
    pub syncs: Register<Sync>,
}

/// What DTS sees of the world: what every account has in it, the databases that it copies, and who lets it in.
pub(crate) struct View<'a> {
    /// By account id.
    pub dts: &'a mut BTreeMap<String, Dts>,
    /// By account id.
    pub redis: &'a mut BTreeMap<String, Register<Redis>>,
    /// By account id.
    pub ram: &'a BTreeMap<String, Ram>,
    pub paid: &'a mut Paid,
    pub settings: &'a Settings,
    pub file: &'a DtsFile,
}

impl View<'_> {
    fn rights(&self, now: i64) -> Rights<'_> {
        Rights {
            accounts: self.ram,
            now,
            spread_ms: self.settings.durations.ram_spread.0,
        }
    }
}

type RequestContext<'a> = request_context::RequestContext<'a, View<'a>>;

/// One action, as a function.
pub(crate) type Act = fn(&mut RequestContext<'_>) -> Answer;

impl PerAccount for View<'_> {
    type Part = Dts;

    fn accounts(&self) -> &BTreeMap<String, Dts> {
        self.dts
    }

    fn accounts_mut(&mut self) -> &mut BTreeMap<String, Dts> {
        self.dts
    }
}

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
    ("CreateJobMonitorRule", monitor::create),
    ("DescribeJobMonitorRule", monitor::describe),
];

/// Brings everything that DTS does by itself to an instant.
pub(crate) fn settle(world: &mut View<'_>, now: i64) {
    older::settle(world, now);
    settle::settle(world, now);
}

/// Returns the id of the task that a call names by task or by instance.
fn named(context: &RequestContext<'_>) -> Result<String, Refusal> {
    let job = context.parameters.filled("DtsJobId");
    let instance = context
        .parameters
        .filled("DtsInstanceId")
        .or_else(|| context.parameters.filled("DtsInstanceID"));
    let deleted_ms = context.settings().durations.dts_deleted.0;
    let dts = &context.account().jobs;
    let named: Vec<&Job> = match (&job, &instance) {
        (Some(id), _) => dts.get(id).into_iter().collect(),
        (None, Some(instance)) => {
            let called = dts.called(&Job::by_instance(instance)).into_iter();
            called.map(|(_, held)| held).collect()
        }
        (None, None) => Vec::new(),
    };
    let found = named.into_iter().find(|held| {
        let fits = instance.as_ref().is_none_or(|id| *id == held.instance_id);
        fits && held.is_readable(context.now, deleted_ms)
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

fn held<'a>(context: &'a RequestContext<'_>, id: &str) -> &'a Job {
    context
        .account()
        .jobs
        .get(id)
        .expect("the task was found a moment ago")
}

fn held_mut<'a>(context: &'a mut RequestContext<'_>, id: &str) -> &'a mut Job {
    context
        .account_mut()
        .jobs
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
