//! The secrets that the cloud gave out during a run, sealed on disk until the run ends, so that a
//! crash loses none of them: some are shown only once.
//!
//! One file, written whole each time (write beside, sync, rename, sync the folder). The key lies in a
//! file of its own that only its owner may read; keep the two in different folders, so that a copy of
//! a run's folder gives nothing away.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::text::SecretText;
use crate::modes;

const MAGIC: &[u8] = b"rutter-vault 1\n";
const NONCE_BYTES: usize = 24;
const KEY_BYTES: usize = 32;

/// Why a vault could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// The operating system refused.
    #[error("`{}` could not be {what}", path.display())]
    Io {
        /// The sealed file, or the file of its key.
        path: PathBuf,
        /// What was tried: `read`, `written`, `removed`.
        what: &'static str,
        /// What the system says.
        source: io::Error,
    },
    /// The sealed file is not what was written, or the key is another run's.
    #[error("the sealed secrets in `{}` are damaged, or `{}` is not their key", path.display(), key.display())]
    Damaged {
        /// The sealed file.
        path: PathBuf,
        /// The key file.
        key: PathBuf,
    },
    /// There are sealed secrets and no key.
    #[error("the key `{}` of the sealed secrets in `{}` is gone", key.display(), path.display())]
    KeyMissing {
        /// The sealed file.
        path: PathBuf,
        /// The key file.
        key: PathBuf,
    },
    /// The operating system has no random numbers.
    #[error("the system gives no random numbers: {0}")]
    Random(String),
}

/// One sealed secret.
pub(super) struct SealedSecret {
    pub(super) placeholder: String,
    pub(super) path: String,
    pub(super) value: SecretText,
}

#[derive(Serialize)]
struct PlainEntry<'a> {
    placeholder: &'a str,
    path: &'a str,
    value: &'a str,
}

#[derive(Deserialize)]
struct ReadEntry {
    placeholder: String,
    path: String,
    value: SecretText,
}

/// The sealed file of one run and its key.
#[derive(Debug)]
pub struct Vault {
    run: String,
    sealed: PathBuf,
    key: PathBuf,
}

impl Vault {
    /// Names the two files of a run's vault; nothing is created before the first secret is sealed.
    pub fn new(
        run: impl Into<String>,
        sealed: impl Into<PathBuf>,
        key: impl Into<PathBuf>,
    ) -> Self {
        Self {
            run: run.into(),
            sealed: sealed.into(),
            key: key.into(),
        }
    }

    /// The vault of a run under the state folder: `runs/RUN/secrets.sealed`, its key `keys/RUN.key`.
    pub fn of_run(state_dir: &Path, run: &str) -> Self {
        Self::new(
            run,
            state_dir.join("runs").join(run).join("secrets.sealed"),
            state_dir.join("keys").join(format!("{run}.key")),
        )
    }

    /// Reads everything that was sealed; nothing when there is no file.
    pub(super) fn unseal(&self) -> Result<Vec<SealedSecret>, VaultError> {
        let sealed = match fs::read(&self.sealed) {
            Ok(bytes) => bytes,
            Err(error) if is_none(&error) => return Ok(Vec::new()),
            Err(error) => return Err(self.io(&self.sealed, "read", error)),
        };
        let key = self.read_key()?.ok_or_else(|| VaultError::KeyMissing {
            path: self.sealed.clone(),
            key: self.key.clone(),
        })?;
        self.open(&sealed, &key).ok_or_else(|| VaultError::Damaged {
            path: self.sealed.clone(),
            key: self.key.clone(),
        })
    }

    fn open(&self, sealed: &[u8], key: &[u8]) -> Option<Vec<SealedSecret>> {
        let rest = sealed.strip_prefix(MAGIC)?;
        let (nonce, text) = rest.split_first_chunk::<NONCE_BYTES>()?;
        let cipher = XChaCha20Poly1305::new_from_slice(key).ok()?;
        let payload = Payload {
            msg: text,
            aad: self.run.as_bytes(),
        };
        let plain = Zeroizing::new(cipher.decrypt(&XNonce::from(*nonce), payload).ok()?);
        let entries: Vec<ReadEntry> = serde_json::from_slice(&plain).ok()?;
        let entries = entries.into_iter().map(|entry| SealedSecret {
            placeholder: entry.placeholder,
            path: entry.path,
            value: entry.value,
        });
        Some(entries.collect())
    }

    /// Seals these secrets in place of what was sealed before; synced when it returns.
    pub(super) fn seal<'a>(
        &self,
        entries: impl Iterator<Item = (&'a str, &'a str, &'a SecretText)>,
    ) -> Result<(), VaultError> {
        let entries: Vec<_> = entries
            .map(|(placeholder, path, value)| PlainEntry {
                placeholder,
                path,
                value: value.expose(),
            })
            .collect();
        let plain =
            Zeroizing::new(serde_json::to_vec(&entries).expect("texts always have a JSON form"));
        let key = match self.read_key()? {
            Some(key) => key,
            None => self.create_key()?,
        };
        let nonce: [u8; NONCE_BYTES] = random()?;
        let cipher = XChaCha20Poly1305::new_from_slice(&key).map_err(|_| self.damaged())?;
        let payload = Payload {
            msg: &plain,
            aad: self.run.as_bytes(),
        };
        let text = cipher
            .encrypt(&XNonce::from(nonce), payload)
            .map_err(|_| self.damaged())?;
        let sealed = [MAGIC, &nonce, &text].concat();
        self.replace(&self.sealed, &sealed)
    }

    /// Removes sealed file and key, the sealed file first: a kill in between leaves a key to nothing, and a run that
    /// can still be taken up and taken back. The other way round it would leave secrets that nobody can read.
    ///
    /// # Errors
    /// When one of them is there and cannot be removed.
    pub fn remove(&self) -> Result<(), VaultError> {
        for path in [&self.sealed, &self.key] {
            match fs::remove_file(path) {
                // The first is gone for certain before the second goes.
                Ok(()) => self.sync_folder(path)?,
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(self.io(path, "removed", error)),
            }
        }
        Ok(())
    }

    fn read_key(&self) -> Result<Option<Zeroizing<Vec<u8>>>, VaultError> {
        let mut key = Zeroizing::new(Vec::with_capacity(KEY_BYTES));
        match File::open(&self.key).and_then(|mut file| file.read_to_end(&mut key)) {
            Ok(KEY_BYTES) => Ok(Some(key)),
            Ok(_) => Err(self.damaged()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(self.io(&self.key, "read", error)),
        }
    }

    fn create_key(&self) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        let key = Zeroizing::new(random::<KEY_BYTES>()?.to_vec());
        self.replace(&self.key, &key)?;
        Ok(key)
    }

    /// Puts a file in place whole, readable by its owner alone.
    fn replace(&self, path: &Path, content: &[u8]) -> Result<(), VaultError> {
        let write = || -> io::Result<()> {
            if let Some(folder) = path.parent() {
                modes::create_private(folder)?;
                // The name of a folder that was just made lies in the one above it.
                if let Some(above) = folder.parent() {
                    File::open(above).and_then(|above| above.sync_all())?;
                }
            }
            let beside = path.with_extension("new");
            let mut file = private_file(&beside)?;
            file.write_all(content)?;
            file.sync_all()?;
            fs::rename(&beside, path)
        };
        write().map_err(|error| self.io(path, "written", error))?;
        self.sync_folder(path)
    }

    fn sync_folder(&self, path: &Path) -> Result<(), VaultError> {
        let Some(folder) = path.parent() else {
            return Ok(());
        };
        File::open(folder)
            .and_then(|folder| folder.sync_all())
            .map_err(|error| self.io(folder, "written", error))
    }

    fn io(&self, path: &Path, what: &'static str, source: io::Error) -> VaultError {
        VaultError::Io {
            path: path.to_owned(),
            what,
            source,
        }
    }

    fn damaged(&self) -> VaultError {
        VaultError::Damaged {
            path: self.sealed.clone(),
            key: self.key.clone(),
        }
    }
}

pub(super) fn random<const N: usize>() -> Result<[u8; N], VaultError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| VaultError::Random(error.to_string()))?;
    Ok(bytes)
}

#[cfg(unix)]
fn private_file(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt as _;
    // A file left by a crash may have other rights: those of a new one are set when it is made.
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
}

#[cfg(not(unix))]
fn private_file(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .open(path)
}

/// There is no such file, and where a file stands in its folder's place there can be none.
fn is_none(error: &io::Error) -> bool {
    use io::ErrorKind::{NotADirectory, NotFound};
    matches!(error.kind(), NotFound | NotADirectory)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries(vault: &Vault) -> Vec<(String, String)> {
        let entries = vault.unseal().unwrap().into_iter();
        entries
            .map(|entry| (entry.placeholder, entry.value.expose().to_owned()))
            .collect()
    }

    fn seal_one(vault: &Vault) {
        let value = SecretText::new("a-code-shown-once");
        vault.seal([("p", "a/b", &value)].into_iter()).unwrap();
    }

    #[test]
    fn sealed_secrets_come_back_and_the_file_does_not_show_them() {
        let folder = tempfile::tempdir().unwrap();
        let vault = Vault::of_run(folder.path(), "r1");
        assert!(entries(&vault).is_empty());
        seal_one(&vault);
        assert_eq!(
            entries(&vault),
            [("p".to_owned(), "a-code-shown-once".to_owned())]
        );
        let bytes = fs::read(folder.path().join("runs/r1/secrets.sealed")).unwrap();
        assert!(!bytes.windows(4).any(|window| window == b"code"));
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_may_read_key_and_sealed_file() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        seal_one(&Vault::of_run(folder.path(), "r1"));
        for path in ["keys/r1.key", "runs/r1/secrets.sealed"] {
            let mode = fs::metadata(folder.path().join(path))
                .unwrap()
                .permissions();
            assert_eq!(mode.mode() & 0o777, 0o600, "{path}");
        }
    }

    #[test]
    fn a_damaged_file_a_missing_key_and_a_foreign_run_are_each_said() {
        let folder = tempfile::tempdir().unwrap();
        let vault = Vault::of_run(folder.path(), "r1");
        seal_one(&vault);
        let foreign = Vault::new("r2", &vault.sealed, &vault.key);
        assert!(matches!(foreign.unseal(), Err(VaultError::Damaged { .. })));

        let good = fs::read(&vault.sealed).unwrap();
        for cut in [0, MAGIC.len(), good.len() - 1] {
            fs::write(&vault.sealed, &good[..cut]).unwrap();
            assert!(matches!(vault.unseal(), Err(VaultError::Damaged { .. })));
        }
        fs::remove_file(&vault.key).unwrap();
        assert!(matches!(vault.unseal(), Err(VaultError::KeyMissing { .. })));
    }

    #[test]
    fn a_removal_that_is_killed_leaves_a_run_that_can_be_taken_up() {
        let folder = tempfile::tempdir().unwrap();
        let vault = Vault::of_run(folder.path(), "r1");
        seal_one(&vault);
        // Killed before the key goes: the folder of keys cannot be written.
        let keys = folder.path().join("keys");
        let aside = folder.path().join("aside");
        fs::rename(&keys, &aside).unwrap();
        fs::write(&keys, "no folder").unwrap();
        vault.remove().unwrap_err();
        fs::remove_file(&keys).unwrap();
        fs::rename(&aside, &keys).unwrap();
        assert!(vault.key.exists(), "the key goes last");
        assert!(entries(&vault).is_empty());
        seal_one(&vault);
        assert_eq!(entries(&vault).len(), 1);
        vault.remove().unwrap();
        assert!(!vault.key.exists());
    }

    #[test]
    fn removal_leaves_nothing_and_can_be_repeated() {
        let folder = tempfile::tempdir().unwrap();
        let vault = Vault::of_run(folder.path(), "r1");
        seal_one(&vault);
        vault.remove().unwrap();
        vault.remove().unwrap();
        assert!(!vault.key.exists() && !vault.sealed.exists());
        assert!(entries(&vault).is_empty());
    }
}
