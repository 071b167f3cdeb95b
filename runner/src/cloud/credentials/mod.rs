//! From the name of a profile to an access key and the roles on top of it.
//!
//! A profile is always named; there is no default. Sources are asked in this order and the first that
//! knows the name decides, even if what it knows cannot be used:
//!
//! 1. `[profiles.NAME]` of `rutter.toml`;
//! 2. the profile NAME of the aliyun CLI, `~/.aliyun/config.json`;
//! 3. the section `[NAME]` of the credentials file, `$ALIBABA_CLOUD_CREDENTIALS_FILE`, else
//!    `~/.alibabacloud/credentials`;
//! 4. for the name `env` alone, the variables that the official tools read;
//! 5. `RUTTER_PROFILE_<NAME>_ACCESS_KEY_ID`, `…_ACCESS_KEY_SECRET`, `…_SECURITY_TOKEN`.
//!
//! Nothing here talks to the cloud: roles are assumed in `roles.rs`, when they are needed.

mod aliyun_cli;
mod credentials_file;
mod key;
mod own;
mod variables;

use std::path::{Path, PathBuf};

pub use key::{AccessKey, Credential, Profile, Role};

use crate::secrets::SecretText;
use crate::settings::Settings;

/// Why a profile cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CredentialError {
    /// No source knows the name.
    #[error("there is no credential profile `{name}`; looked in {}", looked.join(", "))]
    Missing {
        /// The profile's name, as it was asked for.
        name: String,
        /// Where it was looked for.
        looked: Vec<String>,
        /// The name that may have been meant.
        nearest: Option<String>,
    },
    /// The profile is of a kind that is not spoken.
    #[error("the profile `{name}` in {place} has the mode `{mode}`, which is not supported yet")]
    Unsupported {
        /// The profile's name.
        name: String,
        /// Where it is.
        place: String,
        /// The profile's `mode`, as its file says it.
        mode: String,
    },
    /// Something that the profile needs is not there.
    #[error("the profile `{name}` in {place} cannot be used: {what}")]
    Incomplete {
        /// The profile's name.
        name: String,
        /// Where it is.
        place: String,
        /// What is missing or wrong.
        what: String,
    },
    /// A file is there and cannot be read.
    #[error("`{}` cannot be read: {reason}", path.display())]
    Unreadable {
        /// The file's path.
        path: PathBuf,
        /// What the system says, or what is wrong with the file.
        reason: String,
    },
    /// Profiles are based on each other.
    #[error("the profiles {} are based on each other", names.join(" -> "))]
    Circle {
        /// Their names, the first again at the end.
        names: Vec<String>,
    },
}

impl CredentialError {
    /// Returns what the operator can do.
    pub fn help(&self) -> String {
        match self {
            Self::Missing {
                nearest: Some(nearest),
                ..
            } => format!("did you mean `{nearest}`?"),
            Self::Missing { name, .. } => format!(
                "add `[profiles.{name}]` to rutter.toml, run `aliyun configure --profile {name}`, or bind the account to another profile"
            ),
            Self::Unsupported { .. } => {
                "use a profile of the mode AK, StsToken or RamRoleArn, or put a role on top of one with `[profiles.NAME]` in rutter.toml".to_owned()
            }
            Self::Incomplete { .. } => "complete the profile, or bind the account to another".to_owned(),
            Self::Unreadable { path, .. } => {
                format!("correct `{}`, or make it readable for the user who runs rutter", path.display())
            }
            Self::Circle { .. } => "let one of them have an access key of its own".to_owned(),
        }
    }
}

/// What a source knows of a name: nothing, a base to go on with, or the end of the chain.
enum Answer {
    Unknown,
    Key(AccessKey, Vec<Role>),
    /// Go on with another profile, then assume the role.
    Based {
        on: String,
        role: Role,
    },
}

/// One look-up: collects where it looked and what the operator should know.
struct Search<'a> {
    settings: &'a Settings,
    looked: Vec<String>,
    names: Vec<String>,
    warnings: Vec<String>,
}

/// Finds a profile by its name.
///
/// # Errors
/// When no source knows the name, or the first that does holds something that cannot be used.
pub fn find(name: &str, settings: &Settings) -> Result<Profile, CredentialError> {
    let mut search = Search {
        settings,
        looked: Vec::new(),
        names: Vec::new(),
        warnings: Vec::new(),
    };
    let mut wanted = name.to_owned();
    let mut outer_roles = Vec::new();
    loop {
        if wanted.is_empty() {
            return Err(search.missing(&wanted));
        }
        search.enter(&wanted)?;
        match search.ask_all(&wanted)? {
            Answer::Based { on, role } => {
                outer_roles.insert(0, role);
                wanted = on;
            }
            Answer::Key(key, mut roles) => {
                roles.append(&mut outer_roles);
                return Ok(Profile {
                    key,
                    roles,
                    warnings: search.warnings,
                });
            }
            Answer::Unknown => return Err(search.missing(&wanted)),
        }
    }
}

impl Search<'_> {
    /// Remembers that a name is being looked up; meeting it again is a circle.
    fn enter(&mut self, name: &str) -> Result<(), CredentialError> {
        let again = self.names.iter().any(|known| known == name);
        self.names.push(name.to_owned());
        if again {
            return Err(CredentialError::Circle {
                names: std::mem::take(&mut self.names),
            });
        }
        self.looked.clear();
        Ok(())
    }

    fn ask_all(&mut self, name: &str) -> Result<Answer, CredentialError> {
        let sources = [
            own::ask,
            aliyun_cli::ask,
            credentials_file::ask,
            variables::ask_shared,
            variables::ask_named,
        ];
        for ask in sources {
            match ask(self, name)? {
                Answer::Unknown => {}
                answer => return Ok(answer),
            }
        }
        Ok(Answer::Unknown)
    }

    fn missing(&self, name: &str) -> CredentialError {
        let known = self.known_names();
        CredentialError::Missing {
            name: name.to_owned(),
            looked: self.looked.clone(),
            nearest: rutter_manifest::nearest(name, known.iter().map(String::as_str))
                .map(str::to_owned),
        }
    }

    fn known_names(&self) -> Vec<String> {
        let mut names: Vec<String> = self.settings.profiles.keys().cloned().collect();
        names.extend(aliyun_cli::names(self.settings));
        names.extend(credentials_file::names(self.settings));
        names.push("env".to_owned());
        names
    }

    fn incomplete(&self, name: &str, what: impl Into<String>) -> CredentialError {
        CredentialError::Incomplete {
            name: name.to_owned(),
            place: self.looked.last().cloned().unwrap_or_default(),
            what: what.into(),
        }
    }

    fn unsupported(&self, name: &str, mode: &str) -> CredentialError {
        CredentialError::Unsupported {
            name: name.to_owned(),
            place: self.looked.last().cloned().unwrap_or_default(),
            mode: mode.to_owned(),
        }
    }

    /// Reads a file of credentials, and says if others may read it too. `None` if it is not there.
    fn read(&mut self, path: &Path) -> Result<Option<SecretText>, CredentialError> {
        let text = read(path)?;
        if text.is_some() && rutter_files::is_open_to_others(path) {
            let path = path.display();
            let warning = format!("`{path}` can be read by other users: run `chmod 600 {path}`");
            if !self.warnings.contains(&warning) {
                self.warnings.push(warning);
            }
        }
        Ok(text)
    }
}

fn read(path: &Path) -> Result<Option<SecretText>, CredentialError> {
    match rutter_files::read_text(path, rutter_files::TEXT_MAX) {
        Ok(text) => Ok(Some(SecretText::new(text))),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(CredentialError::Unreadable {
            path: path.to_owned(),
            reason: error.to_string(),
        }),
    }
}

#[cfg(test)]
mod tests;
