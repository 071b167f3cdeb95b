//! An example of a runbook, and what is known of it when nothing disturbs it: how far it can be taken
//! back, what it does until there, and what its way back does.

use std::collections::BTreeMap;

use rutter_simcloud::Summary;
use serde_json::Value;

use crate::examples::Example;
use crate::way_back::{Verdict, take_back};
use crate::{Ended, Frozen, Place, Rehearsed, Stage};

/// An accepted change: account, action, digest of the parameters.
pub type Accepted = (String, String, String);

/// An example, carried out undisturbed as far as it can be taken back.
pub struct Ground {
    /// Which.
    pub example: Example,
    /// What its rehearsal shows.
    pub rehearsed: Rehearsed,
    /// The last step that can be taken back; `None` means all of them.
    pub until: Option<String>,
    /// The cloud at the start.
    pub before: Summary,
    /// The cloud at the end.
    pub after: Value,
    /// What was changed.
    pub changes: Vec<Accepted>,
    /// How many requests that took.
    pub requests: usize,
    /// The run at its end, at rest.
    pub end: Frozen,
    /// The changes of its way back.
    pub back: Vec<Place>,
    /// How many requests that takes.
    pub requests_back: usize,
}

impl Ground {
    /// Carries an example out and takes it back.
    ///
    /// # Panics
    /// When that does not go well.
    pub async fn new(example: Example) -> Self {
        let rehearsed = example.procedure.rehearsed().await;
        let until = last_before(&rehearsed, example.no_return);
        let stage = rehearsed.stage().await;
        let before = stage.cloud.summary().await;
        let ended = run(&stage, until.as_deref()).await;
        let what = format!("{example:?}\n{}\n{}", ended.stdout, ended.stderr);
        assert!(matches!(ended.code, Some(0 | 3)), "{what}");
        let requests = stage.proxy.seen().len();
        let (after, changes) = (stage.cloud.state().await, stage.cloud.changes().await);
        let end = stage.freeze().await;
        let undone = rehearsed.stage_from(&end).await;
        let way = take_back(&undone, &before, &[]).await;
        assert_eq!(way.verdict, Verdict::Back, "{example:?}\n{}", way.text);
        Self {
            back: counted(undone.proxy.changes()),
            requests_back: undone.proxy.seen().len(),
            requests,
            example,
            rehearsed,
            until,
            before,
            after,
            changes,
            end,
        }
    }

    /// `RUNBOOK` or `RUNBOOK.SCENARIO`.
    pub fn name(&self) -> String {
        self.example.procedure.name()
    }

    /// `rutter run` as far as it can be taken back.
    pub async fn run(&self, stage: &Stage) -> Ended {
        run(stage, self.until.as_deref()).await
    }

    /// `rutter resume` as far as it can be taken back.
    pub async fn resume(&self, stage: &Stage) -> Ended {
        match &self.until {
            Some(step) => stage.resume_until(step).await,
            None => stage.resume().await,
        }
    }
}

async fn run(stage: &Stage, until: Option<&str>) -> Ended {
    match until {
        Some(step) => stage.run_until(step).await,
        None => stage.run().await,
    }
}

/// The last step that is done before the first that cannot be taken back.
fn last_before(rehearsed: &Rehearsed, no_return: Option<&str>) -> Option<String> {
    let no_return = no_return?;
    let before = rehearsed.steps.iter().take_while(|step| *step != no_return);
    before.last().cloned()
}

/// The n-th of each action.
fn counted(actions: Vec<String>) -> Vec<Place> {
    let mut places: Vec<Place> = Vec::new();
    for action in actions {
        let number = places.iter().filter(|place| place.action == action).count() + 1;
        places.push(Place { action, number });
    }
    places
}

/// What is there, without what each run makes its own: the marks by which a step finds its objects
/// again, and the ids that the cloud gives out, which depend on the order of items that are made beside
/// each other. An activation code that is closed is of use to nobody; where the answer that held it was
/// lost, there is one more of them.
pub fn shape(state: &Value) -> Value {
    match state {
        Value::Object(map) => {
            let closed = |value: &Value| value.get("disabled") == Some(&Value::Bool(true));
            let kept = map.iter().filter(|(_, value)| !closed(value));
            if map.keys().any(|key| key.contains(GIVEN)) {
                let mut all: Vec<String> = kept
                    .map(|(key, value)| format!("{}: {}", without_ids(key), shape(value)))
                    .collect();
                all.sort();
                return all.into();
            }
            kept.map(|(key, value)| (key.clone(), shape(value)))
                .collect()
        }
        Value::Array(list) => list.iter().map(shape).collect(),
        Value::String(text) if text.starts_with("rutter ") => "a mark".into(),
        Value::String(text) => without_ids(text).into(),
        other => other.clone(),
    }
}

/// What stands in every id that the simulated cloud gives out, before what is its own.
const GIVEN: &str = "-sim";

/// A text with `ID` in place of what is an id's own.
fn without_ids(text: &str) -> String {
    let mut parts = text.split(GIVEN);
    let mut told = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        told.push_str("-ID");
        told.push_str(part.trim_start_matches(|c: char| c.is_ascii_hexdigit()));
    }
    told
}

/// How often each change was accepted, by account, action and parameters.
fn counts(changes: &[Accepted]) -> BTreeMap<&Accepted, usize> {
    let mut counts = BTreeMap::new();
    for change in changes {
        *counts.entry(change).or_default() += 1;
    }
    counts
}

/// The changes that were accepted more often than in a run that nobody disturbs.
pub fn repeated(changes: &[Accepted], undisturbed: &[Accepted]) -> Vec<Accepted> {
    let usual = counts(undisturbed);
    // Marks differ from run to run; then the parameters do.
    let most = |change: &Accepted| {
        let same_action = usual.iter().filter(|(other, _)| other.1 == change.1);
        same_action.map(|(_, count)| *count).max().unwrap_or(1)
    };
    let found = counts(changes)
        .into_iter()
        .filter(|(change, count)| *count > most(change));
    found.map(|(change, _)| change.clone()).collect()
}
