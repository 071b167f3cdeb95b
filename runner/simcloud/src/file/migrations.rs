//! Migration sources and jobs that are there from the beginning. They name servers of any account, so they are added last.

use toml::Spanned;

use super::error::{WorldError, WorldText};
use super::located::Ids;
use crate::ecs::EcsFile;
use crate::smc::{JobFile, SourceFile, SourceServer, job};
use crate::world::World;

/// The sources and jobs of an account, by its id.
pub(super) type Migrations = (String, Vec<Spanned<SourceFile>>, Vec<Spanned<JobFile>>);

pub(super) fn add(
    world: &mut World,
    migrations: Vec<Migrations>,
    world_text: &WorldText<'_>,
    ids: &mut Ids<'_>,
) -> Result<(), WorldError> {
    for (account, sources, jobs) in migrations {
        for file in sources {
            let span = file.span();
            let file = file.into_inner();
            check_new(ids, &file.id).map_err(|message| world_text.error(span.clone(), message))?;
            let Some(server) = server(world, &file.server) else {
                let message = format!("there is no server `{}` in this world", file.server);
                return Err(world_text.error(span, message));
            };
            let id = file.id.clone();
            let source = SourceServer::from_file(file, server, world.settings.start_ms);
            if let Some(smc) = world.smc.get_mut(&account) {
                smc.sources.insert(id, source);
            }
        }
        for file in jobs {
            let span = file.span();
            let file = file.into_inner();
            check_new(ids, &file.id).map_err(|message| world_text.error(span.clone(), message))?;
            job::add_from_file(&mut world.smc_view().0, &account, file)
                .map_err(|message| world_text.error(span, message))?;
        }
    }
    Ok(())
}

fn check_new(ids: &mut Ids<'_>, id: &str) -> Result<(), String> {
    if ids.take(id) {
        return Ok(());
    }
    Err(format!("there is another `{id}` in this world"))
}

fn server(world: &World, id: &str) -> Option<EcsFile> {
    let mut accounts = world.ecs.values();
    accounts.find_map(|ecs| ecs.instances.get(id).cloned())
}
