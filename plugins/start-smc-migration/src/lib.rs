//! The step `start-smc-migration`: makes a migration job for a source, starts it, and waits until it is done.
//!
//! The job is found again by its name and by a mark in its description, so that it is never made twice. One that broke
//! off is started again by the next attempt, where it can go on.

mod causes;
mod job;
mod request;
mod take_back;

use rutter_sdk::prelude::*;

use crate::job::{JOBS, Job};

rutter_sdk::plugin!(run, undo);

/// How long the list of jobs may take to show what was made or started.
const SETTLE: Duration = Duration::from_secs(10);

/// A schedule lies at most 30 days ahead; a day more for what the clock says.
const SCHEDULE_WAIT: Duration = Duration::from_hours(31 * 24);

fn run(host: &Host, inputs: Inputs) -> Result<Outputs, Fault> {
    let migration = Migration::new(host, &inputs)?;
    request::check(&inputs)?;
    let source = match migration.own_job()? {
        Some(job) => job.source()?.to_owned(),
        None => migration.good_source()?,
    };
    let mut create = migration
        .account
        .create(request::create(&migration, &source));
    if inputs.run_mode == "create_only" {
        // Nothing runs, so that there is nothing but the job, whatever its target.
        let delete = migration.smc("DeleteReplicationJob");
        create = create.reverse(delete.set("JobId", answer("/JobId")));
    }
    let created = create
        .or_adopt(migration.look())
        .map_err(|fault| migration.explained(fault))?;
    let id = created.answer.text("/JobId")?.to_owned();
    if inputs.run_mode == "create_only" {
        return migration.outputs(&migration.job(&id)?);
    }
    if inputs.run_mode == "now" {
        migration.start(&id)?;
    }
    let done = migration.end_of(&id)?;
    migration.outputs(&done)
}

fn undo(
    host: &Host,
    inputs: Inputs,
    changes: Vec<MadeChange>,
    outputs: Option<Outputs>,
) -> Result<(), Fault> {
    let migration = Migration::new(host, &inputs)?;
    let is_create = |change: &MadeChange| change.api.label() == take_back::CREATE;
    if changes.iter().any(is_create) {
        migration.take_back(&changes, outputs)?;
    }
    Ok(())
}

/// One migration.
struct Migration<'a> {
    inputs: &'a Inputs,
    account: Account,
    /// What marks the job of this step, in every attempt.
    mark: String,
}

impl<'a> Migration<'a> {
    fn new(host: &Host, inputs: &'a Inputs) -> Result<Self, Fault> {
        Ok(Self {
            inputs,
            account: host.account()?,
            mark: host.mark("migration"),
        })
    }

    fn description(&self) -> String {
        format!("{} ({})", self.inputs.description, self.mark)
    }

    fn smc(&self, action: &str) -> Api {
        Api::new("SMC", action).region(&self.inputs.region)
    }

    /// The source's id; refuses one that cannot be migrated, before a job is made for it.
    fn good_source(&self) -> Result<String, Fault> {
        let name = &self.inputs.instance;
        let read = self.smc("DescribeSourceServers").set("Name", name);
        let found = self.account.read(read)?;
        let mut sources = found.items("/SourceServers/SourceServer").into_iter();
        let Some(source) = sources.find(|source| is_named(source, name)) else {
            let message = format!("there is no migration source `{name}`");
            return Err(self
                .refused("no-source", message)
                .advise("Import the server, then run the step again."));
        };
        request::check_client(self.inputs, &source)?;
        let id = source.text("/SourceId")?;
        if let Some(job) = self.unfinished_job_of(id)? {
            let (job, status) = (job.id()?, job.status()?);
            let message =
                format!("the source `{name}` has a job that is not finished: {job} is `{status}`");
            return Err(self.refused("source-busy", message).advise(
                "A source has one job at a time: let it finish, or delete it with `clean-up-smc`, then run the step again.",
            ));
        }
        let state = source.text("/State")?;
        if !state.eq_ignore_ascii_case("Available") {
            let message = format!("the migration source `{name}` is `{state}` and not online");
            return Err(self.refused("offline", message).advise(
                "Look at the client's logs on the server (`/smc` or `C:\\smc`); when it is online, run the step again.",
            ));
        }
        Ok(id.to_owned())
    }

    /// Starts the job, unless it has been started. One that broke off or was stopped is started again.
    fn start(&self, id: &str) -> Result<(), Fault> {
        let is_new = self.job(id)?.is_one_of(&["Ready"])?;
        let started: &[&str] = match is_new {
            true => &["Running", "Stopped", "InError", "Waiting", "Finished"],
            false => &["Running", "Waiting", "Finished"],
        };
        let look = Find::in_list(self.read_job(id), JOBS)
            .one_of("/Status", started)
            .key("/JobId")
            .settle(SETTLE);
        let start = self.smc("StartReplicationJob").set("JobId", id);
        self.account.create(start).or_adopt(look).map(drop)
    }

    /// Waits for the end, or for the end of the first run of a job that repeats.
    fn end_of(&self, id: &str) -> Result<Job, Fault> {
        if self.inputs.run_mode == "scheduled" {
            self.wait(id, &["Running", "Waiting", "Finished"], SCHEDULE_WAIT)?;
        }
        let ends: &[&str] = if self.inputs.frequency_hours.is_some() {
            &["Waiting", "Finished"]
        } else {
            &["Finished"]
        };
        self.wait(id, ends, self.inputs.wait)?;
        self.job(id)
    }

    fn wait(&self, id: &str, until: &[&str], timeout: Duration) -> Result<(), Fault> {
        let ended = self
            .account
            .wait_for(self.read_job(id))
            .field("/ReplicationJobs/ReplicationJob/0/Status")
            .until(until)
            .fail(&["InError", "Stopped", "Expired", "Deleting", NOT_FOUND])
            .timeout(timeout)
            .wait();
        match ended {
            Err(fault) if fault.is_wait_failed() => {
                Err(self.broke_off(id, self.find_job(id)?.as_ref()))
            }
            other => other.map(drop),
        }
    }

    /// Why a job did not come to its end, and what to do about it.
    fn broke_off(&self, id: &str, job: Option<&Job>) -> Fault {
        let status = job.and_then(|job| job.status().ok()).unwrap_or("gone");
        let Some(code) = job
            .and_then(Job::error)
            .filter(|_| status.eq_ignore_ascii_case("InError"))
        else {
            let message = format!("the migration job {id} is `{status}`");
            return self.refused("not-finished", message).advise(
                "Somebody has stopped or deleted it, or it expired: start it again in the SMC console and `rutter resume`, or `rutter undo`.",
            );
        };
        let known = causes::of(code);
        let cause = known.map_or(
            "the cause is not in the table of known errors",
            |(cause, _)| cause,
        );
        let fix = known.map_or(
            "Read the client's logs on the server (`/smc` or `C:\\smc`).",
            |(_, fix)| fix,
        );
        let left = job.and_then(Job::transition_instance).map_or_else(
            || "the disk SMC_Temp_Disk on the target instance".to_owned(),
            |id| format!("the instance No_Delete_SMC_Transition_Instance ({id})"),
        );
        let give_up = if self.inputs.target_instance.is_some() {
            "the runbook smc_clean_up"
        } else {
            "`rutter undo`"
        };
        let message = format!("the migration job {id} broke off with `{code}`: {cause}");
        self.refused("broke-off", message).advise(format!(
            "{fix} Then `rutter resume` starts the job again. If it is given up, {give_up} deletes it: until then {left} stays and is charged.",
        ))
    }

    /// The cloud alone knows what time it is there; what it says of an instant gets an advice. A name that
    /// was taken meanwhile is told as one that was taken before.
    fn explained(&self, fault: Fault) -> Fault {
        if fault.is_exists() {
            return self.own_job().err().unwrap_or(fault);
        }
        let given = [&self.inputs.scheduled_start, &self.inputs.valid_until];
        if fault.code.starts_with("InvalidParameter") && given.iter().any(|given| given.is_some()) {
            return fault.advise(
                "`scheduled_start` lies 10 minutes to 30 days ahead and `valid_until` 7 to 90 days: an import takes up to 10 minutes. Nothing is charged yet; `rutter undo`, and choose another instant.",
            );
        }
        fault
    }

    fn outputs(&self, job: &Job) -> Result<Outputs, Fault> {
        let is_over = ["Finished", "Waiting"].contains(&job.status()?);
        Ok(Outputs {
            job: job.id()?.to_owned(),
            status: job.status()?.to_owned(),
            image: job.image().map(str::to_owned),
            target_instance: self.inputs.target_instance.clone().filter(|_| is_over),
            instance: self.inputs.instance.clone(),
        })
    }

    fn refused(&self, code: &str, message: String) -> Fault {
        Fault::fail(format!("start-smc-migration.{code}"), message)
    }
}

/// What is being removed is not there.
fn is_named(source: &Answer, name: &str) -> bool {
    source.text_if_any("/Name") == Some(name) && !source.is_one_of("/State", &["Deleting"])
}

#[cfg(test)]
rutter_sdk::cases!();
