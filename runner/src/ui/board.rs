//! What is under way at this moment, from the records so far. Pure: bars only draw it.

use std::collections::BTreeMap;

use rutter_diagnostic::neutral::one_line;
use rutter_engine::{At, Fact, Record, Timestamp};

use super::words::{duration, instant_here};

/// The attempts under way, oldest first within a step.
#[derive(Clone, Debug, Default)]
pub(super) struct Board {
    entries: BTreeMap<At, RunningAttempt>,
    pub(super) steps: u64,
    pub(super) steps_over: u64,
}

/// One attempt under way.
#[derive(Clone, Debug)]
pub(super) struct RunningAttempt {
    /// When it was started.
    pub(super) since: Timestamp,
    /// What it does or waits for.
    doing: Doing,
    /// How far it says it is.
    progress: Option<String>,
}

#[derive(Clone, Debug)]
enum Doing {
    Runs,
    Sends(String),
    /// A call is sent once more.
    Again {
        what: String,
        due: Timestamp,
    },
    Waits {
        label: String,
        seen: Option<String>,
        deadline: Timestamp,
        since: Timestamp,
    },
}

impl Board {
    pub(super) fn record(&mut self, record: &Record) {
        match &record.fact {
            Fact::RunStarted { plan, .. } | Fact::PlanRevised { plan } => {
                self.steps = plan.steps.len() as u64;
            }
            Fact::RollbackStarted { part, mended, .. } => {
                let again = part.as_ref().map_or(0, |part| part.again.len() as u64);
                self.steps_over = self.steps_over.saturating_sub(again);
                if let Some(plan) = mended {
                    self.steps = plan.steps.len() as u64;
                }
            }
            Fact::StepEnded { .. } | Fact::StepSkipped { .. } => {
                self.steps_over = (self.steps_over + 1).min(self.steps);
            }
            Fact::AttemptStarted { at } | Fact::AttemptResumed { at } => {
                self.entries
                    .insert(at.clone(), RunningAttempt::new(record.time));
            }
            Fact::AttemptEnded { at, .. } => {
                self.entries.remove(at);
            }
            Fact::CallAnswered { place, .. } => self.does(&place.at, Doing::Runs),
            Fact::ChangeIntended { place, call, .. } => {
                self.does(&place.at, Doing::Sends(call.label()));
            }
            Fact::WaitStarted {
                place,
                label,
                deadline,
                ..
            } => {
                let doing = Doing::Waits {
                    label: label.clone(),
                    seen: None,
                    deadline: *deadline,
                    since: record.time,
                };
                self.does(&place.at, doing);
            }
            _ => {}
        }
    }

    pub(super) fn waiting(&mut self, at: &At, label: &str, seen: &str, deadline: Timestamp) {
        if let Some(entry) = self.entries.get_mut(at) {
            let since = match &entry.doing {
                Doing::Waits { since, .. } => *since,
                _ => entry.since,
            };
            entry.doing = Doing::Waits {
                label: label.to_owned(),
                seen: Some(seen.to_owned()),
                deadline,
                since,
            };
        }
    }

    pub(super) fn again(&mut self, at: &At, what: &str, due: Timestamp) {
        let what = what.to_owned();
        self.does(at, Doing::Again { what, due });
    }

    pub(super) fn progress(&mut self, at: &At, done: u64, total: u64, message: &str) {
        if let Some(entry) = self.entries.get_mut(at) {
            entry.progress = Some(format!("{}{}", part(done, total), one_line(message)));
        }
    }

    pub(super) fn entries(&self) -> impl Iterator<Item = (&At, &RunningAttempt)> {
        self.entries.iter()
    }

    pub(super) fn clear(&mut self) {
        self.entries.clear();
    }

    fn does(&mut self, at: &At, doing: Doing) {
        if let Some(entry) = self.entries.get_mut(at) {
            entry.doing = doing;
        }
    }
}

impl RunningAttempt {
    fn new(since: Timestamp) -> Self {
        Self {
            since,
            doing: Doing::Runs,
            progress: None,
        }
    }

    /// What it does, how far it is and how long it has been waiting, on one line.
    pub(super) fn text(&self, now: Timestamp) -> String {
        let doing = match &self.doing {
            Doing::Runs => String::new(),
            Doing::Sends(label) => one_line(label),
            Doing::Again { what, due } => format!("{}, at {}", one_line(what), instant_here(*due)),
            Doing::Waits {
                label,
                seen,
                deadline,
                since,
            } => {
                let seen = match seen {
                    Some(seen) => format!(" is {}", one_line(seen)),
                    None => String::new(),
                };
                format!(
                    "waits for {}{seen}, {} so far, until {}",
                    one_line(label),
                    duration(now.since(*since)),
                    instant_here(*deadline)
                )
            }
        };
        match &self.progress {
            Some(progress) if doing.is_empty() => progress.clone(),
            Some(progress) => format!("{progress}; {doing}"),
            None => doing,
        }
    }
}

/// `3 of 9: `, or nothing when nobody knows.
pub(super) fn part(done: u64, total: u64) -> String {
    match (done, total) {
        (0, 0) => String::new(),
        (done, 0) => format!("{done}: "),
        (done, total) => format!("{done} of {total}: "),
    }
}

#[cfg(test)]
mod tests {
    use super::Board;
    use rutter_engine::{At, CallSite, Fact, Phase, Record, Timestamp};

    fn at() -> At {
        At {
            step: "task".into(),
            item: None,
            attempt: 1,
            phase: Phase::Run,
        }
    }

    fn record(time: i64, fact: Fact) -> Record {
        Record {
            seq: 1,
            time: Timestamp(time),
            fact,
        }
    }

    fn shown(board: &Board, now: i64) -> Vec<String> {
        let now = Timestamp(now);
        board.entries().map(|(_, entry)| entry.text(now)).collect()
    }

    #[test]
    fn a_step_under_way_says_what_it_waits_for_and_how_long() {
        let mut board = Board::default();
        board.record(&record(0, Fact::AttemptStarted { at: at() }));
        board.record(&record(
            1_000,
            Fact::WaitStarted {
                place: CallSite {
                    at: at(),
                    index: 0,
                    fingerprint: String::new(),
                },
                label: "DTS:DescribeDtsJobDetail".to_owned(),
                deadline: Timestamp(1_700_000_000_000),
            },
        ));
        board.waiting(&at(), "Status", "Prechecking", Timestamp(1_700_000_000_000));
        board.progress(&at(), 3, 9, "checking");
        assert_eq!(
            shown(&board, 193_000),
            [
                "3 of 9: checking; waits for Status is Prechecking, 3m12s so far, until 2023-11-14T22:13:20.000Z"
            ]
        );
        let end = rutter_engine::AttemptEnd::Done(serde_json::Value::Null);
        board.record(&record(9, Fact::AttemptEnded { at: at(), end }));
        assert!(shown(&board, 9).is_empty());
    }
}
