//! Flags that several commands share.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::Args;
use rutter_diagnostic::shell;
use rutter_engine::Name;

use super::Failure;
use super::accounts::AccountFlag;

/// Flags of every command.
#[derive(Clone, Debug, Args)]
pub(super) struct Global {
    /// Print records, or the result, as JSON
    #[arg(long, global = true, conflicts_with = "quiet")]
    pub json: bool,
    /// Print only results, questions and errors
    #[arg(short, long, global = true)]
    pub quiet: bool,
    /// Print every record and the log lines of plugins; -vv also prints traces for debugging rutter
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
    /// Read settings from this file [default: rutter/rutter.toml under the XDG configuration folder]
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Store runs, keys and caches in this folder [default: rutter under the XDG state folder]
    #[arg(long, global = true, value_name = "DIR")]
    pub state: Option<PathBuf>,
}

/// Where the values of inputs and the bindings of accounts come from.
#[derive(Clone, Debug, Default, Args)]
pub(super) struct Inputs {
    /// Set an input; lists and tables as JSON. Secrets cannot be set this way
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = pair)]
    pub set: Vec<(String, String)>,
    /// Read inputs from a TOML file
    #[arg(long, value_name = "FILE")]
    pub inputs: Option<PathBuf>,
    /// Bind an account of the runbook to a credential profile
    #[arg(long = "account", value_name = "NAME=PROFILE[@REGION]")]
    pub accounts: Vec<AccountFlag>,
}

/// Other credentials for a run that was begun.
#[derive(Clone, Debug, Default, Args)]
pub(super) struct Rebind {
    /// Bind an account of the run to another credential profile from here on; it must be the same account
    #[arg(long = "account", value_name = "NAME=PROFILE")]
    pub accounts: Vec<AccountFlag>,
}

impl Rebind {
    /// The profiles by account.
    ///
    /// # Errors
    /// When a region is named: what was done there would be looked for elsewhere.
    pub(super) fn profiles(&self) -> Result<BTreeMap<Name, String>, Failure> {
        let flags = self.accounts.iter();
        if let Some(flag) = flags.clone().find(|flag| flag.region.is_some()) {
            return Err(Failure::refused(
                format!(
                    "the account `{}` keeps its region in a run that was begun",
                    flag.name
                ),
                format!("`--account {}={}`", flag.name, shell::word(&flag.profile)),
            ));
        }
        Ok(flags
            .map(|flag| (flag.name.as_str().into(), flag.profile.clone()))
            .collect())
    }
}

/// Reads `NAME=VALUE`.
pub(super) fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.trim().is_empty() => {
            Ok((name.trim().to_owned(), value.to_owned()))
        }
        _ => Err("it must be NAME=VALUE".to_owned()),
    }
}
