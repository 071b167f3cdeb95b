//! `rutter list`.

use rutter_engine::{StepState, Timestamp};
use serde_json::{Value, json};

use super::runs::Seen;
use super::{Context, Exit, Failure};
use crate::ui::{Align, Table, instant, instant_here, open_questions, passed_no_return};

/// List the runs, newest first
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// List only runs of this runbook
    #[arg(long, value_name = "NAME")]
    runbook: Option<String>,
}

pub(super) fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    let mut rows = Vec::new();
    for folder in context.runs()?.list()? {
        let row = match Seen::new(folder.clone()) {
            Ok(seen) => Row::of(&seen),
            // One damaged journal does not hide the other runs.
            Err(failure) => Row::unreadable(folder.id(), &failure),
        };
        rows.push(row);
    }
    if let Some(name) = &args.runbook {
        rows.retain(|row| row.runbook == *name);
    }
    rows.sort_by(|one, other| (&other.started, &other.id).cmp(&(&one.started, &one.id)));
    if context.printer.output().json {
        for row in &rows {
            context.printer.json(&row.to_json());
        }
    } else if rows.is_empty() {
        context.printer.note("no runs yet");
    } else {
        context.printer.answer(&table(&rows));
        context.printer.answer(&below(&rows));
    }
    Ok(Exit::Done)
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
