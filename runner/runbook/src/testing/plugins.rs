//! Pretended plugins: manifests without components.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rutter_plugin::fixture::bare;
use rutter_plugin::{Origin, Plugin};

use crate::{NotFound, Plugins};

/// The pretended plugins.
pub(super) struct Pretended;

/// The text of a manifest, which the tests of schemas read as well.
macro_rules! manifest {
    ($name:literal) => {
        include_str!(concat!(
            "../../../../tests/runbooks/pretended/",
            $name,
            ".toml"
        ))
    };
}

const MANIFESTS: [&str; 5] = [
    manifest!("create-role"),
    manifest!("configure-task"),
    manifest!("copy-image"),
    manifest!("say-hello"),
    manifest!("set-limits"),
];

fn found(text: &str) -> Arc<Plugin> {
    let path = PathBuf::from("pretended.wasm");
    let plugin = Plugin::new(path, bare(text), Origin::Shipped);
    Arc::new(plugin.expect("the pretended manifests are good"))
}

impl Plugins for Pretended {
    fn find(&self, name: &str) -> Result<Arc<Plugin>, NotFound> {
        if name == "broken" {
            return Err(NotFound::Unusable {
                message: "`plugins/broken.wasm` is no component".to_owned(),
                help: Some("build it with `rutter plugin build`".to_owned()),
            });
        }
        MANIFESTS
            .iter()
            .map(|text| found(text))
            .find(|found| found.manifest().plugin.name == name)
            .ok_or_else(|| NotFound::Unknown {
                folders: vec![PathBuf::from("plugins"), PathBuf::from("more/plugins")],
            })
    }

    fn open(&self, path: &Path) -> Result<Arc<Plugin>, NotFound> {
        match path.file_stem().and_then(|stem| stem.to_str()) {
            Some("create-role") => self.find("create-role"),
            _ => Err(NotFound::Unusable {
                message: format!("`{}` cannot be read: no such file", path.display()),
                help: None,
            }),
        }
    }

    fn names(&self) -> Vec<String> {
        let names = MANIFESTS
            .iter()
            .map(|text| found(text).manifest().plugin.name.clone());
        names.collect()
    }
}
