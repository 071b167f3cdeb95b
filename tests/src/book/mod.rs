//! The book in `docs/`, held to what it says: every block of a page names its kind and is checked, and every command is run.
//!
//! A page is one temporary folder, and its blocks are taken in their order. `page.rs` finds the blocks, `kind.rs` says
//! which kinds there are, `stage.rs` carries them out, `shown.rs` compares what a command prints with what the page shows, and
//! `fragment.rs` puts a part of a file into the file. `docs/src/background/this-book.md` says how a page is written.

mod fragment;
pub mod keys;
mod kind;
mod page;
pub mod plugins;
mod shown;
mod stage;

use std::path::Path;

pub use page::{Block, Page};
pub use stage::Stage;

/// What is wrong with a block, and where.
#[derive(Debug, PartialEq, Eq)]
pub struct Problem {
    /// The page and the line at which the block begins.
    pub place: String,
    /// What is wrong, and what to write instead.
    pub message: String,
}

impl std::fmt::Display for Problem {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}: {}", self.place, self.message)
    }
}

/// What was found on a page.
pub struct Findings {
    /// What is wrong, in the order of the page.
    pub problems: Vec<Problem>,
    /// The page with what the commands really print; equal to the page when all of it is true.
    pub corrected: String,
}

/// Carries out a page. `folder` is where its includes start from.
pub fn check(name: &str, text: &str, folder: &Path) -> Findings {
    let page = Page::read(name, text, folder);
    let mut problems = page.problems;
    let mut stage = Stage::new();
    let mut corrected = text.to_owned();
    let mut changes = Vec::new();
    let problem = |line: usize, message: String| Problem {
        place: format!("{name}:{line}"),
        message,
    };
    for block in &page.blocks {
        let outcome = stage.carry_out(block);
        let found = outcome.problems.into_iter();
        problems.extend(found.map(|message| problem(block.line, message)));
        if let (Some(text), Some(range)) = (outcome.corrected, &block.range) {
            changes.push((range.clone(), text));
        }
    }
    let left = stage.finish().into_iter();
    problems.extend(left.map(|(line, message)| problem(line, message)));
    for (range, text) in changes.into_iter().rev() {
        corrected.replace_range(range, &text);
    }
    Findings {
        problems,
        corrected,
    }
}
