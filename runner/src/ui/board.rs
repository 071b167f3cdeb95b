//! What is under way at this moment, from the records so far. Pure: bars only draw it.

use std::collections::BTreeMap;

use rutter_diagnostic::neutral::one_line;
use rutter_engine::{
    A_PAUSE, At, Back, Call, Change, Fact, Name, Phase, Question, Record, Run, StepState, Timestamp,
};

use super::course::{Course, Left};
use super::question::how_to_approve;
use super::slow::SlowCall;
use super::words::{clock, duration, place};
use crate::took::Took;

/// A step that takes twice as long as usual, and at least so much longer, is late, in milliseconds.
const LATE: u64 = 60_000;

/// The attempts under way, the questions that are open, and how far the run is.
#[derive(Clone, Debug, Default)]
pub(super) struct Board {
    /// The runbook; empty before the first record.
    pub(super) runbook: String,
    /// How many changes are taken back, and of how many, while the run is being taken back.
    pub(super) back: Option<(usize, usize)>,
    pub(super) steps: u64,
    pub(super) steps_over: u64,
    /// When the run began.
    pub(super) started: Timestamp,
    entries: BTreeMap<At, RunningAttempt>,
    /// When each step that is under way was begun, as far as this process saw it.
    begun: BTreeMap<Name, Timestamp>,
    pub(super) questions: Vec<OpenQuestion>,
    took: Took,
    course: Option<Course>,
}

/// A question that waits for somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct OpenQuestion {
    pub(super) number: u64,
    pub(super) step: Name,
    /// The step and what it asks.
    pub(super) text: String,
    /// What to type for yes.
    pub(super) how: String,
}

/// One attempt under way.
#[derive(Clone, Debug)]
pub(super) struct RunningAttempt {
    /// The step, its item and its title.
    pub(super) name: String,
    /// When it was started.
    pub(super) since: Timestamp,
    /// What it does or waits for.
    doing: Doing,
    /// How far it says it is.
    progress: Option<String>,
    /// A call of it that has no answer.
    hangs: Option<SlowCall>,
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
    /// A board for a run whose steps took so long before.
    pub(super) fn new(took: Took) -> Self {
        Self {
            took,
            ..Self::default()
        }
    }

    /// Takes note of a record that `run` has evolved by.
    pub(super) fn record(&mut self, record: &Record, run: &Run) {
        if self.runbook.is_empty() && run.has_plan() {
            self.begin(run);
        } else {
            self.count(record, run);
        }
        self.under_way(record, run);
        if self.may_have_changed_what_is_asked(&record.fact) {
            self.questions = run.open_questions().map(|one| open(one, run)).collect();
        }
    }

    fn may_have_changed_what_is_asked(&self, fact: &Fact) -> bool {
        match fact {
            Fact::ApprovalAsked { .. } | Fact::Resumed { .. } => true,
            Fact::Approved { .. }
            | Fact::Declined { .. }
            | Fact::AttemptEnded { .. }
            | Fact::StepEnded { .. }
            | Fact::StepSkipped { .. }
            | Fact::PlanRevised { .. }
            | Fact::RollbackStarted { .. }
            | Fact::RunEnded { .. } => !self.questions.is_empty(),
            _ => false,
        }
    }

    /// The run as it is, however many records it has: a resumed one has been shown none.
    fn begin(&mut self, run: &Run) {
        self.runbook = run.plan().name.clone();
        self.started = run.started();
        self.recount(run);
    }

    fn recount(&mut self, run: &Run) {
        self.back = taken_back(run);
        self.steps = run.plan().steps.len() as u64;
        let over = run
            .steps()
            .filter(|(_, step)| !matches!(step.state, StepState::Waiting | StepState::Running));
        self.steps_over = over.count() as u64;
        self.course = Course::of(run, &self.took);
    }

    fn count(&mut self, record: &Record, run: &Run) {
        match &record.fact {
            Fact::PlanRevised { .. }
            | Fact::RollbackStarted { .. }
            | Fact::RollbackEnded { .. }
            | Fact::Resumed { .. }
            | Fact::RunStarted { .. } => self.recount(run),
            Fact::StepEnded { step, .. } | Fact::StepSkipped { step, .. } => {
                self.steps_over = (self.steps_over + 1).min(self.steps);
                self.begun.remove(step);
                if let Some(course) = &mut self.course {
                    course.over(step);
                }
            }
            Fact::ReverseDone { .. } | Fact::ReverseFailed { .. } => self.back = taken_back(run),
            Fact::StepPrepared { step, .. } => {
                self.begun.insert(step.clone(), record.time);
            }
            _ => {}
        }
    }

    fn under_way(&mut self, record: &Record, run: &Run) {
        match &record.fact {
            Fact::AttemptStarted { at } | Fact::AttemptResumed { at } => {
                let attempt = RunningAttempt::new(named(at, run), record.time);
                self.entries.insert(at.clone(), attempt);
            }
            Fact::AttemptEnded { at, .. } => {
                self.entries.remove(at);
            }
            Fact::CallAnswered { place, .. } => self.does(&place.at, Doing::Runs),
            Fact::ChangeIntended { place, call, .. } => {
                self.does(&place.at, Doing::Sends(call.label()));
            }
            Fact::ReverseIntended { change, call, .. } => {
                self.takes_back(*change, call, record, run)
            }
            Fact::ReverseDone { change, .. } | Fact::ReverseFailed { change, .. } => {
                if let Some(change) = run.change(*change) {
                    self.entries.remove(&change.at);
                }
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

    /// A change of a step is being taken back, which no attempt of the step does.
    fn takes_back(&mut self, change: u64, call: &Call, record: &Record, run: &Run) {
        let Some(change) = run.change(change) else {
            return;
        };
        let mut entry = RunningAttempt::new(named(&change.at, run), record.time);
        entry.doing = Doing::Sends(call.label());
        self.entries.entry(change.at.clone()).or_insert(entry);
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

    pub(super) fn slow(&mut self, at: &At, call: &SlowCall) {
        if let Some(entry) = self.entries.get_mut(at) {
            entry.hangs = Some(call.clone());
        }
    }

    pub(super) fn clear(&mut self) {
        self.entries.clear();
        self.questions.clear();
    }

    /// The attempts under way, in the order of their steps' names.
    pub(super) fn entries(&self) -> impl Iterator<Item = (&At, &RunningAttempt)> {
        self.entries.iter()
    }

    /// What is left of the run; `None` where nothing tells.
    pub(super) fn left(&self, now: Timestamp) -> Option<Left> {
        let course = self.course.as_ref().filter(|_| self.back.is_none())?;
        let entries = self.entries.keys().map(|at| &at.step);
        let asked = self.questions.iter().map(|question| &question.step);
        let steps = entries.chain(asked);
        course.left(steps.map(|step| (step, self.begun.get(step).copied())), now)
    }

    /// How long an attempt's step usually takes, where it takes much longer now, in milliseconds.
    pub(super) fn late(&self, at: &At, now: Timestamp) -> Option<u64> {
        let usual = self.course.as_ref()?.usual(&at.step)?;
        let elapsed = now.since(*self.begun.get(&at.step)?);
        let late = at.phase == Phase::Run && elapsed > usual.saturating_mul(2).max(usual + LATE);
        late.then_some(usual)
    }

    fn does(&mut self, at: &At, doing: Doing) {
        if let Some(entry) = self.entries.get_mut(at) {
            entry.doing = doing;
            entry.hangs = None;
        }
    }
}

/// How many changes a rollback that is under way has taken back, and how many it is about.
fn taken_back(run: &Run) -> Option<(usize, usize)> {
    let rollback = run.rollback().filter(|back| back.end.is_none())?;
    let part = rollback.part.as_ref();
    let mine = |change: &&Change| {
        let (step, item) = (&*change.at.step, change.at.item.as_ref());
        change.passed.is_none() && part.is_none_or(|part| part.covers(step, item, change.number))
    };
    let changes = run.changes().iter().filter(mine);
    let done = changes.clone().filter(|change| change.back == Back::Done);
    let done = done.count();
    let standing = changes.filter(|change| change.stands()).count();
    Some((done, done + standing))
}

fn open(question: &Question, run: &Run) -> OpenQuestion {
    OpenQuestion {
        number: question.number,
        step: question.step.clone(),
        text: format!(
            "{} asks: {}",
            question.step,
            one_line(&question.approval.message)
        ),
        how: how_to_approve(question, run),
    }
}

/// `copy[db1] Copy the databases`: the step and its item, and its title where that says more.
fn named(at: &At, run: &Run) -> String {
    let place = place(at, run);
    let title = run.planned(&at.step).map(|step| one_line(&step.title));
    match title.filter(|title| **title != *at.step) {
        Some(title) => format!("{place} {title}"),
        None => place,
    }
}

impl RunningAttempt {
    fn new(name: String, since: Timestamp) -> Self {
        Self {
            name,
            since,
            doing: Doing::Runs,
            progress: None,
            hangs: None,
        }
    }

    /// Whether a call of it has no answer for too long.
    pub(super) fn hangs(&self) -> bool {
        self.hangs.is_some()
    }

    /// What it does, how far it is and how long it has been waiting, on one line.
    pub(super) fn text(&self, now: Timestamp) -> String {
        let doing = match (&self.hangs, &self.doing) {
            (Some(call), _) => call.told(now),
            (None, doing) => doing.text(now),
        };
        match &self.progress {
            Some(progress) if doing.is_empty() => progress.clone(),
            Some(progress) => format!("{progress}; {doing}"),
            None => doing,
        }
    }
}

impl Doing {
    fn text(&self, now: Timestamp) -> String {
        match self {
            Self::Runs => String::new(),
            Self::Sends(label) => format!("sends {}", one_line(label)),
            Self::Again { what, due } => format!("{}, at {}", one_line(what), clock(*due, now)),
            Self::Waits {
                label,
                deadline,
                since,
                ..
            } if label == A_PAUSE => format!(
                "waits, {} so far, goes on in {} ({})",
                duration(now.since(*since)),
                duration(deadline.since(now)),
                clock(*deadline, now)
            ),
            Self::Waits {
                label,
                seen,
                deadline,
                since,
            } => {
                let seen = seen.as_ref().map(|seen| format!("{}, ", one_line(seen)));
                format!(
                    "{}waits for {}, {} so far, times out in {} ({})",
                    seen.unwrap_or_default(),
                    one_line(label),
                    duration(now.since(*since)),
                    duration(deadline.since(now)),
                    clock(*deadline, now)
                )
            }
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
    use rutter_engine::{CallSite, Fact, Record, Timestamp};

    use super::super::fixture::{Story, alice, at, call};
    use super::super::slow::SlowCall;
    use super::Board;

    /// A board that was shown a story from its beginning.
    fn board(story: &Story) -> Board {
        let mut board = Board::default();
        for record in &story.records {
            board.record(record, &story.run);
        }
        board
    }

    fn shown(board: &Board, now: Timestamp) -> Vec<String> {
        let line = |entry: &super::RunningAttempt| format!("{}: {}", entry.name, entry.text(now));
        board.entries().map(|(_, entry)| line(entry)).collect()
    }

    fn waiting(story: &Story) -> Fact {
        Fact::WaitStarted {
            place: CallSite {
                at: at("role"),
                index: 0,
                fingerprint: String::new(),
            },
            label: "the job to be Finished".to_owned(),
            deadline: story.run.latest().after(3_600_000),
        }
    }

    #[test]
    fn a_step_under_way_says_its_state_first_then_what_it_waits_for_and_the_time_left() {
        let mut story = Story::begun();
        story.begins("role");
        let wait = waiting(&story);
        let Fact::WaitStarted { deadline, .. } = wait else {
            unreachable!()
        };
        let story = story.then(wait);
        let mut board = board(&story);
        board.waiting(
            &at("role"),
            "the job to be Finished",
            "Prechecking",
            deadline,
        );
        board.progress(&at("role"), 3, 9, "checking");
        let told = shown(&board, story.run.latest().after(192_000));
        let (begin, end) = told[0].split_once(" (").unwrap();
        assert_eq!(
            begin,
            "role: 3 of 9: checking; Prechecking, waits for the job to be Finished, 3m12s so far, times out in 56m47s"
        );
        assert!(end.ends_with(')'), "{end}");
    }

    #[test]
    fn a_call_without_an_answer_is_what_its_step_says_until_the_next_record() {
        let story = Story::with_a_change_sent();
        let mut board = board(&story);
        let since = story.run.latest();
        let call = SlowCall {
            label: "RAM:CreateRole".to_owned(),
            since,
            tries: 1,
            patience_ms: 60_000,
            next: "sent again",
        };
        board.slow(&at("role"), &call);
        assert_eq!(
            shown(&board, since.after(42_000)),
            ["role: RAM:CreateRole has no answer for 42s (try 1); after 1m00s it is sent again"]
        );
    }

    #[test]
    fn a_run_whose_first_records_were_not_shown_is_counted_all_the_same() {
        let mut story = Story::begun();
        story.begins("role");
        story.ends("role", Ok(serde_json::json!({})));
        let last = story.records.last().unwrap();
        let mut board = Board::default();
        board.record(last, &story.run);
        assert_eq!((board.steps_over, board.steps), (1, 2));
        board.record(
            &Record {
                seq: last.seq + 1,
                ..last.clone()
            },
            &story.run,
        );
        assert_eq!((board.steps_over, board.steps), (2, 2));
    }

    #[test]
    fn what_is_left_is_the_longest_way_ahead_and_what_is_late_says_so() {
        let mut story = Story::of_steps(&["a", "b", "c"]);
        story.begins("a");
        let took = [("a", 600_000), ("b", 1_200_000)];
        let took = took.map(|(step, ms)| (step.to_owned(), ms)).into();
        let mut board = Board::new(took);
        for record in &story.records {
            board.record(record, &story.run);
        }
        let begun = story.run.latest();
        let left = board.left(begun.after(60_000)).unwrap();
        assert_eq!(left.untimed, 1, "`c` was never timed");
        // They wait for each other by the order of the file, or not at all.
        assert!(left.ms >= 539_000, "{left:?}");
        assert_eq!(board.late(&at("a"), begun.after(1_000_000)), None);
        assert_eq!(board.late(&at("a"), begun.after(1_300_000)), Some(600_000));
        assert_eq!(Board::new([].into()).left(begun), None);
    }

    #[test]
    fn a_rollback_says_how_far_it_is_and_what_it_sends_or_waits_for() {
        let mut story = Story::with_a_change_sent();
        let done = serde_json::json!({});
        story.then(Fact::ChangeDone {
            change: 1,
            answer: done.clone(),
        });
        story.ends("role", Ok(done));
        story.then(Fact::RollbackStarted {
            by: alice(),
            part: None,
            mended: None,
        });
        let mut sent = story.then(Fact::ReverseIntended {
            change: 1,
            call: Box::new(call("DeleteRole")),
        });
        let mut board = board(&sent);
        let now = sent.run.latest();
        assert_eq!(board.back, Some((0, 1)));
        assert_eq!(shown(&board, now), ["role: sends RAM:DeleteRole"]);
        let slow = SlowCall {
            label: "RAM:DeleteRole".to_owned(),
            since: now,
            tries: 1,
            patience_ms: 60_000,
            next: "sent again",
        };
        board.slow(&at("role"), &slow);
        assert_eq!(
            shown(&board, now.after(42_000)),
            ["role: RAM:DeleteRole has no answer for 42s (try 1); after 1m00s it is sent again"]
        );
        sent.then(Fact::ReverseDone {
            change: 1,
            note: "gone".to_owned(),
        });
        let last = sent.records.last().unwrap();
        board.record(last, &sent.run);
        assert_eq!(board.back, Some((1, 1)));
        assert_eq!(shown(&board, now), Vec::<String>::new());
    }
}
