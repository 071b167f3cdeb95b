//! The folder of a run, `STATE/runs/ID/`, and the folder of all runs.
//!
//! | entry | what it is |
//! |---|---|
//! | `journal.db`, `-wal` | the records; `-shm` beside them is scratch |
//! | `head` | how far the records reach: see `head.rs` |
//! | `inbox/` | answers that other processes left: see [`Inbox`] |
//! | `questions.json` | what the run asks, for a group that may answer and may not look at the journal |
//! | `components/DIGEST.wasm` | the plugins' exact bytes: a resume or an undo next month uses what the run began with |
//! | `damaged-N/` | the files of a journal that was damaged and begun again: see `recover.rs` |
//! | `lock` | held by the driver through the operating system, so that it is freed when the driver dies |
//! | `secrets.sealed` | values that the cloud gave out during the run: see [`crate::secrets::Vault`] |

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use rutter_plugin::{Origin, Plugin};

use super::inbox::share;
use super::{Inbox, JournalError, RunView, RunsError, SqliteJournal, inspect, place, run_id};
use crate::modes;

/// Somebody who only asks who drives a run holds its lock for an instant; a driver waits that out.
const LOCK_TRIES: u32 = 5;
const LOCK_PAUSE: Duration = Duration::from_millis(10);

/// The folder of all runs, the state folder, and the one that holds its name.
const FOLDERS_ABOVE: usize = 3;

/// The folder of all runs.
#[derive(Clone, Debug)]
pub struct Runs {
    path: PathBuf,
}

impl Runs {
    /// The runs under a state folder; nothing is created yet.
    pub fn new(state: &Path) -> Self {
        Self {
            path: state.join("runs"),
        }
    }

    /// Makes a folder for a new run and takes it.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn create(&self, id: &str) -> Result<Driving, RunsError> {
        let folder = self.folder(id);
        let made = self.path.ancestors().find(|above| above.is_dir());
        place::refuse_foreign_to_root(made.unwrap_or(&self.path))?;
        make_private(&self.path)?;
        place::refuse_network(&self.path)?;
        make_private(&folder.path)?;
        let lax = modes::tighten(&folder.path);
        let lock = folder.take_lock()?;
        let journal = SqliteJournal::create(&folder.journal())?;
        // The names of new files are safe only once their folders are.
        let above = self.path.ancestors().filter(|above| above.is_dir());
        sync_folder(&folder.path)?;
        for path in above.take(FOLDERS_ABOVE) {
            match sync_folder(path) {
                // One that may not be read was not made for this run.
                Err(JournalError::ReadOnly { .. }) => {}
                synced => synced?,
            }
        }
        Ok(Driving {
            folder,
            journal,
            lock,
            lax,
        })
    }

    /// The run with this id, whether or not this user may look at the list of runs.
    pub fn named(&self, id: &str) -> Option<RunFolder> {
        run_id::is_id(id).then(|| self.folder(id))
    }

    /// The run whose id begins with `prefix`.
    ///
    /// # Errors
    /// When there is none, or several.
    pub fn find(&self, prefix: &str) -> Result<RunFolder, RunsError> {
        let prefix = prefix.trim().to_ascii_lowercase();
        let mut ids = self.ids()?;
        ids.retain(|id| id.starts_with(&prefix));
        match (run_id::is_id(&prefix), ids.as_slice()) {
            (true, [id]) => Ok(self.folder(id)),
            (true, [_, ..]) if ids.contains(&prefix) => Ok(self.folder(&prefix)),
            (true, [_, ..]) => Err(RunsError::Ambiguous { prefix, ids }),
            _ => Err(RunsError::NotFound {
                prefix,
                folder: self.path.clone(),
            }),
        }
    }

    /// All runs, by id.
    ///
    /// # Errors
    /// When the folder cannot be read; a folder that does not exist yet holds none.
    pub fn list(&self) -> Result<Vec<RunFolder>, RunsError> {
        Ok(self.ids()?.iter().map(|id| self.folder(id)).collect())
    }

    fn ids(&self) -> Result<Vec<String>, RunsError> {
        let failed = |error| JournalError::from_reading(&self.path, error);
        let entries = match fs::read_dir(&self.path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(failed)?,
        };
        let mut ids = Vec::new();
        for entry in entries {
            let name = entry.map_err(failed)?.file_name();
            ids.extend(
                name.to_str()
                    .filter(|id| run_id::is_id(id))
                    .map(str::to_owned),
            );
        }
        ids.sort();
        Ok(ids)
    }

    fn folder(&self, id: &str) -> RunFolder {
        RunFolder {
            id: id.to_owned(),
            path: self.path.join(id),
        }
    }
}

/// The folder of one run.
#[derive(Clone, Debug)]
pub struct RunFolder {
    id: String,
    path: PathBuf,
}

/// A run that this process drives: nobody else can until this is dropped, or the process dies.
pub struct Driving {
    /// The run's folder.
    pub folder: RunFolder,
    /// Its journal.
    pub journal: SqliteJournal,
    /// Keeps others out.
    pub lock: File,
    /// What other users could do with its files, and cannot any more.
    pub lax: Vec<String>,
}

impl RunFolder {
    /// The run's id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The folder of the run, `STATE/runs/ID`.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The journal's file.
    pub fn journal(&self) -> PathBuf {
        self.path.join("journal.db")
    }

    /// Takes the run, to go on with it.
    ///
    /// # Errors
    /// When another process drives it, or its journal cannot be written.
    pub fn drive(&self) -> Result<Driving, RunsError> {
        place::refuse_foreign(&self.path)?;
        place::refuse_network(&self.path)?;
        // Before the journal's files are open: who could write them has had their time.
        let lax = modes::tighten(&self.path);
        let lock = self.take_lock()?;
        let journal = SqliteJournal::open(&self.journal())?;
        Ok(Driving {
            folder: self.clone(),
            journal,
            lock,
            lax,
        })
    }

    /// Refuses a folder that belongs to another user.
    ///
    /// # Errors
    /// When it does.
    pub fn refuse_foreign(&self) -> Result<(), JournalError> {
        place::refuse_foreign(&self.path)
    }

    /// Looks at the run without taking it.
    ///
    /// # Errors
    /// When its journal cannot be read.
    pub fn view(&self) -> Result<RunView, RunsError> {
        // A driver that begins or ends in between makes the files change: then it is looked at again.
        let view = match self.driver()? {
            Some(_) => RunView::join(&self.journal()),
            None => RunView::open(&self.journal()),
        };
        match view {
            Err(JournalError::Damaged { .. }) if self.driver()?.is_some() => {
                Ok(RunView::join(&self.journal())?)
            }
            view => Ok(view?),
        }
    }

    /// When anything was last written to its journal, by the clock of its disk; nothing of it is read.
    pub fn touched(&self) -> Option<SystemTime> {
        let journal = self.journal();
        let files = [
            inspect::log_of(&journal),
            inspect::head_of(&journal),
            journal,
        ];
        let times = files
            .iter()
            .filter_map(|file| fs::metadata(file).ok()?.modified().ok());
        times.max()
    }

    /// The answers that were left for the run.
    pub fn inbox(&self) -> Inbox {
        Inbox::new(&self.path)
    }

    /// Lets a group leave answers, and read what is asked; nothing else of the run is theirs.
    ///
    /// # Errors
    /// When the folders cannot be given to the group.
    pub fn open_to(&self, group: Option<u32>) -> Result<(), JournalError> {
        self.inbox().make(group)?;
        let Some(group) = group else {
            return Ok(());
        };
        // Passed through, and not looked into.
        for path in self.path.ancestors().take(2) {
            share(path, group, 0o710).map_err(|error| JournalError::from_io(path, error))?;
        }
        match self.path.ancestors().nth(2) {
            Some(state) => open_way(state, group),
            None => Ok(()),
        }
    }

    /// The file of what the run asks.
    pub(super) fn posted_path(&self) -> PathBuf {
        self.path.join("questions.json")
    }

    /// The process that drives the run at this moment, for people.
    ///
    /// # Errors
    /// When the lock cannot be tried.
    pub fn driver(&self) -> Result<Option<String>, RunsError> {
        let path = self.lock_path();
        let file = match File::open(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            file => file.map_err(|error| JournalError::from_reading(&path, error))?,
        };
        match file.try_lock_shared() {
            Ok(()) => Ok(None),
            Err(TryLockError::WouldBlock) => Ok(Some(self.driver_name())),
            Err(TryLockError::Error(error)) => Err(JournalError::from_io(&path, error).into()),
        }
    }

    /// Keeps a plugin's bytes. They survive the machine.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn keep_plugin(&self, plugin: &Plugin) -> Result<(), RunsError> {
        let path = self.component_path(plugin.digest());
        if !path.exists() {
            let parent = self.path.join("components");
            make_private(&parent)?;
            write_whole(&path, &plugin.bytes)
                .map_err(|error| JournalError::from_io(&path, error))?;
            sync_folder(&parent)?;
        }
        Ok(())
    }

    /// A plugin that the run began with.
    ///
    /// # Errors
    /// When it is gone, was altered, or cannot be run by this program.
    pub fn plugin(&self, digest: &str) -> Result<Plugin, RunsError> {
        let path = self.component_path(digest);
        let refused = |what: String| RunsError::Component {
            path: path.clone(),
            what,
        };
        let bytes = rutter_files::read(&path, rutter_files::COMPONENT_MAX)
            .map_err(|error| refused(error.to_string()))?;
        let found = rutter_plugin::digest_of(&path, &bytes);
        if found != digest {
            return Err(refused(format!("its digest is {found}")));
        }
        Plugin::verified(path.clone(), bytes, Origin::Kept, found)
            .map_err(|error| refused(error.to_string()))
    }

    fn component_path(&self, digest: &str) -> PathBuf {
        self.path.join("components").join(format!("{digest}.wasm"))
    }

    fn lock_path(&self) -> PathBuf {
        self.path.join("lock")
    }

    pub(super) fn take_lock(&self) -> Result<File, RunsError> {
        let path = self.lock_path();
        let failed = |error| JournalError::from_io(&path, error);
        let mut file = OpenOptions::new()
            .create(true)
            .read(true)
            .write(true)
            .truncate(false)
            .open(&path)
            .map_err(failed)?;
        for _ in 0..LOCK_TRIES {
            match file.try_lock() {
                Ok(()) => {
                    file.set_len(0).map_err(failed)?;
                    write!(file, "process {}", std::process::id()).map_err(failed)?;
                    return Ok(file);
                }
                Err(TryLockError::WouldBlock) => std::thread::sleep(LOCK_PAUSE),
                Err(TryLockError::Error(error)) => return Err(failed(error).into()),
            }
        }
        Err(RunsError::Driven {
            id: self.id.clone(),
            driver: self.driver_name(),
        })
    }

    fn driver_name(&self) -> String {
        match fs::read_to_string(self.lock_path()) {
            Ok(name) if !name.is_empty() => name,
            _ => "another process".to_owned(),
        }
    }
}

/// Lets a group pass through the state folder, if that is ours and it may not yet.
fn open_way(state: &Path, group: u32) -> Result<(), JournalError> {
    use std::os::unix::fs::MetadataExt as _;
    let failed = |error| JournalError::from_io(state, error);
    let data = state.metadata().map_err(failed)?;
    let passes = data.mode() & 0o001 != 0 || (data.gid() == group && data.mode() & 0o010 != 0);
    if passes || data.uid() != crate::user::current_uid() {
        return Ok(());
    }
    share(state, group, (data.mode() & 0o7707) | 0o010).map_err(failed)
}

/// Inputs of runs are nobody else's business.
fn make_private(path: &Path) -> Result<(), JournalError> {
    modes::create_private(path).map_err(|source| match source.kind() {
        // What is missing or in the way lies above it.
        ErrorKind::NotFound | ErrorKind::AlreadyExists => JournalError::NoFolder {
            path: path.to_owned(),
            source,
        },
        _ => JournalError::from_io(path, source),
    })
}

fn write_whole(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let partial = path.with_extension(format!("partial-{}", std::process::id()));
    let mut file = File::create(&partial)?;
    file.write_all(bytes)?;
    file.sync_data()?;
    fs::rename(&partial, path)
}

pub(super) fn sync_folder(path: &Path) -> Result<(), JournalError> {
    File::open(path)
        .and_then(|folder| folder.sync_all())
        .map_err(|error| JournalError::from_io(path, error))
}

#[cfg(test)]
#[path = "folder_tests.rs"]
mod tests;
