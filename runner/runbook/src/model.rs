//! What the rules look at: the runbook as written, with its names looked up and its texts parsed.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use rutter_expression::{
    EvaluationError, Piece, Reference, Refusal, Template, TemplateError, Templates,
};
use serde_json::{Map, Value};

use super::codes;
use super::document::Node;
use super::file::{File, Used};
use super::order::{self, Needs, Wishes};
use super::problems::Problems;
use super::resolve::Local;
use super::schema::{Runbook, Step};
use super::{Binding, resolve as values};
use rutter_diagnostic::Span;

/// Where a text stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    With,
    When,
    ForEach,
    Confirm,
    Output,
}

/// A text that may hold expressions.
pub(super) struct Text<'a> {
    /// The step it belongs to; none for an output.
    pub step: Option<usize>,
    pub place: Place,
    pub text: &'a str,
    pub span: Span,
    pub template: Arc<Template>,
}

/// What the rules look at.
pub(super) struct Model<'a> {
    pub file: &'a File,
    pub runbook: &'a Runbook,
    /// What each step uses; none where that was refused.
    pub used: &'a [Option<Used>],
    /// The steps by id.
    pub ids: HashMap<&'a str, usize>,
    /// Every text with an expression in it, in the order of the file.
    pub texts: Vec<Text<'a>>,
    /// The inputs whose values are known, by name; secrets as placeholders.
    pub inputs: Map<String, Value>,
    /// The inputs among them that a run may begin with other values of: nobody has given any yet.
    pub assumed: BTreeSet<String>,
    pub templates: Arc<Templates>,
    /// What the accounts are bound to; none when nothing is to be run.
    pub bindings: Option<&'a BTreeMap<String, Binding>>,
    pub needs: Needs,
    /// The sub-runbooks that its steps run, by the steps' places.
    pub inner: BTreeMap<usize, Model<'a>>,
}

impl<'a> Model<'a> {
    /// Looks up names and parses texts; what cannot be found or read is reported.
    pub fn new(
        file: &'a File,
        inputs: Map<String, Value>,
        templates: &Arc<Templates>,
        bindings: Option<&'a BTreeMap<String, Binding>>,
        problems: &mut Problems<'_>,
    ) -> Self {
        let runbook = &file.runbook;
        let mut ids = HashMap::new();
        for (index, step) in runbook.steps.iter().enumerate() {
            ids.entry(step.id.value.as_str()).or_insert(index);
        }
        let mut reader = Texts {
            templates,
            texts: Vec::new(),
            problems,
        };
        for (index, step) in runbook.steps.iter().enumerate() {
            reader.step(index, step);
        }
        for output in &runbook.outputs {
            reader.node(None, Place::Output, &output.value);
        }
        let mut model = Self {
            texts: reader.texts,
            file,
            runbook,
            used: &file.used,
            ids,
            inputs,
            assumed: BTreeSet::new(),
            templates: templates.clone(),
            bindings,
            needs: Vec::new(),
            inner: BTreeMap::new(),
        };
        model.needs = order::needs(&model.wishes());
        model
    }

    /// Every reference in the file, with its text and its place in the file.
    pub fn references<'m>(
        &'m self,
        problems: &Problems<'_>,
    ) -> Vec<(&'m Text<'a>, &'m Reference, Span)> {
        let mut all = Vec::new();
        for text in &self.texts {
            for piece in text.template.pieces() {
                for reference in piece.expression.references() {
                    all.push((text, reference, place(problems, text, piece, reference)));
                }
            }
        }
        all
    }

    /// Whether a step reads one of these inputs.
    pub fn reads(&self, step: usize, inputs: &BTreeSet<String>) -> bool {
        let texts = self.texts.iter().filter(|text| text.step == Some(step));
        let pieces = texts.flat_map(|text| text.template.pieces());
        let mut references = pieces.flat_map(|piece| piece.expression.references());
        references.any(|reference| {
            let name = reference.name().unwrap_or_default();
            reference.root == "inputs" && inputs.contains(name)
        })
    }

    /// The step that a reference reads.
    pub fn step_read(&self, reference: &Reference) -> Option<usize> {
        if reference.root != "steps" {
            return None;
        }
        self.ids.get(reference.name()?).copied()
    }

    /// What a reference gives as far as it is known before the run.
    pub fn known(
        &self,
        reference: &Reference,
        local: Option<&Local>,
    ) -> Result<Option<Value>, EvaluationError> {
        let known = match (reference.root.as_str(), reference.name(), local) {
            ("inputs", Some(name), _) => self.inputs.contains_key(name),
            ("item" | "key" | "index", _, Some(_)) => true,
            _ => false,
        };
        if !known {
            return Err(EvaluationError::NotYet);
        }
        values::look(reference, &Before(&self.inputs), local)
    }

    /// The value of a text as far as it is known before the run.
    pub fn evaluate(&self, text: &str, local: Option<&Local>) -> Result<Value, TemplateError> {
        let not_yet = || TemplateError {
            expression: String::new(),
            error: EvaluationError::NotYet,
        };
        // What cannot be read was reported.
        let template = self.templates.text(text).map_err(|_| not_yet())?;
        template.evaluate(text, &|reference| self.known(reference, local))
    }

    /// Whether a text reads an input whose value is only assumed.
    pub fn assumes(&self, text: &str) -> bool {
        if self.assumed.is_empty() {
            return false;
        }
        let Ok(template) = self.templates.text(text) else {
            return false;
        };
        let pieces = template.pieces();
        let mut references = pieces
            .iter()
            .flat_map(|piece| piece.expression.references());
        references.any(|reference| {
            let name = reference.name().unwrap_or_default();
            reference.root == "inputs" && self.assumed.contains(name)
        })
    }

    /// Whether any text of a node does.
    pub fn assumes_in(&self, node: &Node) -> bool {
        let mut assumes = false;
        node.texts(&mut |text, _| assumes |= self.assumes(text));
        assumes
    }

    fn wishes(&self) -> Vec<Wishes> {
        let place = |id: &str| self.ids.get(id).copied();
        let named = |step: &Step| -> Option<Vec<usize>> {
            let needs = step.needs.as_ref()?.iter();
            Some(needs.filter_map(|need| place(&need.value)).collect())
        };
        let mut wishes: Vec<Wishes> = self
            .runbook
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
        for text in &self.texts {
            let Some(step) = text.step else { continue };
            for piece in text.template.pieces() {
                let read = piece.expression.references().iter();
                wishes[step]
                    .read
                    .extend(read.filter_map(|reference| self.step_read(reference)));
            }
        }
        wishes
    }
}

/// The steps inside sub-runbooks that a step needs: `caller.step`, as the caller and the rest.
pub(super) fn parts(step: &Step) -> impl Iterator<Item = (&str, &str)> {
    let needs = step.needs.iter().flatten();
    needs.filter_map(|need| need.value.split_once('.'))
}

/// Where a reference stands in the file.
fn place(problems: &Problems<'_>, text: &Text<'_>, piece: &Piece, reference: &Reference) -> Span {
    problems.inside(text.span, text.text, piece.place(reference.span))
}

/// What can be read before a run: the inputs.
struct Before<'a>(&'a Map<String, Value>);

impl values::View for Before<'_> {
    fn input(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }
    fn account(&self, _name: &str) -> Option<Value> {
        None
    }
    fn step(&self, _id: &str) -> Option<rutter_engine::StepValue<'_>> {
        None
    }
    fn run_id(&self) -> &str {
        ""
    }
}

/// Parses the texts of a runbook.
struct Texts<'a, 'p, 's> {
    templates: &'p Templates,
    texts: Vec<Text<'a>>,
    problems: &'p mut Problems<'s>,
}

impl<'a> Texts<'a, '_, '_> {
    fn step(&mut self, index: usize, step: &'a Step) {
        let step_index = Some(index);
        if let Some(when) = &step.when {
            let parsed = self.templates.condition(&when.value);
            self.keep(step_index, Place::When, &when.value, when.span, parsed);
        }
        if let Some(over) = &step.for_each {
            self.node(step_index, Place::ForEach, over);
        }
        if let Some(with) = &step.with {
            self.node(step_index, Place::With, with);
        }
        if let Some(confirm) = &step.confirm {
            let message = &confirm.message;
            let parsed = self.templates.text(&message.value);
            self.keep(
                step_index,
                Place::Confirm,
                &message.value,
                message.span,
                parsed,
            );
        }
    }

    fn node(&mut self, step: Option<usize>, place: Place, node: &'a Node) {
        node.texts(&mut |text, span| {
            let parsed = self.templates.text(text);
            self.keep(step, place, text, span, parsed);
        });
    }

    fn keep(
        &mut self,
        step: Option<usize>,
        place: Place,
        text: &'a str,
        span: Span,
        parsed: Result<Arc<Template>, Vec<Refusal>>,
    ) {
        match parsed {
            Ok(template) if matches!(*template, Template::Literal) => {}
            Ok(template) => self.texts.push(Text {
                step,
                place,
                text,
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
