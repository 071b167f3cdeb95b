//! Users and groups, as the operating system knows them.

use std::path::Path;
use std::process::Stdio;

use rutter_engine::{Known, Person};

use crate::children;

/// The user that this process belongs to.
pub fn current() -> Person {
    let uid = current_uid();
    Person {
        name: name_of(uid),
        known: Known::Process { uid },
    }
}

/// The number of the user that this process belongs to; files that it makes are theirs.
pub fn current_uid() -> u32 {
    rustix::process::geteuid().as_raw()
}

/// A user's name; `uid 1001` for one that has none.
pub fn name_of(uid: u32) -> String {
    let found = entry(Path::new("/etc/passwd"), "passwd", &|fields| {
        fields.get(2) == Some(&uid.to_string().as_str())
    });
    let name = found.and_then(|line| line.split(':').next().map(str::to_owned));
    name.filter(|name| !name.is_empty())
        .unwrap_or_else(|| format!("uid {uid}"))
}

/// A user's number by their name.
pub fn id_of(name: &str) -> Option<u32> {
    let line = entry(Path::new("/etc/passwd"), "passwd", &|fields| {
        fields.first() == Some(&name)
    })?;
    line.split(':').nth(2)?.parse().ok()
}

/// A group's number by its name.
pub fn group_id(name: &str) -> Option<u32> {
    let line = entry(Path::new("/etc/group"), "group", &|fields| {
        fields.first() == Some(&name)
    })?;
    line.split(':').nth(2)?.parse().ok()
}

/// The number of the user that a file belongs to, if it can be looked at.
#[cfg(unix)]
pub fn owner_of(path: &Path) -> Option<u32> {
    use std::os::unix::fs::MetadataExt as _;
    Some(path.metadata().ok()?.uid())
}

/// Nothing is known of it here.
#[cfg(not(unix))]
pub fn owner_of(_path: &Path) -> Option<u32> {
    None
}

/// A line of one of the system's tables: of the file, or of whatever else the system asks.
fn entry(file: &Path, table: &str, wanted: &dyn Fn(&[&str]) -> bool) -> Option<String> {
    let fits = |line: &&str| wanted(&line.split(':').collect::<Vec<_>>());
    let text = std::fs::read_to_string(file).unwrap_or_default();
    if let Some(line) = text.lines().find(fits) {
        return Some(line.to_owned());
    }
    // Directories of users are known to the system's own tool alone.
    let listed = children::plain("getent")
        .arg(table)
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .ok()?;
    let text = String::from_utf8_lossy(&listed.stdout).into_owned();
    text.lines().find(fits).map(str::to_owned)
}
