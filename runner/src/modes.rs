//! Who else may look: nobody. What the program makes is its user's alone under any umask, what is found
//! open to others is closed, and its memory is written to no disk.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::Path;

use rustix::fs::Mode;
use rustix::process::{
    DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit, umask,
};
use rutter_meaning::Rule;
use rutter_meaning::held;

/// From now on whatever this process makes is its user's alone.
pub fn keep_to_ourselves() {
    if held::hold(Rule::Modes) {
        umask(Mode::RWXG | Mode::RWXO);
    }
}

/// Makes a folder, and those above it, that only its owner can look into.
///
/// # Errors
/// When it cannot be made.
pub fn create_private(folder: &Path) -> io::Result<()> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
}

/// From now on no crash writes this process's memory, which holds secrets, to a disk.
pub fn dump_no_core() {
    if !held::hold(Rule::Modes) {
        return;
    }
    let none = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    // Both only ever take something away from this process, which it may always do.
    let _ = setrlimit(Resource::Core, none);
    // A program that gathers dumps heeds no limit.
    let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
}

/// What others may do with the state folder, which may hold more than is ours: anything but write.
const SEEN_BY_ALL: u32 = 0o055;
/// What others may do with a folder that they pass through on their way to an inbox.
const PASSED_BY_GROUP: u32 = 0o010;
const PASSED_BY_ALL: u32 = 0o011;
/// The file of what a run asks is for a group to read.
const POSTED: &str = "questions.json";
/// Where others may write and take nothing away from each other, as in a folder of temporary files.
const STICKY: u32 = 0o1000;

/// Takes away what others may do with the files of a run, of the folder of runs, and of the state folder
/// above it; the inbox is theirs. Returns what they could do, a sentence each.
pub fn tighten(run: &Path) -> Vec<String> {
    let mut found = Vec::new();
    if !held::hold(Rule::Modes) {
        return found;
    }
    let (runs, state) = (run.parent(), run.ancestors().nth(2));
    // From the outside to the inside: who cannot come in any more changes nothing meanwhile.
    for (folder, allowed) in [
        (state, SEEN_BY_ALL),
        (runs, PASSED_BY_ALL),
        (Some(run), PASSED_BY_GROUP),
    ] {
        if let Some(folder) = folder {
            close(folder, allowed, &mut found);
        }
    }
    if let Some(state) = state {
        let is_ours = |name: &str| name == "keys" || name == "cache" || name == "adoptions";
        close_within(state, &is_ours, &mut found);
    }
    close_within(run, &|name| name != "inbox", &mut found);
    found
}

/// Closes the files of a folder, and its folders with their files. Compiled code has no secrets and is judged
/// where it is read.
fn close_within(folder: &Path, is_ours: &dyn Fn(&str) -> bool, found: &mut Vec<String>) {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    for entry in entries {
        let name = entry.file_name().to_string_lossy().into_owned();
        if !is_ours(&name) {
            continue;
        }
        let allowed = if name == POSTED { 0o040 } else { 0 };
        close(&entry.path(), allowed, found);
        if name != "cache" && entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            close_within(&entry.path(), &|_| true, found);
        }
    }
}

fn close(path: &Path, allowed: u32, found: &mut Vec<String>) {
    let Ok(data) = path.symlink_metadata() else {
        return;
    };
    let lax = data.mode() & 0o077 & !allowed;
    let shared = data.is_dir() && data.mode() & STICKY != 0;
    if data.is_symlink() || shared || lax == 0 || data.uid() != crate::user::current_uid() {
        return;
    }
    let closed = data.mode() & 0o7777 & !lax;
    let shown = path.display();
    let mode = data.mode() & 0o777;
    found.push(match fs::set_permissions(path, Permissions::from_mode(closed)) {
        Ok(()) => format!("`{shown}` was open to other users (mode {mode:04o}); it is closed now"),
        Err(error) => {
            format!("`{shown}` is open to other users (mode {mode:04o}) and cannot be closed: {error}")
        }
    });
}

#[cfg(test)]
mod tests {
    use super::tighten;
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt as _;
    use std::path::Path;

    fn set(path: &Path, mode: u32) {
        fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    }

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o7777
    }

    #[test]
    fn what_was_open_to_others_is_closed_and_said_but_for_the_inbox() {
        let state = tempfile::tempdir().unwrap();
        let run = state.path().join("runs/ab000001");
        for folder in ["inbox", "components"] {
            fs::create_dir_all(run.join(folder)).unwrap();
        }
        let files = ["journal.db", "components/x.wasm", "questions.json"];
        for file in files {
            fs::write(run.join(file), "x").unwrap();
            set(&run.join(file), 0o644);
        }
        set(&run.join("questions.json"), 0o640);
        set(&run.join("inbox"), 0o3770);
        set(&run.join("components"), 0o755);
        set(&run, 0o710);
        set(&state.path().join("runs"), 0o711);
        set(state.path(), 0o777);
        fs::write(state.path().join("not-ours"), "x").unwrap();
        set(&state.path().join("not-ours"), 0o644);

        let said = tighten(&run);
        assert_eq!(said.len(), 4, "{said:?}");
        assert!(said[0].contains("mode 0777"), "{said:?}");
        assert_eq!(mode(state.path()), 0o755);
        assert_eq!(mode(&state.path().join("not-ours")), 0o644);
        assert_eq!(mode(&run), 0o710);
        assert_eq!(mode(&run.join("inbox")), 0o3770);
        assert_eq!(mode(&run.join("questions.json")), 0o640);
        assert_eq!(mode(&run.join("components")), 0o700);
        assert_eq!(mode(&run.join("components/x.wasm")), 0o600);
        assert_eq!(mode(&run.join("journal.db")), 0o600);
        assert!(tighten(&run).is_empty());
    }
}
