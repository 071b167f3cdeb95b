//! The runbook language: a TOML file becomes a checked plan.
//!
//! [`load`] reads a file once into a tree with places (`document.rs`), types it (`schema.rs`), looks
//! up its names (`model.rs`), holds it against every rule (`rules/`), and makes the plan
//! (`plan.rs`). All problems are reported together, each with its place. [`Evaluator`] evaluates the
//! plan's expressions later, while it is carried out. Only `expression/` knows the expression crate.
//!
//! Nothing here runs anything, asks the cloud, or decides what happens next: that is the engine.

mod built_in;
mod codes;
mod document;
mod evaluator;
mod expression;
mod inputs;
mod model;
mod order;
mod plan;
mod plugins;
mod problems;
mod reader;
mod resolve;
mod rules;
mod schema;
mod secret_inputs;
mod step_outputs;
mod template;
#[cfg(test)]
mod testing;
mod types;

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::Path;

use rutter_engine::Plan;

pub use self::codes::CODES;
pub use self::evaluator::Evaluator;
pub use self::inputs::{Ask, ENVIRONMENT_PREFIX, InputSources};
pub use self::plugins::{Found, NotFound, Plugins};
pub use self::secret_inputs::{SecretInputs, secrets_again};

use self::model::Model;
use self::plugins::Used;
use self::problems::Problems;
use crate::diagnostic::{Diagnostic, Severity, Source};

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
}

/// A runbook without errors.
#[derive(Debug)]
pub struct Checked {
    /// The plan, secrets as placeholders.
    pub plan: Plan,
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
    if load.inputs.ask.is_some() {
        // Nobody is asked for anything while the rest is wrong.
        check(source, folder, load, &document, Missing::Borne)?;
    }
    let missing = match load.bindings {
        Some(_) => Missing::Asked,
        None => Missing::Borne,
    };
    check(source, folder, load, &document, missing)
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
    source: &Source,
    folder: &Path,
    load: &Load<'_>,
    document: &document::Document,
    missing: Missing,
) -> Result<Checked, Vec<Diagnostic>> {
    let mut problems = Problems::new(source);
    let runbook = schema::read(document, &mut problems);
    // A newer format is not held against this one's rules.
    if problems
        .list
        .iter()
        .any(|problem| problem.code == codes::SCHEMA)
    {
        return Err(problems.list);
    }
    let values = inputs::gather(&runbook, &load.inputs, missing, load.secret, &mut problems);
    let bindings = load.bindings.as_ref();
    let model = Model::new(
        &runbook,
        folder,
        load.plugins,
        &values,
        bindings,
        &mut problems,
    );
    rules::check(&model, &mut problems);
    let mut found = in_order(problems.list, source);
    let is_error = |problem: &Diagnostic| problem.severity == Severity::Error;
    if found.iter().any(is_error) {
        // What is unused is mostly a consequence of what is wrong.
        found.retain(is_error);
        return Err(found);
    }
    let plan = plan::plan(&model, source);
    let plugins = plugins(&model);
    let manifests = plugins
        .values()
        .map(|found| (found.digest.clone(), found.manifest.clone()));
    let evaluator = Evaluator::new(manifests).with_templates(model.templates.clone());
    drop(model);
    Ok(Checked {
        plan,
        secrets: values.secrets,
        plugins,
        evaluator,
        warnings: found,
        source: source.clone(),
    })
}

fn plugins(model: &Model<'_>) -> BTreeMap<String, Found> {
    let used = model.used.iter().flatten();
    used.filter_map(|used| match used {
        Used::Plugin(found) => Some((found.digest.clone(), found.clone())),
        Used::BuiltIn(_) => None,
    })
    .collect()
}

/// Sorts problems by their place in the file; those elsewhere stay behind it.
fn in_order(mut problems: Vec<Diagnostic>, source: &Source) -> Vec<Diagnostic> {
    problems.sort_by_key(|problem| match (&problem.source, &problem.primary) {
        (Some(of), Some(primary)) if of == source => primary.span.start,
        _ => usize::MAX,
    });
    problems
}

/// Reads a text file, at most one byte more than it may have: the limit itself is reported where it
/// is known.
fn read_text(path: &Path, bytes_max: usize) -> Result<String, String> {
    let file = std::fs::File::open(path).map_err(|error| error.to_string())?;
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
