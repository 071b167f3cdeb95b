//! `rutter show`.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::time::Duration;

use rutter_diagnostic::neutral::one_line;
use rutter_engine::{Run, RunEnd};

use super::runs::Seen;
use super::{Context, Exit, Failure};
use crate::journal::{JournalError, RunView, StoredRecord};
use crate::ui::{
    describe_stored, ending, ids_csv, ids_json, ids_table, instant_here, is_slow, open_questions,
    outputs, passed_no_return, place, records_end, steps_table, timed,
};

/// How often a run that is followed is looked at.
const FOLLOW_EVERY: Duration = Duration::from_millis(200);

/// Show the state of a run: its steps, what it left in the accounts, and what to type next
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The run's id, or the first characters of it
    run: String,
    /// Keep showing new records until no process drives the run any more
    #[arg(short, long)]
    follow: bool,
    /// Show every record, one a line
    #[arg(long)]
    records: bool,
    /// List what finished steps made, each new id with the old one that it replaces
    #[arg(long, conflicts_with_all = ["follow", "records"])]
    ids: bool,
    /// Print the list of `--ids` as CSV
    #[arg(long, requires = "ids", conflicts_with = "json")]
    csv: bool,
}

pub(super) fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    let seen = context.see(&args.run)?.begun()?;
    if args.ids {
        ids(context, &seen, args.csv);
        return Ok(Exit::Done);
    }
    if context.printer.output().json || args.records || args.follow {
        let mut lines = Lines::new(context);
        lines.news_of(&seen.folder.view()?)?;
        if args.follow {
            follow(&seen, &mut lines)?;
            let seen = Seen::new(seen.folder)?;
            context.printer.note(&standing(&seen));
        }
        return Ok(Exit::Done);
    }
    context.printer.answer(&page(&seen));
    Ok(Exit::Done)
}

fn ids(context: &Context, seen: &Seen, csv: bool) {
    let printer = &context.printer;
    let ids = seen.run.new_ids();
    if csv {
        printer.answer(&ids_csv(&ids));
    } else if printer.output().json {
        for id in ids_json(&ids) {
            printer.json(&id);
        }
    } else if ids.is_empty() {
        printer.note("no finished step made anything that replaces something else");
    } else {
        printer.answer(&ids_table(&ids).render());
    }
}

/// Shows what comes, until there is no driver and nothing new.
fn follow(seen: &Seen, lines: &mut Lines<'_>) -> Result<(), Failure> {
    let mut view = seen.folder.view()?;
    loop {
        // Asked before the last look, so that what a driver wrote on its way out is not missed.
        let driven = seen.folder.driver()?.is_some();
        if driven && !view.is_live() {
            view = seen.folder.view()?;
        }
        lines.news_of(&view)?;
        if !driven {
            return Ok(());
        }
        std::thread::sleep(FOLLOW_EVERY);
    }
}

/// Prints records as they come.
struct Lines<'a> {
    context: &'a Context,
    run: Run,
    seq: u64,
    understood: bool,
}

impl<'a> Lines<'a> {
    fn new(context: &'a Context) -> Self {
        Self {
            context,
            run: Run::new(),
            seq: 0,
            understood: true,
        }
    }

    fn news_of(&mut self, view: &RunView) -> Result<(), JournalError> {
        view.follow(self.seq, &mut |record| {
            self.one(&record);
            ControlFlow::Continue(())
        })
    }

    fn one(&mut self, stored: &StoredRecord) {
        self.seq = stored.seq;
        let known = stored.known().filter(|_| self.understood);
        // Names in lines come from the run; after the first record that does not fit they may be
        // missing, and the lines go on without.
        self.understood = known.is_some_and(|record| self.run.evolve(&record).is_ok());
        let printer = &self.context.printer;
        if printer.output().json {
            printer.json(&stored.to_json());
        } else {
            let line = describe_stored(stored, &self.run);
            printer.answer(&timed(stored.time, &line, printer.answer_style()));
        }
    }
}

/// The whole page about a run.
pub(super) fn page(seen: &Seen) -> String {
    let run = &seen.run;
    let plan = run.plan();
    let mut text = format!(
        "run {} of {} ({})\n{} to {}\n",
        run.id(),
        plan.name,
        one_line(&plan.title),
        instant_here(run.started()),
        instant_here(run.latest()),
    );
    text.push_str(&format!("{}\n", records_end(&seen.end)));
    for (name, account) in &plan.accounts {
        let id = run
            .identity(name)
            .map_or("not confirmed", |identity| &identity.id);
        text.push_str(&format!(
            "account {name}: {}, profile {}, {}\n",
            one_line(id),
            one_line(&account.profile),
            one_line(&account.region)
        ));
    }
    text.push('\n');
    text.push_str(&steps_table(run).render());
    text.push('\n');
    if let Some(RunEnd::Done {
        outputs: values, ..
    }) = run.end()
    {
        text.push_str(&outputs(values));
    }
    text.push_str(&standing(seen));
    text.push('\n');
    text
}

/// What the driver said last about calls that have no answer, if nothing was recorded since.
fn hanging(seen: &Seen) -> String {
    let lines = seen.folder.read_log().unwrap_or_default();
    let newest = seen.run.latest();
    let since = lines
        .iter()
        .filter(|line| line.time >= newest && is_slow(&line.message));
    // The newest of each step says it all.
    let last: BTreeMap<_, _> = since.map(|line| (&line.at, &line.message)).collect();
    last.into_iter()
        .map(|(at, message)| format!("  {}: {}\n", place(at, &seen.run), one_line(message)))
        .collect()
}

fn standing(seen: &Seen) -> String {
    let mut text = match &seen.driver {
        Some(driver) => {
            let id = seen.run.id();
            let asked: String = open_questions(&seen.run)
                .iter()
                .map(|line| format!("  {line}\n"))
                .collect();
            let slow = hanging(seen);
            let passed = passed_no_return(&seen.run).map(|line| format!("  {line}\n"));
            let passed = passed.unwrap_or_default();
            format!(
                "run {id} is being driven by {driver}\n{slow}{asked}{passed}help: `rutter show --follow {id}` shows what it does\n"
            )
        }
        None => ending(&seen.run, &seen.run.status()),
    };
    if seen.foreign {
        text.push_str("state: a newer rutter wrote records that this one does not understand\n");
    }
    text.truncate(text.trim_end().len());
    text
}
