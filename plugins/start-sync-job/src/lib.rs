//! The step `start-sync-job`: starts a configured synchronisation, which is prechecked first, and waits until it
//! synchronises. States are written with a small or a capital letter, as the call and the document may be.

mod precheck;

use rutter_sdk::prelude::*;
use rutter_sdk::{Startable, States, start_and_wait};

rutter_sdk::plugin!(run);

const RUNNING: &str = "Synchronizing";

fn run(host: &Host, inputs: Inputs) -> Result<Outputs, Fault> {
    let account = host.account()?;
    let job = Job { inputs: &inputs };
    let shown = start_and_wait(host, &account, &job, inputs.wait)?;
    Ok(Outputs {
        status: RUNNING.to_owned(),
        delay_ms: shown
            .integer("/DelayMillis")
            .ok()
            .filter(|delay| *delay >= 0),
        items: precheck::names(&shown),
    })
}

/// The synchronisation that is asked for.
struct Job<'a> {
    inputs: &'a Inputs,
}

impl Startable for Job<'_> {
    const STATES: States = States {
        status: "/Status",
        id: "/SynchronizationJobId",
        running: RUNNING,
        // The first copy is spelled in this way.
        under_way: &["Prechecking", "Initializating", "Initializing", "Modifying"],
        // `Suspending` means that it is paused.
        startable: &[
            "NotStarted",
            "PrecheckFailed",
            "InitializeFailed",
            "Failed",
            "Suspending",
        ],
        never_started: &["NotConfigured", "Locked", "Finished"],
        stuck: &[
            "PrecheckFailed",
            "InitializeFailed",
            "Failed",
            "Suspending",
            "Locked",
            "Finished",
        ],
        settle: Duration::from_secs(15),
    };

    fn start(&self) -> Api {
        self.api("StartSynchronizationJob")
    }

    fn read(&self) -> Api {
        self.api("DescribeSynchronizationJobStatus")
    }

    fn check(&self, job: &Answer) -> Result<(), Fault> {
        let is_configured = job.text_if_any("/SourceEndpoint/InstanceType").is_some();
        if is_configured || Self::STATES.is_under_way(job) {
            return Ok(());
        }
        Err(self
            .fault("not-configured", "it is bought and not configured")
            .advise("Let the step `configure-sync-job` configure it first."))
    }

    fn absent(&self) -> Fault {
        let why = format!("it is not in {}", self.inputs.region);
        self.fault("absent", &why)
            .advise("It was released, or is another account's: look in the DTS console.")
    }

    fn stuck(&self, job: &Answer) -> Fault {
        let status = job.text_if_any("/Status").unwrap_or("in no known state");
        if job.is_one_of("/Status", &["PrecheckFailed"]) {
            let (reasons, remedies) = precheck::verdict(job);
            return self.fault("precheck", &reasons).advise(format!(
                "{remedies}. Nothing was copied; mend it and run the step again, which checks again. The synchronisation is \
                 charged meanwhile."
            ));
        }
        let reason = job
            .text_if_any("/ErrorMessage")
            .or_else(|| job.text_if_any("/DataInitializationStatus/ErrorMessage"))
            .unwrap_or("DTS gives no reason");
        let what_next = match status.to_lowercase().as_str() {
            "suspending" => {
                "Somebody paused it: find out why, then run the step again, which resumes it"
            }
            "locked" => {
                "The account is overdue or the subscription expired: settle that, then run the step again"
            }
            "finished" => {
                "It was ended or released, and cannot be started again: buy and configure another"
            }
            _ => "Mend the cause and run the step again, which starts it where it stopped",
        };
        let code = format!("stopped.{}", status.to_lowercase());
        self.fault(&code, &format!("it is `{status}`: {reason}"))
            .advise(format!("{what_next}. It is charged until it is released."))
    }
}

impl Job<'_> {
    fn api(&self, action: &str) -> Api {
        Api::new("DTS", action)
            .in_region(&self.inputs.region)
            .set("SynchronizationJobId", &self.inputs.job)
    }

    fn fault(&self, code: &str, why: &str) -> Fault {
        let message = format!("`{}` does not synchronise: {why}", self.inputs.job);
        Fault::fail(format!("start-sync-job.{code}"), message)
    }
}

#[cfg(test)]
rutter_sdk::cases!();
