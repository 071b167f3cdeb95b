//! The windows of pauses, held against the waits that the runbook itself says: who waits two hours does not
//! get to a window that closes in one. What the work takes is for a rehearsal to say.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp, Unit};
use rutter_diagnostic::Diagnostic;
use rutter_manifest::check_known;
use serde_json::Value;

use super::super::built_in::BuiltIn;
use super::super::codes;
use super::super::file::Used;
use super::super::model::Model;
use super::super::problems::Problems;
use super::super::window;

pub(super) fn check(model: &Model<'_>, steps: &[bool], problems: &mut Problems<'_>) {
    let waits = |index: usize| matches!(model.used[index], Some(Used::BuiltIn(BuiltIn::Pause)));
    if !(0..steps.len()).any(|index| steps[index] && waits(index)) {
        return;
    }
    let now = Timestamp::now();
    // When each step is over at the earliest. One that waits for a step below it is taken to begin at once:
    // a bound that is too early warns of nothing that is no fault.
    let mut over: BTreeMap<usize, Timestamp> = BTreeMap::new();
    for (index, needs) in model.needs.iter().enumerate() {
        let needs = needs.keys().filter_map(|need| over.get(need));
        let reached = needs.max().copied().unwrap_or(now);
        let end = match wait(model, index) {
            Some(inputs) => {
                warn(model, index, &inputs, (now, reached), problems);
                end(&inputs, now, reached)
            }
            None => reached,
        };
        over.insert(index, end);
    }
}

/// The inputs of a pause that surely waits, all of which are known.
fn wait(model: &Model<'_>, index: usize) -> Option<Value> {
    let step = &model.runbook.steps[index];
    let used = model.used[index].as_ref()?;
    let pauses = matches!(used, Used::BuiltIn(BuiltIn::Pause));
    if !pauses || step.when.is_some() || step.for_each.is_some() {
        return None;
    }
    let mut whole = true;
    let with = step.with.as_ref()?.to_json(&mut |text, _| {
        model.evaluate(text, None).unwrap_or_else(|_| {
            whole = false;
            Value::Null
        })
    });
    let inputs = check_known(used.inputs(), &with, &|_| false).ok()?;
    whole.then_some(inputs)
}

/// When a pause that is got to at `reached` is over.
fn end(inputs: &Value, now: Timestamp, reached: Timestamp) -> Timestamp {
    let end = match inputs.get("for").and_then(Value::as_i64) {
        Some(ms) => reached.checked_add(SignedDuration::from_millis(ms)).ok(),
        None => window::at(inputs, now).map(|(from, _)| from),
    };
    end.map_or(reached, |end| end.max(reached))
}

fn warn(
    model: &Model<'_>,
    index: usize,
    inputs: &Value,
    (now, reached): (Timestamp, Timestamp),
    problems: &mut Problems<'_>,
) {
    // What is past already has its own warning.
    if reached == now {
        return;
    }
    let Some((missed, help)) = window::missed(inputs, now, reached) else {
        return;
    };
    let step = &model.runbook.steps[index];
    let wait = reached.duration_since(now);
    let wait = wait.round(Unit::Second).unwrap_or(wait);
    let title = format!(
        "begun now, the run gets to `{}` in {wait:#} at the earliest, by the pauses before it: {missed}",
        step.id.value
    );
    let warning = Diagnostic::warning(codes::WINDOW, title).at(problems.source, step.id.span, "");
    problems.push(warning.help(help));
}
