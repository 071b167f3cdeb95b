//! A run whose journal is damaged, begun again from the records that are sound: to be shown and taken back.

use rutter_engine::{Fact, Person, Record, Run, Timestamp};

use super::SessionError;
use crate::journal::{Damage, RunFolder};

/// What became of a recovery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recovered {
    /// A journal was begun from the sound records.
    Now,
    /// A recovery that was killed was finished.
    Finished,
}

/// Begins the journal of a damaged run again from its sound part, in the name of `by`.
///
/// # Errors
/// When the journal is sound, holds no sound record, or its files cannot be read or written.
pub fn recover(folder: &RunFolder, by: &Person, now: Timestamp) -> Result<Recovered, SessionError> {
    if folder.finish_recovery()? {
        return Ok(Recovered::Finished);
    }
    let wreck = folder.take_wreck()?;
    let mut run = Run::new();
    let mut contradiction = None;
    for record in wreck.records()? {
        let mut next = run.clone();
        if let Err(error) = next.evolve(&record) {
            contradiction = Some(Damage::Contradiction(error.to_string()));
            break;
        }
        run = next;
    }
    let what = match (wreck.damage(), contradiction) {
        (Some((path, what)), _) => {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            format!("{name}: {what}")
        }
        (None, Some(what)) => what.to_string(),
        (None, None) => return Err(SessionError::Sound(folder.id().to_owned())),
    };
    if !run.has_plan() {
        return Err(SessionError::NothingSound(folder.id().to_owned(), what));
    }
    let kept = wreck.kept_in()?;
    let recovered = Record {
        seq: run.seq() + 1,
        // Not before the newest record, whatever the clock says.
        time: now.max(run.latest()),
        fact: Fact::Recovered {
            sound: run.seq(),
            reached: wreck.known().reached,
            damage: what,
            kept: kept.clone(),
            by: by.clone(),
        },
    };
    run.evolve(&recovered)?;
    wreck.begin_again(&kept, &recovered)?;
    Ok(Recovered::Now)
}
