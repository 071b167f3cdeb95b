//! From the name of a profile to where its credentials come from, and the roles on top of them.
//!
//! A profile is always named; there is no default. Sources are asked in this order and the first that
//! knows the name decides, even if what it knows cannot be used:
//!
//! 1. `[profiles.NAME]` of `rutter.toml`;
//! 2. the profile NAME of the aliyun CLI, `~/.aliyun/config.json`;
//! 3. the section `[NAME]` of the credentials file, `$ALIBABA_CLOUD_CREDENTIALS_FILE`, else
//!    `~/.alibabacloud/credentials` and `~/.alibabacloud/credentials.ini`;
//! 4. for the name `env` alone, the variables that the official tools read;
//! 5. `RUTTER_PROFILE_<NAME>_ACCESS_KEY_ID`, `…_ACCESS_KEY_SECRET`, `…_SECURITY_TOKEN`.
//!
//! Nothing here talks to anybody: credentials are fetched and roles assumed when they are needed (`source.rs`, `roles.rs`).

mod aliyun_cli;
mod credentials_file;
mod givers;
mod ini;
mod key;
mod own;
mod profile;
mod section;

mod source;
mod variables;
mod words;

use std::path::{Path, PathBuf};

pub use key::{AccessKey, Credential, Role};
pub use profile::Profile;
pub use source::{Fetched, Giver, Source};

use rutter_diagnostic::shell;

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
    #[error("the profile `{name}` in {place} has the mode `{mode}`, which is not supported")]
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
    /// The profile says that it must not be used.
    #[error("the profile `{name}` in {place} is switched off: it has `enable = false`")]
    SwitchedOff {
        /// The profile's name.
        name: String,
        /// Where it is.
        place: String,
    },
    /// The profile narrows or directs its use in a way that would be ignored.
    #[error("the profile `{name}` in {place} has `{key}`, which is not supported there")]
    Setting {
        /// The profile's name.
        name: String,
        /// Where it is.
        place: String,
        /// The key.
        key: String,
    },
    /// A key, secret or token holds what no key holds.
    #[error("the profile `{name}` cannot be used: its {part} holds {what}")]
    Malformed {
        /// The profile's name.
        name: String,
        /// Which of the three.
        part: &'static str,
        /// The character.
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
            Self::Missing { name, nearest: Some(nearest), .. } if has_at(name, nearest) => {
                format!("there is a profile `{nearest}`: write `{nearest}@REGION`")
            }
            Self::Missing {
                nearest: Some(nearest),
                ..
            } => format!("did you mean `{nearest}`?"),
            Self::Missing { name, .. } if name == variables::SHARED => {
                "set the variables `ALIBABA_CLOUD_ACCESS_KEY_ID` and `ALIBABA_CLOUD_ACCESS_KEY_SECRET`".to_owned()
            }
            Self::Missing { name, .. } => format!(
                "add `[profiles.{name}]` to rutter.toml, run `aliyun configure --profile {name}`, or bind the account to another profile"
            ),
            Self::Unsupported { mode, .. } if matches!(mode.as_str(), "rsa_key_pair" | "RsaKeyPair") => {
                "let the profile have an access key, or a role: key pairs are not used".to_owned()
            }
            Self::Unsupported { .. } => {
                "use a profile of the mode AK, StsToken, RamRoleArn, ChainableRamRoleArn, EcsRamRole, OIDC, External, CredentialsURI, CloudSSO or OAuth".to_owned()
            }
            Self::SwitchedOff { .. } => {
                "remove `enable = false` if the profile may be used, or bind the account to another".to_owned()
            }
            Self::Setting { key, .. } if key == "policy" => {
                "a policy narrows a role: let the profile assume one, or remove the policy".to_owned()
            }
            Self::Setting { key, .. } => format!(
                "remove `{key}`, and name the address of STS in rutter.toml: `[endpoints] sts = \"https://…\"`"
            ),
            Self::Malformed { part, .. } => {
                format!("write the {part} anew, on one line and as it was given out")
            }
            Self::Incomplete { .. } => "complete the profile, or bind the account to another".to_owned(),
            Self::Unreadable { path, .. } => {
                format!("correct `{}`, or make it readable for the user who runs rutter", path.display())
            }
            Self::Circle { .. } => "let one of them have an access key of its own".to_owned(),
        }
    }
}

/// Whether a name is what is left of another one when its end is taken for a region.
fn has_at(name: &str, whole: &str) -> bool {
    whole
        .strip_prefix(name)
        .is_some_and(|end| end.starts_with('@'))
}

/// What a source knows of a name: nothing, a base to go on with, or the end of the chain.
enum Answer {
    Unknown,
    Found(Found),
    /// Go on with another profile, then assume the role.
    Based {
        on: String,
        role: Role,
        region: Option<String>,
    },
}

/// The end of the chain.
struct Found {
    source: Source,
    roles: Vec<Role>,
    region: Option<String>,
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
    let mut outer_region = None;
    loop {
        if wanted.is_empty() {
            return Err(search.missing(&wanted));
        }
        search.enter(&wanted)?;
        match search.ask_all(&wanted)? {
            Answer::Based { on, role, region } => {
                outer_roles.insert(0, role);
                outer_region = outer_region.or(region);
                wanted = on;
            }
            Answer::Found(mut found) => {
                if let Some(key) = found.source.key() {
                    well_formed(&wanted, key)?;
                }
                found.roles.append(&mut outer_roles);
                return Ok(Profile {
                    source: found.source,
                    roles: found.roles,
                    region: outer_region.or(found.region),
                    warnings: search.warnings,
                });
            }
            Answer::Unknown => return Err(search.missing(&wanted)),
        }
    }
}

/// Refuses a key that no request could carry; what it holds otherwise is the cloud's to judge.
fn well_formed(name: &str, key: &AccessKey) -> Result<(), CredentialError> {
    let token = key.token.as_ref().map(SecretText::expose);
    // The id and the token are sent in headers; the secret stays here and only signs.
    let unsent = |c: char| c.is_whitespace() || !c.is_ascii() || c.is_control();
    let parts: [(_, _, &dyn Fn(char) -> bool); 3] = [
        ("access key id", Some(key.id.as_str()), &unsent),
        (
            "access key secret",
            Some(key.secret.expose()),
            &rutter_manifest::is_unseen,
        ),
        ("security token", token, &unsent),
    ];
    for (part, text, wrong) in parts {
        let Some(found) = text.and_then(|text| text.chars().find(|c| wrong(*c))) else {
            continue;
        };
        let what = match found {
            '\n' | '\r' => "a line break".to_owned(),
            ' ' | '\t' => "a space".to_owned(),
            other => format!("the character U+{:04X}, which no key has", u32::from(other)),
        };
        return Err(CredentialError::Malformed {
            name: name.to_owned(),
            part,
            what,
        });
    }
    Ok(())
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
        let mut known = self.known_names();
        known.retain(|known| known != name);
        let mut with_at = known.iter().filter(|known| has_at(name, known));
        let nearest = with_at.next().map(String::as_str);
        let nearest =
            nearest.or_else(|| rutter_manifest::nearest(name, known.iter().map(String::as_str)));
        CredentialError::Missing {
            name: name.to_owned(),
            looked: self.looked.clone(),
            nearest: nearest.map(str::to_owned),
        }
    }

    fn known_names(&self) -> Vec<String> {
        let mut names: Vec<String> = self.settings.profiles.keys().cloned().collect();
        names.extend(aliyun_cli::names(self.settings));
        names.extend(credentials_file::names(self.settings));
        names.push(variables::SHARED.to_owned());
        names
    }

    /// Refuses a profile that is switched off, or that counts on what would be ignored; says which of its keys
    /// are not known.
    fn judge(
        &mut self,
        name: &str,
        section: &section::Section,
        known: &[&str],
    ) -> Result<(), CredentialError> {
        let place = self.looked.last().cloned().unwrap_or_default();
        if section
            .is_off()
            .map_err(|what| self.incomplete(name, what))?
        {
            return Err(CredentialError::SwitchedOff {
                name: name.to_owned(),
                place,
            });
        }
        if let Some(key) = section.unsupported() {
            return Err(self.setting(name, key));
        }
        for key in section.unknown(known) {
            let key = rutter_diagnostic::neutral::one_line(key);
            self.warnings.push(format!(
                "the profile `{name}` in {place} has `{key}`, which is not known and has no effect"
            ));
        }
        Ok(())
    }

    /// The end of the chain in a section of a file; both formats name the region and the policy alike.
    fn found(
        &self,
        name: &str,
        section: &section::Section,
        source: Source,
        roles: Vec<Role>,
    ) -> Result<Found, CredentialError> {
        if roles.is_empty() && !source.takes_policy() && section.text("policy").is_some() {
            return Err(self.setting(name, "policy"));
        }
        Ok(Found {
            source,
            roles,
            region: section.text("region_id"),
        })
    }

    fn setting(&self, name: &str, key: &str) -> CredentialError {
        CredentialError::Setting {
            name: name.to_owned(),
            place: self.looked.last().cloned().unwrap_or_default(),
            key: key.to_owned(),
        }
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
            let (shown, typed) = (path.display(), shell::path(path));
            let warning = format!("`{shown}` can be read by other users: run `chmod 600 {typed}`");
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
