//! Commands on servers of ECS, which Cloud Assistant runs: how one is started, seen and waited for.
//!
//! ```
//! use rutter_sdk::command::{self, Command, System};
//! use rutter_sdk::prelude::*;
//!
//! /// Runs a command on a Linux server, once, and returns what it printed.
//! fn uptime(host: &Host, account: &Account, region: &str, server: &str) -> Result<String, Fault> {
//!     let command = Command {
//!         region,
//!         instance: server,
//!         system: System::Linux,
//!         name: &host.mark_for_name("uptime"),
//!         content: "uptime",
//!         timeout: Duration::from_mins(1),
//!     };
//!     let started = account.change(command.run()).find(command.look()).send()?;
//!     let invocation = command.invocation(started.text("/InvokeId")?);
//!     command::wait_for_success(account, invocation, Duration::from_mins(5))?;
//!     let results = Api::new("ECS", "DescribeInvocationResults")
//!         .in_region(region)
//!         .set("InvokeId", started.text("/InvokeId")?)
//!         .set("ContentEncoding", "PlainText");
//!     let output = "/Invocation/InvocationResults/InvocationResult/0/Output";
//!     Ok(account.read(results)?.text(output)?.to_owned())
//! }
//! ```

use std::time::Duration;

use serde_json::json;

use crate::account::Account;
use crate::answer::Answer;
use crate::api::Api;
use crate::fault::Fault;
use crate::find::{Find, found};

/// Where the answer of `DescribeCloudAssistantStatus` for one server says whether its Cloud Assistant answers: the text
/// `true`, or another.
pub const ASSISTANT_STATUS: &str =
    "/InstanceCloudAssistantStatusSet/InstanceCloudAssistantStatus/0/CloudAssistantStatus";

/// The system of a server, which decides what runs its commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum System {
    /// Commands are shell scripts.
    Linux,
    /// Commands are scripts of PowerShell.
    Windows,
}

impl System {
    /// Returns the system of a server, one element of the list of `DescribeInstances`.
    pub fn of(server: &Answer) -> Self {
        match server.is_one_of("/OSType", &["windows"]) {
            true => Self::Windows,
            false => Self::Linux,
        }
    }

    fn command_type(self) -> &'static str {
        match self {
            Self::Linux => "RunShellScript",
            Self::Windows => "RunPowerShellScript",
        }
    }
}

/// A command on one server.
#[derive(Clone, Copy, Debug)]
pub struct Command<'a> {
    /// The region of the server.
    pub region: &'a str,
    /// The id of the server, `i-…`.
    pub instance: &'a str,
    /// The system of the server.
    pub system: System,
    /// The name by which the command is seen again: no other step has it. See
    /// [`Host::mark_for_name`](crate::Host::mark_for_name).
    pub name: &'a str,
    /// The script, as plain text. A secret in it needs `secrets = ["CommandContent"]` in the permission.
    pub content: &'a str,
    /// How long it may run before the cloud stops it, in whole seconds.
    pub timeout: Duration,
}

impl Command<'_> {
    /// Returns the call that runs it; its answer has the `InvokeId`.
    pub fn run(&self) -> Api {
        let seconds = i64::try_from(self.timeout.as_secs()).unwrap_or(i64::MAX);
        self.api("RunCommand")
            .set("Name", self.name)
            .set("Type", self.system.command_type())
            .set("CommandContent", self.content)
            .set("ContentEncoding", "PlainText")
            .set("InstanceId", json!([self.instance]))
            .set("Timeout", seconds)
    }

    /// Returns how it is seen: by the record of its run, which no undo takes away.
    pub fn look(&self) -> Find {
        let named = self
            .api("DescribeInvocations")
            .set("CommandName", self.name);
        Find::in_list(named, "/Invocations/Invocation")
            .key("/InvokeId")
            .stays()
            .answer(json!({ "InvokeId": found("/InvokeId") }))
    }

    /// Returns the read that shows how far it is, by its `InvokeId`.
    pub fn invocation(&self, id: &str) -> Api {
        self.api("DescribeInvocations").set("InvokeId", id)
    }

    fn api(&self, action: &str) -> Api {
        Api::new("ECS", action).in_region(self.region)
    }
}

/// Waits until a command has succeeded, as the read of its invocation shows.
///
/// # Errors
/// One of which [`Fault::is_wait_failed`] holds where it failed or was stopped: `DescribeInvocationResults` says why.
pub fn wait_for_success(
    account: &Account,
    invocation: Api,
    timeout: Duration,
) -> Result<Answer, Fault> {
    account
        .wait_for(invocation)
        .field("/Invocations/Invocation/0/InvocationStatus")
        .until(&["Success"])
        .fail(&["Failed", "PartialFailed", "Stopped"])
        .timeout(timeout)
        .wait()
}
