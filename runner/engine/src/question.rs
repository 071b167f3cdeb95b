//! What people are asked, and what they said.
//!
//! A question is asked once, under a number of its own, and never changes: an answer names the number
//! and so counts for what was shown under it, and for nothing else.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::approver;
use crate::call::{Ask, Call, Target};
use crate::person::Person;
use crate::plan::Name;
use crate::principal::Principal;
use crate::time::Timestamp;

/// What is asked of a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    /// The text of the question.
    pub message: String,
    /// How many people must say yes.
    pub people: u32,
    /// Names of the evidence to enter.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<String>,
    /// Who is expected to answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// The changes that a yes counts for, as they are held: no other is let through by it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<Shown>,
    /// Who may answer: names that the operating system knows, and SSH public keys. Everybody whom the
    /// system knows when empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub approvers: Vec<String>,
    /// Until when an answer is waited for, and what happens then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<Within>,
    /// The actions, `ecs:DeleteImage`, that the runbook's own question answers for in its step.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub covers: Vec<String>,
}

impl Approval {
    /// Whether a yes destroys something, spends money, or cannot be taken back.
    pub fn is_final(&self) -> bool {
        !self.changes.is_empty() || !self.covers.is_empty()
    }

    /// Whether this person is among those who may answer. A name that nobody vouches for is no
    /// approver's, and a key that the question does not name is anybody's.
    pub fn may_answer(&self, by: &Person) -> bool {
        if let Some(key) = by.key() {
            return self.approver_with(key).is_some();
        }
        let named = self.approvers.contains(&by.name);
        self.approvers.is_empty() || (named && by.uid().is_some())
    }

    /// The approver who is this key.
    pub fn approver_with(&self, key: &str) -> Option<&str> {
        let approvers = self.approvers.iter().map(String::as_str);
        approvers
            .into_iter()
            .find(|text| approver::is_key(text, key))
    }

    /// Those who may answer, for people: `alice, bob@office (by key)`.
    pub fn approver_names(&self) -> String {
        let names: Vec<_> = self
            .approvers
            .iter()
            .map(|text| approver::name(text))
            .collect();
        names.join(", ")
    }

    /// The actions that somebody must name who wants to answer without having seen the question.
    pub fn actions(&self) -> impl Iterator<Item = &str> {
        let held = self.changes.iter().map(|shown| shown.label.as_str());
        held.chain(self.covers.iter().map(String::as_str))
    }
}

/// How long an answer is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Within {
    /// When the time is up.
    pub due: Timestamp,
    /// What follows when nobody answers in time.
    pub then: Silence,
}

/// What it means that nobody answered in time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Silence {
    /// The step fails.
    #[default]
    Stop,
    /// The run is taken back.
    Undo,
    /// The run goes on as if somebody had said yes.
    Continue,
}

/// A change as a person is shown it before it is sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    /// The item of the step that makes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<Name>,
    /// The fingerprint of the change: a yes counts for no other.
    #[serde(rename = "print")]
    pub fingerprint: String,
    /// Why it needs a person's word.
    pub because: Ask,
    /// The call for people, `ECS:DeleteImage`.
    pub label: String,
    /// The account it is made on, with the roles that were assumed; nobody's by plain HTTP.
    #[serde(with = "crate::principal::or_none")]
    pub account: Option<Principal>,
    /// The region that is called, where it is not the account's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// Its parameters; secrets as placeholders.
    pub parameters: Value,
    /// An equal change was sent before, and nobody knows whether it happened: its number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub again: Option<u64>,
    /// The step's own undo makes it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub undo: bool,
    /// What would take it back, where that is something else than what it makes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub takes_back: Vec<TakesBack>,
}

/// A call that would take a change back, as a person is shown it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TakesBack {
    /// The call for people, `ECS:DeleteImage`.
    pub label: String,
    /// The region that is called, where it is not the account's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// Its parameters; fields of the change's answer as `{"$answer": "/Id"}`.
    pub parameters: Value,
}

impl TakesBack {
    pub(crate) fn new(call: &Call) -> Self {
        let (region, parameters) = region_and_parameters(call);
        Self {
            label: call.label(),
            region,
            parameters,
        }
    }
}

fn region_and_parameters(call: &Call) -> (Option<String>, Value) {
    match &call.target {
        Target::Api(api) => (api.region.clone(), api.parameters.clone()),
        Target::AssumeRole { .. } | Target::Http(_) => (None, Value::Null),
    }
}

impl Shown {
    pub(crate) fn new(item: Option<Name>, fingerprint: &str, call: &Call, because: Ask) -> Self {
        let (region, parameters) = region_and_parameters(call);
        Self {
            item,
            fingerprint: fingerprint.to_owned(),
            because,
            label: call.label(),
            account: call.account.clone(),
            region,
            parameters,
            again: None,
            undo: false,
            takes_back: Vec::new(),
        }
    }
}

/// Whether `named`, `ecs:DeleteImage`, is the action of this label, `ECS:DeleteImage`. Products are
/// compared without case.
pub fn names_action(named: &str, label: &str) -> bool {
    let (named, label) = (named.split_once(':'), label.split_once(':'));
    named
        .zip(label)
        .is_some_and(|((product, action), (its_product, its_action))| {
            product.eq_ignore_ascii_case(its_product) && action == its_action
        })
}

/// What a person entered.
pub type Evidence = BTreeMap<String, String>;

/// A question that was asked in a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Question {
    /// Its number in the run, from 1.
    pub number: u64,
    /// The step that asks.
    pub step: Name,
    /// When it was asked.
    pub asked: Timestamp,
    /// What is asked, and who may answer.
    pub approval: Approval,
    /// Who said yes so far.
    pub yes: Vec<Yes>,
    /// How it was settled; `None` while it is open.
    pub settled: Option<Settled>,
}

/// The yes of one person, where a question may need several.
#[derive(Clone, Debug, PartialEq)]
pub struct Yes {
    /// The person, and how they are known to be who they are.
    pub by: Person,
    /// When the answer was recorded, by the driver's clock.
    pub time: Timestamp,
    /// What they entered, by the names that the question asks for.
    pub evidence: Evidence,
}

/// How a question was settled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Settled {
    /// Enough people said yes.
    Approved,
    /// Somebody said no.
    Declined {
        /// The person, and how they are known to be who they are.
        by: Person,
    },
    /// What it was about is gone, and why.
    Moot(&'static str),
}

impl Question {
    /// Whether this person said yes to it.
    pub fn has_yes_of(&self, by: &Person) -> bool {
        self.yes.iter().any(|yes| yes.by.is(by))
    }

    /// Whether a step's own undo asks it.
    pub(crate) fn is_of_undo(&self) -> bool {
        self.approval.changes.iter().any(|shown| shown.undo)
    }

    /// Whether it is about this item of its step: one of its changes, or the step as a whole.
    pub(crate) fn is_about(&self, item: Option<&Name>) -> bool {
        let changes = &self.approval.changes;
        changes.is_empty() || changes.iter().any(|shown| shown.item.as_ref() == item)
    }

    /// The evidence that nobody has entered yet.
    pub fn missing<'a>(&'a self, entered: &'a Evidence) -> impl Iterator<Item = &'a String> {
        self.approval.evidence.iter().filter(move |name| {
            let earlier = self.yes.iter().any(|yes| is_entered(&yes.evidence, name));
            !earlier && !is_entered(entered, name)
        })
    }
}

/// An empty text is no evidence.
fn is_entered(evidence: &Evidence, name: &str) -> bool {
    evidence
        .get(name)
        .is_some_and(|value| !value.trim().is_empty())
}
