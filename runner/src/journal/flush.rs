//! Flushes, and the head that follows them: what need not be safe at once is made safe soon, and together.

use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rutter_engine::Durability;

use super::JournalError;
use super::chain::Link;
use super::head::HeadFile;

/// The longest that a record which must be safe soon waits for its flush.
pub(super) const SOON: Duration = Duration::from_millis(20);

/// Syncs one file, at most [`SOON`] after it was asked to, and moves the head on behind that.
///
/// A flush of the log file makes every earlier commit safe, whoever made it. The thread starts with
/// the first request: a run that only ever flushes in the foreground has none.
pub(super) struct Flusher {
    path: PathBuf,
    file: Arc<File>,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    head: HeadFile,
    /// The newest record that was committed.
    appended: Link,
    due: Option<Instant>,
    failed: Option<io::Error>,
    /// A flush failed: the system may have dropped what it was to write, and a later one that succeeds says nothing
    /// about that. The head stays where it is.
    doubted: bool,
    closing: bool,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        // The state is plain values that are never half written.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Flusher {
    /// For the log `file` at `path`, whose newest record is `appended`.
    pub(super) fn new(file: File, path: PathBuf, head: HeadFile, appended: Link) -> Self {
        Self {
            path,
            file: Arc::new(file),
            shared: Arc::new(Shared {
                state: Mutex::new(State {
                    head,
                    appended,
                    due: None,
                    failed: None,
                    doubted: false,
                    closing: false,
                }),
                changed: Condvar::new(),
            }),
            thread: None,
        }
    }

    /// Records up to `link` were committed; for [`Durability::Machine`] and more they are flushed already.
    pub(super) fn appended(
        &mut self,
        link: Link,
        durability: Durability,
    ) -> Result<(), JournalError> {
        // After a flush that failed nobody knows what is on the disk: the head stays where it was.
        self.check()?;
        let mut state = self.shared.lock();
        state.appended = link;
        let moved = match durability {
            Durability::Process | Durability::Soon => state.head.set_written(link),
            Durability::Machine => state.head.set_flushed(link),
            Durability::Rest => state.head.rest(link),
        };
        moved.map_err(|error| state.head.failed(error))?;
        match durability {
            Durability::Process => {}
            Durability::Soon => {
                drop(state);
                self.request().map_err(|error| self.failed(error))?;
            }
            Durability::Machine | Durability::Rest => state.due = None,
        }
        Ok(())
    }

    /// Flushes what is not flushed yet; the head survives the machine with it.
    pub(super) fn rest(&self) -> Result<(), JournalError> {
        self.check()?;
        let mut state = self.shared.lock();
        if state.appended.seq > state.head.flushed().seq
            && let Err(error) = self.file.sync_data()
        {
            state.doubted = true;
            return Err(self.failed(error));
        }
        state.due = None;
        let link = state.appended;
        let rested = state.head.rest(link);
        rested.map_err(|error| state.head.failed(error))
    }

    /// From here on the head is not written: to measure what writing costs.
    #[cfg(test)]
    pub(super) fn mute_head(&self) {
        self.shared.lock().head.muted = true;
    }

    /// The newest record that survives the machine.
    pub(super) fn flushed(&self) -> Link {
        self.shared.lock().head.flushed()
    }

    /// Asks for a flush within [`SOON`].
    fn request(&mut self) -> io::Result<()> {
        if self.thread.is_none() {
            let (file, shared) = (self.file.clone(), self.shared.clone());
            let thread = std::thread::Builder::new()
                .name("journal-flush".to_owned())
                .spawn(move || flush_until_closed(&file, &shared))?;
            self.thread = Some(thread);
        }
        let mut state = self.shared.lock();
        if state.due.is_none() {
            state.due = Some(Instant::now() + SOON);
            self.shared.changed.notify_one();
        }
        Ok(())
    }

    /// Nobody knows what the disk holds of the newest records.
    pub(super) fn doubt(&self) {
        self.shared.lock().doubted = true;
    }

    /// Reports a flush that failed, in the background or before.
    fn check(&self) -> Result<(), JournalError> {
        let mut state = self.shared.lock();
        match state.failed.take() {
            Some(error) => Err(self.failed(error)),
            None if state.doubted => Err(self.failed(io::Error::other("an earlier flush failed"))),
            None => Ok(()),
        }
    }

    fn failed(&self, error: io::Error) -> JournalError {
        JournalError::from_io(&self.path, error)
    }
}

fn flush_until_closed(file: &File, shared: &Shared) {
    let mut state = shared.lock();
    while !state.closing {
        let Some(due) = state.due else {
            state = wait(shared, state, None);
            continue;
        };
        let left = due.saturating_duration_since(Instant::now());
        if !left.is_zero() {
            state = wait(shared, state, Some(left));
            continue;
        }
        // Taken back before the flush begins: what is appended while it runs asks anew.
        state.due = None;
        let link = state.appended;
        drop(state);
        let result = file.sync_data();
        state = shared.lock();
        // The head comes behind the flush, and speaks of no more than was there when that began.
        let result = match state.doubted {
            true => result,
            false => result.and_then(|()| state.head.set_flushed(link)),
        };
        if let Err(error) = result {
            state.failed = Some(error);
            state.doubted = true;
        }
    }
}

fn wait<'a>(
    shared: &'a Shared,
    state: MutexGuard<'a, State>,
    left: Option<Duration>,
) -> MutexGuard<'a, State> {
    match left {
        None => shared
            .changed
            .wait(state)
            .unwrap_or_else(PoisonError::into_inner),
        Some(left) => {
            shared
                .changed
                .wait_timeout(state, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0
        }
    }
}

impl Drop for Flusher {
    fn drop(&mut self) {
        self.shared.lock().closing = true;
        self.shared.changed.notify_one();
        if let Some(thread) = self.thread.take() {
            // A panic there has been shown already and loses nothing that was not asked for.
            let _ = thread.join();
        }
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn after_a_flush_that_failed_the_head_stays_where_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let head = HeadFile::create(&folder.path().join("head")).unwrap();
        // A file that cannot be flushed.
        let file = File::open("/dev/null").unwrap();
        let mut flusher = Flusher::new(file, "log".into(), head, Link::default());
        let link = |seq| Link {
            seq,
            ..Link::default()
        };
        flusher.appended(link(1), Durability::Soon).unwrap();
        while flusher.appended(link(2), Durability::Process).is_ok() {
            std::thread::sleep(SOON);
        }
        for _ in 0..2 {
            flusher.appended(link(3), Durability::Machine).unwrap_err();
            flusher.rest().unwrap_err();
        }
        assert_eq!(flusher.flushed(), Link::default());
    }
}
