//! The step `cut-over-smc`: ends an incremental migration job, after one last copy of what has changed.

use rutter_sdk::prelude::*;

rutter_sdk::plugin!(run);

/// How long the job may take to show that it was cut over.
const SETTLE: Duration = Duration::from_secs(10);

/// Ends of a job that nobody can cut over.
const LOST: [&str; 5] = ["InError", "Stopped", "Expired", "Deleting", "NOT_FOUND"];

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
    cut_over.wait(&["Waiting", "Finished"])?;
    cut_over.send()?;
    cut_over.wait(&["Finished"])?;
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
        let job = found
            .items("/ReplicationJobs/ReplicationJob")
            .into_iter()
            .next();
        job.ok_or_else(|| {
            let message = format!("there is no migration job {}", self.inputs.job);
            Fault::fail("cut-over-smc.absent", message).advise("Check the id and the account.")
        })
    }

    /// Cuts over what waits; what is over was cut over before.
    fn send(&self) -> Result<(), Fault> {
        let cut_over = Api::new("SMC", "CutOverReplicationJob")
            .region(&self.inputs.region)
            .set("JobId", &self.inputs.job)
            .set("SyncData", self.inputs.last_sync);
        let was_cut_over = || {
            let job = self.job()?;
            let status = job.text("/Status")?;
            // A last run is under way, or over: between two runs it waits.
            Ok((!status.eq_ignore_ascii_case("Waiting")).then(|| json!({})))
        };
        self.account
            .create(cut_over)
            .settle(SETTLE)
            .or_adopt(was_cut_over)
            .map(drop)
    }

    fn wait(&self, until: &[&str]) -> Result<(), Fault> {
        let ended = self
            .account
            .wait_for(self.read())
            .field("/ReplicationJobs/ReplicationJob/0/Status")
            .until(until)
            .fail(&LOST)
            .timeout(self.inputs.wait)
            .wait();
        match ended {
            Err(fault) if fault.code == "rutter.wait-failed" => Err(self.lost()?),
            other => other.map(drop),
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
