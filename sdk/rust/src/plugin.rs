//! A plugin as a value: what [`crate::plugin!`] makes of an author's functions.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::api::Api;
use crate::fault::{Fault, FaultClass};
use crate::host::Host;

/// A plugin with its types rubbed off: inputs and outputs are JSON text.
pub struct Plugin {
    /// The text of its `plugin.toml`.
    #[cfg(not(target_arch = "wasm32"))]
    pub manifest: &'static str,
    /// Its `run`: from inputs to outputs.
    pub run: fn(&Host, &str) -> Result<String, Fault>,
    /// Its `undo`, if the manifest says that it has one.
    pub undo: Option<UndoText>,
}

/// An undo with its types rubbed off: inputs, changes newest first, outputs if there are any.
pub type UndoText = fn(&Host, &str, Vec<MadeChange>, Option<&str>) -> Result<(), Fault>;

/// An author's undo: from the inputs, the changes newest first, and the outputs if the step came to its end.
pub type Undo<Inputs, Outputs> =
    fn(&Host, Inputs, Vec<MadeChange>, Option<Outputs>) -> Result<(), Fault>;

/// A change that the step made, as the host recorded it.
#[derive(Clone, Debug, PartialEq)]
pub struct MadeChange {
    /// The call as it was sent, with its client token.
    pub api: Api,
    /// The name under which the step knows the account, or the ARN of an assumed role.
    pub account: String,
    /// The answer, or what looking found in its place; `None` if it is unknown whether the change happened.
    pub answer: Option<Value>,
}

impl MadeChange {
    /// Returns a text of the answer, by JSON pointer, if this is a change of that call, `ECS:CopyImage`: mostly the
    /// id of what it made. `None` where it is another call's, or where it is unknown whether it happened.
    ///
    /// ```
    /// use rutter_sdk::prelude::*;
    ///
    /// /// The images that a step made, over all attempts.
    /// fn images(changes: &[MadeChange]) -> Vec<&str> {
    ///     let ids = changes
    ///         .iter()
    ///         .filter_map(|change| change.made("ECS:CopyImage", "/ImageId"));
    ///     ids.collect()
    /// }
    /// ```
    pub fn made(&self, call: &str, pointer: &str) -> Option<&str> {
        let answer = self.answer.as_ref().filter(|_| self.api.label() == call);
        answer?.pointer(pointer)?.as_str()
    }
}

/// Runs a typed function on JSON text.
///
/// # Errors
/// The function's own, `sdk.inputs` and `sdk.outputs` where a text does not fit its type.
#[doc(hidden)]
pub fn run_typed<I: DeserializeOwned, O: Serialize>(
    run: fn(&Host, I) -> Result<O, Fault>,
    host: &Host,
    inputs: &str,
) -> Result<String, Fault> {
    let outputs = run(host, read("inputs", inputs)?)?;
    serde_json::to_string(&outputs).map_err(|error| {
        Fault::new(
            FaultClass::Bug,
            "sdk.outputs",
            format!("the outputs cannot be written: {error}"),
        )
    })
}

/// Runs a typed undo on JSON text.
///
/// # Errors
/// As [`run_typed`].
#[doc(hidden)]
pub fn undo_typed<I: DeserializeOwned, O: DeserializeOwned>(
    undo: Undo<I, O>,
    host: &Host,
    inputs: &str,
    changes: Vec<MadeChange>,
    outputs: Option<&str>,
) -> Result<(), Fault> {
    let outputs = outputs.map(|text| read("outputs", text)).transpose()?;
    undo(host, read("inputs", inputs)?, changes, outputs)
}

fn read<T: DeserializeOwned>(what: &str, text: &str) -> Result<T, Fault> {
    serde_json::from_str(text).map_err(|error| {
        Fault::new(
            FaultClass::Bug,
            format!("sdk.{what}"),
            format!("the {what} are not as the manifest says: {error}"),
        )
    })
}
