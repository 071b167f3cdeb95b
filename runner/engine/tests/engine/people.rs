//! Questions to people and their answers.

use rutter_engine::{
    Ask, Fact, FaultClass, Input, Known, Person, Resolution, RollbackEnd, RunEnd, RunStatus,
    StepState, Uses,
};
use serde_json::json;

use crate::kit::{
    Act, CallExt, Fate, Shell, StepExt, calls, create, delete, fault, get, make, plan, sleep, step,
};

fn done(standing: &RunStatus) -> bool {
    matches!(standing, RunStatus::Ended(RunEnd::Done { .. }))
}

fn asks(shell: &Shell) -> usize {
    shell.count("approval-asked")
}

#[test]
fn a_confirmed_step_waits_for_its_person() {
    let mut shell = Shell::new();
    shell.guest("c", calls(vec![create("x")]));
    assert_eq!(
        shell.run(plan([step("c").confirm(1)])),
        RunStatus::WaitingForPerson
    );
    assert!(shell.cloud.sent.is_empty());
    assert!(done(&shell.approve("c", "ann")));
    assert!(shell.cloud.has("x"));
}

#[test]
fn an_approval_takes_two_people_and_their_evidence() {
    let mut shell = Shell::new();
    let with =
        json!({ "message": "Stopped?", "people": 2, "evidence": ["ticket"], "owner": "dba" });
    let standing = shell.run(plan([step("gate").uses(Uses::Approve).with(with)]));
    assert_eq!(standing, RunStatus::WaitingForPerson);
    assert_eq!(
        shell.approve("gate", "ann"),
        RunStatus::WaitingForPerson,
        "no ticket"
    );
    let ticket = [("ticket", "T-1")];
    assert_eq!(
        shell.approve_with("gate", "ann", &ticket),
        RunStatus::WaitingForPerson
    );
    assert_eq!(
        shell.approve_with("gate", "ann", &ticket),
        RunStatus::WaitingForPerson,
        "the same"
    );
    assert!(done(&shell.approve("gate", "bob")));
    let outputs = json!({ "by": ["ann", "bob"], "evidence": { "ticket": "T-1" } });
    assert_eq!(shell.outputs("gate"), Some(outputs));
}

#[test]
fn a_no_fails_the_step_and_a_resume_asks_again() {
    let mut shell = Shell::new();
    shell.run(plan([step("gate").uses(Uses::Approve)]));
    assert_eq!(shell.decline("gate", "ann", "not yet"), RunStatus::Failed);
    assert_eq!(shell.resume(), RunStatus::WaitingForPerson);
    assert!(done(&shell.approve("gate", "ann")));
}

#[test]
fn an_approval_survives_a_crash() {
    let mut shell = Shell::new();
    let gate = step("gate")
        .uses(Uses::Approve)
        .with(json!({ "people": 2 }));
    shell.run(plan([gate]));
    shell.approve("gate", "ann");
    assert_eq!(shell.resume(), RunStatus::WaitingForPerson);
    assert!(done(&shell.approve("gate", "bob")));
    assert_eq!(asks(&shell), 1);
}

#[test]
fn a_call_that_costs_is_held_until_a_person_says_yes() {
    let mut shell = Shell::new();
    shell.guest(
        "buy",
        calls(vec![
            create("a"),
            make("x").ask(Ask::Costs),
            make("y").ask(Ask::Costs),
        ]),
    );
    assert_eq!(shell.run(plan([step("buy")])), RunStatus::WaitingForPerson);
    assert!(shell.cloud.has("a") && !shell.cloud.has("x"));
    assert_eq!(shell.approve("buy", "ann"), RunStatus::WaitingForPerson);
    assert!(shell.cloud.has("x") && !shell.cloud.has("y"));
    assert!(done(&shell.approve("buy", "ann")));
    assert!(shell.cloud.has("y"));
    assert_eq!(asks(&shell), 2, "a question a change");
}

#[test]
fn a_held_call_is_held_again_after_a_crash() {
    let mut shell = Shell::new();
    shell.guest("buy", calls(vec![make("x").ask(Ask::Costs)]));
    shell.run(plan([step("buy")]));
    assert_eq!(shell.resume(), RunStatus::WaitingForPerson);
    assert!(!shell.cloud.has("x"));
    assert!(done(&shell.approve("buy", "ann")));
    assert_eq!((asks(&shell), shell.cloud.times("Make x")), (1, 1));
}

#[test]
fn an_approval_that_came_while_nobody_drove_is_used() {
    let mut shell = Shell::new();
    shell.guest("buy", calls(vec![make("x").ask(Ask::Costs)]));
    shell.run(plan([step("buy")]));
    shell.take_up();
    assert!(done(&shell.approve("buy", "ann")));
    assert_eq!(shell.cloud.times("Make x"), 1);
}

#[test]
fn a_yes_to_the_price_is_no_yes_to_what_cannot_be_taken_back() {
    let mut shell = Shell::new();
    let irreversible = create("y").no_reverse().ask(Ask::Irreversible);
    shell.guest("buy", calls(vec![make("x").ask(Ask::Costs), irreversible]));
    shell.run(plan([step("buy")]));
    assert_eq!(shell.approve("buy", "ann"), RunStatus::WaitingForPerson);
    assert!(shell.cloud.has("x") && !shell.cloud.has("y"));
    assert!(done(&shell.approve("buy", "ann")));
    assert_eq!(asks(&shell), 2);
}

#[test]
fn a_no_to_a_held_call_fails_the_step_before_it() {
    let mut shell = Shell::new();
    shell.guest("buy", calls(vec![make("x").ask(Ask::Costs)]));
    shell.run(plan([step("buy")]));
    assert_eq!(shell.decline("buy", "ann", "no"), RunStatus::Failed);
    assert!(shell.cloud.sent.is_empty());
    assert!(matches!(
        &shell.run.step("buy").unwrap().state,
        StepState::Failed(fault) if fault.code == "rutter.declined"
    ));
}

#[test]
fn the_time_people_take_does_not_count_against_a_timeout() {
    let mut shell = Shell::new();
    shell.guest("buy", calls(vec![make("x").ask(Ask::Costs)]));
    shell.guest("other", calls(vec![sleep(60_000)]));
    shell.start(plan([
        step("buy").timeout(10_000).needs(&[]),
        step("other").needs(&[]),
    ]));
    shell.until(|shell| shell.outputs("other").is_some());
    assert!(done(&shell.approve("buy", "ann")));
}

#[test]
fn a_pause_can_be_confirmed_too() {
    let mut shell = Shell::new();
    let pause = step("pause")
        .uses(Uses::Pause)
        .with(json!({ "for": 1_000 }))
        .confirm(1);
    assert_eq!(shell.run(plan([pause])), RunStatus::WaitingForPerson);
    assert_eq!(shell.count("wait-started"), 0);
    assert!(done(&shell.approve("pause", "ann")));
}

#[test]
fn an_answer_to_a_question_that_was_never_asked_decides_nothing_and_is_told() {
    let mut shell = Shell::new();
    shell.guest("c", calls(vec![create("x")]));
    shell.run(plan([step("c")]));
    let before = shell.run.status();
    for question in [0, 1, u64::MAX] {
        shell.give(yes(question, "ann"));
    }
    assert_eq!(shell.run.status(), before);
    assert_eq!(shell.count("answer-ignored"), 3);
    assert_eq!(shell.count("approved"), 0);
}

fn yes(question: u64, by: &str) -> Input {
    Input::Approve {
        question,
        by: by.into(),
        evidence: Default::default(),
    }
}

/// Why the newest answer decided nothing.
fn ignored(shell: &Shell) -> String {
    match shell.facts().next_back() {
        Some(Fact::AnswerIgnored { why, .. }) => why.clone(),
        other => panic!("it decided something: {other:?}"),
    }
}

#[test]
fn a_yes_to_a_question_that_is_settled_answers_no_later_one() {
    let mut shell = Shell::new();
    shell.run(plan([step("gate").uses(Uses::Approve)]));
    let first = shell.question("gate");
    shell.decline("gate", "ann", "not yet");
    assert_eq!(shell.resume(), RunStatus::WaitingForPerson);
    assert_eq!(shell.give(yes(first, "bob")), RunStatus::WaitingForPerson);
    assert_eq!(ignored(&shell), "ann said no before");
    assert_ne!(shell.question("gate"), first);
    assert!(done(&shell.approve("gate", "bob")));
    shell.give(yes(first + 1, "cem"));
    assert_eq!(ignored(&shell), "bob said yes before");
}

#[test]
fn a_no_that_comes_late_fails_nothing() {
    let mut shell = Shell::new();
    shell.guest("buy", calls(vec![make("x").ask(Ask::Costs), sleep(60_000)]));
    shell.run(plan([step("buy")]));
    let question = shell.question("buy");
    shell.push(yes(question, "ann"));
    shell.push(Input::Decline {
        question,
        by: "bob".into(),
        why: "too dear".to_owned(),
    });
    assert!(done(&shell.until_idle()));
    assert_eq!(shell.count("answer-ignored"), 1);
}

#[test]
fn an_empty_line_is_no_evidence() {
    let mut shell = Shell::new();
    let with = json!({ "message": "Stopped?", "evidence": ["ticket"] });
    shell.run(plan([step("gate").uses(Uses::Approve).with(with)]));
    for value in ["", "  "] {
        let standing = shell.approve_with("gate", "ann", &[("ticket", value)]);
        assert_eq!(standing, RunStatus::WaitingForPerson);
        assert!(ignored(&shell).contains("ticket"));
    }
    assert!(done(&shell.approve_with(
        "gate",
        "ann",
        &[("ticket", "T-1")]
    )));
}

#[test]
fn a_yes_for_one_item_is_none_for_another() {
    let mut shell = Shell::new();
    shell.guest("buy", |told| {
        let name = told.inputs["item"].as_str().unwrap_or_default();
        calls(vec![make(name).ask(Ask::Costs)])(told)
    });
    let standing = shell.run(plan([step("buy").each(json!(["x", "y"]), 0, 0)]));
    assert_eq!(standing, RunStatus::WaitingForPerson);
    assert_eq!(asks(&shell), 2);
    assert_eq!(shell.approve("buy", "ann"), RunStatus::WaitingForPerson);
    assert!(shell.cloud.has("x") && !shell.cloud.has("y"));
    assert!(done(&shell.approve("buy", "ann")));
    assert!(shell.cloud.has("y"));
}

#[test]
fn a_yes_to_the_step_is_none_to_what_it_buys_unless_it_names_the_action() {
    let buys = |changes: &[&str]| {
        let mut shell = Shell::new();
        shell.guest("buy", calls(vec![make("x").ask(Ask::Costs)]));
        let mut asking = step("buy").confirm(1);
        let confirm = asking.confirm.as_mut().unwrap();
        confirm.changes = changes.iter().map(|&name| name.to_owned()).collect();
        shell.run(plan([asking]));
        shell.approve("buy", "ann");
        shell
    };
    assert!(!buys(&[]).cloud.has("x"));
    assert!(!buys(&["t:Unmake"]).cloud.has("x"));
    assert!(buys(&["t:Make"]).cloud.has("x"));
}

#[test]
fn an_equal_purchase_after_the_first_asks_anew() {
    let mut shell = Shell::new();
    let buy = || make("x").ask(Ask::Costs);
    shell.guest("buy", calls(vec![buy(), buy()]));
    shell.run(plan([step("buy")]));
    assert_eq!(shell.approve("buy", "ann"), RunStatus::WaitingForPerson);
    assert_eq!(shell.cloud.times("Make x"), 1);
    shell.approve("buy", "ann");
    assert_eq!(shell.cloud.times("Make x"), 2);
}

#[test]
fn what_was_refused_is_tried_again_on_the_same_yes() {
    let mut shell = Shell::new();
    shell.guest("buy", calls(vec![make("x").ask(Ask::Costs)]));
    shell.run(plan([step("buy")]));
    shell
        .cloud
        .will("Make x", [Fate::Refused(FaultClass::Fail)]);
    assert_eq!(shell.approve("buy", "ann"), RunStatus::Failed);
    assert!(done(&shell.resume()));
    assert_eq!(asks(&shell), 1);
}

#[test]
fn a_decision_that_comes_after_a_new_failure_decides_nothing() {
    let mut shell = Shell::new();
    shell.guest("c", |_| Act::End(Err(fault("no"))));
    shell.run(plan([step("c")]));
    let late = shell.decision("c", Resolution::Skip);
    assert_eq!(shell.resume(), RunStatus::Failed);
    assert_eq!(shell.give(late), RunStatus::Failed);
    assert_eq!(ignored(&shell), "something else has happened to it since");
    let now = shell.decision("c", Resolution::Skip);
    assert!(done(&shell.give(now)));
}

#[test]
fn a_decision_left_while_nobody_drives_is_used_by_the_next_process() {
    let mut shell = Shell::new();
    shell.guest("c", |_| Act::End(Err(fault("no"))));
    shell.run(plan([step("c")]));
    let left = shell.decision("c", Resolution::Skip);
    shell.kill();
    shell.push(Input::Resume {
        rutter: "0.1.0".to_owned(),
        profiles: Default::default(),
    });
    shell.push(left);
    shell.confirm_accounts();
    assert!(done(&shell.until_idle()));
}

#[test]
fn a_purchase_in_doubt_is_not_made_again_on_the_old_yes() {
    let mut shell = Shell::new();
    let buy = || make("x").ask(Ask::Costs);
    // It looks, finds nothing and calls again.
    shell.guest("buy", move |told| match told.answers.len() {
        0 | 2 => Act::Call(buy()),
        1 => Act::Call(get("x")),
        _ => Act::End(Ok(json!({}))),
    });
    shell.cloud.will("Make x", [Fate::Swallowed]);
    shell.run(plan([step("buy")]));
    assert_eq!(shell.approve("buy", "ann"), RunStatus::WaitingForPerson);
    assert_eq!(shell.cloud.times("Make x"), 1);
    let again = shell.run.open_questions().next().unwrap();
    assert_eq!(again.approval.changes[0].again, Some(1));
    shell.approve("buy", "ann");
    assert_eq!(shell.cloud.times("Make x"), 2);
}

#[test]
fn a_deletion_in_doubt_is_one_wish() {
    let mut shell = Shell::new();
    shell.cloud.exists.insert("x".to_owned(), 1);
    let wipe = || delete("x").ask(Ask::Irreversible);
    shell.guest("wipe", move |told| match told.answers.len() {
        0 | 2 => Act::Call(wipe()),
        1 => Act::Call(get("x")),
        _ => Act::End(Ok(json!({}))),
    });
    shell.cloud.will("Delete x", [Fate::Swallowed]);
    shell.run(plan([step("wipe")]));
    shell.approve("wipe", "ann");
    assert!(!shell.cloud.has("x"));
    assert_eq!(asks(&shell), 1);
}

/// A gate with a time, and whatever else its inputs say.
fn gate(more: serde_json::Value) -> rutter_engine::Step {
    let mut with = json!({ "message": "Stopped?", "within": 60_000 });
    for (name, value) in more.as_object().unwrap() {
        with[name] = value.clone();
    }
    step("gate").uses(Uses::Approve).with(with)
}

#[test]
fn silence_means_what_the_gate_says() {
    for (then, end) in [
        ("stop", RunStatus::Failed),
        (
            "undo",
            RunStatus::Ended(RunEnd::RolledBack(RollbackEnd::Done)),
        ),
    ] {
        let mut shell = Shell::new();
        shell.guest("c", calls(vec![create("x")]));
        let gate = gate(json!({ "then": then }));
        assert_eq!(shell.run(plan([step("c"), gate])), end, "{then}");
        assert_eq!(shell.cloud.has("x"), then == "stop");
    }
    let mut shell = Shell::new();
    shell.guest("c", calls(vec![create("x")]));
    let gate = gate(json!({ "then": "continue" }));
    assert!(done(&shell.run(plan([gate, step("c")]))));
}

#[test]
fn an_answer_in_time_is_an_answer() {
    let mut shell = Shell::new();
    shell.start(plan([gate(json!({ "then": "stop" }))]));
    shell.until_fact("approval-asked");
    assert!(done(&shell.approve("gate", "ann")));
}

#[test]
fn a_time_that_ran_out_while_nobody_drove_is_asked_about() {
    let mut shell = Shell::new();
    shell.start(plan([gate(json!({ "then": "continue" }))]));
    shell.until_fact("approval-asked");
    let first = shell.question("gate");
    shell.now = shell.now.after(3_600_000);
    assert_eq!(shell.resume(), RunStatus::WaitingForPerson);
    let again = shell.run.open_questions().next().unwrap();
    assert!(again.number > first && again.approval.within.is_none());
    assert!(again.approval.message.contains("nothing drove"));
    shell.give(yes(first, "ann"));
    assert_eq!(ignored(&shell), "it is asked anew");
    assert!(done(&shell.approve("gate", "ann")));
}

fn known(name: &str, uid: u32) -> Person {
    Person {
        name: name.to_owned(),
        known: Known::Process { uid },
    }
}

#[test]
fn one_user_is_one_person_whatever_the_name() {
    let mut shell = Shell::new();
    let gate = step("gate").uses(Uses::Approve);
    shell.run(plan([gate.with(json!({ "people": 2 }))]));
    let question = shell.question("gate");
    let say = |shell: &mut Shell, by| {
        shell.give(Input::Approve {
            question,
            by,
            evidence: Default::default(),
        })
    };
    assert_eq!(
        say(&mut shell, known("ann", 1)),
        RunStatus::WaitingForPerson
    );
    assert_eq!(
        say(&mut shell, known("bob", 1)),
        RunStatus::WaitingForPerson
    );
    assert!(ignored(&shell).contains("another person"));
    assert!(done(&say(&mut shell, known("bob", 2))));
}

#[test]
fn only_approvers_answer_and_only_where_the_system_vouches_for_them() {
    let mut shell = Shell::new();
    let with = json!({ "approvers": ["alice"] });
    shell.run(plan([step("gate").uses(Uses::Approve).with(with)]));
    let question = shell.question("gate");
    for by in [known("bob", 2), "alice".into()] {
        let said = Input::Approve {
            question,
            by,
            evidence: Default::default(),
        };
        assert_eq!(shell.give(said), RunStatus::WaitingForPerson);
        assert!(ignored(&shell).contains("only alice"));
    }
    let said = Input::Approve {
        question,
        by: known("alice", 3),
        evidence: Default::default(),
    };
    assert!(done(&shell.give(said)));
}

#[test]
fn what_a_file_of_the_inbox_said_is_remembered_by_its_name() {
    let mut shell = Shell::new();
    shell.run(plan([step("gate").uses(Uses::Approve)]));
    let by = Person {
        name: "ann".to_owned(),
        known: Known::Letter {
            uid: 1,
            id: "letter".to_owned(),
        },
    };
    assert!(!shell.run.has_read("letter"));
    shell.give(Input::Approve {
        question: shell.question("gate"),
        by,
        evidence: Default::default(),
    });
    shell.kill();
    assert!(shell.run.has_read("letter"));
}

fn pause(inputs: serde_json::Value) -> rutter_engine::Step {
    step("rest").uses(Uses::Pause).with(inputs)
}

#[test]
fn a_pause_whose_instant_is_past_says_so_and_asks() {
    let mut shell = Shell::new();
    let past = json!({ "until_ms": 5, "until": "long ago" });
    assert_eq!(shell.run(plan([pause(past)])), RunStatus::WaitingForPerson);
    let asked = shell.run.open_questions().next().unwrap();
    assert!(asked.approval.message.contains("long ago, which is past"));
    assert!(done(&shell.approve("rest", "ann")));
}

#[test]
fn a_pause_that_ran_out_while_nobody_drove_is_asked_about() {
    let mut shell = Shell::new();
    let until = shell.now.after(60_000);
    shell.start(plan([pause(
        json!({ "until_ms": until.0, "until": "soon" }),
    )]));
    shell.until_fact("wait-started");
    shell.now = shell.now.after(3_600_000);
    assert_eq!(shell.resume(), RunStatus::WaitingForPerson);
    assert!(done(&shell.approve("rest", "ann")));
}

#[test]
fn within_its_window_a_pause_is_over_at_once_and_after_it_the_step_fails() {
    let window = |shell: &Shell, from: u64, to: u64| {
        let ms = |at: u64| shell.now.0 - 60_000 + i64::try_from(at).unwrap();
        json!({ "until_ms": ms(from), "until": "2", "latest_ms": ms(to), "latest": "4" })
    };
    let mut shell = Shell::new();
    let open = window(&shell, 0, 120_000);
    assert!(done(&shell.run(plan([pause(open)]))));
    assert_eq!(asks(&shell), 0);
    let mut shell = Shell::new();
    let closed = window(&shell, 0, 30_000);
    assert_eq!(shell.run(plan([pause(closed)])), RunStatus::Failed);
    let mut shell = Shell::new();
    let ahead = window(&shell, 90_000, 120_000);
    shell.start(plan([pause(ahead)]));
    shell.until_fact("wait-started");
    shell.now = shell.now.after(3_600_000);
    assert_eq!(shell.resume(), RunStatus::Failed, "nobody drove it in time");
}

fn by_key(name: &str, key: &str) -> Person {
    Person {
        name: name.to_owned(),
        known: Known::Key {
            key: format!("ssh-ed25519 {key}"),
            id: format!("{name}.json"),
        },
    }
}

#[test]
fn a_key_is_one_person_and_answers_only_where_the_question_names_it() {
    let mut shell = Shell::new();
    let with = json!({ "people": 2, "approvers": ["ssh-ed25519 AAAA1 ann", "ssh-ed25519 AAAA2"] });
    shell.run(plan([step("gate").uses(Uses::Approve).with(with)]));
    let question = shell.question("gate");
    let say = |shell: &mut Shell, by| {
        shell.give(Input::Approve {
            question,
            by,
            evidence: Default::default(),
        })
    };
    say(&mut shell, by_key("eve", "AAAA3"));
    assert_eq!(
        ignored(&shell),
        "only ann (by key), the key …AAAA2 may answer it"
    );
    say(&mut shell, by_key("ann", "AAAA1"));
    say(&mut shell, by_key("ann too", "AAAA1"));
    assert!(ignored(&shell).contains("it takes another person"));
    assert!(done(&say(&mut shell, by_key("bob", "AAAA2"))));

    let mut shell = Shell::new();
    shell.run(plan([step("gate").uses(Uses::Approve)]));
    assert_eq!(
        say(&mut shell, by_key("eve", "AAAA3")),
        RunStatus::WaitingForPerson
    );
    assert_eq!(ignored(&shell), "it names no key that may answer it");
}
