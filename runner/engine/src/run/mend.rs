//! Whether a run may go on with another plan: a mended runbook, or the same one with other inputs.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::part::{Part, PartRefused};
use crate::plan::{Name, Plan, Step, Uses};
use crate::run::{Expressions, Prepared, Run, StepRun};

impl Run {
    /// Whether the run may go on with this plan, after `part` was taken back: what stays must be what
    /// it would be with it. Nothing is changed.
    ///
    /// # Errors
    /// The first reason why not, in the order of the runbook.
    pub fn may_become(
        &self,
        plan: &Plan,
        part: Option<&Part>,
        expressions: &dyn Expressions,
    ) -> Result<(), PartRefused> {
        let mut next = self.clone();
        next.rollback = None;
        if next.adopt_plan(Box::new(plan.clone())).is_err() {
            // Two steps of one name: no runbook that was checked has them.
            return Ok(());
        }
        let mend = Mend {
            run: self,
            next: &next,
            part,
            expressions,
        };
        for (step, _) in self.steps() {
            mend.check(step)?;
        }
        Ok(())
    }
}

struct Mend<'a> {
    run: &'a Run,
    /// The run with the new plan.
    next: &'a Run,
    part: Option<&'a Part>,
    expressions: &'a dyn Expressions,
}

impl Mend<'_> {
    fn check(&self, step: &Step) -> Result<(), PartRefused> {
        let Some(mended) = self.next.planned(&step.id) else {
            return self.is_not_missed(&step.id);
        };
        let again = self.part.and_then(|part| part.again(&step.id));
        // What failed and is tried again may say something else.
        let over = |run: &Run| {
            let state = run.step(&step.id);
            state.is_some_and(StepRun::is_over) && !run.is_stopped_by(&step.id)
        };
        match again {
            None if over(self.run) => {
                self.is_the_same(step, mended)?;
                self.is_given_the_same(step, mended)
            }
            Some(again) if again.keeps || again.item.is_some() => {
                self.items_are_the_same(step, mended, again.item.as_ref())
            }
            _ => Ok(()),
        }
    }

    fn is_not_missed(&self, step: &Name) -> Result<(), PartRefused> {
        let standing = self.run.standing_of_runs();
        match standing.filter(|change| change.at.step == *step).count() {
            0 => Ok(()),
            standing => Err(PartRefused::Lacks {
                step: step.clone(),
                standing,
            }),
        }
    }

    fn is_the_same(&self, step: &Step, mended: &Step) -> Result<(), PartRefused> {
        let bound = |run: &Run, step: &Step| {
            let accounts = step.accounts.values();
            let found = accounts.map(|name| run.plan().accounts.get(name).cloned());
            found
                .map(|account| account.map(|found| (found.profile, found.region)))
                .collect::<Vec<_>>()
        };
        let over_each = |step: &Step| step.for_each.as_ref().map(|each| each.over.clone());
        let what = if !is_used_alike(&step.uses, &mended.uses) {
            "`uses`"
        } else if step.accounts != mended.accounts
            || bound(self.run, step) != bound(self.next, mended)
        {
            "account"
        } else if step.when != mended.when {
            "`when`"
        } else if over_each(step) != over_each(mended) {
            "`for_each`"
        } else if step.with != mended.with {
            "`with`"
        } else {
            return Ok(());
        };
        Err(PartRefused::Differs {
            step: step.id.clone(),
            what,
        })
    }

    /// What a step is made from, with the plan of a run.
    fn prepared(&self, run: &Run, step: &Step) -> Option<Prepared> {
        self.expressions.prepare(step, &run.scope_of(step)).ok()
    }

    /// A step that stays would be made from the same inputs. What it reads of other steps stays too.
    fn is_given_the_same(&self, step: &Step, mended: &Step) -> Result<(), PartRefused> {
        if self.prepared(self.run, step) == self.prepared(self.next, mended) {
            return Ok(());
        }
        Err(PartRefused::Reads {
            step: step.id.clone(),
            inputs: self.changed_inputs(step),
        })
    }

    /// The inputs that are different and that a step's texts name.
    fn changed_inputs(&self, step: &Step) -> Vec<String> {
        let mut texts = vec![step.with.to_string()];
        texts.extend(step.when.clone());
        texts.extend(step.for_each.as_ref().map(|each| each.over.to_string()));
        let named = |name: &str| texts.iter().any(|text| names_input(text, name));
        let changed = changed(&self.run.plan().inputs, &self.next.plan().inputs);
        changed.into_iter().filter(|name| named(name)).collect()
    }

    /// The items that stay while another is made again, and those whose changes do, stand for the same
    /// as before.
    fn items_are_the_same(
        &self,
        step: &Step,
        mended: &Step,
        only: Option<&Name>,
    ) -> Result<(), PartRefused> {
        let known = self.run.step(&step.id).map(|run| &run.items);
        let is_again = |id: &Name| self.part.is_some_and(|part| part.again(id).is_some());
        if step.needs.iter().any(|need| is_again(&need.step)) {
            // What it will be given is not known yet.
            return Ok(());
        }
        let items = match self.prepared(self.next, mended) {
            Some(Prepared::Items { items, .. }) => items,
            _ => Vec::new(),
        };
        for (key, item) in known.into_iter().flatten() {
            let Some(name) = key.as_ref().filter(|key| Some(*key) != only) else {
                continue;
            };
            let now = items.iter().find(|now| now.key == *key);
            let differ = |now: &crate::record::Item| match only {
                Some(_) => item.inputs != now.inputs,
                None => self.differ(&item.inputs, &now.inputs),
            };
            if now.is_none_or(differ) {
                return Err(PartRefused::OtherItem {
                    step: step.id.clone(),
                    item: item
                        .name
                        .as_deref()
                        .map_or_else(|| name.clone(), Name::from),
                });
            }
        }
        Ok(())
    }

    /// What one input is, and a secret is, may be different: an equal change is then none.
    fn differ(&self, before: &Value, now: &Value) -> bool {
        let (mut before, mut now) = (before.clone(), now.clone());
        let (was, is) = (&self.run.plan().inputs, &self.next.plan().inputs);
        for name in changed(was, is) {
            mask(&mut before, &was[&name]);
            mask(&mut now, &is[&name]);
        }
        before != now
    }
}

/// The inputs that are different, by name.
fn changed(was: &Value, is: &Value) -> Vec<String> {
    let names = |inputs: &Value| -> BTreeSet<String> {
        let names = inputs.as_object().into_iter().flat_map(|map| map.keys());
        names.cloned().collect()
    };
    let mut all = names(was);
    all.append(&mut names(is));
    all.retain(|name| was.get(name) != is.get(name));
    all.into_iter().collect()
}

/// Whether a text reads an input: `inputs.NAME`, and no longer name.
fn names_input(text: &str, name: &str) -> bool {
    let reference = format!("inputs.{name}");
    text.match_indices(&reference).any(|(start, _)| {
        let next = text[start + reference.len()..].chars().next();
        next.is_none_or(|next| !next.is_alphanumeric() && next != '_')
    })
}

/// Clears every text that is all of an input.
fn mask(value: &mut Value, input: &Value) {
    match value {
        Value::String(text) if input.as_str() == Some(text) => text.clear(),
        Value::Array(list) => list.iter_mut().for_each(|value| mask(value, input)),
        Value::Object(map) => map.values_mut().for_each(|value| mask(value, input)),
        _ => {}
    }
}

/// Whether two steps use the same: a runbook is the same in another file, too, and a plugin that is
/// named alike is run from the bytes that the run began with.
fn is_used_alike(one: &Uses, other: &Uses) -> bool {
    match (one, other) {
        (Uses::Runbook(one), Uses::Runbook(other)) => {
            one.name == other.name && one.inputs == other.inputs && one.outputs == other.outputs
        }
        (one, other) => one == other,
    }
}
