//! Who said something, and how that is known.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Who said something.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Person {
    /// The name, for people.
    pub name: String,
    /// How it is known.
    pub known: Known,
}

/// How it is known who said something.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Known {
    /// The process that drives the run belongs to this user.
    Process {
        /// The number of the user by the operating system.
        uid: u32,
    },
    /// The file in the run's inbox that says it belongs to this user.
    Letter {
        /// The number of the user by the operating system.
        uid: u32,
        /// The file's name: what was recorded once is not acted upon again.
        id: String,
    },
    /// The file in the run's inbox that says it is signed by this key, which the question names.
    Key {
        /// The public key as OpenSSH writes it, without its comment.
        key: String,
        /// The file's name: what was recorded once is not acted upon again.
        id: String,
    },
    /// Nobody vouches for it: the runbook itself, a rehearsal.
    Said,
}

impl Person {
    /// The user's number, where the operating system told it.
    pub fn uid(&self) -> Option<u32> {
        match &self.known {
            Known::Process { uid } | Known::Letter { uid, .. } => Some(*uid),
            Known::Key { .. } | Known::Said => None,
        }
    }

    /// The file that said it.
    pub fn letter(&self) -> Option<&str> {
        match &self.known {
            Known::Letter { id, .. } | Known::Key { id, .. } => Some(id),
            Known::Process { .. } | Known::Said => None,
        }
    }

    /// The key that signed it.
    pub fn key(&self) -> Option<&str> {
        match &self.known {
            Known::Key { key, .. } => Some(key),
            Known::Process { .. } | Known::Letter { .. } | Known::Said => None,
        }
    }

    /// Whether both are one person: one user of the system is, whatever names are given, and so is one
    /// key.
    pub fn is(&self, other: &Self) -> bool {
        match (self.uid(), other.uid(), self.key(), other.key()) {
            (Some(one), Some(two), ..) => one == two,
            (None, None, None, None) => self.name == other.name,
            (.., one, two) => one.is_some() && one == two,
        }
    }
}

impl fmt::Display for Person {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.name)
    }
}

impl<T: Into<String>> From<T> for Person {
    /// Somebody nobody vouches for.
    fn from(name: T) -> Self {
        Self {
            name: name.into(),
            known: Known::Said,
        }
    }
}
