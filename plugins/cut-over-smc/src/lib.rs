//! The step `cut-over-smc`: ends an incremental migration job, after one last copy of what has changed.

use rutter_sdk::prelude::*;

rutter_sdk::plugin!(run);

/// How long the job may take to show that it was cut over.
const SETTLE: Duration = Duration::from_secs(10);

/// The list of jobs in the answer, and the status of the first.
const JOBS: &str = "/ReplicationJobs/ReplicationJob";
const STATUS: &str = "/ReplicationJobs/ReplicationJob/0/Status";

/// Ends of a job that nobody can cut over.
const LOST: [&str; 5] = ["InError", "Stopped", "Expired", "Deleting", NOT_FOUND];

fn run(host: &Host, inputs: Inputs) -> Result<Outputs, Fault> {
    let cut_over = CutOver {
        account: host.account()?,
        inputs: &inputs,
    };
    let job = cut_over.job()?;
    if job.boolean("/RunOnce").unwrap_or(true) {
        let message = format!("the migration job {} is not incremental", inputs.job);
        return Err(Fault::fail("cut-over-smc.once", message)
            .advise("A job that runs once ends by itself: leave the step out."));
    }
    // What is over was cut over before.
    if !cut_over.is_over(&["Waiting", "Finished"])? {
        cut_over.send()?;
        cut_over.is_over(&["Finished"])?;
    }
    let done = cut_over.job()?;
    Ok(Outputs {
        status: done.text("/Status")?.to_owned(),
        image: done.text_if_any("/ImageId").map(str::to_owned),
        job: inputs.job,
    })
}

struct CutOver<'a> {
    account: Account,
    inputs: &'a Inputs,
}

impl CutOver<'_> {
    fn read(&self) -> Api {
        Api::new("SMC", "DescribeReplicationJobs")
            .region(&self.inputs.region)
            .set("JobId", json!([self.inputs.job]))
    }

    fn job(&self) -> Result<Answer, Fault> {
        let found = self.account.read(self.read())?;
        let job = found.items(JOBS).into_iter().next();
        job.ok_or_else(|| {
            let message = format!("there is no migration job {}", self.inputs.job);
            Fault::fail("cut-over-smc.absent", message).advise("Check the id and the account.")
        })
    }

    /// Cuts over what waits.
    fn send(&self) -> Result<(), Fault> {
        let cut_over = Api::new("SMC", "CutOverReplicationJob")
            .region(&self.inputs.region)
            .set("JobId", &self.inputs.job)
            .set("SyncData", self.inputs.last_sync);
        // Between two runs it waits; then a last run is under way, or over.
        let after: &[&str] = match self.inputs.last_sync {
            true => &["Running", "InError", "Stopped", "Finished"],
            false => &["Finished"],
        };
        let look = Find::in_list(self.read(), JOBS)
            .one_of("/Status", after)
            .key("/JobId")
            .settle(SETTLE);
        self.account.change(cut_over).find(look).send().map(drop)
    }

    /// Waits for a status; whether it is the last one.
    fn is_over(&self, until: &[&str]) -> Result<bool, Fault> {
        let ended = self
            .account
            .wait_for(self.read())
            .field(STATUS)
            .until(until)
            .fail(&LOST)
            .timeout(self.inputs.wait)
            .wait();
        match ended {
            Err(fault) if fault.is_wait_failed() => Err(self.lost()?),
            other => Ok(other?.text(STATUS)?.eq_ignore_ascii_case("Finished")),
        }
    }

    fn lost(&self) -> Result<Fault, Fault> {
        let job = self.job()?;
        let status = job.text("/Status")?;
        let code = job.text_if_any("/ErrorCode").unwrap_or("no error code");
        let message = format!(
            "the migration job {} is `{status}` ({code})",
            self.inputs.job
        );
        Ok(Fault::fail("cut-over-smc.lost", message).advise(
            "Mend the cause and start the job again in the SMC console, then `rutter resume`.",
        ))
    }
}

#[cfg(test)]
rutter_sdk::cases!();
