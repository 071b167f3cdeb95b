//! Taking a migration back: the job is stopped and deleted, which releases what stands for it, and its images go.

use rutter_sdk::prelude::*;

use crate::Migration;
use crate::job::Job;

/// Without it only images that are available are listed.
const EVERY_STATUS: &str = "Creating,Waiting,Available,UnAvailable,CreateFailed";

/// No job has it: whatever it comes to is an end here, and leaving it out would mean the contract's.
const NEVER: [&str; 1] = ["-"];

/// What a job is when nothing of it is under way.
const AT_REST: [&str; 7] = [
    "Ready",
    "Stopped",
    "InError",
    "Waiting",
    "Finished",
    "Expired",
    "NOT_FOUND",
];

impl Migration<'_> {
    pub fn take_back(&self) -> Result<(), Fault> {
        let Some(job) = self.own_job()? else {
            return Ok(());
        };
        let id = job.id()?.to_owned();
        let job = self.at_rest(job)?;
        let (images, has_run) = (job.images(), job.has_run());
        self.delete(&id)?;
        for image in images {
            self.delete_image(&image)?;
        }
        match &self.inputs.target_instance {
            Some(instance) if has_run => Err(self.replaced(instance)),
            _ => Ok(()),
        }
    }

    /// Stops a job that runs, or waits where it cannot be stopped.
    fn at_rest(&self, job: Job) -> Result<Job, Fault> {
        if !job.is_one_of(&["Running"])? {
            return Ok(job);
        }
        let id = job.id()?.to_owned();
        if job.stage() == Some("Preparing") {
            self.wait_for(
                &id,
                "BusinessStatus",
                &["Syncing", "Processing", "Cleaning", "NOT_FOUND", ""],
            )?;
        }
        if self.job(&id)?.stage() == Some("Syncing") {
            let stop = self.smc("StopReplicationJob").set("JobId", &id);
            match self.account.change(stop).send() {
                // It has passed on meanwhile; the wait below sees it either way.
                Err(fault) if fault.is_unknown() || fault.class == FaultClass::Busy => {}
                other => drop(other?),
            }
        }
        self.wait_for(&id, "Status", &AT_REST)?;
        self.job(&id)
    }

    fn delete(&self, id: &str) -> Result<(), Fault> {
        let delete = self.smc("DeleteReplicationJob").set("JobId", id);
        self.account.change(delete).send().or_absent()?;
        self.wait_for(id, "Status", &["NOT_FOUND"])
    }

    fn wait_for(&self, id: &str, field: &str, until: &[&str]) -> Result<(), Fault> {
        self.account
            .wait_for(self.read_job(id))
            .field(&format!("/ReplicationJobs/ReplicationJob/0/{field}"))
            .until(until)
            .fail(&NEVER)
            .timeout(self.inputs.wait)
            .wait()
            .map(drop)
    }

    fn delete_image(&self, id: &str) -> Result<(), Fault> {
        let region = &self.inputs.region;
        let ecs = |action: &str| {
            Api::new("ECS", action)
                .region(region)
                .set("RegionId", region)
        };
        let read = ecs("DescribeImages")
            .set("ImageId", id)
            .set("Status", EVERY_STATUS);
        let found = self.account.read(read)?.items("/Images/Image");
        let Some(image) = found.first() else {
            return Ok(());
        };
        let delete = ecs("DeleteImage").set("ImageId", id);
        self.account.change(delete).send().or_absent()?;
        for disk in image.items("/DiskDeviceMappings/DiskDeviceMapping") {
            if let Some(snapshot) = disk.text_if_any("/SnapshotId") {
                let delete = Api::new("ECS", "DeleteSnapshot")
                    .region(region)
                    .set("SnapshotId", snapshot);
                self.account.change(delete).send().or_absent()?;
            }
        }
        Ok(())
    }

    fn replaced(&self, instance: &str) -> Fault {
        let message = format!(
            "the system of {instance} was replaced by the migration, and its automatic snapshots were cleared"
        );
        self.refused("replaced", message).advise(
            "The job is deleted and nothing of it is charged any more; restore the instance from a snapshot or an image of your own.",
        )
    }
}
