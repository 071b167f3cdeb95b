//! What messages may quote of a file of inputs: no secret, whatever is wrong with the file.

use rutter_diagnostic::{Diagnostic, Source, Span};
use rutter_manifest::Field;

use super::document;
use super::schema::Runbook;

/// A file of inputs as messages may quote it: where it may hold secrets only the values that are none are
/// shown. An unknown name may be that of a secret, misspelled, and a comment may hold anything.
pub(super) fn quotable(source: &Source, root: &document::Table, runbook: &Runbook) -> Source {
    if !takes_secrets(runbook) {
        return source.clone();
    }
    let is_plain = |key: &str| {
        let mut inputs = runbook.inputs.iter();
        let input = inputs.find(|input| input.name.value == key);
        input.is_some_and(|input| {
            input
                .field
                .as_ref()
                .is_some_and(|field| !field.holds_secret())
        })
    };
    let kept: Vec<Span> = root
        .entries
        .iter()
        .map(|entry| match is_plain(&entry.key) {
            true => entry.key_span.join(entry.value.span),
            false => entry.key_span,
        })
        .collect();
    blanked(source, &kept)
}

/// The same text with spaces for all letters but some.
fn blanked(source: &Source, kept: &[Span]) -> Source {
    let mut shown = vec![false; source.text().len()];
    for span in kept {
        if let Some(shown) = shown.get_mut(span.range()) {
            shown.fill(true);
        }
    }
    let mut text = String::with_capacity(source.text().len());
    for (at, letter) in source.text().char_indices() {
        match shown[at] || letter == '\n' {
            true => text.push(letter),
            false => text.extend(std::iter::repeat_n(' ', letter.len_utf8())),
        }
    }
    Source::new(source.name(), text)
}

/// A message about a file that may hold secrets, which says where and quotes nothing.
pub(super) fn without_quoting(mut problem: Diagnostic) -> Diagnostic {
    if let Some(source) = &problem.source {
        problem.source = Some(blanked(source, &[]));
    }
    problem
}

/// Whether a file of the runbook's inputs may hold a secret.
pub(super) fn takes_secrets(runbook: &Runbook) -> bool {
    let mut fields = runbook
        .inputs
        .iter()
        .filter_map(|input| input.field.as_ref());
    fields.any(Field::holds_secret)
}
