//! `rutter completions`.

use clap::CommandFactory;
use clap_complete::Shell;

use super::{Cli, Context, Exit, Failure};

/// Print a completion script for a shell
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

pub(super) fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    let script = super::complete::script(args.shell).unwrap_or_else(|| {
        let mut text = Vec::new();
        clap_complete::generate(args.shell, &mut Cli::command(), "rutter", &mut text);
        String::from_utf8_lossy(&text).into_owned()
    });
    context.printer.verbatim(&script);
    Ok(Exit::Done)
}
