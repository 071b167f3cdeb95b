//! Taking back a part of a run.

use rutter_engine::{
    Ask, Part, PartFrom, PartRefused, PartWish, RunEnd, RunStatus, StepState, Uses, Why, WhyStays,
};
use serde_json::json;

use crate::kit::{
    Act, CallExt, Fate, Shell, StepExt, calls, create, delete, fault, make, plan, runbook, step,
};

pub fn done(standing: &RunStatus) -> bool {
    matches!(standing, RunStatus::Ended(RunEnd::Done { fault: None, .. }))
}

pub fn to(step: &str) -> PartWish {
    wish(PartFrom::After(step.into()))
}

pub fn only(step: &str) -> PartWish {
    wish(PartFrom::Step {
        step: step.into(),
        item: None,
    })
}

pub fn item(step: &str, item: &str) -> PartWish {
    wish(PartFrom::Step {
        step: step.into(),
        item: Some(item.into()),
    })
}

fn wish(what: PartFrom) -> PartWish {
    PartWish {
        what,
        keep: Default::default(),
        redo: false,
    }
}

pub trait WishExt {
    fn keep(self, step: &str) -> Self;
    fn again(self) -> Self;
}

impl WishExt for PartWish {
    fn keep(mut self, step: &str) -> Self {
        self.keep.insert(step.into());
        self
    }

    fn again(mut self) -> Self {
        self.redo = true;
        self
    }
}

/// Each step makes what is called like it.
pub fn makes(ids: &[&str]) -> Shell {
    let mut shell = Shell::new();
    for id in ids {
        shell.guest(id, calls(vec![create(id)]));
    }
    shell
}

/// `a`, `b` and `c` one below the other, `d` needs `b`, `e` reads `a` and `b`.
fn five() -> Shell {
    let mut shell = makes(&["a", "b", "c", "d", "e"]);
    let reads = json!({ "a": { "$step": "a" } });
    let steps = [
        step("a"),
        step("b"),
        step("c"),
        step("d").needs(&["b"]),
        step("e").with(reads).reads(&["a"]).below(&["c"]),
    ];
    assert!(done(&shell.run(plan(steps))));
    shell
}

pub fn there(shell: &Shell) -> Vec<&str> {
    shell.cloud.exists.keys().map(String::as_str).collect()
}

fn waiting(shell: &Shell) -> Vec<&str> {
    let steps = shell.run.steps();
    let waiting = steps.filter(|(_, run)| run.state == StepState::Waiting);
    waiting.map(|(step, _)| &*step.id).collect()
}

fn again(part: &Part) -> Vec<String> {
    let text = |why: &Why| match why {
        Why::Meant => "meant".to_owned(),
        Why::Waits { on, because } => format!("{because:?} {on}"),
        Why::Nested(caller) => format!("inside {caller}"),
        Why::MadeOf { step, change } => format!("made of {change} of {step}"),
    };
    let steps = part.again.iter();
    steps
        .map(|again| format!("{}: {}", again.step, text(&again.why)))
        .collect()
}

#[test]
fn a_step_goes_back_with_what_depends_on_it_and_the_run_can_go_on() {
    let mut shell = five();
    let part = shell.run.part(&only("b")).unwrap();
    let all = ["b: meant", "c: Order b", "d: Said b", "e: Order c"];
    assert_eq!(again(&part), all);
    assert_eq!(shell.part(&only("b")), Ok(RunStatus::Stopped));
    assert!(shell.run.rests());
    assert_eq!(there(&shell), ["a"]);
    assert_eq!(waiting(&shell), ["b", "c", "d", "e"]);
    assert!(done(&shell.resume()));
    assert_eq!(there(&shell), ["a", "b", "c", "d", "e"]);
    assert_eq!(shell.cloud.times("Create a"), 1);
    assert_eq!(shell.cloud.times("Create e"), 2);
}

#[test]
fn a_step_that_only_stands_below_can_be_kept() {
    let mut shell = five();
    let wish = only("b").keep("c").keep("e");
    let part = shell.run.part(&wish).unwrap();
    assert_eq!(again(&part), ["b: meant", "d: Said b"]);
    let kept: Vec<_> = part.kept.iter().map(|name| &**name).collect();
    assert_eq!(kept, ["c", "e"]);
    assert_eq!(shell.part(&wish), Ok(RunStatus::Stopped));
    assert_eq!(there(&shell), ["a", "c", "e"]);
    assert!(done(&shell.resume()));
    assert_eq!(shell.cloud.times("Create c"), 1);
}

#[test]
fn what_stands_below_a_kept_step_stands_below_the_others_too() {
    let shell = five();
    let part = shell.run.part(&only("b").keep("c")).unwrap();
    assert_eq!(again(&part), ["b: meant", "d: Said b", "e: Order c"]);
}

#[test]
fn a_step_that_reads_or_needs_what_goes_back_cannot_be_kept() {
    let mut shell = five();
    let before = shell.records.len();
    for (step, kept) in [("a", "e"), ("b", "d")] {
        let refused = shell.part(&only(step).keep(kept)).unwrap_err();
        assert!(
            matches!(&refused, PartRefused::Depends { kept: named, .. } if &**named == kept),
            "{refused}"
        );
    }
    assert_eq!(shell.records.len(), before);
}

#[test]
fn what_began_after_a_step_goes_back_and_the_step_stays() {
    let mut shell = five();
    assert_eq!(shell.part(&to("b")), Ok(RunStatus::Stopped));
    assert_eq!(there(&shell), ["a", "b"]);
    assert!(done(&shell.resume()));
    assert_eq!(there(&shell), ["a", "b", "c", "d", "e"]);
    assert_eq!(shell.part(&to("e")), Err(PartRefused::Nothing("e".into())));
}

#[test]
fn after_a_part_the_rest_can_be_taken_back() {
    let mut shell = five();
    shell.part(&only("b")).unwrap();
    shell.take_up();
    let standing = shell.undo();
    assert!(matches!(standing, RunStatus::Ended(RunEnd::RolledBack(_))));
    assert!(there(&shell).is_empty());
}

#[test]
fn every_gate_pause_and_check_behind_it_runs_anew_and_no_earlier_yes_counts() {
    let mut shell = makes(&["a", "b"]);
    let gate = step("gate").uses(Uses::Approve).with(json!({}));
    let pause = step("pause").uses(Uses::Pause).with(json!({ "for": 1000 }));
    let check = step("check")
        .uses(Uses::Assert)
        .with(json!({ "that": true }));
    let steps = [step("a"), gate, pause, check, step("b").confirm(1)];
    assert_eq!(shell.run(plan(steps)), RunStatus::WaitingForPerson);
    shell.approve("gate", "ann");
    assert!(done(&shell.approve("b", "ann")));
    shell.part(&only("a")).unwrap();
    assert_eq!(shell.resume(), RunStatus::WaitingForPerson);
    assert_eq!(shell.approve("gate", "ann"), RunStatus::WaitingForPerson);
    assert!(done(&shell.approve("b", "ann")));
    for (kind, times) in [("approved", 4), ("wait-started", 2)] {
        assert_eq!(shell.count(kind), times, "{kind}");
    }
    assert_eq!(there(&shell), ["a", "b"]);
}

#[test]
fn one_item_goes_back_with_whoever_reads_the_list() {
    let mut shell = Shell::new();
    shell.guest("m", |told| {
        let name = told.inputs["item"].as_str().unwrap().to_owned();
        calls(vec![create(&name)])(told)
    });
    shell.guest("reads", calls(vec![create("r")]));
    let list = json!(["x", "y", "z"]);
    let steps = [
        step("m").each(list, 0, 0),
        step("reads")
            .with(json!({ "m": { "$step": "m" } }))
            .reads(&["m"]),
    ];
    assert!(done(&shell.run(plan(steps))));
    assert_eq!(shell.part(&item("m", "1")), Ok(RunStatus::Stopped));
    assert_eq!(there(&shell), ["x", "z"]);
    assert!(done(&shell.resume()));
    assert_eq!(there(&shell), ["r", "x", "y", "z"]);
    assert_eq!(shell.cloud.times("Create x"), 1);
    assert_eq!(shell.cloud.times("Create y"), 2);
    let refused = shell.part(&item("m", "7")).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "step `m` has no item `7`; it has 0, 1, 2"
    );
}

/// `before`, then a sub-runbook of `a` and `b`, then `after`.
fn nested() -> Shell {
    let mut shell = makes(&["before", "sub.a", "sub.b", "after"]);
    let inner = [step("a"), step("b")];
    let outputs = json!({ "b": { "$step": "b" } });
    let mut steps = vec![step("before")];
    steps.extend(runbook("sub", json!({}), inner, outputs));
    steps.push(
        step("after")
            .with(json!({ "b": { "$step": "sub" } }))
            .reads(&["sub"]),
    );
    assert!(done(&shell.run(plan(steps))));
    shell
}

#[test]
fn a_step_inside_goes_back_with_what_follows_its_runbook() {
    let mut shell = nested();
    let part = shell.run.part(&only("sub.b")).unwrap();
    assert_eq!(again(&part), ["sub.b: meant", "after: Referenced sub"]);
    shell.part(&only("sub.b")).unwrap();
    assert_eq!(there(&shell), ["before", "sub.a"]);
    assert_eq!(shell.run.step("sub").unwrap().state, StepState::Running);
    assert!(done(&shell.resume()));
    assert_eq!(there(&shell), ["after", "before", "sub.a", "sub.b"]);
}

#[test]
fn a_whole_sub_runbook_goes_back() {
    let mut shell = nested();
    let part = shell.run.part(&only("sub")).unwrap();
    let all = [
        "sub: meant",
        "sub.a: inside sub",
        "sub.b: inside sub",
        "after: Referenced sub",
    ];
    assert_eq!(again(&part), all);
    shell.part(&only("sub")).unwrap();
    assert_eq!(there(&shell), ["before"]);
    assert!(done(&shell.resume()));
    shell.part(&to("sub.a")).unwrap();
    assert_eq!(there(&shell), ["before", "sub.a"]);
    assert!(done(&shell.resume()));
    assert_eq!(shell.cloud.times("Create sub.a"), 2);
}

#[test]
fn what_is_named_must_exist_and_have_run() {
    let mut shell = nested();
    let text = |shell: &mut Shell, wish: &PartWish| shell.part(wish).unwrap_err().to_string();
    assert_eq!(
        text(&mut shell, &only("nowhere")),
        "the run has no step `nowhere`"
    );
    assert_eq!(
        text(&mut shell, &to("b")),
        "the run has no step `b`; inside other runbooks there is `sub.b`"
    );
    assert_eq!(
        text(&mut shell, &only("sub").keep("x")),
        "the run has no step `x`"
    );
    assert_eq!(
        text(&mut shell, &item("before", "0")),
        "step `before` has no item `0`: it is not a `for_each` step, or was left out"
    );
    let mut stopped = makes(&["a", "b"]);
    stopped.guest("a", |_| Act::End(Err(fault("no"))));
    stopped.run(plan([step("a"), step("b")]));
    assert_eq!(text(&mut stopped, &only("b")), "step `b` has not run");
    assert_eq!(text(&mut stopped, &to("b")), "step `b` has not run");
    shell.undo();
    assert_eq!(
        text(&mut shell, &only("sub")),
        "the run was taken back already"
    );
}

#[test]
fn a_step_goes_along_whose_object_would_be_destroyed() {
    let mut shell = Shell::new();
    shell.guest("disk", calls(vec![make("disk-0001")]));
    shell.guest("copy", calls(vec![create("copy of disk-0001")]));
    shell.guest("other", calls(vec![create("other")]));
    let beside = |id: &str| step(id).needs(&[]);
    let steps = [
        beside("disk"),
        step("copy").needs(&["other"]),
        beside("other"),
    ];
    assert!(done(&shell.run(plan(steps))));
    let part = shell.run.part(&only("disk")).unwrap();
    assert_eq!(again(&part), ["disk: meant", "copy: made of 1 of disk"]);
    shell.part(&only("disk")).unwrap();
    assert_eq!(there(&shell), ["other"]);
}

#[test]
fn a_change_that_stays_keeps_what_it_needs() {
    let mut shell = Shell::new();
    shell.guest("disk", calls(vec![make("disk-0001"), make("log")]));
    shell.guest("copy", calls(vec![create("copy of disk-0001")]));
    let steps = [step("disk").needs(&[]), step("copy").below(&["disk"])];
    assert!(done(&shell.run(plan(steps))));
    let wish = only("disk").keep("copy");
    let part = shell.run.part(&wish).unwrap();
    let stays: Vec<_> = part
        .stays
        .iter()
        .map(|stay| (stay.change, &stay.why))
        .collect();
    let needed = WhyStays::NeededBy(3);
    assert_eq!(stays, [(2, &needed), (1, &needed)]);
    shell.part(&wish).unwrap();
    assert_eq!(there(&shell), ["copy of disk-0001", "disk-0001", "log"]);
    // Made again, the step finds what stayed.
    assert!(done(&shell.resume()));
    assert_eq!(shell.count("change-kept"), 2);
    assert_eq!(shell.cloud.times("Make disk-0001"), 1);
    shell.take_up();
    shell.undo();
    assert!(there(&shell).is_empty());
}

#[test]
fn what_nothing_takes_back_stays_and_is_named() {
    let mut shell = Shell::new();
    shell.cloud.exists.insert("old".to_owned(), 1);
    shell.guest(
        "m",
        calls(vec![
            make("a"),
            delete("old").ask(Ask::Irreversible),
            make("b"),
        ]),
    );
    shell.run(plan([step("m")]));
    assert!(done(&shell.approve("m", "ann")));
    let part = shell.run.part(&only("m")).unwrap();
    assert_eq!(part.stays.len(), 1);
    assert_eq!(part.stays[0].why, WhyStays::Final);
    assert_eq!(shell.part(&only("m")), Ok(RunStatus::Stopped));
    assert!(there(&shell).is_empty());
    // What was destroyed is not asked about again, nor destroyed again.
    assert!(done(&shell.resume()));
    assert_eq!(there(&shell), ["a", "b"]);
    assert_eq!(shell.cloud.times("Delete old"), 1);
}

#[test]
fn a_part_that_fails_can_be_tried_again() {
    let mut shell = five();
    shell
        .cloud
        .will("Delete b", [Fate::Refused(rutter_engine::FaultClass::Fail)]);
    assert_eq!(shell.part(&only("b")), Ok(RunStatus::UndoFailed));
    assert!(there(&shell).contains(&"a"));
    assert_eq!(shell.part(&only("b")), Ok(RunStatus::Stopped));
    assert_eq!(there(&shell), ["a"]);
    assert!(done(&shell.resume()));
}

#[test]
fn what_is_gone_since_a_part_failed_is_not_taken_for_done() {
    let mut shell = five();
    let refused = Fate::Refused(rutter_engine::FaultClass::Fail);
    shell.cloud.will("Delete d", [refused]);
    assert_eq!(shell.part(&only("d")), Ok(RunStatus::UndoFailed));
    assert_eq!(shell.resume(), RunStatus::UndoFailed);
    // Another part takes what is left of the one before along.
    let part = shell.run.part(&only("e")).unwrap();
    assert_eq!(again(&part), ["d: meant", "e: meant"]);
    assert_eq!(shell.part(&only("e")), Ok(RunStatus::Stopped));
    assert_eq!(there(&shell), ["a", "b", "c"]);
}

#[test]
fn the_whole_can_be_taken_back_while_a_part_is() {
    let mut shell = five();
    shell.begin_part(&only("d"), None).unwrap();
    shell.until(|shell| shell.count("reverse-intended") == 1);
    let standing = shell.undo();
    assert!(
        matches!(standing, RunStatus::Ended(RunEnd::RolledBack(_))),
        "{standing:?}"
    );
    assert!(there(&shell).is_empty());
    assert_eq!(shell.part(&only("a")), Err(PartRefused::TakenBack));
}

#[test]
fn two_parts_are_not_taken_back_at_once() {
    let mut shell = five();
    shell.begin_part(&only("d"), None).unwrap();
    shell.until(|shell| shell.count("reverse-intended") == 1);
    let refused = shell.part(&only("e")).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "the run is already being taken back, by ann"
    );
    assert!(matches!(
        shell.resume(),
        RunStatus::Stopped | RunStatus::UndoFailed
    ));
}

#[test]
fn a_part_of_a_run_that_stopped_leaves_the_rest_where_it_is() {
    let mut shell = makes(&["a", "b", "late"]);
    shell.guest(
        "long",
        calls(vec![create("l"), crate::kit::sleep(60_000), create("m")]),
    );
    let steps = [
        step("a").needs(&[]),
        step("long").needs(&[]),
        step("b").needs(&["a"]),
        step("late").needs(&["long"]),
    ];
    shell.start(plan(steps));
    shell.until(|shell| shell.count("step-ended") == 2);
    assert_eq!(shell.part(&only("a")), Ok(RunStatus::Stopped));
    assert_eq!(there(&shell), ["l"]);
    let standing = shell.resume();
    assert!(done(&standing), "{standing:?} {:#?}", shell.kinds());
    assert_eq!(there(&shell), ["a", "b", "l", "late", "m"]);
    assert_eq!(shell.cloud.times("Create l"), 1);
}
