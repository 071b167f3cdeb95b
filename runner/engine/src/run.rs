//! The state of a run, made by its records alone.

use serde_json::Value;

use crate::plan::Plan;
use crate::record::{Identity, Record};
use crate::scope::StepValue;

/// A record that cannot follow those before it: the journal is damaged or foreign.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("record {seq} cannot follow those before it: {why}")]
pub struct IllegalRecord {
    /// The record's number.
    pub seq: u64,
    /// What does not fit.
    pub why: String,
}

/// The state of a run.
#[derive(Clone, Debug, Default)]
pub struct Run {}

impl Run {
    /// A run without records.
    pub fn new() -> Self {
        Self::default()
    }
    /// Applies one record.
    ///
    /// # Errors
    /// When the record cannot follow those before it.
    pub fn evolve(&mut self, _record: &Record) -> Result<(), IllegalRecord> {
        Ok(())
    }
    /// The plan.
    pub fn plan(&self) -> &Plan {
        unimplemented!()
    }
    /// The id.
    pub fn id(&self) -> &str {
        ""
    }
    /// Who an account is.
    pub fn identity(&self, _name: &str) -> Option<&Identity> {
        None
    }
    /// For expressions.
    pub fn step_value(&self, _id: &str) -> Option<StepValue<'_>> {
        None
    }
}
