//! The book in `docs/`: what stands in it is true. `BOOK=write` corrects what commands print, and the page of the plugins.

use std::path::{Path, PathBuf};

use rutter_tests::Bench;
use rutter_tests::book::check;

fn source() -> PathBuf {
    Bench::top().join("docs/src")
}

/// The pages, by their paths from `docs/src`.
fn pages() -> Vec<PathBuf> {
    let mut pages = Vec::new();
    let mut folders = vec![source()];
    while let Some(folder) = folders.pop() {
        let entries = std::fs::read_dir(&folder).expect("the book is there");
        for path in entries.map(|entry| entry.expect("the book can be read").path()) {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "md") {
                let inside = path.strip_prefix(source()).expect("it lies in the book");
                pages.push(inside.to_owned());
            }
        }
    }
    pages.sort();
    pages
}

fn written() -> bool {
    std::env::var_os("BOOK").is_some_and(|value| value == "write")
}

fn read(page: &Path) -> String {
    let path = source().join(page);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn every_block_is_checked_and_every_command_run() {
    let only = std::env::var("BOOK_PAGE").ok();
    let mut found = Vec::new();
    for page in pages() {
        let name = page.display().to_string();
        if only
            .as_ref()
            .is_some_and(|only| !name.contains(only.as_str()))
        {
            continue;
        }
        let text = read(&page);
        let path = source().join(&page);
        let folder = path.parent().expect("a page lies in a folder");
        let findings = check(&name, &text, folder);
        if written() && findings.corrected != text {
            std::fs::write(&path, &findings.corrected).expect("a page can be written");
        }
        found.extend(findings.problems.iter().map(ToString::to_string));
    }
    assert!(
        found.is_empty(),
        "{} blocks are not true:\n\n{}",
        found.len(),
        found.join("\n\n")
    );
}

#[test]
fn every_page_is_in_the_summary_and_every_one_of_the_summary_is_there() {
    let summary = read(Path::new("SUMMARY.md"));
    let mut named: Vec<PathBuf> = summary
        .split("](")
        .skip(1)
        .filter_map(|rest| rest.split(')').next())
        .map(PathBuf::from)
        .collect();
    named.sort();
    let mut there = pages();
    there.retain(|page| page != Path::new("SUMMARY.md"));
    assert_eq!(named, there);
}

#[test]
fn every_link_between_pages_leads_to_one() {
    let mut lost = Vec::new();
    for page in pages() {
        let text = read(&page);
        let folder = source()
            .join(&page)
            .parent()
            .expect("a page lies in a folder")
            .to_owned();
        let links = text
            .split("](")
            .skip(1)
            .filter_map(|rest| rest.split([')', '#']).next());
        for link in links.filter(|link| !link.is_empty() && !link.contains("://")) {
            if !folder.join(link).is_file() {
                lost.push(format!("{}: nothing is at `{link}`", page.display()));
            }
        }
    }
    assert!(lost.is_empty(), "{}", lost.join("\n"));
}
