//! The SMC client on the server, reached through Cloud Assistant with the role of the server's account.

use rutter_sdk::command::{self, ASSISTANT_STATUS, Command, System};
use rutter_sdk::prelude::*;

use crate::Import;

/// How long the command may take: an import takes 3 to 10 minutes, and the cloud's own default of a minute would cut
/// it off.
const COMMAND: Duration = Duration::from_hours(1);

/// A command that need not be made again.
const GOOD: [&str; 4] = ["Pending", "Scheduled", "Running", "Success"];

/// What it is when it runs no more.
const OVER: [&str; 5] = ["Success", "Failed", "PartialFailed", "Stopped", NOT_FOUND];

/// Where the client lies.
fn client(system: System) -> &'static str {
    match system {
        System::Linux => "/smc/smc_client",
        System::Windows => r"C:\smc\smc_client.exe",
    }
}

/// What removes the client, and does nothing where there is none.
fn uninstall(system: System) -> String {
    let client = client(system);
    match system {
        System::Linux => format!("test ! -e {client} || {client} --uninstall"),
        System::Windows => format!("if (Test-Path {client}) {{ {client} --uninstall }}"),
    }
}

impl Import<'_> {
    fn server(&self, there: &Account) -> Result<Option<Answer>, Fault> {
        let servers = self
            .api("DescribeInstances")
            .set("InstanceIds", json!([self.inputs.instance]).to_string());
        let found = there.read(servers)?.items("/Instances/Instance");
        Ok(found.into_iter().next())
    }

    /// Refuses a server that cannot be imported, before anything is made for it.
    pub fn check_server(&self, there: &Account) -> Result<System, Fault> {
        let instance = &self.inputs.instance;
        let Some(server) = self.server(there)? else {
            let message = format!("there is no server `{instance}` in {}", self.inputs.region);
            return Err(self
                .refused("absent", message)
                .advise("Check the id, the region and the role."));
        };
        let status = server.text("/Status")?;
        if status != "Running" {
            let message = format!("the server `{instance}` is `{status}` and not running");
            return Err(self
                .refused("status", message)
                .advise("Start it, then run the step again."));
        }
        let assistant = self
            .api("DescribeCloudAssistantStatus")
            .set("InstanceId", json!([instance]));
        let assistant = there.read(assistant)?;
        if !assistant.is_one_of(ASSISTANT_STATUS, &["true"]) {
            let message = format!("the Cloud Assistant of the server `{instance}` does not answer");
            return Err(self.refused("assistant", message).advise(
                "Install or start the Cloud Assistant client on it, then run the step again.",
            ));
        }
        Ok(System::of(&server))
    }

    /// Installs and registers the client, and waits for the command to end.
    pub fn run_client(&self, there: &Account, system: System, token: &Answer) -> Result<(), Fault> {
        let command = format!(
            "{} --access-token-id {} --access-token-code {} --name {}",
            client(system),
            token.text("/AccessTokenId")?,
            token.text("/AccessTokenCode")?,
            self.name,
        );
        self.run_command(there, system, "register", &command)
    }

    /// Removes the client from the server, if there is still one.
    pub fn remove_client(&self, changes: &[MadeChange]) -> Result<(), Fault> {
        let there = self
            .account
            .assume_role(&self.inputs.role_arn, "rutter-import")?;
        let started = changes
            .iter()
            .filter_map(|change| change.made("ECS:RunCommand", "/InvokeId"));
        // A client that is registering must not be interrupted.
        for id in started {
            self.wait_for_end(&there, id)?;
        }
        if self.server(&there)?.is_none() {
            return Ok(());
        }
        let system = self.check_server(&there)?;
        self.run_command(&there, system, "uninstall", &uninstall(system))
    }

    fn wait_for_end(&self, there: &Account, invocation: &str) -> Result<(), Fault> {
        there
            .wait_for(self.api("DescribeInvocations").set("InvokeId", invocation))
            .field("/Invocations/Invocation/0/InvocationStatus")
            .until(&OVER)
            .timeout(self.inputs.wait)
            .wait()
            .map(drop)
    }

    fn run_command(
        &self,
        there: &Account,
        system: System,
        purpose: &str,
        content: &str,
    ) -> Result<(), Fault> {
        let name = format!("{}-{purpose}", self.mark);
        let command = Command {
            region: &self.inputs.region,
            instance: &self.inputs.instance,
            system,
            name: &name,
            content,
            timeout: COMMAND,
        };
        // One that failed is made again.
        let look = command.look().one_of("/InvocationStatus", &GOOD);
        let started = there.create(command.run()).or_adopt(look)?.answer;
        let invocation = command
            .invocation(started.text("/InvokeId")?)
            .set("IncludeOutput", true);
        match command::wait_for_success(there, invocation.clone(), self.inputs.wait) {
            Err(fault) if fault.is_wait_failed() => {
                Err(self.command_failed(&there.read(invocation)?))
            }
            other => other.map(|_| ()),
        }
    }

    fn command_failed(&self, described: &Answer) -> Fault {
        let instance = "/Invocations/Invocation/0/InvokeInstances/InvokeInstance/0";
        let text = |field: &str| described.text_if_any(&format!("{instance}/{field}"));
        let code = text("ErrorCode").unwrap_or("no error code");
        let information = text("ErrorInfo").unwrap_or("no further word");
        let message = format!(
            "the SMC client on `{}` did not register: {code}, {information}",
            self.inputs.instance
        );
        self.refused("client", message).advise(
            "Look at the client's logs (`/smc` or `C:\\smc`) and whether the server reaches smc.aliyuncs.com:443.",
        )
    }

    fn api(&self, action: &str) -> Api {
        Api::new("ECS", action).in_region(&self.inputs.region)
    }
}
