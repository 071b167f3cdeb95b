//! What a shell offers when somebody presses the tab key: runs and their steps, a runbook's steps and inputs, plugins,
//! standard runbooks.
//!
//! The shell runs this program with `COMPLETE` set and the words typed so far as its arguments. Nothing is written,
//! and nothing is said when something cannot be read: there is nothing to offer then.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::{Arg, Command, CommandFactory as _};
use clap_complete::env::{CompleteEnv, Shells};
use clap_complete::{ArgValueCandidates, CompletionCandidate, Shell};
use rutter_diagnostic::neutral::one_line;
use rutter_files::TEXT_MAX;

use super::Cli;
use super::runs::Seen;
use crate::journal::{RunFolder, Runs};
use crate::settings::{Environment, Settings, SettingsOverrides};

/// What the shell sets to its own name.
const VARIABLE: &str = "COMPLETE";

/// Runs that are offered: the ones that were written last.
const RUNS_MAX: usize = 40;

/// Bytes of a journal that is read while somebody waits for an answer to a key.
const JOURNAL_BYTES_MAX: u64 = 8 * 1024 * 1024;

/// Flags whose value is a file, and no runbook that the command is about.
const OTHER_FILES: [&str; 7] = [
    "--inputs",
    "--world",
    "--config",
    "--state",
    "--output",
    "--key",
    "--outputs",
];

/// Answers a shell that asks for completions; whether one did.
pub(super) fn answered(arguments: &[OsString]) -> bool {
    if std::env::var_os(VARIABLE).is_none_or(|shell| shell.is_empty()) {
        return false;
    }
    let here = std::env::current_dir().ok();
    let words = Words::of(arguments);
    let completing = CompleteEnv::with_factory(move || command(&words))
        .var(VARIABLE)
        .completer("rutter")
        .try_complete(arguments.to_vec(), here.as_deref());
    // An error means that there is nothing to offer; a message would garble the line that is being typed.
    completing.unwrap_or(true)
}

/// The script by which a shell asks, if it is one that this knows.
pub(super) fn script(shell: Shell) -> Option<String> {
    let shells = Shells::builtins();
    let shell = shells.completer(&shell.to_string())?;
    let mut text = Vec::new();
    shell
        .write_registration(VARIABLE, "rutter", "rutter", "rutter", &mut text)
        .ok()?;
    String::from_utf8(text).ok()
}

/// The commands, with what their arguments can be.
fn command(words: &Words) -> Command {
    Cli::command().mut_subcommands(|command| with_candidates(command, words))
}

fn with_candidates(command: Command, words: &Words) -> Command {
    let named = |id: &str| command.get_arguments().any(|arg| arg.get_id() == id);
    let (of_run, of_runbook) = (named("run"), named("runbook") || named("runbooks"));
    let of_init = command.get_name() == "init";
    let of_list = command.get_name() == "list";
    let command = command.mut_args(|arg| {
        let offer = match arg.get_id().as_str() {
            "run" | "before" => runs,
            "runbook" if of_list => runbook_names,
            "step" | "from" | "to" | "keep" if of_run => steps_of_run,
            "until" | "approve" if of_run => steps_of_run,
            "until" | "approve" if of_runbook => steps_of_runbook,
            "set" if of_runbook => settable,
            "explain" if of_runbook => inputs,
            "plugin" => plugins,
            "from" if of_init => standard_runbooks,
            _ => return arg,
        };
        offers(arg, words, offer)
    });
    command.mut_subcommands(|command| with_candidates(command, words))
}

type Offer = fn(&Words) -> Option<Vec<CompletionCandidate>>;

fn offers(arg: Arg, words: &Words, offer: Offer) -> Arg {
    let words = words.clone();
    arg.add(ArgValueCandidates::new(move || {
        offer(&words).unwrap_or_default()
    }))
}

/// The words that were typed so far.
#[derive(Clone, Debug)]
struct Words(Vec<String>);

impl Words {
    /// They follow the first `--`.
    fn of(arguments: &[OsString]) -> Self {
        let typed = arguments.iter().skip_while(|word| *word != "--").skip(1);
        Self(
            typed
                .map(|word| word.to_string_lossy().into_owned())
                .collect(),
        )
    }

    fn value_of(&self, flag: &str) -> Option<PathBuf> {
        let at = self.0.iter().position(|word| word == flag)?;
        self.0.get(at + 1).map(PathBuf::from)
    }

    /// The words that are no flags and not the value of one that names another file.
    fn plain(&self) -> impl Iterator<Item = &str> {
        let previous = std::iter::once("").chain(self.0.iter().map(String::as_str));
        let words = self.0.iter().zip(previous).skip(1);
        let plain = words
            .filter(|(word, previous)| !word.starts_with('-') && !OTHER_FILES.contains(previous));
        plain.map(|(word, _)| word.as_str())
    }

    fn all_runs(&self) -> Option<Runs> {
        let overrides = SettingsOverrides {
            file: self.value_of("--config"),
            state_dir: self.value_of("--state"),
        };
        let settings = Settings::load(&overrides, Environment::of_process()).ok()?;
        Some(Runs::new(&settings.state_dir))
    }

    /// The run that was named.
    fn run(&self) -> Option<Seen> {
        let runs = self.all_runs()?;
        // The first word is the command.
        let named = self.plain().skip(1).filter(|word| !word.is_empty());
        let folder = named.filter_map(|word| runs.find(word).ok()).next()?;
        read(folder)
    }

    /// The runbook that was named, as it is written.
    fn runbook(&self) -> Option<toml::Table> {
        let named = self.plain().filter(|word| word.ends_with(".toml"));
        let text = named
            .filter_map(|word| rutter_files::read_text(Path::new(word), TEXT_MAX).ok())
            .next()?;
        text.parse().ok()
    }
}

fn read(folder: RunFolder) -> Option<Seen> {
    let size = std::fs::metadata(folder.journal()).ok()?.len();
    let seen = (size <= JOURNAL_BYTES_MAX)
        .then(|| Seen::new(folder))?
        .ok()?;
    seen.run.has_plan().then_some(seen)
}

fn candidate(value: &str, help: &str) -> CompletionCandidate {
    let help = one_line(help);
    CompletionCandidate::new(value).help((!help.is_empty()).then(|| help.into()))
}

/// The runs that were written last, newest first.
fn newest(words: &Words) -> Option<Vec<RunFolder>> {
    let mut runs = words.all_runs()?.list().ok()?;
    runs.sort_by_cached_key(|run| std::cmp::Reverse(run.touched()));
    runs.truncate(RUNS_MAX);
    Some(runs)
}

fn runs(words: &Words) -> Option<Vec<CompletionCandidate>> {
    let offered = newest(words)?.into_iter().enumerate().map(|(order, run)| {
        let id = run.id().to_owned();
        let help = read(run).map(|seen| format!("{}, {}", seen.run.plan().name, seen.word()));
        candidate(&id, &help.unwrap_or_default()).display_order(Some(order))
    });
    Some(offered.collect())
}

fn runbook_names(words: &Words) -> Option<Vec<CompletionCandidate>> {
    let seen = newest(words)?.into_iter().filter_map(read);
    let names: std::collections::BTreeSet<String> =
        seen.map(|seen| seen.run.plan().name.to_string()).collect();
    Some(names.iter().map(|name| candidate(name, "")).collect())
}

fn steps_of_run(words: &Words) -> Option<Vec<CompletionCandidate>> {
    let seen = words.run()?;
    let steps = seen.run.steps();
    Some(steps.map(|(step, _)| candidate(&step.id, "")).collect())
}

fn steps_of_runbook(words: &Words) -> Option<Vec<CompletionCandidate>> {
    let runbook = words.runbook()?;
    let steps = runbook.get("steps")?.as_array()?.iter().filter_map(|step| {
        let text = |key| step.get(key).and_then(toml::Value::as_str);
        Some(candidate(text("id")?, text("uses").unwrap_or_default()))
    });
    Some(steps.collect())
}

/// The inputs, as `--set` takes them; secrets cannot be set.
fn settable(words: &Words) -> Option<Vec<CompletionCandidate>> {
    let runbook = words.runbook()?;
    let inputs = runbook.get("inputs")?.as_table()?.iter();
    let settable = inputs
        .filter(|(_, input)| input.get("type").and_then(toml::Value::as_str) != Some("secret"));
    let offered = settable.map(|(name, input)| candidate(&format!("{name}="), description(input)));
    Some(offered.collect())
}

fn inputs(words: &Words) -> Option<Vec<CompletionCandidate>> {
    let runbook = words.runbook()?;
    let inputs = runbook.get("inputs")?.as_table()?.iter();
    Some(
        inputs
            .map(|(name, input)| candidate(name, description(input)))
            .collect(),
    )
}

fn description(input: &toml::Value) -> &str {
    let text = |key| input.get(key).and_then(toml::Value::as_str);
    text("description").or(text("type")).unwrap_or_default()
}

fn plugins(_: &Words) -> Option<Vec<CompletionCandidate>> {
    let catalogue = super::plugins::catalogue(&Environment::of_process());
    Some(catalogue.names().map(|name| candidate(name, "")).collect())
}

fn standard_runbooks(_: &Words) -> Option<Vec<CompletionCandidate>> {
    Some(
        crate::standard::runbooks()
            .map(|name| candidate(name, ""))
            .collect(),
    )
}
