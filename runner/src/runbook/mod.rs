//! The runbook language: a TOML file becomes a checked plan.
//!
//! [`load`] reads a file once into a tree with places (`document.rs`), types it (`schema.rs`), reads
//! the runbooks it uses (`files.rs`), looks up its names (`model.rs`), holds it against every rule
//! (`rules/`), and the runbooks inside it where they are run (`inside.rs`), and makes the plan
//! (`plan.rs`). All problems are reported together, each with its place. [`Evaluator`] evaluates the
//! plan's expressions later, while it is carried out. Expressions are a package of their own.
//!
//! Nothing here runs anything, asks the cloud, or decides what happens next: that is the engine.

mod built_in;
mod codes;
mod document;
mod evaluator;
mod file;
mod files;
mod gate;
mod inputs;
mod inside;
mod items;
mod likes;
mod lines;
mod misfit;
mod model;
mod not_yet;
mod order;
mod plan;
mod plugins;
mod problems;
mod quoting;
mod reader;
mod referents;
mod resolve;
mod rules;
mod schema;
mod secret_inputs;
mod sources;
mod spanned;
mod step_outputs;
#[cfg(test)]
mod testing;
mod types;
mod uses;
mod window;

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;

use indexmap::IndexMap;
use rutter_engine::{Plan, SourceLine};
use rutter_expression::Templates;
use rutter_manifest::Field;

pub use self::codes::CODES;
pub(crate) use self::codes::{GATE, WINDOW};
pub use self::evaluator::Evaluator;
pub use self::plugins::{Found, NotFound, Plugins};
pub use self::secret_inputs::{SecretInputs, secret_places, secrets_again};
pub use self::sources::{Ask, ENVIRONMENT_PREFIX, InputSources};
pub use self::window::{at as window_at, missed as window_missed};

use self::file::{File, Used};
use self::model::Model;
use self::problems::Problems;
use crate::diagnostic::{Diagnostic, Severity, Source};
use crate::plugin::Origin;

/// What the operator bound an account to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Binding {
    /// The name of the credential profile; never a credential.
    pub profile: String,
    /// The region used where a call names none.
    pub region: String,
    /// The account id the operator expects, if stated.
    pub expected_id: Option<String>,
}

/// What a runbook is loaded with.
pub struct Load<'a> {
    /// Where plugins come from.
    pub plugins: &'a dyn Plugins,
    /// Where the values of inputs come from.
    pub inputs: InputSources<'a>,
    /// What the accounts are bound to. `None` only checks: then neither a profile nor an input
    /// need be there, and the plan cannot be run.
    pub bindings: Option<BTreeMap<String, Binding>>,
    /// Makes the placeholder that stands for a secret input, from its path.
    pub secret: &'a dyn Fn(&str) -> String,
    /// Whether the runbook may be used at all, once it is known to be well written and before anybody is
    /// asked for a value; its problems are those of the runbook.
    pub accept: &'a dyn Fn(&Checked) -> Result<(), Vec<Diagnostic>>,
}

/// A runbook without errors.
#[derive(Debug)]
pub struct Checked {
    /// The plan, secrets as placeholders.
    pub plan: Plan,
    /// Its inputs as they are declared, those that are like a plugin's made out.
    pub inputs: IndexMap<String, Field>,
    /// The real values of its secret inputs.
    pub secrets: SecretInputs,
    /// Its plugins by the components' digests.
    pub plugins: BTreeMap<String, Found>,
    /// Evaluates its expressions.
    pub evaluator: Evaluator,
    /// What is probably not meant, and hinders nothing.
    pub warnings: Vec<Diagnostic>,
    /// The file, for messages about its steps later.
    pub source: Source,
    /// The files of the runbooks inside it.
    pub inside: Vec<Source>,
}

impl Checked {
    /// The file that a step stands in.
    pub fn source_of(&self, line: &SourceLine) -> Option<&Source> {
        match &line.file {
            None => Some(&self.source),
            Some(name) => self.inside.iter().find(|source| source.name() == name),
        }
    }
}

/// Reads a runbook and checks everything that can be known before it is run.
///
/// # Errors
/// All problems, in the order of the file.
pub fn load(path: &Path, load: &Load<'_>) -> Result<Checked, Vec<Diagnostic>> {
    let name = path.display().to_string();
    let text = read_text(path, document::FILE_BYTES_MAX).map_err(|reason| {
        let title = format!("the runbook `{name}` cannot be read: {reason}");
        vec![Diagnostic::error(codes::FILE, title)]
    })?;
    let folder = path.parent().unwrap_or(Path::new(""));
    load_text(&Source::new(name, text), folder, load)
}

/// As [`load`], with the text at hand. `folder` is where paths in the runbook begin.
///
/// # Errors
/// As [`load`].
pub fn load_text(
    source: &Source,
    folder: &Path,
    load: &Load<'_>,
) -> Result<Checked, Vec<Diagnostic>> {
    let document = document::parse(source)?;
    let templates = Arc::new(Templates::default());
    let file = files::read(source, folder, &document, load.plugins, &templates);
    // A newer format is not held against this one's rules.
    if file.is_newer() {
        return Err(file.problems.clone());
    }
    let missing = match load.bindings {
        Some(_) => Missing::Asked,
        None => Missing::Borne,
    };
    // Nobody is asked for anything while the rest is wrong, or nobody has accepted it.
    let at_first = match load.inputs.ask {
        Some(_) => Missing::Borne,
        None => missing,
    };
    let checked = check(&file, load, &templates, at_first)?;
    (load.accept)(&checked)?;
    if at_first == missing {
        return Ok(checked);
    }
    check(&file, load, &templates, missing)
}

/// What to do about inputs that were not given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Missing {
    /// Ask for them if somebody is there, else report them.
    Asked,
    /// Check without them.
    Borne,
}

fn check(
    file: &File,
    load: &Load<'_>,
    templates: &Arc<Templates>,
    missing: Missing,
) -> Result<Checked, Vec<Diagnostic>> {
    let source = &file.source;
    let mut problems = Problems::new(source);
    problems.list.clone_from(&file.problems);
    let values = inputs::gather(
        &file.runbook,
        &load.inputs,
        missing,
        load.secret,
        &mut problems,
    );
    let bindings = load.bindings.as_ref();
    let inputs = values.known.clone();
    let mut model = Model::new(file, inputs, templates, bindings, &mut problems);
    model.assumed.clone_from(&values.assumed);
    inside::check(&mut model, &mut problems);
    let mut found = inside::once(in_order(problems.list, source));
    let is_error = |problem: &Diagnostic| problem.severity == Severity::Error;
    if found.iter().any(is_error) {
        // What is unused is mostly a consequence of what is wrong.
        found.retain(is_error);
        return Err(found);
    }
    let plan = plan::plan(&model);
    let (mut plugins, mut inside) = (BTreeMap::new(), Vec::new());
    gather(file, &mut plugins, &mut inside);
    let manifests = plugins
        .values()
        .map(|found| (found.digest.clone(), found.manifest.clone()));
    let evaluator = Evaluator::new(manifests).with_templates(templates.clone());
    Ok(Checked {
        plan,
        inputs: file.inputs.clone(),
        secrets: values.secrets,
        plugins,
        evaluator,
        warnings: found,
        source: source.clone(),
        inside,
    })
}

/// The plugins of a runbook and of those inside it, by the components' digests, and the files of
/// those inside.
fn gather(file: &File, plugins: &mut BTreeMap<String, Found>, inside: &mut Vec<Source>) {
    for used in file.used.iter().flatten() {
        match used {
            Used::Plugin(found) => {
                let known = plugins
                    .entry(found.digest.clone())
                    .or_insert_with(|| found.clone());
                // The same bytes are the same plugin, wherever else they lie.
                if found.origin == Origin::Shipped {
                    known.clone_from(found);
                }
            }
            Used::Runbook(inner) => {
                if !inside.contains(&inner.source) {
                    inside.push(inner.source.clone());
                    gather(inner, plugins, inside);
                }
            }
            Used::BuiltIn(_) => {}
        }
    }
}

/// Sorts problems by their place: those in the file first, then those in each file it led to, then
/// those that have no place.
fn in_order(mut problems: Vec<Diagnostic>, source: &Source) -> Vec<Diagnostic> {
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

/// Reads a text file, at most one byte more than it may have: the limit itself is reported where it
/// is known.
fn read_text(path: &Path, bytes_max: usize) -> Result<String, String> {
    let file = crate::files::open(path).map_err(|error| error.to_string())?;
    let mut bytes = Vec::new();
    file.take(bytes_max as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| error.to_string())?;
    if bytes.len() > bytes_max {
        return Ok(String::from_utf8_lossy(&bytes).into_owned());
    }
    String::from_utf8(bytes).map_err(|error| {
        let line = bytes_before(&error)
            .iter()
            .filter(|byte| **byte == b'\n')
            .count()
            + 1;
        format!("it is not UTF-8 text (line {line})")
    })
}

fn bytes_before(error: &std::string::FromUtf8Error) -> &[u8] {
    &error.as_bytes()[..error.utf8_error().valid_up_to()]
}
