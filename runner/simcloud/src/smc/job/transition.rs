//! The intermediate instance or disk of a job: made when it runs, released when it is done or deleted, left behind when
//! it breaks off.

use super::{Job, Target};
use crate::ecs::{Ecs, transition};
use crate::identifier::digest;
use crate::smc::View;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Transition {
    Instance { id: String },
    Disk { instance: String, id: String },
}

impl Transition {
    /// Returns whether it is still there: a person may have released it by hand.
    pub fn stands(&self, ecs: &Ecs) -> bool {
        match self {
            Self::Instance { id } => ecs.instances.contains_key(id),
            Self::Disk { instance, id } => transition::has_disk(ecs, instance, id),
        }
    }
}

/// Makes what a run needs, unless an earlier run left it.
pub(super) fn make(world: &mut View<'_>, account_id: &str, job_id: &str, at: i64) {
    let Some((smc, ecs, _)) = world.account_mut(account_id) else {
        return;
    };
    let Some(job) = smc.jobs.get_mut(job_id) else {
        return;
    };
    if job.transition.is_some() {
        return;
    }
    let mark = mark(job_id, job);
    let made = match &job.options.target {
        Target::Image { .. } => {
            let id = format!("i-sim{mark}");
            transition::add_instance(ecs, &id, &job.region);
            Transition::Instance { id }
        }
        Target::Instance { id: instance } => {
            let (instance, id) = (instance.clone(), format!("d-sim{mark}"));
            transition::add_disk(ecs, &instance, &id);
            Transition::Disk { instance, id }
        }
    };
    job.transition = Some(made);
    job.paid.push((at, None));
}

/// Releases what stands for a job.
pub(in crate::smc) fn release(world: &mut View<'_>, account_id: &str, job_id: &str, now: i64) {
    let Some((smc, ecs, _)) = world.account_mut(account_id) else {
        return;
    };
    let Some(job) = smc.jobs.get_mut(job_id) else {
        return;
    };
    for stay in &mut job.paid {
        stay.1.get_or_insert(now);
    }
    match job.transition.take() {
        Some(Transition::Instance { id }) => drop(ecs.instances.remove(&id)),
        Some(Transition::Disk { instance, id }) => {
            transition::remove_disk(ecs, &instance, &id);
        }
        None => {}
    }
}

/// What no other intermediate resource has in its id.
fn mark(job_id: &str, job: &Job) -> String {
    digest(&["smc-transition", job_id, &job.paid.len().to_string()])[..14].to_owned()
}
