//! Where problems are gathered while a file is read, and the order in which they are told.

use std::collections::HashSet;

use rutter_diagnostic::{Diagnostic, Source, Span};

use super::codes;
use super::document::{Node, NodeKind};
use super::table_form::Form;

/// Problems of one file, so far.
pub(super) struct Problems<'a> {
    pub source: &'a Source,
    pub list: Vec<Diagnostic>,
    /// What readers asked for, each table with what it is; where somebody wants to know.
    pub forms: Option<Vec<(String, Form)>>,
}

impl<'a> Problems<'a> {
    pub fn new(source: &'a Source) -> Self {
        Self {
            source,
            list: Vec::new(),
            forms: None,
        }
    }

    pub fn push(&mut self, problem: Diagnostic) {
        self.list.push(problem);
    }

    /// Reports an error at one place.
    pub fn push_at(
        &mut self,
        code: &'static str,
        title: impl Into<String>,
        span: Span,
        label: impl Into<String>,
        help: Option<String>,
    ) {
        let mut problem = Diagnostic::error(code, title).at(self.source, span, label);
        problem.help = help;
        self.push(problem);
    }

    /// Reports a value of the wrong type, unless it was refused already.
    pub fn wrong_type(&mut self, expected: &str, node: &Node) {
        if matches!(node.kind, NodeKind::Refused) {
            return;
        }
        self.push_at(
            codes::TYPE,
            format!("expected {expected}"),
            node.span,
            format!("this is {}", node.kind_name()),
            None,
        );
    }

    /// Where a part of a text stands in the file. A text with escapes cannot be followed letter by
    /// letter: there it is the whole text.
    pub fn inside(&self, text_span: Span, text: &str, part: Span) -> Span {
        let raw = self
            .source
            .text()
            .get(text_span.range())
            .unwrap_or_default();
        match raw.find(text) {
            Some(offset) if !text.is_empty() => Span {
                start: text_span.start + offset + part.start,
                end: text_span.start + offset + part.end,
            },
            _ => text_span,
        }
    }
}

/// Sorts problems by their place: those in the file first, then those in each file it led to, then
/// those that have no place.
pub(super) fn in_order(mut problems: Vec<Diagnostic>, source: &Source) -> Vec<Diagnostic> {
    let mut files = vec![source.clone()];
    for of in problems
        .iter()
        .filter_map(|problem| problem.source.as_ref())
    {
        if !files.contains(of) {
            files.push(of.clone());
        }
    }
    problems.sort_by_key(|problem| match (&problem.source, &problem.primary) {
        (Some(of), Some(primary)) => {
            let file = files.iter().position(|file| file == of);
            (file.unwrap_or(files.len()), primary.span.start)
        }
        _ => (files.len(), 0),
    });
    problems
}

/// Drops what was found before by another way: a file that is used twice has its mistakes once.
pub(super) fn once(problems: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let mut seen: HashSet<(String, Option<(String, Span)>)> = HashSet::new();
    let mut kept = problems;
    kept.retain(|problem| {
        let place = problem.source.as_ref().zip(problem.primary.as_ref());
        let place = place.map(|(source, label)| (source.name().to_owned(), label.span));
        let new = seen.insert((problem.title.clone(), place));
        new || problem.via.is_empty()
    });
    kept
}
