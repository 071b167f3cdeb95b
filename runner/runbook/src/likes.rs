//! Inputs that are like an input of a plugin: `kind = { like = "configure-dts-task.source.kind" }`.

use std::sync::Arc;

use rutter_manifest::{Field, Like, Manifest, nearest};

use super::codes;
use super::file::Used;
use super::plugins::Plugins;
use super::problems::Problems;
use super::schema::{Runbook, default_has_unit};

/// Gives each such input its field. The plugin is the one that a step of the runbook uses by this name, whatever its
/// version; else the one that is found. What cannot be had is reported, and the input is none.
pub(super) fn resolve(
    runbook: &mut Runbook,
    used: &[Option<Used>],
    plugins: &dyn Plugins,
    problems: &mut Problems<'_>,
) {
    for input in &mut runbook.inputs {
        let Some(likened) = &input.likened else {
            continue;
        };
        let like = &likened.like;
        let found = used_here(like.path().0, used)
            .map_or_else(|| found(like, plugins), Ok)
            .and_then(|manifest| field(like, &manifest).cloned())
            .and_then(|base| like.of(&base).map_err(|why| (why, None)));
        match found {
            Ok(field) => {
                default_has_unit(
                    &input.name.value,
                    likened.default.as_ref(),
                    &field,
                    problems,
                );
                input.field = Some(field);
            }
            Err((why, help)) => {
                let title = format!(
                    "the input `{}` is not declared well: {why}",
                    input.name.value
                );
                problems.push_at(codes::INPUT_FIELD, title, likened.span, "", help);
            }
        }
    }
}

/// Why there is no such input, and what to write.
type Refused = (String, Option<String>);

fn used_here(name: &str, used: &[Option<Used>]) -> Option<Arc<Manifest>> {
    used.iter().flatten().find_map(|used| match used {
        Used::Plugin(found) if found.manifest().plugin.name == name => {
            Some(Arc::clone(&found.inspected.manifest))
        }
        _ => None,
    })
}

fn found(like: &Like, plugins: &dyn Plugins) -> Result<Arc<Manifest>, Refused> {
    let (name, _) = like.path();
    let found = plugins.find(name).map_err(|_| {
        let names = plugins.names();
        let near = nearest(name, names.iter().map(String::as_str));
        let help = near.map_or_else(
            || "`rutter plugin list` shows what there is".to_owned(),
            |near| format!("did you mean `{near}`?"),
        );
        (format!("there is no plugin `{name}`"), Some(help))
    })?;
    Ok(Arc::clone(&found.inspected.manifest))
}

/// The field that a path leads to.
fn field<'a>(like: &Like, manifest: &'a Manifest) -> Result<&'a Field, Refused> {
    let (plugin, path) = like.path();
    let (mut fields, mut at) = (&manifest.inputs, plugin.to_owned());
    let mut field = None;
    for name in path {
        let Some(next) = fields.get(name) else {
            let known = fields.keys().map(String::as_str);
            let near = nearest(name, known.clone());
            let help = match near {
                Some(near) => format!("did you mean `{at}.{near}`?"),
                None if fields.is_empty() => format!("nothing can follow `{at}`"),
                None => {
                    let known: Vec<String> = known.map(|name| format!("`{name}`")).collect();
                    format!("there is {}", known.join(", "))
                }
            };
            return Err((format!("`{at}` has no input `{name}`"), Some(help)));
        };
        at = format!("{at}.{name}");
        (field, fields) = (Some(next), &next.fields);
    }
    field.ok_or_else(|| {
        let help = format!("write `like = \"{plugin}.INPUT\"`");
        (format!("`{plugin}` is a plugin and no input"), Some(help))
    })
}
