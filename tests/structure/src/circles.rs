//! What imports each other in a circle.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;
use std::path::{Path, PathBuf};

use crate::imports::Import;

/// Entries of a folder that import each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Circle {
    /// The folder, from the root of the workspace.
    pub folder: PathBuf,
    /// All entries that lie on a circle with each other.
    pub entries: Vec<PathBuf>,
    /// The shortest way around: each leads to the next, the last to the first.
    pub way: Vec<Import>,
}

impl fmt::Display for Circle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<String> = self.entries.iter().map(|entry| name(entry)).collect();
        writeln!(
            f,
            "{}: {} import each other",
            self.folder.display(),
            names.join(", ")
        )?;
        for import in &self.way {
            writeln!(
                f,
                "  {}:{} names `{}` of {}",
                import.from.display(),
                import.line,
                import.path,
                import.to.display()
            )?;
        }
        Ok(())
    }
}

fn name(entry: &Path) -> String {
    entry
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

/// The circles of each folder, in the order of their paths.
#[must_use]
pub fn circles(imports: &[Import]) -> Vec<Circle> {
    let mut folders: BTreeMap<PathBuf, Edges> = BTreeMap::new();
    for import in imports {
        if let Some((folder, from, to)) = apart(&import.from, &import.to) {
            folders
                .entry(folder)
                .or_default()
                .entry((from, to))
                .or_insert(import);
        }
    }
    folders
        .into_iter()
        .flat_map(|(folder, edges)| circles_of(&folder, &edges))
        .collect()
}

/// The folder where two files part, and the entry of it to which each belongs. None if one is the file of that folder.
fn apart(from: &Path, to: &Path) -> Option<(PathBuf, PathBuf, PathBuf)> {
    let (from, to) = (place(from), place(to));
    let shared = from
        .iter()
        .zip(&to)
        .take_while(|(from, to)| from == to)
        .count();
    let entry = |place: &[String]| {
        (place.len() > shared).then(|| place[..=shared].iter().collect::<PathBuf>())
    };
    Some((from[..shared].iter().collect(), entry(&from)?, entry(&to)?))
}

/// The folders of a module: `a/b.rs` and `a/b/mod.rs` are both `a/b`.
fn place(file: &Path) -> Vec<String> {
    let mut parts: Vec<String> = file
        .iter()
        .map(|part| part.to_string_lossy().into_owned())
        .collect();
    match parts.pop() {
        Some(last) if last != "mod.rs" && last != "lib.rs" => {
            parts.push(last.trim_end_matches(".rs").to_owned())
        }
        _ => {}
    }
    parts
}

type Edges<'a> = BTreeMap<(PathBuf, PathBuf), &'a Import>;

fn circles_of(folder: &Path, edges: &Edges) -> Vec<Circle> {
    let entries: BTreeSet<&PathBuf> = edges.keys().map(|(from, _)| from).collect();
    let ways: BTreeMap<&PathBuf, Ways> = entries
        .iter()
        .map(|entry| (*entry, ways(entry, edges)))
        .collect();
    let mut found: Vec<Circle> = Vec::new();
    for entry in entries {
        let leads_back =
            |other: &&PathBuf| ways.get(other).is_some_and(|ways| ways.contains_key(entry));
        let together: Vec<PathBuf> = ways[entry]
            .keys()
            .copied()
            .filter(leads_back)
            .cloned()
            .collect();
        if !together.is_empty() && !found.iter().any(|circle| circle.entries.contains(entry)) {
            let around = together.iter().filter_map(|entry| ways[entry].get(entry));
            let way = around
                .min_by_key(|way| way.len())
                .cloned()
                .unwrap_or_default();
            found.push(Circle {
                folder: folder.to_owned(),
                entries: together,
                way,
            });
        }
    }
    found
}

/// Each entry that can be reached, with the shortest way to it.
type Ways<'a> = BTreeMap<&'a PathBuf, Vec<Import>>;

fn ways<'a>(start: &PathBuf, edges: &'a Edges) -> Ways<'a> {
    let mut found = Ways::new();
    let mut waiting = VecDeque::from([(start, Vec::new())]);
    while let Some((at, way)) = waiting.pop_front() {
        for ((_, to), import) in edges.iter().filter(|((from, _), _)| from == at) {
            if !found.contains_key(to) {
                let longer = [way.clone(), vec![(*import).clone()]].concat();
                found.insert(to, longer.clone());
                waiting.push_back((to, longer));
            }
        }
    }
    found
}
