//! The blocks of a page, found by the parser that mdBook itself uses.

use std::ops::Range;
use std::path::Path;

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};

use super::Problem;

/// A page and its blocks.
pub struct Page {
    /// The blocks, in their order.
    pub blocks: Vec<Block>,
    /// What is wrong before anything is carried out.
    pub problems: Vec<Problem>,
}

/// A block of code.
#[derive(Debug)]
pub struct Block {
    /// The info string: what stands behind the fence.
    pub info: String,
    /// What stands in it, includes put in.
    pub text: String,
    /// The line of its fence.
    pub line: usize,
    /// Where its text stands on the page; unknown for one that is indented as a whole, or includes a file.
    pub range: Option<Range<usize>>,
}

impl Page {
    /// Finds the blocks of a page; includes start from `folder`.
    pub fn read(name: &str, text: &str, folder: &Path) -> Self {
        let mut page = Self {
            blocks: Vec::new(),
            problems: Vec::new(),
        };
        let mut open: Option<Block> = None;
        let parser = Parser::new_ext(text, Options::ENABLE_TABLES | Options::ENABLE_FOOTNOTES);
        for (event, range) in parser.into_offset_iter() {
            match event {
                Event::Start(Tag::CodeBlock(kind)) => {
                    let info = match kind {
                        CodeBlockKind::Fenced(info) => info.to_string(),
                        CodeBlockKind::Indented => String::new(),
                    };
                    open = Some(Block {
                        info,
                        text: String::new(),
                        line: 1 + text[..range.start].matches('\n').count(),
                        range: None,
                    });
                }
                Event::Text(part) => {
                    if let Some(block) = &mut open {
                        block.text.push_str(&part);
                        let start = block.range.take().map_or(range.start, |range| range.start);
                        block.range = Some(start..range.end);
                    }
                }
                Event::Html(html) | Event::InlineHtml(html) if hides_code(&html) => {
                    let line = 1 + text[..range.start].matches('\n').count();
                    page.problems.push(Problem {
                        place: format!("{name}:{line}"),
                        message: "code stands in a block with a kind, not in `<pre>` or `<code>`"
                            .to_owned(),
                    });
                }
                Event::End(TagEnd::CodeBlock) => page.blocks.extend(open.take()),
                _ => {}
            }
        }
        for block in &mut page.blocks {
            let place = format!("{name}:{}", block.line);
            // A block in a list is indented on the page and not in its text.
            let range = block.range.take();
            block.range = range.filter(|range| text[range.clone()] == block.text);
            if let Err(message) = include(block, folder) {
                page.problems.push(Problem { place, message });
            }
        }
        page
    }
}

/// Whether HTML would show code that no block holds.
fn hides_code(html: &str) -> bool {
    let html = html.to_ascii_lowercase();
    html.contains("<pre") || html.contains("<code")
}

/// Puts in the file of a block that consists of `{{#include FILE}}`, as mdBook does.
fn include(block: &mut Block, folder: &Path) -> Result<(), String> {
    let inner = block.text.trim().strip_prefix("{{#include ");
    let Some(file) = inner.and_then(|inner| inner.strip_suffix("}}")) else {
        return Ok(());
    };
    let path = folder.join(file.trim());
    block.text = std::fs::read_to_string(&path)
        .map_err(|error| format!("`{}` cannot be included: {error}", path.display()))?;
    block.range = None;
    Ok(())
}
