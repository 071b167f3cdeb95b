//! A script on a server, by Cloud Assistant.

use rutter_sdk::command::{self, ASSISTANT_STATUS, Command, System};
use rutter_sdk::prelude::*;

use crate::script::{Question, answers, script};

/// How long a server that has just started may take until its Cloud Assistant answers.
const ASSISTANT: Duration = Duration::from_secs(600);

/// The result of a script that runs on one server.
const RESULT: &str = "/Invocation/InvocationResults/InvocationResult/0";

/// A server on which scripts are run.
pub(crate) struct Remote<'a> {
    pub(crate) account: &'a Account,
    pub(crate) instance: &'a str,
    pub(crate) region: &'a str,
    pub(crate) system: System,
    pub(crate) wait: Duration,
    /// What marks this step's commands, in every attempt.
    pub(crate) mark: &'a str,
}

/// A script that was started.
pub(crate) struct Started {
    id: String,
    /// The read that shows how far it is.
    invocation: Api,
    count: usize,
}

impl Remote<'_> {
    fn api(&self, action: &str) -> Api {
        Api::new("ECS", action).in_region(self.region)
    }

    /// Waits until commands can be run.
    pub(crate) fn ready(&self) -> Result<(), Fault> {
        let status = self
            .api("DescribeCloudAssistantStatus")
            .set("InstanceId", json!([self.instance]));
        let ready = self
            .account
            .wait_for(status)
            .field(ASSISTANT_STATUS)
            .until(&["true"])
            .timeout(ASSISTANT)
            .wait();
        match ready {
            Err(fault) if fault.is_wait_timeout() => {
                let message = format!("the Cloud Assistant of `{}` does not answer", self.instance);
                Err(Fault::fail("compare-instances.assistant", message).advise(
                    "Install or start the Cloud Assistant client on it, then run the step again.",
                ))
            }
            other => other.map(drop),
        }
    }

    /// Starts a script; `purpose` tells this server's scripts apart.
    pub(crate) fn start(
        &self,
        purpose: &str,
        questions: &[Question],
        exclude: &[String],
    ) -> Result<Started, Fault> {
        let name = format!("{}-{}-{purpose}", self.mark, self.instance);
        let command = Command {
            region: self.region,
            instance: self.instance,
            system: self.system,
            name: &name,
            content: &script(self.system, questions, exclude),
            timeout: self.wait,
        };
        let change = self.account.change(command.run());
        let started = change.find(command.look()).send()?;
        let id = started.text("/InvokeId")?.to_owned();
        Ok(Started {
            invocation: command.invocation(&id),
            id,
            count: questions.len(),
        })
    }

    /// Waits for a script and returns its answers.
    pub(crate) fn answers(&self, started: &Started) -> Result<Vec<Option<String>>, Fault> {
        let invocation = started.invocation.clone();
        let ended = command::wait_for_success(self.account, invocation, self.wait + ASSISTANT);
        let results = self
            .api("DescribeInvocationResults")
            .set("InvokeId", &started.id)
            .set("ContentEncoding", "PlainText");
        match ended {
            Err(fault) if fault.is_wait_failed() => Err(self.failed(&self.account.read(results)?)),
            Err(fault) => Err(fault),
            Ok(_) => {
                let results = self.account.read(results)?;
                let output = format!("{RESULT}/Output");
                let printed = results.text_if_any(&output).unwrap_or_default();
                Ok(answers(printed, started.count))
            }
        }
    }

    fn failed(&self, results: &Answer) -> Fault {
        let text = |field: &str| {
            results
                .text_if_any(&format!("{RESULT}/{field}"))
                .unwrap_or_default()
                .to_owned()
        };
        let message = format!(
            "the command that lists files and services failed on `{}`: {} {}",
            self.instance,
            text("ErrorCode"),
            text("ErrorInfo")
        );
        Fault::fail("compare-instances.command", message).advise(
            "Give it more time with `wait`, or compare less; look at the command in the ECS console. Then run the step again.",
        )
    }
}
