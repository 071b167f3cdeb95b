//! Which run took as it was what another one may have made: an index over all runs of a state folder,
//! `STATE/adoptions`. Before a run destroys what it made, it asks whether another one uses it.
//!
//! A line holds an entry and its digest. An entry is written, and flushed, before the record that it stands for, so
//! that the index never knows less than the journals. One that is missing or damaged is made anew from them.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use rutter_contracts::hex;
use rutter_engine::{Adoption, Fact, Object, Record, RunEnd};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::Runs;

/// The first line.
const HEADER: &str = "rutter adoptions 1";
/// How many digits of an entry's digest stand before it.
const DIGITS: usize = 16;

/// The index of a state folder.
#[derive(Clone, Debug)]
pub struct Adoptions {
    path: PathBuf,
    runs: Runs,
}

/// A line of the index.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum AdoptionEntry {
    /// A run took an object as it was.
    Took(Adoption),
    /// A run was taken back: it uses nothing any more.
    GaveUp {
        /// Its id.
        run: String,
    },
}

impl Adoptions {
    /// The index of the state folder in which a run's folder lies, `STATE/runs/ID`.
    pub fn beside(run: &Path) -> Self {
        let state = run.ancestors().nth(2).unwrap_or(run);
        Self::new(state)
    }

    /// The index of a state folder; nothing is made yet.
    pub fn new(state: &Path) -> Self {
        Self {
            path: state.join("adoptions"),
            runs: Runs::new(state),
        }
    }

    /// Notes that a run takes an object as it is.
    ///
    /// # Errors
    /// Why it could not be noted, in a sentence for the operator.
    pub fn add(&self, run: &str, object: &Object) -> Result<(), String> {
        self.note(AdoptionEntry::Took(Adoption {
            run: run.to_owned(),
            object: object.clone(),
        }))
    }

    /// Notes that a run was taken back.
    ///
    /// # Errors
    /// As for [`Adoptions::add`].
    pub fn give_up(&self, run: &str) -> Result<(), String> {
        let took =
            |entry: &AdoptionEntry| matches!(entry, AdoptionEntry::Took(took) if took.run == run);
        match self.load() {
            // Most runs never took anything.
            Ok((entries, _)) if !entries.iter().any(took) => Ok(()),
            _ => self.note(AdoptionEntry::GaveUp {
                run: run.to_owned(),
            }),
        }
    }

    /// What other runs took as it was and did not give up, and what the operator should know about that.
    pub fn of_others(&self, run: &str) -> (Vec<Adoption>, Vec<String>) {
        match self.load() {
            Ok((entries, notes)) => (standing(entries, run), notes),
            Err(error) => {
                let note = format!(
                    "whether other runs use what this one made is not known: {} cannot be read: {error}",
                    self.path.display()
                );
                (Vec::new(), vec![note])
            }
        }
    }

    fn note(&self, entry: AdoptionEntry) -> Result<(), String> {
        let written = self.load().and_then(|(entries, _)| {
            if matches!(&entry, AdoptionEntry::Took(took) if standing(entries, "").contains(took)) {
                return Ok(());
            }
            let mut file = self.locked()?;
            file.seek(SeekFrom::End(0))?;
            file.write_all(line(&entry).as_bytes())?;
            file.sync_data()
        });
        written.map_err(|error| {
            format!(
                "{} cannot be written ({error}): other runs will not know what this one uses",
                self.path.display()
            )
        })
    }

    /// The entries in their order; made anew from the journals where the index is missing or damaged.
    fn load(&self) -> io::Result<(Vec<AdoptionEntry>, Vec<String>)> {
        let mut file = self.locked()?;
        let mut text = String::new();
        let read = file.read_to_string(&mut text);
        if let Some(entries) = read.ok().and_then(|_| parse(&text)) {
            return Ok((entries, Vec::new()));
        }
        let (entries, mut notes) = self.read_from_journals();
        if !text.is_empty() {
            notes.insert(
                0,
                format!(
                    "{} was damaged, and was made anew from the runs' journals",
                    self.path.display()
                ),
            );
        }
        let mut anew = format!("{HEADER}\n");
        anew.extend(entries.iter().map(line));
        file.set_len(0)?;
        file.seek(SeekFrom::Start(0))?;
        file.write_all(anew.as_bytes())?;
        file.sync_all()?;
        Ok((entries, notes))
    }

    /// The file, which nobody else reads or writes until it is dropped.
    fn locked(&self) -> io::Result<File> {
        if let Some(state) = self.path.parent() {
            fs::create_dir_all(state)?;
        }
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&self.path)?;
        file.lock()?;
        Ok(file)
    }

    fn read_from_journals(&self) -> (Vec<AdoptionEntry>, Vec<String>) {
        let mut entries = BTreeSet::new();
        let mut notes = Vec::new();
        for folder in self.runs.list().unwrap_or_default() {
            let known = folder
                .view()
                .and_then(|view| view.known().map_err(Into::into));
            match known {
                Ok((records, _)) => entries.extend(taken(folder.id(), &records)),
                Err(error) => notes.push(format!(
                    "what run {} uses of other runs is not known: {error}",
                    folder.id()
                )),
            }
        }
        (entries.into_iter().collect(), notes)
    }
}

/// What a run took and did not give up, by its records.
fn taken(run: &str, records: &[Record]) -> Vec<AdoptionEntry> {
    let over = records.iter().rev().find_map(|record| match &record.fact {
        Fact::RunEnded { end } => Some(matches!(end, RunEnd::RolledBack(_))),
        _ => None,
    });
    if over == Some(true) {
        return Vec::new();
    }
    let objects = records.iter().filter_map(|record| match &record.fact {
        Fact::Adopted { object, .. } => Some(object),
        _ => None,
    });
    let entry = |object: &Object| {
        AdoptionEntry::Took(Adoption {
            run: run.to_owned(),
            object: object.clone(),
        })
    };
    objects.map(entry).collect()
}

fn standing(entries: Vec<AdoptionEntry>, run: &str) -> Vec<Adoption> {
    let mut standing: BTreeSet<Adoption> = BTreeSet::new();
    for entry in entries {
        match entry {
            AdoptionEntry::Took(adoption) => {
                standing.insert(adoption);
            }
            AdoptionEntry::GaveUp { run } => standing.retain(|adoption| adoption.run != run),
        }
    }
    standing.retain(|adoption| adoption.run != run);
    standing.into_iter().collect()
}

fn line(entry: &AdoptionEntry) -> String {
    let text = serde_json::to_string(entry).unwrap_or_default();
    format!("{} {text}\n", digest(&text))
}

/// All entries; `None` where a line is not as it was written.
fn parse(text: &str) -> Option<Vec<AdoptionEntry>> {
    let rest = text.strip_prefix(HEADER)?.strip_prefix('\n')?;
    if !rest.is_empty() && !rest.ends_with('\n') {
        return None;
    }
    let entry = |line: &str| {
        let (known, text) = line.split_once(' ')?;
        let sound = known == digest(text);
        serde_json::from_str(text).ok().filter(|_| sound)
    };
    rest.lines().map(entry).collect()
}

fn digest(text: &str) -> String {
    let mut digits = hex::encode(&Sha256::digest(text.as_bytes()));
    digits.truncate(DIGITS);
    digits
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(key: &str) -> Object {
        Object {
            account: "1234567890123456".to_owned(),
            product: "RAM".to_owned(),
            key: key.to_owned(),
        }
    }

    fn keys(index: &Adoptions, run: &str) -> Vec<String> {
        let (adoptions, _) = index.of_others(run);
        adoptions.into_iter().map(|one| one.object.key).collect()
    }

    #[test]
    fn others_see_what_a_run_took_until_it_gives_it_up() {
        let state = tempfile::tempdir().unwrap();
        let index = Adoptions::new(state.path());
        index.add("b", &object("role")).unwrap();
        index.add("b", &object("role")).unwrap();
        assert_eq!(keys(&index, "a"), ["role"]);
        assert!(keys(&index, "b").is_empty(), "its own");
        index.give_up("b").unwrap();
        assert!(keys(&index, "a").is_empty());
        index.add("b", &object("role")).unwrap();
    }

    #[test]
    fn a_damaged_index_is_made_anew_and_that_is_said() {
        let state = tempfile::tempdir().unwrap();
        let index = Adoptions::new(state.path());
        index.add("b", &object("role")).unwrap();
        let path = state.path().join("adoptions");
        let text = fs::read_to_string(&path).unwrap();
        for damaged in [&text[..text.len() - 3], &text.replace("role", "rule"), "x"] {
            fs::write(&path, damaged).unwrap();
            let (_, notes) = index.of_others("a");
            assert_eq!(notes.len(), 1, "{damaged}");
            assert!(notes[0].contains("was damaged"), "{}", notes[0]);
            assert!(index.of_others("a").1.is_empty(), "once");
        }
    }
}
