//! Making a part of a run again, with what is known now.

use rutter_engine::{
    Call, Fact, FaultClass, HostCall, HttpRequest, Input, PartRefused, Plan, RunStatus, Target,
};
use serde_json::{Value, json};

use crate::kit::{
    Act, CallExt, Fate, Plain, Shell, StepExt, Told, calls, create, fault, make, plan, step,
};
use crate::part::{WishExt, done, item, only, there};

/// The task is configured with a password, and the precheck fails where it is the wrong one.
fn task(password: &str) -> Plan {
    let input = json!({ "password": { "$input": "password" } });
    let mut plan = plan([
        step("image").needs(&[]),
        step("task").with(input).needs(&[]),
        step("precheck")
            .with(json!({ "task": { "$step": "task" } }))
            .reads(&["task"]),
    ]);
    plan.inputs = json!({ "password": password });
    plan
}

fn configured() -> Shell {
    let mut shell = Shell::new();
    shell.guest("image", calls(vec![create("image")]));
    shell.guest("task", |told| {
        let name = format!("task with {}", told.inputs["password"].as_str().unwrap());
        match told.answers.first() {
            None => Act::Call(create(&name)),
            Some(Err(fault)) => Act::End(Err(fault.clone())),
            Some(Ok(_)) => Act::End(Ok(json!(name))),
        }
    });
    shell.guest("precheck", |told: &Told<'_>| {
        match told.inputs["task"] == json!("task with right") {
            true => Act::End(Ok(json!({}))),
            false => Act::End(Err(fault("CHECK_AUTH_SRC"))),
        }
    });
    assert_eq!(shell.run(task("wrong")), RunStatus::Failed);
    assert_eq!(
        shell.resume(),
        RunStatus::Failed,
        "it is never mended by itself"
    );
    shell
}

#[test]
fn a_wrong_password_is_corrected_and_the_image_beside_it_stays() {
    let mut shell = configured();
    let standing = shell.part_with(&only("task").again(), Some(task("right")));
    assert!(done(&standing.unwrap()));
    assert_eq!(there(&shell), ["image", "task with right"]);
    assert_eq!(shell.cloud.times("Create image"), 1);
    let plans = shell.facts().filter_map(|fact| match fact {
        Fact::RollbackStarted { mended, .. } => mended.as_ref(),
        _ => None,
    });
    assert_eq!(plans.count(), 1);
}

#[test]
fn a_crash_anywhere_in_a_redo_comes_to_the_same_end() {
    let shell = configured();
    let mut whole = shell.clone();
    whole
        .part_with(&only("task").again(), Some(task("right")))
        .unwrap();
    for after in shell.run.seq() + 1..whole.run.seq() {
        for effects in [false, true] {
            let mut again = shell.clone();
            again
                .begin_part(&only("task").again(), Some(task("right")))
                .unwrap();
            again.die_at(crate::kit::Cut { after, effects });
            again.until_idle();
            assert!(again.died());
            let mut standing = again.resume();
            // The reverse was on its way, and nobody knows: a person looks, and tries again.
            if standing == RunStatus::UndoFailed || standing == RunStatus::Unknown {
                standing = by_hand(&mut again, standing);
            }
            if !again
                .facts()
                .any(|fact| matches!(fact, Fact::RollbackStarted { .. }))
            {
                continue;
            }
            assert!(done(&standing), "{after} {effects} {:#?}", again.kinds());
            let end = there(&again);
            assert_eq!(
                end,
                ["image", "task with right"],
                "{after} {effects} {:#?}",
                again.kinds()
            );
        }
    }
}

fn by_hand(shell: &mut Shell, standing: RunStatus) -> RunStatus {
    if standing == RunStatus::Unknown {
        let happened = shell.cloud.has("task with right");
        let resolution = match happened {
            true => rutter_engine::Resolution::Done(json!("task with right")),
            false => rutter_engine::Resolution::Retry,
        };
        return shell.resolve("task", resolution);
    }
    shell.settle("task", rutter_engine::Settlement::Retry);
    shell
        .part_with(&only("task").again(), Some(task("right")))
        .unwrap()
}

#[test]
fn what_is_made_again_is_another_generation_also_on_replay() {
    let mut shell = Shell::new();
    shell.guest("m", |told| match told.answers.len() {
        0 => Act::Call(create(&format!("m{}", told.generation))),
        1 => Act::Call(crate::kit::sleep(1_000)),
        _ => Act::End(Ok(json!(told.generation))),
    });
    assert!(done(&shell.run(plan([step("m")]))));
    assert_eq!(there(&shell), ["m0"]);
    shell.begin_part(&only("m").again(), None).unwrap();
    shell.until(|shell| shell.count("wait-started") == 2);
    assert!(done(&shell.resume()));
    assert_eq!(there(&shell), ["m1"]);
    shell.take_up();
    shell.undo();
    assert!(there(&shell).is_empty());
}

#[test]
fn a_change_that_is_kept_answers_an_equal_one() {
    let mut shell = Shell::new();
    shell.guest("m", |told| {
        let size = told.inputs["size"].as_i64().unwrap();
        let list = vec![make("slow"), make(&format!("size {size}"))];
        calls(list)(told)
    });
    shell.guest("n", calls(vec![create("n")]));
    let story = |size: i64| {
        let mut plan = plan([
            step("m").with(json!({ "size": { "$input": "size" } })),
            step("n")
                .with(json!({ "m": { "$step": "m" } }))
                .reads(&["m"]),
        ]);
        plan.inputs = json!({ "size": size });
        plan
    };
    assert!(done(&shell.run(story(1))));
    let standing = shell.part_with(&only("m").again().keep("m"), Some(story(2)));
    assert!(done(&standing.unwrap()));
    assert_eq!(shell.count("change-kept"), 1);
    assert_eq!(shell.cloud.times("Make slow"), 1);
    assert_eq!(shell.cloud.times("Create n"), 2, "it was not kept");
    assert_eq!(there(&shell), ["n", "size 1", "size 2", "slow"]);
    // Replayed, it is answered alike; and all of it is taken back once.
    assert_eq!(
        crate::kit::rebuilt(&shell.records).status(),
        shell.run.status()
    );
    shell.take_up();
    shell.undo();
    assert!(there(&shell).is_empty());
}

#[test]
fn a_changed_input_that_a_staying_step_reads_is_refused() {
    let mut shell = Shell::new();
    shell.guest("reader", calls(vec![create("r")]));
    shell.guest("m", calls(vec![create("m")]));
    let story = |size: i64, when: &str| {
        let mut plan = plan([
            step("reader").with(json!({ "size": { "$input": "size" } })),
            step("m").when(when),
        ]);
        plan.inputs = json!({ "size": size });
        plan
    };
    assert!(done(&shell.run(story(1, "true"))));
    let before = shell.records.len();
    let refused = shell.part_with(&only("m").again(), Some(story(2, "true")));
    assert!(
        matches!(&refused, Err(PartRefused::Reads { step, .. }) if &**step == "reader"),
        "{refused:?}"
    );
    assert_eq!(shell.records.len(), before);
    assert!(done(
        &shell
            .part_with(&only("m").again(), Some(story(1, "false")))
            .unwrap()
    ));
    assert_eq!(there(&shell), ["r"]);
}

#[test]
fn a_skipped_step_that_would_run_now_is_refused() {
    let mut shell = Shell::new();
    shell.guest("m", calls(vec![create("m")]));
    let story = |when: &str| plan([step("maybe").when(when), step("m")]);
    assert!(done(&shell.run(story("false"))));
    let refused = shell
        .part_with(&only("m").again(), Some(story("true")))
        .unwrap_err();
    assert_eq!(
        refused.to_string(),
        "step `maybe` is over, and the corrected runbook has another `when` for it"
    );
}

#[test]
fn an_item_that_stands_for_something_else_now_is_refused() {
    let mut shell = Shell::new();
    shell.guest("m", |told| {
        let name = told.inputs["item"].as_str().unwrap().to_owned();
        calls(vec![create(&name)])(told)
    });
    let story = |list: Value| {
        let mut plan = plan([step("m").each(json!({ "$input": "list" }), 0, 0)]);
        plan.inputs = json!({ "list": list });
        plan
    };
    assert!(done(&shell.run(story(json!(["x", "y"])))));
    for list in [json!(["y"]), json!(["new", "x", "y"])] {
        let wish = item("m", "1").again();
        let refused = shell.part_with(&wish, Some(story(list))).unwrap_err();
        assert_eq!(
            refused.to_string(),
            "item `0` of step `m` has other inputs than before"
        );
    }
    let mended = Some(story(json!(["x", "z"])));
    assert!(done(
        &shell.part_with(&item("m", "1").again(), mended).unwrap()
    ));
    assert_eq!(there(&shell), ["x", "z"]);
    assert_eq!(shell.cloud.times("Create x"), 1);
}

#[test]
fn what_may_have_happened_is_not_made_again() {
    let mut shell = Shell::new();
    shell.guest("m", calls(vec![make("a")]));
    shell.cloud.will("Make a", [Fate::AnswerLost]);
    assert_eq!(shell.run(plan([step("m")])), RunStatus::Unknown);
    let refused = shell.part(&only("m").again()).unwrap_err();
    assert!(
        matches!(refused, PartRefused::InDoubt { change: 1, .. }),
        "{refused}"
    );
}

#[test]
fn a_mended_runbook_has_every_step_whose_changes_stand() {
    let mut shell = Shell::new();
    shell.guest("a", calls(vec![create("a")]));
    shell.guest("b", calls(vec![create("b")]));
    shell.guest("c", |_| Act::End(Err(fault("no"))));
    assert_eq!(
        shell.run(plan([step("a"), step("b"), step("c")])),
        RunStatus::Failed
    );
    let mended = || Some(plan([step("a"), step("c")]));
    let refused = shell.part_with(&only("c").again(), mended()).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "the corrected runbook has no step `b`, which still has 1 change in place"
    );
    shell.part(&only("b")).unwrap();
    shell.guest("c", calls(vec![create("c")]));
    shell.take_up();
    shell.push(Input::Revise(Box::new(mended().unwrap())));
    assert!(done(&shell.until_idle()));
    assert_eq!(there(&shell), ["a", "c"]);
}

#[test]
fn a_step_that_failed_may_be_mended_with_the_runbook() {
    let mut shell = Shell::new();
    shell.guest("a", calls(vec![create("a")]));
    shell.guest("b", |told| match told.inputs["size"] == json!(2) {
        true => Act::End(Ok(json!({}))),
        false => Act::End(Err(fault("size"))),
    });
    let story = |size: i64| plan([step("a"), step("b").with(json!({ "size": size }))]);
    assert_eq!(shell.run(story(1)), RunStatus::Failed);
    shell.kill();
    assert_eq!(shell.run.may_become(&story(2), None, &Plain), Ok(()));
    // As a process does: the plan is replaced before anything starts.
    shell.push(Input::Resume {
        rutter: "0.1.0".to_owned(),
        profiles: Default::default(),
    });
    shell.push(Input::Revise(Box::new(story(2))));
    shell.confirm_accounts();
    assert!(done(&shell.until_idle()));
}

#[test]
fn an_item_with_changes_that_stay_is_not_forgotten() {
    let mut shell = Shell::new();
    shell.guest("list", |told| Act::End(Ok(told.inputs["names"].clone())));
    shell.guest("m", |told| {
        let name = told.inputs["item"].as_str().unwrap().to_owned();
        calls(vec![create(&name)])(told)
    });
    let story = |names: Value| {
        let mut plan = plan([
            step("list").with(json!({ "names": { "$input": "names" } })),
            step("m")
                .each(json!({ "$step": "list" }), 0, 0)
                .reads(&["list"]),
        ]);
        plan.inputs = json!({ "names": names });
        plan
    };
    assert!(done(&shell.run(story(json!(["x", "y"])))));
    let wish = only("list").again().keep("m");
    let standing = shell.part_with(&wish, Some(story(json!(["x"]))));
    assert_eq!(standing, Ok(RunStatus::Failed));
    shell.take_up();
    shell.undo();
    assert!(there(&shell).is_empty());
}

#[test]
fn a_redo_asks_again_about_what_costs_money() {
    let mut shell = Shell::new();
    let buy = create("bought").ask(rutter_engine::Ask::Costs);
    shell.guest("buy", calls(vec![buy]));
    shell.run(plan([step("buy")]));
    assert!(done(&shell.approve("buy", "ann")));
    assert_eq!(
        shell.part(&only("buy").again()),
        Ok(RunStatus::WaitingForPerson)
    );
    assert!(there(&shell).is_empty());
    assert!(done(&shell.approve("buy", "ann")));
}

#[test]
fn a_redo_ignores_what_an_earlier_life_left_in_doubt() {
    let mut shell = Shell::new();
    shell.guest("m", calls(vec![create("a").seen()]));
    shell.cloud.will("Create a", [Fate::AnswerLost]);
    // The first look is before, the second after; the third is the undo's own.
    let refused = Fate::Refused(FaultClass::Denied);
    shell.cloud.will("List a", [Fate::Fine, refused]);
    assert_eq!(shell.run(plan([step("m")])), RunStatus::Unknown);
    assert_eq!(shell.part(&only("m")), Ok(RunStatus::Stopped));
    shell
        .cloud
        .will("Create a", [Fate::Refused(FaultClass::Fail)]);
    assert_eq!(
        shell.resume(),
        RunStatus::Failed,
        "and not unknown: that change was taken back"
    );
    assert!(done(&shell.resume()));
    assert_eq!(there(&shell), ["a"]);
}

#[test]
fn a_message_is_sent_again_and_what_it_says_stays_sent() {
    let request = HttpRequest {
        method: "POST".to_owned(),
        url: "https://chat.example/hook".to_owned(),
        headers: Vec::new(),
        body: None,
        auth: None,
        secret_answers: Vec::new(),
    };
    let HostCall::Call { call, .. } = create("x").covered() else {
        unreachable!("a creation is a call")
    };
    let tell = HostCall::Call {
        call: Call {
            target: Target::Http(request),
            ..call
        },
        reverse: None,
        find: None,
    };
    let mut shell = Shell::new();
    shell.guest("tell", calls(vec![tell]));
    assert!(done(&shell.run(plan([step("tell")]))));
    assert!(done(&shell.part(&only("tell").again()).unwrap()));
    let sent = shell.cloud.times("POST https://chat.example/hook");
    assert_eq!((sent, shell.count("change-kept")), (2, 0));
}
