//! What of a run is told to those who do not look.

use rutter_engine::{AttemptEnd, Fact, Record, Run, StepEnd};

use crate::settings::NotifyEvent;
use crate::ui::describe;

/// More of a text is cut off: a robot takes no more, and nobody reads it on a telephone.
const TEXT_MAX: usize = 2_000;

/// Something that is told once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Event {
    /// What makes it one and the same over resumes: the record's number, or the step that is late.
    pub(super) key: String,
    pub(super) kind: NotifyEvent,
    pub(super) run: String,
    pub(super) runbook: String,
    /// What happened, with what to type.
    pub(super) text: String,
}

/// The event that a record is, if it is one. `run` has evolved by it.
pub(super) fn of_record(record: &Record, run: &Run) -> Option<Event> {
    let id = run.id();
    let (kind, command) = match &record.fact {
        Fact::ApprovalAsked { .. } => (NotifyEvent::Question, None),
        Fact::StepEnded {
            end: StepEnd::Failed(_),
            ..
        }
        | Fact::AttemptEnded {
            end: AttemptEnd::Unknown(_),
            ..
        } => (NotifyEvent::Failure, Some(format!("rutter show {id}"))),
        Fact::RunEnded { .. } | Fact::RollbackEnded { .. } => {
            (NotifyEvent::End, Some(format!("rutter show {id}")))
        }
        _ => return None,
    };
    let said = describe(record, run).text;
    Some(Event {
        key: record.seq.to_string(),
        kind,
        run: id.to_owned(),
        runbook: run.plan().name.clone(),
        text: with_command(&said, command.as_deref()),
    })
}

/// The event that a step takes much longer than usual.
pub(super) fn late(run: &str, runbook: &str, key: String, said: &str) -> Event {
    Event {
        key,
        kind: NotifyEvent::Late,
        run: run.to_owned(),
        runbook: runbook.to_owned(),
        text: with_command(said, Some(&format!("rutter show {run}"))),
    }
}

fn with_command(said: &str, command: Option<&str>) -> String {
    let mut text: String = said.chars().take(TEXT_MAX).collect();
    if text.len() < said.len() {
        text.push('…');
    }
    if let Some(command) = command {
        text.push('\n');
        text.push_str(command);
    }
    text
}

impl Event {
    /// The whole message for people: `rutter: run 7f3cab12 of shop` and what happened.
    pub(super) fn message(&self) -> String {
        format!(
            "rutter: run {} of {}\n{}",
            self.run, self.runbook, self.text
        )
    }
}
