//! ECS: servers, commands on them, images, snapshots and disks.

pub(crate) mod command;
mod content;
mod file;
pub(crate) mod image;
mod instance;
mod invocation;
mod launch;
mod lifecycle;
mod network;
mod region;
mod shell;
pub(crate) mod snapshot;
mod stock;
pub(crate) mod transition;

use std::collections::BTreeMap;

use crate::answer::{Answer, Refusal};
use crate::charges::{Bill, Paid};
use crate::identifier::digest;
use crate::register::Register;
use crate::request_context::{self, PerAccount};

use command::Invocation;
pub(crate) use command::{Done, Program, Script};
use image::Image;
use lifecycle::Life;
use snapshot::Snapshot;

pub(crate) use file::{
    DiskFile, EcsFile, EcsGeneralFile, ImageFile, Os, SecurityGroupFile, SnapshotFile, VSwitchFile,
};
pub(crate) use lifecycle::settle;
pub(crate) use network::Network;

/// What ECS sees of the world.
pub(crate) struct View<'a> {
    /// By account id.
    pub accounts: &'a mut BTreeMap<String, Ecs>,
    pub paid: &'a mut Paid,
    pub file: &'a EcsGeneralFile,
    pub program: Program<'a>,
}

type RequestContext<'a> = request_context::RequestContext<'a, View<'a>>;

/// One action, as a function.
pub(crate) type Act = fn(&mut RequestContext<'_>) -> Answer;

impl PerAccount for View<'_> {
    type Part = Ecs;

    fn accounts(&self) -> &BTreeMap<String, Ecs> {
        self.accounts
    }

    fn accounts_mut(&mut self) -> &mut BTreeMap<String, Ecs> {
        self.accounts
    }
}

impl RequestContext<'_> {
    /// Returns what the caller's account has, to delete of it, and where that goes which it paid.
    fn account_and_bill(&mut self) -> (&mut Ecs, Bill<'_>) {
        let account = self.world.accounts.get_mut(&self.caller.account);
        let bill = Bill {
            account: &self.caller.account,
            start_ms: self.settings.start_ms,
            paid: self.world.paid,
        };
        (account.expect("the caller was found in its account"), bill)
    }
}

/// The actions that are simulated.
pub(crate) const ACTIONS: &[(&str, Act)] = &[
    ("DescribeInstances", instance::describe),
    ("DescribeInstanceStatus", instance::describe_status),
    ("DescribeCloudAssistantStatus", instance::describe_assistant),
    ("DescribeDisks", instance::describe_disks),
    ("RunInstances", launch::run),
    ("StartInstance", lifecycle::start),
    ("StopInstance", lifecycle::stop),
    ("DeleteInstance", lifecycle::delete),
    ("DescribeSecurityGroups", network::describe_security_groups),
    ("DescribeAvailableResource", stock::describe_available),
    ("DescribeInstanceTypes", stock::describe_types),
    ("RunCommand", command::run),
    ("DescribeInvocations", invocation::describe),
    ("DescribeInvocationResults", invocation::describe_results),
    ("CreateImage", image::create),
    ("CopyImage", image::copy),
    ("CancelCopyImage", image::cancel),
    ("DescribeImages", image::describe),
    ("DeleteImage", image::delete),
    ("DescribeImageSharePermission", image::describe_shares),
    ("ModifyImageSharePermission", image::modify_shares),
    ("DescribeSnapshots", snapshot::describe),
    ("DeleteSnapshot", snapshot::delete),
    ("DescribeRegions", region::describe),
    ("DescribeZones", region::describe_zones),
];

/// Bytes in a gibibyte.
pub(crate) const GIB: u64 = 1 << 30;

/// What an account has in ECS.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ecs {
    pub instances: Register<EcsFile>,
    pub images: Register<Image>,
    pub snapshots: Register<Snapshot>,
    pub network: Network,
    /// What is known of a server beside what it is now.
    pub lives: Register<Life>,
    pub invocations: BTreeMap<String, Invocation>,
    /// The invocations' ids, oldest first.
    pub order: Vec<String>,
}

impl Ecs {
    pub fn new(
        instances: Vec<EcsFile>,
        images: Vec<ImageFile>,
        snapshots: Vec<SnapshotFile>,
        network: Network,
    ) -> Self {
        Self {
            instances: instances
                .into_iter()
                .map(|instance| (instance.id.clone(), with_disk(instance)))
                .collect(),
            images: images
                .into_iter()
                .map(|image| (image.id.clone(), Image::from_file(image)))
                .collect(),
            snapshots: snapshots
                .into_iter()
                .map(|snapshot| (snapshot.id.clone(), Snapshot::from_file(snapshot)))
                .collect(),
            network,
            ..Self::default()
        }
    }
}

/// A server for which no disk is given has one system disk.
fn with_disk(mut instance: EcsFile) -> EcsFile {
    if instance.disks.is_empty() {
        let id = format!("d-sim{}", &digest(&["disk", &instance.id])[..14]);
        instance.disks.push(DiskFile {
            id,
            name: String::new(),
            size_gb: 40,
            used_gb: None,
            category: "cloud_essd".to_owned(),
            delete_auto_snapshot: true,
            snapshot: None,
        });
    }
    instance
}

/// Returns the bytes that a disk's snapshot holds.
pub(crate) fn used_bytes(disk: &DiskFile) -> u64 {
    disk.used_gb.unwrap_or(disk.size_gb).saturating_mul(GIB)
}

/// Returns the region of a call, or refuses one that does not exist.
fn region(context: &RequestContext<'_>) -> Result<String, Refusal> {
    let region = context.required("RegionId")?;
    if rutter_contracts::region_known(&region) {
        return Ok(region);
    }
    Err(Refusal::new(
        404,
        "InvalidRegionId.NotFound",
        "The specified RegionId does not exist.",
    ))
}

fn instance_not_found() -> Refusal {
    Refusal::new(
        404,
        "InvalidInstanceId.NotFound",
        "The specified InstanceId does not exist.",
    )
}

/// A dry run that would succeed is answered as an error, as the documents say.
fn refuse_dry_run(context: &RequestContext<'_>) -> Result<(), Refusal> {
    if context.parameters.is_true("DryRun") {
        let message = "Request validation has been passed with DryRun flag set.";
        return Err(Refusal::new(400, "DryRunOperation", message));
    }
    Ok(())
}
