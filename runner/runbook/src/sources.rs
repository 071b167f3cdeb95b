//! Where the values of inputs come from.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use rutter_manifest::Field;
use serde_json::{Map, Value};

/// What precedes an input's name, upper case, in the environment.
pub const ENVIRONMENT_PREFIX: &str = "RUTTER_INPUT_";

/// Asks a person for the value of an input; `None` when there is nobody to ask.
pub type Ask<'a> = dyn Fn(&str, &Field) -> Option<String> + 'a;

/// Where the values of inputs come from.
#[derive(Default)]
pub struct InputSources<'a> {
    /// `--set name=value`, in order; the last of a name wins.
    pub set: Vec<(String, String)>,
    /// A TOML file of values.
    pub file: Option<PathBuf>,
    /// The environment; only variables that begin with [`ENVIRONMENT_PREFIX`] are looked at.
    pub environment: BTreeMap<String, String>,
    /// What a run began with, in the form that a plan has: the weakest. Its secrets are not looked at.
    pub before: Map<String, Value>,
    /// Asked for what is still missing, once everything else was found to be right.
    pub ask: Option<Box<Ask<'a>>>,
}

impl fmt::Debug for InputSources<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The environment may hold secrets.
        formatter
            .debug_struct("InputSources")
            .field(
                "set",
                &self.set.iter().map(|(name, _)| name).collect::<Vec<_>>(),
            )
            .field("file", &self.file)
            .finish_non_exhaustive()
    }
}
