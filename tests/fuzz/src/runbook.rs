use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use rutter::diagnostic::{Diagnostic, Source, render_all};
use rutter::neutral::Style;
use rutter::plugin::Origin;
use rutter::runbook::{Binding, Checked, Found, InputSources, Load, NotFound, Plugins, load_text};
use rutter_engine::Plan;
use rutter_manifest::Manifest;

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
            expected_id: None,
        };
        (name.to_owned(), binding)
    };
    let given = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let load = Load {
        plugins: &Shelf,
        inputs: InputSources {
            set: vec![given("instance", "r-abc"), given("days", "3")],
            ..InputSources::default()
        },
        bindings: Some(BTreeMap::from(["source", "destination"].map(binding))),
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

fn found(text: &str) -> Found {
    let manifest = Manifest::parse(text).expect("a manifest that ships");
    Found {
        digest: format!("{:0>64}", text.len()),
        manifest: Arc::new(manifest),
        origin: Origin::Shipped,
        bytes: Arc::from([]),
    }
}

impl Plugins for Shelf {
    fn find(&self, name: &str) -> Result<Found, NotFound> {
        let all = MANIFESTS.into_iter().map(found);
        let mut named = all.filter(|found| found.manifest.plugin.name == name);
        named.next().ok_or(NotFound::Unknown {
            folders: Vec::new(),
        })
    }

    fn open(&self, _: &Path) -> Result<Found, NotFound> {
        Err(NotFound::Unusable {
            message: "no plugin is opened here".to_owned(),
            help: None,
        })
    }

    fn names(&self) -> Vec<String> {
        let names = MANIFESTS.into_iter().map(found);
        names
            .map(|found| found.manifest.plugin.name.clone())
            .collect()
    }
}
