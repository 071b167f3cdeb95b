//! Where a run stands, and what to type next.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use rutter_contracts::hex;
use rutter_diagnostic::neutral::json_text;
use rutter_diagnostic::neutral::one_line;
use rutter_diagnostic::shell;
use rutter_engine::{
    Back, ChangeState, Fault, ItemState, Name, Question, RollbackEnd, Run, RunEnd, RunStatus,
    StepRun, StepState,
};
use serde_json::Value;

use super::no_return::passed_no_return;
use super::question::{how_to_approve, question_lines, who_said_yes};
use super::recovered;
use super::standing::left_standing;
use super::words::why;
use super::words::{count, instant_here};
use super::{Align, Table};
use crate::explain;
use crate::journal::Link;

/// The outputs as `name = value` lines; values are JSON, so that a script can read them.
pub fn outputs(outputs: &Value) -> String {
    let mut text = String::new();
    if let Some(outputs) = outputs.as_object() {
        for (name, value) in outputs {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{name} = {}", json_text(&value.to_string()));
        }
    }
    text
}

/// The steps with their state, changes and what they wait for.
pub fn steps_table(run: &Run) -> Table {
    let mut table = Table::new([
        ("STEP", Align::Left),
        ("STATE", Align::Left),
        ("CHANGES", Align::Right),
        ("", Align::Left),
    ]);
    // Counted once: there may be ten thousand of both.
    let mut standing: BTreeMap<&Name, usize> = BTreeMap::new();
    let changes = run.changes().iter();
    for change in changes.filter(|change| change.stands() && change.passed.is_none()) {
        *standing.entry(&change.at.step).or_default() += 1;
    }
    for (step, state) in run.steps() {
        let changes = standing.get(&step.id);
        let changes = changes.map_or_else(String::new, ToString::to_string);
        let (word, more) = step_state(run, &step.id, state);
        table.row([step.id.to_string(), word.to_owned(), changes, more]);
    }
    table
}

fn step_state(run: &Run, id: &str, state: &StepRun) -> (&'static str, String) {
    if state.waits_for_person() {
        let messages: Vec<_> = run.open_questions_of(id).map(asked).collect();
        return ("asks", messages.join("; "));
    }
    match &state.state {
        StepState::Done(_) => ("done", String::new()),
        StepState::Skipped(reason) => ("skipped", reason.clone()),
        StepState::Failed(fault) => ("failed", why(fault)),
        StepState::Waiting => ("waiting", String::new()),
        StepState::Running => running(run, state),
    }
}

/// What a question says, and who has answered.
fn asked(question: &Question) -> String {
    let message = one_line(&question.approval.message);
    match who_said_yes(question) {
        Some(who) => format!("{message} ({who})"),
        None => message,
    }
}

/// `web: ` for an item of several.
fn called(key: Option<&Name>, item: &rutter_engine::ItemRun) -> String {
    let name = key.map(|key| item.name.as_deref().unwrap_or(key));
    name.map_or_else(String::new, |name| format!("{}: ", one_line(name)))
}

fn running(run: &Run, state: &StepRun) -> (&'static str, String) {
    for (key, item) in &state.items {
        if let ItemState::Unknown(fault) = &item.state {
            return (
                "unknown",
                format!("{}{}", called(key.as_ref(), item), why(fault)),
            );
        }
    }
    let over = |item: &&rutter_engine::ItemRun| matches!(item.state, ItemState::Done(_));
    let done = state.items.values().filter(over).count();
    let delayed = state.items.values().find_map(|item| match &item.state {
        ItemState::Delayed { due, .. } => Some(format!("next attempt at {}", instant_here(*due))),
        ItemState::Failed(fault) => Some(why(fault)),
        _ => None,
    });
    let more = match (state.items.len(), delayed) {
        (0 | 1, Some(delayed)) => delayed,
        (0 | 1, None) => String::new(),
        (all, _) => format!("{done} of {all} items done"),
    };
    (under_way(run, state), more)
}

/// How a step is called that was begun and is not over: nothing of a run that is taken back goes on.
fn under_way(run: &Run, state: &StepRun) -> &'static str {
    let is_over = run.rollback().is_some_and(|back| back.part.is_none());
    let failed = |item: &rutter_engine::ItemRun| matches!(item.state, ItemState::Failed(_));
    match state.items.values().any(failed) {
        true if is_over => "failed",
        false if is_over => "broken off",
        _ => "under way",
    }
}

/// How the records of a run end: who has this digest from elsewhere can tell whether a copy of the run is this one.
pub fn records_end(end: &Link) -> String {
    let (records, digest) = (count_of_records(end), hex::encode(&end.digest));
    format!("{records}, ending in digest {digest}")
}

fn count_of_records(end: &Link) -> String {
    count(usize::try_from(end.seq).unwrap_or(usize::MAX), "record")
}

/// What a run that nobody drives came to: what happened, the state of the world, what to type next.
pub fn ending(run: &Run, standing: &RunStatus) -> String {
    ending_of(run, standing, false)
}

/// The same for who has just seen the records: why a step failed is not told once more.
pub fn ending_seen(run: &Run, standing: &RunStatus) -> String {
    ending_of(run, standing, true)
}

fn ending_of(run: &Run, standing: &RunStatus, seen: bool) -> String {
    let id = run.id();
    let mut text = String::new();
    let happened = match standing {
        RunStatus::Ended(RunEnd::Done { fault: None, .. }) => format!("run {id} is done"),
        RunStatus::Ended(RunEnd::Done {
            fault: Some(fault), ..
        }) => format!(
            "run {id}: every step is done, but the outputs could not be made: {}",
            why(fault)
        ),
        RunStatus::Ended(RunEnd::RolledBack(end)) => match end {
            RollbackEnd::Done => format!("run {id} was taken back"),
            RollbackEnd::Partly => format!("run {id} was taken back as far as it can be"),
            RollbackEnd::Failed { .. } => format!("run {id} was taken back in part"),
        },
        RunStatus::UndoFailed => format!("run {id} is not taken back yet: a person has to look"),
        RunStatus::Unknown => format!("run {id} stopped: the outcome of a change is unknown"),
        RunStatus::WaitingForPerson => format!("run {id} waits for a person"),
        RunStatus::Failed => format!("run {id} failed"),
        RunStatus::Stopped if run.rests() => {
            format!("a part of run {id} was taken back; it can be resumed")
        }
        RunStatus::Stopped => format!("run {id} stopped; it can be resumed"),
    };
    let happened = recovered::happened(run, standing).unwrap_or(happened);
    // Writing to a string cannot fail.
    let _ = writeln!(text, "{happened}");
    for line in recovered::lines(run)
        .into_iter()
        .chain(open_points(run, standing, seen))
    {
        let _ = writeln!(text, "  {line}");
    }
    let _ = writeln!(text, "state: {}", state_of_world(run));
    if let Some(passed) = passed_no_return(run) {
        let _ = writeln!(text, "state: {passed}");
    }
    for code in explained(run, standing) {
        let _ = writeln!(
            text,
            "help: `rutter explain {}` says more about the cause",
            shell::word(&code)
        );
    }
    for line in what_next(run, standing)
        .into_iter()
        .chain(recovered::help(run))
    {
        let _ = writeln!(text, "help: {line}");
    }
    text
}

/// The codes of what stands in the way, each once, about which there is more to say.
pub(crate) fn explained(run: &Run, standing: &RunStatus) -> BTreeSet<String> {
    let codes: Vec<&str> = match standing {
        RunStatus::Failed | RunStatus::Unknown => run
            .steps()
            .flat_map(|(_, state)| faults(state))
            .map(|fault| fault.code.as_str())
            .collect(),
        RunStatus::UndoFailed => run
            .changes()
            .iter()
            .filter_map(|change| match &change.back {
                Back::Failed(fault) => Some(fault.code.as_str()),
                _ => None,
            })
            .collect(),
        _ => Vec::new(),
    };
    let known = codes.into_iter().filter(|code| explain::is_known(code));
    known.map(one_line).collect()
}

fn faults(state: &StepRun) -> Vec<&Fault> {
    if let StepState::Failed(fault) = &state.state {
        return vec![fault];
    }
    let unknown = state.items.values().filter_map(|item| match &item.state {
        ItemState::Unknown(fault) => Some(fault),
        _ => None,
    });
    unknown.collect()
}

fn open_points(run: &Run, standing: &RunStatus, seen: bool) -> Vec<String> {
    let of_steps = |wanted: &dyn Fn(&StepRun) -> bool| {
        run.steps()
            .filter(|(_, state)| wanted(state))
            .map(|(step, state)| format!("{}: {}", step.id, step_state(run, &step.id, state).1))
            .collect::<Vec<_>>()
    };
    let code = |(step, state): (&rutter_engine::Step, &StepRun)| match &state.state {
        StepState::Failed(fault) => Some(format!("{}: {}", step.id, one_line(&fault.code))),
        _ => None,
    };
    match standing {
        RunStatus::Failed if seen => run.steps().filter_map(code).collect(),
        RunStatus::Failed => of_steps(&|state| matches!(state.state, StepState::Failed(_))),
        RunStatus::Unknown => of_steps(&is_unknown),
        RunStatus::WaitingForPerson => run
            .open_questions()
            .flat_map(|question| question_lines(question, run))
            .collect(),
        RunStatus::UndoFailed | RunStatus::Ended(RunEnd::RolledBack(_)) => left_standing(run),
        RunStatus::Ended(_) | RunStatus::Stopped => Vec::new(),
    }
}

/// The steps whose changes wait for a person in a rollback, in the order of the file.
fn stuck_steps(run: &Run) -> BTreeSet<Name> {
    let stuck = run
        .changes()
        .iter()
        .filter(|change| matches!(change.back, Back::Failed(_)) && change.waits_for_settlement());
    stuck.map(|change| change.at.step.clone()).collect()
}

fn is_unknown(state: &StepRun) -> bool {
    let unknown = |item: &rutter_engine::ItemRun| matches!(item.state, ItemState::Unknown(_));
    state.items.values().any(unknown)
}

/// `4 steps done, 1 failed, 2 not started; 3 changes stand, 1 of them unknown`.
pub(super) fn state_of_world(run: &Run) -> String {
    let number = |wanted: fn(&StepState) -> bool| {
        run.steps()
            .filter(|(_, state)| wanted(&state.state))
            .count()
    };
    let begun = |word: &str| {
        let begun = run.steps().map(|(_, state)| state);
        let begun = begun.filter(|state| matches!(state.state, StepState::Running));
        begun.filter(|state| under_way(run, state) == word).count()
    };
    let mut parts = vec![format!(
        "{} done",
        count(number(|state| matches!(state, StepState::Done(_))), "step")
    )];
    for (what, number) in [
        (
            "skipped",
            number(|state| matches!(state, StepState::Skipped(_))),
        ),
        (
            "failed",
            number(|state| matches!(state, StepState::Failed(_))) + begun("failed"),
        ),
        ("broken off", begun("broken off")),
        ("under way", begun("under way")),
        (
            "not started",
            number(|state| matches!(state, StepState::Waiting)),
        ),
    ] {
        if number > 0 {
            parts.push(format!("{number} {what}"));
        }
    }
    let standing: Vec<_> = run
        .changes()
        .iter()
        .filter(|change| change.stands() && change.passed.is_none())
        .collect();
    let passed = run
        .changes()
        .iter()
        .filter(|change| change.passed.is_some());
    let passed = passed.filter(|change| change.stands()).count();
    let unknown = standing
        .iter()
        .filter(|change| !matches!(change.state, ChangeState::Done(_)))
        .count();
    let back = run
        .changes()
        .iter()
        .filter(|change| change.back == Back::Done && change.passed.is_none())
        .count();
    let mut changes = match standing.len() {
        0 if passed > 0 => "what was made in passing stands".to_owned(),
        0 => recovered::no_change_stands(run).to_owned(),
        1 => "1 change stands".to_owned(),
        number => format!("{number} changes stand"),
    };
    if passed > 0 && !standing.is_empty() && run.rollback().is_some() {
        let _ = write!(changes, ", and {passed} made in passing");
    }
    if unknown > 0 {
        let _ = write!(changes, ", {unknown} of unknown outcome");
    }
    if back > 0 {
        let _ = write!(changes, ", {back} taken back");
    }
    format!("{}; {changes}", parts.join(", "))
}

fn what_next(run: &Run, standing: &RunStatus) -> Vec<String> {
    let id = run.id();
    let resume = format!("`rutter resume {id}` goes on");
    let what = match run.point_of_no_return() {
        Some(_) => "what can be taken back",
        None => "every change",
    };
    let undo = format!("`rutter undo {id}` takes back {what}");
    let steps = |wanted: &dyn Fn(&StepRun) -> bool| -> Vec<Name> {
        run.steps()
            .filter(|(_, state)| wanted(state))
            .map(|(step, _)| step.id.clone())
            .collect()
    };
    match standing {
        RunStatus::Unknown | RunStatus::WaitingForPerson | RunStatus::Failed | RunStatus::Stopped
            if run.recovery().is_some() =>
        {
            vec![undo]
        }
        RunStatus::Ended(RunEnd::Done { .. }) => {
            let outputs = format!(
                "`rutter resume {id} --runbook FILE` makes the outputs with a corrected runbook"
            );
            let stands = run.changes().iter().any(rutter_engine::Change::stands);
            let lines = [(run.lacks_outputs(), outputs), (stands, undo)];
            let lines = lines.into_iter().filter(|(holds, _)| *holds);
            lines.map(|(_, line)| line).collect()
        }
        RunStatus::Ended(_) => Vec::new(),
        RunStatus::UndoFailed => {
            let mut lines = vec![format!(
                "remove the cause, then `rutter undo {id}` tries again what is left"
            )];
            lines.extend(stuck_steps(run).iter().map(|step| {
                format!(
                    "or look in the account: `rutter resolve {id} {step} --gone --why …` (it is not there), \
                     `--leave` (it may stay) or `--retry` (it is to go, even if that acts twice), then \
                     `rutter undo {id}`"
                )
            }));
            lines
        }
        RunStatus::Unknown => steps(&is_unknown)
            .iter()
            .map(|step| {
                let adopt = rutter_engine::Resolution::Adopt;
                let happened = match run.undecided(step, None, &adopt) {
                    Some(_) => "--adopt",
                    None => "--done --outputs FILE",
                };
                format!(
                    "look whether it happened, then `rutter resolve {id} {step} {happened} --why …` \
                     (it did) or `--retry` (it did not), and {resume}"
                )
            })
            .collect(),
        RunStatus::WaitingForPerson => run
            .open_questions()
            .map(|question| format!("`{}`, then {resume}", how_to_approve(question, run)))
            .collect(),
        RunStatus::Failed | RunStatus::Stopped => vec![resume, undo],
    }
}

#[cfg(test)]
#[path = "summary_tests.rs"]
mod tests;
