//! Jobs of the server that are not finished.

use rutter_sdk::prelude::*;

use crate::Cleaning;

/// Jobs that may still hold something, or stand in the way of another.
const UNFINISHED: [&str; 6] = [
    "Ready", "Running", "Stopped", "InError", "Waiting", "Expired",
];

/// What a job is when it may be deleted, or is gone.
const AT_REST: [&str; 8] = [
    "Ready", "Stopped", "InError", "Waiting", "Finished", "Expired", "Deleting", NOT_FOUND,
];

/// The list of jobs in the answer.
const JOBS: &str = "/ReplicationJobs/ReplicationJob";

/// How long a job may take to show that it was stopped.
const SETTLE: Duration = Duration::from_secs(10);

impl Cleaning<'_> {
    /// The jobs of all migration sources that have the server's id as their name.
    pub fn unfinished(&self) -> Result<Vec<Answer>, Fault> {
        let named = self
            .smc("DescribeSourceServers")
            .set("Name", &self.inputs.instance);
        let sources = self
            .account
            .read_all(named)?
            .items("/SourceServers/SourceServer");
        let mut found = Vec::new();
        for source in sources {
            let id = source.text("/SourceId")?;
            let read = self
                .smc("DescribeReplicationJobs")
                .set("SourceId", json!([id]));
            let jobs = self.account.read_all(read)?.items(JOBS);
            found.extend(
                jobs.into_iter()
                    .filter(|job| job.is_one_of("/Status", &UNFINISHED)),
            );
        }
        Ok(found)
    }

    /// Refuses a job that runs, before any job is deleted.
    pub fn check(&self, job: &Answer) -> Result<(), Fault> {
        if self.inputs.stop_running || !job.is_one_of("/Status", &["Running"]) {
            return Ok(());
        }
        let (id, instance) = (job.text("/JobId")?, &self.inputs.instance);
        let message = format!("the migration job {id} of {instance} runs");
        Err(self.refused("running", message).advise(
            "Let it finish; or, if it is not wanted, run the step with `stop_running = true`.",
        ))
    }

    pub fn delete(&self, job: &Answer) -> Result<(), Fault> {
        let id = job.text("/JobId")?;
        self.stop(id)?;
        let delete = self.smc("DeleteReplicationJob").set("JobId", id);
        let there = Find::in_list(self.read(id), JOBS).none_of("/Status", &["Deleting"]);
        self.account
            .create(delete)
            .or_adopt(there.gone().settle(SETTLE))
            .or_absent()?;
        self.wait(id, "Status", &[NOT_FOUND])
    }

    /// Brings a job to rest: it can be stopped only while it copies, and otherwise runs on for a while.
    fn stop(&self, id: &str) -> Result<(), Fault> {
        let Some(job) = self.job(id)? else {
            return Ok(());
        };
        if !job.is_one_of("/Status", &["Running"]) {
            return Ok(());
        }
        let stages = ["Syncing", "Processing", "Cleaning", NOT_FOUND, ""];
        self.wait(id, "BusinessStatus", &stages)?;
        if self.stage(id)?.as_deref() == Some("Syncing") {
            let stop = self.smc("StopReplicationJob").set("JobId", id);
            let running = Find::in_list(self.read(id), JOBS).one_of("/Status", &["Running"]);
            let stopped = running.gone().settle(SETTLE);
            match self.account.create(stop).or_adopt(stopped).or_absent() {
                // It has passed on meanwhile.
                Err(fault) if fault.is_busy() => {}
                other => drop(other?),
            }
        }
        self.wait(id, "Status", &AT_REST)
    }

    fn stage(&self, id: &str) -> Result<Option<String>, Fault> {
        let job = self.job(id)?;
        Ok(job.and_then(|job| job.text_if_any("/BusinessStatus").map(str::to_owned)))
    }

    fn job(&self, id: &str) -> Result<Option<Answer>, Fault> {
        let jobs = self.account.read(self.read(id))?;
        Ok(jobs.items(JOBS).into_iter().next())
    }

    fn read(&self, id: &str) -> Api {
        self.smc("DescribeReplicationJobs")
            .set("JobId", json!([id]))
    }

    fn wait(&self, id: &str, field: &str, until: &[&str]) -> Result<(), Fault> {
        self.account
            .wait_for(self.read(id))
            .field(&format!("/ReplicationJobs/ReplicationJob/0/{field}"))
            .until(until)
            .never_fail()
            .timeout(self.inputs.wait)
            .wait()
            .map(drop)
    }
}
