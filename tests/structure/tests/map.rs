//! Every path that ARCHITECTURE.md names leads to something: a file that is moved takes its place in the map along.

use std::fmt;
use std::path::Path;

const PAGE: &str = "ARCHITECTURE.md";

/// A word that begins with one of these is a path, and so is one that ends with one of [`ENDINGS`].
const TOP: [&str; 9] = [
    "runner/",
    "sdk/",
    "plugins/",
    "runbooks/",
    "tests/",
    "scripts/",
    "docs/",
    "Makefile",
    "deny.toml",
];
const ENDINGS: [&str; 2] = [".rs", ".md"];

/// A path that leads nowhere, with the line of the page that names it.
#[derive(Debug, PartialEq)]
struct Lost {
    line: usize,
    path: String,
}

impl fmt::Display for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{PAGE}:{}: nothing is at `{}`", self.line, self.path)
    }
}

/// The paths of a page that lead nowhere below `root`.
fn lost(page: &str, root: &Path) -> Vec<Lost> {
    let lines = page.lines().enumerate();
    lines
        .flat_map(|(index, line)| paths(line).map(move |path| (index + 1, path)))
        .filter(|(_, path)| !leads_somewhere(path, root))
        .map(|(line, path)| Lost {
            line,
            path: path.to_owned(),
        })
        .collect()
}

/// The paths of a line: in backticks, or where a link leads.
fn paths(line: &str) -> impl Iterator<Item = &str> {
    let quoted = line.split('`').skip(1).step_by(2).filter(|word| {
        let is_below = TOP.iter().any(|top| word.starts_with(top));
        is_below || ENDINGS.iter().any(|ending| word.ends_with(ending))
    });
    let links = line
        .split("](")
        .skip(1)
        .filter_map(|rest| rest.split([')', '#']).next())
        .filter(|link| !link.is_empty() && !link.contains("://"));
    quoted.chain(links)
}

/// Whether a path, in which `*` and `NAME` stand for any text without `/`, matches a file or a folder.
fn leads_somewhere(path: &str, root: &Path) -> bool {
    let pattern = path.trim_end_matches('/').replace("NAME", "*");
    let (first, rest) = match pattern.split_once('/') {
        Some((first, rest)) => (first, Some(rest)),
        None => (pattern.as_str(), None),
    };
    let Ok(entries) = std::fs::read_dir(root) else {
        return false;
    };
    entries.filter_map(Result::ok).any(|entry| {
        let name = entry.file_name();
        let fits = name.to_str().is_some_and(|name| matches(first, name));
        fits && rest.is_none_or(|rest| leads_somewhere(rest, &entry.path()))
    })
}

/// Whether a name fits a pattern in which each `*` stands for any text.
fn matches(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == name,
        Some((start, rest)) => name.strip_prefix(start).is_some_and(|tail| {
            let ends = tail.char_indices().map(|(at, _)| at).chain([tail.len()]);
            ends.into_iter().any(|at| matches(rest, &tail[at..]))
        }),
    }
}

#[test]
fn every_path_of_the_map_leads_somewhere() {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."));
    let page = std::fs::read_to_string(root.join(PAGE)).expect("the page is read");
    assert!(
        page.lines().flat_map(paths).count() > 100,
        "the paths of the map are recognised"
    );
    let told: String = lost(&page, root).iter().map(ToString::to_string).collect();
    assert!(told.is_empty(), "\n{told}");
}

#[test]
fn a_path_that_leads_nowhere_is_told_with_its_line() {
    let root = tempfile::tempdir().expect("a folder");
    std::fs::create_dir_all(root.path().join("runner/src/a")).expect("is made");
    std::fs::write(root.path().join("runner/src/a/here.rs"), "").expect("is written");
    let page = "`runner/src/a/here.rs`, `runner/src/a/`, `runner/src/NAME/h*e.rs`, [a](runner/src#part)\n\
        `--flag`, `ecs:DeleteImage`, [elsewhere](https://example.com/a)\n\
        `runner/src/a/gone.rs` and `gone.rs`\n\
        `runner/src/NAME/*.toml`\n\
        [a link](docs/gone.md)\n";
    let told: Vec<(usize, String)> = lost(page, root.path())
        .into_iter()
        .map(|lost| (lost.line, lost.path))
        .collect();
    let nowhere = [
        (3, "runner/src/a/gone.rs"),
        (3, "gone.rs"),
        (4, "runner/src/NAME/*.toml"),
        (5, "docs/gone.md"),
    ];
    assert_eq!(told, nowhere.map(|(line, path)| (line, path.to_owned())));
}
