//! Jobs as the API describes them, and how the step's own is found.

use rutter_sdk::prelude::*;

use crate::Migration;

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

    pub fn is_started(&self) -> Result<bool, Fault> {
        let started = ["Running", "Waiting", "Finished"];
        self.is_one_of(&started)
    }

    pub fn is_one_of(&self, statuses: &[&str]) -> Result<bool, Fault> {
        let status = self.status()?;
        Ok(statuses.iter().any(|one| one.eq_ignore_ascii_case(status)))
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

    /// What the job's creation would have answered, if the job is there.
    pub fn find(&self) -> Result<Option<Value>, Fault> {
        let job = self.own_job()?;
        job.map(|job| Ok(json!({ "JobId": job.id()? }))).transpose()
    }

    /// The job of that name, if this step made it.
    pub fn own_job(&self) -> Result<Option<Job>, Fault> {
        let name = &self.inputs.name;
        let named = self.smc("DescribeReplicationJobs").set("Name", name);
        for job in self.jobs(named)? {
            if job.0.text_if_any("/Name") != Some(name) || job.is_one_of(&["Deleting"])? {
                continue;
            }
            let description = job.0.text_if_any("/Description").unwrap_or_default();
            if description.contains(&self.mark) {
                return Ok(Some(job));
            }
            let (id, status) = (job.id()?, job.status()?);
            let message = format!(
                "there is a migration job `{name}` ({id}, `{status}`) that this step did not make"
            );
            return Err(self.refused("name-taken", message).advise(
                "Choose another name; or, if it was left behind, delete it with `clean-up-smc`.",
            ));
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
        let jobs = found.items("/ReplicationJobs/ReplicationJob");
        Ok(jobs.into_iter().map(Job).collect())
    }
}
