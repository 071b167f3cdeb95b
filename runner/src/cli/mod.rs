//! The command line: a file a subcommand.
//!
//! A command parses its arguments, calls the part that does the work, and says what came of it as
//! an [`Exit`] or a [`Failure`]; `failure.rs` alone turns failures into messages. Nothing here
//! decides what a run does.

mod acceptance;
mod accounts;
mod anew;
mod approve;
mod check;
mod compile;
mod complete;
mod completions;
mod driving;
mod exit;
mod explain;
mod export;
mod failure;
mod flags;
mod gates;
mod granted;
mod init;
mod list;
mod load;
mod lock;
mod logs;
mod man;
mod panic;
mod part;
mod plugin;
mod plugins;
mod recover;
mod rehearse;
mod resolve;
mod resume;
mod run;
mod runs;
mod schema;
mod show;
mod simulate;
mod steps;
mod undo;
mod verify;
mod windows;
mod world;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::builder::styling::{AnsiColor, Styles};
use clap::{Parser, Subcommand};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

pub use exit::Exit;
pub use failure::Failure;
use flags::Global;

use crate::settings::{Environment, Settings, SettingsOverrides};
use crate::ui::{Output, Printer};
use rutter_diagnostic::{Diagnostic, render_all};

const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Green.on_default().bold())
    .usage(AnsiColor::Green.on_default().bold())
    .literal(AnsiColor::Cyan.on_default().bold())
    .placeholder(AnsiColor::Cyan.on_default());

const AFTER_HELP: &str = "\
Exit codes: 0 success; 1 the run failed; 2 the command or the runbook is wrong and nothing ran; \
3 stopped, can be resumed; 4 waiting for a person; 5 the outcome of a change is unknown; \
6 an undo waits for a person or left something behind; 70 a bug in rutter; 130 interrupted";

/// Run operations runbooks: rehearse them first, resume them after a crash, take them back
#[derive(Debug, Parser)]
#[command(name = "rutter", version, styles = STYLES, after_help = AFTER_HELP)]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Init(init::Args),
    Check(check::Args),
    Lock(lock::Args),
    Rehearse(rehearse::Args),
    Run(run::Args),
    Resume(resume::Args),
    Undo(undo::Args),
    Recover(recover::Args),
    Approve(approve::Args),
    Resolve(resolve::Args),
    List(list::Args),
    Show(show::Args),
    Logs(logs::Args),
    Export(export::Args),
    Verify(verify::Args),
    Explain(explain::Args),
    World(world::Args),
    Simulate(simulate::Args),
    Plugin(plugin::Args),
    Schema(schema::Args),
    Completions(completions::Args),
    #[command(hide = true)]
    Man(man::Args),
    #[command(name = crate::host::compiler::COMMAND, hide = true)]
    Compile(compile::Args),
}

/// What every command needs.
struct Context {
    printer: Printer,
    environment: Environment,
    overrides: SettingsOverrides,
}

impl Context {
    fn new(global: &Global) -> Self {
        Self {
            printer: Printer::new(Output::detect(global.json, global.quiet, global.verbose)),
            environment: Environment::of_process(),
            overrides: SettingsOverrides {
                file: global.config.clone(),
                state_dir: global.state.clone(),
            },
        }
    }

    /// Reads the settings; only the commands that need them do, so that the others work without.
    fn settings(&self) -> Result<Settings, Failure> {
        Ok(Settings::load(&self.overrides, self.environment.clone())?)
    }

    /// Prints warnings: what is probably a mistake and does not stop the command.
    fn warn(&self, warnings: &[Diagnostic]) {
        if !warnings.is_empty() && !self.printer.output().quiet {
            let text = render_all(warnings, self.printer.error_style());
            self.printer.aside(&format!("{text}\n"));
        }
    }

    /// A runtime for the commands that talk to anything. One thread: making guests takes the kernel's
    /// lock on the memory map, and two threads that do it are slower than one.
    fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| Failure::io("the runtime could not be started", error))
    }
}

/// Runs the program on the process's arguments.
pub fn main() -> ExitCode {
    panic::install();
    crate::modes::dump_no_core();
    let arguments: Vec<OsString> = std::env::args_os().collect();
    if complete::answered(&arguments) {
        return Exit::Done.into();
    }
    run(arguments).into()
}

/// Runs the program on these arguments, the first being its own name.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> Exit {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => return usage(&error),
    };
    let context = Context::new(&cli.global);
    start_tracing(&context, cli.global.verbose);
    match cli.command.run(&context) {
        Ok(exit) => exit,
        Err(failure) => {
            let style = context.printer.error_style();
            context.printer.aside(&failure.render(style));
            failure.exit()
        }
    }
}

impl Command {
    /// Whether what it writes is for others: nothing of a run.
    fn writes_for_others(&self) -> bool {
        matches!(
            self,
            Self::Init(_)
                | Self::Lock(_)
                | Self::World(_)
                | Self::Simulate(_)
                | Self::Plugin(_)
                | Self::Schema(_)
                | Self::Completions(_)
                | Self::Man(_)
        )
    }

    fn run(self, context: &Context) -> Result<Exit, Failure> {
        if !self.writes_for_others() {
            crate::modes::keep_to_ourselves();
        }
        match self {
            Self::Init(args) => init::run(context, &args),
            Self::Check(args) => check::run(context, &args),
            Self::Lock(args) => lock::run(context, &args),
            Self::Rehearse(args) => rehearse::run(context, &args),
            Self::Run(args) => run::run(context, &args),
            Self::Resume(args) => resume::run(context, &args),
            Self::Undo(args) => undo::run(context, &args),
            Self::Recover(args) => recover::run(context, &args),
            Self::Approve(args) => approve::run(context, args),
            Self::Resolve(args) => resolve::run(context, args),
            Self::List(args) => list::run(context, &args),
            Self::Show(args) => show::run(context, &args),
            Self::Logs(args) => logs::run(context, &args),
            Self::Export(args) => export::run(context, &args),
            Self::Verify(args) => verify::run(context, &args),
            Self::Explain(args) => explain::run(context, &args),
            Self::World(args) => world::run(context, args),
            Self::Simulate(args) => simulate::run(context, &args),
            Self::Plugin(args) => plugin::run(context, args),
            Self::Schema(args) => schema::run(context, &args),
            Self::Completions(args) => completions::run(context, &args),
            Self::Man(args) => man::run(context, &args),
            Self::Compile(args) => compile::run(context, &args),
        }
    }
}

/// Help and version are answers; everything else that clap has to say is a wrong command.
fn usage(error: &clap::Error) -> Exit {
    let printer = Printer::new(Output::detect(false, false, 0));
    let text = error.render();
    let coloured = |style| style == rutter_diagnostic::neutral::Style::Coloured;
    if error.use_stderr() {
        let plain = !coloured(printer.error_style());
        printer.aside(&if plain {
            text.to_string()
        } else {
            text.ansi().to_string()
        });
        Exit::Refused
    } else {
        let plain = !coloured(printer.answer_style());
        printer.answer(&if plain {
            text.to_string()
        } else {
            text.ansi().to_string()
        });
        Exit::Done
    }
}

/// What `-vv` traces: a target and a level, as `RUTTER_LOG` takes them, separated by commas.
const OWN_TRACES: &str = "rutter=debug";

/// Traces are for debugging rutter: off unless `RUTTER_LOG` names what to trace, or `-vv`.
fn start_tracing(context: &Context, verbose: u8) {
    let wanted = context.environment.get("RUTTER_LOG");
    let wanted = match (wanted, verbose) {
        (Some(wanted), _) => wanted,
        (None, 2..) => OWN_TRACES.to_owned(),
        (None, _) => return,
    };
    let (targets, refused) = match wanted.parse::<Targets>() {
        Ok(targets) => (targets, None),
        Err(error) => (Targets::new().with_default(LevelFilter::WARN), Some(error)),
    };
    // Only a second subscriber in the same process could be refused.
    let _ = tracing_subscriber::registry()
        .with(targets)
        .with(tracing_subscriber::fmt::layer().with_writer(|| crate::ui::Traces))
        .try_init();
    if let Some(error) = refused {
        tracing::warn!(RUTTER_LOG = wanted, %error, "write it like `{OWN_TRACES}`");
    }
}

#[cfg(test)]
mod tests;
