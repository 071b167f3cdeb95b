//! Where this program finds plugins.

use rutter_plugin::{Catalogue, PATH_VARIABLE, search_path};

use crate::settings::Environment;
use crate::standard::PLUGINS;

/// The plugins of the program and of the search path. A program that holds plugins has none beside it: what lies there
/// is of another build.
pub(super) fn catalogue(environment: &Environment) -> Catalogue {
    let program = std::env::current_exe().ok();
    let program = program.filter(|_| PLUGINS.is_empty());
    let data = environment
        .get("XDG_DATA_HOME")
        .map(std::path::PathBuf::from);
    let data = data.or_else(|| environment.home().map(|home| home.join(".local/share")));
    let mut catalogue = Catalogue::open(search_path(
        environment
            .get(PATH_VARIABLE)
            .as_deref()
            .map(std::ffi::OsStr::new),
        program.as_deref(),
        data.map(|folder| folder.join("rutter")).as_deref(),
    ));
    catalogue.hold(PLUGINS);
    catalogue
}
