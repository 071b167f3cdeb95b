//! What every resource of a world file has: an id that nothing else has, and a region that exists.

use std::collections::BTreeSet;

use toml::Spanned;

use super::error::{WorldError, WorldText};
use crate::dts::{DatabaseFile, DtsJobFile, SyncFile};
use crate::ecs::{EcsFile, ImageFile, SecurityGroupFile, SnapshotFile, VSwitchFile};
use crate::redis::RedisFile;

/// What has an id that nothing else has, and a region that exists.
pub(super) trait Located {
    fn id(&self) -> &str;
    fn region(&self) -> &str;
}

macro_rules! located {
    ($($kind:ty),*) => {
        $(impl Located for $kind {
            fn id(&self) -> &str {
                &self.id
            }

            fn region(&self) -> &str {
                &self.region
            }
        })*
    };
}

located!(
    RedisFile,
    SyncFile,
    EcsFile,
    ImageFile,
    SnapshotFile,
    VSwitchFile,
    SecurityGroupFile,
    DatabaseFile,
    DtsJobFile
);

/// The ids and access keys of a world, each of which there is only once.
pub(super) struct Ids<'p> {
    world_text: &'p WorldText<'p>,
    taken: BTreeSet<String>,
}

impl<'p> Ids<'p> {
    pub fn new(world_text: &'p WorldText<'p>) -> Self {
        Self {
            world_text,
            taken: BTreeSet::new(),
        }
    }

    /// Takes an id, and returns whether it was free.
    pub fn take(&mut self, id: &str) -> bool {
        self.taken.insert(id.to_owned())
    }

    /// Checks that each has an id of its own in the whole world, and a region that exists.
    pub fn resources<T: Located>(&mut self, files: Vec<Spanned<T>>) -> Result<Vec<T>, WorldError> {
        let mut resources = Vec::with_capacity(files.len());
        for file in files {
            let span = file.span();
            let resource = file.into_inner();
            let region = resource.region();
            if !rutter_contracts::region_known(region) {
                let nearest = rutter_contracts::nearest_region(region)
                    .map(|near| format!("; did you mean `{near}`?"));
                let message = format!(
                    "there is no region `{region}`{}",
                    nearest.unwrap_or_default()
                );
                return Err(self.world_text.error(span, message));
            }
            if !self.take(resource.id()) {
                return Err(self.world_text.error(
                    span,
                    format!("there is another `{}` in this world", resource.id()),
                ));
            }
            resources.push(resource);
        }
        Ok(resources)
    }
}
