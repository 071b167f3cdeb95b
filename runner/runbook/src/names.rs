//! The names and expressions of a runbook's file, looked up and parsed once, wherever it is run from.

use std::collections::HashMap;
use std::sync::Arc;

use rutter_diagnostic::Span;
use rutter_expression::{Reference, Refusal, Template, Templates};

use super::codes;
use super::document::Node;
use super::order::{self, Needs, Wishes};
use super::problems::Problems;
use super::schema::{Runbook, Step};

/// The names and expressions of a file.
pub(super) struct Names {
    /// The steps by id.
    pub ids: HashMap<String, usize>,
    /// Every text with an expression in it, in the order of the file.
    pub texts: Vec<Text>,
    /// What each step waits for.
    pub needs: Needs,
    pub templates: Arc<Templates>,
}

/// Where a text stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TextRole {
    With,
    When,
    ForEach,
    Confirm,
    Output,
}

/// A text that may hold expressions.
pub(super) struct Text {
    /// The step it belongs to; none for an output.
    pub step: Option<usize>,
    pub place: TextRole,
    pub text: String,
    pub span: Span,
    pub template: Arc<Template>,
}

impl Names {
    /// Looks up names and parses texts; what cannot be found or read is reported.
    pub fn read(
        runbook: &Runbook,
        templates: &Arc<Templates>,
        problems: &mut Problems<'_>,
    ) -> Self {
        let mut ids = HashMap::new();
        for (index, step) in runbook.steps.iter().enumerate() {
            ids.entry(step.id.value.clone()).or_insert(index);
        }
        let mut reader = Reader {
            templates,
            texts: Vec::new(),
            problems,
        };
        for (index, step) in runbook.steps.iter().enumerate() {
            reader.step(index, step);
        }
        for output in &runbook.outputs {
            reader.node(None, TextRole::Output, &output.value);
        }
        let texts = reader.texts;
        Self {
            needs: order::needs(&wishes(runbook, &ids, &texts)),
            ids,
            texts,
            templates: Arc::clone(templates),
        }
    }
}

/// The step that a reference reads.
pub(super) fn step_read(reference: &Reference, ids: &HashMap<String, usize>) -> Option<usize> {
    if reference.root != "steps" {
        return None;
    }
    ids.get(reference.name()?).copied()
}

/// What each step says about its order.
fn wishes(runbook: &Runbook, ids: &HashMap<String, usize>, texts: &[Text]) -> Vec<Wishes> {
    let place = |id: &str| ids.get(id).copied();
    let named = |step: &Step| -> Option<Vec<usize>> {
        let needs = step.needs.as_ref()?.iter();
        Some(needs.filter_map(|need| place(&need.value)).collect())
    };
    let mut wishes: Vec<Wishes> = runbook
        .steps
        .iter()
        .map(|step| Wishes {
            named: named(step),
            parts: parts(step)
                .filter_map(|(caller, _)| place(caller))
                .collect(),
            read: Vec::new(),
        })
        .collect();
    for text in texts {
        let Some(step) = text.step else { continue };
        for piece in text.template.pieces() {
            let read = piece.expression.references().iter();
            wishes[step]
                .read
                .extend(read.filter_map(|reference| step_read(reference, ids)));
        }
    }
    wishes
}

/// The steps inside sub-runbooks that a step needs: `caller.step`, as the caller and the rest.
pub(super) fn parts(step: &Step) -> impl Iterator<Item = (&str, &str)> {
    let needs = step.needs.iter().flatten();
    needs.filter_map(|need| need.value.split_once('.'))
}

/// Parses the texts of a runbook.
struct Reader<'p, 's> {
    templates: &'p Templates,
    texts: Vec<Text>,
    problems: &'p mut Problems<'s>,
}

impl Reader<'_, '_> {
    fn step(&mut self, index: usize, step: &Step) {
        let step_index = Some(index);
        if let Some(when) = &step.when {
            let parsed = self.templates.condition(&when.value);
            self.keep(step_index, TextRole::When, &when.value, when.span, parsed);
        }
        if let Some(over) = &step.for_each {
            self.node(step_index, TextRole::ForEach, over);
        }
        if let Some(with) = &step.with {
            self.node(step_index, TextRole::With, with);
        }
        if let Some(confirm) = &step.confirm {
            let message = &confirm.message;
            let parsed = self.templates.text(&message.value);
            self.keep(
                step_index,
                TextRole::Confirm,
                &message.value,
                message.span,
                parsed,
            );
        }
    }

    fn node(&mut self, step: Option<usize>, place: TextRole, node: &Node) {
        node.texts(&mut |text, span| {
            let parsed = self.templates.text(text);
            self.keep(step, place, text, span, parsed);
        });
    }

    fn keep(
        &mut self,
        step: Option<usize>,
        place: TextRole,
        text: &str,
        span: Span,
        parsed: Result<Arc<Template>, Vec<Refusal>>,
    ) {
        match parsed {
            Ok(template) if matches!(*template, Template::Literal) => {}
            Ok(template) => self.texts.push(Text {
                step,
                place,
                text: text.to_owned(),
                span,
                template,
            }),
            Err(refusals) => {
                for refusal in refusals {
                    let at = self.problems.inside(span, text, refusal.span);
                    self.problems.push_at(
                        codes::EXPRESSION,
                        format!("an expression cannot be read: {}", refusal.message),
                        at,
                        "",
                        refusal.help,
                    );
                }
            }
        }
    }
}
