//! `rutter undo`.

use std::path::PathBuf;

use super::exit::Asked;
use super::runs::Seen;
use super::{Context, Exit, Failure, driving, load};
use crate::journal::Message;
use crate::session::{Session, Wishes};
use crate::ui::{Prompt, one_line};

/// Take back every change of a run, last first
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The run's id, or the beginning of it
    run: String,
    /// Do not ask whether you are sure
    #[arg(short, long)]
    yes: bool,
    /// Read secret inputs from a TOML file, where taking back needs them
    #[arg(long, value_name = "FILE")]
    inputs: Option<PathBuf>,
}

pub(super) fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    let settings = context.settings()?;
    let seen = context.see(&args.run)?.begun()?;
    if !args.yes && !confirmed(context, &seen)? {
        context.printer.note("nothing was done");
        return Ok(Exit::Refused);
    }
    if seen.driver.is_some() {
        return super::approve::leave(context, &seen, &[Message::Undo {}]);
    }
    let secrets = load::secrets_again(
        &settings,
        seen.run.plan(),
        seen.folder.id(),
        args.inputs.as_deref(),
        false,
    )?;
    let wishes = Wishes::default();
    Context::runtime()?.block_on(async {
        let equipment = driving::equipment(settings)?;
        let session = Session::take_up(equipment, &seen.folder, secrets, wishes, true).await?;
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
        let back = match &change.reverse {
            Some(reverse) => format!("by {}", reverse.label()),
            None if change.call.covered => "with what it belongs to".to_owned(),
            None => "by its plugin, or not at all".to_owned(),
        };
        context.printer.note(&format!(
            "{}: {} (change {}) is taken back {}",
            change.at.step,
            one_line(&change.call.label()),
            change.number,
            one_line(&back)
        ));
    }
    Ok(prompt.word(&format!(
        "take back {number} changes of run {}?",
        seen.folder.id()
    ))?)
}
