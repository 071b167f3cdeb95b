//! How long the steps of a runbook took when it was last run or rehearsed here: what an estimate is made from.
//!
//! A hint and nothing else: a file that is missing, foreign or damaged is as good as none.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use rutter_engine::{Fact, Mode, Name, Record, Run, StepEnd, Timestamp};
use serde::{Deserialize, Serialize};

/// How long the steps of a runbook took, by step, in milliseconds.
pub(crate) type Took = BTreeMap<String, u64>;

/// A runbook has at most some thousand steps.
const BYTES_MAX: u64 = 4 * 1_024 * 1_024;

/// The folder `took` of a state folder, with a file `NAME.json` for each runbook.
#[derive(Clone, Debug)]
pub(crate) struct TookFolder {
    path: PathBuf,
}

/// What one step took.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Timed {
    /// From its beginning to its end, without the time that people took, in milliseconds.
    ms: u64,
    /// In a rehearsal, which believes the simulated cloud.
    rehearsed: bool,
}

impl TookFolder {
    /// The one of a state folder; nothing is created yet.
    pub(crate) fn of(state_dir: &Path) -> Self {
        Self {
            path: state_dir.join("took"),
        }
    }

    fn file(&self, runbook: &str) -> PathBuf {
        self.path.join(format!("{runbook}.json"))
    }

    /// What the steps of a runbook took; nothing where nobody knows.
    pub(crate) fn load(&self, runbook: &str) -> Took {
        let timed = self.timed(runbook).into_iter();
        timed.map(|(step, timed)| (step, timed.ms)).collect()
    }

    fn timed(&self, runbook: &str) -> BTreeMap<String, Timed> {
        let text = rutter_files::read_unlinked(&self.file(runbook), BYTES_MAX)
            .ok()
            .flatten();
        let timed = text.and_then(|text| serde_json::from_str(&text).ok());
        timed.unwrap_or_default()
    }

    /// Keeps what was measured. A rehearsal does not replace what a run took.
    pub(crate) fn keep(&self, run: &Run, watch: &Stopwatch) {
        if watch.took.is_empty() || !run.has_plan() {
            return;
        }
        let (runbook, rehearsed) = (&run.plan().name, run.mode() == Mode::Rehearsal);
        let mut timed = self.timed(runbook);
        for (step, ms) in &watch.took {
            let measured = timed.get(&**step).is_some_and(|timed| !timed.rehearsed);
            if !(rehearsed && measured) {
                let ms = *ms;
                timed.insert(step.to_string(), Timed { ms, rehearsed });
            }
        }
        if let Err(error) = self.write(runbook, &timed) {
            tracing::debug!(%error, "how long the steps took is not kept");
        }
    }

    fn write(&self, runbook: &str, timed: &BTreeMap<String, Timed>) -> std::io::Result<()> {
        crate::modes::create_private(&self.path)?;
        rutter_files::replace_own(&self.file(runbook), &serde_json::to_string(timed)?)
    }
}

/// Measures how long steps take, from the records of a run.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stopwatch {
    begun: BTreeMap<Name, Timestamp>,
    /// Questions that wait for a person: their step, and since when.
    asked: BTreeMap<u64, (Name, Timestamp)>,
    /// How long people took to answer, in milliseconds.
    answering: BTreeMap<Name, u64>,
    took: BTreeMap<Name, u64>,
}

impl Stopwatch {
    /// Takes note of the next record.
    pub(crate) fn record(&mut self, record: &Record) {
        let time = record.time;
        match &record.fact {
            Fact::StepPrepared { step, .. } => {
                self.begun.insert(step.clone(), time);
            }
            // What passed between two processes is nobody's time.
            Fact::Resumed { .. } | Fact::RollbackStarted { .. } => {
                *self = Self {
                    took: std::mem::take(&mut self.took),
                    ..Self::default()
                }
            }
            Fact::ApprovalAsked { question, step, .. } => {
                self.asked.insert(*question, (step.clone(), time));
            }
            Fact::Approved { question, .. } => {
                if let Some((step, since)) = self.asked.remove(question) {
                    *self.answering.entry(step).or_default() += time.since(since);
                }
            }
            Fact::StepSkipped { step, .. } => {
                self.took.insert(step.clone(), 0);
            }
            Fact::StepEnded {
                step,
                end: StepEnd::Done(_),
            } => {
                if let Some(begun) = self.begun.remove(step) {
                    let people = self.answering.remove(step).unwrap_or_default();
                    let ms = time.since(begun).saturating_sub(people);
                    self.took.insert(step.clone(), ms);
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Stopwatch, TookFolder};
    use crate::ui::fixture::Story;

    fn watched(story: &Story) -> Stopwatch {
        let mut watch = Stopwatch::default();
        for record in &story.records {
            watch.record(record);
        }
        watch
    }

    #[test]
    fn what_steps_took_is_kept_and_a_rehearsal_does_not_replace_what_a_run_took() {
        let folder = tempfile::tempdir().unwrap();
        let took = TookFolder::of(folder.path());
        let name = "redis_cross_account";
        assert!(took.load(name).is_empty());
        let mut story = Story::of_steps(&["a", "b"]);
        story.begins("a");
        story.ends("a", Ok(serde_json::json!({})));
        took.keep(&story.run, &watched(&story));
        assert_eq!(took.load(name), [("a".to_owned(), 3_000)].into());
        let mut rehearsal = Story::rehearsed(&["a", "b"]);
        rehearsal.begins("a");
        rehearsal.begins("b");
        rehearsal.ends("a", Ok(serde_json::json!({})));
        rehearsal.ends("b", Ok(serde_json::json!({})));
        took.keep(&rehearsal.run, &watched(&rehearsal));
        let both = [("a".to_owned(), 3_000), ("b".to_owned(), 5_000)];
        assert_eq!(took.load(name), both.into());
        std::fs::write(took.file(name), "rubbish").unwrap();
        assert!(took.load(name).is_empty());
    }
}
