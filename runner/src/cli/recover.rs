//! `rutter recover`.

use super::{Context, Exit, Failure};
use crate::session::{Recovered, recover};
use crate::ui::{ending, now};

/// Rebuild a damaged journal from its intact records, so that the run can be shown and taken back
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The run's id, or the first characters of it
    run: String,
}

pub(super) fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    let folder = context.runs()?.find(&args.run)?;
    let recovered = recover(&folder, &crate::user::current(), now())?;
    let seen = super::runs::Seen::new(folder)?;
    if recovered == Recovered::Finished {
        context
            .printer
            .note("a recovery that was begun earlier was finished");
    }
    context
        .printer
        .answer(&ending(&seen.run, &seen.run.status()));
    Ok(Exit::Done)
}
