//! Answers from other processes: each a file in the run's `inbox/`, known by the user it belongs to.
//!
//! The folder is the one place of a run where others than its owner may write, if the settings name a
//! group. So nothing in it is believed: a file is opened without following a link, must be a plain
//! file with one name and of modest size, and says who left it by its owner alone. What was recorded
//! names the file, so that nothing is acted upon twice.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Read as _, Write as _};
use std::os::unix::fs::{
    DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _,
};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;
use rutter_contracts::hex;
use rutter_engine::{Evidence, Input, Known, Name, Person, Resolution, Run, Settlement, approver};
use serde::{Deserialize, Serialize};

use super::JournalError;
use crate::signed::{self, Statement};
use crate::user;

/// Larger files are no answers.
const BYTES_MAX: u64 = 64 * 1024;

/// Files that are looked at in one look; the others wait for the next.
const FILES_MAX: usize = 256;

/// Names that are read of the folder in one look: whoever fills it with names makes nobody wait.
const NAMES_MAX: usize = 10_000;

/// What a person asks of a run from another process. Who they are is not said here: it is known.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Message {
    /// Yes to a question.
    Approve {
        /// The question's number, as it was shown.
        question: u64,
        /// What they entered.
        evidence: Evidence,
    },
    /// No to a question.
    Decline {
        /// The question's number, as it was shown.
        question: u64,
        /// The reason they gave, in their own words.
        why: String,
    },
    /// A decision about a step whose outcome is unknown, or that failed.
    Resolve {
        /// The step's full id: `step`, or `caller.step` inside another runbook.
        step: Name,
        /// The item, if one is meant.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        item: Option<Name>,
        /// The record that made it undecided.
        about: u64,
        /// What is to become of the step.
        resolution: Resolution,
        /// The reason they gave, in their own words.
        why: String,
    },
    /// A decision about changes that a rollback could not take back.
    Settle {
        /// The step's full id: `step`, or `caller.step` inside another runbook.
        step: Name,
        /// The item, if one is meant.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        item: Option<Name>,
        /// The change's number, if one is meant.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        change: Option<u64>,
        /// What is to become of the changes.
        settlement: Settlement,
        /// The reason they gave, in their own words.
        why: String,
    },
    /// Take the whole run back.
    Undo {},
}

impl Message {
    /// What the engine is told. Only the owner of a run decides about the run as such.
    fn said_by(self, by: Person, owner: u32) -> Input {
        let may = by.uid() == Some(owner);
        match self {
            Self::Approve { question, evidence } => Input::Approve {
                question,
                by,
                evidence,
            },
            Self::Decline { question, why } => Input::Decline { question, by, why },
            Self::Resolve { .. } | Self::Settle { .. } | Self::Undo {} if !may => Input::Ignore {
                by,
                said: match self {
                    Self::Undo {} => "undo".to_owned(),
                    _ => "resolve".to_owned(),
                },
                why: format!("only the run's owner, {}, may", user::name_of(owner)),
            },
            Self::Resolve {
                step,
                item,
                about,
                resolution,
                why,
            } => Input::Resolve {
                step,
                item,
                about,
                resolution,
                by,
                why,
            },
            Self::Settle {
                step,
                item,
                change,
                settlement,
                why,
            } => Input::Settle {
                step,
                item,
                change,
                settlement,
                by,
                why,
            },
            Self::Undo {} => Input::Undo { by },
        }
    }
}

/// A message as it lies in the folder.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Letter {
    /// What is said.
    #[serde(flatten)]
    pub message: Message,
    /// The signature of an approver's key, where the file's owner does not say who it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<String>,
}

impl From<Message> for Letter {
    fn from(message: Message) -> Self {
        Self {
            message,
            signature: None,
        }
    }
}

/// The folder of answers to a run.
#[derive(Debug)]
pub struct Inbox {
    path: PathBuf,
    /// The files that were handed to the engine by this process.
    handed: BTreeSet<String>,
}

impl Inbox {
    /// The inbox in a run's folder.
    pub(super) fn new(folder: &Path) -> Self {
        Self {
            path: folder.join("inbox"),
            handed: BTreeSet::new(),
        }
    }

    /// Makes the folder: its owner's alone, or writable by a group whose members cannot take each
    /// other's answers away.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn make(&self, group: Option<u32>) -> Result<(), JournalError> {
        let failed = |error| JournalError::from_io(&self.path, error);
        match fs::DirBuilder::new().mode(0o700).create(&self.path) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            made => made.map_err(failed)?,
        }
        if let Some(group) = group {
            share(&self.path, group, 0o3770).map_err(failed)?;
        }
        Ok(())
    }

    /// Leaves a letter; it survives the machine once this returns its name.
    ///
    /// # Errors
    /// When the folder cannot be written: the run belongs to somebody else, and its inbox to no group
    /// of this user.
    pub fn leave(&self, letter: &Letter) -> Result<String, JournalError> {
        let failed = |error| JournalError::from_io(&self.path, error);
        let text = serde_json::to_string(letter)
            .map_err(|source| JournalError::Unwritable { seq: 0, source })?;
        let name = new_name().map_err(failed)?;
        // Names that begin with a dot are not looked at: the file is whole when it gets its own.
        let partial = self.path.join(format!(".{name}"));
        // Where several people answer, the driver reads it by the folder's group, whatever the umask is.
        let folder = fs::metadata(&self.path).map_err(failed)?;
        let mode = match folder.mode() & 0o070 {
            0 => 0o600,
            _ => 0o640,
        };
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(mode)
            .open(&partial)
            .map_err(failed)?;
        file.set_permissions(fs::Permissions::from_mode(mode))
            .map_err(failed)?;
        file.write_all(text.as_bytes()).map_err(failed)?;
        file.sync_all().map_err(failed)?;
        fs::rename(&partial, self.path.join(&name)).map_err(failed)?;
        File::open(&self.path)
            .and_then(|folder| folder.sync_all())
            .map_err(failed)?;
        Ok(name)
    }

    /// Whether the driver has acted upon a letter.
    pub fn is_taken(&self, name: &str) -> bool {
        fs::symlink_metadata(self.path.join(name)).is_err()
    }

    /// What was left since the last look, as the engine is told it; oldest first by name.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn take(&mut self, run: &Run) -> Result<Vec<Input>, JournalError> {
        let failed = |error| JournalError::from_io(&self.path, error);
        let folder = match fs::read_dir(&self.path) {
            // A run of before there were inboxes, or one whose folder was cleared.
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            folder => folder.map_err(failed)?,
        };
        let owner = fs::metadata(&self.path).map_err(failed)?.uid();
        // A name that is no text is known by what can be shown of it.
        let mut names: BTreeMap<String, OsString> = folder
            .take(NAMES_MAX)
            .filter_map(|entry| Some(entry.ok()?.file_name()))
            .map(|name| (name.to_string_lossy().into_owned(), name))
            .filter(|(shown, _)| !shown.starts_with('.') && !self.handed.contains(shown))
            .collect();
        let mut inputs = Vec::new();
        for _ in 0..FILES_MAX {
            let Some((shown, name)) = names.pop_first() else {
                break;
            };
            if run.has_read(&shown) {
                self.remove(&shown);
            } else {
                let path = self.path.join(name);
                inputs.extend(self.read(&path, &shown, owner, run));
            }
            self.handed.insert(shown);
        }
        Ok(inputs)
    }

    /// Takes a file away whose words are recorded.
    pub fn remove(&self, name: &str) {
        // What stays is not acted upon again, because the record names it.
        let _ = fs::remove_file(self.path.join(name));
    }

    fn read(&self, path: &Path, name: &str, owner: u32, run: &Run) -> Option<Input> {
        let (uid, text) = match open(path) {
            Ok(read) => read,
            Err(Refused::Gone) => return None,
            Err(Refused::Unsound(uid, why)) => return Some(rubbish(name, uid, why)),
        };
        let Letter { message, signature } = match serde_json::from_str(&text) {
            Ok(letter) => letter,
            Err(error) => return Some(rubbish(name, uid, format!("it is no answer: {error}"))),
        };
        let by = match signature {
            None => sender(uid, name),
            Some(signature) => match signer(&message, &signature, name, run) {
                Ok(by) => by,
                Err(why) => return Some(rubbish(name, uid, why)),
            },
        };
        Some(message.said_by(by, owner))
    }
}

/// Gives a folder to a group.
pub(super) fn share(path: &Path, group: u32, mode: u32) -> std::io::Result<()> {
    std::os::unix::fs::chown(path, None, Some(group))?;
    fs::set_permissions(path, fs::Permissions::from_mode(mode))
}

/// Why a file was not read.
enum Refused {
    /// It is not there any more.
    Gone,
    /// It is no answer, of this user, for a reason.
    Unsound(u32, String),
}

/// The owner and the text of a file that may be an answer.
fn open(path: &Path) -> Result<(u32, String), Refused> {
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let opened = OpenOptions::new()
        .read(true)
        .custom_flags(flags.bits().cast_signed())
        .open(path);
    let file = match opened {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Err(Refused::Gone),
        Err(error) => {
            // The owner of a link is who left it.
            let uid = fs::symlink_metadata(path).map_or(0, |data| data.uid());
            return Err(Refused::Unsound(
                uid,
                format!("it cannot be opened: {error}"),
            ));
        }
    };
    let Ok(data) = file.metadata() else {
        return Err(Refused::Gone);
    };
    let unsound = |why: &str| Err(Refused::Unsound(data.uid(), why.to_owned()));
    if !data.is_file() {
        return unsound("it is no plain file");
    }
    // Another name of somebody's file would speak with their voice.
    if data.nlink() > 1 {
        return unsound("it has more than one name");
    }
    if data.len() > BYTES_MAX {
        return unsound("it is larger than 64 KiB");
    }
    let mut text = String::new();
    match file.take(BYTES_MAX).read_to_string(&mut text) {
        Ok(_) => Ok((data.uid(), text)),
        Err(error) => unsound(&format!("it cannot be read: {error}")),
    }
}

fn sender(uid: u32, name: &str) -> Person {
    Person {
        name: user::name_of(uid),
        known: Known::Letter {
            uid,
            id: name.to_owned(),
        },
    }
}

/// Whose key signed an answer. Whose file it is says nothing then.
fn signer(message: &Message, signature: &str, name: &str, run: &Run) -> Result<Person, String> {
    let (Message::Approve { question, .. } | Message::Decline { question, .. }) = message else {
        return Err("only an answer to a question is signed".to_owned());
    };
    let Some(asked) = run.question(*question) else {
        return Err("the run has asked no such question".to_owned());
    };
    let digest = signed::digest(*question, &asked.approval);
    let statement =
        Statement::new(run.id(), &digest, message).map_err(|error| error.to_string())?;
    let key = statement.signer(signature)?;
    let approver = asked.approval.approver_with(&key).unwrap_or(&key);
    Ok(Person {
        name: approver::name(approver),
        known: Known::Key {
            key,
            id: name.to_owned(),
        },
    })
}

fn rubbish(name: &str, uid: u32, why: String) -> Input {
    Input::Ignore {
        by: sender(uid, name),
        said: format!("the file `{name}` in the inbox"),
        why,
    }
}

/// A name that sorts by time and that nobody else has.
fn new_name() -> std::io::Result<String> {
    let mut random = [0; 8];
    getrandom::fill(&mut random).map_err(std::io::Error::other)?;
    let random = hex::encode(&random);
    let now = jiff::Timestamp::now().as_millisecond();
    Ok(format!("{now:013}-{random}.json"))
}

#[cfg(test)]
#[path = "inbox_tests.rs"]
mod tests;
