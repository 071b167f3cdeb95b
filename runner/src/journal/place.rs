//! Where a journal may lie: on a disk of this machine, in a folder of whoever drives the run.
//!
//! Both are asked of Linux's `/proc`; elsewhere nothing is known and nothing refused.

use std::path::{Path, PathBuf};

use super::JournalError;
use crate::user::{current_uid, owner_of};

/// File systems of other machines. Their locks and flushes are not those of a disk: two drivers could think that they
/// hold the same run, and what was flushed could be gone.
const ELSEWHERE: [&str; 10] = [
    "nfs",
    "nfs4",
    "cifs",
    "smb3",
    "smbfs",
    "afs",
    "ceph",
    "lustre",
    "glusterfs",
    "sshfs",
];

/// Refuses a folder on another machine's disk.
pub(super) fn refuse_network(folder: &Path) -> Result<(), JournalError> {
    let mounts = std::fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
    let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    match kind_of(&mounts, &folder) {
        Some(kind) if ELSEWHERE.contains(&kind.rsplit('.').next().unwrap_or(kind)) => {
            Err(JournalError::Elsewhere {
                path: folder,
                kind: kind.to_owned(),
            })
        }
        _ => Ok(()),
    }
}

/// The kind of file system that a folder lies on.
fn kind_of<'a>(mounts: &'a str, folder: &Path) -> Option<&'a str> {
    let mount = |line: &'a str| {
        let (place, kind) = line.split_once(" - ")?;
        let place = unescaped(place.split(' ').nth(4)?);
        Some((place, kind.split(' ').next()?))
    };
    let holding = mounts.lines().filter_map(mount);
    // Of several at one place the last one hides the others.
    holding
        .filter(|(place, _)| folder.starts_with(place))
        .max_by_key(|(place, _)| place.components().count())
        .map(|(_, kind)| kind)
}

/// Spaces and their like are written as `\040`.
fn unescaped(text: &str) -> PathBuf {
    let mut parts = text.split('\\');
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let code = part
            .get(..3)
            .and_then(|code| u8::from_str_radix(code, 8).ok());
        match code {
            Some(code) => {
                plain.push(char::from(code));
                plain.push_str(&part[3..]);
            }
            None => {
                plain.push('\\');
                plain.push_str(part);
            }
        }
    }
    plain.into()
}

/// Refuses a folder that belongs to somebody else: what is written there would not be theirs any more. Root may write
/// everywhere and is refused like everybody.
pub(super) fn refuse_foreign(folder: &Path) -> Result<(), JournalError> {
    match owner_of(folder) {
        Some(owner) if owner != current_uid() => Err(JournalError::NotYours {
            path: folder.to_owned(),
            owner,
        }),
        _ => Ok(()),
    }
}

/// As [`refuse_foreign`] where a new run is made, which only root can do in a folder that nobody opened to it.
pub(super) fn refuse_foreign_to_root(folder: &Path) -> Result<(), JournalError> {
    match current_uid() {
        0 => refuse_foreign(folder),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOUNTS: &str = "\
22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
30 22 0:40 / /home rw,relatime shared:9 - nfs4 files:/home rw,vers=4.2
31 30 0:41 / /home/ana/lo\\040cal rw - xfs /dev/vdb rw
32 22 0:42 / /mnt/far rw - fuse.sshfs far: rw";

    #[test]
    fn the_innermost_mount_tells_what_a_folder_lies_on() {
        let kind = |folder| kind_of(MOUNTS, Path::new(folder)).unwrap();
        assert_eq!(kind("/var/lib/rutter"), "ext4");
        assert_eq!(kind("/home/ana/.local/state"), "nfs4");
        assert_eq!(kind("/home/ana/lo cal/state"), "xfs");
        assert_eq!(kind("/homework"), "ext4");
        assert_eq!(kind("/mnt/far/x"), "fuse.sshfs");
        assert_eq!(kind_of("", Path::new("/")), None);
    }

    #[test]
    fn the_disk_of_this_test_is_not_refused() {
        let folder = tempfile::tempdir().unwrap();
        refuse_network(folder.path()).unwrap();
        refuse_foreign(folder.path()).unwrap();
    }
}
