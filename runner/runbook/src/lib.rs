//! The runbook language: a TOML file becomes a checked plan.
//!
//! [`load`] reads a file once into a tree with places (`document.rs`), types it (`schema.rs`), reads
//! the runbooks it uses (`files.rs`), looks up its names (`model.rs`), holds it against every rule
//! (`rules/`), and the runbooks inside it where they are run (`nested.rs`), makes the plan (`plan.rs`), and
//! asks for the inputs that are missing (`check.rs`). All problems are reported together, each with its place. [`Evaluator`] evaluates the
//! plan's expressions later, while it is carried out. Expressions are a package of their own.
//!
//! Nothing here runs anything, asks the cloud, or decides what happens next: that is the engine.

mod built_in;
mod check;
mod codes;
mod document;
mod evaluator;
mod file;
mod files;
pub mod form;
mod gate;
mod given;
mod input_type;
mod inputs;
mod items;
pub mod keys;
mod likes;
mod lines;
mod misfit;
mod model;
mod names;
mod nested;
mod not_yet;
mod order;
mod path;
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
mod table_form;
#[cfg(test)]
mod testing;
mod types;
mod uses;
mod window;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;

use indexmap::IndexMap;
use rutter_contracts::Network;
use rutter_engine::{Plan, SourceLine};
use rutter_expression::Templates;
use rutter_manifest::Field;

pub use self::codes::{CODES, GATE, WINDOW};
pub use self::evaluator::Evaluator;
pub use self::plugins::{NotFound, Plugins};
pub use self::secret_inputs::{SecretInputs, secret_places, secrets_again};
pub use self::sources::{Ask, ENVIRONMENT_PREFIX, InputSources};
pub use self::window::{at as window_at, missed as window_missed};
pub use built_in::{BuiltInStep, built_in_step};

use rutter_diagnostic::{Diagnostic, Source};
use rutter_plugin::Plugin;

/// What the operator bound an account to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Binding {
    /// The name of the credential profile; never a credential.
    pub profile: String,
    /// The region used where a call names none.
    pub region: String,
    /// The account id the operator expects, if stated.
    pub expected_id: Option<String>,
    /// Why the profile cannot be used.
    pub fault: Option<BindingFault>,
    /// Why the profile may not be the one that is meant.
    pub doubt: Option<BindingFault>,
}

/// What is wrong with the profile that an account is bound to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BindingFault {
    /// What is wrong.
    pub what: String,
    /// What the operator can do.
    pub help: String,
}

/// Binds accounts, given the names that the runbook declares.
pub type Bind<'a> = dyn Fn(&[&str]) -> BTreeMap<String, Binding> + 'a;

/// How the products of the cloud are reached.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reach {
    /// The products whose address the operator names, in lower case: the others are called where the published
    /// table says.
    pub own: BTreeSet<String>,
    /// From where those are called.
    pub network: Network,
}

/// What a runbook is loaded with.
pub struct Load<'a> {
    /// Where plugins come from.
    pub plugins: &'a dyn Plugins,
    /// How the cloud is reached.
    pub reach: &'a Reach,
    /// Where the values of inputs come from.
    pub inputs: InputSources<'a>,
    /// What the accounts are bound to. `None` only checks: then neither a profile nor an input
    /// need be there, and the plan cannot be run.
    pub bind: Option<&'a Bind<'a>>,
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
    pub plugins: BTreeMap<String, Arc<Plugin>>,
    /// Evaluates its expressions.
    pub evaluator: Evaluator,
    /// What is probably not meant, and hinders nothing.
    pub warnings: Vec<Diagnostic>,
    /// The file, for messages about its steps later.
    pub source: Source,
    /// The files of the runbooks inside it.
    pub nested: Vec<Source>,
}

impl Checked {
    /// The file that a step stands in.
    pub fn source_of(&self, line: &SourceLine) -> Option<&Source> {
        match &line.file {
            None => Some(&self.source),
            Some(name) => self.nested.iter().find(|source| source.name() == name),
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
    check::check(&file, load)
}

/// Reads a text file, at most one byte more than it may have: the limit itself is reported where it
/// is known.
fn read_text(path: &Path, bytes_max: usize) -> Result<String, String> {
    let file = rutter_files::open(path).map_err(|error| error.to_string())?;
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
