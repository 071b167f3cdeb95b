//! A journal that is begun again from the sound part of a damaged one. The damaged files are kept beside it, byte for
//! byte.
//!
//! The new files are made whole in a folder of their own, the damaged ones are put aside, and only then is that folder
//! given the name that says so ([`RECOVERING`]). From there on it is a matter of moving files, which is done again after
//! a kill; until it is done, the journal counts as damaged.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use rutter_engine::{Durability, Record};

use super::folder::sync_folder;
use super::inspect::{RECOVERING, beside, head_of, inspect, log_of, salvage};
use super::place;
use super::rows::Row;
use super::{Damage, Journal as _, JournalError, Known, RunFolder, RunsError, SqliteJournal};

/// Where the new files are made.
const UNFINISHED: &str = "recovering.unfinished";

/// A run whose journal is to be begun again; nobody else touches it meanwhile.
pub struct Wreck {
    folder: RunFolder,
    rows: Vec<Row>,
    known: Known,
    damage: Option<(PathBuf, Damage)>,
    _lock: File,
}

impl RunFolder {
    /// Finishes a recovery that was killed; whether there was one.
    ///
    /// # Errors
    /// When a process drives the run, or the files cannot be moved.
    pub fn finish_recovery(&self) -> Result<bool, RunsError> {
        if !self.path().join(RECOVERING).is_dir() {
            return Ok(false);
        }
        let _lock = self.take_lock()?;
        put_in_place(self)?;
        Ok(true)
    }

    /// Takes a run whose journal is damaged.
    ///
    /// # Errors
    /// When a process drives it, or its files cannot be read at all.
    pub fn take_wreck(&self) -> Result<Wreck, RunsError> {
        place::refuse_foreign(self.path())?;
        let lock = self.take_lock()?;
        let damage = match inspect(&self.journal()) {
            Ok(_) => None,
            Err(JournalError::Damaged { path, what, .. }) => Some((path, what)),
            Err(error) => return Err(error.into()),
        };
        let (rows, known) = salvage(&self.journal())?;
        Ok(Wreck {
            folder: self.clone(),
            rows,
            known,
            damage,
            _lock: lock,
        })
    }
}

impl Wreck {
    /// What is damaged, and how; nothing where the files are sound.
    pub fn damage(&self) -> Option<&(PathBuf, Damage)> {
        self.damage.as_ref()
    }

    /// What is known of the records.
    pub fn known(&self) -> Known {
        self.known
    }

    /// The sound records, from the first on.
    ///
    /// # Errors
    /// When one is of a kind that this program does not know.
    pub fn records(&self) -> Result<Vec<Record>, JournalError> {
        let path = self.folder.journal();
        let rows = self.rows.iter().cloned();
        rows.map(|row| row.understand(&path)).collect()
    }

    /// The name of the folder in which the damaged files will be kept.
    ///
    /// # Errors
    /// When the run's folder holds too many of them.
    pub fn kept_in(&self) -> Result<String, JournalError> {
        let names = (1..=u16::MAX).map(|number| format!("damaged-{number}"));
        let free = |name: &String| !self.folder.path().join(name).exists();
        let full =
            || JournalError::from_io(self.folder.path(), io::ErrorKind::AlreadyExists.into());
        names.into_iter().find(free).ok_or_else(full)
    }

    /// Begins a journal with the sound records and this one, which follows them, and keeps the damaged files.
    ///
    /// # Errors
    /// When the files cannot be written; the damaged ones are then where they were.
    pub fn begin_again(self, kept: &str, recovered: &Record) -> Result<(), JournalError> {
        let sound = usize::try_from(recovered.seq - 1).unwrap_or(usize::MAX);
        let rows = self.rows.get(..sound).unwrap_or(&self.rows);
        let folder = self.folder.path();
        let unfinished = folder.join(UNFINISHED);
        write_new(&unfinished, rows, recovered)?;
        keep(&self.folder, &folder.join(kept))?;
        rename(&unfinished, &folder.join(RECOVERING))?;
        sync_folder(folder)?;
        put_in_place(&self.folder)
    }
}

fn write_new(folder: &Path, rows: &[Row], recovered: &Record) -> Result<(), JournalError> {
    let failed = |error| JournalError::from_io(folder, error);
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
        _ => {}
    }
    fs::create_dir(folder).map_err(failed)?;
    let path = folder.join("journal.db");
    let mut journal = SqliteJournal::create(&path)?;
    journal.append_rows(0, rows, Durability::Machine)?;
    let record = std::slice::from_ref(recovered);
    journal.append(recovered.seq - 1, record, Durability::Rest)?;
    // Closing it folds the log into the file.
    drop(journal);
    inspect(&path)?;
    if log_of(&path).exists() {
        return Err(JournalError::Busy { path });
    }
    File::open(&path)
        .and_then(|file| file.sync_all())
        .map_err(failed)?;
    sync_folder(folder)
}

/// The files of a journal that hold something, and those that do not.
fn files_of(run: &RunFolder) -> ([PathBuf; 4], PathBuf) {
    let path = run.journal();
    let held = [
        path.clone(),
        log_of(&path),
        beside(&path, "-journal"),
        head_of(&path),
    ];
    (held, beside(&path, "-shm"))
}

/// Gives the damaged files a second name, or makes copies where the disk knows no second names.
fn keep(run: &RunFolder, kept: &Path) -> Result<(), JournalError> {
    let failed = |error| JournalError::from_io(kept, error);
    fs::create_dir(kept).map_err(failed)?;
    for file in files_of(run).0 {
        let Some(name) = file.file_name().filter(|_| file.exists()) else {
            continue;
        };
        let copy = kept.join(name);
        if fs::hard_link(&file, &copy).is_err() {
            fs::copy(&file, &copy).map_err(failed)?;
            File::open(&copy)
                .and_then(|copy| copy.sync_all())
                .map_err(failed)?;
        }
    }
    sync_folder(kept)
}

/// Can be done again from any place at which it was killed.
fn put_in_place(run: &RunFolder) -> Result<(), JournalError> {
    let new = run.path().join(RECOVERING);
    let (held, scratch) = files_of(run);
    for file in held.into_iter().chain([scratch]) {
        let name = file.file_name().unwrap_or_default();
        match name.to_str() {
            Some("journal.db" | "head") => {
                let from = new.join(name);
                if from.exists() {
                    rename(&from, &file)?;
                }
            }
            _ => match fs::remove_file(&file) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(JournalError::from_io(&file, error));
                }
                _ => {}
            },
        }
    }
    sync_folder(run.path())?;
    fs::remove_dir_all(&new).map_err(|error| JournalError::from_io(&new, error))?;
    sync_folder(run.path())
}

fn rename(from: &Path, to: &Path) -> Result<(), JournalError> {
    fs::rename(from, to).map_err(|error| JournalError::from_io(to, error))
}

#[cfg(test)]
#[path = "recover_tests.rs"]
mod tests;
