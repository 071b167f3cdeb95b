//! A plugin that was read: once, from its file to the sandbox.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rutter_manifest::Manifest;

use super::inspect::{Inspected, PluginError, digest, inspect_as};

/// A plugin as its file has it. Whoever holds one need neither read nor hash it again.
#[derive(Clone, PartialEq)]
pub struct Plugin {
    /// Where it was read from.
    pub path: PathBuf,
    /// Where it comes from.
    pub origin: Origin,
    /// What it says about itself.
    pub inspected: Inspected,
    /// Its bytes; the digest is theirs, whatever becomes of the file.
    pub bytes: Arc<[u8]>,
}

/// Where a plugin comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// It came with this program.
    Shipped,
    /// A run that began with it keeps it.
    Kept,
    /// It was found in another folder of the search path, or named by its file.
    Other,
}

impl Plugin {
    /// Reads what the bytes of a file say about it.
    ///
    /// # Errors
    /// When they are no plugin that could be run here.
    pub fn new(path: PathBuf, bytes: Vec<u8>, origin: Origin) -> Result<Self, PluginError> {
        let digest = digest_of(&path, &bytes);
        Self::verified(path, bytes, origin, digest)
    }

    /// As [`Plugin::new`], where the bytes were held against this digest of theirs already.
    ///
    /// # Errors
    /// As [`Plugin::new`].
    pub fn verified(
        path: PathBuf,
        bytes: Vec<u8>,
        origin: Origin,
        digest: String,
    ) -> Result<Self, PluginError> {
        Ok(Self {
            path,
            origin,
            inspected: inspect_as(&bytes, digest)?,
            bytes: bytes.into(),
        })
    }

    /// Its manifest.
    pub fn manifest(&self) -> &Manifest {
        &self.inspected.manifest
    }

    /// The SHA-256 of its bytes, lower-case hexadecimal.
    pub fn digest(&self) -> &str {
        &self.inspected.digest
    }
}

/// The SHA-256 of a plugin's file, lower-case hexadecimal.
pub fn digest_of(path: &Path, bytes: &[u8]) -> String {
    tracing::debug!(path = %path.display(), "hashed");
    digest(bytes)
}

impl std::fmt::Debug for Plugin {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Plugin")
            .field("manifest", &self.manifest().plugin)
            .field("digest", &self.digest())
            .field("bytes", &self.bytes.len())
            .finish_non_exhaustive()
    }
}
