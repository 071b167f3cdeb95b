//! A script on a server, by Cloud Assistant.

use rutter_sdk::prelude::*;

use crate::script::{Question, System, answers};

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
            .field("/InstanceCloudAssistantStatusSet/InstanceCloudAssistantStatus/0/CloudAssistantStatus")
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
        let seconds = i64::try_from(self.wait.as_secs()).unwrap_or(i64::MAX);
        let run = self
            .api("RunCommand")
            .set("Name", &name)
            .set("Type", self.system.command_type())
            .set("CommandContent", self.system.script(questions, exclude))
            .set("ContentEncoding", "PlainText")
            .set("InstanceId", json!([self.instance]))
            .set("Timeout", seconds);
        let started = self.account.change(run).find(self.look(&name)).send()?;
        Ok(Started {
            id: started.text("/InvokeId")?.to_owned(),
            count: questions.len(),
        })
    }

    /// How a script is seen: by the record of its run, which no undo takes away.
    fn look(&self, name: &str) -> Find {
        let named = self.api("DescribeInvocations").set("CommandName", name);
        Find::in_list(named, "/Invocations/Invocation")
            .key("/InvokeId")
            .stays()
            .answer(json!({ "InvokeId": found("/InvokeId") }))
    }

    /// Waits for a script and returns its answers.
    pub(crate) fn answers(&self, started: &Started) -> Result<Vec<Option<String>>, Fault> {
        let invocations = self.api("DescribeInvocations").set("InvokeId", &started.id);
        let ended = self
            .account
            .wait_for(invocations)
            .field("/Invocations/Invocation/0/InvocationStatus")
            .until(&["Success"])
            .fail(&["Failed", "PartialFailed", "Stopped"])
            .timeout(self.wait + ASSISTANT)
            .wait();
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
