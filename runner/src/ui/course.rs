//! How long a run still takes, from how long its steps took before.

use std::collections::{BTreeMap, BTreeSet};

use rutter_engine::{Name, Plan, Run, StepState, Timestamp, Uses};

use crate::took::Took;

/// What is left of a run, without the time that people take to answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Left {
    /// Milliseconds along the longest way to the end.
    pub(super) ms: u64,
    /// Steps ahead that were never timed: it takes at least so long.
    pub(super) untimed: usize,
}

/// The plan with how long its steps take.
#[derive(Clone, Debug, Default)]
pub(super) struct Course {
    took: BTreeMap<Name, u64>,
    /// Milliseconds from the end of a step to the end of the run, along the longest way.
    after: BTreeMap<Name, u64>,
    untimed: BTreeSet<Name>,
}

impl Course {
    /// The course of a run: `None` when nothing of it was ever timed.
    pub(super) fn of(run: &Run, took: &Took) -> Option<Self> {
        let plan = run.plan();
        let mut course = Self::default();
        for step in &plan.steps {
            let known = match step.uses {
                Uses::Plugin(_) | Uses::Pause => took.get(&*step.id).copied(),
                // People take the time they take, and the steps of a sub-runbook are counted themselves.
                Uses::Approve | Uses::Assert | Uses::Runbook(_) => Some(0),
            };
            match known {
                Some(ms) => {
                    course.took.insert(step.id.clone(), ms);
                }
                None if is_ahead(run, &step.id) => {
                    course.untimed.insert(step.id.clone());
                }
                None => {}
            }
        }
        let timed = plan.steps.iter().any(|step| took.contains_key(&*step.id));
        course.after = Ways::of(plan).longest(&course.took);
        timed.then_some(course)
    }

    /// A step is over, whatever it took.
    pub(super) fn over(&mut self, step: &str) {
        self.untimed.remove(step);
    }

    /// How long a step usually takes, in milliseconds.
    pub(super) fn usual(&self, step: &str) -> Option<u64> {
        self.took.get(step).copied().filter(|ms| *ms > 0)
    }

    /// What is left when these steps are under way, each since an instant, or wait for a person; `None`
    /// when nothing is, since nobody knows then when it goes on.
    pub(super) fn left<'a>(
        &self,
        under_way: impl Iterator<Item = (&'a Name, Option<Timestamp>)>,
        now: Timestamp,
    ) -> Option<Left> {
        let left = |(step, since): (&Name, Option<Timestamp>)| {
            let took = self.took.get(step).copied().unwrap_or_default();
            let elapsed = since.map_or(0, |since| now.since(since));
            let after = self.after.get(step).copied().unwrap_or_default();
            took.saturating_sub(elapsed).saturating_add(after)
        };
        let ms = under_way.map(left).max()?;
        Some(Left {
            ms,
            untimed: self.untimed.len(),
        })
    }
}

fn is_ahead(run: &Run, step: &str) -> bool {
    let state = run.step(step).map(|step| &step.state);
    matches!(state, None | Some(StepState::Waiting | StepState::Running))
}

/// Which instants of a plan come before which: the beginning of each step is the even number, its
/// end the odd one.
struct Ways {
    names: Vec<Name>,
    /// From each instant to those that come after it.
    next: Vec<Vec<usize>>,
    /// How many come right before each.
    before: Vec<usize>,
}

impl Ways {
    fn of(plan: &Plan) -> Self {
        let places = plan.steps.iter().enumerate();
        let places: BTreeMap<&str, usize> =
            places.map(|(place, step)| (&*step.id, place)).collect();
        let mut ways = Self {
            names: plan.steps.iter().map(|step| step.id.clone()).collect(),
            next: vec![Vec::new(); plan.steps.len() * 2],
            before: vec![0; plan.steps.len() * 2],
        };
        for (place, step) in plan.steps.iter().enumerate() {
            ways.then(place * 2, place * 2 + 1);
            for need in &step.needs {
                if let Some(needed) = places.get(&*need.step) {
                    ways.then(needed * 2 + 1, place * 2);
                }
            }
            let caller = step.caller.as_ref().and_then(|name| places.get(&**name));
            if let Some(caller) = caller {
                ways.then(caller * 2, place * 2);
                ways.then(place * 2 + 1, caller * 2 + 1);
            }
        }
        ways
    }

    fn then(&mut self, first: usize, next: usize) {
        self.next[first].push(next);
        self.before[next] += 1;
    }

    /// The longest way from the end of each step to the end of the run.
    fn longest(mut self, took: &BTreeMap<Name, u64>) -> BTreeMap<Name, u64> {
        let mut order: Vec<usize> = (0..self.next.len())
            .filter(|instant| self.before[*instant] == 0)
            .collect();
        let mut seen = 0;
        while let Some(instant) = order.get(seen).copied() {
            seen += 1;
            for next in self.next[instant].clone() {
                self.before[next] -= 1;
                if self.before[next] == 0 {
                    order.push(next);
                }
            }
        }
        let mut left = vec![0_u64; self.next.len()];
        for instant in order.into_iter().rev() {
            let place = instant / 2;
            let itself = |next: usize| match instant % 2 == 0 && next == instant + 1 {
                true => took.get(&self.names[place]).copied().unwrap_or_default(),
                false => 0,
            };
            let ways = self.next[instant].iter();
            left[instant] = ways
                .map(|next| left[*next].saturating_add(itself(*next)))
                .max()
                .unwrap_or_default();
        }
        let names = self.names.into_iter().enumerate();
        names
            .map(|(place, name)| (name, left[place * 2 + 1]))
            .collect()
    }
}
