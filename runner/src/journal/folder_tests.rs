use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use rutter_engine::{Durability, Fact, Record, Timestamp};
use rutter_plugin::fixture::{bare, read};

use super::{Runs, RunsError};
use crate::journal::{Journal, JournalError, new_run_id};

fn runs() -> (tempfile::TempDir, Runs) {
    let state = tempfile::tempdir().unwrap();
    let runs = Runs::new(state.path());
    (state, runs)
}

#[test]
fn a_run_is_found_by_the_beginning_of_its_id() {
    let (_state, runs) = runs();
    for id in ["ab000001", "ab000002", "cd000003"] {
        runs.create(id).unwrap();
    }
    assert_eq!(runs.find("c").unwrap().id(), "cd000003");
    assert_eq!(runs.find("AB000002").unwrap().id(), "ab000002");
    let error = runs.find("ab").err().unwrap();
    assert!(matches!(&error, RunsError::Ambiguous { ids, .. } if ids.len() == 2));
    for prefix in ["x", "", "../ab000001"] {
        let error = runs.find(prefix).err().unwrap();
        assert!(matches!(error, RunsError::NotFound { .. }), "{prefix}");
    }
    assert_eq!(runs.list().unwrap().len(), 3);
}

#[test]
fn a_state_folder_that_does_not_exist_yet_holds_no_runs() {
    let (state, _) = runs();
    let runs = Runs::new(&state.path().join("not/yet"));
    assert!(runs.list().unwrap().is_empty());
}

#[test]
fn only_one_process_drives_a_run_until_it_lets_go() {
    let (_state, runs) = runs();
    let first = runs.create("ab000001").unwrap();
    let folder = runs.find("ab").unwrap();
    assert!(matches!(folder.drive(), Err(RunsError::Driven { .. })));
    assert!(folder.driver().unwrap().unwrap().starts_with("process "));

    drop(first);
    assert_eq!(folder.driver().unwrap(), None);
    assert!(folder.drive().unwrap().journal.load().unwrap().is_empty());
}

#[test]
fn a_component_is_kept_by_its_digest_and_an_altered_one_is_refused() {
    let (_state, runs) = runs();
    let run = runs.create("ab000001").unwrap();
    let manifest = "[plugin]\nname = 'a'\nversion = '1.0.0'\nsummary = 'A.'\nkind = 'read'\n";
    let plugin = read(&bare(manifest));
    let digest = plugin.digest();
    run.folder.keep_plugin(&plugin).unwrap();
    let kept = run.folder.plugin(digest).unwrap();
    assert_eq!((&kept.bytes, kept.digest()), (&plugin.bytes, digest));

    let path = run.folder.path().join(format!("components/{digest}.wasm"));
    std::fs::write(path, b"other").unwrap();
    let error = run.folder.plugin(digest).unwrap_err();
    assert!(error.to_string().contains("its digest is"), "{error}");
}

#[test]
fn ids_are_eight_characters_that_cannot_be_misread() {
    let id = new_run_id().unwrap();
    assert_eq!(id.len(), 8);
    assert!(
        id.bytes()
            .all(|byte| byte.is_ascii_digit() || byte.is_ascii_lowercase())
    );
    assert!(!id.contains(['i', 'l', 'o', 'u']));
    assert_ne!(id, new_run_id().unwrap());
}

#[cfg(unix)]
#[test]
fn a_run_is_private_to_its_owner() {
    use std::os::unix::fs::PermissionsExt;
    let (_state, runs) = runs();
    let run = runs.create("ab000001").unwrap();
    let mode = run.folder.path().metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
}

#[test]
fn a_place_that_cannot_be_a_folder_is_named() {
    let (state, _) = runs();
    let file = state.path().join("file");
    std::fs::write(&file, "").unwrap();
    let error = Runs::new(&file).create("ab000001").err().unwrap();
    assert!(
        matches!(error, RunsError::Journal(JournalError::NoFolder { .. })),
        "{error}"
    );
    assert!(error.to_string().contains("file/runs"), "{error}");
}

/// The child of the test below: makes runs and their first records until it is killed.
#[test]
#[ignore = "started by the test that kills it"]
fn makes_runs_until_killed() {
    let state = std::env::var_os("RUTTER_TEST_STATE").unwrap();
    loop {
        let id = new_run_id().unwrap();
        let mut driving = Runs::new(Path::new(&state)).create(&id).unwrap();
        for (seq, durability) in [(1, Durability::Rest), (2, Durability::Soon)] {
            let record = Record {
                seq,
                time: Timestamp(1),
                fact: Fact::Interrupted {},
            };
            driving
                .journal
                .append(seq - 1, &[record], durability)
                .unwrap();
        }
    }
}

#[test]
fn a_run_that_is_killed_while_it_is_made_is_whole_or_never_began() {
    let (state, runs) = runs();
    let (mut whole, mut never) = (0, 0);
    for kill in 0..40 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "journal::folder::tests::makes_runs_until_killed"])
            .args(["--ignored", "--quiet"])
            .env("RUTTER_TEST_STATE", state.path())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        while runs.list().unwrap().len() <= kill % 3 {
            std::thread::sleep(Duration::from_micros(100));
        }
        std::thread::sleep(Duration::from_micros(kill as u64 * 331));
        child.kill().unwrap();
        child.wait().unwrap();
        for run in runs.list().unwrap() {
            match run.view() {
                Ok(view) => {
                    whole += view.shown(0).unwrap().len();
                    run.drive().unwrap();
                }
                Err(RunsError::Journal(JournalError::Missing { .. })) => never += 1,
                Err(error) => panic!("{error}"),
            }
            std::fs::remove_dir_all(run.path()).unwrap();
        }
    }
    assert!(whole > 0, "no run was whole: {never} never began");
}
