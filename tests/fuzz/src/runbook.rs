use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use rutter_diagnostic::neutral::Style;
use rutter_diagnostic::{Diagnostic, Source, render_all};
use rutter_engine::Plan;
use rutter_plugin::fixture::bare;
use rutter_plugin::{Origin, Plugin};
use rutter_runbook::{Binding, Checked, InputSources, Load, NotFound, Plugins, Reach, load_text};

use crate::drive;

/// A runbook: it is refused with messages, or its plan is written and read again as the same, and begins.
pub fn runbook(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    match load(text) {
        Err(problems) => {
            for style in [Style::Plain, Style::Coloured] {
                assert!(!render_all(&problems, style).trim().is_empty());
            }
        }
        Ok(checked) => {
            let json = serde_json::to_string(&checked.plan).expect("a plan can be recorded");
            let again: Plan = serde_json::from_str(&json).expect("what was recorded can be read");
            assert_eq!(again, checked.plan);
            drive::drive(&checked);
        }
    }
}

/// Loads a text, ready to run; of its inputs, two are given.
pub fn load(text: &str) -> Result<Checked, Vec<Diagnostic>> {
    let binding = |name: &str| {
        let binding = Binding {
            profile: name.to_owned(),
            region: "cn-hangzhou".to_owned(),
            ..Binding::default()
        };
        (name.to_owned(), binding)
    };
    let given = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let load = Load {
        plugins: &Shelf,
        reach: &Reach::default(),
        inputs: InputSources {
            set: vec![given("instance", "r-abc"), given("days", "3")],
            ..InputSources::default()
        },
        bind: Some(&|names| {
            let mut bound = BTreeMap::from(["source", "destination"].map(binding));
            bound.retain(|name, _| names.contains(&name.as_str()));
            bound
        }),
        secret: &|path| format!("placeholder-{path}"),
        accept: &|_| Ok(()),
    };
    load_text(
        &Source::new("fuzz.toml", text),
        Path::new("/nonexistent"),
        &load,
    )
}

/// Some of the plugins that ship, without code.
struct Shelf;

const MANIFESTS: [&str; 3] = [
    include_str!("../../../plugins/create-role/plugin.toml"),
    include_str!("../../../plugins/copy-image/plugin.toml"),
    include_str!("../../../plugins/configure-dts-task/plugin.toml"),
];

/// The plugins, each read once.
fn shelf() -> &'static [Arc<Plugin>] {
    static SHELF: OnceLock<Vec<Arc<Plugin>>> = OnceLock::new();
    SHELF.get_or_init(|| {
        let plugin = |manifest| {
            let plugin = Plugin::new("it.wasm".into(), bare(manifest), Origin::Shipped);
            Arc::new(plugin.expect("a manifest that ships"))
        };
        MANIFESTS.into_iter().map(plugin).collect()
    })
}

impl Plugins for Shelf {
    fn find(&self, name: &str) -> Result<Arc<Plugin>, NotFound> {
        let mut all = shelf().iter();
        let named = all.find(|plugin| plugin.manifest().plugin.name == name);
        named.cloned().ok_or(NotFound::Unknown {
            folders: Vec::new(),
        })
    }

    fn open(&self, _: &Path) -> Result<Arc<Plugin>, NotFound> {
        Err(NotFound::Unusable {
            message: "no plugin is opened here".to_owned(),
            help: None,
        })
    }

    fn names(&self) -> Vec<String> {
        let names = shelf().iter();
        names
            .map(|plugin| plugin.manifest().plugin.name.clone())
            .collect()
    }
}
