//! A part of a run: what a person wants taken back when it is not the whole, and what that comes to.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::plan::{Because, Name};

/// What a person wants taken back, to stay so or to be made again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartWish {
    /// The step that goes back, or the one after which everything does.
    pub what: PartFrom,
    /// Steps whose changes are not to be taken back.
    pub keep: BTreeSet<Name>,
    /// It is made again at once, with the inputs of now.
    pub redo: bool,
}

/// Where a part begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PartFrom {
    /// All that began after this step was over.
    After(Name),
    /// This step, or one item of it, and what depends on it.
    Step {
        /// The step's full id: `step`, or `caller.step` inside another runbook.
        step: Name,
        /// The item's key, if only one is meant.
        item: Option<Name>,
    },
}

/// A part of a run that is taken back and waits again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// The steps that wait again, in the order of the plan.
    pub again: Vec<Again>,
    /// The steps that were meant to stay and do: they wait for one of the others by the order of the
    /// file alone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kept: Vec<Name>,
    /// Changes of those steps that are not taken back, newest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stays: Vec<Stay>,
    /// It is made again at once.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub redo: bool,
}

/// A step that waits again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Again {
    /// The step's full id: `step`, or `caller.step` inside another runbook.
    pub step: Name,
    /// Its one item that is meant; all of them when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<Name>,
    /// Why it goes along.
    pub why: Why,
    /// Its changes stay; where it makes an equal one again it is answered from the record.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub keeps: bool,
}

/// Why a step is part of what is taken back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Why {
    /// It was named, or began after what was named.
    Meant,
    /// It waits for this step.
    Waits {
        /// The full id of the step that is waited for.
        on: Name,
        /// Whether by `needs`, by an expression, or by the order of the file.
        because: Because,
    },
    /// It belongs to the sub-runbook that this step runs.
    #[serde(rename = "inside")]
    Nested(Name),
    /// What it made goes with what another step made.
    MadeOf {
        /// The full id of the other step.
        step: Name,
        /// The change of that step.
        change: u64,
    },
}

/// A change that is not taken back with its part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stay {
    /// The change's number in the run, from 1.
    pub change: u64,
    /// Whether somebody wants it to stay, or it cannot go.
    pub why: WhyStays,
}

/// Why a change is not taken back with its part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WhyStays {
    /// A person wants it so.
    Kept,
    /// Nothing takes it back.
    Final,
    /// A change that stays was made of it, or of what its item made beside it.
    NeededBy(u64),
}

/// Why a part cannot be taken back, or made again. Nothing was recorded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PartRefused {
    /// The plan does not have the step.
    #[error("the run has no step `{step}`{}", elsewhere(.nested))]
    NoSuchStep {
        /// The step as it was named, by its id or its full id.
        step: Name,
        /// Steps of that name in nested runbooks.
        nested: Vec<Name>,
    },
    /// The step was not begun.
    #[error("step `{0}` has not run")]
    NotRun(Name),
    /// The step is not over, so nothing began after it.
    #[error("step `{0}` is not over")]
    NotOver(Name),
    /// The step does not have the item.
    #[error("step `{step}` has no item `{item}`{}", known_items(.known))]
    NoSuchItem {
        /// The step's full id: `step`, or `caller.step` inside another runbook.
        step: Name,
        /// The item's key as it was named.
        item: Name,
        /// The keys that it has.
        known: Vec<Name>,
    },
    /// Nothing began after the step.
    #[error("nothing began after step `{0}`")]
    Nothing(Name),
    /// A step that is to be kept depends on what is taken back.
    #[error("step `{kept}` cannot be kept: {}", depends(.why))]
    Depends {
        /// The full id of the step that was to be kept.
        kept: Name,
        /// How it depends on what is taken back.
        why: Why,
    },
    /// The run was taken back as a whole.
    #[error("the run was taken back already")]
    TakenBack,
    /// The run is being taken back.
    #[error("the run is already being taken back, by {0}")]
    UnderWay(String),
    /// What became of a change that would be made again is not known.
    #[error(
        "it is not known whether change {change} of step `{step}` ({label}) happened, so it cannot be made again"
    )]
    InDoubt {
        /// The step's full id: `step`, or `caller.step` inside another runbook.
        step: Name,
        /// The change's number in the run, from 1.
        change: u64,
        /// The change for people, `ECS:CopyImage`.
        label: String,
    },
    /// Something that stays was made from what is different now.
    #[error("step `{step}` stays as it is and {}", reads(.inputs))]
    Reads {
        /// The step's full id: `step`, or `caller.step` inside another runbook.
        step: Name,
        /// The inputs that are different, as far as they can be told.
        inputs: Vec<String>,
    },
    /// An item that stays, or whose changes do, has other inputs now.
    #[error("item `{item}` of step `{step}` has other inputs than before")]
    OtherItem {
        /// The step's full id: `step`, or `caller.step` inside another runbook.
        step: Name,
        /// The item's key: the index as text, or the table's key.
        item: Name,
    },
    /// The mended runbook lacks a step that is still needed.
    #[error("the corrected runbook has no step `{step}`, which still has {} in place", changes(*.standing))]
    Lacks {
        /// The step's full id: `step`, or `caller.step` inside another runbook.
        step: Name,
        /// How many of its changes stand.
        standing: usize,
    },
    /// The mended runbook has another step where one is over.
    #[error("step `{step}` is over, and the corrected runbook has another {what} for it")]
    Differs {
        /// The step's full id: `step`, or `caller.step` inside another runbook.
        step: Name,
        /// What is different, fit to follow "another".
        what: &'static str,
    },
}

fn elsewhere(nested: &[Name]) -> String {
    match nested {
        [] => String::new(),
        nested => format!("; inside other runbooks there is `{}`", nested.join("`, `")),
    }
}

fn known_items(known: &[Name]) -> String {
    match known {
        [] => ": it is not a `for_each` step, or was left out".to_owned(),
        known => format!("; it has {}", known.join(", ")),
    }
}

fn depends(why: &Why) -> String {
    match why {
        Why::Meant => "it was named".to_owned(),
        Why::Waits { on, because } => match because {
            Because::Order => format!("it comes after `{on}` in the file"),
            Because::Referenced => format!("it reads `{on}`, which is taken back"),
            Because::Said => format!("it needs `{on}`, which is taken back"),
        },
        Why::Nested(caller) => format!("it belongs to `{caller}`, which is taken back"),
        Why::MadeOf { step, .. } => format!("what it made is part of what `{step}` made"),
    }
}

fn reads(inputs: &[String]) -> String {
    match inputs {
        [] => "would be given other inputs now".to_owned(),
        inputs => format!("was made from another `{}`", inputs.join("`, `")),
    }
}

fn changes(number: usize) -> String {
    match number {
        1 => "1 change".to_owned(),
        number => format!("{number} changes"),
    }
}

impl Part {
    /// Whether a change of it stays although it could be taken back.
    pub(crate) fn stays_for_another(&self, change: u64) -> bool {
        let stay = self.stays.iter().find(|stay| stay.change == change);
        stay.is_some_and(|stay| stay.why != WhyStays::Final)
    }

    /// The step, if it waits again.
    pub fn again(&self, step: &str) -> Option<&Again> {
        self.again.iter().find(|again| *again.step == *step)
    }

    /// Whether a change with this number, of this step and item, is taken back with it.
    pub fn covers(&self, step: &str, item: Option<&Name>, change: u64) -> bool {
        let mine = |again: &&Again| {
            let all = again.item.is_none() || again.item.as_ref() == item;
            *again.step == *step && all && !again.keeps
        };
        self.again.iter().any(|again| mine(&again))
            && self.stays.iter().all(|stay| stay.change != change)
    }
}
