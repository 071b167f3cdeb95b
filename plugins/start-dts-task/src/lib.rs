//! The step `start-dts-task`: starts a task that has its instance, and waits until it synchronises.

use rutter_sdk::prelude::*;

rutter_sdk::plugin!(run);

const RUNNING: &str = "Synchronizing";

/// States that become `Synchronizing` by themselves.
const UNDER_WAY: [&str; 7] = [
    "Prechecking",
    "Initializing",
    "Retrying",
    "Modifying",
    "Upgrade",
    "Downgrade",
    RUNNING,
];

/// States from which a task is started. `Suspending` means that it is paused.
const STARTABLE: [&str; 6] = [
    "NotStarted",
    "PreCheckPass",
    "PrecheckFailed",
    "InitializeFailed",
    "Failed",
    "Suspending",
];

/// States from which it does not come back by itself.
const STUCK: [&str; 8] = [
    "PrecheckFailed",
    "InitializeFailed",
    "Failed",
    "Suspending",
    "ModifyFailed",
    "Locked",
    "Finished",
    "NotConfigured",
];

/// States that a start does not lead to, also those of a deleted task.
const NEVER_STARTED: [&str; 3] = ["NotConfigured", "Locked", "Finished"];

/// How long the task may go on showing the state from before the start.
const SETTLE: Duration = Duration::from_secs(15);

fn run(host: &Host, inputs: Inputs) -> Result<Outputs, Fault> {
    let account = host.account()?;
    let task = Task {
        host,
        account: &account,
        inputs: &inputs,
    };
    task.start()?;
    let shown = task.wait()?;
    Ok(Outputs {
        // The cloud writes it with a small or a capital letter, as the call may be.
        status: RUNNING.to_owned(),
        delay_ms: shown.integer("/Delay").ok().filter(|delay| *delay >= 0),
    })
}

/// The task and what is asked of it.
struct Task<'a> {
    host: &'a Host,
    account: &'a Account,
    inputs: &'a Inputs,
}

impl Task<'_> {
    fn api(&self, action: &str) -> Api {
        Api::new("DTS", action)
            .region(&self.inputs.region)
            .set("RegionId", &self.inputs.region)
            .set("DtsJobId", &self.inputs.task)
    }

    fn start(&self) -> Result<(), Fault> {
        let seen = self.startable()?;
        let start = self.account.create(self.api("StartDtsJob"));
        match start.or_adopt(self.started(seen.as_deref())) {
            Ok(started) if started.made => self.host.wait(SETTLE),
            Ok(_) => Ok(()),
            // It may have started by itself in the meantime.
            Err(fault) if fault.is_busy() && self.startable()?.is_none() => Ok(()),
            Err(fault) => Err(fault),
        }
    }

    /// What is seen of a start: the task has left the state from before. It may have come far since.
    fn started(&self, before: Option<&str>) -> Find {
        let task = Find::one(self.api("DescribeDtsJobDetail"))
            .key("/DtsJobId")
            .settle(SETTLE);
        match before {
            Some(state) => task.none_of("/Status", &[&[state][..], &NEVER_STARTED].concat()),
            None => task.one_of("/Status", &UNDER_WAY),
        }
    }

    /// The state from which the task can be started, nothing if it is on its way already.
    fn startable(&self) -> Result<Option<String>, Fault> {
        let task = self.detail()?;
        let status = task.text("/Status")?;
        if task.text_if_any("/PayType").is_none() {
            return Err(self.fault("not-bought", "it has no instance to run on").advise(
                "Let the step `buy-dts-instance` buy one first; without it the task stops after its precheck.",
            ));
        }
        if is_one_of(status, &UNDER_WAY) {
            return Ok(None);
        }
        if is_one_of(status, &STARTABLE) {
            return Ok(Some(status.to_owned()));
        }
        Err(self.stuck(&task))
    }

    fn detail(&self) -> Result<Answer, Fault> {
        self.account
            .find(self.api("DescribeDtsJobDetail"))?
            .ok_or_else(|| {
                let why = format!("it is not in {}", self.inputs.region);
                self.fault("absent", &why)
                    .advise("It was released, or is another account's: look in the DTS console.")
            })
    }

    /// Waits for the end of the full copy, and says why if it does not come.
    fn wait(&self) -> Result<Answer, Fault> {
        let waited = self
            .account
            .wait_for(self.api("DescribeDtsJobDetail"))
            .field("/Status")
            .until(&[RUNNING])
            .fail(&STUCK)
            .timeout(self.inputs.wait)
            .wait();
        match waited {
            Err(fault) if fault.is_wait_failed() => Err(self.stuck(&self.detail()?)),
            other => other,
        }
    }

    fn stuck(&self, task: &Answer) -> Fault {
        let status = task.text_if_any("/Status").unwrap_or("in no known state");
        let reason = task
            .text_if_any("/ErrorMessage")
            .unwrap_or("DTS gives no reason");
        let what_next = match status.to_lowercase().as_str() {
            "prechecking" | "precheckfailed" => {
                "Mend what the precheck found (DTS console, task, View Details) and run the step again"
            }
            "suspending" => {
                "Somebody paused it: find out why, then run the step again, which resumes it"
            }
            "locked" => {
                "The account is overdue or the instance expired: settle that, then run the step again"
            }
            "finished" => {
                "It was ended or released, and cannot be started again: configure a new task"
            }
            "notconfigured" => "Configure it again",
            _ => "Mend the cause and run the step again, which starts the task where it stopped",
        };
        self.fault(&format!("stopped.{}", status.to_lowercase()), &format!("it is `{status}`: {reason}"))
            .advise(format!(
                "{what_next}. The source is untouched; the DTS instance is charged until the task is deleted."
            ))
    }

    fn fault(&self, code: &str, why: &str) -> Fault {
        let message = format!(
            "the task `{}` does not synchronise: {why}",
            self.inputs.task
        );
        Fault::fail(format!("start-dts-task.{code}"), message)
    }
}

fn is_one_of(status: &str, states: &[&str]) -> bool {
    states
        .iter()
        .any(|state| status.eq_ignore_ascii_case(state))
}

#[cfg(test)]
rutter_sdk::cases!();
