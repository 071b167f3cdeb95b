//! A checked runbook with its inputs, in order: the first record of a run holds one.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A step's id, an item's key, an account's name: shared, because every record repeats it.
pub type Name = Arc<str>;

/// A checked runbook with its inputs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// The runbook's name, as the key `name` of its file gives it.
    pub name: String,
    /// Its title for people.
    pub title: String,
    /// The file it was read from, as the operator typed it.
    pub file: String,
    /// SHA-256 of the file and of those it uses, hex.
    pub digest: String,
    /// The inputs by name; secrets as placeholders.
    pub inputs: Value,
    /// The accounts by the runbook's names.
    pub accounts: BTreeMap<Name, Account>,
    /// The steps in the order of the file. The steps of a sub-runbook follow the step that runs it.
    pub steps: Vec<Step>,
    /// The templates of the outputs, by name.
    pub outputs: Value,
    /// What its operator must read before it is run.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<Note>,
}

/// A sentence that the operator must read before a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// Who says it, `plugin copy-image`; nobody else than the runbook when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The sentence, as the runbook or the plugin gives it.
    pub text: String,
}

/// An account of the runbook and what the operator bound it to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Account {
    /// What the runbook says it is.
    pub help: String,
    /// The name of the credential profile; never a credential.
    pub profile: String,
    /// The region used where a call names none.
    pub region: String,
    /// The account id the operator expects, if stated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected_id: Option<String>,
}

/// One entry of the runbook.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// Its id: `id`, or `caller.id` for a step of the sub-runbook that the step `caller` runs.
    pub id: Name,
    /// The step that runs the sub-runbook this one belongs to. Its expressions see that runbook's
    /// inputs, accounts and steps, and nothing else.
    #[serde(default, rename = "inside", skip_serializing_if = "Option::is_none")]
    pub caller: Option<Name>,
    /// Its title for people; the id when the runbook gives none.
    pub title: String,
    /// The plugin, the sub-runbook or the built-in that it runs.
    pub uses: Uses,
    /// The account names of the plugin, or of the sub-runbook, and the plan's account for each.
    #[serde(default)]
    pub accounts: BTreeMap<String, Name>,
    /// The templates of its inputs.
    pub with: Value,
    /// The steps it waits for and why, complete: implied and referenced ones too. A step of a
    /// sub-runbook waits besides until the step that runs it lets its steps begin.
    pub needs: Vec<Need>,
    /// A condition, the text of an expression.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<String>,
    /// Runs the step once an item.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub for_each: Option<ForEach>,
    /// New attempts after a failure.
    pub retry: Retry,
    /// Milliseconds an attempt may take while driven.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_ms: Option<u64>,
    /// What a failure means for the run.
    pub on_failure: OnFailure,
    /// An approval before it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirm: Option<Confirm>,
    /// Where it stands in its file, for messages.
    pub line: SourceLine,
}

/// A step that another waits for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Need {
    /// The full id of the step that is waited for.
    pub step: Name,
    /// Why it is waited for.
    pub because: Because,
}

/// Why one step waits for another, the weakest reason first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Because {
    /// It stands below in the file and says nothing else.
    Order,
    /// One of its expressions reads it.
    Referenced,
    /// Its `needs` name it.
    Said,
}

/// What a step uses.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Uses {
    /// A plugin, by its exact bytes.
    Plugin(PluginRef),
    /// Waits for people. Inputs: `message`, `people`, `evidence` (list of names), `owner`.
    Approve,
    /// Waits. Inputs: `for` (milliseconds), or `until_ms` (milliseconds since 1970) with `until`, the
    /// words for it, and perhaps `latest_ms`, after which what follows must not begin, with `latest`.
    Pause,
    /// Fails unless `that` is true. Inputs: `that`, `message`.
    Assert,
    /// Another runbook: the steps whose `caller` this one is. It is over when they are.
    Runbook(Box<SubRunbook>),
}

/// A runbook that runs inside another. All that is needed of it is here and in its steps: its file
/// is not read again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SubRunbook {
    /// The runbook's name, from its `[runbook]` section.
    pub name: String,
    /// The file it was read from.
    pub file: String,
    /// The rules of its inputs, for whoever evaluates `with`; the engine does not look at them.
    pub inputs: Value,
    /// The templates of its outputs, by name.
    pub outputs: Value,
}

/// The plugin's exact bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PluginRef {
    /// The plugin's name, from its manifest.
    pub name: String,
    /// The plugin's version, from its manifest.
    pub version: String,
    /// SHA-256 of the component, hex.
    pub digest: String,
    /// It takes back its changes by its own `undo` instead of their reverses.
    #[serde(default)]
    pub undo: bool,
    /// What it makes, and what each stands for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ids: Vec<IdPair>,
}

/// What a plugin makes, and what that stands for: the paths of two ids.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdPair {
    /// What it is, a noun: `image`.
    pub kind: String,
    /// The path of the old id in the inputs.
    pub source: String,
    /// The path of the new id in the outputs, or in the inputs where `target_is_input`.
    pub target: String,
    /// Whether the new id was given, and not made.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub target_is_input: bool,
}

/// Runs a step once an item.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ForEach {
    /// The template of a list or table.
    pub over: Value,
    /// Items under way at once; 0 means all.
    pub max_parallel: usize,
    /// Failures that are borne before no new item is started.
    pub max_failures: usize,
}

/// New attempts after a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retry {
    /// Attempts in all, at least 1.
    pub attempts: u32,
    /// Milliseconds before the second attempt; doubled each time.
    pub delay_ms: u64,
    /// The longest delay in milliseconds.
    pub max_delay_ms: u64,
}

impl Default for Retry {
    fn default() -> Self {
        Self {
            attempts: 1,
            delay_ms: 1_000,
            max_delay_ms: 60_000,
        }
    }
}

/// What a step's failure means for the run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OnFailure {
    /// Nothing new starts, and what is under way ends.
    #[default]
    Stop,
    /// The run goes on.
    Continue,
    /// The run is rolled back.
    Undo,
    /// What the step says that runs the sub-runbook: its failure is that step's failure.
    Caller,
}

/// An approval before a step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confirm {
    /// The template of the question.
    pub message: String,
    /// How many people must say yes.
    pub people: u32,
    /// The actions, `ecs:DeleteImage`, whose changes a yes answers for too.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<String>,
}

/// A place in a runbook's file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceLine {
    /// The file, when it is not the plan's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// The line, counted from 1.
    pub line: u32,
    /// The column, counted from 1.
    pub column: u32,
}

impl Need {
    /// A step, and why it is waited for.
    pub fn new(step: impl Into<Name>, because: Because) -> Self {
        Self {
            step: step.into(),
            because,
        }
    }
}

impl Plan {
    /// The step with this id.
    pub fn step(&self, id: &str) -> Option<&Step> {
        self.steps.iter().find(|step| &*step.id == id)
    }
}
