//! Making a world fit: it is rehearsed in, and gets what the calls took for granted, until that is nothing new. If a step
//! still fails, what it looked at is tried in the other ways that a world knows. What remains is left to a person.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::Arc;

use rutter_engine::{Fact, Plan, RunEnd, RunStatus, Step, StepState, Uses};
use rutter_manifest::{FieldKind, is_account_id};
use rutter_plugin::Plugin;
use rutter_runbook::Evaluator;
use rutter_simcloud::World;

use super::draft::{Draft, OPERATOR, Place, texts};
use super::options::choices;
use crate::cli::Failure;
use crate::cli::load::Loaded;
use crate::host::Sandbox;
use crate::secrets::Secrets;
use crate::session::{Rehearsal, Rehearsed, RunOptions, rehearse};
use crate::settings::{AllowedHost, Limits, Settings};
use crate::ui;

/// How often a world is rehearsed in because something new was learned.
const ROUNDS: usize = 24;

/// How many other ways are tried, all in all.
const TRIES: usize = 40;

/// What is known of an account.
type Ids = BTreeMap<String, String>;

/// Everything that rehearsals of one runbook have in common.
pub(super) struct Fitting {
    plan: Plan,
    evaluator: Rc<Evaluator>,
    plugins: BTreeMap<String, Arc<Plugin>>,
    secrets: Secrets,
    sandbox: Arc<Sandbox>,
    limits: Limits,
    hosts: Vec<AllowedHost>,
    /// Every text of the runbook and its inputs: what it names is there before it runs.
    named: BTreeSet<String>,
}

impl Fitting {
    pub fn new(loaded: Loaded, sandbox: Arc<Sandbox>, settings: &Settings) -> Self {
        let plan = loaded.checked.plan;
        let mut named: BTreeSet<String> = texts(&plan.inputs).into_iter().collect();
        named.extend(plan.steps.iter().flat_map(|step| texts(&step.with)));
        for each in plan.steps.iter().filter_map(|step| step.for_each.as_ref()) {
            named.extend(texts(&each.over));
        }
        Self {
            plan,
            evaluator: Rc::new(loaded.checked.evaluator),
            plugins: loaded.checked.plugins,
            secrets: loaded.secrets,
            sandbox,
            limits: settings.limits.clone(),
            hosts: settings.http.hosts.clone(),
            named,
        }
    }

    /// Returns the world that fits best.
    pub async fn draft(&self) -> Result<Draft, Failure> {
        let mut draft = Draft::new(&self.plan, self.first_ids());
        let mut seen = self.rehearse(&draft).await?;
        let mut tries = TRIES;
        for _ in 0..ROUNDS {
            let grown = match self.learn(&draft, &seen) {
                Some(grown) => grown,
                None if is_well(&seen) => break,
                None => match self.other_way(&draft, &seen, &mut tries).await? {
                    Some(other) => other,
                    None => break,
                },
            };
            draft = grown;
            seen = self.rehearse(&draft).await?;
        }
        self.leave_open(&mut draft, &seen);
        Ok(draft)
    }

    async fn rehearse(&self, draft: &Draft) -> Result<Rehearsed, Failure> {
        let text = draft.text();
        let world = World::from_toml(&text, "the new world")
            .map_err(|error| Failure::world(&error, &text))?;
        let rehearsal = Rehearsal {
            plan: self.plan.clone(),
            evaluator: self.evaluator.clone(),
            plugins: self.plugins.clone(),
            secrets: self.secrets.clone(),
            world,
            world_file: String::new(),
            hosts: self.hosts.clone(),
            options: RunOptions::default(),
        };
        let (sandbox, limits) = (self.sandbox.clone(), self.limits.clone());
        Ok(rehearse(rehearsal, sandbox, limits, &mut *ui::silent()).await?)
    }

    /// Each account has an id of its own that no input has, unless an input says by its name that it is the account's.
    fn first_ids(&self) -> Ids {
        let inputs = self.plan.inputs.as_object();
        let said = |account: &str| {
            let mut names = vec![format!("{account}_account_id"), format!("{account}_id")];
            if self.plan.accounts.len() == 1 {
                names.push("account_id".to_owned());
            }
            names.into_iter().find_map(|name| {
                let id = inputs?.get(&name)?.as_str()?;
                is_account_id(id).then(|| id.to_owned())
            })
        };
        let mut fresh = (1..)
            .map(|number: u64| format!("{:016}", number.wrapping_mul(1_111_111_111_111_111)))
            .filter(|id| !self.named.contains(id));
        let accounts = self.plan.accounts.keys();
        accounts
            .map(|name| {
                let id = said(name).or_else(|| fresh.next());
                (name.to_string(), id.unwrap_or_default())
            })
            .collect()
    }

    /// Returns the world with what a rehearsal in it took for granted; nothing if it has all of it.
    fn learn(&self, draft: &Draft, seen: &Rehearsed) -> Option<Draft> {
        let mut ids = draft.ids.clone();
        ids.extend(self.checked_ids(seen));
        if ids != draft.ids {
            // What belongs to whom is looked at anew.
            ids.retain(|name, _| self.plan.accounts.contains_key(name.as_str()));
            return Some(Draft::new(&self.plan, ids));
        }
        let mut grown = draft.clone();
        let mut news = false;
        for (step, account, presumed) in &seen.presumed {
            let has_id = !["roles", "users", "policies"].contains(&presumed.table);
            let counts = match has_id {
                true => {
                    presumed.id.is_empty()
                        || self.named.contains(&presumed.id)
                        || presumed.keys.contains_key("through")
                }
                false => has_failed(seen, step),
            };
            if !counts {
                continue;
            }
            let mut larger = grown.clone();
            let place = larger.place(account, presumed);
            let region = self.plan.accounts.get(account.as_ref());
            let region = region.map_or("", |account| account.region.as_str());
            // What no world can have is no help to the rehearsal, which says so itself.
            if larger.add(place, presumed, region) && World::from_toml(&larger.text(), "").is_ok() {
                grown = larger;
                news = true;
            }
        }
        for label in &seen.unanswered {
            let (method, url) = label.split_once(' ').unwrap_or(("GET", label));
            news |= grown.http.insert((method.to_owned(), url.to_owned()));
        }
        news.then_some(grown)
    }

    /// The ids that steps hold their accounts to. Such a step makes one call, which asks who it is, and is given an
    /// account's id.
    fn checked_ids(&self, seen: &Rehearsed) -> Ids {
        let mut ids = Ids::new();
        for record in &seen.records {
            let Fact::StepPrepared { step, items, .. } = &record.fact else {
                continue;
            };
            let Some(step) = seen.run.planned(step) else {
                continue;
            };
            let Some((field, account)) = self.identity_field(step) else {
                continue;
            };
            for id in items.iter().filter_map(|item| item.inputs[field].as_str()) {
                ids.entry(account.to_owned())
                    .or_insert_with(|| id.to_owned());
            }
        }
        ids
    }

    fn identity_field<'a>(&'a self, step: &'a Step) -> Option<(&'a str, &'a str)> {
        let Uses::Plugin(plugin) = &step.uses else {
            return None;
        };
        let manifest = &self.plugins.get(&plugin.digest)?.inspected.manifest;
        let mut calls = manifest.permissions.iter().flat_map(|one| &one.call);
        if !calls.all(|call| call.eq_ignore_ascii_case("sts:GetCallerIdentity")) {
            return None;
        }
        let mut fields = manifest.inputs.iter();
        let (field, _) = fields.find(|(_, field)| field.kind == FieldKind::AccountId)?;
        let account = step.accounts.values().next()?;
        Some((field, account))
    }

    /// Tries what the failed steps looked at in the other ways that a world knows, and returns the first in which the
    /// rehearsal comes further.
    async fn other_way(
        &self,
        draft: &Draft,
        seen: &Rehearsed,
        tries: &mut usize,
    ) -> Result<Option<Draft>, Failure> {
        let schema = crate::schema::world();
        let best = score(seen);
        for place in self.looked_at(draft, seen) {
            for choice in choices(&schema, place.1) {
                let mut other = draft.clone();
                let Some(row) = other.rows.get_mut(&place) else {
                    continue;
                };
                if row.contains_key(&choice.key) {
                    continue;
                }
                row.insert(choice.key, choice.value);
                if *tries == 0 {
                    return Ok(None);
                }
                *tries -= 1;
                if World::from_toml(&other.text(), "").is_ok()
                    && score(&self.rehearse(&other).await?) > best
                {
                    return Ok(Some(other));
                }
            }
        }
        Ok(None)
    }

    /// What the failed steps looked at, resources first.
    fn looked_at(&self, draft: &Draft, seen: &Rehearsed) -> Vec<Place> {
        let mut draft = draft.clone();
        let mut places = Vec::new();
        for (step, account, presumed) in &seen.presumed {
            if has_failed(seen, step) {
                places.push(draft.place(account, presumed));
            }
        }
        for (step, state) in seen.run.steps() {
            if matches!(state.state, StepState::Failed(_)) {
                let accounts = step.accounts.values();
                places
                    .extend(accounts.map(|name| (name.to_string(), "users", OPERATOR.to_owned())));
            }
        }
        let mut known = BTreeSet::new();
        places.retain(|place| draft.rows.contains_key(place) && known.insert(place.clone()));
        places
    }

    /// Says in the world what a person has to fill in.
    fn leave_open(&self, draft: &mut Draft, seen: &Rehearsed) {
        for (step, state) in seen.run.steps() {
            let StepState::Failed(fault) = &state.state else {
                continue;
            };
            let mut looked_at = seen.presumed.iter().filter(|(name, _, _)| *name == step.id);
            let place = looked_at.find_map(|(_, account, presumed)| {
                let place = draft.place(account, presumed);
                draft.rows.contains_key(&place).then_some(place)
            });
            let mut lines = vec![format!(
                "To fill in: in a rehearsal, step `{}` fails: {}",
                step.id, fault.message
            )];
            lines.extend(
                fault
                    .advice
                    .as_ref()
                    .map(|advice| format!("help: {advice}")),
            );
            draft.leave_open(place, lines);
        }
    }
}

/// Whether a rehearsal ended well.
fn is_well(seen: &Rehearsed) -> bool {
    let ended = matches!(
        seen.standing,
        RunStatus::Ended(RunEnd::Done { fault: None, .. })
    );
    ended
        && !seen
            .run
            .steps()
            .any(|(_, state)| matches!(state.state, StepState::Failed(_)))
}

fn has_failed(seen: &Rehearsed, step: &str) -> bool {
    let state = seen.run.step(step).map(|step| &step.state);
    matches!(state, Some(StepState::Failed(_)))
}

/// How far a rehearsal came: how many steps are over and did not fail.
fn score(seen: &Rehearsed) -> usize {
    let steps = seen.run.steps();
    steps
        .filter(|(_, state)| matches!(state.state, StepState::Done(_) | StepState::Skipped(_)))
        .count()
}
