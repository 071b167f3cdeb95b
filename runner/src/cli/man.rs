//! `rutter man`.

use std::path::PathBuf;

use clap::CommandFactory;

use super::{Cli, Context, Exit, Failure};

/// Write the manual pages into a folder, one for each command
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The folder, which is made if it is not there; pages in it are replaced
    #[arg(value_name = "DIR")]
    folder: PathBuf,
}

pub(super) fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    let name = args.folder.display();
    let written = std::fs::create_dir_all(&args.folder)
        .and_then(|()| clap_mangen::generate_to(Cli::command(), &args.folder));
    written.map_err(|error| {
        Failure::refused(
            format!("the manual pages cannot be written to {name}: {error}"),
            "name a folder that you may write",
        )
    })?;
    context.printer.note(&format!(
        "the manual pages are in {name}; `man -l {}` shows the first",
        args.folder.join("rutter.1").display()
    ));
    Ok(Exit::Done)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_that_is_not_hidden_has_a_page_that_begins_as_man_expects() {
        fn check(command: &clap::Command, name: &str, folder: &std::path::Path) {
            let page = std::fs::read_to_string(folder.join(format!("{name}.1"))).expect(name);
            assert!(page.contains(&format!(".TH {name} 1")), "{name}: {page}");
            assert!(page.contains(".SH NAME"), "{name}");
            for command in command.get_subcommands().filter(|one| !one.is_hide_set()) {
                check(command, &format!("{name}-{}", command.get_name()), folder);
            }
        }
        let folder = tempfile::tempdir().unwrap();
        clap_mangen::generate_to(Cli::command(), folder.path()).unwrap();
        check(&Cli::command(), "rutter", folder.path());
    }
}
