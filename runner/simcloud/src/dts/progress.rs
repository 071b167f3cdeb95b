//! `DescribePreCheckStatus`: how far precheck, schema, full copy and incremental stage are.

use serde_json::{Value, json};

use super::check_item::{Item, passed};
use super::file::PrecheckState;
use super::job::{Job, Phase};
use super::{RequestContext, held, named};
use crate::answer::Answer;
use crate::paging::{Sizes, numbered_by};

pub(super) fn describe(context: &mut RequestContext<'_>) -> Answer {
    let id = named(context)?;
    let job = held(context, &id);
    let code = context.required("JobCode")?;
    let items = if code == "01" {
        check_items(job, context.now)
    } else {
        Vec::new()
    };
    let failed = items
        .iter()
        .filter(|item| item["State"] == "Failed")
        .count();
    let total = items.len();
    let (page, paged) = numbered_by(context.parameters, "PageNo", Sizes::new(20, 100), items);
    Ok(json!({
        "JobId": job.id,
        "JobName": job.name,
        "Code": code,
        "State": state(job, &code),
        "JobProgress": page,
        "Total": total,
        "TotalRecordCount": total,
        "PageRecordCount": page.len(),
        "PageNumber": paged["PageNumber"],
        "ErrorItem": failed,
        "Success": true,
        "HttpStatusCode": 200,
    }))
}

/// Returns the state of a sub task: 01 precheck, 02 schema, 03 full copy, 04 incremental.
pub(super) fn state(job: &Job, code: &str) -> &'static str {
    match (&job.phase, code) {
        (Phase::NotConfigured | Phase::NotStarted, _) => "NotStarted",
        (Phase::Prechecking { .. }, "01") => "Checking",
        (Phase::Prechecked { items, .. }, "01") => {
            if passed(items) {
                "Finished"
            } else {
                "Failed"
            }
        }
        (Phase::Prechecking { .. } | Phase::Prechecked { .. }, _) => "NotStarted",
        (_, "01" | "02") => "Finished",
        (Phase::Initializing { .. }, "03") => "Migrating",
        (Phase::Initializing { .. }, _) => "NotStarted",
        (Phase::Running { .. }, "04") => "Catched",
        (Phase::Retrying(retrying), code) => during(retrying.left_ms, code, "Migrating"),
        (Phase::Broken { left_ms, .. }, code) => during(*left_ms, code, "Failed"),
        (Phase::Suspended { left_ms: Some(_) }, "03")
        | (Phase::Suspended { left_ms: None }, "04") => "Suspending",
        (Phase::Suspended { left_ms: Some(_) }, _) => "NotStarted",
        _ => "Finished",
    }
}

/// Returns the state of a stage where the task stopped in one: before it finished, after it not begun.
fn during(left_ms: Option<i64>, code: &str, in_it: &'static str) -> &'static str {
    match (left_ms, code) {
        (Some(_), "03") | (None, "04") => in_it,
        (Some(_), _) => "NotStarted",
        (None, _) => "Finished",
    }
}

fn check_items(job: &Job, now: i64) -> Vec<Value> {
    match &job.phase {
        Phase::Prechecking { from, until, items } => {
            // One after the other, evenly spread: an item's verdict is told when it is done.
            let done = items.len() as i64 * crate::time::percent(*from, *until, now) / 100;
            let shown = |(position, item): (usize, &Item)| match (position as i64).cmp(&done) {
                std::cmp::Ordering::Less => shown(position, item, job),
                std::cmp::Ordering::Equal => pending(position, item, "Checking"),
                std::cmp::Ordering::Greater => pending(position, item, "NotStarted"),
            };
            items.iter().enumerate().map(shown).collect()
        }
        Phase::Prechecked { items, .. } => items
            .iter()
            .enumerate()
            .map(|(position, item)| shown(position, item, job))
            .collect(),
        _ => Vec::new(),
    }
}

fn pending(position: usize, item: &Item, state: &str) -> Value {
    json!({ "Item": item.name, "Names": item.name, "State": state, "OrderNum": position + 1, "CanSkip": false, "Skip": false, "IgnoreFlag": "N" })
}

fn shown(position: usize, item: &Item, job: &Job) -> Value {
    let state = match item.state {
        PrecheckState::Success => "Success",
        PrecheckState::Warning => "Warning",
        PrecheckState::Failed => "Failed",
    };
    let is_marked = job.skipped.contains(&item.name);
    json!({
        "Id": format!("{}-{}", job.id, position + 1),
        "JobId": job.id,
        "Item": item.name,
        "Names": item.name,
        "State": state,
        "OrderNum": position + 1,
        "CanSkip": item.can_skip,
        "Skip": is_marked,
        "IgnoreFlag": if is_marked { "Y" } else { "N" },
        "ErrMsg": item.message,
        "ErrDetail": item.message,
        "RepairMethod": if item.message.is_empty() { "" } else { "Correct what the message says, then start the precheck again." },
    })
}

/// Returns the precheck as the detail and the list of tasks show it.
pub(super) fn summary(job: &Job, now: i64) -> Value {
    let (percent, details) = match &job.phase {
        Phase::NotConfigured | Phase::NotStarted => (0, Vec::new()),
        Phase::Prechecking { from, until, .. } => {
            (crate::time::percent(*from, *until, now), Vec::new())
        }
        Phase::Prechecked { items, .. } => {
            let good = items
                .iter()
                .filter(|item| item.state == PrecheckState::Success || item.is_skipped)
                .count();
            (
                if items.is_empty() {
                    100
                } else {
                    (good * 100 / items.len()) as i64
                },
                details(items),
            )
        }
        _ => (100, Vec::new()),
    };
    json!({ "Status": state(job, "01"), "Percent": percent.to_string(), "ErrorMessage": "", "Detail": details })
}

fn details(items: &[Item]) -> Vec<Value> {
    let of = |item: &Item| {
        let result = if item.state == PrecheckState::Success {
            "Success"
        } else {
            "Failed"
        };
        json!({
            "CheckItem": item.name,
            "CheckItemDescription": item.name,
            "CheckResult": result,
            "FailedReason": item.message,
            "RepairMethod": "",
        })
    };
    items.iter().map(of).collect()
}
