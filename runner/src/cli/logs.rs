//! `rutter logs`.

use rutter_diagnostic::neutral::one_line;
use rutter_engine::Run;

use super::runs::Seen;
use super::{Context, Exit, Failure};
use crate::journal::{LogLevel, LogLine};
use crate::ui::instant;

/// Show the log lines that plugins wrote during a run
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The run's id, or the first characters of it
    run: String,
    /// Show only lines of this step
    step: Option<String>,
    /// Show only lines of this level and above
    #[arg(long, value_enum, default_value = "info")]
    level: Level,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Level {
    Debug,
    Info,
    Warn,
    Error,
}

impl From<Level> for LogLevel {
    fn from(level: Level) -> Self {
        match level {
            Level::Debug => Self::Debug,
            Level::Info => Self::Info,
            Level::Warn => Self::Warn,
            Level::Error => Self::Error,
        }
    }
}

pub(super) fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    let folder = context.runs()?.find(&args.run)?;
    let wanted = |line: &LogLine| {
        let step = args.step.as_deref();
        line.level >= args.level.into() && step.is_none_or(|step| *line.at.step == *step)
    };
    let printer = &context.printer;
    // The lines can be read where the records cannot; items are called by their keys then.
    let run = Seen::new(folder.clone()).map_or_else(|_| Run::new(), |seen| seen.run);
    for line in folder.read_log()?.iter().filter(|line| wanted(line)) {
        if printer.output().json {
            printer.json(line);
        } else {
            printer.answer_line(&format!(
                "{} {:<5} {}: {}",
                instant(line.time),
                format!("{:?}", line.level).to_uppercase(),
                crate::ui::place(&line.at, &run),
                one_line(&line.message)
            ));
        }
    }
    Ok(Exit::Done)
}
