//! `rutter verify`.

use std::io::BufReader;
use std::path::PathBuf;

use rutter_contracts::hex;
use rutter_diagnostic::Diagnostic;
use rutter_diagnostic::neutral::one_line;
use rutter_diagnostic::shell;
use serde_json::json;

use super::failure::with_help;
use super::{Context, Exit, Failure};
use crate::audit::{self, AuditError, Verified};
use crate::journal::Remedy;
use crate::ui::{count, instant};

/// Check a file that `rutter export` wrote: whether it holds a whole run, unaltered
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The file
    file: PathBuf,
}

pub(super) fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    let file = rutter_files::open(&args.file).map_err(AuditError::from);
    let verified = file.and_then(|file| audit::verify(BufReader::new(file)));
    let verified = verified.map_err(|error| refused(args, &error))?;
    if context.printer.output().json {
        context.printer.json(&as_json(&verified));
    } else {
        context.printer.answer(&text(&verified));
    }
    Ok(Exit::Done)
}

fn refused(args: &Args, error: &AuditError) -> Failure {
    let title = format!("{}: {error}", args.file.display());
    let state = "nothing is proved about the run";
    let diagnostic = Diagnostic::error("audit", title).state(state);
    Failure::new(Exit::Refused, with_help(diagnostic, error.remedy()))
}

/// What it proves, and what it does not.
fn text(verified: &Verified) -> String {
    let records = usize::try_from(verified.end.seq).unwrap_or(usize::MAX);
    let answers = usize::try_from(verified.answers).unwrap_or(usize::MAX);
    format!(
        "whole: {} of run {}, from {} to {}, ending in digest {}\n\
         not proved: who wrote it, nor that it is the newest; compare the digest with the one that `rutter show {}` \
         or the end of the run printed\n\
         {} of people, {} with a signature, whose key is not checked here; the report in the file is for reading\n",
        count(records, "record"),
        one_line(&verified.run),
        instant(verified.from),
        instant(verified.to),
        hex::encode(&verified.end.digest),
        shell::word(&one_line(&verified.run)),
        count(answers, "answer"),
        verified.signed,
    )
}

fn as_json(verified: &Verified) -> serde_json::Value {
    json!({
        "run": verified.run,
        "records": verified.end.seq,
        "digest": hex::encode(&verified.end.digest),
        "from": instant(verified.from),
        "to": instant(verified.to),
        "answers": verified.answers,
        "signed_answers": verified.signed,
    })
}
