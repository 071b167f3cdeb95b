//! One line for each record.

use std::collections::BTreeMap;

use rutter_diagnostic::neutral::one_line;
use rutter_engine::{
    Approval, At, AttemptEnd, CallSite, Evidence, Fact, Fault, Identity, ItemState, Mode, Name,
    Person, Phase, Question, Record, Resolution, RollbackEnd, Run, RunEnd, Settlement, StepEnd,
    Timestamp,
};

use super::no_return::passes_by;
use super::part;
use super::question::{how_to_approve, object_of};
use super::standing::left_standing;
use super::words::{count, duration, instant, instant_here, place, why};
use crate::journal::{RecordBody, StoredRecord};

/// What a line says at a glance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// Work goes on as planned.
    Plain,
    /// Something is done.
    Good,
    /// A person is asked, or should look.
    Asks,
    /// Something went wrong.
    Bad,
    /// Of little interest.
    Faint,
}

/// Who needs a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    /// Who looks closely.
    Detail,
    /// Everybody who follows a run.
    Headline,
    /// Even who wants to hear nothing else.
    Call,
}

/// A record for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Who needs it.
    pub weight: Weight,
    /// What it says at a glance.
    pub tone: Tone,
    /// What it says, on one line.
    pub text: String,
}

/// Describes a record; `run` has evolved by it.
pub fn describe(record: &Record, run: &Run) -> Line {
    let (weight, tone, text) = describe_fact(&record.fact, run);
    Line { weight, tone, text }
}

/// Describes a record that this program may not understand.
pub fn describe_stored(record: &StoredRecord, run: &Run) -> Line {
    match &record.body {
        RecordBody::Known(fact) => {
            let (weight, tone, text) = describe_fact(fact, run);
            Line { weight, tone, text }
        }
        RecordBody::Unknown { kind, fact } => Line {
            weight: Weight::Headline,
            tone: Tone::Asks,
            text: format!("{} {}", one_line(kind), one_line(&fact.to_string())),
        },
    }
}

type Said = (Weight, Tone, String);

fn detail(text: String) -> Said {
    (Weight::Detail, Tone::Faint, text)
}

fn headline(text: String) -> Said {
    (Weight::Headline, Tone::Plain, text)
}

fn good(text: String) -> Said {
    (Weight::Headline, Tone::Good, text)
}

fn bad(text: String) -> Said {
    (Weight::Headline, Tone::Bad, text)
}

fn asks(text: String) -> Said {
    (Weight::Call, Tone::Asks, text)
}

fn describe_fact(fact: &Fact, run: &Run) -> Said {
    match fact {
        Fact::RunStarted { .. }
        | Fact::Resumed { .. }
        | Fact::AccountsConfirmed { .. }
        | Fact::PlanRevised { .. }
        | Fact::Interrupted {}
        | Fact::RunEnded { .. } => of_run(fact),
        Fact::ClockDoubted { shown, expected } => asks(doubted(*shown, *expected)),
        Fact::CloudClock { cloud } => {
            detail(format!("the cloud's clock shows {}", instant(*cloud)))
        }
        Fact::Recovered {
            damage, kept, by, ..
        } => asks(format!(
            "journal rebuilt by {} from its intact records: {}; the damaged files are in {}",
            one_line(&by.name),
            one_line(damage),
            one_line(kept)
        )),
        Fact::StepSkipped { .. }
        | Fact::StepPrepared { .. }
        | Fact::StepEnded { .. }
        | Fact::Resolved { .. } => of_step(fact, run),
        Fact::ApprovalAsked { .. }
        | Fact::Approved { .. }
        | Fact::Declined { .. }
        | Fact::AnswerIgnored { .. } => of_question(fact, run),
        Fact::AttemptStarted { .. }
        | Fact::AttemptResumed { .. }
        | Fact::AttemptEnded { .. }
        | Fact::RetryPlanned { .. } => of_attempt(fact, run),
        Fact::CallAnswered {
            place: call,
            label,
            answer,
        } => match answer {
            Ok(_) => detail(format!(
                "{}: {} answered",
                place(&call.at, run),
                one_line(label)
            )),
            Err(fault) => detail(format!(
                "{}: {} failed: {}",
                place(&call.at, run),
                one_line(label),
                why(fault)
            )),
        },
        Fact::WaitStarted {
            place: call,
            label,
            deadline,
        } => detail(format!(
            "{}: waits for {}, until {} at the latest",
            place(&call.at, run),
            one_line(label),
            instant_here(*deadline)
        )),
        Fact::ChangeIntended { .. }
        | Fact::ChangeDone { .. }
        | Fact::ChangeRefused { .. }
        | Fact::ChangeUnknown { .. }
        | Fact::ChangeFound { .. }
        | Fact::ChangeKept { .. }
        | Fact::LookBegun { .. }
        | Fact::LookFailed { .. }
        | Fact::ChangeSeen { .. }
        | Fact::Adopted { .. }
        | Fact::MadeInPassing { .. } => of_change(fact, run),
        Fact::RollbackStarted { .. }
        | Fact::ReverseIntended { .. }
        | Fact::ReverseDone { .. }
        | Fact::ReverseFailed { .. }
        | Fact::ChangeLeft { .. }
        | Fact::ChangeSettled { .. }
        | Fact::RollbackEnded { .. } => of_rollback(fact, run),
    }
}

fn of_run(fact: &Fact) -> Said {
    match fact {
        Fact::RunStarted {
            run, mode, plan, ..
        } => headline(format!(
            "{} {run} of {} started: {}",
            match mode {
                Mode::Live => "run",
                Mode::Rehearsal => "rehearsal",
            },
            plan.name,
            count(plan.steps.len(), "step")
        )),
        Fact::Resumed { rutter, profiles } => headline(resumed(rutter, profiles)),
        Fact::AccountsConfirmed { accounts } => headline(confirmed(accounts)),
        Fact::PlanRevised { plan } => headline(format!(
            "runbook replaced by {}: {}",
            plan.file,
            count(plan.steps.len(), "step")
        )),
        Fact::Interrupted {} => {
            headline("asked to stop: nothing new is started, what was sent is awaited".to_owned())
        }
        Fact::RunEnded { end } => run_ended(end),
        _ => unreachable_kind(),
    }
}

fn of_step(fact: &Fact, run: &Run) -> Said {
    match fact {
        Fact::StepSkipped { step, reason } => {
            headline(format!("{step}: skipped: {}", one_line(reason)))
        }
        Fact::StepPrepared { step, items, .. } => match items.as_slice() {
            [only] if only.key.is_none() => detail(format!("{step}: ready")),
            items => detail(format!("{step}: {}", count(items.len(), "item"))),
        },
        Fact::StepEnded { step, end } => match end {
            StepEnd::Done(_) => good(format!("{step}: done")),
            // Why is told once: by the attempt that failed, where one did.
            StepEnd::Failed(fault) if failed_by_item(step, fault, run) => {
                bad(format!("{step}: failed"))
            }
            StepEnd::Failed(fault) => bad(format!("{step}: failed: {}", why(fault))),
        },
        Fact::Resolved {
            step,
            item,
            resolution,
            by,
            why,
            ..
        } => headline(format!(
            "{step}{}: {} says: {}: {}",
            item.as_ref()
                .map(|item| format!("[{}]", one_line(run.item_name(step, item))))
                .unwrap_or_default(),
            one_line(&by.name),
            match resolution {
                Resolution::Retry => "it did not happen, try again",
                Resolution::Adopt => "it happened, find it",
                Resolution::Done(_) => "it is done",
                Resolution::Skip => "leave it out",
            },
            one_line(why)
        )),
        _ => unreachable_kind(),
    }
}

/// Whether an item's attempt ended with this fault, and so told it.
fn failed_by_item(step: &str, fault: &Fault, run: &Run) -> bool {
    let items = run
        .step(step)
        .into_iter()
        .flat_map(|step| step.items.values());
    let mut failed = items.filter_map(|item| match &item.state {
        ItemState::Failed(fault) if item.attempts > 0 => Some(fault),
        _ => None,
    });
    failed.any(|told| told == fault)
}

fn of_attempt(fact: &Fact, run: &Run) -> Said {
    match fact {
        Fact::AttemptStarted { at } => detail(format!("{} started", attempt(at, run))),
        Fact::AttemptResumed { at } => detail(format!("{} resumed", attempt(at, run))),
        Fact::AttemptEnded { at, end } => match end {
            AttemptEnd::Done(_) => detail(format!("{} done", attempt(at, run))),
            AttemptEnd::Failed(fault) => {
                bad(format!("{} failed: {}", attempt(at, run), why(fault)))
            }
            AttemptEnd::Unknown(fault) => asks(format!(
                "{} ended unknown: {}",
                attempt(at, run),
                why(fault)
            )),
        },
        Fact::RetryPlanned { at, due } => headline(format!(
            "{} begins at {}",
            attempt(at, run),
            instant_here(*due)
        )),
        _ => unreachable_kind(),
    }
}

fn of_change(fact: &Fact, run: &Run) -> Said {
    match fact {
        Fact::ChangeIntended {
            place: CallSite { at, .. },
            change,
            call,
            ..
        } => {
            let sent = format!(
                "{}: {} is sent (change {change})",
                place(at, run),
                one_line(&call.label())
            );
            match run
                .change(*change)
                .and_then(|change| passes_by(change, run))
            {
                Some(point) => headline(format!("{sent}, the {point}")),
                None => detail(sent),
            }
        }
        Fact::ChangeDone { change, .. } => good(format!(
            "{} done (change {change})",
            change_place(*change, run)
        )),
        Fact::ChangeRefused { change, fault } => bad(format!(
            "{} refused (change {change}): {}",
            change_place(*change, run),
            why(fault)
        )),
        Fact::ChangeUnknown { change, fault } => asks(format!(
            "{}: nobody knows whether it happened (change {change}): {}",
            change_place(*change, run),
            why(fault)
        )),
        Fact::ChangeFound { change, .. } => good(format!(
            "{} found to have happened (change {change})",
            change_place(*change, run)
        )),
        Fact::LookBegun { change } => detail(format!(
            "{}: what it left behind is looked at (change {change})",
            change_place(*change, run)
        )),
        Fact::LookFailed { change, fault } => asks(format!(
            "{}: looking does not tell whether it happened (change {change}): {}",
            change_place(*change, run),
            why(fault)
        )),
        Fact::Adopted { at, object } => detail(format!(
            "{}: {} was there already and is taken as it is",
            place(at, run),
            one_line(&object.key)
        )),
        Fact::ChangeSeen { change, .. } => detail(format!(
            "{}: what it left was looked at (change {change})",
            change_place(*change, run)
        )),
        Fact::MadeInPassing { change, passed, .. } => detail(format!(
            "{}: the {} {} was made in passing (change {change})",
            change_place(passed.of, run),
            one_line(&passed.kind),
            one_line(&passed.id)
        )),
        Fact::ChangeKept { change, .. } => good(format!(
            "{} is answered from what was kept (change {change})",
            change_place(*change, run)
        )),
        _ => unreachable_kind(),
    }
}

fn of_rollback(fact: &Fact, run: &Run) -> Said {
    match fact {
        Fact::RollbackStarted { by, part, mended } => {
            headline(part::started(by, part.as_deref(), mended.as_deref()))
        }
        Fact::ReverseIntended { change, call } => detail(format!(
            "{}: {} is sent (takes back change {change})",
            step_of_change(*change, run),
            one_line(&call.label())
        )),
        Fact::ReverseDone { change, note } => good(format!(
            "{} taken back (change {change}){}",
            change_place(*change, run),
            if note.is_empty() {
                String::new()
            } else {
                format!(": {}", one_line(note))
            }
        )),
        Fact::ReverseFailed { change, fault } => bad(format!(
            "{} not taken back (change {change}): {}",
            change_place(*change, run),
            why(fault)
        )),
        Fact::ChangeLeft { change, why } => asks(format!(
            "{} stays (change {change}): {}",
            change_place(*change, run),
            one_line(why)
        )),
        Fact::ChangeSettled {
            change,
            settlement,
            by,
            why,
        } => detail(format!(
            "{}: {} says that change {change} {}: {}",
            change_place(*change, run),
            one_line(&by.name),
            match settlement {
                Settlement::Gone => "is not there",
                Settlement::Leave => "stays",
                Settlement::Retry => "will be taken back again",
            },
            one_line(why)
        )),
        Fact::RollbackEnded { end } => match part::ended(run) {
            Some(text) => good(text),
            None => rollback_ended(end, run),
        },
        _ => unreachable_kind(),
    }
}

fn doubted(shown: Timestamp, expected: Timestamp) -> String {
    let (away, how) = match shown < expected {
        true => (expected.since(shown), "behind"),
        false => (shown.since(expected), "ahead of"),
    };
    format!(
        "this machine's clock shows {}, {} {how} what it should show: no change of unknown outcome is repeated by a \
         token that was sent before; correct the clock",
        instant(shown),
        duration(away)
    )
}

/// Each group above is entered only with the kinds that it names.
fn unreachable_kind() -> Said {
    detail(String::new())
}

fn resumed(rutter: &str, profiles: &BTreeMap<Name, String>) -> String {
    let mut text = format!("run resumed by rutter {rutter}");
    for (name, profile) in profiles {
        text.push_str(&format!(
            "; {name} is bound to the profile {}",
            one_line(profile)
        ));
    }
    text
}

fn confirmed(accounts: &BTreeMap<Name, Identity>) -> String {
    let each: Vec<_> = accounts
        .iter()
        .map(|(name, identity)| format!("{name} is {}", one_line(&identity.id)))
        .collect();
    if each.is_empty() {
        return "no account confirmed".to_owned();
    }
    format!("accounts confirmed: {}", each.join(", "))
}

fn of_question(fact: &Fact, run: &Run) -> Said {
    match fact {
        Fact::ApprovalAsked {
            question,
            step,
            approval,
        } => asked(*question, step, approval, run),
        Fact::Approved {
            question,
            step,
            by,
            evidence,
        } => approved(*question, step, by, evidence, run),
        Fact::Declined { step, by, why, .. } => headline(format!(
            "{step}: declined by {}: {}",
            one_line(&by.name),
            one_line(why)
        )),
        Fact::AnswerIgnored {
            step,
            by,
            said,
            why,
        } => {
            let step = step.as_ref().map(|step| format!("{step}: "));
            asks(format!(
                "{}what {} said decided nothing ({}): {}",
                step.unwrap_or_default(),
                one_line(&by.name),
                one_line(said),
                one_line(why)
            ))
        }
        _ => unreachable_kind(),
    }
}

fn asked(number: u64, step: &Name, approval: &Approval, run: &Run) -> Said {
    let people = match approval.people {
        0 | 1 => String::new(),
        people => format!(" ({people} people)"),
    };
    let owner = match &approval.owner {
        Some(owner) => format!(" [{}]", one_line(owner)),
        None => String::new(),
    };
    let how = match (run.mode(), run.question(number)) {
        (Mode::Live, Some(question)) => format!(": {}", how_to_approve(question, run)),
        // Nobody is there to be asked.
        _ => String::new(),
    };
    let shown: String = approval.changes.iter().map(object_of).collect();
    asks(format!(
        "{step}: asks{people}{owner}: {}{shown}{how}",
        one_line(&approval.message)
    ))
}

fn approved(number: u64, step: &Name, by: &Person, evidence: &Evidence, run: &Run) -> Said {
    let entered: Vec<_> = evidence
        .iter()
        .map(|(name, value)| format!("{name}={}", one_line(value)))
        .collect();
    let entered = if entered.is_empty() {
        String::new()
    } else {
        format!(": {}", entered.join(" "))
    };
    let question = run.question(number);
    // Others may have said yes in the same batch of records.
    let place = |question: &Question| question.yes.iter().position(|yes| yes.by == *by);
    let yes = question.and_then(|question| Some((place(question)? + 1, question.approval.people)));
    let more = match yes {
        Some((yes, people)) if people > 1 => format!(" ({yes} of {people})"),
        _ => String::new(),
    };
    good(format!(
        "{step}: approved by {}{more}{entered}",
        one_line(&by.name)
    ))
}

fn run_ended(end: &RunEnd) -> Said {
    match end {
        RunEnd::Done { fault: None, .. } => good("run done".to_owned()),
        RunEnd::Done {
            fault: Some(fault), ..
        } => bad(format!(
            "every step is done, but the outputs could not be made: {}",
            why(fault)
        )),
        RunEnd::RolledBack(RollbackEnd::Done) => good("run taken back".to_owned()),
        RunEnd::RolledBack(_) => bad("run taken back in part".to_owned()),
    }
}

fn rollback_ended(end: &RollbackEnd, run: &Run) -> Said {
    match end {
        RollbackEnd::Done => good("every change was taken back".to_owned()),
        RollbackEnd::Partly => asks(format!(
            "what could be taken back was taken back; {}",
            stays(left_standing(run).len())
        )),
        RollbackEnd::Failed { changes } => bad(format!(
            "undo is not over: {} for a person",
            match changes.len() {
                1 => "1 change waits".to_owned(),
                number => format!("{number} changes wait"),
            }
        )),
    }
}

fn stays(number: usize) -> String {
    match number {
        1 => "1 change stays".to_owned(),
        number => format!("{number} changes stay"),
    }
}

fn attempt(at: &At, run: &Run) -> String {
    match at.phase {
        Phase::Run => format!("{}: attempt {}", place(at, run), at.attempt),
        Phase::Undo => format!(
            "{}: undo {}",
            place(at, run).replace(" (undo)", ""),
            at.attempt
        ),
    }
}

/// `role: RAM:CreateRole`.
fn change_place(number: u64, run: &Run) -> String {
    match run.change(number) {
        Some(change) => format!(
            "{}: {}",
            place(&change.at, run),
            one_line(&change.call.label())
        ),
        None => format!("change {number}"),
    }
}

fn step_of_change(number: u64, run: &Run) -> String {
    run.change(number).map_or_else(
        || format!("change {number}"),
        |change| place(&change.at, run),
    )
}

#[cfg(test)]
#[path = "describe_tests.rs"]
mod tests;
