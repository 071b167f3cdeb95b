//! A part of a run that is taken back: what goes along and why, what stays, what is different now.

use std::collections::BTreeSet;

use rutter_diagnostic::neutral::one_line;
use rutter_engine::{
    Again, Because, Change, Name, Part, PartRefused, Person, Plan, Run, Step, WayBack, Why,
    WhyStays,
};
use rutter_meaning::placeholder::is_placeholder;
use serde_json::Value;

use super::words::count;

/// The line of the record with which it begins.
pub(super) fn started(by: &Person, part: Option<&Part>, mended: Option<&Plan>) -> String {
    let by = one_line(&by.name);
    let Some(part) = part else {
        return format!("undo asked for by {by}: every change is taken back, last first");
    };
    let steps = count(part.again.len(), "step");
    let then = match part.redo {
        true => "made again",
        false => "waits again",
    };
    let plan = match mended {
        Some(plan) => format!(", by {}", one_line(&plan.file)),
        None => String::new(),
    };
    format!("undo of {steps} asked for by {by}: what they changed is taken back, and {then}{plan}")
}

/// The line of the record with which it ended, unless it was the whole run that was taken back.
pub(super) fn ended(run: &Run) -> Option<String> {
    let over = run.rollback().is_none();
    let text = match run.rests() {
        true => "what was asked for was taken back; those steps wait again",
        false => "what was asked for was taken back, and is made again",
    };
    over.then(|| text.to_owned())
}

/// What taking back a part does, and with which plan the run goes on: a line for each step that is
/// concerned, each change that is taken back or stays, and each difference of the plans.
pub fn difference(run: &Run, part: Option<&Part>, mended: Option<&Plan>) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(part) = part {
        lines.extend(
            part.again
                .iter()
                .map(|again| of_step(again, part.redo, run)),
        );
        let kept = part.kept.iter();
        lines.extend(
            kept.map(|step| format!("{step}: stays as it is, although it comes later in the file")),
        );
        lines.extend(of_changes(run, part));
    }
    if let Some(plan) = mended {
        lines.extend(of_inputs(&run.plan().inputs, &plan.inputs));
        lines.extend(of_plan(run.plan(), plan));
    }
    lines
}

fn of_step(again: &Again, redo: bool, run: &Run) -> String {
    let Again {
        step,
        item,
        why,
        keeps,
    } = again;
    let what = match (redo, keeps) {
        (true, true) => "is run again, and what it changed is kept",
        (true, false) => "is taken back and run again",
        (false, _) => "is taken back and waits again",
    };
    let item = item
        .as_ref()
        .map(|item| format!("[{}]", one_line(run.item_name(step, item))));
    let item = item.unwrap_or_default();
    format!("{step}{item}: {what}{}", because(why))
}

fn because(why: &Why) -> String {
    match why {
        Why::Meant => String::new(),
        Why::Waits { on, because } => match because {
            Because::Said => format!(", since it needs `{on}`"),
            Because::Referenced => format!(", since it reads `{on}`"),
            Because::Order => {
                format!(", since it comes after `{on}` in the file (`--keep` leaves it)")
            }
        },
        Why::Nested(caller) => format!(", as a part of `{caller}`"),
        Why::MadeOf { step, change } => {
            format!(", since what it made is part of what `{step}` made (change {change})")
        }
    }
}

fn of_changes(run: &Run, part: &Part) -> Vec<String> {
    let covered = |change: &&Change| {
        let (step, item) = (&*change.at.step, change.at.item.as_ref());
        change.stands() && part.covers(step, item, change.number)
    };
    let back = run.changes().iter().rev().filter(covered);
    let mut lines: Vec<String> = back
        .map(|change| format!("{} {}", named(change), how(run, change)))
        .collect();
    for stay in &part.stays {
        let Some(change) = run.change(stay.change) else {
            continue;
        };
        let why = match &stay.why {
            WhyStays::Kept => "it is kept".to_owned(),
            WhyStays::Final => "nothing takes it back".to_owned(),
            WhyStays::NeededBy(other) => format!("change {other}, which stays, needs it"),
        };
        lines.push(format!("{} stays: {why}", named(change)));
    }
    lines
}

fn named(change: &Change) -> String {
    let label = one_line(&change.call.label());
    format!("{}: {label} (change {})", change.at.step, change.number)
}

/// What becomes of a change that is taken back: `is taken back by RAM:DeleteRole`.
pub fn how(run: &Run, change: &Change) -> String {
    let reverse = change.reverse.as_ref().map(|call| one_line(&call.label()));
    match (run.way_back(change), reverse) {
        (WayBack::Reverse, Some(reverse)) => format!("is taken back by {reverse}"),
        (WayBack::Plugin, _) => "is taken back by its plugin".to_owned(),
        (WayBack::Covered, _) => "is taken back with what it belongs to".to_owned(),
        (WayBack::Message, _) => "stays: it was sent".to_owned(),
        (_, Some(reverse)) => {
            format!("is taken back by {reverse}, which does not bring back what was there before")
        }
        (_, None) => "stays: nothing takes it back".to_owned(),
    }
}

fn of_inputs(was: &Value, is: &Value) -> Vec<String> {
    let names = |inputs: &Value| -> BTreeSet<String> {
        let names = inputs.as_object().into_iter().flat_map(|map| map.keys());
        names.cloned().collect()
    };
    let mut all = names(was);
    all.append(&mut names(is));
    let lines = all.iter().filter_map(|name| {
        let (was, is) = (was.get(name), is.get(name));
        // What stands for a secret says nothing to people.
        let secret = |value: Option<&Value>| value.is_some_and(holds_placeholder);
        match (was, is) {
            (was, is) if was == is => None,
            (was, is) if secret(was) || secret(is) => {
                Some(format!("the secret input `{name}` is another one"))
            }
            (Some(was), Some(is)) => Some(format!("the input `{name}` is {is} instead of {was}")),
            (None, Some(is)) => Some(format!("the input `{name}` is new: {is}")),
            (_, None) => Some(format!("the input `{name}` is gone")),
        }
    });
    lines.map(|line| one_line(&line)).collect()
}

fn holds_placeholder(value: &Value) -> bool {
    is_placeholder(value.as_str().unwrap_or_default())
        || value
            .as_array()
            .into_iter()
            .flatten()
            .any(holds_placeholder)
        || value
            .as_object()
            .is_some_and(|map| map.values().any(holds_placeholder))
}

fn of_plan(was: &Plan, is: &Plan) -> Vec<String> {
    let mut lines = Vec::new();
    if was.digest != is.digest {
        lines.push(format!("the run goes on with {}", one_line(&is.file)));
    }
    let gone = was.steps.iter().filter(|step| is.step(&step.id).is_none());
    lines.extend(gone.map(|step| format!("{}: is not in it any more", step.id)));
    for step in &is.steps {
        match was.step(&step.id) {
            None => lines.push(format!("{}: is new", step.id)),
            Some(before) if as_written(before) != as_written(step) => {
                lines.push(format!("{}: says something else", step.id));
            }
            Some(_) => {}
        }
    }
    lines
}

/// A step without the place where it stands, which is no difference.
fn as_written(step: &Step) -> Step {
    Step {
        line: Default::default(),
        ..step.clone()
    }
}

/// What to type when a part of a run cannot be taken back, or not be made again.
pub fn what_helps(refused: &PartRefused, run: &Run) -> String {
    let id = run.id();
    let show = format!("`rutter show {id}` shows the steps");
    let from = |step: &Name| format!("`rutter resume {id} --from {step}` makes it again, too");
    match refused {
        PartRefused::NoSuchStep { nested, .. } => match nested.first() {
            Some(nested) => format!("a step inside another is named with it: `{nested}`"),
            None => show,
        },
        PartRefused::NotRun(step) => {
            format!("`rutter resume {id}` goes on; `{step}` is begun when its turn comes")
        }
        PartRefused::NotOver(step) => {
            format!("nothing began after it; `--step {step}` takes it back")
        }
        PartRefused::NoSuchItem { .. } => show,
        PartRefused::Nothing(_) => "there is nothing to take back".to_owned(),
        PartRefused::Depends { kept, .. } => {
            format!("leave out `--keep {kept}`, or begin after it")
        }
        PartRefused::TakenBack => format!("`rutter show {id}` shows what was done"),
        PartRefused::UnderWay(_) => {
            format!("`rutter show {id}` shows how far it is; `rutter resume {id}` goes on with it")
        }
        PartRefused::InDoubt { step, .. } => format!(
            "look whether it happened, then say so: `rutter resolve {id} {step} --why …`; or take \
             it back without making it again: `rutter undo {id} --step {step}`"
        ),
        PartRefused::Reads { step, .. } => from(step),
        PartRefused::OtherItem { step, .. } => {
            format!("leave out `--item` or `--keep`, so that `{step}` is made again as a whole")
        }
        PartRefused::Lacks { step, .. } => {
            format!("take it back first, with `rutter undo {id} --step {step}`, or put it in again")
        }
        PartRefused::Differs { step, .. } => {
            format!("leave it as it was; or {}", from(step))
        }
    }
}

#[cfg(test)]
#[path = "part_tests.rs"]
mod tests;
