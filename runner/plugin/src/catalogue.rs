//! Plugins by name: the folders that are searched, and what is found there.
//!
//! A plugin that ships is never replaced unasked by another one of its name: where both are there, what was
//! accepted decides, or nobody does.

use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use rutter_meaning::Rule;
use rutter_meaning::held;

use crate::file::{Origin, Plugin, digest_of};
use crate::inspect::PluginError;

/// The environment variable with folders of plugins, searched first; separated as `PATH` is.
pub const PATH_VARIABLE: &str = "RUTTER_PLUGIN_PATH";

/// Where a plugin is said to be that the program itself holds.
const IN_THE_PROGRAM: &str = "(in rutter itself)";

/// The plugins that a name can mean. Finding one reads and checks its file, once; the others are
/// left unread, so that a catalogue of large components costs nothing to open.
#[derive(Clone, Debug, Default)]
pub struct Catalogue {
    /// In the order of the folders.
    places: BTreeMap<String, Vec<Arc<PluginFile>>>,
    accepted: BTreeMap<String, Vec<Component>>,
    folders: Vec<PathBuf>,
}

/// A folder that is searched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folder {
    /// Where it is.
    pub path: PathBuf,
    /// Whether its plugins came with this program.
    pub ships: bool,
}

/// Which component of a name is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Component {
    /// The one that ships.
    Shipped,
    /// The one of this SHA-256, lower-case hexadecimal.
    Digest(String),
}

/// Where a plugin is, and what it says about itself once somebody has asked.
#[derive(Debug)]
struct PluginFile {
    path: PathBuf,
    origin: Origin,
    /// Its bytes, where the program holds them.
    held: Option<&'static [u8]>,
    found: OnceLock<Result<Arc<Plugin>, CatalogueError>>,
}

/// Why a plugin cannot be had.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CatalogueError {
    /// No folder has a plugin of that name.
    #[error("there is no plugin `{name}`")]
    Unknown {
        /// The name that was looked for.
        name: String,
        /// The nearest name there is.
        nearest: Option<String>,
        /// The folders that were searched.
        folders: Vec<PathBuf>,
    },
    /// The file cannot be read.
    #[error("`{}` cannot be read: {reason}", path.display())]
    Unreadable {
        /// The plugin's file.
        path: PathBuf,
        /// Why, as the system says it.
        reason: String,
    },
    /// The file is no plugin that can be run here.
    #[error("`{}` cannot be used: {error}", path.display())]
    Plugin {
        /// The plugin's file.
        path: PathBuf,
        /// What is wrong with it.
        error: PluginError,
    },
    /// The file's name is not the plugin's.
    #[error("`{}` holds the plugin `{name}`: a file is named after its plugin", path.display())]
    Misnamed {
        /// The plugin's file.
        path: PathBuf,
        /// The plugin's name.
        name: String,
    },
    /// One that ships and another one have the name, and nothing says which is meant.
    #[error(
        "`{name}` is the plugin that ships, `{}`, and another one, `{}`",
        shipped.display(),
        other.display()
    )]
    Ambiguous {
        /// The name that both have.
        name: String,
        /// The one that ships.
        shipped: PathBuf,
        /// The other one.
        other: PathBuf,
    },
}

impl CatalogueError {
    /// What can be done about it.
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Unknown { nearest, .. } => Some(nearest.as_ref().map_or_else(
                || "`rutter plugin list` shows what there is".to_owned(),
                |name| format!("did you mean `{name}`?"),
            )),
            Self::Plugin { error, .. } => error.help(),
            Self::Misnamed { path, name } => Some(format!(
                "rename it to `{}`",
                path.with_file_name(format!("{name}.wasm")).display()
            )),
            Self::Unreadable { .. } => None,
            Self::Ambiguous { other, .. } => Some(format!(
                "move `{0}` away for the one that ships, or name the other by its file: `uses = \"{0}\"`",
                other.display()
            )),
        }
    }
}

impl Catalogue {
    /// Lists the `.wasm` files of the folders; where two have one name and neither ships, the earlier folder
    /// wins. Folders that are not there are passed over.
    pub fn open(folders: impl IntoIterator<Item = impl Into<Folder>>) -> Self {
        let mut catalogue = Self::default();
        for folder in folders {
            let folder = folder.into();
            let origin = match folder.ships && !is_open_to_all(&folder.path) {
                true => Origin::Shipped,
                false => Origin::Other,
            };
            for path in components_in(&folder.path) {
                let Some(name) = path.file_stem().and_then(|stem| stem.to_str()) else {
                    continue;
                };
                let places = catalogue.places.entry(name.to_owned()).or_default();
                places.push(Arc::new(PluginFile::new(path.clone(), origin)));
            }
            catalogue.folders.push(folder.path);
        }
        catalogue
    }

    /// Adds the plugins that the program itself holds: they ship. Each is a file's name and what is in it.
    pub fn hold(&mut self, files: &[(&str, &'static [u8])]) {
        for (file, bytes) in files {
            let name = file.strip_suffix(".wasm").unwrap_or(file);
            let place = PluginFile {
                held: Some(bytes),
                ..PluginFile::new(Path::new(IN_THE_PROGRAM).join(file), Origin::Shipped)
            };
            let places = self.places.entry(name.to_owned()).or_default();
            places.push(Arc::new(place));
        }
    }

    /// Says which component a name stands for, where several have it.
    pub fn accept(&mut self, name: &str, component: Component) {
        let known = self.accepted.entry(name.to_owned()).or_default();
        known.push(component);
    }

    /// Adds a plugin that a run keeps, in place of any other of its name.
    pub fn keep(&mut self, plugin: Plugin) {
        let name = plugin.manifest().plugin.name.clone();
        let place = PluginFile {
            path: plugin.path.clone(),
            origin: plugin.origin,
            held: None,
            found: OnceLock::from(Ok(Arc::new(plugin))),
        };
        self.places.insert(name, vec![Arc::new(place)]);
    }

    /// Returns the plugin of that name.
    pub fn find(&self, name: &str) -> Result<Arc<Plugin>, CatalogueError> {
        let places = self.places.get(name).filter(|places| !places.is_empty());
        let Some(places) = places else {
            return Err(CatalogueError::Unknown {
                name: name.to_owned(),
                nearest: rutter_manifest::nearest(name, self.names()).map(str::to_owned),
                folders: self.folders.clone(),
            });
        };
        let place = self.meant(name, places)?;
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

    /// Which of several places of a name is meant.
    fn meant<'a>(
        &self,
        name: &str,
        places: &'a [Arc<PluginFile>],
    ) -> Result<&'a Arc<PluginFile>, CatalogueError> {
        let ships = |place: &&Arc<PluginFile>| place.origin == Origin::Shipped;
        let first = &places[0];
        if places.len() == 1 || !held::hold(Rule::ShippedFirst) {
            return Ok(first);
        }
        let accepted = self.accepted.get(name).into_iter().flatten();
        for component in accepted {
            let mut places = places.iter();
            let meant = match component {
                Component::Shipped => places.find(ships),
                Component::Digest(digest) => places.find(|place| place.has(digest)),
            };
            if let Some(meant) = meant {
                return Ok(meant);
            }
        }
        let Some(shipped) = places.iter().find(ships) else {
            return Ok(first);
        };
        let own = shipped.digest();
        let differs = |place: &&Arc<PluginFile>| {
            place.origin != Origin::Shipped && (own.is_none() || place.digest() != own)
        };
        match places.iter().find(differs) {
            None => Ok(shipped),
            Some(other) => Err(CatalogueError::Ambiguous {
                name: name.to_owned(),
                shipped: shipped.path.clone(),
                other: other.path.clone(),
            }),
        }
    }

    /// Returns the plugin in a file, which `uses` may name instead.
    pub fn read(path: &Path) -> Result<Arc<Plugin>, CatalogueError> {
        plugin(path, read_bytes(path)?, Origin::Other).map(Arc::new)
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

impl From<PathBuf> for Folder {
    /// A folder of the operator's.
    fn from(path: PathBuf) -> Self {
        Self { path, ships: false }
    }
}

impl PluginFile {
    fn new(path: PathBuf, origin: Origin) -> Self {
        Self {
            path,
            origin,
            held: None,
            found: OnceLock::new(),
        }
    }

    fn found(&self) -> Result<Arc<Plugin>, CatalogueError> {
        self.found
            .get_or_init(|| {
                let bytes = self.bytes()?;
                plugin(&self.path, bytes, self.origin).map(Arc::new)
            })
            .clone()
    }

    fn bytes(&self) -> Result<Vec<u8>, CatalogueError> {
        match self.held {
            Some(bytes) => Ok(bytes.to_vec()),
            None => read_bytes(&self.path),
        }
    }

    /// The digest of its bytes, whether or not it can be used.
    fn digest(&self) -> Option<String> {
        if let Ok(found) = self.found() {
            return Some(found.digest().to_owned());
        }
        let bytes = self.bytes().ok()?;
        Some(digest_of(&self.path, &bytes))
    }

    fn has(&self, digest: &str) -> bool {
        self.digest().is_some_and(|own| own == digest)
    }
}

fn read_bytes(path: &Path) -> Result<Vec<u8>, CatalogueError> {
    rutter_files::read(path, rutter_files::COMPONENT_MAX).map_err(|error| {
        CatalogueError::Unreadable {
            path: path.to_owned(),
            reason: error.to_string(),
        }
    })
}

fn plugin(path: &Path, bytes: Vec<u8>, origin: Origin) -> Result<Plugin, CatalogueError> {
    Plugin::new(path.to_owned(), bytes, origin).map_err(|error| CatalogueError::Plugin {
        path: path.to_owned(),
        error,
    })
}

/// Whether everybody may put a plugin there: then what is in it is nobody's.
fn is_open_to_all(folder: &Path) -> bool {
    std::fs::metadata(folder).is_ok_and(|folder| folder.mode() & 0o002 != 0)
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
) -> Vec<Folder> {
    let own = variable.into_iter().flat_map(std::env::split_paths);
    let own = own.filter(|folder| !folder.as_os_str().is_empty());
    let mut folders: Vec<Folder> = own.map(Folder::from).collect();
    let ships = |folder: &Path| Folder {
        path: folder.join("plugins"),
        ships: true,
    };
    if let Some(folder) = program.and_then(Path::parent) {
        folders.push(ships(folder));
        folders.extend(folder.parent().map(ships));
    }
    folders.extend(data_folder.map(|folder| Folder::from(folder.join("plugins"))));
    folders
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest;
    use crate::fixture::bare;

    #[test]
    fn the_operators_own_folders_come_first() {
        let folders = search_path(
            Some("/a:/b".as_ref()),
            Some(Path::new("/opt/rutter/bin/rutter")),
            Some(Path::new("/home/o/.local/share/rutter")),
        );
        let expected = [
            ("/a", false),
            ("/b", false),
            ("/opt/rutter/bin/plugins", true),
            ("/opt/rutter/plugins", true),
            ("/home/o/.local/share/rutter/plugins", false),
        ];
        let expected = expected.map(|(path, ships)| Folder {
            path: path.into(),
            ships,
        });
        assert_eq!(folders, expected);
    }

    fn component(name: &str, summary: &str) -> Vec<u8> {
        bare(&format!(
            "[plugin]\nname = '{name}'\nversion = '0.1.0'\nsummary = '{summary}'\nkind = 'read'\n"
        ))
    }

    /// A folder that comes before the one of plugins that ship, and that one.
    struct Two {
        earlier: tempfile::TempDir,
        shipped: tempfile::TempDir,
    }

    impl Two {
        fn new() -> Self {
            let folder = || tempfile::tempdir().expect("a folder");
            Self {
                earlier: folder(),
                shipped: folder(),
            }
        }

        fn write(folder: &tempfile::TempDir, summary: &str) {
            let path = folder.path().join("a-plugin.wasm");
            std::fs::write(path, component("a-plugin", summary)).expect("written");
        }

        fn catalogue(&self) -> Catalogue {
            Catalogue::open([
                Folder::from(self.earlier.path().to_owned()),
                Folder {
                    path: self.shipped.path().to_owned(),
                    ships: true,
                },
            ])
        }
    }

    #[test]
    fn one_that_ships_is_not_replaced_by_one_in_an_earlier_folder() {
        let two = Two::new();
        Two::write(&two.shipped, "ships");
        assert_eq!(
            two.catalogue().find("a-plugin").expect("it").origin,
            Origin::Shipped
        );
        Two::write(&two.earlier, "another");
        let error = two.catalogue().find("a-plugin").expect_err("ambiguous");
        let (text, help) = (error.to_string(), error.help().expect("a remedy"));
        let (shipped, other) = (two.shipped.path(), two.earlier.path());
        assert!(text.contains(&shipped.display().to_string()), "{text}");
        assert!(text.contains(&other.display().to_string()), "{text}");
        assert!(help.contains(&other.display().to_string()), "{help}");
    }

    #[test]
    fn one_that_the_program_holds_ships_and_is_not_replaced() {
        let two = Two::new();
        let bytes: &'static [u8] = component("a-plugin", "held").leak();
        let catalogue = || {
            let mut catalogue = two.catalogue();
            catalogue.hold(&[("a-plugin.wasm", bytes)]);
            catalogue
        };
        let found = catalogue().find("a-plugin").expect("it");
        assert_eq!((found.origin, &*found.bytes), (Origin::Shipped, bytes));
        Two::write(&two.earlier, "another");
        let error = catalogue().find("a-plugin").expect_err("ambiguous");
        let other = two.earlier.path().display().to_string();
        let help = error.help().expect("a remedy");
        assert!(error.to_string().contains("(in rutter itself)"), "{error}");
        assert!(help.contains(&other), "{help}");
    }

    #[test]
    fn what_was_accepted_says_which_of_two_is_meant() {
        let two = Two::new();
        Two::write(&two.shipped, "ships");
        Two::write(&two.earlier, "another");
        let mut catalogue = two.catalogue();
        catalogue.accept("a-plugin", Component::Shipped);
        let found = catalogue.find("a-plugin").expect("the one that ships");
        assert_eq!(found.origin, Origin::Shipped);
        let mut catalogue = two.catalogue();
        let other = digest(&component("a-plugin", "another"));
        catalogue.accept("a-plugin", Component::Digest(other.clone()));
        let found = catalogue.find("a-plugin").expect("the other one");
        assert_eq!((found.origin, found.digest()), (Origin::Other, &*other));
        let mut catalogue = two.catalogue();
        catalogue.accept("a-plugin", Component::Digest("0".repeat(64)));
        assert!(catalogue.find("a-plugin").is_err());
    }

    #[test]
    fn a_copy_of_one_that_ships_is_no_other_one() {
        let two = Two::new();
        Two::write(&two.shipped, "ships");
        Two::write(&two.earlier, "ships");
        let found = two.catalogue().find("a-plugin").expect("it");
        assert_eq!(found.origin, Origin::Shipped);
    }

    #[test]
    fn nothing_ships_in_a_folder_that_everybody_may_write() {
        use std::os::unix::fs::PermissionsExt as _;
        let two = Two::new();
        Two::write(&two.shipped, "ships");
        let open = std::fs::Permissions::from_mode(0o777);
        std::fs::set_permissions(two.shipped.path(), open).expect("set");
        let found = two.catalogue().find("a-plugin").expect("it");
        assert_eq!(found.origin, Origin::Other);
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
