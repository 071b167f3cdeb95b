//! The corpus of hostile plugins and configurations: `tests/hostile/KIND/NAME/member.toml`.
//!
//! A member is data: what it attacks, the rule that stops it, what a person is told, and what is seen where
//! that rule is left out. See `tests/hostile/README.md`.

mod make;
mod stage;
mod tree;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use toml::{Table, Value};

pub use stage::{Held, SPENT_MAX, hold};
pub use tree::{Spent, watch};

use crate::{Bench, planted};

/// A member of the corpus.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Member {
    /// Its folder, relative to the corpus: `judged/version-with-a-space`.
    #[serde(skip)]
    pub name: String,
    /// Its folder.
    #[serde(skip)]
    pub folder: PathBuf,
    /// What it tries, a sentence.
    pub attack: String,
    /// By what means, in a word or two; no two members of a kind have the same.
    pub mechanism: String,
    /// Another kind that it is joined with.
    pub joined: Option<String>,
    /// The rule that stops it, by the name that a test leaves it out by; `sandbox` for what holds by
    /// construction and cannot be left out.
    pub rule: String,
    /// What the guest is made from.
    #[serde(default)]
    pub guest: Guest,
    /// The end of the manifest: permissions, further inputs. Or all of it, where it begins with `[plugin]`.
    #[serde(default)]
    pub manifest: String,
    /// What the actor does.
    #[serde(default)]
    pub script: Vec<Value>,
    /// What the actor's undo does.
    #[serde(default)]
    pub undo: Vec<Value>,
    /// More for the step: `with.…`, `for_each`.
    #[serde(default)]
    pub step: Table,
    /// The whole runbook, in place of the usual one.
    pub runbook: Option<String>,
    /// Values of the runbook's inputs, given by the environment.
    #[serde(default)]
    pub inputs: BTreeMap<String, String>,
    /// The whole world, in place of the usual one.
    pub world: Option<String>,
    /// A shell's commands that make what else lies in the folder of the runbook.
    pub setup: Option<String>,
    /// Nobody accepts the runbook with `rutter lock` before the commands.
    #[serde(default)]
    pub unlocked: bool,
    /// A manifest: with it the guest is another one after `rutter lock`.
    pub swapped: Option<String>,
    /// A shell's commands after `rutter lock`.
    pub then: Option<String>,
    /// A shell's commands between one command and the next.
    pub between: Option<String>,
    /// Further secrets that are planted, in answers.
    #[serde(default)]
    pub planted: Vec<String>,
    /// More variables of the environment; `{folder}` is the folder of the runbook.
    #[serde(default)]
    pub variables: BTreeMap<String, String>,
    /// More for the settings.
    #[serde(default)]
    pub settings: String,
    /// What of the program is tried.
    #[serde(default = "usual_commands")]
    pub commands: Vec<Command>,
    /// The command ends before anything is carried out.
    #[serde(default)]
    pub refused: bool,
    /// What is told, each in the output of each command.
    #[serde(default)]
    pub says: Vec<String>,
    /// What is told nowhere.
    #[serde(default)]
    pub never: Vec<String>,
    /// Changes that a run may have made beside those of the other step: `RAM:CreateRole`.
    #[serde(default)]
    pub sent: Vec<String>,
    /// The exit code of the last command.
    pub ends: Option<i32>,
    /// What is seen where the rule is left out.
    pub off: Option<Off>,
}

/// What the guest is made from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Guest {
    /// The actor, which plays the script.
    #[default]
    Actor,
    /// `guest.wat`, a component's text.
    Text,
    /// `guest.wat`, the body of `run` in a core module; what it may call is in `runner/src/host/fixture.rs`.
    Core,
    /// A component that is made here, since its text would be megabytes; see `make.rs`.
    Made(make::Made),
    /// There is none: the member is its configuration.
    None,
}

/// What of the program is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Command {
    /// `rutter check`.
    Check,
    /// `rutter check --locked`.
    CheckLocked,
    /// `rutter lock`.
    Lock,
    /// `rutter plugin inspect`.
    Inspect,
    /// `rutter rehearse`.
    Rehearse,
    /// `rutter run`.
    Run,
    /// `rutter logs` of that run.
    Logs,
    /// `rutter undo --yes` of that run.
    Undo,
    /// `rutter approve --no` of what the hostile step asks.
    Decline,
    /// `rutter resolve --leave` of what the hostile step made.
    Leave,
}

/// What is seen where the rule is left out: the test fails unless one of these is.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Off {
    /// In the output.
    #[serde(default)]
    pub says: Vec<String>,
    /// As changes.
    #[serde(default)]
    pub sends: Vec<String>,
    /// Other rules that are left out with it, where two stop the same.
    #[serde(default)]
    pub also: Vec<String>,
    /// A planted secret, somewhere.
    #[serde(default)]
    pub planted: bool,
    /// What it leaves behind can be read by other users.
    #[serde(default)]
    pub lax: bool,
    /// What it takes is over the bound.
    #[serde(default)]
    pub costs: bool,
}

fn usual_commands() -> Vec<Command> {
    vec![Command::Rehearse, Command::Run]
}

/// Every member, by name.
///
/// # Panics
/// When one cannot be read.
pub fn members() -> Vec<Member> {
    let corpus = corpus();
    let mut members = Vec::new();
    for kind in folders(&corpus) {
        for folder in folders(&kind) {
            let file = folder.join("member.toml");
            let Ok(text) = std::fs::read_to_string(&file) else {
                continue;
            };
            let mut member: Member =
                toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
            let name = folder.strip_prefix(&corpus).expect("it is in the corpus");
            member.name = name.display().to_string();
            member.folder = folder;
            members.push(member);
        }
    }
    members.sort_by(|one, other| one.name.cmp(&other.name));
    assert!(!members.is_empty(), "there is no corpus");
    members
}

impl Member {
    /// The kind of attack: the folder above its own.
    pub fn kind(&self) -> &str {
        self.name.split('/').next().unwrap_or_default()
    }
}

impl Member {
    /// The secrets that are planted for it: the account's key, the inputs that are called so, those in answers.
    pub fn planted(&self) -> Vec<&str> {
        let inputs = self.inputs.values().map(String::as_str);
        let secrets = inputs.filter(|value| value.starts_with(planted::BEGINNING));
        let answers = self.planted.iter().map(String::as_str);
        secrets.chain(answers).chain([stage::KEY_SECRET]).collect()
    }
}

fn corpus() -> PathBuf {
    Bench::top().join("tests/hostile")
}

fn folders(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("the corpus can be read");
    entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.is_dir())
        .collect()
}
