//! Messages for people on call: what happened, where, what state things are in, what to do next.
//!
//! Whoever finds a problem describes it as a [`Diagnostic`]; this file alone knows what one looks
//! like. It prints nothing: [`Diagnostic::render`] gives text, and `ui` decides where it goes.

pub mod neutral;
pub mod shell;

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use annotate_snippets::{
    AnnotationKind, Group, Level, Origin, Renderer, Snippet, normalize_untrusted_str,
};

pub use rutter_expression::Span;

use crate::neutral::{Style, neutral, one_line};

/// Columns after which a source line is cut. Fixed, so that a message is the same everywhere.
const WIDTH: usize = 140;
/// Messages shown at once: nobody mends more before the next try.
const SHOWN_MAX: usize = 50;

/// A text with its name, shared by all messages about it.
#[derive(Clone, Eq)]
pub struct Source {
    name: Arc<str>,
    text: Arc<str>,
}

impl PartialEq for Source {
    fn eq(&self, other: &Self) -> bool {
        // Mostly it is the very same text, which need not be looked through.
        self.name == other.name && (Arc::ptr_eq(&self.text, &other.text) || self.text == other.text)
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "Source({}, {} bytes)",
            self.name,
            self.text.len()
        )
    }
}

impl Source {
    /// A text and the name that people know it by, usually the path as they typed it.
    pub fn new(name: impl Into<Arc<str>>, text: impl Into<Arc<str>>) -> Self {
        Self {
            name: name.into(),
            text: text.into(),
        }
    }

    /// The name that messages call the text by, such as the path of its file.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The text itself.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Line and column of a byte, both counted from 1, the column in characters.
    pub fn place(&self, offset: usize) -> (u32, u32) {
        let before = &self.text[..self.boundary(offset)];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
        let column = before[line_start..].chars().count() + 1;
        (
            u32::try_from(line).unwrap_or(u32::MAX),
            u32::try_from(column).unwrap_or(u32::MAX),
        )
    }

    /// The rest of the line from a line and column, both counted from 1: what a plan's
    /// `SourceLine` stands for. Trailing white space is left out.
    pub fn span_at(&self, line: u32, column: u32) -> Option<Span> {
        let index = usize::try_from(line.checked_sub(1)?).ok()?;
        let mut start = 0;
        for (number, text) in self.text.split_inclusive('\n').enumerate() {
            if number == index {
                let skip = usize::try_from(column.saturating_sub(1)).ok()?;
                let from: usize = text.chars().take(skip).map(char::len_utf8).sum();
                let end = text.trim_end().len().max(from.min(text.len()));
                return Some((start + from..start + end).into());
            }
            start += text.len();
        }
        None
    }

    /// The nearest character boundary at or before an offset, inside the text.
    fn boundary(&self, offset: usize) -> usize {
        let mut offset = offset.min(self.text.len());
        while !self.text.is_char_boundary(offset) {
            offset -= 1;
        }
        offset
    }
}

/// A place and what to say about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// The place in the text, in bytes.
    pub span: Span,
    /// What, in a few words; may be empty.
    pub text: String,
}

/// How grave it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Severity {
    /// Nothing can go on.
    #[default]
    Error,
    /// It works, and is probably not what was meant.
    Warning,
}

/// One problem, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct Diagnostic {
    /// Kebab-case, worth searching for; the same for every problem of a kind.
    pub code: Cow<'static, str>,
    /// How grave it is.
    pub severity: Severity,
    /// What happened: lower case, names in backticks, no full stop.
    pub title: String,
    /// The text it is about.
    pub source: Option<Source>,
    /// Where, and what to say there.
    pub primary: Option<Label>,
    /// Other places in the same text that explain it.
    pub secondary: Vec<Label>,
    /// How a file that the operator did not name came to be read: the step that runs it, and then
    /// whatever runs that.
    pub via: Vec<String>,
    /// What it is in particular, line by line.
    pub details: Vec<String>,
    /// What state things are in.
    pub state: Option<String>,
    /// What to do next; best something that can be pasted.
    pub help: Option<String>,
}

impl Diagnostic {
    /// An error with a code and a title, and nothing else yet.
    pub fn error(code: impl Into<Cow<'static, str>>, title: impl Into<String>) -> Self {
        Self {
            code: code.into(),
            severity: Severity::Error,
            title: title.into(),
            source: None,
            primary: None,
            secondary: Vec::new(),
            via: Vec::new(),
            details: Vec::new(),
            state: None,
            help: None,
        }
    }

    /// A warning with a code and a title, and nothing else yet.
    pub fn warning(code: impl Into<Cow<'static, str>>, title: impl Into<String>) -> Self {
        let mut warning = Self::error(code, title);
        warning.severity = Severity::Warning;
        warning
    }

    /// Names the file, without a place in it.
    pub fn file(mut self, source: &Source) -> Self {
        self.source = Some(source.clone());
        self
    }

    /// Says where, and what to say there.
    pub fn at(mut self, source: &Source, span: Span, label: impl Into<String>) -> Self {
        self.source = Some(source.clone());
        self.primary = Some(Label {
            span,
            text: label.into(),
        });
        self
    }

    /// Points at another place in the same text.
    pub fn and(mut self, span: Span, label: impl Into<String>) -> Self {
        self.secondary.push(Label {
            span,
            text: label.into(),
        });
        self
    }

    /// Says what runs the file it is about, or runs what was named before.
    pub fn by_way_of(mut self, caller: impl Into<String>) -> Self {
        self.via.push(caller.into());
        self
    }

    /// Says what it is in particular, line by line.
    pub fn details(mut self, lines: Vec<String>) -> Self {
        self.details = lines;
        self
    }

    /// Says what state things are in.
    pub fn state(mut self, state: impl Into<String>) -> Self {
        self.state = Some(state.into());
        self
    }

    /// Says what to do next.
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The message as text, ending in a newline.
    pub fn render(&self, style: Style) -> String {
        let level = match self.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        // A code may be a plugin's own, and a name a file's.
        let (title, code) = (seen(&self.title), one_line(&self.code));
        let name = self.source.as_ref().map(|source| one_line(source.name()));
        let name = name.unwrap_or_default();
        let title = level.primary_title(title).id(code);
        let mut groups = vec![match (&self.source, &self.primary) {
            (Some(source), Some(primary)) => {
                title.element(snippet(source, &name, primary, &self.secondary))
            }
            (Some(_), None) => title.element(Origin::path(&*name)),
            (None, _) => Group::with_title(title),
        }];
        if !self.via.is_empty() {
            let text = seen(&self.via.join("\n"));
            groups.push(Group::with_title(Level::NOTE.secondary_title(text)));
        }
        if !self.details.is_empty() {
            let lines: Vec<String> = self.details.iter().map(|line| one_line(line)).collect();
            let text = seen(&lines.join("\n"));
            groups.push(Group::with_title(Level::NOTE.secondary_title(text)));
        }
        if let Some(state) = &self.state {
            let level = Level::NOTE.with_name("state");
            groups.push(Group::with_title(level.secondary_title(seen(state))));
        }
        if let Some(help) = &self.help {
            groups.push(Group::with_title(Level::HELP.secondary_title(seen(help))));
        }
        let renderer = match style {
            Style::Plain => Renderer::plain(),
            Style::Coloured => Renderer::styled(),
        };
        let text = renderer.term_width(WIDTH).render(&groups);
        // The renderer pads empty gutter lines; messages are compared byte for byte.
        let mut lines: String = text
            .lines()
            .flat_map(|line| [line.trim_end(), "\n"])
            .collect();
        if lines.is_empty() {
            lines.push('\n');
        }
        lines
    }
}

/// The messages as text, an empty line between them. Of very many only the first are shown, and how
/// many more there are.
pub fn render_all(diagnostics: &[Diagnostic], style: Style) -> String {
    let shown = diagnostics.iter().take(SHOWN_MAX);
    let mut texts: Vec<String> = shown.map(|diagnostic| diagnostic.render(style)).collect();
    if let Some(rest @ 1..) = diagnostics.len().checked_sub(SHOWN_MAX) {
        texts.push(format!("and {rest} more\n"));
    }
    texts.join("\n")
}

/// A message may quote a file or a plugin: what a terminal would act on is written out.
fn seen(text: &str) -> String {
    let text = text.lines().collect::<Vec<_>>().join("\n");
    normalize_untrusted_str(&neutral(&text))
}

/// The lines around all labels, and the labels moved to fit: the renderer reads its whole text for
/// each message, which would be slow for a large file.
fn snippet<'a>(
    source: &'a Source,
    name: &'a str,
    primary: &'a Label,
    secondary: &'a [Label],
) -> Snippet<'a, annotate_snippets::Annotation<'a>> {
    let text = source.text();
    let clamp = |span: Span| {
        let start = source.boundary(span.start);
        Span {
            start,
            end: source.boundary(span.end).max(start),
        }
    };
    let all = secondary.iter().fold(clamp(primary.span), |all, label| {
        all.join(clamp(label.span))
    });
    let first_line = text[..all.start]
        .rfind('\n')
        .map_or(0, |newline| newline + 1);
    // One line of context above, as long as there is one.
    let from = text[..first_line.saturating_sub(1)]
        .rfind('\n')
        .map_or(0, |newline| newline + 1);
    let to = text[all.end..]
        .find('\n')
        .map_or(text.len(), |newline| all.end + newline + 1);
    // What is written out is longer than what stands in the file.
    let shown_at = |offset: usize| {
        let before = &text[from..offset];
        let before = match text[offset..].starts_with('\n') {
            true => before.strip_suffix('\r').unwrap_or(before),
            false => before,
        };
        neutral(before).len()
    };
    let shift = |span: Span| {
        let span = clamp(span);
        shown_at(span.start)..shown_at(span.end)
    };
    let lines_before = text[..from].bytes().filter(|byte| *byte == b'\n').count();
    let label = |text: &str| (!text.is_empty()).then(|| seen(text));
    Snippet::source(neutral(&text[from..to]))
        .line_start(lines_before + 1)
        .path(name)
        .annotation(AnnotationKind::Visible.span(0..0))
        .annotation(
            AnnotationKind::Primary
                .span(shift(primary.span))
                .label(label(&primary.text)),
        )
        .annotations(secondary.iter().map(|other| {
            AnnotationKind::Context
                .span(shift(other.span))
                .label(label(&other.text))
        }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source() -> Source {
        Source::new(
            "runbooks/failover.toml",
            "[[steps]]\nid = \"drain_pool\"\nuses = \"lb\"\n",
        )
    }

    fn failure() -> Diagnostic {
        let span = source().span_at(2, 6).expect("the line exists");
        Diagnostic::error("step-failed", "step `drain_pool` failed")
            .at(&source(), span, "attempt 3 of 3")
            .state("4 steps done, 1 failed; nothing has been rolled back")
            .help("add the right\nthen `rutter resume 7f3c`")
    }

    #[test]
    fn a_message_has_its_four_parts_in_order() {
        assert_eq!(
            failure().render(Style::Plain),
            "\
error[step-failed]: step `drain_pool` failed
 --> runbooks/failover.toml:2:6
  |
1 | [[steps]]
2 | id = \"drain_pool\"
  |      ^^^^^^^^^^^^ attempt 3 of 3
  |
state: 4 steps done, 1 failed; nothing has been rolled back
help: add the right
      then `rutter resume 7f3c`
"
        );
    }

    #[test]
    fn colour_changes_nothing_but_colour() {
        let coloured = failure().render(Style::Coloured);
        assert!(coloured.contains("\u{1b}["));
        let mut plain = String::new();
        let mut rest = coloured.as_str();
        while let Some(escape) = rest.find('\u{1b}') {
            plain.push_str(&rest[..escape]);
            let end = rest[escape..].find('m').expect("a colour code ends");
            rest = &rest[escape + end + 1..];
        }
        plain.push_str(rest);
        let trimmed: String = plain
            .lines()
            .flat_map(|line| [line.trim_end(), "\n"])
            .collect();
        assert_eq!(trimmed, failure().render(Style::Plain));
    }

    #[test]
    fn a_message_without_a_place_still_names_the_file() {
        let message = Diagnostic::error("file", "cannot read it").file(&source());
        assert_eq!(
            message.render(Style::Plain),
            "error[file]: cannot read it\n--> runbooks/failover.toml\n"
        );
    }

    #[test]
    fn control_characters_of_a_file_do_not_reach_the_terminal() {
        let source = Source::new("x.toml", "a = \"\u{1b}[31m\"\n");
        let message = Diagnostic::error("x\u{1b}[31m", "bad \u{1b}[31m\u{9b}2J\u{200b}")
            .at(&source, (0..1).into(), "\u{1b}[31m")
            .help("not \u{1b}[31m");
        let name = Source::new("x\u{1b}]0;t\u{7}.toml", "");
        let text = message.render(Style::Plain)
            + &Diagnostic::error("file", "cannot read it")
                .file(&name)
                .render(Style::Plain);
        let unseen = |character: char| rutter_manifest::is_unseen(character) && character != '\n';
        assert!(!text.contains(unseen), "{text:?}");
    }

    #[test]
    fn what_nobody_sees_in_a_file_is_shown_where_it_stands() {
        let source = Source::new("x.toml", "a = \"b\u{200b}\"\r\nc = 1\r\n");
        let span = source.text().find('b').map(|at| Span::from(at..at + 4));
        let message = Diagnostic::error("x", "y").at(&source, span.expect("it is there"), "");
        assert_eq!(
            message.render(Style::Plain),
            "\
error[x]: y
 --> x.toml:1:6
  |
1 | a = \"b\\u{200b}\"
  |      ^^^^^^^^^
"
        );
    }

    #[test]
    fn a_span_outside_the_text_or_inside_a_character_is_borne() {
        let source = Source::new("x.toml", "name = \"é\"");
        for span in [9..10, 400..500, 0..0, 9..9] {
            let message = Diagnostic::error("x", "y").at(&source, span.into(), "here");
            assert!(message.render(Style::Plain).contains("x.toml"));
        }
    }

    #[test]
    fn of_very_many_messages_the_first_are_shown_and_the_rest_counted() {
        let many = vec![Diagnostic::error("x", "y"); 60];
        let text = render_all(&many, Style::Plain);
        assert_eq!(text.matches("error[x]").count(), 50);
        assert!(text.ends_with("\nand 10 more\n"));
        assert!(!render_all(&many[..50], Style::Plain).contains("more"));
    }

    #[test]
    fn a_place_counts_characters_from_one() {
        let source = Source::new("x.toml", "a\né = 1\n");
        assert_eq!(source.place(0), (1, 1));
        assert_eq!(source.place("a\né".len()), (2, 2));
        assert_eq!(source.place(1_000), (3, 1));
    }
}
