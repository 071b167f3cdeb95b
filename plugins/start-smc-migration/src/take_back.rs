//! Taking a migration back: the job is stopped, its images go, then itself, which releases what stands for it. The job
//! says which images it made, so that it goes last.

use std::collections::BTreeSet;

use rutter_sdk::image;
use rutter_sdk::prelude::*;

use crate::job::{JOBS, Job};
use crate::{Migration, Outputs};

/// The change that makes a job.
pub const CREATE: &str = "SMC:CreateReplicationJob";

/// The change that starts it.
const START: &str = "SMC:StartReplicationJob";

/// The lists of images and snapshots in the answers.
const IMAGES: &str = "/Images/Image";
const SNAPSHOTS: &str = "/Snapshots/Snapshot";

/// What a job is when nothing of it is under way.
const AT_REST: [&str; 7] = [
    "Ready", "Stopped", "InError", "Waiting", "Finished", "Expired", NOT_FOUND,
];

impl Migration<'_> {
    pub fn take_back(&self, changes: &[MadeChange], outputs: Option<Outputs>) -> Result<(), Fault> {
        let mut has_run = changes.iter().any(|change| change.api.label() == START);
        let mut images: BTreeSet<String> = outputs
            .and_then(|outputs| outputs.image)
            .into_iter()
            .collect();
        let mut jobs = Vec::new();
        for id in self.made(changes)? {
            if let Some(job) = self.at_rest(&id)? {
                has_run |= job.has_run();
                images.extend(job.images());
                jobs.push(id);
            }
        }
        for image in &images {
            self.delete_image(image)?;
        }
        for id in &jobs {
            self.delete(id)?;
        }
        match &self.inputs.target_instance {
            Some(instance) if has_run => Err(self.replaced(instance)),
            _ => Ok(()),
        }
    }

    /// The jobs that were recorded, and one with this step's mark.
    fn made(&self, changes: &[MadeChange]) -> Result<BTreeSet<String>, Fault> {
        let answers = changes
            .iter()
            .filter_map(|change| change.made(CREATE, "/JobId"));
        let mut ids: BTreeSet<String> = answers.map(str::to_owned).collect();
        if let Some(job) = self.job_of_the_name()?.filter(|job| self.is_own(job)) {
            ids.insert(job.id()?.to_owned());
        }
        Ok(ids)
    }

    /// Stops a job that runs, or waits where it cannot be stopped; `None` if it is gone.
    fn at_rest(&self, id: &str) -> Result<Option<Job>, Fault> {
        let Some(job) = self.find_job(id)? else {
            return Ok(None);
        };
        if job.is_one_of(&["Running"])? {
            if job.stage() == Some("Preparing") {
                let stages = ["Syncing", "Processing", "Cleaning", NOT_FOUND, ""];
                self.wait_for(id, "BusinessStatus", &stages)?;
            }
            self.stop(id)?;
            self.wait_for(id, "Status", &AT_REST)?;
        }
        self.find_job(id)
    }

    /// A job can be stopped only while it copies.
    fn stop(&self, id: &str) -> Result<(), Fault> {
        let job = self.find_job(id)?;
        if job.is_none_or(|job| job.stage() != Some("Syncing")) {
            return Ok(());
        }
        let stop = self.smc("StopReplicationJob").set("JobId", id);
        let running = Find::in_list(self.read_job(id), JOBS)
            .one_of("/Status", &["Running"])
            .gone();
        match self.account.change(stop).find(running).send().or_absent() {
            // It has passed on meanwhile; who waits for its rest sees it either way.
            Err(fault) if fault.is_unknown() || fault.is_busy() => Ok(()),
            other => other.map(drop),
        }
    }

    fn delete(&self, id: &str) -> Result<(), Fault> {
        let delete = self.smc("DeleteReplicationJob").set("JobId", id);
        let there = Find::in_list(self.read_job(id), JOBS).none_of("/Status", &["Deleting"]);
        let deleted = self.account.change(delete).find(there.gone()).send();
        deleted.or_absent()?;
        self.wait_for(id, "Status", &[NOT_FOUND])
    }

    fn wait_for(&self, id: &str, field: &str, until: &[&str]) -> Result<(), Fault> {
        self.account
            .wait_for(self.read_job(id))
            .field(&format!("/ReplicationJobs/ReplicationJob/0/{field}"))
            .until(until)
            .never_fail()
            .timeout(self.inputs.wait)
            .wait()
            .map(drop)
    }

    /// Deletes an image with the snapshots behind it, also where the image is gone already.
    fn delete_image(&self, id: &str) -> Result<(), Fault> {
        let read = self
            .ecs("DescribeImages")
            .set("ImageId", id)
            .set("Status", image::EVERY_STATUS);
        let mut behind = self.snapshots_named(id)?;
        if let Some(found) = self.account.read(read.clone())?.items(IMAGES).first() {
            behind.extend(image::snapshots(found));
            let delete = self.ecs("DeleteImage").set("ImageId", id);
            let gone = Find::in_list(read, IMAGES).gone();
            self.account.change(delete).find(gone).send().or_absent()?;
        }
        behind.iter().try_for_each(|id| self.delete_snapshot(id))
    }

    /// The cloud names the snapshots that it makes for an image by the image's id.
    fn snapshots_named(&self, image: &str) -> Result<BTreeSet<String>, Fault> {
        let named = self
            .ecs("DescribeSnapshots")
            .set("SnapshotName", format!("{}{image}", image::SNAPSHOT_NAME));
        let found = self.account.read_all(named)?.items(SNAPSHOTS);
        let ids = found
            .iter()
            .map(|snapshot| snapshot.text("/SnapshotId").map(str::to_owned));
        ids.collect()
    }

    fn delete_snapshot(&self, id: &str) -> Result<(), Fault> {
        let delete = Api::new("ECS", "DeleteSnapshot")
            .region(&self.inputs.region)
            .set("SnapshotId", id);
        let read = self
            .ecs("DescribeSnapshots")
            .set("SnapshotIds", json!([id]).to_string());
        let gone = Find::in_list(read, SNAPSHOTS).gone();
        self.account.change(delete).find(gone).send().or_absent()?;
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
