//! Intermediate instances and disks that no job stands behind.

use rutter_sdk::prelude::*;

use crate::Cleaning;

/// What SMC calls its intermediate instances and disks.
const INSTANCE: &str = "No_Delete_SMC_Transition_Instance";
const DISK: &str = "SMC_Temp_Disk";

/// Under these a job holds its intermediate instance or disk.
const HOLDS: [&str; 5] = ["Running", "Stopped", "InError", "Waiting", "Deleting"];

impl Cleaning<'_> {
    /// Says of each what and where it is.
    pub fn leftovers(&self) -> Result<Vec<String>, Fault> {
        let read = self.smc("DescribeReplicationJobs");
        let jobs = self
            .account
            .read_all(read)?
            .items("/ReplicationJobs/ReplicationJob");
        let holds = |job: &&Answer| job.is_one_of("/Status", &HOLDS);
        let holding: Vec<&Answer> = jobs.iter().filter(holds).collect();
        let is_held =
            |field: &str, id: &str| holding.iter().any(|job| job.text_if_any(field) == Some(id));
        let region = &self.inputs.region;
        let mut left = Vec::new();
        for instance in self.named(
            "DescribeInstances",
            "InstanceName",
            INSTANCE,
            "/Instances/Instance",
        )? {
            let id = instance.text("/InstanceId")?;
            if !is_held("/TransitionInstanceId", id) {
                left.push(format!("the instance {id} ({INSTANCE}) in {region}"));
            }
        }
        for disk in self.named("DescribeDisks", "DiskName", DISK, "/Disks/Disk")? {
            let (id, on) = (disk.text("/DiskId")?, disk.text_if_any("/InstanceId"));
            if !on.is_some_and(|on| is_held("/InstanceId", on)) {
                left.push(format!("the disk {id} ({DISK}) in {region}"));
            }
        }
        Ok(left)
    }

    fn named(
        &self,
        action: &str,
        parameter: &str,
        name: &str,
        path: &str,
    ) -> Result<Vec<Answer>, Fault> {
        let region = &self.inputs.region;
        let read = Api::new("ECS", action)
            .in_region(region)
            .set(parameter, name);
        Ok(self.account.read_all(read)?.items(path))
    }
}
