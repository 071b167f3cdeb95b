//! `rutter resume`.

use std::path::PathBuf;

use super::exit::Asked;
use super::run::WishFlags;
use super::{Context, Exit, Failure, driving, load};
use crate::session::Session;

/// Go on with a run where it stands
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The run's id, or the beginning of it
    run: String,
    /// Read secret inputs from a TOML file; they are not kept and are needed again
    #[arg(long, value_name = "FILE")]
    inputs: Option<PathBuf>,
    #[command(flatten)]
    wishes: WishFlags,
}

pub(super) fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    let settings = context.settings()?;
    let seen = context.see(&args.run)?.begun()?.free()?;
    let secrets = load::secrets_again(
        &settings,
        seen.run.plan(),
        seen.folder.id(),
        args.inputs.as_deref(),
        true,
    )?;
    let wishes = args.wishes.wishes();
    Context::runtime()?.block_on(async {
        let equipment = driving::equipment(settings)?;
        let session = Session::take_up(equipment, &seen.folder, secrets, wishes, false).await?;
        driving::go(context, session, Asked::Run).await
    })
}
