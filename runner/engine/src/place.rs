//! Where in a run something happens: in which attempt of which step, and in which of its host calls.

use serde::{Deserialize, Serialize};

use crate::plan::Name;

/// Run or undo.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// The step's `run`, which does its work.
    #[default]
    Run,
    /// The step's own `undo`.
    Undo,
}

impl Phase {
    fn is_run(&self) -> bool {
        *self == Self::Run
    }
}

/// One start of a step's code.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct At {
    /// The step's full id: `step`, or `caller.step` inside another runbook.
    pub step: Name,
    /// The item's key, in a `for_each` step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<Name>,
    /// The attempt, from 1.
    pub attempt: u32,
    /// Which of the step's two functions was started.
    #[serde(default, skip_serializing_if = "Phase::is_run")]
    pub phase: Phase,
}

/// One host call of a guest: the attempt, the number in it, and what is called. Facts of a call hold it
/// among their own fields.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallSite {
    /// The attempt whose guest made the call.
    pub at: At,
    /// The call's number in the attempt, from 0.
    pub index: u32,
    /// The call's fingerprint, which a replay is held to.
    #[serde(rename = "print")]
    pub fingerprint: String,
}
