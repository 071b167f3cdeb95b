//! Where plugins are looked for.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rutter_plugin::{Catalogue, CatalogueError, Plugin};

/// Where plugins come from.
pub trait Plugins {
    /// Finds a plugin by its name.
    ///
    /// # Errors
    /// When there is none, or its file cannot be used.
    fn find(&self, name: &str) -> Result<Arc<Plugin>, NotFound>;

    /// Reads a plugin from a file.
    ///
    /// # Errors
    /// When the file cannot be used.
    fn open(&self, path: &Path) -> Result<Arc<Plugin>, NotFound>;

    /// The names there are.
    fn names(&self) -> Vec<String>;
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
    fn find(&self, name: &str) -> Result<Arc<Plugin>, NotFound> {
        Self::find(self, name).map_err(not_found)
    }

    fn open(&self, path: &Path) -> Result<Arc<Plugin>, NotFound> {
        Self::read(path).map_err(not_found)
    }

    fn names(&self) -> Vec<String> {
        Self::names(self).map(str::to_owned).collect()
    }
}

fn not_found(error: CatalogueError) -> NotFound {
    let (message, help) = (error.to_string(), error.help());
    match error {
        CatalogueError::Unknown { folders, .. } => NotFound::Unknown { folders },
        _ => NotFound::Unusable { message, help },
    }
}
