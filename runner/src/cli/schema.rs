//! `rutter schema`.

use std::path::PathBuf;
use std::sync::Arc;

use clap::Subcommand;
use rutter_diagnostic::Diagnostic;
use rutter_diagnostic::neutral::one_line;
use rutter_plugin::{Catalogue, Plugin};
use serde_json::Value;

use super::flags::Inputs;
use super::plugins::catalogue;
use super::{Context, Exit, Failure, load};
use crate::schema;

/// Print a JSON Schema of a kind of file, for editors
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    kind: Kind,
}

#[derive(Debug, Subcommand)]
enum Kind {
    /// Runbooks, with what each known plugin takes
    Runbook(RunbookArgs),
    /// The inputs of one runbook
    Inputs(InputsArgs),
    /// World files, in which runbooks are rehearsed
    World,
    /// The settings, `rutter.toml`
    Settings,
    /// Manifests of plugins, `plugin.toml`
    Manifest,
}

#[derive(Debug, clap::Args)]
struct RunbookArgs {
    /// Describe only the inputs of this plugin, a name or a `.wasm` file; any other plugin is taken as it is
    #[arg(short = 'p', long = "plugin", value_name = "PLUGIN")]
    plugins: Vec<String>,
}

#[derive(Debug, clap::Args)]
struct InputsArgs {
    /// The runbook file
    runbook: PathBuf,
}

pub(super) fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    let schema = match &args.kind {
        Kind::Runbook(args) => runbook(context, args)?,
        Kind::Inputs(args) => inputs(context, args)?,
        Kind::World => schema::world(),
        Kind::Settings => schema::settings(),
        Kind::Manifest => schema::manifest(),
    };
    context.printer.verbatim(&format!("{schema:#}\n"));
    Ok(Exit::Done)
}

fn runbook(context: &Context, args: &RunbookArgs) -> Result<Value, Failure> {
    let catalogue = catalogue(&context.environment);
    if args.plugins.is_empty() {
        return Ok(schema::runbook(&all(context, &catalogue), false));
    }
    let mut plugins = Vec::new();
    for name in &args.plugins {
        plugins.push(super::plugin::named(&catalogue, name)?);
    }
    Ok(schema::runbook(&plugins, true))
}

/// Every plugin that can be used; of the others it is said why not.
fn all(context: &Context, catalogue: &Catalogue) -> Vec<Arc<Plugin>> {
    let mut plugins = Vec::new();
    for name in catalogue.names() {
        match catalogue.find(name) {
            Ok(found) => plugins.push(found),
            Err(error) => {
                let title = format!("`{name}` is left out: {}", one_line(&error.to_string()));
                context.warn(&[Diagnostic::warning("plugin", title)]);
            }
        }
    }
    plugins
}

fn inputs(context: &Context, args: &InputsArgs) -> Result<Value, Failure> {
    let settings = context.settings()?;
    let loaded = load::check(context, &settings, &args.runbook, &Inputs::default(), false)?;
    Ok(schema::inputs(
        &loaded.checked.plan.name,
        &loaded.checked.inputs,
    ))
}
