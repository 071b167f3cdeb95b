//! The program's own files, and a copy with a circle put in.

use std::path::Path;

use rutter_structure::{Circle, circles, imports, packages};

const FOLDERS: [&str; 3] = ["runner", "sdk", "plugins"];

fn workspace() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

fn circles_of(root: &Path) -> Vec<Circle> {
    let packages = packages(root, &FOLDERS).expect("all files are read");
    packages
        .iter()
        .flat_map(|package| circles(&imports(package)))
        .collect()
}

#[test]
fn nothing_imports_in_a_circle() {
    let found = circles_of(workspace());
    let told: String = found.iter().map(ToString::to_string).collect();
    assert!(found.is_empty(), "{} circles\n\n{told}", found.len());
}
