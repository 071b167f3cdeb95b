//! The book in `docs/`: what stands in it is true. `BOOK=write` corrects what commands print, and the page of the plugins.

use std::path::{Path, PathBuf};

use rutter_tests::Bench;
use rutter_tests::book::{Block, Page, check, keys, plugins};

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
    let only = std::env::var("BOOK_PAGE").unwrap_or_default();
    let mut pages = pages();
    pages.retain(|page| page.display().to_string().contains(&only));
    // Most of a page's time is waiting.
    let problems: Vec<String> = std::thread::scope(|scope| {
        let checks: Vec<_> = pages
            .iter()
            .map(|page| scope.spawn(|| carry_out(page)))
            .collect();
        let ended = checks
            .into_iter()
            .map(|check| check.join().expect("a page was carried out"));
        ended.flatten().collect()
    });
    let number = problems.len();
    assert!(
        problems.is_empty(),
        "{number} blocks are not true:\n\n{}",
        problems.join("\n\n")
    );
}

/// What is wrong with a page; corrects it if that was asked for.
fn carry_out(page: &Path) -> Vec<String> {
    let text = read(page);
    let path = source().join(page);
    let folder = path.parent().expect("a page lies in a folder");
    let findings = check(&page.display().to_string(), &text, folder);
    if written() && findings.corrected != text {
        std::fs::write(&path, &findings.corrected).expect("a page can be written");
    }
    findings.problems.iter().map(ToString::to_string).collect()
}

/// What a reader of a page copies: its files, and the commands without what they print.
fn copied(page: &str) -> Vec<(String, String)> {
    let blocks = Page::read(page, &read(Path::new(page)), &source()).blocks;
    let typed = |text: &str| {
        text.lines()
            .filter(|line| line.starts_with("$ "))
            .collect::<Vec<_>>()
            .join("\n")
    };
    let text = |block: &Block| match block.info.starts_with("console") {
        true => typed(&block.text),
        false => block.text.clone(),
    };
    blocks
        .into_iter()
        .map(|block| (block.info.clone(), text(&block)))
        .collect()
}

#[test]
fn a_translated_page_has_the_blocks_of_the_page() {
    for page in ["first-rehearsal.md", "night-of-a-cutover.md", "editors.md"] {
        for language in ["zh", "ja"] {
            assert_eq!(
                copied(&format!("{language}/{page}")),
                copied(page),
                "{language}"
            );
        }
    }
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

/// Asserts that the text of a page, its blocks aside, has each of these keys in code.
fn names(page: &str, keys: impl IntoIterator<Item = String>) {
    let text = read(Path::new(page));
    let prose: String = text.split("```").step_by(2).collect();
    let code: Vec<&str> = prose.split('`').skip(1).step_by(2).collect();
    let named = |key: &String| {
        code.iter().any(|code| {
            code.split(|c: char| !c.is_alphanumeric() && c != '_')
                .any(|word| word == key)
        })
    };
    let missing: Vec<String> = keys.into_iter().filter(|key| !named(key)).collect();
    assert!(
        missing.is_empty(),
        "{page} does not name {}",
        missing.join(", ")
    );
}

#[test]
fn the_language_reference_names_every_key() {
    let top = Bench::top();
    let schema = keys::read_by_calls(&top.join("runner/runbook/src/schema.rs"));
    assert!(schema.len() > 25, "the keys are found: {schema:?}");
    let fields = keys::read_into_structures(&top.join("sdk/manifest/src/field.rs"));
    let like = keys::read_into_structures(&top.join("sdk/manifest/src/like.rs"));
    names("language.md", schema.into_iter().chain(fields).chain(like));
}

#[test]
fn the_language_reference_names_every_filter() {
    let filters = Bench::top().join("runner/expression/src/filters.rs");
    let text = std::fs::read_to_string(filters).expect("the source can be read");
    let named = text
        .split("filter(\"")
        .skip(1)
        .filter_map(|rest| rest.split('"').next());
    let named: Vec<String> = named.map(str::to_owned).collect();
    assert!(named.len() > 10, "the filters are found: {named:?}");
    names("language.md", named);
}

#[test]
fn the_reference_of_settings_names_every_key() {
    let folder = Bench::top().join("runner/src");
    let mut found = keys::read_into_structures(&folder.join("settings.rs"));
    for file in ["http", "limits", "pace", "profile"] {
        found.extend(keys::read_into_structures(
            &folder.join(format!("settings/{file}.rs")),
        ));
    }
    assert!(found.len() > 35, "the keys are found: {found:?}");
    names("settings.md", found);
}

#[test]
fn the_page_of_exit_codes_has_each_of_them() {
    let source = Bench::top().join("runner/src/cli/exit.rs");
    let source = std::fs::read_to_string(source).expect("the source can be read");
    let codes = source.lines().filter_map(|line| {
        let code = line.trim().strip_prefix("Self::")?.split_once(" => ")?.1;
        code.strip_suffix(',')?.parse::<u8>().ok()
    });
    let codes: Vec<u8> = codes.collect();
    assert!(codes.len() > 8, "the codes are found: {codes:?}");
    let page = read(Path::new("exit-codes.md"));
    for code in codes {
        assert!(
            page.contains(&format!("\n| {code} | ")),
            "the page does not have {code}"
        );
    }
}

#[test]
fn the_page_of_the_plugins_is_what_their_manifests_say() {
    let page = plugins::page(&Bench::top().join("plugins"));
    if written() {
        std::fs::write(source().join("plugins.md"), &page).expect("a page can be written");
    }
    assert!(
        read(Path::new("plugins.md")) == page,
        "write it anew: `BOOK=write cargo test --workspace --test book`"
    );
}
