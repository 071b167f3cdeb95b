//! Lists what the entries of each circle import of each other: `cargo run -p rutter-structure --example edges`.
#![allow(clippy::print_stdout, clippy::unwrap_used)]
use rutter_structure::{circles, imports, packages};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

fn main() {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."));
    for package in packages(root, &["runner", "sdk", "plugins"]).unwrap() {
        let imports = imports(&package);
        for circle in circles(&imports) {
            println!(
                "# {}: {:?}",
                circle.folder.display(),
                circle
                    .entries
                    .iter()
                    .map(|e| e.file_name().unwrap().to_string_lossy().into_owned())
                    .collect::<Vec<_>>()
            );
            let mut edges: BTreeMap<(String, String), BTreeSet<String>> = BTreeMap::new();
            let entry = |file: &Path| {
                circle
                    .entries
                    .iter()
                    .find(|e| file.starts_with(e) || file.with_extension("") == **e)
                    .map(|e| e.file_name().unwrap().to_string_lossy().into_owned())
            };
            for i in &imports {
                if let (Some(a), Some(b)) = (entry(&i.from), entry(&i.to))
                    && a != b
                {
                    edges.entry((a, b)).or_default().insert(format!(
                        "{}>{}::{}",
                        i.from.strip_prefix(&circle.folder).unwrap().display(),
                        i.to.strip_prefix(&circle.folder).unwrap().display(),
                        i.path.rsplit("::").next().unwrap()
                    ));
                }
            }
            for ((a, b), names) in edges {
                println!(
                    "  {a} -> {b} ({}): {}",
                    names.len(),
                    names.iter().take(12).cloned().collect::<Vec<_>>().join(" ")
                );
            }
        }
    }
}
