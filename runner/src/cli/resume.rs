//! `rutter resume`.

use std::path::PathBuf;

use super::anew::{Said, anew};
use super::exit::Asked;
use super::flags::{Rebind, pair};
use super::run::WishFlags;
use super::runs::Seen;
use super::{Context, Exit, Failure, driving, load, part};
use crate::session::{Aim, Session};
use crate::settings::Settings;

/// Continue a run, or run a part of it again
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The run's id, or the first characters of it
    run: String,
    /// Take back this step and what depends on it, and run them again with the current inputs and secrets
    #[arg(long, value_name = "STEP")]
    from: Option<String>,
    /// Take back only this item of the `for_each` step, and whatever reads the step
    #[arg(long, value_name = "KEY", requires = "from")]
    item: Option<String>,
    /// Keep the changes of this step; if it runs again, they answer equal changes
    #[arg(long, value_name = "STEP", requires = "from")]
    keep: Vec<String>,
    /// Continue with this corrected runbook, in which finished steps must be unchanged
    #[arg(long, value_name = "FILE")]
    runbook: Option<PathBuf>,
    /// Change an input, with `--from` or `--runbook`; lists and tables as JSON. Secrets cannot be set this way
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = pair)]
    set: Vec<(String, String)>,
    /// Read secret inputs from a TOML file, since secrets are not stored; with `--from` or `--runbook`
    /// also other inputs
    #[arg(long, value_name = "FILE")]
    inputs: Option<PathBuf>,
    /// Do not ask for confirmation of what is different
    #[arg(short, long)]
    yes: bool,
    #[command(flatten)]
    rebind: Rebind,
    #[command(flatten)]
    options: WishFlags,
}

pub(super) fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    let settings = context.settings()?;
    let seen = context.see(&args.run)?.begun()?.whole()?.free()?;
    if args.from.is_some() || args.runbook.is_some() {
        return resume_anew(context, args, settings, &seen);
    }
    if !args.set.is_empty() {
        return Err(Failure::refused(
            "the inputs of a run that goes on stay as they are",
            "`--from STEP` runs that step and what depends on it again, with other inputs",
        ));
    }
    let inputs = args.inputs.as_deref();
    let secrets = load::secrets_again(context, &settings, &seen.run, inputs, true)?;
    let mut options = args.options.options();
    options.profiles = args.rebind.profiles()?;
    // The run is read again under the lock; it is not held twice.
    let folder = seen.folder;
    drop(seen.run);
    Context::runtime()?.block_on(async {
        let equipment = driving::equipment(settings)?;
        let session = Session::take_up(equipment, &folder, secrets, options, Aim::Go).await?;
        driving::go(context, session, Asked::Run).await
    })
}

/// Goes on with another plan: after a part was taken back, or with a corrected runbook, or both.
fn resume_anew(
    context: &Context,
    args: &Args,
    settings: Settings,
    seen: &Seen,
) -> Result<Exit, Failure> {
    let from = args.from.as_deref();
    let what = from.map(|step| part::step(seen, step, args.item.as_deref()));
    let found = what.map(|what| part::find(seen, what, &args.keep, true));
    let found = found.transpose()?;
    let said = Said {
        runbook: args.runbook.as_deref(),
        set: &args.set,
        file: args.inputs.as_deref(),
        accounts: &args.rebind.accounts,
    };
    let anew = anew(context, &settings, seen, found.as_ref(), &said)?;
    let mut options = args.options.options();
    options.profiles = args.rebind.profiles()?;
    let aim = Aim::Anew {
        seen: seen.run.seq(),
        part: found.clone().map(Box::new),
        mended: anew.plan.clone().map(Box::new),
        plugins: anew.plugins,
    };
    Context::runtime()?.block_on(async {
        let equipment = driving::equipment(settings)?;
        // Refused before anybody is asked, and under the lock under which it will be done.
        let session = Session::take_up(equipment, &seen.folder, anew.secrets, options, aim).await?;
        if !part::confirmed(context, seen, found.as_ref(), anew.plan.as_ref(), args.yes)? {
            return Ok(Exit::Refused);
        }
        if let Some(plan) = &anew.plan {
            session.keep_given(plan)?;
        }
        driving::go(context, session, Asked::Run).await
    })
}
