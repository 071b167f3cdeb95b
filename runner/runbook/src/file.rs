//! A runbook's file once it is read: what it says, and what its steps use.

use std::sync::Arc;

use indexmap::IndexMap;
use rutter_diagnostic::{Diagnostic, Source};
use rutter_manifest::Field;
use rutter_plugin::Plugin;

use super::built_in::BuiltIn;
use super::codes;
use super::lines::Lines;
use super::names::Names;
use super::schema::Runbook;

/// A runbook's file, read, and what its steps use.
pub(super) struct File {
    pub source: Source,
    pub runbook: Runbook,
    /// What each step uses; none where that was refused.
    pub used: Vec<Option<Used>>,
    /// The rules of its inputs.
    pub inputs: IndexMap<String, Field>,
    /// Its outputs, with their types where something says; not worked out for the outermost.
    pub outputs: IndexMap<String, Option<Field>>,
    /// Its names and expressions.
    pub names: Names,
    /// Where its lines start.
    pub lines: Lines,
    /// Its steps, and those of the runbooks they run.
    pub steps: usize,
    /// Runbooks inside each other from here on; 1 where none is inside.
    pub depth: usize,
    /// What is wrong with this file and those it uses, as they are written.
    pub problems: Vec<Diagnostic>,
}

impl File {
    /// Whether all its inputs are declared well, so that one that is not there is a mistake.
    pub fn knows_its_inputs(&self) -> bool {
        let mut inputs = self.runbook.inputs.iter();
        inputs.all(|input| input.field.is_some())
    }

    /// Whether it is written for a newer program: its rules are not known here.
    pub fn is_newer(&self) -> bool {
        self.problems
            .iter()
            .any(|problem| problem.code == codes::SCHEMA && problem.via.is_empty())
    }
}

/// What a step uses, looked up.
#[derive(Clone)]
pub(super) enum Used {
    Plugin(Arc<Plugin>),
    BuiltIn(BuiltIn),
    Runbook(Arc<File>),
}

impl Used {
    /// What it takes.
    pub fn inputs(&self) -> &IndexMap<String, Field> {
        match self {
            Self::Plugin(found) => &found.manifest().inputs,
            Self::BuiltIn(built_in) => built_in.inputs(),
            Self::Runbook(file) => &file.inputs,
        }
    }

    /// One of the things it gives, with its type where something says.
    pub fn output(&self, name: &str) -> Option<Option<&Field>> {
        match self {
            Self::Plugin(found) => found.manifest().outputs.get(name).map(Some),
            Self::BuiltIn(built_in) => built_in.outputs().get(name).map(Some),
            Self::Runbook(file) => file.outputs.get(name).map(Option::as_ref),
        }
    }

    /// What it gives.
    pub fn output_names(&self) -> Vec<&str> {
        fn names<T>(fields: &IndexMap<String, T>) -> Vec<&str> {
            fields.keys().map(String::as_str).collect()
        }
        match self {
            Self::Plugin(found) => names(&found.manifest().outputs),
            Self::BuiltIn(built_in) => names(built_in.outputs()),
            Self::Runbook(file) => names(&file.outputs),
        }
    }

    /// The names of the accounts it asks for; none where no such question arises.
    pub fn accounts(&self) -> Option<Vec<&str>> {
        match self {
            Self::Plugin(found) => Some(
                found
                    .manifest()
                    .accounts
                    .keys()
                    .map(String::as_str)
                    .collect(),
            ),
            Self::BuiltIn(_) => None,
            Self::Runbook(file) => {
                let accounts = file.runbook.accounts.iter();
                Some(
                    accounts
                        .map(|account| account.name.value.as_str())
                        .collect(),
                )
            }
        }
    }
}
