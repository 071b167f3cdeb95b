//! Native tests of plugins: `cases/*.toml` run against a script of answers or the simulated cloud, driven by
//! the same engine as a run (`stage.rs`).
//!
//! A case is data, so that it serves other languages and rehearsals alike; README.md of the SDK
//! describes the format. Besides what a case expects, every case is held to the rules that the host
//! will hold the plugin to: it calls only what its manifest permits, with parameters the contracts
//! accept; it makes the same calls when it is run again; in a world, its reverses restore the world,
//! and it survives the loss of the answer of any change.

mod case;
mod double;
mod expect;
mod run;
mod script;
mod simulated;
mod stage;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::path::Path;

use rutter_manifest::Manifest;

use crate::plugin::Plugin;

/// Runs one case; `path` is relative to the crate's folder.
///
/// # Panics
///
/// With everything that was not as it should be.
pub fn run_case(plugin: &Plugin, crate_folder: &str, path: &str) {
    let report = run::run(plugin, &Path::new(crate_folder).join(path));
    assert!(
        report.problems.is_empty(),
        "{}",
        listed(path, &report.problems)
    );
}

/// Runs every case of the folder `cases`, those that were added since the test was compiled too, and
/// holds the manifest to the calls that were made: a permission that no case needs is one too many.
///
/// # Panics
///
/// With the names of the cases that fail, and the permissions that were never used.
pub fn run_folder(plugin: &Plugin, crate_folder: &str) {
    let mut problems = Vec::new();
    let mut used = BTreeSet::new();
    let cases = case::files(&Path::new(crate_folder).join("cases"));
    for path in &cases {
        let report = run::run(plugin, path);
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        problems.extend(
            report
                .problems
                .iter()
                .map(|problem| format!("{name}: {problem}")),
        );
        used.extend(report.used);
    }
    if cases.is_empty() {
        problems.push("the folder `cases` has no case".to_owned());
    }
    let manifest = Manifest::parse(plugin.manifest).expect("the macro has read it already");
    let permissions = manifest.permissions.iter().enumerate();
    let declared = permissions.flat_map(|(index, permission)| {
        let http = permission.http.as_ref();
        let http = http.map(|_| stage::http_permission(index));
        permission.call.iter().cloned().chain(http)
    });
    // Which calls an undo of the plugin's own makes depends on how far the step had come.
    let has_own_undo = manifest.plugin.undo && manifest.plugin.nothing_to_undo.is_none();
    let judged = declared.filter(|_| !has_own_undo);
    for call in judged.filter(|call| !used.contains(&call.to_lowercase())) {
        problems.push(format!("no case needs the permission `{call}`"));
    }
    assert!(problems.is_empty(), "{}", listed("cases", &problems));
}

fn listed(name: &str, problems: &[String]) -> String {
    problems.iter().fold(format!("{name}:"), |text, problem| {
        format!("{text}\n  - {problem}")
    })
}
