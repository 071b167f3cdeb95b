//! `rutter rehearse`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use rutter_diagnostic::neutral::one_line;
use rutter_diagnostic::shell;
use rutter_engine::{RunStatus, StepState};

use super::exit::Asked;
use super::flags::Inputs;
use super::run::WishFlags;
use super::simulate::read_world;
use super::{Context, Exit, Failure, driving, gates, load, windows};
use crate::session::{Rehearsal, Rehearsed, rehearse};
use crate::settings::Settings;
use crate::took::{Stopwatch, TookFolder};
use crate::ui;

/// Rehearse a runbook in a simulated cloud, without credentials or a network
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The runbook file
    runbook: PathBuf,
    /// The world file that describes the simulated cloud [default: `x.world.toml` next to `x.toml`]
    #[arg(long, value_name = "FILE")]
    world: Option<PathBuf>,
    #[command(flatten)]
    inputs: Inputs,
    #[command(flatten)]
    options: WishFlags,
}

pub(super) fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    let settings = context.settings()?;
    let world_file = match &args.world {
        Some(path) => path.clone(),
        None => world_beside(&args.runbook)?,
    };
    let world = read_world(&world_file)?;
    let seed = world.seed().to_string();
    let loaded = load::for_rehearsal(context, &settings, &args.runbook, &args.inputs, &seed)?;
    context.warn(&loaded.checked.warnings);
    context.warn(&gates::warnings(&loaded.checked.plan, &settings));
    let rehearsal = Rehearsal {
        plan: loaded.checked.plan,
        evaluator: Rc::new(loaded.checked.evaluator),
        plugins: loaded.checked.plugins,
        secrets: loaded.secrets,
        world,
        world_file: world_file.display().to_string(),
        hosts: settings.http.hosts.clone(),
        options: args.options.options(),
    };
    let sandbox = driving::sandbox(&settings)?;
    // A rehearsal is over before bars would be of use, and its report says all of it.
    let output = context.printer.output();
    let mut show = if output.json || output.verbose > 0 {
        ui::show(&context.printer, &TookFolder::of(&settings.state_dir))
    } else {
        ui::silent()
    };
    let rehearsed = Context::runtime()?.block_on(rehearse(
        rehearsal,
        sandbox,
        settings.limits.clone(),
        &mut *show,
    ))?;
    keep_times(&settings, &rehearsed);
    let now = jiff::Timestamp::now();
    context.warn(&windows::missed(&rehearsed.run, &rehearsed.records, now));
    if !output.json {
        context.printer.answer(&rehearsed.report);
    }
    note_lacking(context, &rehearsed, &world_file);
    // Where it was to stop, it was carried out.
    if args.options.stops() && rehearsed.standing == RunStatus::Stopped {
        return Ok(Exit::Done);
    }
    Ok(Exit::of_standing(&rehearsed.standing, Asked::Run, false))
}

/// Says what a step that failed looked for and the world does not have, and what to write for it.
fn note_lacking(context: &Context, rehearsed: &Rehearsed, world_file: &Path) {
    let mut said = BTreeSet::new();
    for (step, account, presumed) in &rehearsed.lacking {
        let state = rehearsed.run.step(step).map(|step| &step.state);
        if !matches!(state, Some(StepState::Failed(_))) || !said.insert((account, &presumed.id)) {
            continue;
        }
        let whose = match &presumed.owner {
            Some(id) => format!("the account with `id = \"{id}\"`"),
            None => format!("`[accounts.{account}]`"),
        };
        context.printer.note(&format!(
            "help: step `{step}` looked for `{id}`, which {whose} of `{world}` does not have; where it should be there, \
             write `[[accounts.NAME.{table}]]` with `id = \"{id}\"` and `region = \"{region}\"`",
            id = one_line(&presumed.id),
            world = world_file.display(),
            table = presumed.table,
            region = one_line(&presumed.region),
        ));
    }
}

/// A run of this runbook tells later how long it takes.
fn keep_times(settings: &Settings, rehearsed: &Rehearsed) {
    let mut watch = Stopwatch::default();
    for record in &rehearsed.records {
        watch.record(record);
    }
    TookFolder::of(&settings.state_dir).keep(&rehearsed.run, &watch);
}

/// The world that lies beside a runbook.
fn world_beside(runbook: &Path) -> Result<PathBuf, Failure> {
    let path = runbook.with_extension("world.toml");
    if path.exists() {
        return Ok(path);
    }
    Err(Failure::refused(
        format!("there is no world `{}` to rehearse in", path.display()),
        format!(
            "name one with `--world FILE`, or write one: `rutter world new {} > {}`",
            shell::path(runbook),
            shell::path(&path)
        ),
    ))
}
