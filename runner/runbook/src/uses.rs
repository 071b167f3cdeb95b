//! What a step's `uses` means: a plugin by name or file, one of the built-in steps, or another runbook.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rutter_diagnostic::Diagnostic;
use rutter_manifest::{is_kebab_case, nearest};
use rutter_plugin::Plugin;

use super::built_in::BuiltIn;
use super::codes;
use super::file::Used;
use super::plugins::{NotFound, Plugins};
use super::problems::Problems;
use super::spanned::Spanned;

/// Whether it names the file of another runbook.
pub(super) fn is_runbook(uses: &str) -> bool {
    !is_computed(uses) && extension(uses) == Some("toml")
}

fn is_computed(uses: &str) -> bool {
    uses.contains("{{")
}

fn extension(uses: &str) -> Option<&str> {
    Path::new(uses).extension()?.to_str()
}

/// Looks up what a step uses that is no runbook. `folder` is the runbook's.
pub(super) fn resolve(
    uses: &Spanned<String>,
    folder: &Path,
    plugins: &dyn Plugins,
    problems: &mut Problems<'_>,
) -> Option<Used> {
    let text = uses.value.as_str();
    if is_computed(text) {
        let title = "what a step uses is not computed";
        problems.push_at(codes::USES, title, uses.span, "", None);
        return None;
    }
    if extension(text) == Some("wasm") {
        let opened = plugins.open(&path_of(text, folder));
        return found(opened, uses, text, plugins, problems).map(Used::Plugin);
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
    let actual = &found.manifest().plugin.version;
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
    result: Result<Arc<Plugin>, NotFound>,
    uses: &Spanned<String>,
    name: &str,
    plugins: &dyn Plugins,
    problems: &mut Problems<'_>,
) -> Option<Arc<Plugin>> {
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
