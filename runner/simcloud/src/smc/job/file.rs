//! Jobs that are there from the beginning.

use super::{Job, Options, Phase, Run, Target, transition};
use crate::smc::View;
use crate::smc::file::JobFile;

/// Adds a job of the world file to an account.
pub(crate) fn add_from_file(
    world: &mut View<'_>,
    account_id: &str,
    file: JobFile,
) -> Result<(), String> {
    let start_ms = world.settings.start_ms;
    if !rutter_contracts::region_known(&file.region) {
        return Err(format!("there is no region `{}`", file.region));
    }
    let Some((smc, ecs, _)) = world.account_mut(account_id) else {
        return Ok(());
    };
    if !smc.sources.contains_key(&file.source) {
        let message = "has no migration source";
        return Err(format!("the account {message} `{}`", file.source));
    }
    let target = match file.instance {
        Some(id) if ecs.instances.contains_key(&id) => Target::Instance { id },
        Some(id) => return Err(format!("the account has no server `{id}`")),
        None => Target::Image { name: file.image },
    };
    let name = if file.name.is_empty() {
        file.id.clone()
    } else {
        file.name
    };
    let broke_off = file.error.is_some();
    let job = Job {
        source: file.source,
        region: file.region,
        options: Options::new(name, target, start_ms),
        repeats: None,
        created_ms: start_ms,
        phase: file
            .error
            .map_or(Phase::Ready, |code| Phase::Failed { at: start_ms, code }),
        runs: Vec::new(),
        transition: None,
        paid: Vec::new(),
    };
    smc.jobs.insert(file.id.clone(), job);
    if broke_off {
        transition::make(world, account_id, &file.id, start_ms);
        let smc = world.smc.get_mut(account_id);
        let job = smc.and_then(|smc| smc.jobs.get_mut(&file.id));
        if let Some(job) = job {
            job.runs.push(Run {
                manual: true,
                from: start_ms,
                until: Some(start_ms),
                image: None,
            });
        }
    }
    Ok(())
}
