//! The SMC client on the server, reached through Cloud Assistant with the role of the server's account.

use rutter_sdk::prelude::*;

use crate::Import;

/// Seconds that the command may take: an import takes 3 to 10 minutes, and the cloud's own default of a
/// minute would cut it off.
const COMMAND_SECONDS: i64 = 3_600;

/// A command that need not be made again.
const GOOD: [&str; 4] = ["Pending", "Scheduled", "Running", "Success"];

/// What it is when it runs no more.
const OVER: [&str; 5] = ["Success", "Failed", "PartialFailed", "Stopped", NOT_FOUND];

/// What runs on the server.
#[derive(Clone, Copy)]
pub enum System {
    /// A shell; the client lies in `/smc`.
    Linux,
    /// PowerShell; the client lies in `C:\smc`.
    Windows,
}

impl System {
    fn command_type(self) -> &'static str {
        match self {
            Self::Linux => "RunShellScript",
            Self::Windows => "RunPowerShellScript",
        }
    }

    fn client(self) -> &'static str {
        match self {
            Self::Linux => "/smc/smc_client",
            Self::Windows => r"C:\smc\smc_client.exe",
        }
    }

    /// What removes the client, and does nothing where there is none.
    fn uninstall(self) -> String {
        let client = self.client();
        match self {
            Self::Linux => format!("test ! -e {client} || {client} --uninstall"),
            Self::Windows => format!("if (Test-Path {client}) {{ {client} --uninstall }}"),
        }
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
        let usable = assistant.is_one_of(
            "/InstanceCloudAssistantStatusSet/InstanceCloudAssistantStatus/0/CloudAssistantStatus",
            &["true"],
        );
        if !usable {
            let message = format!("the Cloud Assistant of the server `{instance}` does not answer");
            return Err(self.refused("assistant", message).advise(
                "Install or start the Cloud Assistant client on it, then run the step again.",
            ));
        }
        Ok(if server.is_one_of("/OSType", &["windows"]) {
            System::Windows
        } else {
            System::Linux
        })
    }

    /// Installs and registers the client, and waits for the command to end.
    pub fn run_client(&self, there: &Account, system: System, token: &Answer) -> Result<(), Fault> {
        let command = format!(
            "{} --access-token-id {} --access-token-code {} --name {}",
            system.client(),
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
        self.run_command(&there, system, "uninstall", &system.uninstall())
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
        command: &str,
    ) -> Result<(), Fault> {
        let name = format!("{}-{purpose}", self.mark);
        let run = self
            .api("RunCommand")
            .set("Name", &name)
            .set("Type", system.command_type())
            .set("CommandContent", command)
            .set("ContentEncoding", "PlainText")
            .set("InstanceId", json!([self.inputs.instance]))
            .set("Timeout", COMMAND_SECONDS);
        let started = there
            .create(run)
            .or_adopt(self.look_for_command(&name))?
            .answer;
        let invocation = self
            .api("DescribeInvocations")
            .set("InvokeId", started.text("/InvokeId")?)
            .set("IncludeOutput", true);
        let ended = there
            .wait_for(invocation.clone())
            .field("/Invocations/Invocation/0/InvocationStatus")
            .until(&["Success"])
            .fail(&["Failed", "PartialFailed", "Stopped"])
            .timeout(self.inputs.wait)
            .wait();
        match ended {
            Err(fault) if fault.is_wait_failed() => {
                Err(self.command_failed(&there.read(invocation)?))
            }
            other => other.map(|_| ()),
        }
    }

    /// How a command is seen: by the record of its run, which no undo takes away. One that failed is made again.
    fn look_for_command(&self, name: &str) -> Find {
        let named = self.api("DescribeInvocations").set("CommandName", name);
        Find::in_list(named, "/Invocations/Invocation")
            .one_of("/InvocationStatus", &GOOD)
            .key("/InvokeId")
            .stays()
            .answer(json!({ "InvokeId": found("/InvokeId") }))
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
