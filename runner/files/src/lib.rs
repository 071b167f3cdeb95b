//! Files that somebody names: read only where they are plain files, and never more of them than fits.
//!
//! A pipe would hold the program up for ever, a device has no end, and a file of gigabytes takes all memory.

use std::fs::{self, File, Metadata, OpenOptions, Permissions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{
    FileTypeExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _,
};
use std::path::Path;

use rustix::fs::OFlags;
use rutter_meaning::Rule;
use rutter_meaning::held;

/// Bytes of a file that people write: a runbook, inputs, settings, credentials.
pub const TEXT_MAX: u64 = 1024 * 1024;
/// Bytes of a world, which may hold many resources.
pub const WORLD_MAX: u64 = 4 * 1024 * 1024;
/// Bytes of a component: a bundled interpreter has some tens of megabytes.
pub const COMPONENT_MAX: u64 = 64 * 1024 * 1024;

/// What some editors write before a text in UTF-8: the character U+FEFF.
pub const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// Opens a plain file.
///
/// # Errors
/// When it cannot be opened, or is something else.
pub fn open(path: &Path) -> io::Result<File> {
    tracing::debug!(path = %path.display(), "opened");
    match held::hold(Rule::PlainFiles) {
        true => open_plain(path, OFlags::empty()),
        false => File::open(path),
    }
}

/// Opens a plain file of this user's own, which nobody else may write, and follows no link to it.
///
/// # Errors
/// When it cannot be opened, or is something else.
pub fn open_own(path: &Path) -> io::Result<File> {
    let file = open_plain(path, OFlags::NOFOLLOW)?;
    match is_own(&file.metadata()?) {
        true => Ok(file),
        false => Err(io::Error::new(
            io::ErrorKind::PermissionDenied,
            "another user owns it or may write it",
        )),
    }
}

/// Whether a file or folder is this user's, and nobody else may write it.
pub fn is_own(seen: &Metadata) -> bool {
    seen.uid() == rustix::process::geteuid().as_raw() && seen.mode() & 0o022 == 0
}

fn open_plain(path: &Path, more: OFlags) -> io::Result<File> {
    // Opening a pipe for reading waits for a writer otherwise.
    let flags = OFlags::NONBLOCK | OFlags::CLOEXEC | OFlags::NOCTTY | more;
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(flags.bits().cast_signed())
        .open(path)?;
    let kind = file.metadata()?.file_type();
    let what = match () {
        () if kind.is_file() => return Ok(file),
        () if kind.is_dir() => "a folder",
        () if kind.is_fifo() => "a pipe",
        () if kind.is_socket() => "a socket",
        () => "a device",
    };
    Err(io::Error::new(
        io::ErrorKind::InvalidInput,
        format!("it is {what}, not a plain file"),
    ))
}

/// Reads a plain file of at most so many bytes.
///
/// # Errors
/// When it cannot be read, is something else, or is larger.
pub fn read(path: &Path, bytes_max: u64) -> io::Result<Vec<u8>> {
    read_all(open(path)?, bytes_max)
}

fn read_all(mut file: File, bytes_max: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if !held::hold(Rule::PlainFiles) {
        file.read_to_end(&mut bytes)?;
        return Ok(bytes);
    }
    let too_large = || {
        let message = format!("it has more than {bytes_max} bytes");
        io::Error::new(io::ErrorKind::FileTooLarge, message)
    };
    // Said before any of it is read; what grows meanwhile is found below.
    if file.metadata()?.len() > bytes_max {
        return Err(too_large());
    }
    file.take(bytes_max + 1).read_to_end(&mut bytes)?;
    match bytes.len() as u64 > bytes_max {
        true => Err(too_large()),
        false => Ok(bytes),
    }
}

/// Reads a plain file of text, of at most so many bytes, without the byte order mark that some editors
/// write before it.
///
/// # Errors
/// As [`read`], and when it is not UTF-8.
pub fn read_text(path: &Path, bytes_max: u64) -> io::Result<String> {
    text_of(read(path, bytes_max)?)
}

fn text_of(mut bytes: Vec<u8>) -> io::Result<String> {
    if bytes.starts_with(BYTE_ORDER_MARK) {
        bytes.drain(..BYTE_ORDER_MARK.len());
    }
    // Text in two bytes a character begins with the mark too, and is the one other form that people meet.
    let wrong = match bytes.as_slice() {
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => "it is UTF-16 text: save it as UTF-8",
        _ => "it is not UTF-8 text",
    };
    String::from_utf8(bytes).map_err(|_| io::Error::new(io::ErrorKind::InvalidData, wrong))
}

/// Reads a plain file of text that is no link; `None` where there is nothing.
///
/// # Errors
/// As [`read_text`], and when it is a link.
pub fn read_unlinked(path: &Path, bytes_max: u64) -> io::Result<Option<String>> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Ok(seen) if seen.is_symlink() => return Err(is_a_link()),
        _ => {}
    }
    let file = open_plain(path, OFlags::NOFOLLOW)?;
    text_of(read_all(file, bytes_max)?).map(Some)
}

fn is_a_link() -> io::Error {
    let message = "it is a link, not a plain file";
    io::Error::new(io::ErrorKind::InvalidInput, message)
}

/// Writes a file that others may read, whole or not at all: whoever reads it finds the old text or the new one.
///
/// # Errors
/// When the folder takes no file, or the disk is full; then the old one is as it was.
pub fn replace(path: &Path, text: &str) -> io::Result<()> {
    let mode = replaced(path)?.map_or(0o644, |seen| seen.mode() & 0o777);
    replace_as(path, text, mode)
}

/// The same for a file that nobody else may read.
///
/// # Errors
/// As [`replace`].
pub fn replace_own(path: &Path, text: &str) -> io::Result<()> {
    replaced(path)?;
    replace_as(path, text, 0o600)
}

/// What is replaced, if there is anything; never a link.
fn replaced(path: &Path) -> io::Result<Option<fs::Metadata>> {
    match fs::symlink_metadata(path) {
        Ok(seen) if seen.is_symlink() => Err(is_a_link()),
        seen => Ok(seen.ok()),
    }
}

fn replace_as(path: &Path, text: &str, mode: u32) -> io::Result<()> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let partial = path.with_file_name(format!(".{name}.{}", std::process::id()));
    // One of a process that was killed, if any.
    let _ = fs::remove_file(&partial);
    let written = write_new(&partial, text, mode).and_then(|()| fs::rename(&partial, path));
    if written.is_err() {
        let _ = fs::remove_file(&partial);
    }
    written
}

fn write_new(path: &Path, text: &str, mode: u32) -> io::Result<()> {
    let mut options = File::options();
    // What others may read they may read once it is whole.
    let options = options.write(true).create_new(true).mode(mode & 0o600);
    let mut file = options.open(path)?;
    file.write_all(text.as_bytes())?;
    file.set_permissions(Permissions::from_mode(mode))?;
    file.sync_all()
}

/// Whether other users may read or write a file.
pub fn is_open_to_others(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|file| file.mode() & 0o077 != 0)
}

#[cfg(test)]
mod tests {
    use super::{is_open_to_others, read, read_text, read_unlinked, replace};
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;
    use std::path::Path;

    #[test]
    fn what_is_no_plain_file_is_refused_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status();
        assert!(made.unwrap().success());
        let refused = |path: &Path| read(path, 100).unwrap_err().to_string();
        assert_eq!(refused(&pipe), "it is a pipe, not a plain file");
        assert_eq!(
            refused(Path::new("/dev/zero")),
            "it is a device, not a plain file"
        );
        assert_eq!(refused(folder.path()), "it is a folder, not a plain file");
    }

    #[test]
    fn a_file_that_is_too_large_is_not_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sparse");
        // Nothing of it is on the disk.
        fs::File::create(&path).unwrap().set_len(5 << 30).unwrap();
        let refused = read(&path, 1_000).unwrap_err().to_string();
        assert_eq!(refused, "it has more than 1000 bytes");
        fs::write(&path, "é").unwrap();
        assert_eq!(read_text(&path, 2).unwrap(), "é");
        assert!(read_text(&path, 1).is_err());
    }

    #[test]
    fn a_byte_order_mark_is_no_part_of_a_text() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("text");
        for (bytes, text) in [("\u{feff}a\u{feff}", "a\u{feff}"), ("\u{feff}", "")] {
            fs::write(&path, bytes).unwrap();
            assert_eq!(read_text(&path, 9).unwrap(), text);
            assert_eq!(read_unlinked(&path, 9).unwrap().as_deref(), Some(text));
        }
        fs::write(&path, b"\xff\xfea\0").unwrap();
        let refused = read_text(&path, 9).unwrap_err().to_string();
        assert_eq!(refused, "it is UTF-16 text: save it as UTF-8");
    }

    #[test]
    fn a_file_is_replaced_whole_and_no_link_is_followed() {
        let folder = tempfile::tempdir().unwrap();
        let (path, link) = (folder.path().join("a"), folder.path().join("b"));
        assert_eq!(read_unlinked(&path, 9).unwrap(), None);
        replace(&path, "one").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        replace(&path, "two").unwrap();
        assert_eq!(read_unlinked(&path, 9).unwrap().as_deref(), Some("two"));
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );
        std::os::unix::fs::symlink(&path, &link).unwrap();
        let said = "it is a link, not a plain file";
        assert_eq!(read_unlinked(&link, 9).unwrap_err().to_string(), said);
        assert_eq!(replace(&link, "three").unwrap_err().to_string(), said);
        assert_eq!(fs::read_to_string(&path).unwrap(), "two");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    }

    #[test]
    fn who_may_read_a_file_is_told() {
        let file = tempfile::NamedTempFile::new().unwrap();
        for (mode, open) in [(0o600, false), (0o640, true), (0o604, true)] {
            let mode = fs::Permissions::from_mode(mode);
            fs::set_permissions(file.path(), mode).unwrap();
            assert_eq!(is_open_to_others(file.path()), open);
        }
    }
}
