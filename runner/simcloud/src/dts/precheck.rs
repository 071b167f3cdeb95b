//! The precheck: what DTS looks at before it starts, item by item. `precheck_items.rs` knows the items.

use serde_json::{Value, json};

use super::check_item::{Item, List};
use super::endpoint::{DESTINATION, SOURCE};
use super::file::PrecheckState;
use super::job::{Job, Phase, Setup};
use super::precheck_items::{connection, destination_items, pair_items, source_items};
use super::{RequestContext, View, access, held, held_mut, named, succeeded, wrong_status};
use crate::answer::{Answer, Refusal};

/// Judges the check items now; the verdict is told when the precheck ends.
pub(super) fn begin(context: &mut RequestContext<'_>, id: &str) {
    let items = judge(
        &context.world,
        context.now,
        &context.caller.account,
        held(context, id),
    );
    let until = context
        .now
        .saturating_add(context.settings().durations.precheck.0);
    let from = context.now;
    held_mut(context, id).phase = Phase::Prechecking { from, until, items };
}

/// Judges every item of a task as the world is now.
pub(super) fn judge(world: &View<'_>, now: i64, account: &str, job: &Job) -> Vec<Item> {
    let Some(setup) = &job.setup else {
        return Vec::new();
    };
    let source = setup.source.find(world, account);
    let destination = setup.destination.find(world, account);
    let mut list = List::default();
    for (name, side, endpoint) in [
        ("CHECK_ROLE_SRC", SOURCE, &setup.source),
        ("CHECK_ROLE_DEST", DESTINATION, &setup.destination),
    ] {
        if endpoint.owner.is_some() {
            let problem = access::check(endpoint, side, world, now, account).err();
            list.add(
                name,
                problem.map(|refusal| format!("{}: {}", refusal.code, refusal.message)),
            );
        }
    }
    list.add("CHECK_CONN_SRC", connection(source, &setup.source));
    list.add(
        "CHECK_CONN_DEST",
        connection(destination, &setup.destination),
    );
    if let Some(source) = source {
        source_items(&mut list, setup, source);
    }
    if let Some(destination) = destination {
        destination_items(&mut list, setup, destination);
    }
    if let (Some(source), Some(destination)) = (source, destination) {
        pair_items(&mut list, setup, source, destination);
    }
    list.add("CHECK_SAME_OBJ", competitor(world, account, job, setup));
    let extra = world.file.precheck.iter().filter(|extra| {
        let instance = extra.instance.as_deref();
        instance.is_none_or(|instance| job.is_about(instance))
    });
    let mut items = list.into_items(extra);
    for item in &mut items {
        item.is_skipped = item.can_skip
            && item.state != PrecheckState::Success
            && job.skipped.contains(&item.name);
    }
    items
}

/// Returns why another task of the account stands in the way.
fn competitor(world: &View<'_>, account: &str, job: &Job, setup: &Setup) -> Option<String> {
    let by_source = Job::by_end(&setup.source.instance_id);
    let jobs = world.dts.get(account)?.jobs.called(&by_source);
    let jobs = jobs.into_iter().map(|(_, other)| other);
    let other = jobs.filter(|other| other.id != job.id && other.is_under_way());
    let same = |other: &&Job| {
        other.setup.as_ref().is_some_and(|other| {
            other.source.instance_id == setup.source.instance_id
                && other.destination.instance_id == setup.destination.instance_id
        })
    };
    let other = other.into_iter().find(same)?;
    Some(format!(
        "task {} copies the same source into the same destination",
        other.id
    ))
}

/// `SkipPreCheck`: marks items to be overlooked, or not any more; the next precheck heeds it.
pub(super) fn skip(context: &mut RequestContext<'_>) -> Answer {
    let id = named(context)?;
    let is_skipped = context.parameters.is_true("Skip");
    let mut names = context.parameters.list("SkipPreCheckItems");
    let details = context.parameters.list("SkipPreCheckNames");
    names.extend(
        details
            .iter()
            .map(|name| name.trim_end_matches("_DETAIL").to_owned()),
    );
    let job = held(context, &id);
    let Phase::Prechecked { items, .. } = &job.phase else {
        return Err(wrong_status(
            job,
            "items can be skipped once a precheck is over",
        ));
    };
    for name in &names {
        let known = items.iter().find(|item| item.name == *name);
        if !known.is_some_and(|item| item.can_skip) {
            return Err(Refusal::enveloped(
                "InvalidParameter",
                format!("The item {name} cannot be skipped."),
            ));
        }
    }
    let job = held_mut(context, &id);
    for name in &names {
        if is_skipped {
            job.skipped.insert(name.clone());
        } else {
            job.skipped.remove(name);
        }
    }
    let mut answer = succeeded();
    answer["MigrationJobId"] = json!(id);
    answer["SkipItems"] = json!(
        job.skipped
            .iter()
            .cloned()
            .collect::<Vec<String>>()
            .join(",")
    );
    answer["SkipNames"] = Value::String(String::new());
    Ok(answer)
}
