//! What happens to tasks by themselves: `settle` brings every task to an instant, and every instant at which something
//! happened is computed from the one before, never from when somebody looked.

use super::check_item::passed;
use super::file::{Cause, Stage, TroubleFile};
use super::job::{Job, Phase, Retrying};
use super::{View, settings};

/// Brings every task to an instant.
pub(super) fn settle(world: &mut View<'_>, now: i64) {
    let mut places: Vec<(String, String)> = Vec::new();
    for (account, dts) in world.dts.iter_mut() {
        let due = dts.jobs.due(now, |job| due(&world.file.troubles, job));
        places.extend(due.into_iter().map(|job| (account.clone(), job)));
    }
    for (account, job) in places {
        while step(world, &account, &job, now) {}
    }
}

/// When something happens to a task next, as far as that is known: [`step`] does it.
fn due(troubles: &[TroubleFile], job: &Job) -> Option<i64> {
    let by_itself = match &job.phase {
        Phase::Prechecking { until, .. } | Phase::Initializing { until, .. } => Some(*until),
        Phase::Prechecked { at, items } if job.bought.is_some() && passed(items) => Some(*at),
        Phase::Retrying(retrying) => Some(ends(retrying)),
        _ => None,
    };
    let trouble = troubles_of(troubles, job)
        .map(|(begins, _, _)| begins)
        .min();
    by_itself.into_iter().chain(trouble).min()
}

/// Lets the next thing happen to a task if its time has come.
fn step(world: &mut View<'_>, account: &str, id: &str, now: i64) -> bool {
    let Some(job) = world.dts.get(account).and_then(|dts| dts.jobs.get(id)) else {
        return false;
    };
    let is_bought = job.bought.is_some();
    let trouble = next_trouble(world, account, job, now);
    let next = match (&job.phase, &trouble) {
        (_, Some((_, retrying))) => Phase::Retrying(retrying.clone()),
        (Phase::Prechecking { until, items, .. }, _) if *until <= now => Phase::Prechecked {
            at: *until,
            items: items.clone(),
        },
        (Phase::Prechecked { at, items }, _) if is_bought && passed(items) => {
            initializing(world, account, job, *at)
        }
        (Phase::Initializing { until, .. }, _) if *until <= now => {
            after_initialization(job, *until)
        }
        (Phase::Retrying(retrying), _) => match after_retrying(retrying, now) {
            Some(phase) => phase,
            None => return false,
        },
        _ => return false,
    };
    if matches!(job.phase, Phase::Initializing { .. })
        && matches!(next, Phase::Running { .. } | Phase::Finished { .. })
    {
        deliver(world, account, id);
    }
    let dts = world.dts.get_mut(account);
    if let Some(job) = dts.and_then(|dts| dts.jobs.get_mut(id)) {
        job.phase = next;
        job.met.extend(trouble.map(|(index, _)| index));
    }
    true
}

/// Returns the first trouble of the task's stage that has begun by now.
fn next_trouble(world: &View<'_>, account: &str, job: &Job, now: i64) -> Option<(usize, Retrying)> {
    let (stage, _, until) = stage(job)?;
    let (begins, index, trouble) = troubles_of(&world.file.troubles, job)
        .filter(|(begins, _, _)| *begins <= now)
        .min_by_key(|(begins, index, _)| (*begins, *index))?;
    let setup = job.setup.as_ref()?;
    let patience = match trouble.cause {
        Cause::Connection => patience(world, account, job),
        Cause::Other => setup.other_retry_ms(),
    };
    let is_source = setup.source.instance_id == trouble.instance;
    let retrying = Retrying {
        from: begins,
        over: trouble.lasts.map(|lasts| begins.saturating_add(lasts.0)),
        gives_up: begins.saturating_add(patience),
        left_ms: (stage == Stage::Initialise).then(|| until.saturating_sub(begins)),
        message: trouble.message.clone(),
        target: if is_source { "source" } else { "destination" },
    };
    Some((index, retrying))
}

/// The stage of a task in which it can meet trouble, since when it is in it, and until when it will be.
fn stage(job: &Job) -> Option<(Stage, i64, i64)> {
    match job.phase {
        Phase::Initializing { from, until } => Some((Stage::Initialise, from, until)),
        Phase::Running { from } => Some((Stage::Synchronise, from, i64::MAX)),
        _ => None,
    }
}

/// Returns the troubles that the task's stage has in store: when each begins, and its place in the world file.
fn troubles_of<'a>(
    troubles: &'a [TroubleFile],
    job: &'a Job,
) -> impl Iterator<Item = (i64, usize, &'a TroubleFile)> {
    let here = stage(job);
    let troubles = troubles.iter().enumerate();
    troubles.filter_map(move |(index, trouble)| {
        let (stage, from, until) = here?;
        let begins = from.saturating_add(trouble.after.0);
        let is_met = trouble.stage == stage
            && job.is_about(&trouble.instance)
            && !job.met.contains(&index)
            && begins < until;
        is_met.then_some((begins, index, trouble))
    })
}

/// Where several tasks share a database, the shortest of their retry times counts.
fn patience(world: &View<'_>, account: &str, job: &Job) -> i64 {
    let Some(setup) = &job.setup else { return 0 };
    let ends = [&setup.source.instance_id, &setup.destination.instance_id];
    let others = world
        .dts
        .get(account)
        .into_iter()
        .flat_map(|dts| ends.map(|end| dts.jobs.called(&Job::by_end(end))))
        .flatten()
        .map(|(_, other)| other);
    let shared = others.filter(|other| other.is_under_way());
    let times = shared.filter_map(|other| Some(other.setup.as_ref()?.connection_retry_ms()));
    times
        .chain([setup.connection_retry_ms()])
        .min()
        .unwrap_or_default()
}

/// When a task stops to try again: the trouble is over, or its patience.
fn ends(retrying: &Retrying) -> i64 {
    let over = retrying.over.filter(|over| *over <= retrying.gives_up);
    over.unwrap_or(retrying.gives_up)
}

fn after_retrying(retrying: &Retrying, now: i64) -> Option<Phase> {
    let over = retrying.over.filter(|over| *over <= retrying.gives_up);
    if let Some(over) = over {
        return (over <= now).then(|| resumed(retrying.left_ms, over));
    }
    (retrying.gives_up <= now).then(|| Phase::Broken {
        left_ms: retrying.left_ms,
        message: retrying.message.clone(),
    })
}

/// Returns the phase in which a task goes on, with what is left of the initialisation.
pub(super) fn resumed(left_ms: Option<i64>, now: i64) -> Phase {
    match left_ms {
        Some(left) => Phase::Initializing {
            from: now,
            until: now.saturating_add(left),
        },
        None => Phase::Running { from: now },
    }
}

/// Returns the phase in which data is copied, as long as it takes from an instant on.
pub(super) fn initializing(world: &View<'_>, account: &str, job: &Job, from: i64) -> Phase {
    let base = world.settings.durations.initialise.0;
    let copying = job.setup.as_ref().map_or(0, |setup| {
        let bytes = match setup.source.find(world, account) {
            Some(found) if setup.full => found.data_bytes(),
            _ => 0,
        };
        let rate = settings::full_rate(&setup.reserve, world.settings.rates.initialise);
        crate::time::transfer_ms(bytes, rate)
    });
    Phase::Initializing {
        from,
        until: from.saturating_add(base).saturating_add(copying),
    }
}

fn after_initialization(job: &Job, at: i64) -> Phase {
    let goes_on = job.kind == "SYNC" || job.setup.as_ref().is_some_and(|setup| setup.incremental);
    if goes_on {
        Phase::Running { from: at }
    } else {
        Phase::Finished { at }
    }
}

/// Puts the source's data into the destination.
fn deliver(world: &mut View<'_>, account: &str, id: &str) {
    let dts = world.dts.get(account);
    let Some(setup) = dts.and_then(|dts| dts.jobs.get(id)?.setup.clone()) else {
        return;
    };
    if !setup.full {
        return;
    }
    let bytes = setup
        .source
        .find(world, account)
        .map_or(0, |found| found.data_bytes());
    let owner = setup.destination.owner_or(account).to_owned();
    let id = &setup.destination.instance_id;
    let instances = world.redis.get_mut(&owner);
    if let Some(redis) = instances.and_then(|instances| instances.get_mut(id)) {
        redis.data_bytes = redis
            .data_bytes
            .saturating_add(bytes)
            .min(redis.capacity_bytes());
        return;
    }
    let dts = world.dts.get_mut(&owner);
    if let Some(database) = dts.and_then(|dts| dts.databases.get_mut(id)) {
        database.data_mb = database.data_mb.saturating_add(bytes / 1_000_000);
    }
}
