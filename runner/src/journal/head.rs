//! The head of a journal: how far it reached, kept outside the database.
//!
//! A database that lost its newest records is a sound database: nothing in it tells that there were more. The head
//! does. It lies in a file of its own, written in place behind the records it speaks of, so that it is never ahead of
//! them: a journal may be longer than its head, never shorter.
//!
//! It knows two links. What was *flushed* survives the machine. What was *written* survives the process, and must be
//! there as long as the machine has not been started anew since.
//!
//! The file has two slots with a checksum each. While the run is under way only the second is written, without a
//! sync; where it rests, first the second and then the first is written and synced. So a write that is torn by a crash
//! leaves the other slot whole.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use super::JournalError;
use super::chain::{Digest, Link};

/// The file's name beside the database.
pub(super) const HEAD_FILE: &str = "head";

const MAGIC: &[u8; 16] = b"rutter head 1\n\0\0";
/// A sector, or a page of a disk that has large ones: a write to one slot cannot harm the other.
const SLOT_BYTES: usize = 4096;
const LINK_BYTES: usize = 8 + 32;
const TEXT_BYTES: usize = 16 + 2 * LINK_BYTES + 16;
const USED_BYTES: usize = TEXT_BYTES + 32;

/// The slot that is written where the run rests, and the one that is written under way.
const RESTING: u64 = 0;
const UNDER_WAY: u64 = SLOT_BYTES as u64;

/// One start of the machine.
type Boot = [u8; 16];

/// How far a journal reached.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Head {
    /// The newest record that survives the machine.
    pub flushed: Link,
    /// The newest record that survives the process.
    pub written: Link,
    /// The start of the machine in which that was written; zeros where the system does not tell.
    boot: Boot,
}

impl Head {
    /// The link that the journal must have reached.
    pub fn reached(&self) -> Link {
        self.reached_in(this_boot())
    }

    fn reached_in(&self, boot: Boot) -> Link {
        let same = boot == self.boot && boot != Boot::default();
        if same && self.written.seq > self.flushed.seq {
            self.written
        } else {
            self.flushed
        }
    }

    fn to_bytes(self) -> [u8; USED_BYTES] {
        let mut bytes = [0; USED_BYTES];
        let (text, sum) = bytes.split_at_mut(TEXT_BYTES);
        let (magic, rest) = text.split_at_mut(MAGIC.len());
        magic.copy_from_slice(MAGIC);
        let (flushed, rest) = rest.split_at_mut(LINK_BYTES);
        let (written, boot) = rest.split_at_mut(LINK_BYTES);
        put_link(flushed, &self.flushed);
        put_link(written, &self.written);
        boot.copy_from_slice(&self.boot);
        sum.copy_from_slice(&Sha256::digest(&*text));
        bytes
    }

    fn from_bytes(slot: &[u8]) -> Option<Self> {
        let (text, rest) = slot.split_at_checked(TEXT_BYTES)?;
        let (sum, _) = rest.split_at_checked(32)?;
        if Sha256::digest(text)[..] != *sum {
            return None;
        }
        let rest = text.strip_prefix(MAGIC)?;
        let (flushed, rest) = rest.split_at_checked(LINK_BYTES)?;
        let (written, boot) = rest.split_at_checked(LINK_BYTES)?;
        Some(Self {
            flushed: get_link(flushed)?,
            written: get_link(written)?,
            boot: boot.try_into().ok()?,
        })
    }
}

fn put_link(bytes: &mut [u8], link: &Link) {
    let (seq, digest) = bytes.split_at_mut(8);
    seq.copy_from_slice(&link.seq.to_le_bytes());
    digest.copy_from_slice(&link.digest);
}

fn get_link(bytes: &[u8]) -> Option<Link> {
    let (seq, digest) = bytes.split_first_chunk::<8>()?;
    Some(Link {
        seq: u64::from_le_bytes(*seq),
        digest: Digest::try_from(digest).ok()?,
    })
}

/// What the head's file says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// This.
    Head(Head),
    /// There is no file.
    Missing,
    /// Neither slot is what was written.
    Damaged,
}

/// Reads the head. A slot that is not what was written, torn by a crash or altered, is passed over as long as the other
/// one is whole: that one is never ahead of the journal, and the chain decides about what follows it.
pub(super) fn read(path: &Path) -> Result<Found, JournalError> {
    let bytes = match std::fs::read(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Found::Missing),
        bytes => bytes.map_err(|error| JournalError::from_reading(path, error))?,
    };
    let slots = [bytes.get(..SLOT_BYTES), bytes.get(SLOT_BYTES..)];
    let heads = slots.into_iter().flatten().filter_map(Head::from_bytes);
    let newest = heads.max_by_key(|head| (head.flushed.seq, head.written.seq));
    Ok(newest.map_or(Found::Damaged, Found::Head))
}

/// The head's file of a run that is driven.
pub(super) struct HeadFile {
    path: PathBuf,
    file: File,
    head: Head,
    /// Writes nothing: to measure what writing costs.
    #[cfg(test)]
    pub muted: bool,
}

impl HeadFile {
    /// The head of a journal that begins; in place whole, or not at all.
    pub fn create(path: &Path) -> Result<Self, JournalError> {
        let write = || -> io::Result<File> {
            let unfinished = path.with_extension("unfinished");
            let mut file = File::create(&unfinished)?;
            let mut slot = [0; SLOT_BYTES];
            slot[..USED_BYTES].copy_from_slice(&Head::default().to_bytes());
            file.write_all(&slot)?;
            file.write_all(&slot)?;
            file.sync_all()?;
            std::fs::rename(&unfinished, path)?;
            Ok(file)
        };
        let file = write().map_err(|error| JournalError::from_io(path, error))?;
        Ok(Self {
            path: path.to_owned(),
            file,
            head: Head::default(),
            #[cfg(test)]
            muted: false,
        })
    }

    /// The head of a journal that was looked at, is sound, and ends with `link`.
    pub fn open(path: &Path, head: Head, link: Link) -> Result<Self, JournalError> {
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .open(path)
            .map_err(|error| JournalError::from_io(path, error))?;
        Ok(Self {
            path: path.to_owned(),
            file,
            // What was written before the machine was started anew may be gone.
            head: Head {
                written: link,
                ..head
            },
            #[cfg(test)]
            muted: false,
        })
    }

    /// The newest record that survives the machine.
    pub fn flushed(&self) -> Link {
        self.head.flushed
    }

    /// These records survive the process.
    pub fn set_written(&mut self, link: Link) -> io::Result<()> {
        self.put(Head {
            written: link,
            boot: this_boot(),
            ..self.head
        })
    }

    /// These records survive the machine.
    pub fn set_flushed(&mut self, link: Link) -> io::Result<()> {
        if link.seq <= self.head.flushed.seq {
            return Ok(());
        }
        let written = match self.head.written.seq > link.seq {
            true => self.head.written,
            false => link,
        };
        self.put(Head {
            flushed: link,
            written,
            boot: this_boot(),
        })
    }

    /// These records survive the machine, and the run rests: so does the head.
    pub fn rest(&mut self, link: Link) -> io::Result<()> {
        self.set_flushed(link)?;
        self.file.sync_data()?;
        write_at(&self.file, RESTING, &self.head.to_bytes())?;
        self.file.sync_data()
    }

    fn put(&mut self, head: Head) -> io::Result<()> {
        #[cfg(test)]
        if self.muted {
            self.head = head;
            return Ok(());
        }
        write_at(&self.file, UNDER_WAY, &head.to_bytes())?;
        self.head = head;
        Ok(())
    }

    /// Names the file in an error.
    pub fn failed(&self, error: io::Error) -> JournalError {
        JournalError::from_io(&self.path, error)
    }
}

#[cfg(unix)]
fn write_at(file: &File, place: u64, bytes: &[u8]) -> io::Result<()> {
    std::os::unix::fs::FileExt::write_all_at(file, bytes, place)
}

#[cfg(not(unix))]
fn write_at(mut file: &File, place: u64, bytes: &[u8]) -> io::Result<()> {
    use io::Seek as _;
    file.seek(io::SeekFrom::Start(place))?;
    file.write_all(bytes)
}

/// What tells this start of the machine from the ones before.
fn this_boot() -> Boot {
    use std::sync::OnceLock;
    static BOOT: OnceLock<Boot> = OnceLock::new();
    *BOOT.get_or_init(|| {
        let text = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
        let digits: String = text.chars().filter(char::is_ascii_hexdigit).collect();
        u128::from_str_radix(&digits, 16).map_or(Boot::default(), u128::to_be_bytes)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link(seq: u64) -> Link {
        Link {
            seq,
            digest: [u8::try_from(seq).unwrap(); 32],
        }
    }

    fn found(path: &Path) -> Head {
        match read(path).unwrap() {
            Found::Head(head) => head,
            other => panic!("{other:?}"),
        }
    }

    fn flip(path: &Path, place: usize) {
        let mut bytes = std::fs::read(path).unwrap();
        bytes[place] ^= 1;
        std::fs::write(path, bytes).unwrap();
    }

    #[test]
    fn a_slot_that_was_torn_leaves_the_other_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(HEAD_FILE);
        let mut file = HeadFile::create(&path).unwrap();
        file.rest(link(3)).unwrap();
        file.set_flushed(link(5)).unwrap();
        assert_eq!(found(&path).flushed, link(5));
        flip(&path, SLOT_BYTES + 30);
        assert_eq!(found(&path).flushed, link(3));
        flip(&path, 30);
        assert_eq!(read(&path).unwrap(), Found::Damaged);
    }

    #[test]
    fn where_a_run_rests_either_slot_says_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(HEAD_FILE);
        let mut file = HeadFile::create(&path).unwrap();
        file.set_flushed(link(2)).unwrap();
        file.rest(link(4)).unwrap();
        for place in [30, SLOT_BYTES + 30] {
            flip(&path, place);
            assert_eq!(found(&path).reached(), link(4));
            flip(&path, place);
        }
    }

    #[test]
    fn what_was_only_written_is_demanded_until_the_machine_is_started_anew() {
        let head = Head {
            flushed: link(2),
            written: link(4),
            boot: [7; 16],
        };
        assert_eq!(head.reached_in([7; 16]), link(4));
        assert_eq!(head.reached_in([8; 16]), link(2));
        let unknown = Head {
            boot: Boot::default(),
            ..head
        };
        assert_eq!(unknown.reached_in(Boot::default()), link(2));
    }

    #[test]
    fn the_head_never_goes_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(HEAD_FILE);
        let mut file = HeadFile::create(&path).unwrap();
        file.set_flushed(link(5)).unwrap();
        file.set_flushed(link(4)).unwrap();
        assert_eq!(found(&path).flushed, link(5));
    }
}
