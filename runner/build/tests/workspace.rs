//! From a plugin's source to a `.wasm` that describes itself. Needs the compiler's library for the
//! guest's target; says so and passes where there is none (`scripts/wasm-target` gets it).

use std::path::{Path, PathBuf};
use std::process::Command;

use rutter_build::{BuildError, Built, Options, build};
use rutter_plugin::{Catalogue, inspect};

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Builds plugins of the workspace, or `None` on a machine that cannot.
fn built(names: &[&str], output: &Path) -> Option<Vec<Built>> {
    let options = Options {
        source: workspace(),
        only: names.iter().map(|name| (*name).to_owned()).collect(),
        output: Some(output.to_owned()),
        target: None,
        offline: true,
        start: |program| Command::new(program),
    };
    match build(&options) {
        Ok(built) => Some(built),
        Err(BuildError::NoTarget(_)) => None,
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn a_built_plugin_describes_itself_and_imports_nothing_but_the_interface() {
    let folder = tempfile::tempdir().unwrap();
    let Some(built) = built(&["create-role"], folder.path()) else {
        return;
    };
    let [role] = &built[..] else {
        panic!("one plugin was asked for")
    };
    let bytes = std::fs::read(&role.path).unwrap();
    let inspected = inspect(&bytes).unwrap();
    assert_eq!(inspected.manifest.plugin.name, "create-role");
    assert_eq!(inspected.line, "0.1");
    assert!(
        inspected
            .imports
            .iter()
            .all(|import| import.starts_with("rutter:step/")),
        "{:?}",
        inspected.imports
    );
    let text =
        std::fs::read_to_string(workspace().join("plugins/create-role/plugin.toml")).unwrap();
    assert_eq!(inspected.manifest_text, text);
    let home = std::env::home_dir().unwrap();
    let home = home.to_string_lossy().into_owned().into_bytes();
    assert!(
        !bytes.windows(home.len()).any(|window| window == home),
        "a folder of this machine is in the component"
    );
    let catalogue = Catalogue::open([folder.path().to_owned()]);
    assert_eq!(
        catalogue.find("create-role").unwrap().digest(),
        inspected.digest
    );
}

#[test]
fn a_misspelled_plugin_is_answered_with_the_nearest_name() {
    let options = Options {
        source: workspace(),
        only: vec!["create-rol".to_owned()],
        output: None,
        target: None,
        offline: true,
        start: |program| Command::new(program),
    };
    let error = build(&options).unwrap_err();
    assert_eq!(error.help().as_deref(), Some("did you mean `create-role`?"));
}

#[test]
fn a_folder_without_a_package_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let options = Options {
        source: folder.path().to_owned(),
        only: Vec::new(),
        output: None,
        target: None,
        offline: true,
        start: |program| Command::new(program),
    };
    let error = build(&options).unwrap_err();
    assert!(matches!(error, BuildError::NoPackage { .. }), "{error}");
}
