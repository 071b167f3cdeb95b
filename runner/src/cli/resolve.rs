//! `rutter resolve`.

use std::path::{Path, PathBuf};

use rutter_engine::{Back, Change, ItemState, Name, Resolution, Settlement, StepRun, StepState};
use serde_json::Value;

use super::runs::Seen;
use super::{Context, Exit, Failure};
use crate::journal::Message;

/// Decide about a step that failed, has an unknown outcome, or could not be taken back
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("decision").required(true))]
pub(super) struct Args {
    /// The run's id, or the first characters of it
    run: String,
    /// The step to decide about
    step: String,
    /// Decide only about this item of a `for_each` step
    #[arg(long, value_name = "KEY")]
    item: Option<String>,
    /// The change did not happen: make it again. If it could not be taken back: try that again
    #[arg(long, group = "decision")]
    retry: bool,
    /// The change that could not be taken back no longer exists
    #[arg(long, group = "decision")]
    gone: bool,
    /// The change that could not be taken back may stay; every later report names it
    #[arg(long, group = "decision")]
    leave: bool,
    /// Decide only about the change with this number, of those that could not be taken back
    #[arg(long, value_name = "NUMBER")]
    change: Option<u64>,
    /// The change did happen: a new attempt must find its result
    #[arg(long, group = "decision")]
    adopt: bool,
    /// The step is done, with the outputs in the file of `--outputs`
    #[arg(long, group = "decision", requires = "outputs")]
    done: bool,
    /// Skip the step
    #[arg(long, group = "decision")]
    skip: bool,
    /// A TOML or JSON file with the outputs of a step that is done
    #[arg(long, value_name = "FILE", requires = "done")]
    outputs: Option<PathBuf>,
    /// The reason for the decision, which is recorded
    #[arg(long, value_name = "TEXT")]
    why: String,
}

pub(super) fn run(context: &Context, args: Args) -> Result<Exit, Failure> {
    let mut seen = context.see(&args.run)?.begun()?.mine()?;
    if let Some(settlement) = settlement(&seen, &args)? {
        let message = settle(&seen, &args, settlement)?;
        return super::approve::leave(context, &seen, &[message.into()]);
    }
    if seen.run.rollback().is_none() {
        seen = seen.whole()?;
    }
    let step = undecided(&seen, &args.step)?;
    let resolution = match (&args.outputs, args.retry, args.adopt) {
        (Some(path), ..) => Resolution::Done(read_outputs(path)?),
        (None, true, _) => Resolution::Retry,
        (None, _, true) => Resolution::Adopt,
        (None, ..) => Resolution::Skip,
    };
    let item = item(&seen, &args);
    let Some(about) = seen.run.undecided(&step, item.as_ref(), &resolution) else {
        return Err(nothing_to_decide(&seen, &step, item.as_ref(), &resolution));
    };
    let message = Message::Resolve {
        step,
        item,
        about,
        resolution,
        why: args.why,
    };
    super::approve::leave(context, &seen, &[message.into()])
}

/// What is decided about changes that a rollback could not take back, if that is meant.
fn settlement(seen: &Seen, args: &Args) -> Result<Option<Settlement>, Failure> {
    let settlement = match (args.gone, args.leave, args.retry) {
        (true, ..) => Settlement::Gone,
        (_, true, _) => Settlement::Leave,
        (.., true) if seen.run.rollback().is_some() => Settlement::Retry,
        _ if seen.run.rollback().is_some() => {
            return Err(Failure::refused(
                format!("run {} is being taken back", seen.folder.id()),
                "a change that cannot be taken back is decided about by `--gone`, `--leave` or `--retry`",
            ));
        }
        _ => return Ok(None),
    };
    if seen.run.rollback().is_none() {
        return Err(Failure::refused(
            format!("run {} is not being taken back", seen.folder.id()),
            "`--retry`, `--adopt`, `--done` and `--skip` decide about a step that failed",
        ));
    }
    Ok(Some(settlement))
}

/// The item that is meant, by its key or by what people call it.
fn item(seen: &Seen, args: &Args) -> Option<Name> {
    let named = args.item.as_deref();
    named.map(|name| seen.run.item_called(&args.step, name))
}

/// The message, if any change of the step waits for such a decision.
fn settle(seen: &Seen, args: &Args, settlement: Settlement) -> Result<Message, Failure> {
    let id = seen.folder.id();
    let item = item(seen, args);
    let waits = |change: &&Change| {
        // What stays already need not be left again.
        let left = matches!(change.back, Back::Left(_));
        change.waits_for_settlement() && !(left && settlement == Settlement::Leave)
    };
    let all = || seen.run.changes().iter().filter(waits);
    let mine = |change: &&Change| {
        *change.at.step == *args.step
            && (item.is_none() || change.at.item == item)
            && args.change.is_none_or(|number| number == change.number)
    };
    let Some(one) = all().find(mine) else {
        let waiting: Vec<String> = all()
            .map(|change| format!("{} (change {})", change.at.step, change.number))
            .collect();
        let title = match seen.run.step(&args.step) {
            Some(_) => format!(
                "no change of step `{}` of run {id} waits for such a decision",
                args.step
            ),
            None => format!("run {id} has no step `{}`", args.step),
        };
        let help = match waiting.as_slice() {
            [] => format!("`rutter show {id}` shows where it stands"),
            waiting => format!("these wait: {}", waiting.join(", ")),
        };
        return Err(Failure::refused(title, help));
    };
    Ok(Message::Settle {
        step: one.at.step.clone(),
        item,
        change: args.change,
        settlement,
        why: args.why.clone(),
    })
}

/// The step, if there is something to decide about it.
fn undecided(seen: &Seen, step: &str) -> Result<Name, Failure> {
    let id = seen.folder.id();
    let open: Vec<_> = seen
        .run
        .steps()
        .filter(|(_, state)| is_undecided(state))
        .map(|(planned, _)| planned.id.clone())
        .collect();
    if let Some(name) = open.iter().find(|name| ***name == *step) {
        return Ok(name.clone());
    }
    let title = match seen.run.step(step) {
        Some(_) => format!("step `{step}` of run {id} neither failed nor is its outcome unknown"),
        None => format!("run {id} has no step `{step}`"),
    };
    let help = match open.as_slice() {
        [] => format!("`rutter show {id}` shows where it stands"),
        open => format!("these wait for a decision: {}", open.join(", ")),
    };
    Err(Failure::refused(title, help))
}

/// The step is undecided, but not in the way that this decision needs.
fn nothing_to_decide(
    seen: &Seen,
    step: &Name,
    item: Option<&Name>,
    resolution: &Resolution,
) -> Failure {
    let id = seen.folder.id();
    let whole = match item {
        Some(item) => format!("item `{item}` of step `{step}`"),
        None => format!("step `{step}`"),
    };
    let in_doubt = seen.run.undecided(step, item, &Resolution::Retry).is_some();
    if *resolution == Resolution::Adopt && in_doubt {
        return Failure::refused(
            format!("nothing says how to look for what {whole} of run {id} changed"),
            "say what it made by `--done --outputs FILE`, or that it did not happen by `--retry`",
        );
    }
    Failure::refused(
        format!(
            "`{}` has nothing to decide about {whole} of run {id}",
            resolution.flag()
        ),
        format!("`rutter show {id}` shows where it stands"),
    )
}

fn is_undecided(state: &StepRun) -> bool {
    let open = |item: &ItemState| matches!(item, ItemState::Unknown(_) | ItemState::Failed(_));
    matches!(state.state, StepState::Failed(_))
        || state.items.values().any(|item| open(&item.state))
}

fn read_outputs(path: &Path) -> Result<Value, Failure> {
    let name = path.display();
    let text = rutter_files::read_text(path, rutter_files::TEXT_MAX)
        .map_err(|error| Failure::io(format!("the outputs `{name}` cannot be read"), error))?;
    let is_json = path
        .extension()
        .is_some_and(|extension| extension == "json");
    let value: Result<Value, String> = if is_json {
        serde_json::from_str(&text).map_err(|error| error.to_string())
    } else {
        toml::from_str(&text).map_err(|error| error.to_string())
    };
    match value {
        Ok(value) if value.is_object() => Ok(value),
        Ok(_) => Err(Failure::refused(
            format!("the outputs `{name}` are no table of names and values"),
            "write one `name = value` a line",
        )),
        Err(error) => Err(Failure::refused(
            format!("the outputs `{name}` cannot be read: {}", error.trim()),
            "write one `name = value` a line",
        )),
    }
}
