//! `rutter export`.

use std::fs::OpenOptions;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use super::runs::Seen;
use super::{Context, Exit, Failure};
use crate::audit;
use crate::journal::Link;
use crate::ui::records_end;

/// Write a run into one file for an auditor, which `rutter verify` checks on any machine
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The run's id, or the first characters of it
    run: String,
    /// Write to this file, `-` for standard output [default: rutter-RUN.audit.jsonl in this folder]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

pub(super) fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    let seen = context.see(&args.run)?.begun()?;
    let id = seen.folder.id();
    let path = args.output.clone();
    let path = path.unwrap_or_else(|| format!("rutter-{id}.audit.jsonl").into());
    let (end, place) = if path.as_os_str() == "-" {
        let mut out = context.printer.answer_stream();
        (write(&seen, &mut out, "standard output")?, String::new())
    } else {
        (write_file(&seen, &path)?, format!(" to {}", path.display()))
    };
    let printer = &context.printer;
    printer.note(&format!(
        "run {id} was exported{place}: {}",
        records_end(&end)
    ));
    printer.note(
        "help: `rutter verify FILE` checks the file; give whoever does this digest by another way",
    );
    Ok(Exit::Done)
}

/// A file that is there stays as it is, and one that could not be written whole is taken away again.
fn write_file(seen: &Seen, path: &Path) -> Result<Link, Failure> {
    let name = path.display().to_string();
    let file = OpenOptions::new().write(true).create_new(true).open(path);
    let file = match file {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            return Err(Failure::refused(
                format!("{name} is there already"),
                "remove it, or name another file with `--output FILE`",
            ));
        }
        file => file.map_err(|error| unwritable(&name, &error))?,
    };
    let mut out = BufWriter::new(file);
    let end = write(seen, &mut out, &name).and_then(|end| {
        let synced = out.get_ref().sync_all();
        synced.map_err(|error| unwritable(&name, &error))?;
        Ok(end)
    });
    if end.is_err() {
        // What is left would be taken for the run; that it cannot be written is what is told.
        let _ = std::fs::remove_file(path);
    }
    end
}

fn write(seen: &Seen, out: &mut dyn Write, name: &str) -> Result<Link, Failure> {
    let report = super::show::page(seen);
    let written = audit::write(&seen.folder.view()?, seen.folder.id(), &report, out)?;
    written.map_err(|error| unwritable(name, &error))
}

fn unwritable(name: &str, error: &io::Error) -> Failure {
    Failure::refused(
        format!("{name} cannot be written: {error}"),
        "name a file in a folder that you may write, on a disk with room, with `--output FILE`",
    )
}
