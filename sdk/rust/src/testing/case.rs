//! The format of a case.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::fault::FaultClass;

/// One case: what goes in, what the world answers, what comes out.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Case {
    /// What it shows, for people.
    #[serde(default)]
    #[expect(dead_code, reason = "read by people")]
    pub(super) summary: String,
    /// The inputs as a runbook would give them; completed with the manifest's defaults.
    #[serde(default)]
    pub(super) inputs: Map<String, Value>,
    /// The accounts by the plugin's names for them.
    #[serde(default)]
    pub(super) accounts: BTreeMap<String, CaseAccount>,
    /// The calls it makes, in order, with their answers.
    #[serde(default)]
    pub(super) calls: Vec<ScriptedCall>,
    /// The world it runs in, instead of `calls`: a file beside the case, or the world itself.
    pub(super) world: Option<WorldSource>,
    /// What it gives: every key named here, tables likewise.
    pub(super) outputs: Option<Value>,
    /// The fault it ends in.
    pub(super) fault: Option<ExpectedFault>,
    /// Part of the message with which the manifest refuses the inputs.
    pub(super) refused: Option<String>,
    /// The changes of unknown outcome that it adopts, `RAM:CreateRole`, in order.
    pub(super) adopts: Option<Vec<String>>,
    /// How many changes it makes.
    pub(super) changes: Option<usize>,
    /// Whether the reverses of its changes give the world as it was; `true` unless the manifest says
    /// `irreversible` or `undo`.
    pub(super) restores: Option<bool>,
    /// Whether the loss of the answer of any change ends in the same world; `true` unless said. It
    /// cannot where an answer holds what is shown only once.
    pub(super) survives: Option<bool>,
}

/// An account of a case.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CaseAccount {
    /// The id; in a world, the world's.
    pub(super) id: Option<String>,
    /// The region it is bound to, `cn-hangzhou` unless said.
    pub(super) region: Option<String>,
    /// The world's name of it; the plugin's unless said.
    pub(super) name: Option<String>,
    /// The identity in the world whose key is used; the account's first unless said.
    pub(super) user: Option<String>,
}

/// A world file's name, or the world.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum WorldSource {
    /// A file, relative to the case.
    File(String),
    /// What would stand in the file.
    Inline(toml::Table),
}

/// One call that the plugin is expected to make, and its answer.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ScriptedCall {
    /// `RAM:CreateRole`, or `POST https://…`.
    pub(super) call: String,
    /// The account, by the plugin's name for it.
    pub(super) account: Option<String>,
    /// Parameters it must have: every key named here, tables likewise.
    #[serde(default, rename = "with")]
    pub(super) parameters: Option<Value>,
    /// The answer.
    pub(super) answer: Option<Value>,
    /// The fault, instead of an answer.
    pub(super) fault: Option<ScriptedFault>,
    /// The reverse it must carry.
    pub(super) reverse: Option<ScriptedReverse>,
}

/// The reverse that a change must carry.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum ScriptedReverse {
    /// It must carry none: `reverse = "none"`.
    None(NoReverse),
    /// It must carry this one.
    Call {
        /// `RAM:DeleteRole`.
        call: String,
        /// Parameters it must have.
        #[serde(default, rename = "with")]
        parameters: Option<Value>,
    },
}

/// The word for no reverse.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum NoReverse {
    None,
}

/// The fault with which a call is answered.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ScriptedFault {
    /// The code, `EntityNotExist.Role`.
    pub(super) code: String,
    /// The message.
    #[serde(default)]
    pub(super) message: String,
    /// The class; what the contracts say about the code unless said.
    pub(super) class: Option<FaultClass>,
}

/// The fault in which a step must end.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ExpectedFault {
    /// The code.
    pub(super) code: String,
    /// A part of the message.
    pub(super) message: Option<String>,
    /// A part of the advice.
    pub(super) advice: Option<String>,
    /// The class.
    pub(super) class: Option<FaultClass>,
}

impl Case {
    pub(super) fn read(path: &Path) -> Result<Self, String> {
        let text =
            std::fs::read_to_string(path).map_err(|error| format!("cannot be read: {error}"))?;
        let case: Self = toml::from_str(&text).map_err(|error| error.to_string())?;
        case.check()?;
        Ok(case)
    }

    fn check(&self) -> Result<(), String> {
        let ends = [
            self.outputs.is_some(),
            self.fault.is_some(),
            self.refused.is_some(),
        ];
        if ends.iter().filter(|there| **there).count() != 1 {
            return Err("a case expects one of `outputs`, `fault` and `refused`".to_owned());
        }
        if self.world.is_some() && !self.calls.is_empty() {
            return Err("a case has `calls` or a `world`, not both".to_owned());
        }
        match self
            .calls
            .iter()
            .find(|call| call.answer.is_some() == call.fault.is_some())
        {
            Some(call) => Err(format!(
                "`{}` has either an `answer` or a `fault`",
                call.call
            )),
            None => Ok(()),
        }
    }
}

/// The cases of a folder, in order of their names. World files are none.
pub(super) fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    let is_case = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.ends_with(".toml") && !name.ends_with(".world.toml")
    };
    let mut files: Vec<PathBuf> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(is_case)
        .collect();
    files.sort();
    files
}
