//! Jobs as the API describes them, and how the step's own is found.

use rutter_sdk::image;
use rutter_sdk::prelude::*;

use crate::{Migration, SETTLE};

/// The list of jobs in the answer.
pub const JOBS: &str = "/ReplicationJobs/ReplicationJob";

/// A job under this many words is not over.
const UNFINISHED: [&str; 5] = ["Ready", "Running", "Stopped", "InError", "Waiting"];

/// A job.
pub struct Job(Answer);

impl Job {
    pub fn id(&self) -> Result<&str, Fault> {
        self.0.text("/JobId")
    }

    pub fn source(&self) -> Result<&str, Fault> {
        self.0.text("/SourceId")
    }

    pub fn status(&self) -> Result<&str, Fault> {
        self.0.text("/Status")
    }

    /// Which part of a run it is in.
    pub fn stage(&self) -> Option<&str> {
        self.0.text_if_any("/BusinessStatus")
    }

    pub fn error(&self) -> Option<&str> {
        self.0.text_if_any("/ErrorCode")
    }

    pub fn image(&self) -> Option<&str> {
        self.0.text_if_any("/ImageId")
    }

    /// The images of all its runs.
    pub fn images(&self) -> Vec<String> {
        let runs = self.0.items("/ReplicationJobRuns/ReplicationJobRun");
        let of_runs = runs.iter().filter_map(|run| run.text_if_any("/ImageId"));
        let mut images: Vec<String> = of_runs.chain(self.image()).map(str::to_owned).collect();
        images.sort();
        images.dedup();
        images
    }

    /// Whether it has run, to whatever end.
    pub fn has_run(&self) -> bool {
        let runs = self.0.items("/ReplicationJobRuns/ReplicationJobRun");
        !runs.is_empty() || self.0.text_if_any("/StartTime").is_some()
    }

    pub fn transition_instance(&self) -> Option<&str> {
        self.0.text_if_any("/TransitionInstanceId")
    }

    pub fn is_one_of(&self, statuses: &[&str]) -> Result<bool, Fault> {
        self.status()?;
        Ok(self.0.is_one_of("/Status", statuses))
    }
}

impl Migration<'_> {
    pub fn read_job(&self, id: &str) -> Api {
        self.smc("DescribeReplicationJobs")
            .set("JobId", json!([id]))
    }

    pub fn find_job(&self, id: &str) -> Result<Option<Job>, Fault> {
        Ok(self.jobs(self.read_job(id))?.into_iter().next())
    }

    pub fn job(&self, id: &str) -> Result<Job, Fault> {
        self.find_job(id)?.ok_or_else(|| {
            self.refused("gone", format!("the migration job {id} is gone"))
                .advise("Somebody has deleted it: run the step again to make another.")
        })
    }

    fn named(&self) -> Api {
        self.smc("DescribeReplicationJobs")
            .set("Name", &self.inputs.name)
    }

    /// How the job is seen: no other has the mark.
    pub fn look(&self) -> Find {
        let region = &self.inputs.region;
        Find::in_list(self.named(), JOBS)
            .equal("/Name", &self.inputs.name)
            .contains("/Description", &self.mark)
            .none_of("/Status", &["Deleting"])
            .key("/JobId")
            .answer(json!({ "JobId": found("/JobId") }))
            .settle(SETTLE)
            .passing(self.images("/ReplicationJobRuns/ReplicationJobRun"))
            .passing(self.images(""))
            // Behind the images of each of the two.
            .passing(image::snapshots_named(region, "/Id").behind(0))
            .passing(image::snapshots_named(region, "/Id").behind(1))
            .passing(self.transition())
    }

    /// The images that a job made, as it tells of them.
    fn images(&self, list: &str) -> Passing {
        let shown = self
            .ecs("DescribeImages")
            .set("ImageId", answer("/Id"))
            .set("Status", image::EVERY_STATUS);
        let delete = self.ecs("DeleteImage").set("ImageId", answer("/Id"));
        Passing::new("image", list, "/ImageId", shown, "/Images/Image").remove(delete)
    }

    /// The server that stands for the job while it runs goes with it.
    fn transition(&self) -> Passing {
        let shown = self
            .ecs("DescribeInstances")
            .set("InstanceIds", json!([answer("/Id")]));
        Passing::new(
            "instance",
            "",
            "/TransitionInstanceId",
            shown,
            "/Instances/Instance",
        )
    }

    pub fn ecs(&self, action: &str) -> Api {
        let region = &self.inputs.region;
        Api::new("ECS", action).in_region(region)
    }

    /// The job of that name, if this step made it; refuses another's.
    pub fn own_job(&self) -> Result<Option<Job>, Fault> {
        let Some(job) = self.job_of_the_name()? else {
            return Ok(None);
        };
        if self.is_own(&job) {
            return Ok(Some(job));
        }
        let name = &self.inputs.name;
        let (id, status) = (job.id()?, job.status()?);
        let message = format!(
            "there is a migration job `{name}` ({id}, `{status}`) that this step did not make"
        );
        Err(self.refused("name-taken", message).advise(
            "Choose another name; or, if it was left behind, delete it with `clean-up-smc`.",
        ))
    }

    pub fn is_own(&self, job: &Job) -> bool {
        let description = job.0.text_if_any("/Description").unwrap_or_default();
        description.contains(&self.mark)
    }

    /// The job that has the name.
    pub fn job_of_the_name(&self) -> Result<Option<Job>, Fault> {
        for job in self.jobs(self.named())? {
            let is_named = job.0.text_if_any("/Name") == Some(&self.inputs.name);
            if is_named && !job.is_one_of(&["Deleting"])? {
                return Ok(Some(job));
            }
        }
        Ok(None)
    }

    pub fn unfinished_job_of(&self, source: &str) -> Result<Option<Job>, Fault> {
        let of_source = self
            .smc("DescribeReplicationJobs")
            .set("SourceId", json!([source]));
        for job in self.jobs(of_source)? {
            if job.is_one_of(&UNFINISHED)? {
                return Ok(Some(job));
            }
        }
        Ok(None)
    }

    fn jobs(&self, read: Api) -> Result<Vec<Job>, Fault> {
        let found = self.account.read(read)?;
        let jobs = found.items(JOBS);
        Ok(jobs.into_iter().map(Job).collect())
    }
}
