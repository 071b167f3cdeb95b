//! `rutter list`.

use std::num::NonZeroUsize;

use rutter_engine::{StepState, Timestamp};
use rutter_manifest::parse_duration;
use serde_json::{Value, json};

use super::runs::Seen;
use super::{Context, Exit, Failure};
use crate::journal::RunFolder;
use crate::ui::{Align, Table, instant, instant_here, now, open_questions, passed_no_return};

/// What is said where a state was given as the folder of runs, as `--state waiting`.
fn meant_status(context: &Context) -> Option<String> {
    let folder = context.overrides.state_dir.as_ref()?.to_str()?;
    STATES.contains(&folder).then(|| {
        format!("help: `--state` names the folder of the runs; `rutter list --status {folder}` lists those in this state")
    })
}

/// Runs that a terminal shows unless it is told otherwise.
const ON_A_TERMINAL: usize = 50;

/// List the runs, newest first
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// List only runs of this runbook
    #[arg(long, value_name = "NAME")]
    runbook: Option<String>,
    /// List only runs in this state, or in one of these, separated by commas
    #[arg(long = "status", value_name = "STATE", value_delimiter = ',', value_parser = STATES)]
    states: Vec<String>,
    /// List only runs that started since then: `2026-11-01`, `2026-11-01T09:30:00Z`, or `7d` for the last seven days
    #[arg(long, value_name = "TIME", value_parser = since)]
    since: Option<Timestamp>,
    /// List at most so many runs [default: 50 on a terminal, all elsewhere]
    #[arg(long, value_name = "NUMBER")]
    limit: Option<NonZeroUsize>,
    /// Go on behind this run, with the ones that started before it
    #[arg(long, value_name = "RUN")]
    before: Option<String>,
}

/// The states as they are typed: a hyphen stands for a space.
const STATES: [&str; 13] = [
    "running",
    "waiting",
    "failed",
    "stopped",
    "unknown",
    "done",
    "no-outputs",
    "taken-back",
    "partly-taken-back",
    "undo-failed",
    "recovered",
    "empty",
    "unreadable",
];

/// Reads an instant, a date of the operator's zone, or how long ago.
fn since(text: &str) -> Result<Timestamp, String> {
    if let Some(ago) = parse_duration(text) {
        return Ok(Timestamp(now().0.saturating_sub_unsigned(ago)));
    }
    let here = |date: jiff::civil::Date| date.to_zoned(jiff::tz::TimeZone::system());
    let date = text.parse().and_then(here).map(|day| day.timestamp());
    let instant = match text.contains(['T', 't', ' ']) {
        true => text.parse(),
        false => date,
    };
    let read = instant.map(|instant: jiff::Timestamp| Timestamp(instant.as_millisecond()));
    read.map_err(|_| {
        "write a date like 2026-11-01, an instant like 2026-11-01T09:30:00Z, or 7d or 12h"
            .to_owned()
    })
}

pub(super) fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    let output = context.printer.output();
    let limit = match args.limit {
        Some(limit) => limit.get(),
        None if output.stdout_terminal && !output.json => ON_A_TERMINAL,
        None => usize::MAX,
    };
    let wanted = Wanted::new(context, args)?;
    let mut rows = newest(context.runs()?.list()?, &wanted, limit);
    let more = rows.len() > limit;
    rows.truncate(limit);
    if output.json {
        for row in &rows {
            context.printer.json(&row.to_json());
        }
    } else if rows.is_empty() {
        context.printer.note(match wanted.all() {
            true => "no runs yet",
            false => "no run is like that; `rutter list` without a filter lists all",
        });
        if let Some(help) = meant_status(context) {
            context.printer.note(&help);
        }
    } else {
        context.printer.answer(&table(&rows));
        context.printer.answer(&below(&rows));
    }
    if let (true, Some(last)) = (more, rows.last()) {
        context.printer.note(&format!(
            "there are older runs: `--before {}` goes on with them, `--limit NUMBER` lists more at once",
            last.id
        ));
    }
    Ok(Exit::Done)
}

/// The first rows, and one more where there are more. A run cannot have started after its journal was last written:
/// those that were written most recently are read first, and the others no more once enough of them is known.
fn newest(runs: Vec<RunFolder>, wanted: &Wanted<'_>, limit: usize) -> Vec<Row> {
    let mut runs: Vec<_> = runs
        .into_iter()
        .map(|run| (run.touched().map(of_system), run))
        .collect();
    // What cannot be told is read first.
    runs.sort_by_key(|(touched, _)| std::cmp::Reverse(touched.unwrap_or(Timestamp(i64::MAX))));
    let mut rows: Vec<Row> = Vec::new();
    for (touched, folder) in runs {
        let enough = rows.get(limit).and_then(|row| row.started);
        let late = touched.map(|touched| Timestamp(touched.0.saturating_add(CLOCKS_DIFFER_MS)));
        let over =
            |bound: Option<Timestamp>| bound.zip(late).is_some_and(|(bound, late)| late < bound);
        if over(enough) || over(wanted.args.since) {
            break;
        }
        let row = match Seen::new(folder.clone()) {
            Ok(seen) => Row::of(&seen),
            // One damaged journal does not hide the other runs.
            Err(failure) => Row::unreadable(folder.id(), &failure),
        };
        if wanted.is(&row) {
            let at = rows.partition_point(|other| other.place() > row.place());
            rows.insert(at, row);
            rows.truncate(limit.saturating_add(1));
        }
    }
    rows
}

/// How much the clock of the disk may be behind that of the driver, on a share say.
const CLOCKS_DIFFER_MS: i64 = 60_000;

fn of_system(time: std::time::SystemTime) -> Timestamp {
    let since = time.duration_since(std::time::UNIX_EPOCH);
    let ms = since.map_or(0, |since| since.as_millis());
    Timestamp(i64::try_from(ms).unwrap_or(i64::MAX))
}

/// Which runs are wanted.
struct Wanted<'a> {
    args: &'a Args,
    before: Option<(Option<Timestamp>, String)>,
}

impl<'a> Wanted<'a> {
    fn new(context: &Context, args: &'a Args) -> Result<Self, Failure> {
        let place = |prefix: &str| -> Result<_, Failure> {
            let folder = context.runs()?.find(prefix)?;
            let seen = Seen::new(folder.clone()).ok();
            let started = seen.filter(|seen| seen.run.has_plan());
            let started = started.map(|seen| seen.run.started());
            Ok((started, folder.id().to_owned()))
        };
        let before = args.before.as_deref().map(place).transpose()?;
        Ok(Self { args, before })
    }

    /// Whether every run is.
    fn all(&self) -> bool {
        let Args {
            runbook,
            states,
            since,
            ..
        } = self.args;
        runbook.is_none() && states.is_empty() && since.is_none() && self.before.is_none()
    }

    fn is(&self, row: &Row) -> bool {
        let Args {
            runbook,
            states,
            since,
            ..
        } = self.args;
        let place = |(started, id): &(Option<Timestamp>, String)| row.place() < (*started, id);
        runbook.as_ref().is_none_or(|name| row.runbook == *name)
            && (states.is_empty() || states.contains(&row.state_typed()))
            && since.is_none_or(|since| row.started.is_some_and(|started| started >= since))
            && self.before.as_ref().is_none_or(place)
    }
}

/// A run in one line.
struct Row {
    id: String,
    runbook: String,
    state: String,
    steps_over: usize,
    steps: usize,
    changes: usize,
    /// What the run asks people.
    asks: Vec<String>,
    /// Where it passed the point of no return.
    no_return: Option<String>,
    started: Option<Timestamp>,
    latest: Option<Timestamp>,
}

impl Row {
    /// What the list is ordered by.
    fn place(&self) -> (Option<Timestamp>, &str) {
        (self.started, &self.id)
    }

    /// The state as it is typed for `--status`; why a run is unreadable does not belong to it.
    fn state_typed(&self) -> String {
        let word = self.state.split(':').next().unwrap_or_default();
        word.replace(' ', "-")
    }

    fn of(seen: &Seen) -> Self {
        let run = &seen.run;
        let begun = run.has_plan();
        let over = |state: &StepState| matches!(state, StepState::Done(_) | StepState::Skipped(_));
        Self {
            id: seen.folder.id().to_owned(),
            runbook: if begun {
                run.plan().name.clone()
            } else {
                String::new()
            },
            state: seen.word().to_owned(),
            steps_over: run.steps().filter(|(_, step)| over(&step.state)).count(),
            steps: run.steps().count(),
            changes: run
                .changes()
                .iter()
                .filter(|change| change.stands() && change.passed.is_none())
                .count(),
            asks: open_questions(run),
            no_return: passed_no_return(run),
            started: begun.then(|| run.started()),
            latest: begun.then(|| run.latest()),
        }
    }

    fn unreadable(id: &str, failure: &Failure) -> Self {
        let why = failure.diagnostics().first();
        Self {
            id: id.to_owned(),
            runbook: String::new(),
            state: why.map_or("unreadable".to_owned(), |why| {
                format!("unreadable: {}", why.title)
            }),
            steps_over: 0,
            steps: 0,
            changes: 0,
            asks: Vec::new(),
            no_return: None,
            started: None,
            latest: None,
        }
    }

    fn to_json(&self) -> Value {
        json!({
            "run": self.id,
            "runbook": self.runbook,
            "state": self.state,
            "steps_over": self.steps_over,
            "steps": self.steps,
            "changes": self.changes,
            "asks": self.asks,
            "no_return": self.no_return,
            "started": self.started.map_or_else(String::new, instant),
            "latest": self.latest.map_or_else(String::new, instant),
        })
    }
}

/// What the runs ask people, and which of them passed the point of no return, below the table.
fn below(rows: &[Row]) -> String {
    let mut text = String::new();
    for row in rows {
        let lines: Vec<&String> = row.asks.iter().chain(&row.no_return).collect();
        if !lines.is_empty() {
            text.push_str(&format!("run {}\n", row.id));
            text.extend(lines.iter().map(|line| format!("  {line}\n")));
        }
    }
    text
}

fn table(rows: &[Row]) -> String {
    let mut table = Table::new([
        ("RUN", Align::Left),
        ("STATE", Align::Left),
        ("STEPS", Align::Right),
        ("CHANGES", Align::Right),
        ("STARTED", Align::Left),
        ("LATEST", Align::Left),
        ("RUNBOOK", Align::Left),
    ]);
    for row in rows {
        table.row([
            row.id.clone(),
            row.state.clone(),
            format!("{}/{}", row.steps_over, row.steps),
            row.changes.to_string(),
            row.started.map_or_else(String::new, instant_here),
            row.latest.map_or_else(String::new, instant_here),
            row.runbook.clone(),
        ]);
    }
    table.render()
}
