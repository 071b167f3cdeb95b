//! A run is killed and the files of its journal are damaged: no command acts upon what is left, and none says that
//! nothing was changed. What is sound is recovered, shown and taken back.

use std::fs;
use std::path::{Path, PathBuf};

use rutter_tests::{Blow, ECS, Ended, Place, Rehearsed, Stage};

/// What happens to the files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Damage {
    LogGone,
    LogCut,
    LogFlipped,
    DatabaseFlipped,
    HeadGone,
    HeadFlipped,
}

impl Damage {
    const ALL: [Self; 6] = [
        Self::LogGone,
        Self::LogCut,
        Self::LogFlipped,
        Self::DatabaseFlipped,
        Self::HeadGone,
        Self::HeadFlipped,
    ];

    /// The file that is named.
    fn file(self) -> &'static str {
        match self {
            Self::LogGone | Self::LogCut | Self::LogFlipped => "journal.db-wal",
            Self::DatabaseFlipped => "journal.db",
            Self::HeadGone | Self::HeadFlipped => "head",
        }
    }

    fn strike(self, folder: &Path) {
        let path = folder.join(self.file());
        if matches!(self, Self::LogGone | Self::HeadGone) {
            return fs::remove_file(path).expect("it is there");
        }
        let mut bytes = fs::read(&path).expect("it can be read");
        let middle = bytes.len() / 2;
        match self {
            Self::LogCut => bytes.truncate(middle),
            Self::HeadFlipped => {
                bytes[20] ^= 1;
                bytes[4096 + 20] ^= 1;
            }
            Self::DatabaseFlipped => bytes[17] ^= 1,
            _ => bytes[middle] ^= 1,
        }
        fs::write(path, bytes).expect("it can be written");
    }
}

/// The files that hold something, and what they hold.
fn files(folder: &Path) -> Vec<(PathBuf, Option<Vec<u8>>)> {
    let names = ["journal.db", "journal.db-wal", "head"];
    let read = |name| {
        let path = folder.join(name);
        let bytes = fs::read(&path).ok();
        (path, bytes)
    };
    names.map(read).to_vec()
}

/// A run that was killed behind its last change.
async fn killed(procedure: &Rehearsed, last: &Place) -> Stage {
    let stage = procedure.stage().await;
    stage.proxy.strike(Some(Blow::KilledAfter.at(last)));
    stage.run_once().await;
    assert!(stage.proxy.struck(), "the proxy struck");
    stage
}

/// The last change that an undisturbed run asks for.
async fn last_change(procedure: &Rehearsed) -> Place {
    let stage = procedure.stage().await;
    let ended = stage.run().await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let calls = stage.proxy.seen();
    let change = |call: &&String| {
        ["Create", "Copy", "Modify"]
            .iter()
            .any(|verb| call.starts_with(verb))
    };
    let action = calls
        .iter()
        .rfind(change)
        .expect("it changes something")
        .clone();
    let number = calls.iter().filter(|call| **call == action).count();
    Place { action, number }
}

async fn refused(stage: &Stage, damage: Damage) {
    let run = stage.run_id();
    let shown = stage.bench.run(&["show", &run]).await;
    for (what, ended) in [
        ("show", shown),
        ("resume", stage.resume().await),
        ("undo", stage.undo().await),
    ] {
        let Ended {
            code,
            stdout,
            stderr,
        } = ended;
        assert_eq!(code, Some(2), "{damage:?}, {what}: {stdout}{stderr}");
        let named = format!("{}` is damaged", damage.file());
        let named = stderr.contains(&named) || stderr.contains(&named.replace('`', ""));
        assert!(named, "{damage:?}, {what}: {stderr}");
        assert!(
            stderr.contains("what the run changed before is still in place"),
            "{stderr}"
        );
        assert!(stderr.contains("help:"), "{stderr}");
        for false_comfort in ["nothing ran", "changed nothing", "no change stands"] {
            assert!(
                !stderr.contains(false_comfort),
                "{damage:?}, {what}: {stderr}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_journal_is_never_continued_and_its_rollback_ends() {
    let procedure = ECS.rehearsed().await;
    let last = last_change(&procedure).await;
    for damage in Damage::ALL {
        let stage = killed(&procedure, &last).await;
        let run = stage.run_id();
        let folder = stage.bench.path().join("state/rutter/runs").join(&run);
        damage.strike(&folder);
        let (before, made) = (files(&folder), stage.cloud.changes().await.len());
        refused(&stage, damage).await;
        assert_eq!(
            files(&folder),
            before,
            "{damage:?}: the files stay as they are"
        );
        assert_eq!(
            stage.cloud.changes().await.len(),
            made,
            "{damage:?}: nothing was sent"
        );

        let recovered = stage.bench.run(&["recover", &run]).await;
        if damage == Damage::LogGone {
            // All records were in the log.
            assert_eq!(recovered.code, Some(2), "{}", recovered.stdout);
            assert!(
                recovered.stderr.contains("not even the first record"),
                "{}",
                recovered.stderr
            );
            assert_eq!(files(&folder), before);
            continue;
        }
        assert_eq!(recovered.code, Some(0), "{damage:?}: {}", recovered.stderr);
        for (path, bytes) in &before {
            let name = path.file_name().expect("it has a name");
            assert_eq!(
                fs::read(folder.join("damaged-1").join(name)).ok(),
                *bytes,
                "{damage:?}"
            );
        }
        assert_eq!(stage.resume().await.code, Some(2), "{damage:?}");
        let undone = stage.undo().await;
        assert!(
            matches!(undone.code, Some(0 | 5 | 6)),
            "{damage:?}: {}",
            undone.stderr
        );
        let lost =
            undone.stderr.contains("are lost") || undone.stderr.contains("nobody knows how many");
        assert_eq!(
            lost,
            undone.code != Some(0),
            "{damage:?}: {}",
            undone.stderr
        );
        if lost {
            assert!(
                undone.stderr.contains("compare the accounts"),
                "{}",
                undone.stderr
            );
            assert!(
                !undone.stderr.contains("; no change stands"),
                "{}",
                undone.stderr
            );
        }
    }
}
