//! No one gets in: each member of the corpus is held by the rule that it names, and gets through where
//! that rule is left out.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rutter_meaning::Rule;
use rutter_tests::hostile::{Command, Held, Member, SPENT_MAX, hold, members};
use tokio::sync::Semaphore;

/// Members that are tried at once.
const AT_ONCE: usize = 2;

/// Tries each member and returns what is wrong, each with the member's name.
async fn try_all(
    members: Vec<Member>,
    with_rule: bool,
    judge: fn(&Member, &[Held]) -> Vec<String>,
) -> Vec<String> {
    let room = Arc::new(Semaphore::new(AT_ONCE));
    let only = std::env::var("HOSTILE_ONLY").unwrap_or_default();
    let chosen = members
        .into_iter()
        .filter(|member| member.name.contains(&only));
    let trials = chosen.map(|member| {
        let room = Arc::clone(&room);
        tokio::spawn(async move {
            let _turn = room.acquire_owned().await;
            let held = hold(&member, with_rule).await;
            let wrong = judge(&member, &held);
            let seen = || held.iter().map(show).collect::<String>();
            match wrong.is_empty() {
                true => Vec::new(),
                false => vec![format!("{}: {}\n{}", member.name, wrong.join("; "), seen())],
            }
        })
    });
    let mut wrong = Vec::new();
    for trial in trials.collect::<Vec<_>>() {
        wrong.extend(trial.await.expect("a trial ends"));
    }
    wrong
}

fn show(held: &Held) -> String {
    let Held {
        command,
        ended,
        spent,
        changed,
        planted,
        lax,
    } = held;
    let text = format!("{}{}", ended.stdout, ended.stderr);
    let text: String = text.chars().take(3_000).collect();
    format!(
        "  {command:?}: {:?}, {} KiB, {} ms, {changed:?}, {planted:?}, {lax:?}\n{}\n",
        ended.code,
        spent.kibibytes,
        spent.cpu_ms,
        text.escape_debug().to_string().replace("\\n", "\n    ")
    )
}

fn text(held: &Held) -> String {
    format!("{}{}", held.ended.stdout, held.ended.stderr)
}

/// What is wrong with how the program held a member.
fn contained(member: &Member, all: &[Held]) -> Vec<String> {
    let mut wrong = Vec::new();
    let ends = all.last().and_then(|held| held.ended.code);
    if member.ends.is_some() && ends != member.ends {
        wrong.push(format!("it ended with {ends:?}"));
    }
    for held in all {
        let (command, text) = (held.command, text(held));
        match held.ended.code {
            None => wrong.push(format!("{command:?} did not end by itself")),
            Some(70 | 101) => wrong.push(format!("{command:?} broke")),
            Some(0) if member.refused => wrong.push(format!("{command:?} took it")),
            Some(2) if member.refused => {}
            Some(code) if member.refused => wrong.push(format!("{command:?} ended with {code}")),
            Some(_) => {}
        }
        if text.contains(['\u{1b}', '\u{7}', '\u{202e}', '\u{200b}', '\u{9b}']) {
            wrong.push(format!("{command:?} let the terminal act"));
        }
        let missing = member
            .says
            .iter()
            .filter(|part| !text.contains(part.as_str()));
        wrong.extend(missing.map(|part| format!("{command:?} does not say `{part}`")));
        let told = member
            .never
            .iter()
            .filter(|part| text.contains(part.as_str()));
        wrong.extend(told.map(|part| format!("{command:?} says `{part}`")));
        let of_other = ["RAM:CreatePolicy".to_owned(), "RAM:DeletePolicy".to_owned()];
        let sent: Vec<_> = held
            .changed
            .iter()
            .filter(|action| !of_other.contains(action) && !member.sent.contains(action))
            .collect();
        if !sent.is_empty() {
            wrong.push(format!("{command:?} sent {sent:?}"));
        }
        let alive = held.changed.contains(&of_other[0]);
        if command == Command::Run && !member.refused && member.runbook.is_none() && !alive {
            wrong.push("the other step was not carried out".to_owned());
        }
        wrong.extend(
            held.planted
                .iter()
                .map(|found| format!("{command:?}: {found}")),
        );
        if !held.lax.is_empty() {
            wrong.push(format!(
                "{command:?} left {:?} open to other users",
                held.lax
            ));
        }
        let through = member.off.iter().flat_map(|off| &off.says);
        let through = through.filter(|part| text.contains(part.as_str()));
        wrong.extend(through.map(|part| format!("{command:?} says `{part}`, with the rule")));
        if held.spent.is_more_than(SPENT_MAX) {
            wrong.push(format!("{command:?} took too much"));
        }
    }
    wrong
}

/// What is wrong where nothing got through although the member's rule was left out.
fn let_through(member: &Member, all: &[Held]) -> Vec<String> {
    let Some(off) = &member.off else {
        return Vec::new();
    };
    let through = all.iter().any(|held| {
        let text = text(held);
        off.says.iter().any(|part| text.contains(part.as_str()))
            || off.sends.iter().any(|action| held.changed.contains(action))
            || (off.planted && !held.planted.is_empty())
            || (off.lax && !held.lax.is_empty())
            || (off.costs && (held.spent.is_more_than(SPENT_MAX) || held.ended.code.is_none()))
    });
    match through {
        true => Vec::new(),
        false => vec![format!("nothing got through without `{}`", member.rule)],
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_member_is_contained() {
    let wrong = try_all(members(), true, contained).await;
    assert!(
        wrong.is_empty(),
        "{} got through:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

/// So that it is the rule which stops a member, and not a mistake of the member's.
#[tokio::test(flavor = "multi_thread")]
async fn without_its_rule_a_member_gets_through() {
    let mut members = members();
    members.retain(|member| member.off.is_some());
    let wrong = try_all(members, false, let_through).await;
    assert!(
        wrong.is_empty(),
        "{} were stopped by something else:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

#[test]
fn each_kind_has_three_members_that_differ_and_one_that_is_joined_with_another() {
    let members = members();
    let mut kinds: BTreeMap<&str, Vec<&Member>> = BTreeMap::new();
    for member in &members {
        kinds.entry(member.kind()).or_default().push(member);
    }
    for (kind, members) in &kinds {
        let mechanisms: BTreeSet<_> = members.iter().map(|member| &member.mechanism).collect();
        assert_eq!(
            mechanisms.len(),
            members.len(),
            "{kind}: two have one mechanism"
        );
        assert!(members.len() >= 3, "{kind} has {}", members.len());
        assert!(
            members.iter().any(|member| member.joined.is_some()),
            "{kind}: none is joined"
        );
    }
    let joined = members.iter().filter_map(|member| member.joined.as_deref());
    for kind in joined {
        assert!(kinds.contains_key(kind), "there is no kind `{kind}`");
    }
}

#[test]
fn each_rule_that_a_member_names_is_one() {
    for member in members() {
        let known = member.rule == "sandbox" || Rule::named(&member.rule).is_some();
        assert!(known, "{}: there is no rule `{}`", member.name, member.rule);
        assert!(
            (member.rule == "sandbox") == member.off.is_none(),
            "{}: what a rule stops is seen to get through without it, and nothing else",
            member.name
        );
    }
}

#[test]
fn each_rule_stops_a_member() {
    let members = members();
    for (rule, name) in Rule::ALL {
        // Who computes a placeholder is stopped by `own-secrets` as well, and what a build script sees is tried
        // where it is cleared.
        let elsewhere = [Rule::RandomPlaceholders, Rule::CleanEnvironment].contains(&rule);
        let stops = members.iter().any(|member| member.rule == name);
        assert!(stops || elsewhere, "`{name}` stops nothing");
    }
}
