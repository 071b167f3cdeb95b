//! The process's environment as a value, so that tests need not change the process's own.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Environment variables. Values are not shown by `Debug`: some are secrets.
#[derive(Clone)]
pub struct Environment(Source);

#[derive(Clone)]
enum Source {
    Process,
    Given(Arc<BTreeMap<String, String>>),
}

impl Environment {
    /// The environment of this process, read when asked for.
    pub fn of_process() -> Self {
        Self(Source::Process)
    }

    /// An environment of these variables and no others.
    pub fn given<'a>(variables: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        Self(Source::Given(Arc::new(
            variables.into_iter().map(owned).collect(),
        )))
    }

    /// Returns a variable's value; an empty one counts as not set.
    pub fn get(&self, name: &str) -> Option<String> {
        let value = match &self.0 {
            Source::Process => std::env::var(name).ok(),
            Source::Given(variables) => variables.get(name).cloned(),
        };
        value.filter(|value| !value.is_empty())
    }

    /// Returns a variable's value without the space around it; one of nothing else counts as not set.
    pub(crate) fn trimmed(&self, name: &str) -> Option<String> {
        let value = self.get(name)?;
        Some(value.trim().to_owned()).filter(|value| !value.is_empty())
    }

    /// Gives a command this environment, without what is meant for this program alone.
    pub(crate) fn lend_to(&self, command: &mut tokio::process::Command) {
        let all: Vec<(OsString, OsString)> = match &self.0 {
            Source::Process => std::env::vars_os().collect(),
            Source::Given(variables) => {
                let pairs = variables.iter();
                pairs
                    .map(|(name, value)| (name.into(), value.into()))
                    .collect()
            }
        };
        let own = |name: &OsString| name.to_string_lossy().starts_with("RUTTER_");
        command.env_clear();
        command.envs(all.into_iter().filter(|(name, _)| !own(name)));
    }

    /// Returns the home folder.
    pub fn home(&self) -> Option<PathBuf> {
        self.get("HOME")
            .or_else(|| self.get("USERPROFILE"))
            .map(PathBuf::from)
    }

    /// Returns an XDG folder; a relative one is ignored, as the specification wants.
    pub(crate) fn folder(&self, variable: &str, under_home: &str) -> Option<PathBuf> {
        let named = self.get(variable).map(PathBuf::from);
        named
            .filter(|folder| folder.is_absolute())
            .or_else(|| Some(self.home()?.join(under_home)))
    }

    /// Returns a path written in a file of the folder `base`: `~/` is the home folder.
    pub(crate) fn expand(&self, base: &Path, path: &Path) -> PathBuf {
        match (path.strip_prefix("~"), self.home()) {
            (Ok(rest), Some(home)) => home.join(rest),
            _ => base.join(path),
        }
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match &self.0 {
            Source::Process => "Environment(of the process)",
            Source::Given(_) => "Environment(given)",
        })
    }
}
