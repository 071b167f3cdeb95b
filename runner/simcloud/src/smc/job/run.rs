//! Jobs under way: everything that happens to them by itself.

use super::{Job, Phase, Stages, Target};
use crate::ecs::image::Image;
use crate::time;
use crate::world::{Settings, World};

/// Brings every job to an instant.
pub(crate) fn settle(world: &mut World, now: i64) {
    let places: Vec<(String, String)> = world
        .accounts
        .values()
        .flat_map(|account| {
            account
                .smc
                .jobs
                .keys()
                .map(|job| (account.id.clone(), job.clone()))
        })
        .collect();
    for (account, job) in places {
        while step(world, &account, &job, now) {}
    }
}

fn step(world: &mut World, account_id: &str, id: &str, now: i64) -> bool {
    let Some(account) = world.accounts.get(account_id) else {
        return false;
    };
    let Some(job) = account.smc.jobs.get(id) else {
        return false;
    };
    let source = account.smc.sources.get(&job.source);
    match job.phase {
        Phase::Ready
            if job
                .scheduled_ms
                .is_some_and(|at| at <= now && at < job.valid_until_ms) =>
        {
            let at = job.scheduled_ms.unwrap_or(now);
            if source.is_some_and(|source| source.is_available(at)) {
                begin(world, account_id, id, at);
            } else {
                change(world, account_id, id, |job| {
                    job.phase = Phase::Failed { at }
                });
            }
            true
        }
        Phase::Running { stages } => {
            let lost = source
                .and_then(|source| source.offline_ms)
                .filter(|at| *at < stages.processing && *at >= stages.preparing);
            match lost {
                Some(at) if at <= now => change(world, account_id, id, |job| {
                    job.phase = Phase::Failed { at }
                }),
                None if stages.end <= now => finish(world, account_id, id, stages),
                _ => return false,
            }
            true
        }
        _ => false,
    }
}

pub(super) fn begin(world: &mut World, account_id: &str, id: &str, at: i64) {
    let Some(account) = world.accounts.get(account_id) else {
        return;
    };
    let bytes = account
        .smc
        .jobs
        .get(id)
        .and_then(|job| account.smc.sources.get(&job.source))
        .map_or(0, |source| source.bytes());
    let stages = stages(&world.settings, at, bytes);
    change(world, account_id, id, |job| {
        job.end(at);
        job.scheduled_ms = None;
        job.phase = Phase::Running { stages };
        job.paid.push((at, None));
    });
}

fn stages(settings: &Settings, at: i64, bytes: u64) -> Stages {
    let syncing = at.saturating_add(settings.durations.smc_prepare.0);
    let processing = syncing.saturating_add(time::transfer_ms(bytes, settings.rates.replicate));
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

/// The intermediate resources are released by themselves, and the image is there.
fn finish(world: &mut World, account_id: &str, id: &str, stages: Stages) {
    let Some(account) = world.accounts.get_mut(account_id) else {
        return;
    };
    let Some(job) = account.smc.jobs.get_mut(id) else {
        return;
    };
    job.end(stages.end);
    job.phase = Phase::Finished { stages };
    let Some(source) = account.smc.sources.get(&job.source) else {
        return;
    };
    if let Target::Image { name } = &job.target {
        let image = Image {
            region: job.region.clone(),
            name: if name.is_empty() {
                format!("SMC_{}", job.image_id)
            } else {
                name.clone()
            },
            description: String::new(),
            os: source.server.os,
            size_gb: source.server.disks.iter().map(|disk| disk.size_gb).sum(),
            bytes: source.bytes(),
            snapshots: Vec::new(),
            from_ms: stages.processing,
            until_ms: stages.cleaning,
            copy_of: None,
            shared_by: None,
        };
        account.ecs.images.insert(job.image_id.clone(), image);
    }
}

fn change(world: &mut World, account: &str, id: &str, change: impl FnOnce(&mut Job)) {
    if let Some(job) = world
        .accounts
        .get_mut(account)
        .and_then(|account| account.smc.jobs.get_mut(id))
    {
        change(job);
    }
}
