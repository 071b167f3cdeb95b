//! Secrets, which a plugin can pass on and never see.

use std::fmt;

/// A secret. What the guest holds is a placeholder, no valid value anywhere; the host puts the real
/// one into the parameters of a call when it sends it. Hand it over as it is: a placeholder that was
/// encoded or put together with other text is not recognised.
#[derive(Clone, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct Secret(pub(crate) String);

impl Secret {
    /// Returns the placeholder, to be a parameter or a part of one.
    pub fn placeholder(&self) -> &str {
        &self.0
    }
}

impl From<String> for Secret {
    /// Takes a placeholder out of an answer.
    fn from(placeholder: String) -> Self {
        Self(placeholder)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}
