//! What a process takes a run up for.

use std::collections::BTreeMap;
use std::sync::Arc;

use rutter_engine::{Input, Name, Part, Person, Plan, Run};
use rutter_plugin::Plugin;
use rutter_runbook::Evaluator;

use super::SessionError;
use crate::ui::what_helps;

/// What a process takes a run up for.
#[derive(Debug)]
pub enum Aim {
    /// To go on where it stands.
    Go,
    /// To take all of it back.
    Undo,
    /// To take a part of it back, or to go on with another plan, or both.
    Anew {
        /// The number of the newest record when the rest of this was made from it.
        seen: u64,
        /// What is taken back.
        part: Option<Box<Part>>,
        /// The plan that it goes on with.
        mended: Option<Box<Plan>>,
        /// Plugins that only that plan uses.
        plugins: Vec<Arc<Plugin>>,
    },
}

impl Aim {
    /// Whether a run is one for it.
    pub(super) fn fits(&self, run: &Run) -> Result<(), SessionError> {
        let more_to_do = match self {
            Self::Undo => true,
            Self::Go => false,
            Self::Anew { part, mended, .. } => {
                part.is_some() || (mended.is_some() && run.lacks_outputs())
            }
        };
        if let Some(end) = run.end().filter(|_| !more_to_do) {
            return Err(SessionError::Over(run.id().to_owned(), end.clone()));
        }
        match self {
            Self::Anew { seen, .. } if *seen != run.seq() => {
                Err(SessionError::Moved(run.id().to_owned()))
            }
            _ => Ok(()),
        }
    }

    /// Whether nothing is made anew: then what is missing keeps only the changes waiting that need it.
    pub(super) fn only_takes_back(&self) -> bool {
        match self {
            Self::Undo => true,
            Self::Go => false,
            Self::Anew { part, mended, .. } => {
                let redo = part.as_ref().is_none_or(|part| part.redo);
                !redo && mended.is_none()
            }
        }
    }

    /// Whether what stays is what it would be with the plan that the run goes on with.
    pub(super) fn is_possible(&self, run: &Run, evaluator: &Evaluator) -> Result<(), SessionError> {
        let Self::Anew {
            part,
            mended: Some(plan),
            ..
        } = self
        else {
            return Ok(());
        };
        let possible = run.may_become(plan, part.as_deref(), evaluator);
        possible.map_err(|refused| SessionError::Part {
            help: what_helps(&refused, run),
            refused,
        })
    }

    /// Binds accounts of the plan that the run goes on with to other profiles.
    pub(super) fn bind(&mut self, profiles: &BTreeMap<Name, String>) {
        let Self::Anew {
            mended: Some(plan), ..
        } = self
        else {
            return;
        };
        for (name, account) in &mut plan.accounts {
            if let Some(profile) = profiles.get(name) {
                account.profile.clone_from(profile);
            }
        }
    }

    /// The plan that the run goes on with, when it is another one than before.
    pub(super) fn mended(&self) -> Option<&Plan> {
        match self {
            Self::Anew { mended, .. } => mended.as_deref(),
            Self::Go | Self::Undo => None,
        }
    }

    /// Plugins that only that plan uses.
    pub(super) fn plugins(&self) -> &[Arc<Plugin>] {
        match self {
            Self::Anew { plugins, .. } => plugins,
            Self::Go | Self::Undo => &[],
        }
    }

    /// What the engine is told.
    pub(super) fn input(self, by: &Person) -> Option<Input> {
        let by = by.clone();
        match self {
            Self::Go => None,
            Self::Undo => Some(Input::Undo { by }),
            Self::Anew {
                part: Some(part),
                mended,
                ..
            } => Some(Input::UndoPart { by, part, mended }),
            Self::Anew { mended, .. } => mended.map(Input::Revise),
        }
    }
}
