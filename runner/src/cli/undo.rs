//! `rutter undo`.

use std::path::PathBuf;

use rutter_diagnostic::neutral::one_line;
use rutter_engine::{Change, PartFrom, PartRefused};

use super::exit::Asked;
use super::flags::Rebind;
use super::runs::Seen;
use super::{Context, Exit, Failure, driving, load, part};
use crate::journal::Message;
use crate::session::{Aim, RunOptions, Session};
use crate::settings::Settings;
use crate::ui::{Prompt, how, passed_no_return, what_helps};

/// Take back the changes of a run, last first: all of them, or a part
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The run's id, or the first characters of it
    run: String,
    /// Keep this step, and take back what began after it
    #[arg(long, value_name = "STEP", conflicts_with = "step")]
    to: Option<String>,
    /// Take back this step and what depends on it: `step`, or `caller.step` inside another runbook
    #[arg(long, value_name = "STEP")]
    step: Option<String>,
    /// Take back only this item of the `for_each` step, and whatever reads the step
    #[arg(long, value_name = "KEY", requires = "step")]
    item: Option<String>,
    /// Keep this step, which comes after the others in the file but neither reads nor needs them
    #[arg(long, value_name = "STEP")]
    keep: Vec<String>,
    /// Do not ask for confirmation
    #[arg(short, long)]
    yes: bool,
    /// Read secret inputs from a TOML file, if taking back needs them
    #[arg(long, value_name = "FILE")]
    inputs: Option<PathBuf>,
    #[command(flatten)]
    rebind: Rebind,
}

pub(super) fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    let settings = context.settings()?;
    let seen = context.see(&args.run)?.begun()?.mine()?;
    let what = match (&args.to, &args.step) {
        (Some(to), _) => Some(PartFrom::After(to.as_str().into())),
        (None, Some(step)) => Some(part::step(&seen, step, args.item.as_deref())),
        (None, None) => None,
    };
    if let Some(what) = what {
        return undo_part(context, args, settings, &seen.free()?, what);
    }
    if !args.keep.is_empty() {
        return Err(Failure::refused(
            "`--keep` leaves a step out of a part that is taken back, and no part was named",
            "name it by `--step STEP` or `--to STEP`",
        ));
    }
    may_be_taken_back(&seen)?;
    if !args.yes && !confirmed(context, &seen)? {
        context.printer.note("nothing was done");
        return Ok(Exit::Refused);
    }
    if let Some(driver) = &seen.driver {
        if !args.rebind.accounts.is_empty() {
            return Err(Failure::refused(
                format!("{driver} drives the run, with the profiles that it began with"),
                "stop it first, or leave `--account` out",
            ));
        }
        return super::approve::leave(context, &seen, &[Message::Undo {}.into()]);
    }
    let inputs = args.inputs.as_deref();
    let secrets = load::secrets_again(context, &settings, &seen.run, inputs, false)?;
    let options = RunOptions {
        profiles: args.rebind.profiles()?,
        ..RunOptions::default()
    };
    Context::runtime()?.block_on(async {
        let equipment = driving::equipment(settings)?;
        let session =
            Session::take_up(equipment, &seen.folder, secrets, options, Aim::Undo).await?;
        driving::go(context, session, Asked::Undo).await
    })
}

/// Refuses a run that was taken back already, or is about to be.
fn may_be_taken_back(seen: &Seen) -> Result<(), Failure> {
    match seen.run.may_be_taken_back() {
        // Nobody goes on with it but this command.
        Err(PartRefused::UnderWay(_)) if seen.driver.is_none() => Ok(()),
        // Who wants all of it back need not wait for a part.
        Err(PartRefused::UnderWay(_))
            if seen.run.rollback().is_some_and(|back| back.part.is_some()) =>
        {
            Ok(())
        }
        // What stays may have been decided about since.
        Err(PartRefused::TakenBack) if seen.run.changes().iter().any(Change::stands) => Ok(()),
        Err(refused) => Err(Failure::refused(
            refused.to_string(),
            what_helps(&refused, &seen.run),
        )),
        Ok(()) => Ok(()),
    }
}

/// Takes back a part, which then waits again.
fn undo_part(
    context: &Context,
    args: &Args,
    settings: Settings,
    seen: &Seen,
    what: PartFrom,
) -> Result<Exit, Failure> {
    let found = part::find(seen, what, &args.keep, false)?;
    if !part::confirmed(context, seen, Some(&found), None, args.yes)? {
        return Ok(Exit::Refused);
    }
    let inputs = args.inputs.as_deref();
    let secrets = load::secrets_again(context, &settings, &seen.run, inputs, false)?;
    let options = RunOptions {
        profiles: args.rebind.profiles()?,
        ..RunOptions::default()
    };
    let aim = Aim::Anew {
        seen: seen.run.seq(),
        part: Some(Box::new(found)),
        mended: None,
        plugins: Vec::new(),
    };
    Context::runtime()?.block_on(async {
        let equipment = driving::equipment(settings)?;
        let session = Session::take_up(equipment, &seen.folder, secrets, options, aim).await?;
        driving::go(context, session, Asked::Undo).await
    })
}

/// Shows what will be taken back and asks.
fn confirmed(context: &Context, seen: &Seen) -> Result<bool, Failure> {
    let Some(prompt) = Prompt::open() else {
        return Err(Failure::refused(
            "there is no terminal to ask whether you are sure",
            format!("`rutter undo {} --yes` does not ask", seen.folder.id()),
        ));
    };
    let standing = seen
        .run
        .changes()
        .iter()
        .rev()
        .filter(|change| change.stands());
    let mut number = 0;
    for change in standing {
        number += 1;
        context.printer.note(&format!(
            "{}: {} (change {}) {}",
            change.at.step,
            one_line(&change.call.label()),
            change.number,
            how(&seen.run, change)
        ));
    }
    if let Some(passed) = passed_no_return(&seen.run) {
        context.printer.note(&passed);
    }
    Ok(prompt.word(&format!(
        "take back {number} changes of run {}?",
        seen.folder.id()
    ))?)
}
