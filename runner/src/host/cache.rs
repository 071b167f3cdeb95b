//! Machine code of components by digest, so that a warm start compiles nothing.
//!
//! An entry is the code behind a checksum of it; whatever does not match its checksum is treated as
//! absent and written anew. The checksum guards against accidents, not against somebody who may
//! write to the folder: it is the operator's own and readable by nobody else.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

const CHECKSUM_LENGTH: usize = 32;

/// A folder of compiled code.
#[derive(Clone, Debug)]
pub(super) struct Cache {
    folder: PathBuf,
}

impl Cache {
    /// Opens the folder and creates it when needed.
    pub(super) fn open(folder: &Path) -> io::Result<Self> {
        create_private(folder)?;
        Ok(Self {
            folder: folder.to_owned(),
        })
    }

    /// Returns the code stored under `key`; `None` when there is none or it is damaged.
    pub(super) fn read(&self, key: &str) -> Option<Vec<u8>> {
        let mut bytes = fs::read(self.path(key)).ok()?;
        let code_length = bytes.len().checked_sub(CHECKSUM_LENGTH)?;
        let checksum = bytes.split_off(code_length);
        let intact = Sha256::digest(&bytes)[..] == checksum[..];
        intact.then_some(bytes)
    }

    /// Stores code under `key`: whole or not at all, also when several processes do so at once.
    pub(super) fn write(&self, key: &str, code: &[u8]) -> io::Result<()> {
        let mut random = [0; 8];
        getrandom::fill(&mut random).map_err(io::Error::other)?;
        let temporary = self
            .folder
            .join(format!(".{key}.{:016x}", u64::from_le_bytes(random)));
        let written =
            write_file(&temporary, code).and_then(|()| fs::rename(&temporary, self.path(key)));
        if written.is_err() {
            // Nothing depends on the leftover; the error that matters is the first.
            let _ = fs::remove_file(&temporary);
        }
        written
    }

    fn path(&self, key: &str) -> PathBuf {
        self.folder.join(format!("{key}.code"))
    }
}

fn write_file(path: &Path, code: &[u8]) -> io::Result<()> {
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(path)?;
    file.write_all(code)?;
    file.write_all(&Sha256::digest(code))
}

fn create_private(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read_and_a_damaged_entry_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::open(&folder.path().join("code")).unwrap();
        assert_eq!(cache.read("k"), None);
        cache.write("k", b"machine code").unwrap();
        assert_eq!(cache.read("k").as_deref(), Some(&b"machine code"[..]));

        let path = cache.path("k");
        let mut bytes = fs::read(&path).unwrap();
        bytes[3] ^= 1;
        fs::write(&path, &bytes).unwrap();
        assert_eq!(cache.read("k"), None);
        fs::write(&path, b"short").unwrap();
        assert_eq!(cache.read("k"), None);

        cache.write("k", b"again").unwrap();
        assert_eq!(cache.read("k").as_deref(), Some(&b"again"[..]));
        assert_eq!(fs::read_dir(folder.path().join("code")).unwrap().count(), 1);
    }
}
