//! `rutter world`.
//!
//! A new world is found by rehearsing: `draft.rs` is the world so far, `fit.rs` rehearses in it and adds what the calls
//! took for granted, `options.rs` knows what else could be so for what is there.

mod draft;
mod fit;
mod options;

use std::path::PathBuf;

use clap::Subcommand;
use rutter_simcloud::World;

use super::flags::Inputs;
use super::{Context, Exit, Failure, driving, load};

/// Create world files for rehearsals
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Write a world file in which a runbook can be rehearsed with its inputs
    New(NewArgs),
}

#[derive(Debug, clap::Args)]
struct NewArgs {
    /// The runbook file
    runbook: PathBuf,
    /// Write to this file, which must not exist [default: standard output]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    #[command(flatten)]
    inputs: Inputs,
}

pub(super) fn run(context: &Context, args: Args) -> Result<Exit, Failure> {
    let Command::New(args) = args.command;
    let settings = context.settings()?;
    let loaded = load::for_rehearsal(context, &settings, &args.runbook, &args.inputs, draft::SEED)?;
    let sandbox = driving::sandbox(&settings)?;
    let fitting = fit::Fitting::new(loaded, sandbox, &settings);
    let draft = Context::runtime()?.block_on(fitting.draft())?;
    let text = draft.text();
    if let Err(error) = World::from_toml(&text, "the new world") {
        return Err(Failure::world(&error, &text));
    }
    match &args.output {
        None => context.printer.verbatim(&text),
        Some(path) => {
            let cannot =
                |error| Failure::io(format!("`{}` cannot be written", path.display()), error);
            let mut file = std::fs::File::create_new(path).map_err(cannot)?;
            std::io::Write::write_all(&mut file, text.as_bytes()).map_err(cannot)?;
            if !context.printer.output().quiet {
                context.printer.answer_line(&path.display().to_string());
            }
        }
    }
    let open = draft.open_count();
    if open > 0 {
        context.printer.note(&format!(
            "warning: a rehearsal in this world does not end well yet: {open} {} marked `To fill in` in it",
            if open == 1 { "place is" } else { "places are" }
        ));
    }
    Ok(Exit::Done)
}
