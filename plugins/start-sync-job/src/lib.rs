//! The step `start-sync-job`: starts a configured synchronisation, which is prechecked first, and waits until it
//! synchronises. States are written with a small or a capital letter, as the call and the document may be.

mod precheck;

use rutter_sdk::prelude::*;

rutter_sdk::plugin!(run);

const RUNNING: &str = "Synchronizing";

/// States that become `Synchronizing` by themselves. The first copy is spelled in this way.
const UNDER_WAY: [&str; 5] = [
    "Prechecking",
    "Initializating",
    "Initializing",
    "Modifying",
    RUNNING,
];

/// States from which it is started. `Suspending` means that it is paused.
const STARTABLE: [&str; 5] = [
    "NotStarted",
    "PrecheckFailed",
    "InitializeFailed",
    "Failed",
    "Suspending",
];

/// States from which it does not come back by itself.
const STUCK: [&str; 6] = [
    "PrecheckFailed",
    "InitializeFailed",
    "Failed",
    "Suspending",
    "Locked",
    "Finished",
];

/// States that a start does not lead to.
const NEVER_STARTED: [&str; 3] = ["NotConfigured", "Locked", "Finished"];

/// How long it may go on showing the state from before the start.
const SETTLE: Duration = Duration::from_secs(15);

fn run(host: &Host, inputs: Inputs) -> Result<Outputs, Fault> {
    let account = host.account()?;
    let job = Job {
        host,
        account: &account,
        inputs: &inputs,
    };
    job.start()?;
    let shown = job.wait()?;
    Ok(Outputs {
        status: RUNNING.to_owned(),
        delay_ms: shown
            .integer("/DelayMillis")
            .ok()
            .filter(|delay| *delay >= 0),
        items: precheck::names(&shown),
    })
}

/// The synchronisation and what is asked of it.
struct Job<'a> {
    host: &'a Host,
    account: &'a Account,
    inputs: &'a Inputs,
}

impl Job<'_> {
    fn api(&self, action: &str) -> Api {
        Api::new("DTS", action)
            .region(&self.inputs.region)
            .set("RegionId", &self.inputs.region)
            .set("SynchronizationJobId", &self.inputs.job)
    }

    fn start(&self) -> Result<(), Fault> {
        let seen = self.startable()?;
        let start = self.account.create(self.api("StartSynchronizationJob"));
        match start.or_adopt(self.started(seen.as_deref())) {
            Ok(started) if started.made => self.host.wait(SETTLE),
            Ok(_) => Ok(()),
            // It may have started by itself in the meantime.
            Err(fault) if fault.is_busy() && self.startable()?.is_none() => Ok(()),
            Err(fault) => Err(fault),
        }
    }

    /// What is seen of a start: it has left the state from before. It may have come far since.
    fn started(&self, before: Option<&str>) -> Find {
        let job = Find::one(self.api("DescribeSynchronizationJobStatus"))
            .key("/SynchronizationJobId")
            .settle(SETTLE);
        match before {
            Some(state) => job.none_of("/Status", &[&[state][..], &NEVER_STARTED].concat()),
            None => job.one_of("/Status", &UNDER_WAY),
        }
    }

    /// The state from which it can be started, nothing if it is on its way already.
    fn startable(&self) -> Result<Option<String>, Fault> {
        let job = self.status()?;
        let status = job.text("/Status")?;
        if is_one_of(status, &UNDER_WAY) {
            return Ok(None);
        }
        if job.text_if_any("/SourceEndpoint/InstanceType").is_none() {
            return Err(self
                .fault("not-configured", "it is bought and not configured")
                .advise("Let the step `configure-sync-job` configure it first."));
        }
        if is_one_of(status, &STARTABLE) {
            return Ok(Some(status.to_owned()));
        }
        Err(self.stuck(&job))
    }

    fn status(&self) -> Result<Answer, Fault> {
        let read = self.api("DescribeSynchronizationJobStatus");
        self.account.find(read)?.ok_or_else(|| {
            let why = format!("it is not in {}", self.inputs.region);
            self.fault("absent", &why)
                .advise("It was released, or is another account's: look in the DTS console.")
        })
    }

    /// Waits for the end of the full copy, and says why if it does not come.
    fn wait(&self) -> Result<Answer, Fault> {
        let waited = self
            .account
            .wait_for(self.api("DescribeSynchronizationJobStatus"))
            .field("/Status")
            .until(&[RUNNING])
            .fail(&STUCK)
            .timeout(self.inputs.wait)
            .wait();
        match waited {
            Err(fault) if fault.is_wait_failed() => Err(self.stuck(&self.status()?)),
            other => other,
        }
    }

    fn stuck(&self, job: &Answer) -> Fault {
        let status = job.text_if_any("/Status").unwrap_or("in no known state");
        if is_one_of(status, &["PrecheckFailed"]) {
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

    fn fault(&self, code: &str, why: &str) -> Fault {
        let message = format!("`{}` does not synchronise: {why}", self.inputs.job);
        Fault::fail(format!("start-sync-job.{code}"), message)
    }
}

fn is_one_of(status: &str, states: &[&str]) -> bool {
    states
        .iter()
        .any(|state| status.eq_ignore_ascii_case(state))
}

#[cfg(test)]
rutter_sdk::cases!();
