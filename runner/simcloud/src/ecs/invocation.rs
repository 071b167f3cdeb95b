//! Reading what became of commands. Both reads give script and output in Base64 unless plain text is asked for.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::command::{End, Invocation, Run};
use super::{RequestContext, region};
use crate::answer::{Answer, without};
use crate::paging::{Sizes, marked};
use crate::parameters::Parameters;
use crate::time;

/// What `DescribeInvocations` tells of a run on a server and `DescribeInvocationResults` does not, or by another name.
const ONLY_INVOCATIONS: &[&str] = &[
    "InstanceInvokeStatus",
    "CreationTime",
    "FinishTime",
    "Timed",
];

pub(super) fn describe(context: &mut RequestContext<'_>) -> Answer {
    let found = chosen(context)?
        .into_iter()
        .map(|(id, invocation)| shown(context, id, invocation))
        .collect();
    let (page, mut answer) = marked(context.parameters, Sizes::new(10, 50), found);
    answer["Invocations"] = json!({ "Invocation": page });
    Ok(answer)
}

pub(super) fn describe_results(context: &mut RequestContext<'_>) -> Answer {
    let mut found = Vec::new();
    let instance = context.parameters.filled("InstanceId");
    for (id, invocation) in chosen(context)? {
        let runs = invocation
            .runs
            .iter()
            .filter(|run| instance.as_ref().is_none_or(|id| *id == run.instance));
        found.extend(runs.map(|run| {
            let mut fields = of_run(context, invocation, run, true);
            fields["InvokeId"] = json!(id);
            fields["CommandId"] = json!(invocation.command_id);
            fields["InvokeRecordStatus"] = fields["InstanceInvokeStatus"].clone();
            fields["FinishedTime"] = fields["FinishTime"].clone();
            without(fields, ONLY_INVOCATIONS)
        }));
    }
    let (page, mut answer) = marked(context.parameters, Sizes::new(10, 50), found);
    answer["InvocationResults"] = json!({ "InvocationResult": page });
    Ok(json!({ "Invocation": answer }))
}

/// Returns the invocations that are asked for, newest first.
fn chosen<'a>(
    context: &'a RequestContext<'_>,
) -> Result<Vec<(&'a str, &'a Invocation)>, crate::answer::Refusal> {
    let region = region(context)?;
    let parameters = context.parameters;
    let ecs = context.account();
    let is = |parameter: &str, value: &str| {
        parameters
            .filled(parameter)
            .is_none_or(|wanted| wanted == value)
    };
    let fits = |id: &str, invocation: &Invocation| {
        invocation.region == region
            && is("InvokeId", id)
            && is("CommandId", &invocation.command_id)
            && is("CommandName", &invocation.name)
            && is("CommandType", &invocation.kind)
            && parameters
                .filled("InstanceId")
                .is_none_or(|id| invocation.runs.iter().any(|run| run.instance == id))
    };
    let newest_first = ecs
        .order
        .iter()
        .rev()
        .filter_map(|id| Some((id.as_str(), ecs.invocations.get(id)?)));
    Ok(newest_first
        .filter(|(id, invocation)| fits(id, invocation))
        .collect())
}

fn shown(context: &RequestContext<'_>, id: &str, invocation: &Invocation) -> Value {
    let with_output = context.parameters.is_true("IncludeOutput");
    let runs: Vec<Value> = invocation
        .runs
        .iter()
        .map(|run| of_run(context, invocation, run, with_output))
        .collect();
    let status = overall(invocation, context.now);
    json!({
        "InvokeId": id,
        "CommandId": invocation.command_id,
        "CommandName": invocation.name,
        "CommandDescription": invocation.description,
        "CommandType": invocation.kind,
        "CommandContent": encoded(context.parameters, &invocation.content),
        "CreationTime": time::text(invocation.created_ms),
        "InvocationStatus": status,
        "InvokeStatus": if status == "Success" { "Finished" } else { status },
        "RepeatMode": "Once",
        "Timed": false,
        "Timeout": invocation.timeout_seconds,
        "Username": invocation.user,
        "InvokeInstances": { "InvokeInstance": runs },
    })
}

fn overall(invocation: &Invocation, now: i64) -> &'static str {
    if invocation.runs.iter().any(|run| now < run.until_ms) {
        return "Running";
    }
    let good = invocation
        .runs
        .iter()
        .filter(|run| run.end == End::Exit(0))
        .count();
    match good {
        0 => "Failed",
        some if some == invocation.runs.len() => "Success",
        _ => "PartialFailed",
    }
}

fn of_run(
    context: &RequestContext<'_>,
    invocation: &Invocation,
    run: &Run,
    with_output: bool,
) -> Value {
    let is_over = run.until_ms <= context.now;
    let (code, info) = match &run.end {
        _ if !is_over => ("", ""),
        End::Exit(0) => ("", ""),
        End::Exit(_) => ("ExitCodeNonzero", "The exit code of the command is not 0."),
        End::Timeout => (
            "ExecutionTimeout",
            "The command ran longer than its timeout.",
        ),
        End::Invalid { code, message } => (*code, *message),
    };
    let legacy = match run.end.status() {
        _ if !is_over => "Running",
        "Success" => "Finished",
        _ => "Failed",
    };
    let mut fields = json!({
        "InstanceId": run.instance,
        "InvocationStatus": if is_over { run.end.status() } else { "Running" },
        "InstanceInvokeStatus": legacy,
        "ErrorCode": code,
        "ErrorInfo": info,
        "CreationTime": time::text(invocation.created_ms),
        "StartTime": time::text(invocation.created_ms),
        "FinishTime": if is_over { time::text(run.until_ms) } else { String::new() },
        "Repeats": 1,
        "Dropped": 0,
        "Timed": false,
    });
    if is_over && let End::Exit(code) = run.end {
        fields["ExitCode"] = json!(code);
    }
    if with_output {
        fields["Output"] = json!(if is_over {
            encoded(context.parameters, &run.output)
        } else {
            String::new()
        });
    }
    fields
}

fn encoded(parameters: Parameters<'_>, text: &str) -> String {
    if parameters
        .text_or_empty("ContentEncoding")
        .eq_ignore_ascii_case("PlainText")
    {
        return text.to_owned();
    }
    STANDARD.encode(text)
}
