//! What a rehearsal knows, said: the timeline, what changed in which account, what people are asked,
//! what is waited for, the calls, the outputs, and what it did not cover.
//!
//! A pure function of the run, its records and the world before and after: the same bytes each time.

use std::collections::{BTreeMap, BTreeSet};

use rutter_diagnostic::neutral::{neutral, one_line};
use rutter_diagnostic::shell;
use rutter_engine::{
    Approval, ChangeState, Class, Fact, Fault, Name, Record, Run, RunEnd, RunStatus, StepState,
    Timestamp,
};
use rutter_simcloud::{CallRecord, Change, Charge, Difference};
use serde_json::Value;

use super::carrier::{Reply, Unsent};
use crate::ui::{explained, ids_table, no_return, notes};

/// What the report is made of.
pub struct Material<'a> {
    /// The run, at its end.
    pub run: &'a Run,
    /// Its records.
    pub records: &'a [Record],
    /// Where it stands.
    pub standing: &'a RunStatus,
    /// The world's file, as the operator typed it.
    pub world: &'a str,
    /// The world's seed.
    pub seed: u64,
    /// What differs between the world before and after.
    pub differences: &'a [Difference],
    /// The calls that reached the world.
    pub calls: &'a [CallRecord],
    /// What would be paid for.
    pub charges: &'a [Charge],
    /// Requests by plain HTTP that a run would send.
    pub unsent: &'a [Unsent],
    /// Hosts of theirs that the settings would have to name.
    pub unnamed: &'a BTreeSet<String>,
}

/// Writes the report.
pub fn report(material: &Material<'_>) -> String {
    let mut out = String::new();
    head(&mut out, material);
    before(&mut out, material);
    timeline(&mut out, material);
    differences(&mut out, material);
    ids(&mut out, material);
    people(&mut out, material);
    calls(&mut out, material);
    requests(&mut out, material);
    charges(&mut out, material);
    undo(&mut out, material);
    limits(&mut out, material);
    outputs(&mut out, material);
    out
}

/// `6:02:15.250` for people: hours, minutes, seconds and milliseconds.
fn span(ms: u64) -> String {
    let (seconds, rest) = (ms / 1_000, ms % 1_000);
    format!(
        "{}:{:02}:{:02}.{rest:03}",
        seconds / 3_600,
        seconds / 60 % 60,
        seconds % 60
    )
}

fn line(out: &mut String, text: std::fmt::Arguments<'_>) {
    out.push_str(&neutral(&text.to_string()));
    out.push('\n');
}

fn head(out: &mut String, material: &Material<'_>) {
    let plan = material.run.plan();
    line(
        out,
        format_args!("Rehearsal of {}: {}", plan.name, one_line(&plan.title)),
    );
    let start = jiff::Timestamp::from_millisecond(material.run.started().0)
        .map_or_else(|_| "an unknown time".to_owned(), |start| start.to_string());
    line(
        out,
        format_args!(
            "World: {}, simulated, from {start}, seed {}. Nothing left this process.",
            one_line(material.world),
            material.seed
        ),
    );
}

fn before(out: &mut String, material: &Material<'_>) {
    let notes = notes(&material.run.plan().notes);
    if !notes.is_empty() {
        out.push('\n');
        out.push_str(&notes);
    }
}

/// When a step began and ended.
#[derive(Default)]
struct Lane {
    began: Option<Timestamp>,
    ended: Option<Timestamp>,
    waited: Vec<String>,
}

fn lanes(material: &Material<'_>) -> BTreeMap<Name, Lane> {
    let mut lanes: BTreeMap<Name, Lane> = BTreeMap::new();
    for record in material.records {
        match &record.fact {
            Fact::StepPrepared { step, .. } => {
                lanes
                    .entry(step.clone())
                    .or_default()
                    .began
                    .get_or_insert(record.time);
            }
            Fact::StepEnded { step, .. } | Fact::StepSkipped { step, .. } => {
                let lane = lanes.entry(step.clone()).or_default();
                lane.began.get_or_insert(record.time);
                lane.ended = Some(record.time);
            }
            Fact::WaitStarted { place, label, .. } => {
                let lane = lanes.entry(place.at.step.clone()).or_default();
                if !lane.waited.contains(label) {
                    lane.waited.push(label.clone());
                }
            }
            _ => {}
        }
    }
    lanes
}

fn timeline(out: &mut String, material: &Material<'_>) {
    let run = material.run;
    let lanes = lanes(material);
    let steps = run
        .steps()
        .map(|(step, _)| step.id.len())
        .max()
        .unwrap_or(0);
    line(out, format_args!("\nTimeline"));
    line(
        out,
        format_args!(
            "  {:>13}  {:>13}  {:<steps$}  what",
            "begins after", "takes", "step"
        ),
    );
    let critical = critical_path(material, &lanes);
    for (step, state) in run.steps() {
        let lane = lanes.get(&step.id);
        let began = lane.and_then(|lane| lane.began);
        let ended = lane.and_then(|lane| lane.ended);
        let after = began.map_or("-".to_owned(), |began| span(began.since(run.started())));
        let takes = match (began, ended) {
            (Some(began), Some(ended)) => span(ended.since(began)),
            _ => "-".to_owned(),
        };
        let mark = if critical.contains(&step.id) {
            '*'
        } else {
            ' '
        };
        let what = match &state.state {
            StepState::Done(_) => one_line(&step.title),
            StepState::Skipped(reason) => format!("skipped: {}", one_line(reason)),
            StepState::Failed(fault) => format!(
                "FAILED: {}: {}",
                one_line(&fault.code),
                one_line(&fault.message)
            ),
            StepState::Waiting => "not begun".to_owned(),
            StepState::Running => "not ended".to_owned(),
        };
        let id = &step.id;
        line(
            out,
            format_args!("{mark} {after:>13}  {takes:>13}  {id:<steps$}  {what}"),
        );
        if let StepState::Failed(Fault {
            advice: Some(advice),
            ..
        }) = &state.state
        {
            let advice = one_line(advice);
            line(
                out,
                format_args!("  {:>13}  {:>13}  {:<steps$}  help: {advice}", "", "", ""),
            );
        }
        for label in lane.into_iter().flat_map(|lane| &lane.waited) {
            let label = one_line(label);
            line(
                out,
                format_args!(
                    "  {:>13}  {:>13}  {:<steps$}  waits for {label}",
                    "", "", ""
                ),
            );
        }
    }
    let took = span(run.latest().since(run.started()));
    line(
        out,
        format_args!("It took {took} of simulated time. The critical path is marked with *."),
    );
}

/// From the step that ended last back through the step it waited for that ended last. A step that
/// runs a runbook waits for the nested steps, and the first of those for what that step needs.
fn critical_path(material: &Material<'_>, lanes: &BTreeMap<Name, Lane>) -> BTreeSet<Name> {
    let run = material.run;
    let ended = |name: &&Name| lanes.get(*name).and_then(|lane| lane.ended);
    let latest = |names: &mut dyn Iterator<Item = &Name>| {
        names
            .filter(|id| ended(id).is_some())
            .max_by_key(ended)
            .cloned()
    };
    let mut nested: BTreeMap<&Name, Vec<&Name>> = BTreeMap::new();
    for step in &run.plan().steps {
        if let Some(caller) = &step.caller {
            nested.entry(caller).or_default().push(&step.id);
        }
    }
    let waited_for = |id: &Name| {
        let mut inner = nested.get(id).into_iter().flatten().copied();
        let last_nested = latest(&mut inner);
        let mut around = Some(id);
        let mut needed = None;
        while let Some(step) = around
            .filter(|_| needed.is_none())
            .and_then(|id| run.planned(id))
        {
            needed = latest(&mut step.needs.iter().map(|need| &need.step));
            around = step.caller.as_ref();
        }
        last_nested.or(needed)
    };
    let mut path = BTreeSet::new();
    let mut next = latest(&mut run.plan().steps.iter().map(|step| &step.id));
    while let Some(id) = next {
        next = waited_for(&id);
        let mut around = Some(&id);
        while let Some(step) = around.and_then(|id| run.planned(id)) {
            path.insert(step.id.clone());
            around = step.caller.as_ref();
        }
    }
    path
}

fn account_name<'a>(material: &'a Material<'_>, id: &'a str) -> String {
    let accounts = material.run.plan().accounts.keys();
    let name = accounts
        .filter(|name| {
            material
                .run
                .identity(name)
                .is_some_and(|identity| identity.id == id)
        })
        .map(|name| format!("`{name}` "))
        .next();
    format!("{}{}", name.unwrap_or_default(), one_line(id))
}

fn differences(out: &mut String, material: &Material<'_>) {
    line(out, format_args!("\nWhat changed"));
    if material.differences.is_empty() {
        line(out, format_args!("  nothing"));
    }
    let mut account = None;
    for difference in material.differences {
        if account != Some(&difference.account_id) {
            account = Some(&difference.account_id);
            line(
                out,
                format_args!(
                    "  account {}",
                    account_name(material, &difference.account_id)
                ),
            );
        }
        let (sign, verb) = match difference.change {
            Change::Created => ('+', "created"),
            Change::Deleted => ('-', "deleted"),
            Change::Modified => ('~', "modified"),
        };
        line(
            out,
            format_args!(
                "    {sign} {verb} {} {}",
                one_line(&difference.kind),
                one_line(&difference.id)
            ),
        );
    }
}

fn ids(out: &mut String, material: &Material<'_>) {
    let ids = material.run.new_ids();
    if ids.is_empty() {
        return;
    }
    line(out, format_args!("\nIds: old and new"));
    for row in ids_table(&ids).render().lines() {
        line(out, format_args!("  {row}"));
    }
}

fn people(out: &mut String, material: &Material<'_>) {
    let asked = material
        .records
        .iter()
        .filter_map(|record| match &record.fact {
            Fact::ApprovalAsked { step, approval, .. } => Some((step, approval, record.time)),
            _ => None,
        });
    let asked: Vec<(&Name, &Approval, Timestamp)> = asked.collect();
    line(out, format_args!("\nWhat a person must do"));
    if asked.is_empty() {
        line(out, format_args!("  nothing"));
    }
    for (step, approval, time) in asked {
        let after = span(time.since(material.run.started()));
        let people = match approval.people {
            1 => "approve".to_owned(),
            people => format!("{people} people approve"),
        };
        line(
            out,
            format_args!(
                "  {after}  {people} `{step}`: {}",
                one_line(&approval.message)
            ),
        );
        for evidence in &approval.evidence {
            line(out, format_args!("      and enter: {}", one_line(evidence)));
        }
    }
}

fn calls(out: &mut String, material: &Material<'_>) {
    let mut counts: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for call in material.calls {
        *counts.entry((&call.account_id, &call.action)).or_default() += 1;
    }
    line(out, format_args!("\nCalls"));
    let mut account = None;
    for ((id, action), count) in counts {
        if account != Some(id) {
            account = Some(id);
            line(
                out,
                format_args!("  account {}", account_name(material, id)),
            );
        }
        line(out, format_args!("    {count:>5} {}", one_line(action)));
    }
    let changes = material.run.changes();
    let sent = changes
        .iter()
        .filter(|change| matches!(change.state, ChangeState::Done(_)) && change.passed.is_none())
        .count();
    line(out, format_args!("  of them {sent} change something"));
}

/// What a run would send by plain HTTP, and what the steps were told instead of an answer.
fn requests(out: &mut String, material: &Material<'_>) {
    if material.unsent.is_empty() {
        return;
    }
    line(out, format_args!("\nRequests that a run would send"));
    for request in material.unsent {
        let told = match &request.reply {
            Reply::Scripted(answer) => format!("the world answers {}", answer.status),
            Reply::Assumed => "taken to have gone well, with an empty answer".to_owned(),
            Reply::None => "what it would answer is not known".to_owned(),
        };
        let kind = match request.class {
            Class::Read => "read",
            Class::Change => "change",
        };
        let label = one_line(&request.label);
        line(
            out,
            format_args!("  `{}` {kind}: {label}: {told}", request.step),
        );
    }
    for host in material.unnamed {
        let host = one_line(host);
        line(
            out,
            format_args!(
                "  a run would refuse `{host}`: name it in `hosts` under `[http]` in the settings"
            ),
        );
    }
}

fn charges(out: &mut String, material: &Material<'_>) {
    if material.charges.is_empty() {
        return;
    }
    line(out, format_args!("\nWhat would be charged"));
    for charge in material.charges {
        let account = account_name(material, &charge.account_id);
        let until = if charge.until_ms.is_some() {
            ""
        } else {
            ", and goes on"
        };
        line(
            out,
            format_args!(
                "  {} {} in {account}: {}{until}",
                one_line(&charge.kind),
                one_line(&charge.id),
                one_line(&charge.detail)
            ),
        );
    }
}

fn undo(out: &mut String, material: &Material<'_>) {
    line(out, format_args!("\nTaking it back"));
    match no_return(material.run) {
        Some(point) => line(out, format_args!("  {point}")),
        None => line(out, format_args!("  `rutter undo` takes back every change")),
    }
}

fn limits(out: &mut String, material: &Material<'_>) {
    let missing: BTreeSet<&str> = material
        .calls
        .iter()
        .filter(|call| call.code.as_deref() == Some("NotSimulated"))
        .map(|call| call.action.as_str())
        .collect();
    line(out, format_args!("\nWhat this does not show"));
    line(
        out,
        format_args!("  durations, prices and quotas of the real cloud, and the data itself"),
    );
    for action in missing {
        line(
            out,
            format_args!("  {}: it is not simulated", one_line(action)),
        );
    }
}

fn outputs(out: &mut String, material: &Material<'_>) {
    match material.standing {
        RunStatus::Ended(RunEnd::Done { outputs, fault }) => {
            line(out, format_args!("\nOutputs"));
            for (name, value) in outputs.as_object().into_iter().flatten() {
                match value {
                    Value::String(text) => line(out, format_args!("  {name} = {}", one_line(text))),
                    other => line(out, format_args!("  {name} = {other}")),
                }
            }
            if let Some(fault) = fault {
                line(
                    out,
                    format_args!("  they could not be made: {}", one_line(&fault.to_string())),
                );
            }
        }
        other => {
            line(
                out,
                format_args!("\nIt did not end well: {}", ending(other)),
            );
            for code in explained(material.run, other) {
                line(
                    out,
                    format_args!(
                        "  `rutter explain {}` says more about the cause",
                        shell::word(&code)
                    ),
                );
            }
        }
    }
}

fn ending(standing: &RunStatus) -> &'static str {
    match standing {
        RunStatus::Ended(_) => "it was taken back",
        RunStatus::UndoFailed => "a reverse failed",
        RunStatus::Unknown => "the outcome of a change is unknown",
        RunStatus::WaitingForPerson => "a person is asked",
        RunStatus::Failed => "a step failed",
        RunStatus::Stopped => "it stopped",
    }
}
