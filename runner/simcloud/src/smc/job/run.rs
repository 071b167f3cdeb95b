//! Jobs under way: everything that happens to them by itself.

use super::{EXPIRED_MS, Job, Phase, Run, Stages, Target, Transition, release, transition};
use crate::charges::Bill;
use crate::ecs::{Ecs, transition as ecs};
use crate::identifier::digest;
use crate::settings::Settings;
use crate::smc::file::{FailureFile, SmcFile, StageFile};
use crate::smc::{Smc, SourceServer, View};
use crate::time;

/// What a job says when its source or its intermediate instance is not there any more.
const UNREACHABLE: &str = "Connect to Server Failed";

/// What a job says when another image has its image's name.
const NAME_TAKEN: &str = "InvalidImageName.Duplicated";

/// Brings every job to an instant.
pub(crate) fn settle(world: &mut View<'_>, now: i64) {
    let mut places: Vec<(String, String)> = Vec::new();
    for (account, smc) in world.smc.iter_mut() {
        let due = smc.jobs.due(now, |job| match &job.phase {
            // Its source or its intermediate instance can be lost at any moment.
            Phase::Running { .. } => Some(i64::MIN),
            Phase::Ready | Phase::Waiting { .. } if due(job).is_some() => due(job),
            Phase::Ready | Phase::Stopped { .. } | Phase::Failed { .. } => Some(gone(job)),
            Phase::Waiting { .. } | Phase::Finished | Phase::Deleting { .. } => None,
        });
        places.extend(due.into_iter().map(|job| (account.clone(), job)));
    }
    for (account, job) in places {
        while step(world, &account, &job, now) {}
    }
}

/// What happens next to a job, and when.
enum Next {
    Begin,
    Fail(String),
    Finish(Stages, bool),
    Expire,
}

fn step(world: &mut View<'_>, account_id: &str, id: &str, now: i64) -> bool {
    let next = world.account(account_id).and_then(|(smc, ecs)| {
        let job = smc.jobs.get(id)?;
        next(smc, ecs, job, now).filter(|(at, _)| *at <= now)
    });
    let Some((at, next)) = next else {
        return false;
    };
    match next {
        Next::Begin => {
            let begin = Begin {
                at,
                manual: false,
                last: false,
            };
            self::begin(world, account_id, id, &begin);
        }
        Next::Fail(code) => change(world, account_id, id, |job| {
            if let Some(run) = job.runs.last_mut() {
                run.until.get_or_insert(at);
            }
            job.phase = Phase::Failed { at, code };
        }),
        Next::Finish(stages, last) => finish(world, account_id, id, stages, last),
        Next::Expire => {
            release(world, account_id, id, at);
            change(world, account_id, id, |job| {
                job.phase = Phase::Deleting { at };
            });
        }
    }
    true
}

fn next(smc: &Smc, ecs: &Ecs, job: &Job, now: i64) -> Option<(i64, Next)> {
    let source = smc.sources.get(&job.source);
    match &job.phase {
        Phase::Ready | Phase::Waiting { .. } if due(job).is_some() => {
            let at = due(job)?;
            let is_there = source.is_some_and(|source| source.is_available(at));
            let next = if is_there {
                Next::Begin
            } else {
                Next::Fail(UNREACHABLE.to_owned())
            };
            Some((at, next))
        }
        Phase::Running {
            stages,
            breaks,
            last,
        } => {
            let end = (stages.end, Next::Finish(*stages, *last));
            let breaks = breaks
                .iter()
                .map(|(at, code)| (*at, Next::Fail(code.clone())));
            let lost = lost(ecs, source, job, *stages, now);
            let lost = lost.map(|at| (at, Next::Fail(UNREACHABLE.to_owned())));
            let all = lost.into_iter().chain(breaks).chain([end]);
            all.min_by_key(|(at, _)| *at)
        }
        Phase::Ready | Phase::Stopped { .. } | Phase::Failed { .. } => {
            Some((gone(job), Next::Expire))
        }
        Phase::Waiting { .. } | Phase::Finished | Phase::Deleting { .. } => None,
    }
}

/// When a job that nothing came of is removed.
fn gone(job: &Job) -> i64 {
    job.options.valid_until_ms.saturating_add(EXPIRED_MS)
}

/// When a job starts by itself.
fn due(job: &Job) -> Option<i64> {
    match job.phase {
        Phase::Ready => job
            .options
            .scheduled_ms
            .filter(|at| *at < job.options.valid_until_ms),
        Phase::Waiting { next } => Some(next),
        _ => None,
    }
}

/// When a run lost its source, or the intermediate instance or disk was released by hand.
fn lost(
    ecs: &Ecs,
    source: Option<&SourceServer>,
    job: &Job,
    stages: Stages,
    now: i64,
) -> Option<i64> {
    let offline = source
        .and_then(|source| source.offline_ms)
        .filter(|at| *at < stages.processing && *at >= stages.preparing);
    let is_released = |transition: &Transition| !transition.stands(ecs);
    let released = job.transition.as_ref().filter(|held| is_released(held));
    let released = released.map(|_| now).filter(|now| *now < stages.end);
    offline.into_iter().chain(released).min()
}

/// How a run begins.
pub(super) struct Begin {
    pub at: i64,
    pub manual: bool,
    /// Whether the job is cut over after it.
    pub last: bool,
}

impl Begin {
    pub fn by_hand(at: i64) -> Self {
        Self {
            at,
            manual: true,
            last: false,
        }
    }
}

pub(super) fn begin(world: &mut View<'_>, account_id: &str, id: &str, begin: &Begin) {
    let at = begin.at;
    let Some((smc, ecs)) = world.account(account_id) else {
        return;
    };
    let Some(job) = smc.jobs.get(id) else {
        return;
    };
    let Some(source) = smc.sources.get(&job.source) else {
        return;
    };
    let stages = stages(world.file, world.settings, job, source, at);
    let mut breaks = taken(ecs, job).map(|code| (stages.processing, code.to_owned()));
    let (is_first, server) = (job.runs.is_empty(), source.instance.clone());
    let target = job.options.target.clone();
    if let Some(planned) = planned(world, account_id, &server, stages) {
        breaks = Some(planned);
    }
    transition::make(world, account_id, id, at);
    if let (Target::Instance { id }, true) = (&target, is_first)
        && let Some((_, ecs, mut bill)) = world.account_mut(account_id)
    {
        ecs::replace_system(ecs, &mut bill, id, at);
    }
    change(world, account_id, id, |job| {
        job.options.scheduled_ms = None;
        job.runs.push(Run {
            manual: begin.manual,
            from: at,
            until: None,
            image: None,
        });
        job.phase = Phase::Running {
            stages,
            breaks,
            last: begin.last,
        };
    });
}

fn stages(
    file: &SmcFile,
    settings: &Settings,
    job: &Job,
    source: &SourceServer,
    at: i64,
) -> Stages {
    let bytes = source.bytes();
    let was_done = job.runs.iter().any(|run| run.image.is_some());
    let syncing_ms = match job.phase {
        Phase::Stopped {
            left_ms: Some(left_ms),
        } => left_ms,
        // What changed since the last run.
        _ if was_done => {
            let changed = bytes / 100 * file.changed_percent.min(100);
            time::transfer_ms(changed, settings.rates.replicate)
        }
        _ => time::transfer_ms(bytes, settings.rates.replicate),
    };
    let syncing = at.saturating_add(settings.durations.smc_prepare.0);
    let processing = syncing.saturating_add(syncing_ms);
    let imaging = settings
        .durations
        .image
        .0
        .saturating_add(time::transfer_ms(bytes, settings.rates.image));
    let cleaning = processing.saturating_add(imaging);
    Stages {
        preparing: at,
        syncing,
        processing,
        cleaning,
        end: cleaning.saturating_add(settings.durations.smc_clean.0),
    }
}

/// Returns the code of a run whose image cannot get its name.
fn taken(ecs: &Ecs, job: &Job) -> Option<&'static str> {
    let Target::Image { name } = &job.options.target else {
        return None;
    };
    let is_first = job.runs.iter().all(|run| run.image.is_none());
    let is_taken = !name.is_empty() && ecs::has_image(ecs, &job.region, name);
    (is_first && is_taken).then_some(NAME_TAKEN)
}

/// The failure that the world file has for a run on this server, if one is left.
fn planned(
    world: &mut View<'_>,
    account: &str,
    server: &str,
    stages: Stages,
) -> Option<(i64, String)> {
    let failures = &mut world.smc.get_mut(account)?.failures;
    for (position, failure) in world.file.failures.iter().enumerate() {
        let is_meant = failure.server.as_deref().is_none_or(|id| id == server);
        let used = failures.get(&position).copied().unwrap_or_default();
        if is_meant && used < failure.times {
            failures.insert(position, used + 1);
            return Some((within(failure, stages), failure.code.clone()));
        }
    }
    None
}

/// The middle of the stage in which a run breaks off.
fn within(failure: &FailureFile, stages: Stages) -> i64 {
    let (from, until) = match failure.stage {
        StageFile::Preparing => (stages.preparing, stages.syncing),
        StageFile::Syncing => (stages.syncing, stages.processing),
        StageFile::Processing => (stages.processing, stages.cleaning),
        StageFile::Cleaning => (stages.cleaning, stages.end),
    };
    from.saturating_add(until.saturating_sub(from) / 2)
}

/// The result is there. After the last run the intermediate resources are released.
fn finish(world: &mut View<'_>, account_id: &str, id: &str, stages: Stages, last: bool) {
    let Some((smc, ecs, mut bill)) = world.account_mut(account_id) else {
        return;
    };
    if let Some(code) = smc.jobs.get(id).and_then(|job| taken(ecs, job)) {
        let (at, code) = (stages.processing, code.to_owned());
        return change(world, account_id, id, |job| {
            job.phase = Phase::Failed { at, code };
        });
    }
    let image = result(smc, ecs, id, stages);
    let Some(job) = smc.jobs.get_mut(id) else {
        return;
    };
    let began = match job.runs.last_mut() {
        Some(run) => {
            run.until = Some(stages.end);
            run.image = image;
            run.from
        }
        None => stages.preparing,
    };
    match job.repeats.filter(|_| !last) {
        Some(repeats) => {
            let next = began.saturating_add(repeats.frequency_ms).max(stages.end);
            job.phase = Phase::Waiting { next };
        }
        None => job.phase = Phase::Finished,
    }
    forget_images(smc, ecs, &mut bill, id, stages.end);
    if matches!(smc.jobs[id].phase, Phase::Finished) {
        release(world, account_id, id, stages.end);
    }
}

/// Makes the image, or puts the system on the target.
fn result(smc: &Smc, ecs: &mut Ecs, id: &str, stages: Stages) -> Option<String> {
    let job = smc.jobs.get(id)?;
    let source = smc.sources.get(&job.source)?;
    let name = match &job.options.target {
        Target::Instance { id } => {
            ecs::take_over(ecs, id, &source.server);
            return None;
        }
        Target::Image { name } => name,
    };
    let number = job.runs.iter().filter(|run| run.image.is_some()).count() + 1;
    let mark = digest(&["smc-image", id, &number.to_string()]);
    let image = format!("m-sim{}", &mark[..14]);
    let name = match (name.is_empty(), number) {
        (true, _) => format!("SMC_{image}"),
        (false, 1) => name.clone(),
        (false, number) => format!("{name}_{number}"),
    };
    let size = |(position, disk): (usize, &crate::ecs::DiskFile)| {
        let index = i64::try_from(position).unwrap_or(i64::MAX);
        let asked = match position {
            0 => job.options.system_disk_gb,
            _ => job.options.data_disks.get(&index).copied(),
        };
        asked.unwrap_or(disk.size_gb)
    };
    let made = ecs::Made {
        id: &image,
        name: &name,
        region: &job.region,
        source: &source.server,
        sizes_gb: source.server.disks.iter().enumerate().map(size).collect(),
        bytes: source.bytes(),
        from_ms: stages.processing,
        until_ms: stages.cleaning,
    };
    ecs::add_image(ecs, made);
    Some(image)
}

/// Removes the oldest images of a job that keeps only so many.
fn forget_images(smc: &Smc, ecs: &mut Ecs, bill: &mut Bill<'_>, id: &str, now: i64) {
    let Some(job) = smc.jobs.get(id) else {
        return;
    };
    let Some(repeats) = job.repeats else { return };
    let images = job.runs.iter().filter_map(|run| run.image.clone());
    let images: Vec<String> = images.collect();
    let surplus = images.len().saturating_sub(repeats.images_to_keep);
    for image in images.iter().take(surplus) {
        ecs.remove_image(bill, image, now);
    }
}

fn change(world: &mut View<'_>, account: &str, id: &str, change: impl FnOnce(&mut Job)) {
    let smc = world.smc.get_mut(account);
    if let Some(job) = smc.and_then(|smc| smc.jobs.get_mut(id)) {
        change(job);
    }
}
