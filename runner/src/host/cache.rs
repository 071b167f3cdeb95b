//! Machine code of components by digest, so that a warm start compiles nothing.
//!
//! Kept code is run as it is, so that whoever can put an entry here runs code as the operator. An entry
//! is therefore the code behind a mark that only this host's key makes, over its name and its content;
//! the key lies in another folder. Folder and entries are the operator's own, written by nobody else
//! and no links. Whatever is otherwise is treated as absent, and compiled anew.

use std::fs::{self, File};
use std::io::{self, Read as _, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use hmac::{Hmac, KeyInit as _, Mac as _};
use rutter_meaning::Rule;
use rutter_meaning::held;
use sha2::Sha256;

use crate::modes;

const MARK_LENGTH: usize = 32;
/// The largest entry that is read: code has some times the size of its component.
const ENTRY_MAX: u64 = 1 << 30;

/// The key that vouches for kept code. It is written nowhere else.
#[derive(Clone)]
pub struct CacheKey([u8; 32]);

/// A folder of compiled code.
#[derive(Clone, Debug)]
pub(super) struct Cache {
    folder: PathBuf,
    key: CacheKey,
}

impl CacheKey {
    /// The key in a file, which is made when there is none.
    ///
    /// # Errors
    /// When it cannot be read or made, or is not the operator's own.
    pub fn at(path: &Path) -> io::Result<Self> {
        let mut key = [0; 32];
        match open_own(path) {
            Ok(mut file) => {
                file.read_exact(&mut key)?;
                return Ok(Self(key));
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        if let Some(folder) = path.parent() {
            modes::create_private(folder)?;
        }
        getrandom::fill(&mut key).map_err(io::Error::other)?;
        let temporary = path.with_extension(format!("{}", std::process::id()));
        write_file(&temporary, &[&key])?;
        // Of two processes that make it at once, one is first and both take that one's.
        let linked = fs::hard_link(&temporary, path);
        fs::remove_file(&temporary)?;
        match linked {
            Ok(()) => Ok(Self(key)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                open_own(path)?.read_exact(&mut key)?;
                Ok(Self(key))
            }
            Err(error) => Err(error),
        }
    }

    fn mark(&self, name: &str, code: &[u8]) -> Hmac<Sha256> {
        let mut mark = Hmac::new_from_slice(&self.0).expect("a key may have any length");
        mark.update(name.as_bytes());
        mark.update(&[0]);
        mark.update(code);
        mark
    }
}

impl std::fmt::Debug for CacheKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("CacheKey")
    }
}

impl Cache {
    /// Opens the folder and creates it when needed.
    pub(super) fn open(folder: &Path, key: CacheKey) -> io::Result<Self> {
        modes::create_private(folder)?;
        let seen = fs::symlink_metadata(folder)?;
        if held::hold(Rule::KeptCode) && !(seen.is_dir() && rutter_files::is_own(&seen)) {
            let what = "it is a link, or another user owns it or may write to it";
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, what));
        }
        Ok(Self {
            folder: folder.to_owned(),
            key,
        })
    }

    /// Returns the code stored under `name`; `None` when there is none, or nobody vouches for it.
    pub(super) fn read(&self, name: &str) -> Option<Vec<u8>> {
        let mut bytes = Vec::new();
        let file = open_own(&self.path(name)).ok()?;
        file.take(ENTRY_MAX).read_to_end(&mut bytes).ok()?;
        let mark = bytes.split_off(bytes.len().checked_sub(MARK_LENGTH)?);
        let vouched = self.key.mark(name, &bytes).verify_slice(&mark).is_ok();
        (vouched || !held::hold(Rule::KeptCode)).then_some(bytes)
    }

    /// Stores code under `name`: whole or not at all, also when several processes do so at once.
    pub(super) fn write(&self, name: &str, code: &[u8]) -> io::Result<()> {
        let mut random = [0; 8];
        getrandom::fill(&mut random).map_err(io::Error::other)?;
        let temporary = self
            .folder
            .join(format!(".{name}.{:016x}", u64::from_le_bytes(random)));
        let mark = self.key.mark(name, code).finalize().into_bytes();
        let written = write_file(&temporary, &[code, &mark])
            .and_then(|()| fs::rename(&temporary, self.path(name)));
        if written.is_err() {
            // Nothing depends on the leftover; the error that matters is the first.
            let _ = fs::remove_file(&temporary);
        }
        written
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}.code"))
    }
}

/// Opens a file that is run, or that says what is run.
fn open_own(path: &Path) -> io::Result<File> {
    match held::hold(Rule::KeptCode) {
        true => rutter_files::open_own(path),
        false => rutter_files::open(path),
    }
}

fn write_file(path: &Path, parts: &[&[u8]]) -> io::Result<()> {
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    parts.iter().try_for_each(|part| file.write_all(part))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    fn cache(folder: &Path) -> Cache {
        let key = CacheKey::at(&folder.join("keys/code.key")).unwrap();
        Cache::open(&folder.join("code"), key).unwrap()
    }

    #[test]
    fn what_was_written_is_read_and_a_damaged_entry_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let cache = cache(folder.path());
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

    #[test]
    fn an_entry_that_this_host_did_not_make_is_not_taken() {
        let folder = tempfile::tempdir().unwrap();
        let own = cache(folder.path());
        let other = CacheKey::at(&folder.path().join("other.key")).unwrap();
        let other = Cache::open(&folder.path().join("code"), other).unwrap();
        other.write("k", b"theirs").unwrap();
        assert_eq!(own.read("k"), None, "another key");

        own.write("a", b"code of a").unwrap();
        fs::copy(own.path("a"), own.path("b")).unwrap();
        assert_eq!(own.read("b"), None, "another name");

        fs::rename(own.path("a"), folder.path().join("moved")).unwrap();
        symlink(folder.path().join("moved"), own.path("a")).unwrap();
        assert_eq!(own.read("a"), None, "a link");

        own.write("c", b"code").unwrap();
        fs::set_permissions(own.path("c"), fs::Permissions::from_mode(0o666)).unwrap();
        assert_eq!(own.read("c"), None, "anybody may write it");
        assert!(cache(folder.path()).read("c").is_none());
    }

    #[test]
    fn a_folder_or_key_that_others_write_is_not_used() {
        let folder = tempfile::tempdir().unwrap();
        let key = cache(folder.path()).key;
        let code = folder.path().join("code");
        fs::set_permissions(&code, fs::Permissions::from_mode(0o777)).unwrap();
        assert!(Cache::open(&code, key.clone()).is_err());
        let link = folder.path().join("link");
        symlink(folder.path().join("keys"), &link).unwrap();
        assert!(Cache::open(&link, key).is_err());
        let path = folder.path().join("keys/code.key");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o660)).unwrap();
        assert!(CacheKey::at(&path).is_err());
    }
}
