//! Where this program finds plugins.

use crate::plugin::{Catalogue, CatalogueError, PATH_VARIABLE, search_path};
use crate::settings::Environment;

/// The plugins of the search path.
pub(super) fn catalogue(environment: &Environment) -> Catalogue {
    let program = std::env::current_exe().ok();
    let data = environment
        .get("XDG_DATA_HOME")
        .map(std::path::PathBuf::from);
    let data = data.or_else(|| environment.home().map(|home| home.join(".local/share")));
    Catalogue::open(search_path(
        environment
            .get(PATH_VARIABLE)
            .as_deref()
            .map(std::ffi::OsStr::new),
        program.as_deref(),
        data.map(|folder| folder.join("rutter")).as_deref(),
    ))
}

/// What can be done about a plugin that cannot be had.
pub(super) fn help(error: &CatalogueError) -> Option<String> {
    match error {
        CatalogueError::Unknown { nearest, .. } => nearest
            .as_ref()
            .map(|name| format!("did you mean `{name}`?")),
        CatalogueError::Plugin { error, .. } => error.help(),
        CatalogueError::Misnamed { name, .. } => Some(format!("rename it to `{name}.wasm`")),
        CatalogueError::Unreadable { .. } => None,
    }
}
