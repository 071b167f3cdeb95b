//! What a job can be told when it is made, and later.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{DAY_MS, Target};
use crate::answer::Refusal;
use crate::parameters::Parameters;
use crate::smc::RequestContext;
use crate::smc::unknown;
use crate::time;

/// How long a job that is not started stays valid, unless it says otherwise.
const VALID_MS: i64 = 30 * DAY_MS;

/// How long a job may be told to stay valid.
const VALID_RANGE_MS: (i64, i64) = (7 * DAY_MS, 90 * DAY_MS);

/// When a scheduled job may start: not at once, and not in a far future.
const SCHEDULE_RANGE_MS: (i64, i64) = (10 * 60_000, 30 * DAY_MS);

/// Parameters that are kept and shown again, and otherwise have no effect here.
const SHOWN: &[&str] = &[
    "InstanceRamRole",
    "InstanceType",
    "LaunchTemplateId",
    "LaunchTemplateVersion",
    "LicenseType",
    "NetMode",
    "ReplicationParameters",
    "ResourceGroupId",
    "VSwitchId",
    "VpcId",
];

#[derive(Clone, Debug)]
pub(crate) struct Options {
    pub name: String,
    pub description: String,
    pub target: Target,
    pub scheduled_ms: Option<i64>,
    pub valid_until_ms: i64,
    pub system_disk_gb: Option<u64>,
    /// Sizes of data disks, by their index on the source.
    pub data_disks: BTreeMap<i64, u64>,
    pub shown: BTreeMap<String, Value>,
}

impl Options {
    pub fn new(name: String, target: Target, now: i64) -> Self {
        Self {
            name,
            description: String::new(),
            target,
            scheduled_ms: None,
            valid_until_ms: now.saturating_add(VALID_MS),
            system_disk_gb: None,
            data_disks: BTreeMap::new(),
            shown: BTreeMap::new(),
        }
    }

    /// Takes over what a call gives. `created_ms` is when the job was, or is, made.
    pub fn set(&mut self, context: &RequestContext<'_>, created_ms: i64) -> Result<(), Refusal> {
        let parameters = context.parameters;
        if let Some(name) = parameters.filled("Name") {
            self.name = name;
        }
        if let Some(description) = parameters.text("Description") {
            self.description = description;
        }
        self.target = target(context, &self.target)?;
        if let Some(at) = instant(
            context,
            "ScheduledStartTime",
            context.now,
            SCHEDULE_RANGE_MS,
        )? {
            self.scheduled_ms = Some(at);
        }
        if let Some(at) = instant(context, "ValidTime", created_ms, VALID_RANGE_MS)? {
            self.valid_until_ms = at;
        }
        if let Some(size) = parameters.integer("SystemDiskSize") {
            self.system_disk_gb = u64::try_from(size).ok();
        }
        if let Some(disks) = data_disks(parameters)? {
            self.data_disks = disks;
        }
        for name in SHOWN {
            if let Some(value) = parameters.0.get(name).filter(|value| !value.is_null()) {
                self.shown.insert((*name).to_owned(), value.clone());
            }
        }
        let is_private = self
            .shown
            .get("NetMode")
            .is_some_and(|mode| mode.to_string().contains('2'));
        if is_private && !self.shown.contains_key("VSwitchId") {
            context.required("VSwitchId")?;
        }
        Ok(())
    }
}

/// Returns what a job is to become, which stays as it is where a call says nothing.
fn target(context: &RequestContext<'_>, before: &Target) -> Result<Target, Refusal> {
    let (kind, name, id) = match before {
        Target::Image { name } => ("image", name.clone(), None),
        Target::Instance { id } => ("targetinstance", String::new(), Some(id.clone())),
    };
    let is_server = |id: &str| {
        let ecs = context.world.ecs.get(&context.caller.account);
        ecs.is_some_and(|ecs| ecs.instances.contains_key(id))
    };
    let wanted = context.parameters.filled("TargetType");
    let wanted = wanted.map_or_else(|| kind.to_owned(), |kind| kind.to_ascii_lowercase());
    match wanted.as_str() {
        "image" => Ok(Target::Image {
            name: context.parameters.filled("ImageName").unwrap_or(name),
        }),
        "targetinstance" => {
            let id = match (context.parameters.filled("InstanceId"), id) {
                (Some(id), _) | (None, Some(id)) => id,
                (None, None) => context.required("InstanceId")?,
            };
            if !is_server(&id) {
                return Err(unknown("InstanceId"));
            }
            Ok(Target::Instance { id })
        }
        kind => Err(not_simulated(&format!("jobs with the target type {kind}"))),
    }
}

/// Returns an instant that lies so far after another.
fn instant(
    context: &RequestContext<'_>,
    parameter: &str,
    after: i64,
    (least, most): (i64, i64),
) -> Result<Option<i64>, Refusal> {
    let Some(text) = context.parameters.filled(parameter) else {
        return Ok(None);
    };
    let range = after.saturating_add(least)..=after.saturating_add(most);
    let instant = time::parse(&text).filter(|instant| range.contains(instant));
    let wrong = || {
        let (from, until) = (time::text(*range.start()), time::text(*range.end()));
        let message = format!(
            "The specified parameter {parameter} is no instant between {from} and {until}."
        );
        Refusal::new(400, "InvalidParameter", message)
    };
    instant.map(Some).ok_or_else(wrong)
}

fn data_disks(parameters: Parameters<'_>) -> Result<Option<BTreeMap<i64, u64>>, Refusal> {
    let Some(Value::Array(disks)) = parameters.0.get("DataDisk") else {
        return Ok(None);
    };
    let mut sizes = BTreeMap::new();
    for disk in disks {
        let disk = Parameters(disk);
        let (Some(index), Some(size)) = (disk.integer("Index"), disk.integer("Size")) else {
            let message = "The parameter DataDisk.N.Index or DataDisk.N.Size is missing.";
            return Err(Refusal::new(400, "MissingParameter", message));
        };
        if sizes
            .insert(index, u64::try_from(size).unwrap_or_default())
            .is_some()
        {
            let message = "The source server data disk cannot contain the same index.";
            return Err(Refusal::new(400, "DataDisk.DuplicateIndex", message));
        }
    }
    Ok(Some(sizes))
}

fn not_simulated(what: &str) -> Refusal {
    Refusal::new(
        501,
        "NotSimulated",
        format!("SMC:CreateReplicationJob: the simulated cloud does not simulate {what}."),
    )
}
