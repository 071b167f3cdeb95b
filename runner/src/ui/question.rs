//! A question as a person is shown it: what is asked, and what exactly a yes would let through.

use rutter_diagnostic::neutral::one_line;
use rutter_diagnostic::shell;
use rutter_engine::{Evidence, Principal, Question, RoleArn, Run, Shown};
use serde_json::Value;

use super::no_return::about_to_pass;
use super::words::{count, instant_here};
use crate::journal::Posted;
use crate::signed::digest;

/// Longer values are cut where they are shown; the record holds them whole.
const VALUE_MAX: usize = 200;

/// What to type for yes, from any terminal.
pub(super) fn how_to_approve(question: &Question, run: &Run) -> String {
    let approval = &question.approval;
    // What destroys or buys is answered by naming what was shown.
    let number = match approval.is_final() {
        true => format!(" --question {}", question.number),
        false => String::new(),
    };
    let names = approval.evidence.iter();
    let evidence: String = names
        .map(|name| format!(" --evidence {}=…", shell::word(name)))
        .collect();
    format!(
        "rutter approve {} {}{number}{evidence}",
        run.id(),
        question.step
    )
}

/// Lines that stand on their own, between empty ones, below the title of their step.
pub(super) fn block(step: &str, texts: Vec<String>, how: String, run: &Run) -> Vec<String> {
    let mut lines = vec![String::new()];
    let title = run.planned(step).map(|step| one_line(&step.title));
    lines.extend(title.filter(|title| title != step));
    lines.extend(texts);
    lines.push(how);
    lines.push(String::new());
    lines
}

/// How a person at this terminal answers, and what else to type.
pub(super) fn how_to_answer(question: &Question, run: &Run) -> String {
    let yes = match question.approval.is_final() {
        true => "the word below",
        false => "y",
    };
    let elsewhere = how_to_approve(question, run);
    format!(
        "  type {yes} for yes; n or Ctrl-D leaves it open, and `{elsewhere}` answers it later or elsewhere"
    )
}

/// Who said yes so far: `1 of 2: alice, at 2026-…`; nothing where one is enough.
pub(super) fn who_said_yes(question: &Question) -> Option<String> {
    let people = question.approval.people;
    if people < 2 && question.yes.is_empty() {
        return None;
    }
    let who: Vec<_> = question
        .yes
        .iter()
        .map(|yes| format!("{}, at {}", one_line(&yes.by.name), instant_here(yes.time)))
        .collect();
    let who = match who.is_empty() {
        true => String::new(),
        false => format!(": {}", who.join("; ")),
    };
    Some(format!("{} of {people}{who}", question.yes.len()))
}

/// A question as it is shown and answered.
pub fn posting(question: &Question, run: &Run) -> Posted {
    Posted {
        number: question.number,
        step: question.step.to_string(),
        lines: question_lines(question, run),
        is_final: question.approval.is_final(),
        evidence: question.missing(&Evidence::new()).cloned().collect(),
        digest: digest(question.number, &question.approval),
    }
}

/// The parameters of a change on one line: ` (InstanceId = i-1, Force = true)`.
pub(super) fn object_of(shown: &Shown) -> String {
    let parameters: Vec<_> = deciding(shown)
        .into_iter()
        .map(|(name, value)| format!("{name} = {}", cut(&one_line(&value))))
        .collect();
    match parameters.is_empty() {
        true => String::new(),
        false => format!(" ({})", parameters.join(", ")),
    }
}

/// The question in full: the message, each change that a yes lets through, the evidence it wants.
pub fn question_lines(question: &Question, run: &Run) -> Vec<String> {
    let approval = &question.approval;
    let people = match approval.people {
        0 | 1 => String::new(),
        people => format!(" {}", super::words::people(people)),
    };
    let owner = match &approval.owner {
        Some(owner) => format!(" [{}]", one_line(owner)),
        None => String::new(),
    };
    let mut lines = vec![format!(
        "{} asks{people}{owner} (question {}): {}",
        question.step,
        question.number,
        one_line(&approval.message)
    )];
    if !approval.approvers.is_empty() {
        lines.push(format!("  only {} may answer", approval.approver_names()));
    }
    for shown in &approval.changes {
        lines.extend(change_lines(&question.step, shown, run));
    }
    for action in &approval.covers {
        let action = one_line(action);
        lines.push(format!("  a yes is one to every {action} of this step too"));
    }
    let passes = about_to_pass(question, run).into_iter();
    lines.extend(passes.map(|line| format!("  {line}")));
    if !approval.evidence.is_empty() {
        lines.push(format!("  to be entered: {}", approval.evidence.join(", ")));
    }
    lines.extend(who_said_yes(question).map(|who| format!("  yes so far: {who}")));
    lines
}

/// Everything that waits for a person, in the order in which it was asked, with what to type for yes.
pub fn open_questions(run: &Run) -> Vec<String> {
    run.open_questions()
        .flat_map(|question| {
            let mut lines = question_lines(question, run);
            lines.push(format!("  {}", how_to_approve(question, run)));
            lines
        })
        .collect()
}

fn change_lines(step: &str, shown: &Shown, run: &Run) -> Vec<String> {
    let item = match &shown.item {
        Some(item) => format!(" for {}", one_line(run.item_name(step, item))),
        None => String::new(),
    };
    let account = account(shown.account.as_ref(), shown.region.as_deref(), run);
    let mut lines = vec![format!("  {}{item} in {account}", one_line(&shown.label))];
    for (name, value) in deciding(shown) {
        lines.push(format!("    {name} = {}", cut(&one_line(&value))));
    }
    for back in &shown.takes_back {
        lines.push(format!("    an undo would call {}", one_line(&back.label)));
        let mut parameters = Vec::new();
        let region = back.region.iter();
        parameters.extend(region.map(|region| ("region".to_owned(), region.clone())));
        flatten("", &back.parameters, &mut parameters);
        for (name, value) in parameters {
            lines.push(format!(
                "      {} = {}",
                one_line(&name),
                cut(&one_line(&value))
            ));
        }
    }
    lines
}

/// The parameters that say what is changed, and how.
fn deciding(shown: &Shown) -> Vec<(String, String)> {
    let mut parameters = Vec::new();
    flatten("", &shown.parameters, &mut parameters);
    parameters.retain(|(name, _)| !is_token(&shown.label, name));
    parameters
}

/// `account owner (1234567890123456), cn-hangzhou`.
fn account(account: Option<&Principal>, region: Option<&str>, run: &Run) -> String {
    let Some(account) = account else {
        return "no account".to_owned();
    };
    let name = account.name();
    let id = match run.identity(name) {
        Some(identity) => format!(" ({})", one_line(&identity.id)),
        None => String::new(),
    };
    let planned = run.plan().accounts.get(name);
    let region = region.or(planned.map(|account| account.region.as_str()));
    let region = match region {
        Some(region) => format!(", {}", one_line(region)),
        None => String::new(),
    };
    let roles: Vec<&str> = account.roles().iter().map(RoleArn::as_str).collect();
    let assumed = match roles.is_empty() {
        true => String::new(),
        false => format!(" as {}", one_line(&roles.join(">"))),
    };
    format!("account {name}{id}{assumed}{region}")
}

/// A client token says nothing about what is changed.
fn is_token(label: &str, parameter: &str) -> bool {
    rutter_contracts::labelled(label)
        .is_some_and(|action| action.token_parameter.as_deref() == Some(parameter))
}

fn flatten(name: &str, value: &Value, into: &mut Vec<(String, String)>) {
    let nested = |key: &str| match name {
        "" => key.to_owned(),
        name => format!("{name}.{key}"),
    };
    match value {
        Value::Object(fields) => {
            for (key, field) in fields {
                flatten(&nested(key), field, into);
            }
        }
        Value::Array(list) => {
            for (index, element) in list.iter().enumerate() {
                flatten(&nested(&(index + 1).to_string()), element, into);
            }
        }
        Value::Null => {}
        Value::String(text) => into.push((name.to_owned(), text.clone())),
        other => into.push((name.to_owned(), other.to_string())),
    }
}

fn cut(text: &str) -> String {
    let length = text.chars().count();
    if length <= VALUE_MAX {
        return text.to_owned();
    }
    let kept: String = text.chars().take(VALUE_MAX).collect();
    format!("{kept}… ({} in all)", count(length, "character"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::fixture::Story;

    #[test]
    fn an_account_is_shown_with_its_id_and_the_roles_that_were_assumed() {
        let run = Story::begun().run;
        let own = Principal::new("source").unwrap();
        let role = |name| RoleArn::new(format!("acs:ram::2222222222222222:role/{name}")).unwrap();
        let reader = own.assumed(role("reader"));
        let writer = reader.assumed(role("writer"));
        let shown = |account| super::account(Some(account), Some("cn-beijing"), &run);
        insta::assert_snapshot!(
            [&own, &reader, &writer].map(shown).join("\n"),
            @r"
        account source (1234567890123456), cn-beijing
        account source (1234567890123456) as acs:ram::2222222222222222:role/reader, cn-beijing
        account source (1234567890123456) as acs:ram::2222222222222222:role/reader>acs:ram::2222222222222222:role/writer, cn-beijing
        "
        );
    }
}
