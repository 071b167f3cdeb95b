//! Where plugins are looked for, and what is known of one that was found.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rutter_manifest::Manifest;

use crate::plugin::{Catalogue, CatalogueError, Origin};

/// Where plugins come from.
pub trait Plugins {
    /// Finds a plugin by its name.
    ///
    /// # Errors
    /// When there is none, or its file cannot be used.
    fn find(&self, name: &str) -> Result<Found, NotFound>;

    /// Reads a plugin from a file.
    ///
    /// # Errors
    /// When the file cannot be used.
    fn open(&self, path: &Path) -> Result<Found, NotFound>;

    /// The names there are.
    fn names(&self) -> Vec<String>;
}

/// A plugin that was found.
#[derive(Clone, PartialEq)]
pub struct Found {
    /// What it says about itself.
    pub manifest: Arc<Manifest>,
    /// SHA-256 of the component, hex.
    pub digest: String,
    /// Where it comes from.
    pub origin: Origin,
    /// The bytes of the component, which the digest is of.
    pub bytes: Arc<[u8]>,
}

impl std::fmt::Debug for Found {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Found")
            .field("manifest", &self.manifest.plugin)
            .field("digest", &self.digest)
            .field("bytes", &self.bytes.len())
            .finish()
    }
}

/// Why a plugin cannot be had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotFound {
    /// No folder has one of that name.
    Unknown {
        /// The folders that were searched.
        folders: Vec<PathBuf>,
    },
    /// There is a file, and it cannot be used.
    Unusable {
        /// Why, one sentence without a full stop.
        message: String,
        /// What to do about it.
        help: Option<String>,
    },
}

impl Plugins for Catalogue {
    fn find(&self, name: &str) -> Result<Found, NotFound> {
        Self::find(self, name).map(found_in).map_err(not_found)
    }

    fn open(&self, path: &Path) -> Result<Found, NotFound> {
        Self::read(path).map(found_in).map_err(not_found)
    }

    fn names(&self) -> Vec<String> {
        Self::names(self).map(str::to_owned).collect()
    }
}

fn found_in(found: Arc<crate::plugin::Found>) -> Found {
    Found {
        manifest: Arc::clone(&found.inspected.manifest),
        digest: found.digest().to_owned(),
        origin: found.origin,
        bytes: found.bytes.clone(),
    }
}

fn not_found(error: CatalogueError) -> NotFound {
    let (message, help) = (error.to_string(), error.help());
    match error {
        CatalogueError::Unknown { folders, .. } => NotFound::Unknown { folders },
        _ => NotFound::Unusable { message, help },
    }
}
