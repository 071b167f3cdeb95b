//! Plugins by name: the folders that are searched, and what is found there.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use crate::files;
use crate::plugin::inspect::{Inspected, PluginError, inspect};

/// The environment variable with folders of plugins, searched first; separated as `PATH` is.
pub const PATH_VARIABLE: &str = "RUTTER_PLUGIN_PATH";

/// The plugins that a name can mean. Finding one reads and checks its file, once; the others are
/// left unread, so that a catalogue of large components costs nothing to open.
#[derive(Clone, Debug, Default)]
pub struct Catalogue {
    places: BTreeMap<String, Arc<Place>>,
    folders: Vec<PathBuf>,
}

/// Where a plugin is, and what it says about itself once somebody has asked.
#[derive(Debug)]
struct Place {
    path: PathBuf,
    found: OnceLock<Result<Arc<Found>, CatalogueError>>,
}

/// A plugin that was read.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// Where it was read from.
    pub path: PathBuf,
    /// What it says about itself.
    pub inspected: Inspected,
    /// Its bytes; the digest is theirs, whatever becomes of the file.
    pub bytes: Arc<[u8]>,
}

/// Why a plugin cannot be had.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CatalogueError {
    /// No folder has a plugin of that name.
    #[error("there is no plugin `{name}`")]
    Unknown {
        /// The name.
        name: String,
        /// The nearest name there is.
        nearest: Option<String>,
        /// The folders that were searched.
        folders: Vec<PathBuf>,
    },
    /// The file cannot be read.
    #[error("`{}` cannot be read: {reason}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why, as the system says it.
        reason: String,
    },
    /// The file is no plugin that can be run here.
    #[error("`{}` cannot be used: {error}", path.display())]
    Plugin {
        /// The file.
        path: PathBuf,
        /// Why.
        error: PluginError,
    },
    /// The file's name is not the plugin's.
    #[error("`{}` holds the plugin `{name}`: a file is named after its plugin", path.display())]
    Misnamed {
        /// The file.
        path: PathBuf,
        /// The plugin's name.
        name: String,
    },
}

impl Catalogue {
    /// Lists the `.wasm` files of the folders; where two have one name, the earlier folder wins.
    /// Folders that are not there are passed over.
    pub fn open(folders: impl IntoIterator<Item = PathBuf>) -> Self {
        let mut catalogue = Self::default();
        for folder in folders {
            for path in components_in(&folder) {
                let Some(name) = path.file_stem().and_then(|stem| stem.to_str()) else {
                    continue;
                };
                catalogue
                    .places
                    .entry(name.to_owned())
                    .or_insert_with(|| Arc::new(Place::new(path.clone())));
            }
            catalogue.folders.push(folder);
        }
        catalogue
    }

    /// Adds a plugin whose bytes are at hand, in place of another of its name.
    pub fn insert(&mut self, path: PathBuf, bytes: Vec<u8>) -> Result<Arc<Found>, CatalogueError> {
        let found = Arc::new(found(path.clone(), bytes)?);
        let place = Place {
            path,
            found: OnceLock::from(Ok(Arc::clone(&found))),
        };
        self.places
            .insert(found.manifest().plugin.name.clone(), Arc::new(place));
        Ok(found)
    }

    /// Returns the plugin of that name.
    pub fn find(&self, name: &str) -> Result<Arc<Found>, CatalogueError> {
        let Some(place) = self.places.get(name) else {
            return Err(CatalogueError::Unknown {
                name: name.to_owned(),
                nearest: rutter_manifest::nearest(name, self.names()).map(str::to_owned),
                folders: self.folders.clone(),
            });
        };
        let found = place.found()?;
        if found.manifest().plugin.name == name {
            Ok(found)
        } else {
            Err(CatalogueError::Misnamed {
                path: place.path.clone(),
                name: found.manifest().plugin.name.clone(),
            })
        }
    }

    /// Returns the plugin in a file, which `uses` may name instead.
    pub fn read(path: &Path) -> Result<Arc<Found>, CatalogueError> {
        let bytes = files::read(path, files::COMPONENT_MAX).map_err(|error| {
            CatalogueError::Unreadable {
                path: path.to_owned(),
                reason: error.to_string(),
            }
        })?;
        found(path.to_owned(), bytes).map(Arc::new)
    }

    /// The names there are, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.places.keys().map(String::as_str)
    }

    /// The folders that were searched, first to last.
    pub fn folders(&self) -> &[PathBuf] {
        &self.folders
    }
}

impl Found {
    /// Its manifest.
    pub fn manifest(&self) -> &rutter_manifest::Manifest {
        &self.inspected.manifest
    }

    /// The SHA-256 of its bytes, lower-case hexadecimal.
    pub fn digest(&self) -> &str {
        &self.inspected.digest
    }
}

impl Place {
    fn new(path: PathBuf) -> Self {
        Self {
            path,
            found: OnceLock::new(),
        }
    }

    fn found(&self) -> Result<Arc<Found>, CatalogueError> {
        self.found
            .get_or_init(|| Catalogue::read(&self.path))
            .clone()
    }
}

fn found(path: PathBuf, bytes: Vec<u8>) -> Result<Found, CatalogueError> {
    match inspect(&bytes) {
        Ok(inspected) => Ok(Found {
            path,
            inspected,
            bytes: bytes.into(),
        }),
        Err(error) => Err(CatalogueError::Plugin { path, error }),
    }
}

fn components_in(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut paths: Vec<PathBuf> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "wasm")
        })
        .collect();
    paths.sort();
    paths
}

/// Returns the folders in which plugins are looked for, first to last: those of [`PATH_VARIABLE`];
/// `plugins` beside the program or beside its folder; `plugins` in the user's data folder.
pub fn search_path(
    variable: Option<&std::ffi::OsStr>,
    program: Option<&Path>,
    data_folder: Option<&Path>,
) -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> = variable
        .map(|folders| std::env::split_paths(folders).collect())
        .unwrap_or_default();
    folders.retain(|folder| !folder.as_os_str().is_empty());
    if let Some(folder) = program.and_then(Path::parent) {
        folders.push(folder.join("plugins"));
        folders.extend(folder.parent().map(|above| above.join("plugins")));
    }
    folders.extend(data_folder.map(|folder| folder.join("plugins")));
    folders
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_operators_own_folders_come_first() {
        let folders = search_path(
            Some("/a:/b".as_ref()),
            Some(Path::new("/opt/rutter/bin/rutter")),
            Some(Path::new("/home/o/.local/share/rutter")),
        );
        let expected = [
            "/a",
            "/b",
            "/opt/rutter/bin/plugins",
            "/opt/rutter/plugins",
            "/home/o/.local/share/rutter/plugins",
        ];
        assert_eq!(folders, expected.map(PathBuf::from));
    }

    #[test]
    fn a_misspelled_name_is_answered_with_the_nearest() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("create-role.wasm"), b"").expect("written");
        let catalogue = Catalogue::open([folder.path().to_owned()]);
        let error = catalogue.find("create-rol").expect_err("unknown");
        assert!(
            matches!(&error, CatalogueError::Unknown { nearest: Some(name), .. } if name == "create-role"),
            "{error:?}"
        );
    }

    #[test]
    fn a_file_that_is_no_plugin_is_named() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("broken.wasm"), b"hello").expect("written");
        let catalogue = Catalogue::open([folder.path().to_owned()]);
        let error = catalogue.find("broken").expect_err("no plugin").to_string();
        assert!(
            error.contains("broken.wasm") && error.contains("no WebAssembly component"),
            "{error}"
        );
    }
}
