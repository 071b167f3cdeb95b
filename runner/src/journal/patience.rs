//! An append that fails for a reason that passes: a full disk, a lock that another program holds. The records stay in
//! memory, nothing is done because of them, and it is tried again.

use std::time::{Duration, Instant};

use rutter_engine::{Durability, Record};

use super::{Journal, JournalError, Remedy as _};

/// How long an append is tried again before the run stops: long enough for whoever is told to make room.
pub const PATIENCE: Duration = Duration::from_secs(10 * 60);

const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Appends as [`Journal::append`] does, for `patience` again and again where it fails for a reason that passes. `say`
/// is told why nothing goes on, and that it goes on.
///
/// # Errors
/// As [`Journal::append`], once the patience is over or where waiting is of no use.
pub async fn append_patiently(
    journal: &mut dyn Journal,
    expected_seq: u64,
    records: &[Record],
    durability: Durability,
    patience: Duration,
    say: &mut (dyn FnMut(&str) + Send),
) -> Result<(), JournalError> {
    let began = Instant::now();
    let mut pause = FIRST_PAUSE;
    let mut said = false;
    loop {
        let error = match journal.append(expected_seq, records, durability) {
            Ok(()) => {
                if said {
                    say("the journal takes records again, and the run goes on; nothing was lost");
                }
                return Ok(());
            }
            Err(error) => error,
        };
        let left = patience.saturating_sub(began.elapsed());
        if left.is_zero() || !error.passes() {
            return Err(error);
        }
        if !said {
            said = true;
            say(&held_up(&error, left));
        }
        tokio::time::sleep(pause.min(left)).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

fn held_up(error: &JournalError, left: Duration) -> String {
    let remedy = match error {
        // It goes on by itself: there is nothing to resume.
        JournalError::NoSpace { .. } => "free space on its disk".to_owned(),
        error => error.remedy().unwrap_or_default(),
    };
    format!(
        "nothing goes on: {error}. What was answered is kept in memory, nothing is sent, and it is tried again for {} \
         minutes: {remedy}",
        left.as_secs().div_ceil(60)
    )
}

#[cfg(test)]
#[path = "patience_tests.rs"]
mod tests;
