//! What a step's `uses` means: a plugin by name or file, one of the built-in steps, or another runbook.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use indexmap::IndexMap;
use rutter_manifest::{Field, Manifest, is_kebab_case, nearest};

use super::built_in::BuiltIn;
use super::codes;
use super::files::{File, Reading};
use super::problems::Problems;
use super::schema::{Spanned, Step};
use crate::diagnostic::Diagnostic;
use crate::plugin::{Catalogue, CatalogueError, Origin};

/// Where plugins come from.
pub trait Plugins {
    /// Finds a plugin by its name.
    ///
    /// # Errors
    /// When there is none, or its file cannot be used.
    fn find(&self, name: &str) -> Result<Found, NotFound>;

    /// Reads a plugin from a file.
    ///
    /// # Errors
    /// When the file cannot be used.
    fn open(&self, path: &Path) -> Result<Found, NotFound>;

    /// The names there are.
    fn names(&self) -> Vec<String>;
}

/// A plugin that was found.
#[derive(Clone, PartialEq)]
pub struct Found {
    /// What it says about itself.
    pub manifest: Arc<Manifest>,
    /// SHA-256 of the component, hex.
    pub digest: String,
    /// Where it comes from.
    pub origin: Origin,
    /// The component.
    pub bytes: Arc<[u8]>,
}

impl std::fmt::Debug for Found {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Found")
            .field("manifest", &self.manifest.plugin)
            .field("digest", &self.digest)
            .field("bytes", &self.bytes.len())
            .finish()
    }
}

/// Why a plugin cannot be had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotFound {
    /// No folder has one of that name.
    Unknown {
        /// The folders that were searched.
        folders: Vec<PathBuf>,
    },
    /// There is a file, and it cannot be used.
    Unusable {
        /// Why, one sentence without a full stop.
        message: String,
        /// What to do about it.
        help: Option<String>,
    },
}

/// What a step uses, looked up.
#[derive(Clone, Debug)]
pub(super) enum Used {
    Plugin(Found),
    BuiltIn(BuiltIn),
    Runbook(Arc<File>),
}

impl Used {
    /// What it takes.
    pub fn inputs(&self) -> &IndexMap<String, Field> {
        match self {
            Self::Plugin(found) => &found.manifest.inputs,
            Self::BuiltIn(built_in) => built_in.inputs(),
            Self::Runbook(file) => &file.inputs,
        }
    }

    /// One of the things it gives, with its type where something says.
    pub fn output(&self, name: &str) -> Option<Option<&Field>> {
        match self {
            Self::Plugin(found) => found.manifest.outputs.get(name).map(Some),
            Self::BuiltIn(built_in) => built_in.outputs().get(name).map(Some),
            Self::Runbook(file) => file.outputs.get(name).map(Option::as_ref),
        }
    }

    /// What it gives.
    pub fn output_names(&self) -> Vec<&str> {
        fn names<T>(fields: &IndexMap<String, T>) -> Vec<&str> {
            fields.keys().map(String::as_str).collect()
        }
        match self {
            Self::Plugin(found) => names(&found.manifest.outputs),
            Self::BuiltIn(built_in) => names(built_in.outputs()),
            Self::Runbook(file) => names(&file.outputs),
        }
    }

    /// The names of the accounts it asks for; none where no such question arises.
    pub fn accounts(&self) -> Option<Vec<&str>> {
        match self {
            Self::Plugin(found) => {
                Some(found.manifest.accounts.keys().map(String::as_str).collect())
            }
            Self::BuiltIn(_) => None,
            Self::Runbook(file) => {
                let accounts = file.runbook.accounts.iter();
                Some(
                    accounts
                        .map(|account| account.name.value.as_str())
                        .collect(),
                )
            }
        }
    }
}

impl Plugins for Catalogue {
    fn find(&self, name: &str) -> Result<Found, NotFound> {
        Self::find(self, name).map(found_in).map_err(not_found)
    }

    fn open(&self, path: &Path) -> Result<Found, NotFound> {
        Self::read(path).map(found_in).map_err(not_found)
    }

    fn names(&self) -> Vec<String> {
        Self::names(self).map(str::to_owned).collect()
    }
}

fn found_in(found: Arc<crate::plugin::Found>) -> Found {
    Found {
        manifest: Arc::new(found.manifest().clone()),
        digest: found.digest().to_owned(),
        origin: found.origin,
        bytes: found.bytes.clone(),
    }
}

fn not_found(error: CatalogueError) -> NotFound {
    let (message, help) = (error.to_string(), error.help());
    match error {
        CatalogueError::Unknown { folders, .. } => NotFound::Unknown { folders },
        _ => NotFound::Unusable { message, help },
    }
}

/// Looks up what a step uses. `folder` is the runbook's.
pub(super) fn resolve(
    step: &Step,
    uses: &Spanned<String>,
    folder: &Path,
    reading: &mut Reading<'_>,
    problems: &mut Problems<'_>,
) -> Option<Used> {
    let text = uses.value.as_str();
    let path = Path::new(text);
    let plugins = reading.plugins;
    if text.contains("{{") {
        let title = "what a step uses is not computed";
        problems.push_at(codes::USES, title, uses.span, "", None);
        return None;
    }
    let extension = path.extension().and_then(|extension| extension.to_str());
    if extension == Some("wasm") {
        let opened = plugins.open(&path_of(text, folder));
        return found(opened, uses, text, plugins, problems).map(Used::Plugin);
    }
    if extension == Some("toml") {
        return reading
            .runbook(step, uses, folder, problems)
            .map(Used::Runbook);
    }
    if text.contains("://") || text.contains('/') || text.contains(':') {
        let help = "fetch the component and name its file: `./plugin.wasm`";
        let title = "OCI references are not yet supported";
        problems.push_at(codes::USES, title, uses.span, "", Some(help.to_owned()));
        return None;
    }
    named(text, uses, plugins, problems)
}

/// The file that `uses` names, without the `./` that people write.
pub(super) fn path_of(uses: &str, folder: &Path) -> PathBuf {
    folder.join(uses).components().collect()
}

fn named(
    text: &str,
    uses: &Spanned<String>,
    plugins: &dyn Plugins,
    problems: &mut Problems<'_>,
) -> Option<Used> {
    let (name, version) = match text.split_once('@') {
        Some((name, version)) => (name, Some(version)),
        None => (text, None),
    };
    if let Some(built_in) = BuiltIn::named(name) {
        if version.is_some() {
            let title = format!("`{name}` is built in and has no version of its own");
            problems.push_at(
                codes::USES,
                title,
                uses.span,
                "",
                Some(format!("write `{name}`")),
            );
        }
        return Some(Used::BuiltIn(built_in));
    }
    if !is_kebab_case(name) {
        let kebab = name.replace(['_', ' '], "-").to_lowercase();
        let help = is_kebab_case(&kebab).then(|| format!("write `{kebab}`"));
        let title = format!("a plugin's name is kebab-case, `{name}` is not");
        problems.push_at(codes::NAME, title, uses.span, "", help);
        return None;
    }
    let found = found(plugins.find(name), uses, name, plugins, problems)?;
    let actual = &found.manifest.plugin.version;
    if let Some(wanted) = version
        && !fits(wanted, actual)
    {
        problems.push_at(
            codes::PLUGIN_VERSION,
            format!("the runbook wants `{name}` {wanted}, there is {actual}"),
            uses.span,
            "",
            Some(format!("write `{name}@{actual}`, or install {wanted}")),
        );
        return None;
    }
    Some(Used::Plugin(found))
}

/// Whether a version is the one wanted, or begins with it: `0.1` fits `0.1.3`.
fn fits(wanted: &str, actual: &str) -> bool {
    actual
        .strip_prefix(wanted)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

fn found(
    result: Result<Found, NotFound>,
    uses: &Spanned<String>,
    name: &str,
    plugins: &dyn Plugins,
    problems: &mut Problems<'_>,
) -> Option<Found> {
    let problem = match result {
        Ok(found) => return Some(found),
        Err(NotFound::Unknown { folders }) => {
            let names = plugins.names();
            let known = names.iter().map(String::as_str).chain(BuiltIn::NAMES);
            let help = match (nearest(name, known), &*folders) {
                (Some(near), _) => format!("did you mean `{near}`?"),
                (None, []) => "`rutter plugin list` shows what there is".to_owned(),
                (None, folders) => {
                    let folders: Vec<String> = folders
                        .iter()
                        .map(|folder| format!("`{}`", folder.display()))
                        .collect();
                    format!(
                        "`rutter plugin list` shows what there is; searched {}",
                        folders.join(", ")
                    )
                }
            };
            Diagnostic::error(
                codes::PLUGIN_UNKNOWN,
                format!("there is no plugin `{name}`"),
            )
            .help(help)
        }
        Err(NotFound::Unusable { message, help }) => {
            let mut problem = Diagnostic::error(codes::PLUGIN_UNUSABLE, message);
            problem.help = help;
            problem
        }
    };
    let problem = problem.at(problems.source, uses.span, "");
    problems.push(problem);
    None
}
