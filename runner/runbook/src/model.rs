//! What the rules look at: a runbook that was read, and what is known of a run of it.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use rutter_contracts::Network;
use rutter_diagnostic::Span;
use rutter_expression::{EvaluationError, Piece, Reference, TemplateError, Templates};
use serde_json::{Map, Value};

use super::document::Node;
use super::file::{File, Used};
use super::names::{Names, Text, step_read};
use super::order::Needs;
use super::problems::Problems;
use super::resolve::Local;
use super::schema::Runbook;
use super::{Binding, Reach, resolve as values};

static EVERYWHERE: Reach = Reach {
    own: BTreeSet::new(),
    network: Network::Public,
};

/// What the rules look at.
pub(super) struct Model<'a> {
    pub file: &'a File,
    pub runbook: &'a Runbook,
    /// What each step uses; none where that was refused.
    pub used: &'a [Option<Used>],
    /// The steps by id.
    pub ids: &'a HashMap<String, usize>,
    /// Every text with an expression in it, in the order of the file.
    pub texts: &'a [Text],
    /// The inputs whose values are known, by name; secrets as placeholders.
    pub inputs: Map<String, Value>,
    /// The inputs among them that a run may begin with other values of: nobody has given any yet.
    pub assumed: BTreeSet<String>,
    pub templates: &'a Arc<Templates>,
    /// What the accounts are bound to; none when nothing is to be run.
    pub bindings: Option<&'a BTreeMap<String, Binding>>,
    /// How the cloud is reached.
    pub reach: &'a Reach,
    /// What each step waits for.
    pub needs: &'a Needs,
    /// The sub-runbooks that its steps run, by the steps' places.
    pub inner: BTreeMap<usize, Model<'a>>,
}

impl<'a> Model<'a> {
    /// A file where nothing but these inputs is known of the run.
    pub fn new(
        file: &'a File,
        inputs: Map<String, Value>,
        bindings: Option<&'a BTreeMap<String, Binding>>,
    ) -> Self {
        let Names {
            ids,
            texts,
            needs,
            templates,
        } = &file.names;
        Self {
            file,
            runbook: &file.runbook,
            used: &file.used,
            ids,
            texts,
            inputs,
            assumed: BTreeSet::new(),
            templates,
            bindings,
            reach: &EVERYWHERE,
            needs,
            inner: BTreeMap::new(),
        }
    }

    /// Every reference in the file, with its text and its place in the file.
    pub fn references<'m>(
        &'m self,
        problems: &Problems<'_>,
    ) -> Vec<(&'m Text, &'m Reference, Span)> {
        let mut all = Vec::new();
        for text in self.texts {
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
        step_read(reference, self.ids)
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
}

/// Where a reference stands in the file.
fn place(problems: &Problems<'_>, text: &Text, piece: &Piece, reference: &Reference) -> Span {
    problems.inside(text.span, &text.text, piece.place(reference.span))
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
