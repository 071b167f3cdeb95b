//! `RunCommand`: a script on servers, by Cloud Assistant.
//!
//! Scripts are not run. What the simulation understands of one is a program of another product, the lines that `shell/`
//! knows, and a line `exit N`; everything else succeeds without output.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::file::{EcsFile, Os};
use super::instance::has_agent;
use super::{RequestContext, region, shell};
use crate::answer::{Answer, Refusal};
use crate::identifier::Counters;

/// A script on a server, as a program that lies there sees it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Script<'a> {
    pub server: &'a EcsFile,
    pub text: &'a str,
    /// How long Cloud Assistant lets it run.
    pub limit_ms: i64,
    pub now: i64,
}

/// What running a program comes to.
pub(crate) struct Done {
    pub takes_ms: i64,
    pub exit_code: i64,
    pub output: String,
}

/// A program of another product that lies on servers: runs it if the script does; `None` if it does not.
pub(crate) type Program<'a> = &'a mut dyn FnMut(Script<'_>, &mut Counters) -> Option<Done>;

/// The longest script, in bytes of Base64.
const CONTENT_MAX: usize = 24 * 1024;

/// One run of a command.
#[derive(Clone, Debug)]
pub(crate) struct Invocation {
    pub command_id: String,
    pub name: String,
    pub description: String,
    pub kind: String,
    pub content: String,
    pub region: String,
    pub timeout_seconds: i64,
    pub user: String,
    pub created_ms: i64,
    pub runs: Vec<Run>,
}

/// The run on one server: what comes of it is known when it begins and told when it ends.
#[derive(Clone, Debug)]
pub(crate) struct Run {
    pub instance: String,
    pub until_ms: i64,
    pub end: End,
    pub output: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Exit(i64),
    Timeout,
    /// It never began.
    Invalid {
        code: &'static str,
        message: &'static str,
    },
}

impl End {
    pub fn status(&self) -> &'static str {
        match self {
            Self::Exit(0) => "Success",
            Self::Exit(_) => "Failed",
            Self::Timeout => "Timeout",
            Self::Invalid { .. } => "Invalid",
        }
    }
}

pub(super) fn run(context: &mut RequestContext<'_>) -> Answer {
    let region = region(context)?;
    let kind = context.required("Type")?;
    let content = content(context)?;
    let ids = context.parameters.list("InstanceId");
    if ids.is_empty() {
        return Err(Refusal::new(
            400,
            "MissingParameter",
            "The parameter InstanceId is mandatory for this action.",
        ));
    }
    let mut instances = Vec::new();
    for id in &ids {
        let instance = context
            .account()
            .instances
            .get(id)
            .filter(|instance| instance.region == region);
        let instance = instance.ok_or_else(|| {
            Refusal::new(
                404,
                "InvalidInstance.NotFound",
                "The specified instance does not exist.",
            )
        })?;
        instances.push(instance.clone());
    }
    let timeout_seconds = context.parameters.integer("Timeout").unwrap_or(60).max(1);
    let command_id = context.new_id("c-", "command");
    let invoke_id = context.new_id("t-", "invocation");
    let runs = instances
        .iter()
        .map(|instance| run_on(context, instance, &kind, &content, timeout_seconds))
        .collect();
    let invocation = Invocation {
        command_id: command_id.clone(),
        name: context.parameters.text_or_empty("Name"),
        description: context.parameters.text_or_empty("Description"),
        kind,
        content,
        region,
        timeout_seconds,
        user: context.parameters.text_or_empty("Username"),
        created_ms: context.now,
        runs,
    };
    let ecs = context.account_mut();
    ecs.order.push(invoke_id.clone());
    ecs.invocations.insert(invoke_id.clone(), invocation);
    Ok(json!({ "CommandId": command_id, "InvokeId": invoke_id }))
}

fn content(context: &RequestContext<'_>) -> Result<String, Refusal> {
    let content = context.required("CommandContent")?;
    let is_encoded = context
        .parameters
        .text_or_empty("ContentEncoding")
        .eq_ignore_ascii_case("Base64");
    let length = if is_encoded {
        content.len()
    } else {
        content.len().div_ceil(3) * 4
    };
    if length > CONTENT_MAX {
        return Err(Refusal::new(
            403,
            "CmdContent.ExceedLimit",
            "The length of the command content exceeds the limit.",
        ));
    }
    if !is_encoded {
        return Ok(content);
    }
    let decoded = STANDARD
        .decode(content.trim())
        .ok()
        .and_then(|bytes| String::from_utf8(bytes).ok());
    decoded.ok_or_else(|| {
        Refusal::new(
            400,
            "InvalidParameter",
            "The specified parameter CommandContent is no Base64 of UTF-8 text.",
        )
    })
}

fn run_on(
    context: &mut RequestContext<'_>,
    instance: &EcsFile,
    kind: &str,
    content: &str,
    timeout_seconds: i64,
) -> Run {
    let id = instance.id.clone();
    let now = context.now;
    if let Some(end) = hindrance(instance, kind) {
        return Run {
            instance: id,
            until_ms: now,
            end,
            output: String::new(),
        };
    }
    let limit_ms = timeout_seconds.saturating_mul(1000);
    let script = Script {
        server: instance,
        text: content,
        limit_ms,
        now,
    };
    let done = (context.world.program)(script, context.counters);
    let (takes_ms, end, output) = match done {
        Some(done) => (done.takes_ms, End::Exit(done.exit_code), done.output),
        None => (
            context.settings().durations.command.0,
            End::Exit(exit_code(content)),
            shell::run(instance, content),
        ),
    };
    let is_late = takes_ms > limit_ms;
    Run {
        instance: id,
        until_ms: now.saturating_add(takes_ms.min(limit_ms)),
        end: if is_late { End::Timeout } else { end },
        output: if is_late { String::new() } else { output },
    }
}

fn hindrance(instance: &EcsFile, kind: &str) -> Option<End> {
    let is_shell = kind.eq_ignore_ascii_case("RunShellScript");
    if instance.status != "Running" {
        return Some(End::Invalid {
            code: "InstanceNotRunning",
            message: "The instance is not running.",
        });
    }
    if !has_agent(instance) {
        return Some(End::Invalid {
            code: "ClientNotRunning",
            message: "The Cloud Assistant agent is not running.",
        });
    }
    if is_shell != (instance.os == Os::Linux) {
        return Some(End::Invalid {
            code: "CommandNotApplicable",
            message: "The command does not fit the operating system.",
        });
    }
    None
}

/// Returns what a line `exit N` says, else success.
fn exit_code(content: &str) -> i64 {
    content
        .lines()
        .find_map(|line| line.trim().strip_prefix("exit ")?.trim().parse().ok())
        .unwrap_or(0)
}
