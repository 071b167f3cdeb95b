//! What a person said before the run asked.

use std::collections::BTreeMap;
use std::str::FromStr;
use std::sync::Arc;

use rutter_engine::{Evidence, Input, Name, Person, Plan, Question, Shown, Uses, names_action};

use super::SessionError;
use crate::host::LoadedPlugin;

/// What a person said beforehand.
#[derive(Clone, Debug)]
pub struct RunOptions {
    /// Questions that are answered with yes as soon as they are asked.
    pub approve: Vec<Consent>,
    /// In whose name.
    pub by: Person,
    /// Stop after this step.
    pub until: Option<Name>,
    /// Ask the person at the terminal.
    pub ask: bool,
    /// Accounts of a run that is taken up, and the credential profiles that they are bound to from here on.
    pub profiles: BTreeMap<Name, String>,
}

impl Default for RunOptions {
    fn default() -> Self {
        Self {
            approve: Vec::new(),
            by: crate::user::current(),
            until: None,
            ask: false,
            profiles: BTreeMap::new(),
        }
    }
}

/// A yes that was given before the question: to a step's own question, or to the changes of one
/// action in that step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consent {
    /// The step's full id: `step`, or `caller.step` inside another runbook.
    pub step: Name,
    /// The action, `ecs:DeleteImage`.
    pub action: Option<String>,
}

impl FromStr for Consent {
    type Err = String;

    /// Reads `STEP` or `STEP:PRODUCT:ACTION`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (step, action) = match text.split_once(':') {
            Some((step, action)) => (step, Some(action)),
            None => (text, None),
        };
        let complete = action.is_none_or(|action| {
            let parts = action.split_once(':');
            parts.is_some_and(|(product, name)| {
                !product.is_empty() && !name.is_empty() && !name.contains(':')
            })
        });
        if step.is_empty() || !complete {
            return Err(
                "it must be STEP or STEP:PRODUCT:ACTION, such as `clean_up:ecs:DeleteImage`"
                    .to_owned(),
            );
        }
        Ok(Self {
            step: step.into(),
            action: action.map(str::to_owned),
        })
    }
}

impl RunOptions {
    /// Whether a question was answered beforehand. Evidence is entered by whoever has seen the
    /// question. What may have been bought already is not bought again unseen, nothing is destroyed on the way
    /// back, and no change let through that something else than its reverse would take back.
    pub(super) fn answer(&self, question: &Question) -> bool {
        let approval = &question.approval;
        let unseen =
            |shown: &Shown| shown.again.is_some() || shown.undo || !shown.takes_back.is_empty();
        let doubtful = approval.changes.iter().any(unseen);
        if !approval.evidence.is_empty() || doubtful {
            return false;
        }
        let consents = || {
            let consents = self.approve.iter();
            consents.filter(|consent| consent.step == question.step)
        };
        if !approval.is_final() {
            return consents().any(|consent| consent.action.is_none());
        }
        approval.actions().all(|action| {
            consents()
                .filter_map(|consent| consent.action.as_deref())
                .any(|named| is_same_action(named, action))
        })
    }

    /// The answer to a question that was answered beforehand.
    pub(super) fn yes(&self, question: u64) -> Input {
        Input::Approve {
            question,
            by: self.by.clone(),
            evidence: Evidence::new(),
        }
    }

    /// Refuses options about what the plan does not have.
    pub(super) fn check(
        &self,
        plan: &Plan,
        plugins: &BTreeMap<String, Arc<LoadedPlugin>>,
    ) -> Result<(), SessionError> {
        let consents = self.approve.iter().map(|consent| &consent.step);
        for name in self.until.iter().chain(consents) {
            if plan.step(name).is_none() {
                return Err(SessionError::NoSuchStep(name.to_string()));
            }
        }
        for Consent { step, action } in &self.approve {
            if let Some(action) = action {
                check_action(plan, plugins, step, action)?;
            }
        }
        Ok(())
    }
}

/// A yes to an action that the step can never call would be waited for in vain.
fn check_action(
    plan: &Plan,
    plugins: &BTreeMap<String, Arc<LoadedPlugin>>,
    step: &Name,
    action: &str,
) -> Result<(), SessionError> {
    let plugin = match plan.step(step).map(|step| &step.uses) {
        Some(Uses::Plugin(plugin)) => plugins.get(&plugin.digest),
        _ => None,
    };
    let manifest = plugin.map(|plugin| plugin.shared_manifest());
    let calls: Vec<String> = manifest
        .iter()
        .flat_map(|manifest| &manifest.permissions)
        .flat_map(|permission| permission.call.iter().cloned())
        .collect();
    if calls.iter().any(|call| is_same_action(action, call)) {
        return Ok(());
    }
    Err(SessionError::NoSuchAction {
        step: step.to_string(),
        action: action.to_owned(),
        asks: calls.into_iter().filter(|call| may_ask(call)).collect(),
    })
}

fn is_same_action(one: &str, other: &str) -> bool {
    names_action(one, other)
}

/// Whether a call of this action may need a person's word.
fn may_ask(call: &str) -> bool {
    rutter_contracts::labelled(call).is_none_or(rutter_contracts::Action::may_be_dangerous)
}

#[cfg(test)]
mod tests {
    use rutter_engine::{Approval, Ask, Timestamp};
    use serde_json::json;

    use super::*;

    fn question(changes: &[&str], covers: &[&str]) -> Question {
        let shown = |label: &&str| Shown {
            item: None,
            fingerprint: (*label).to_owned(),
            because: Ask::Irreversible,
            label: (*label).to_owned(),
            account: rutter_engine::Principal::new("owner").ok(),
            region: None,
            parameters: json!({}),
            again: None,
            undo: false,
            takes_back: Vec::new(),
        };
        Question {
            number: 1,
            step: "clean_up".into(),
            asked: Timestamp(0),
            approval: Approval {
                message: "Go on?".to_owned(),
                people: 1,
                evidence: Vec::new(),
                owner: None,
                approvers: Vec::new(),
                within: None,
                changes: changes.iter().map(shown).collect(),
                covers: covers.iter().map(|&name| name.to_owned()).collect(),
            },
            yes: Vec::new(),
            settled: None,
        }
    }

    fn answers(approve: &[&str], question: &Question) -> bool {
        let options = RunOptions {
            approve: approve.iter().map(|text| text.parse().unwrap()).collect(),
            ..RunOptions::default()
        };
        options.answer(question)
    }

    #[test]
    fn a_yes_to_a_step_is_none_to_what_it_destroys() {
        let own = question(&[], &[]);
        let deletes = question(&["ECS:DeleteImage"], &[]);
        assert!(answers(&["clean_up"], &own));
        assert!(!answers(&["other"], &own));
        assert!(!answers(&["clean_up:ecs:DeleteImage"], &own));
        assert!(!answers(&["clean_up"], &deletes));
        assert!(!answers(&["clean_up:ecs:DeleteSnapshot"], &deletes));
        assert!(!answers(&["clean_up:ecs:deleteimage"], &deletes));
        assert!(!answers(&["other:ecs:DeleteImage"], &deletes));
        assert!(answers(&["clean_up:ecs:DeleteImage"], &deletes));
        assert!(answers(&["clean_up:Ecs:DeleteImage"], &deletes));
    }

    #[test]
    fn every_action_of_a_question_must_be_named() {
        let both = question(&[], &["ecs:DeleteImage", "ecs:DeleteSnapshot"]);
        let (image, snapshot) = ("clean_up:ecs:DeleteImage", "clean_up:ecs:DeleteSnapshot");
        assert!(!answers(&["clean_up", image], &both));
        assert!(answers(&[image, snapshot], &both));
    }

    #[test]
    fn what_needs_eyes_is_not_answered_unseen() {
        let mut asks = question(&[], &[]);
        asks.approval.evidence.push("ticket".to_owned());
        assert!(!answers(&["clean_up"], &asks));
        let mut doubtful = question(&["ECS:RunInstances"], &[]);
        doubtful.approval.changes[0].again = Some(1);
        assert!(!answers(&["clean_up:ecs:RunInstances"], &doubtful));
        let mut undo = question(&["ECS:DeleteImage"], &[]);
        undo.approval.changes[0].undo = true;
        assert!(!answers(&["clean_up:ecs:DeleteImage"], &undo));
    }

    #[test]
    fn a_consent_that_is_cut_off_is_refused() {
        for text in ["", ":ecs:X", "a:ecs", "a:ecs:", "a::X", "a:ecs:X:y"] {
            assert!(text.parse::<Consent>().is_err(), "{text}");
        }
    }
}
