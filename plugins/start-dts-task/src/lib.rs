//! The step `start-dts-task`: starts a task that has its instance, and waits until it synchronises.

use rutter_sdk::prelude::*;
use rutter_sdk::{Startable, States, start_and_wait};

rutter_sdk::plugin!(run);

const RUNNING: &str = "Synchronizing";

fn run(host: &Host, inputs: Inputs) -> Result<Outputs, Fault> {
    let account = host.account()?;
    let task = Task { inputs: &inputs };
    let shown = start_and_wait(host, &account, &task, inputs.wait)?;
    Ok(Outputs {
        // The cloud writes it with a small or a capital letter, as the call may be.
        status: RUNNING.to_owned(),
        delay_ms: shown.integer("/Delay").ok().filter(|delay| *delay >= 0),
    })
}

/// The task that is asked for.
struct Task<'a> {
    inputs: &'a Inputs,
}

impl Startable for Task<'_> {
    const STATES: States = States {
        status: "/Status",
        id: "/DtsJobId",
        running: RUNNING,
        under_way: &[
            "Prechecking",
            "Initializing",
            "Retrying",
            "Modifying",
            "Upgrade",
            "Downgrade",
        ],
        // `Suspending` means that it is paused.
        startable: &[
            "NotStarted",
            "PreCheckPass",
            "PrecheckFailed",
            "InitializeFailed",
            "Failed",
            "Suspending",
        ],
        // Also those of a deleted task.
        never_started: &["NotConfigured", "Locked", "Finished"],
        stuck: &[
            "PrecheckFailed",
            "InitializeFailed",
            "Failed",
            "Suspending",
            "ModifyFailed",
            "Locked",
            "Finished",
            "NotConfigured",
        ],
        settle: Duration::from_secs(15),
    };

    fn start(&self) -> Api {
        self.api("StartDtsJob")
    }

    fn read(&self) -> Api {
        self.api("DescribeDtsJobDetail")
    }

    fn check(&self, task: &Answer) -> Result<(), Fault> {
        if task.text_if_any("/PayType").is_some() {
            return Ok(());
        }
        Err(self.fault("not-bought", "it has no instance to run on").advise(
            "Let the step `buy-dts-instance` buy one first; without it the task stops after its precheck.",
        ))
    }

    fn absent(&self) -> Fault {
        let why = format!("it is not in {}", self.inputs.region);
        self.fault("absent", &why)
            .advise("It was released, or is another account's: look in the DTS console.")
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
}

impl Task<'_> {
    fn api(&self, action: &str) -> Api {
        Api::new("DTS", action)
            .in_region(&self.inputs.region)
            .set("DtsJobId", &self.inputs.task)
    }

    fn fault(&self, code: &str, why: &str) -> Fault {
        let message = format!(
            "the task `{}` does not synchronise: {why}",
            self.inputs.task
        );
        Fault::fail(format!("start-dts-task.{code}"), message)
    }
}

#[cfg(test)]
rutter_sdk::cases!();
