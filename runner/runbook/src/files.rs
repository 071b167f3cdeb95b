//! The files of a runbook: its own and those of the runbooks that its steps run, each read once.
//!
//! What is wrong with a file as it is written is kept beside it, with the step that led there; what
//! its names and values mean where it is run is for `nested.rs` and the rules.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use indexmap::IndexMap;
use rutter_diagnostic::{Diagnostic, Source};
use rutter_expression::Templates;
use rutter_manifest::{Field, FieldKind};
use serde_json::Map;

use super::document::{self, Document, FILE_BYTES_MAX, Node, NodeKind};
use super::file::{File, Used};
use super::likes;
use super::lines::Lines;
use super::model::Model;
use super::names::{Names, TextRole};
use super::plugins::Plugins;
use super::problems::Problems;
use super::referents::type_of;
use super::schema::{self, Runbook, STEPS_MAX, Step};
use super::spanned::Spanned;
use super::types::Type;
use super::uses::{is_runbook, path_of, resolve};
use super::{codes, read_text};

/// Runbooks inside each other, the outermost counted.
const DEPTH_MAX: usize = 8;
/// Files of one runbook: far more than a procedure has parts.
const FILES_MAX: usize = 100;

/// Reads a runbook and all that it uses. `folder` is where its paths begin.
pub(super) fn read(
    source: &Source,
    folder: &Path,
    document: &Document,
    plugins: &dyn Plugins,
    templates: &Arc<Templates>,
) -> Arc<File> {
    let name = Path::new(source.name()).file_name().unwrap_or_default();
    let mut reading = Reading {
        plugins,
        templates,
        known: HashMap::new(),
        open: vec![(key(&folder.join(name)), source.name().to_owned())],
    };
    Arc::new(reading.file(source, folder, document))
}

/// How a problem in the runbook that a step runs came to be found.
pub(super) fn by_way_of(problem: Diagnostic, step: &Step, source: &Source) -> Diagnostic {
    let uses = step.uses.as_ref().map_or(step.id.span, |uses| uses.span);
    let (line, column) = source.place(uses.start);
    let place = format!("{}:{line}:{column}", source.name());
    let which = if problem.via.is_empty() {
        "it runs as"
    } else {
        "which runs as"
    };
    problem.by_way_of(format!("{which} step `{}` of {place}", step.id.value))
}

/// The same file has the same key, however it is named.
fn key(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}

/// Files being read.
struct Reading<'a> {
    plugins: &'a dyn Plugins,
    templates: &'a Arc<Templates>,
    /// Those that were read, or could not be.
    known: HashMap<PathBuf, Option<Arc<File>>>,
    /// Those around the one that is being read, with the names people know them by.
    open: Vec<(PathBuf, String)>,
}

impl Reading<'_> {
    fn file(&mut self, source: &Source, folder: &Path, document: &Document) -> File {
        let mut problems = Problems::new(source);
        let mut runbook = schema::read(document, &mut problems);
        let used = self.used(&runbook, folder, &mut problems);
        likes::resolve(&mut runbook, &used, self.plugins, &mut problems);
        let names = Names::read(&runbook, self.templates, &mut problems);
        let mut file = File {
            source: source.clone(),
            used,
            inputs: fields(&runbook),
            outputs: IndexMap::new(),
            names,
            lines: Lines::new(source.text()),
            steps: runbook.steps.len(),
            depth: 1,
            problems: Vec::new(),
            runbook,
        };
        count(&mut file, &mut problems);
        file.problems = problems.list;
        file
    }

    /// What each step uses. A plugin is looked up once, a mistake is reported at each step.
    fn used(
        &mut self,
        runbook: &Runbook,
        folder: &Path,
        problems: &mut Problems<'_>,
    ) -> Vec<Option<Used>> {
        let mut known: HashMap<&str, Used> = HashMap::new();
        let mut all = Vec::with_capacity(runbook.steps.len());
        for step in &runbook.steps {
            let used = step.uses.as_ref().and_then(|uses| {
                if let Some(used) = known.get(uses.value.as_str()) {
                    return Some(used.clone());
                }
                let used = if is_runbook(&uses.value) {
                    self.runbook(step, uses, folder, problems)
                        .map(Used::Runbook)
                } else {
                    resolve(uses, folder, self.plugins, problems)
                }?;
                known.insert(&uses.value, used.clone());
                Some(used)
            });
            all.push(used);
        }
        all
    }

    /// The runbook that a step runs.
    fn runbook(
        &mut self,
        step: &Step,
        uses: &Spanned<String>,
        folder: &Path,
        problems: &mut Problems<'_>,
    ) -> Option<Arc<File>> {
        let path = path_of(&uses.value, folder);
        let key = key(&path);
        if let Some(from) = self.open.iter().position(|(open, _)| *open == key) {
            self.cycle(from, uses, problems);
            return None;
        }
        if let Some(known) = self.known.get(&key) {
            return known.clone();
        }
        let too_much = if self.open.len() >= DEPTH_MAX {
            Some(format!(
                "at most {DEPTH_MAX} runbooks run inside each other"
            ))
        } else if self.known.len() >= FILES_MAX {
            Some(format!("a runbook uses at most {FILES_MAX} others"))
        } else {
            None
        };
        if let Some(title) = too_much {
            problems.push_at(codes::LIMIT, title, uses.span, "", None);
            return None;
        }
        let before = problems.list.len();
        let found = self.open(&path, &key, uses, problems);
        let source = problems.source;
        for problem in problems.list.split_off(before) {
            let here = problem.source.as_ref() == Some(source) && problem.via.is_empty();
            let problem = if here {
                problem
            } else {
                by_way_of(problem, step, source)
            };
            problems.push(problem);
        }
        self.known.insert(key, found.clone());
        found
    }

    /// Reads the file of a runbook that is used; its problems are left as they are.
    fn open(
        &mut self,
        path: &Path,
        key: &Path,
        uses: &Spanned<String>,
        problems: &mut Problems<'_>,
    ) -> Option<Arc<File>> {
        let name = path.display().to_string();
        let text = match read_text(path, FILE_BYTES_MAX) {
            Ok(text) => text,
            Err(reason) => {
                let title = format!("the runbook `{name}` cannot be read: {reason}");
                let help = "a path begins at the folder of the runbook that names it";
                problems.push_at(codes::FILE, title, uses.span, "", Some(help.to_owned()));
                return None;
            }
        };
        let source = Source::new(name.as_str(), text);
        let document = match document::parse(&source) {
            Ok(document) => document,
            Err(found) => {
                problems.list.extend(found);
                return None;
            }
        };
        self.open.push((key.to_owned(), name));
        let folder = path.parent().unwrap_or(Path::new(""));
        let mut file = self.file(&source, folder, &document);
        self.open.pop();
        problems.list.extend(file.problems.iter().cloned());
        if file.is_newer() {
            return None;
        }
        file.outputs = outputs(&file);
        Some(Arc::new(file))
    }

    fn cycle(&self, from: usize, uses: &Spanned<String>, problems: &mut Problems<'_>) {
        let mut names: Vec<String> = self.open[from..]
            .iter()
            .map(|(_, name)| format!("`{name}`"))
            .collect();
        names.push(names[0].clone());
        let title = match &names[..] {
            [own, _] => format!("the runbook {own} runs itself"),
            _ => format!("runbooks run each other: {}", names.join(" -> ")),
        };
        let help = "take one of these steps out";
        problems.push_at(
            codes::RUNBOOK_CYCLE,
            title,
            uses.span,
            "",
            Some(help.to_owned()),
        );
    }
}

/// The rules of a runbook's inputs; those that are not declared well were reported.
fn fields(runbook: &Runbook) -> IndexMap<String, Field> {
    let declared = runbook.inputs.iter();
    declared
        .filter_map(|input| Some((input.name.value.clone(), input.field.clone()?)))
        .collect()
}

/// Counts what a runbook holds with all that is inside it. What is too much is not used.
fn count(file: &mut File, problems: &mut Problems<'_>) {
    for (step, used) in file.runbook.steps.iter().zip(&mut file.used) {
        let Some(Used::Runbook(inner)) = used else {
            continue;
        };
        let steps = file.steps.saturating_add(inner.steps);
        let depth = inner.depth + 1;
        let title = if steps > STEPS_MAX {
            format!(
                "a runbook has at most {STEPS_MAX} steps with those inside it, this makes {steps}"
            )
        } else if depth > DEPTH_MAX {
            format!("at most {DEPTH_MAX} runbooks run inside each other")
        } else {
            file.steps = steps;
            file.depth = file.depth.max(depth);
            continue;
        };
        let span = step.uses.as_ref().map_or(step.id.span, |uses| uses.span);
        problems.push_at(codes::LIMIT, title, span, "", None);
        *used = None;
    }
}

/// The types of a runbook's outputs, as far as something says.
fn outputs(file: &File) -> IndexMap<String, Option<Field>> {
    let model = Model::new(file, Map::new(), None);
    let outputs = file.runbook.outputs.iter();
    outputs
        .map(|output| (output.key.clone(), output_type(&output.value, &model)))
        .collect()
}

fn output_type(node: &Node, model: &Model<'_>) -> Option<Field> {
    let kind = match &node.kind {
        NodeKind::Text(_) => {
            let mut texts = model.texts.iter();
            let text = texts.find(|text| text.place == TextRole::Output && text.span == node.span);
            let Some(text) = text else {
                return Some(Field::new(FieldKind::String));
            };
            if text.template.is_text() {
                FieldKind::String
            } else {
                return match type_of(text.template.as_reference()?, text, model).ok()? {
                    Type::Field(field) => Some(always_given(field)),
                    Type::Kind(kind) => Some(Field::new(kind)),
                    Type::Any => None,
                };
            }
        }
        NodeKind::Integer(_) => FieldKind::Integer,
        NodeKind::Number(_) => FieldKind::Number,
        NodeKind::Boolean(_) => FieldKind::Boolean,
        NodeKind::List(_) => FieldKind::List,
        NodeKind::Table(_) => FieldKind::Table,
        NodeKind::Refused => return None,
    };
    Some(Field::new(kind))
}

/// A runbook that ends has all its outputs.
fn always_given(field: &Field) -> Field {
    let mut field = field.clone();
    field.optional = false;
    field
}
