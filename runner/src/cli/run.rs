//! `rutter run`.

use std::path::PathBuf;

use super::exit::Asked;
use super::flags::Inputs;
use super::{Context, Exit, Failure, driving, gates, load};
use crate::journal::new_run_id;
use crate::session::{Consent, RunOptions, Session};
use crate::ui::notes;

/// Run a runbook against real accounts
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The runbook file
    runbook: PathBuf,
    #[command(flatten)]
    inputs: Inputs,
    #[command(flatten)]
    options: WishFlags,
}

/// What a person says beforehand.
#[derive(Debug, clap::Args)]
pub(super) struct WishFlags {
    /// Answer this step's question with yes as soon as it asks. To approve changes that destroy or buy,
    /// name the action: `clean_up:ecs:DeleteImage`
    #[arg(long, value_name = "STEP[:PRODUCT:ACTION]")]
    approve: Vec<Consent>,
    /// Stop after this step
    #[arg(long, value_name = "STEP")]
    until: Option<String>,
}

impl WishFlags {
    /// Whether the run is to stop before its end.
    pub(super) fn stops(&self) -> bool {
        self.until.is_some()
    }

    /// What the session is told.
    pub(super) fn options(&self) -> RunOptions {
        RunOptions {
            approve: self.approve.clone(),
            by: crate::user::current(),
            until: self.until.as_deref().map(Into::into),
            ask: true,
            ..RunOptions::default()
        }
    }
}

pub(super) fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    let settings = context.settings()?;
    let id =
        new_run_id().map_err(|error| Failure::io("the system gives no random numbers", error))?;
    let loaded = load::for_run(context, &settings, &args.runbook, &args.inputs, &id)?;
    context.warn(&loaded.checked.warnings);
    context.warn(&gates::warnings(&loaded.checked.plan, &settings));
    load::note_weak(context, &loaded.secrets);
    let notes = notes(&loaded.checked.plan.notes);
    if !notes.is_empty() {
        context.printer.note(&notes);
    }
    let options = args.options.options();
    Context::runtime()?.block_on(async {
        let session = Session::begin(
            driving::equipment(settings)?,
            &id,
            loaded.checked.plan,
            loaded.checked.evaluator,
            &loaded.checked.plugins,
            loaded.secrets,
            options,
        );
        driving::go(context, session.await?, Asked::Run).await
    })
}
