//! Windows that a run would miss which began now, by what its rehearsal took.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use rutter_diagnostic::Diagnostic;
use rutter_engine::{Fact, Name, Record, Run, Uses};
use rutter_runbook::{WINDOW, window_at, window_missed};
use serde_json::Value;

use crate::ui::instant_here;

/// A pause of a rehearsal that waits for an instant: when it was got to, and when it was over.
struct Stop<'a> {
    step: &'a Name,
    inputs: &'a Value,
    reached: Timestamp,
    over: Timestamp,
}

/// What to say about each window that is past, or over before a run gets to it that begins at `now`.
pub(super) fn missed(run: &Run, records: &[Record], now: Timestamp) -> Vec<Diagnostic> {
    let Some(began) = instant(run.started()) else {
        return Vec::new();
    };
    // Up to each pause a run takes as long as its rehearsal; where that waits is another matter.
    let (mut here, mut there) = (now, began);
    let mut told = Vec::new();
    for stop in stops(run, records) {
        let reached = after(here, stop.reached.duration_since(there));
        let Some((from, _)) = window_at(stop.inputs, now) else {
            continue;
        };
        told.extend(judge(&stop, now, reached));
        (here, there) = (reached.max(from), stop.over);
    }
    told
}

fn judge(stop: &Stop<'_>, now: Timestamp, reached: Timestamp) -> Option<Diagnostic> {
    let (missed, help) = window_missed(stop.inputs, now, reached)?;
    let at = instant_here(rutter_engine::Timestamp(reached.as_millisecond()));
    let step = stop.step;
    let title = format!("begun now, the run gets to `{step}` at {at} by this rehearsal: {missed}");
    Some(Diagnostic::warning(WINDOW, title).help(help))
}

/// The pauses that wait for an instant, in the order in which they were got to.
fn stops<'a>(run: &'a Run, records: &'a [Record]) -> Vec<Stop<'a>> {
    let mut stops: Vec<Stop<'_>> = Vec::new();
    let mut seen = BTreeSet::new();
    for record in records {
        let Some(time) = instant(record.time) else {
            continue;
        };
        match &record.fact {
            Fact::StepPrepared { step, items, .. } => {
                let pauses = run
                    .planned(step)
                    .is_some_and(|step| step.uses == Uses::Pause);
                let inputs = items.first().map(|item| &item.inputs);
                let waits = inputs.filter(|inputs| pauses && inputs.get("until_ms").is_some());
                if let Some(inputs) = waits.filter(|_| seen.insert(step)) {
                    stops.push(Stop {
                        step,
                        inputs,
                        reached: time,
                        over: time,
                    });
                }
            }
            Fact::StepEnded { step, .. } => {
                if let Some(stop) = stops.iter_mut().find(|stop| stop.step == step) {
                    stop.over = time;
                }
            }
            _ => {}
        }
    }
    stops
}

fn instant(time: rutter_engine::Timestamp) -> Option<Timestamp> {
    Timestamp::from_millisecond(time.0).ok()
}

fn after(time: Timestamp, span: SignedDuration) -> Timestamp {
    time.checked_add(span).unwrap_or(time)
}
