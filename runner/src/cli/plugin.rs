//! `rutter plugin`.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Subcommand;
use rutter_build::{BuildError, Options};
use rutter_diagnostic::Diagnostic;
use rutter_diagnostic::neutral::one_line;
use rutter_manifest::{IdSide, Manifest};
use rutter_plugin::{Catalogue, CatalogueError, NOTHING, Plugin, kind, own_undo, sentences};
use rutter_runbook::BuiltInStep;
use serde_json::json;

use super::plugins::catalogue;
use super::{Context, Exit, Failure};
use crate::ui::{Align, Table, fields};

/// Build, inspect and list plugins
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Build the plugins in a folder, each into one `.wasm` file that contains its manifest
    Build(BuildArgs),
    /// Show a plugin's manifest and what the plugin may do, without running it
    Inspect(InspectArgs),
    /// List the plugins that runbooks can use
    List,
    /// Print the interface between plugins and rutter, for plugins in any language that makes components
    Interface,
}

#[derive(Debug, clap::Args)]
struct BuildArgs {
    /// The folder of a plugin, or of a workspace with several
    #[arg(default_value = ".")]
    source: PathBuf,
    /// Build only this plugin
    #[arg(short = 'p', long = "plugin", value_name = "NAME")]
    only: Vec<String>,
    /// Write the `.wasm` files to this folder [default: `plugins` in cargo's target folder]
    #[arg(short, long, value_name = "DIR")]
    output: Option<PathBuf>,
    /// Build without using the network
    #[arg(long)]
    offline: bool,
}

#[derive(Debug, clap::Args)]
struct InspectArgs {
    /// A `.wasm` file, or the name of a plugin
    plugin: String,
    /// Print only the manifest, as its author wrote it
    #[arg(long)]
    manifest: bool,
}

pub(super) fn run(context: &Context, args: Args) -> Result<Exit, Failure> {
    match args.command {
        Command::Build(args) => build(context, args),
        Command::Inspect(args) => inspect(context, &args),
        Command::List => list(context),
        Command::Interface => {
            context.printer.verbatim(crate::standard::INTERFACE);
            Ok(Exit::Done)
        }
    }
}

fn build(context: &Context, args: BuildArgs) -> Result<Exit, Failure> {
    let options = Options {
        source: args.source,
        only: args.only,
        output: args.output,
        target: None,
        offline: args.offline,
        start: |program| crate::children::cargo(program),
    };
    let built = rutter_build::build(&options).map_err(|error| build_failed(&error))?;
    for plugin in built {
        let path = plugin.path.display().to_string();
        let plugin_info = &plugin.inspected.manifest.plugin;
        if context.printer.output().json {
            let line = json!({
                "plugin": plugin_info.name,
                "version": plugin_info.version,
                "path": path,
                "digest": plugin.inspected.digest,
                "changed": plugin.changed,
            });
            context.printer.json(&line);
        } else {
            let state = if plugin.changed { "" } else { " (unchanged)" };
            context.printer.answer_line(&format!("{path}{state}"));
        }
    }
    Ok(Exit::Done)
}

fn build_failed(error: &BuildError) -> Failure {
    let diagnostic = Diagnostic::error("plugin-build", super::failure::with_causes(error));
    let diagnostic = super::failure::with_help(diagnostic, error.help());
    Failure::new(Exit::Refused, diagnostic)
}

fn inspect(context: &Context, args: &InspectArgs) -> Result<Exit, Failure> {
    if let Some(step) = rutter_runbook::built_in_step(&args.plugin) {
        return inspect_built_in(context, &step);
    }
    let found = named(&catalogue(&context.environment), &args.plugin)?;
    let printer = &context.printer;
    if args.manifest {
        printer.verbatim(&found.inspected.manifest_text);
    } else if printer.output().json {
        let manifest: serde_json::Value = toml::from_str(&found.inspected.manifest_text)
            .map_err(|error| Failure::refused(error.to_string(), "rebuild the plugin"))?;
        let may: Vec<_> = sentences(found.manifest())
            .into_iter()
            .map(|sentence| sentence.says)
            .collect();
        let line = json!({
            "path": found.path,
            "digest": found.digest(),
            "line": found.inspected.line,
            "size": found.inspected.size,
            "imports": found.inspected.imports,
            "manifest": manifest,
            "may": may,
        });
        printer.json(&line);
    } else {
        printer.answer(&page(&found));
    }
    Ok(Exit::Done)
}

/// A step that needs no plugin: it has inputs and outputs, and is about the run alone.
fn inspect_built_in(context: &Context, step: &BuiltInStep) -> Result<Exit, Failure> {
    let printer = &context.printer;
    if printer.output().json {
        printer.json(&json!({
            "built_in": step.name,
            "summary": step.summary,
            "inputs": step.inputs,
            "outputs": step.outputs,
        }));
        return Ok(Exit::Done);
    }
    printer.answer(&format!(
        "{}: {}\nbuilt in: it needs no plugin, and calls nothing\n{}{}",
        step.name,
        step.summary,
        fields("inputs", step.inputs),
        fields("outputs", step.outputs),
    ));
    Ok(Exit::Done)
}

/// The plugin that a command line names, by its name or by its file.
pub(super) fn named(catalogue: &Catalogue, plugin: &str) -> Result<Arc<Plugin>, Failure> {
    let is_file = plugin.ends_with(".wasm") || plugin.contains(std::path::MAIN_SEPARATOR);
    let found = if is_file {
        Catalogue::read(Path::new(plugin))
    } else {
        catalogue.find(plugin)
    };
    found.map_err(|error| not_found(&error))
}

fn not_found(error: &CatalogueError) -> Failure {
    let diagnostic = Diagnostic::error("plugin", error.to_string());
    let help = match error {
        CatalogueError::Unreadable { .. } => Some(
            "name the file of a plugin, or one of those that `rutter plugin list` shows".to_owned(),
        ),
        error => error.help(),
    };
    Failure::new(Exit::Refused, super::failure::with_help(diagnostic, help))
}

fn page(found: &Plugin) -> String {
    let manifest = found.manifest();
    let plugin = &manifest.plugin;
    let mut text = format!(
        "{} {}: {}\n{}\nrutter:step {}, {} bytes, sha256 {}\n{}\n",
        plugin.name,
        one_line(&plugin.version),
        one_line(&plugin.summary),
        one_line(&found.path.display().to_string()),
        found.inspected.line,
        found.inspected.size,
        found.digest(),
        format_args!("it {}", kind(plugin.kind)),
    );
    text.push_str(&fields("inputs", &manifest.inputs));
    text.push_str(&fields("outputs", &manifest.outputs));
    notes_and_ids(&mut text, manifest);
    permissions(&mut text, manifest);
    text
}

fn permissions(text: &mut String, manifest: &Manifest) {
    text.push_str("\npermissions\n");
    let mut reason = None;
    for sentence in sentences(manifest) {
        // What follows from one permission has one reason.
        let why = match reason.as_ref() == Some(&sentence.reason) {
            true => String::new(),
            false => format!(": {}", sentence.reason),
        };
        text.push_str(&format!("  {}{why}\n", sentence.says));
        reason = Some(sentence.reason);
    }
    if manifest.permissions.is_empty() {
        text.push_str(&format!("  {NOTHING}\n"));
    }
    if let Some(undo) = own_undo(manifest) {
        text.push_str(&format!("  {undo}\n"));
    }
}

fn notes_and_ids(text: &mut String, manifest: &Manifest) {
    if !manifest.plugin.notes.is_empty() {
        text.push_str("\nto be read before the run\n");
    }
    for note in &manifest.plugin.notes {
        text.push_str(&format!("  {}\n", one_line(note)));
    }
    if !manifest.ids.is_empty() {
        text.push_str("\nids: old and new\n");
    }
    for pair in &manifest.ids {
        let (side, target) = pair.target_path();
        let side = match side {
            IdSide::Inputs => "input",
            IdSide::Outputs => "output",
        };
        text.push_str(&format!(
            "  {}: input {} is now {side} {target}\n",
            pair.kind, pair.source
        ));
    }
}

fn list(context: &Context) -> Result<Exit, Failure> {
    let catalogue = catalogue(&context.environment);
    let mut table = Table::new([
        ("PLUGIN", Align::Left),
        ("VERSION", Align::Left),
        ("SUMMARY", Align::Left),
    ]);
    let printer = &context.printer;
    for name in catalogue.names() {
        match catalogue.find(name) {
            Ok(found) if printer.output().json => {
                let plugin = &found.manifest().plugin;
                let line = json!({
                    "plugin": plugin.name,
                    "version": plugin.version,
                    "summary": plugin.summary,
                    "path": found.path,
                    "digest": found.digest(),
                });
                printer.json(&line);
            }
            Ok(found) => {
                let plugin = &found.manifest().plugin;
                table.row([name, &plugin.version, &plugin.summary]);
            }
            Err(error) => printer.note(&format!("warning: {}", one_line(&error.to_string()))),
        }
    }
    if !table.is_empty() {
        printer.answer(&table.render());
    } else if !printer.output().json {
        let folders = catalogue.folders().iter();
        let folders: Vec<_> = folders.map(|folder| folder.display().to_string()).collect();
        printer.note(&format!("no plugins in {}", folders.join(", ")));
    }
    Ok(Exit::Done)
}
