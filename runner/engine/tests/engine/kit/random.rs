//! Random small runbooks whose end does not depend on when a process dies: what goes wrong passes,
//! and people decide by looking.

use std::rc::Rc;

use proptest::collection::vec;
use proptest::prelude::*;
use rutter_engine::{
    Ask, Because, Change, ChangeState, Fault, FaultClass, HostCall, Input, ItemState, Need,
    OnFailure, PartFrom, PartRefused, PartWish, Repeat, Resolution, RunStatus, Settlement, Step,
    Uses,
};
use serde_json::{Value, json};

use super::cloud::Fate;
use super::guest::{Act, CallExt, Told, create, get, make, sleep, wait_for};
use super::plan::{StepExt, plan, retry, runbook, step};
use super::shell::Shell;

/// What exists before the run and is none of its business.
pub const BASE: &str = "base";

/// What a guest does.
#[derive(Clone, Debug)]
enum Op {
    /// Creates, and looks when in doubt.
    Careful(Vec<Fate>),
    /// Creates, and lets doubts through to a person.
    Careless(Vec<Fate>),
    /// A change that may be repeated.
    Harmless(Vec<Fate>),
    /// A change with a token.
    Token(Vec<Fate>),
    /// A change that asks a person.
    Costs,
    Read,
    Sleep,
    Wait,
}

/// How a guest ends.
#[derive(Clone, Copy, Debug)]
enum End {
    Works,
    /// The first attempt fails, the second works.
    FailsOnce,
    /// It fails, and the run goes on.
    Fails,
}

/// What a step uses.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Guest,
    Gate,
    Pause,
}

/// A step of a random runbook.
#[derive(Clone, Debug)]
pub struct Part {
    /// The parts that it waits for, and whether by the order of the file alone.
    needs: Vec<(prop::sample::Index, bool)>,
    kind: Kind,
    items: Option<(usize, usize)>,
    ops: Vec<Op>,
    end: End,
    confirm: bool,
    /// It belongs to a sub-runbook, the same as the part before if that belongs to one; whether that
    /// asks before it begins.
    nested: Option<bool>,
}

fn fates() -> impl Strategy<Value = Vec<Fate>> {
    let fate = prop_oneof![
        Just(Fate::Refused(FaultClass::Retry)),
        Just(Fate::AnswerLost),
        Just(Fate::Swallowed),
    ];
    prop_oneof![2 => Just(Vec::new()), 3 => vec(fate, 1..3)]
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        3 => fates().prop_map(Op::Careful),
        1 => fates().prop_map(Op::Careless),
        1 => fates().prop_map(Op::Harmless),
        1 => fates().prop_map(Op::Token),
        1 => Just(Op::Costs),
        1 => Just(Op::Read),
        1 => Just(Op::Sleep),
        1 => Just(Op::Wait),
    ]
}

fn part() -> impl Strategy<Value = Part> {
    let end = prop_oneof![4 => Just(End::Works), 1 => Just(End::FailsOnce), 1 => Just(End::Fails)];
    let items = prop_oneof![3 => Just(None), 1 => (1..4_usize, 0..3_usize).prop_map(Some)];
    let needs = vec((any::<prop::sample::Index>(), any::<bool>()), 0..2);
    let kind = prop_oneof![8 => Just(Kind::Guest), 1 => Just(Kind::Gate), 1 => Just(Kind::Pause)];
    (
        needs,
        kind,
        items,
        vec(op(), 0..4),
        end,
        prop::bool::weighted(0.2),
        prop::option::weighted(0.4, prop::bool::weighted(0.3)),
    )
        .prop_map(|(needs, kind, items, ops, end, confirm, nested)| Part {
            needs,
            kind,
            items,
            ops,
            end,
            confirm,
            nested,
        })
}

/// Random runbooks.
pub fn story() -> impl Strategy<Value = Vec<Part>> {
    vec(part(), 1..4)
}

/// A shell in which this runbook is about to be started.
pub fn shell(parts: &[Part]) -> Shell {
    let mut shell = Shell::new();
    shell.cloud.exists.insert(BASE.to_owned(), 1);
    let mut steps = Vec::new();
    for (place, part) in parts.iter().enumerate() {
        let id = id(parts, place);
        steps.push(part.step(parts, place));
        part.lay_down_fates(&id, &mut shell);
        let (ops, end, name) = (Rc::new(part.ops.clone()), part.end, id.clone());
        shell.guest(&id, move |told| act(&name, &ops, end, told));
    }
    for caller in (0..parts.len()).filter(|place| begins_nested(parts, *place)) {
        call(parts, caller, &mut steps);
    }
    shell.start(plan(steps));
    shell
}

/// Whether a sub-runbook begins with this part.
fn begins_nested(parts: &[Part], place: usize) -> bool {
    let nested = |place: usize| parts[place].nested.is_some();
    nested(place) && (place == 0 || !nested(place - 1))
}

/// The place of the part with which the sub-runbook of this one begins.
fn caller(parts: &[Part], place: usize) -> Option<usize> {
    parts[place].nested?;
    (0..=place).rfind(|place| begins_nested(parts, *place))
}

fn id(parts: &[Part], place: usize) -> String {
    match caller(parts, place) {
        Some(caller) => format!("c{caller}.s{place}"),
        None => format!("s{place}"),
    }
}

/// Puts the step that runs a sub-runbook before its steps: it needs what they need outside.
fn call(parts: &[Part], place: usize, steps: &mut Vec<Step>) {
    let name = format!("c{place}");
    let own = |id: &str| id.starts_with(&format!("{name}."));
    let mut needs: Vec<Need> = Vec::new();
    let mut outputs = Value::Null;
    for step in steps.iter_mut().filter(|step| own(&step.id)) {
        let outside = step.needs.iter().filter(|need| !own(&need.step));
        needs.extend(outside.cloned());
        step.needs.retain(|need| own(&need.step));
        step.caller = Some(name.as_str().into());
        if step.on_failure != OnFailure::Continue {
            outputs = json!({ "$step": step.id.split_once('.').unwrap().1 });
        }
    }
    needs.dedup_by(|one, other| one.step == other.step);
    let mut made = runbook(&name, json!({}), [], json!({ "last": outputs })).remove(0);
    made.needs = needs;
    if parts[place].nested == Some(true) {
        made = made.confirm(1);
    }
    let first = steps.iter().position(|step| own(&step.id)).unwrap();
    steps.insert(first, made);
}

impl Part {
    fn step(&self, parts: &[Part], place: usize) -> Step {
        let mut made = step(&id(parts, place));
        // What is inside another sub-runbook is waited for as a whole.
        let above = |(need, order): &(prop::sample::Index, bool)| {
            let need = need.index(place);
            let whole = caller(parts, need).filter(|own| caller(parts, place) != Some(*own));
            let name = whole.map_or_else(|| id(parts, need), |whole| format!("c{whole}"));
            let because = match order {
                true => Because::Order,
                false => Because::Said,
            };
            Need::new(name, because)
        };
        made.needs = match place {
            0 => Vec::new(),
            _ => self.needs.iter().map(above).collect(),
        };
        made.needs.dedup_by(|one, other| one.step == other.step);
        match self.kind {
            Kind::Guest => {}
            Kind::Gate => return made.uses(Uses::Approve).with(json!({})),
            Kind::Pause => return made.uses(Uses::Pause).with(json!({ "for": 60_000 })),
        }
        if let Some((items, max_parallel)) = self.items {
            let over: Vec<_> = (0..items).collect();
            made = made.each(json!(over), max_parallel, items);
        }
        if self.confirm {
            made = made.confirm(1);
        }
        match self.end {
            End::Works => made,
            End::FailsOnce => made.retried(retry(2, 1_000)),
            End::Fails => made.on_failure(OnFailure::Continue),
        }
    }

    fn lay_down_fates(&self, id: &str, shell: &mut Shell) {
        for item in 0..self.items.map_or(1, |(items, _)| items) {
            for (place, op) in self.ops.iter().enumerate() {
                let name = name(id, item, place);
                match op {
                    Op::Careful(fates) => {
                        shell.cloud.will(&format!("Create {name}"), fates.clone())
                    }
                    Op::Careless(fates) => shell.cloud.will(&format!("Make {name}"), fates.clone()),
                    Op::Harmless(fates) | Op::Token(fates) => {
                        shell.cloud.will(&format!("Ensure {name}"), fates.clone());
                    }
                    Op::Costs | Op::Read | Op::Sleep | Op::Wait => {}
                }
            }
        }
    }
}

fn name(id: &str, item: usize, place: usize) -> String {
    format!("{id}-{item}-{place}")
}

/// What a guest does next, after all it was told.
fn act(id: &str, ops: &[Op], end: End, told: &Told<'_>) -> Act {
    let item = told.inputs.get("item").and_then(Value::as_u64).unwrap_or(0);
    let item = usize::try_from(item).unwrap();
    let mut answers = told.answers.iter();
    for (place, op) in ops.iter().enumerate() {
        let name = name(id, item, place);
        let next = match op {
            Op::Careful(_) => simple(create(&name).taken(), &mut answers),
            // The first attempt rushes ahead; a new one looks what is there.
            Op::Careless(_) if told.attempt == 1 => simple(make(&name), &mut answers),
            Op::Careless(_) => simple(make(&name).taken(), &mut answers),
            Op::Harmless(_) => simple(create(&name).repeat(Repeat::Same), &mut answers),
            Op::Token(_) => {
                let token = Repeat::Token { ttl_ms: 3_600_000 };
                simple(
                    create(&name).repeat(Repeat::Same).repeat(token),
                    &mut answers,
                )
            }
            Op::Costs => simple(
                create(&name).repeat(Repeat::Same).ask(Ask::Costs),
                &mut answers,
            ),
            Op::Read => simple(get(BASE), &mut answers),
            Op::Sleep => simple(sleep(1_000), &mut answers),
            Op::Wait => simple(wait_for(BASE, "Running"), &mut answers),
        };
        if let Some(act) = next {
            return act;
        }
    }
    let fails = match end {
        End::Works => false,
        End::FailsOnce => told.attempt == 1,
        End::Fails => true,
    };
    Act::End(match fails {
        true => Err(Fault::new(FaultClass::Fail, "Fails", "as it was meant to")),
        false => Ok(json!({ "id": id, "item": item })),
    })
}

type Answers<'a> = std::slice::Iter<'a, Result<Value, Fault>>;

fn simple(call: HostCall, answers: &mut Answers<'_>) -> Option<Act> {
    match answers.next() {
        None => Some(Act::Call(call)),
        Some(Err(fault)) => Some(Act::End(Err(fault.clone()))),
        Some(Ok(_)) => None,
    }
}

/// Drives on, with people who answer what they are asked and decide by looking.
pub fn with_people(shell: &mut Shell) -> RunStatus {
    for _ in 0..50 {
        let standing = shell.until_idle();
        if shell.died() {
            return standing;
        }
        if !answer_people(shell) {
            return standing;
        }
    }
    panic!("people are asked for ever: {:#?}", shell.kinds())
}

/// Answers what a run at rest asks people. Returns whether it asks anything.
pub fn answer_people(shell: &mut Shell) -> bool {
    match shell.run.status() {
        RunStatus::WaitingForPerson => say_yes(shell),
        RunStatus::Unknown => decide(shell),
        _ => return false,
    }
    true
}

fn say_yes(shell: &mut Shell) {
    let question = shell.run.open_questions().next();
    let question = question.expect("somebody waits").number;
    shell.push(Input::Approve {
        question,
        by: "ann".into(),
        evidence: Default::default(),
    });
}

/// Whether what a change would have made is there.
fn happened(shell: &Shell, change: &Change) -> bool {
    let text = format!("{:?}", change.call.target);
    shell
        .cloud
        .exists
        .keys()
        .any(|name| text.contains(&format!("\"{name}\"")))
}

fn remove_by_hand(shell: &mut Shell, change: &Change) {
    let text = format!("{:?}", change.call.target);
    shell
        .cloud
        .exists
        .retain(|name, _| !text.contains(&format!("\"{name}\"")));
}

fn decide(shell: &mut Shell) {
    let doubtful = shell.run.steps().find_map(|(step, run)| {
        let mut items = run.items.iter();
        let (key, _) = items.find(|(_, item)| matches!(item.state, ItemState::Unknown(_)))?;
        Some((step.id.clone(), key.clone()))
    });
    let (step, item) = doubtful.expect("an item is in doubt");
    let open = shell.run.changes().iter().rev().find(|change| {
        let mine = change.at.step == step && change.at.item == item;
        mine && matches!(change.state, ChangeState::Unknown(_))
    });
    let open = open.expect("it is in doubt because of a change");
    let (open, seen) = (open.clone(), open.find.is_some());
    let resolution = match happened(shell, &open) {
        true if seen => Resolution::Adopt,
        // Nothing says how to look: it is removed by hand, and made again.
        true => {
            remove_by_hand(shell, &open);
            Resolution::Retry
        }
        false => Resolution::Retry,
    };
    let about = shell.run.undecided(&step, item.as_ref(), &resolution);
    let (by, why) = ("ann".into(), "looked".to_owned());
    shell.push(Input::Resolve {
        step,
        item,
        about: about.unwrap_or_default(),
        resolution,
        by,
        why,
    });
}

/// Takes the run back, with a person who does by hand what no record can.
pub fn undo_with_people(shell: &mut Shell) -> RunStatus {
    for _ in 0..50 {
        let standing = shell.until_idle();
        if shell.died() {
            return standing;
        }
        match standing {
            RunStatus::Ended(rutter_engine::RunEnd::RolledBack(_)) => return standing,
            RunStatus::UndoFailed => {
                by_hand(shell);
                shell.push(Input::Undo { by: "ann".into() });
            }
            _ => shell.push(Input::Undo { by: "ann".into() }),
        }
    }
    panic!("it is never taken back: {:#?}", shell.kinds())
}

fn by_hand(shell: &mut Shell) {
    by_hand_where(shell, |_| true);
}

fn by_hand_where(shell: &mut Shell, mine: impl Fn(&Change) -> bool) {
    let open: Vec<_> = shell
        .run
        .changes()
        .iter()
        .filter(|change| change.stands() && mine(change))
        .cloned()
        .collect();
    for change in open {
        if change.waits_for_settlement() && matches!(change.state, ChangeState::Done(_)) {
            let settlement = match happened(shell, &change) {
                true => Settlement::Retry,
                false => Settlement::Gone,
            };
            shell.push(Input::Settle {
                step: change.at.step.clone(),
                item: change.at.item.clone(),
                change: Some(change.number),
                settlement,
                by: "ann".into(),
                why: "looked".to_owned(),
            });
        }
        if matches!(change.state, ChangeState::Unknown(_)) {
            remove_by_hand(shell, &change);
            let (step, item) = (change.at.step, change.at.item);
            let (by, why) = ("ann".into(), "took it back".to_owned());
            let about = shell
                .run
                .undecided(&step, item.as_ref(), &Resolution::Retry);
            shell.push(Input::Resolve {
                step,
                item,
                about: about.unwrap_or_default(),
                resolution: Resolution::Retry,
                by,
                why,
            });
        }
    }
}

/// A part of a random runbook.
#[derive(Clone, Debug)]
pub struct Wish {
    step: prop::sample::Index,
    item: Option<prop::sample::Index>,
    after: bool,
    keep: Vec<prop::sample::Index>,
    redo: bool,
}

/// Random parts.
pub fn wish() -> impl Strategy<Value = Wish> {
    (
        any::<prop::sample::Index>(),
        prop::option::weighted(0.3, any::<prop::sample::Index>()),
        prop::bool::weighted(0.3),
        vec(any::<prop::sample::Index>(), 0..2),
        any::<bool>(),
    )
        .prop_map(|(step, item, after, keep, redo)| Wish {
            step,
            item,
            after,
            keep,
            redo,
        })
}

impl Wish {
    /// The wish for this run.
    pub fn of(&self, shell: &Shell) -> PartWish {
        let steps: Vec<_> = shell.run.steps().collect();
        let (step, run) = self.step.get(&steps);
        let keys: Vec<_> = run.items.keys().flatten().cloned().collect();
        let item = self.item.filter(|_| !keys.is_empty());
        let name = |index: &prop::sample::Index| index.get(&steps).0.id.clone();
        PartWish {
            what: match self.after {
                true => PartFrom::After(step.id.clone()),
                false => PartFrom::Step {
                    step: step.id.clone(),
                    item: item.map(|index| index.get(&keys).clone()),
                },
            },
            keep: self.keep.iter().map(name).collect(),
            redo: self.redo,
        }
    }
}

/// Takes a part back, and makes it again if that is wished; a person does by hand what no record can.
pub fn part_with_people(shell: &mut Shell, wish: &PartWish) -> Result<(), PartRefused> {
    for _ in 0..50 {
        if shell.part(wish)? != RunStatus::UndoFailed {
            return Ok(());
        }
        let part = shell.run.rollback().and_then(|back| back.part.clone());
        let part = part.expect("a part failed");
        by_hand_where(shell, |change| {
            part.covers(&change.at.step, change.at.item.as_ref(), change.number)
        });
        shell.until_idle();
    }
    panic!("it is never taken back: {:#?}", shell.kinds())
}
