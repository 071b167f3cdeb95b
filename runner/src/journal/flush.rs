//! Flushes in the background: what need not be safe at once is made safe soon, and together.

use std::fs::File;
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// The longest that a record which must be safe soon waits for its flush.
pub(super) const SOON: Duration = Duration::from_millis(20);

/// Syncs one file, at most [`SOON`] after it was asked to.
///
/// A flush of the log file makes every earlier commit safe, whoever made it. The thread starts with
/// the first request: a run that only ever flushes in the foreground has none.
pub(super) struct Flusher {
    file: Arc<File>,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    due: Option<Instant>,
    flushing: bool,
    failed: Option<io::Error>,
    closing: bool,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        // The state is three plain values that are never half written.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Flusher {
    pub(super) fn new(file: File) -> Self {
        Self {
            file: Arc::new(file),
            shared: Arc::default(),
            thread: None,
        }
    }

    /// Asks for a flush within [`SOON`].
    pub(super) fn request(&mut self) -> io::Result<()> {
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

    /// Somebody else has flushed.
    pub(super) fn satisfied(&self) {
        self.shared.lock().due = None;
    }

    /// Flushes now if a flush is due or under way.
    pub(super) fn flush(&self) -> io::Result<()> {
        let needed = {
            let state = self.shared.lock();
            state.due.is_some() || state.flushing
        };
        if needed {
            self.file.sync_data()?;
            self.satisfied();
        }
        self.check()
    }

    /// Reports, once, a flush that failed in the background.
    pub(super) fn check(&self) -> io::Result<()> {
        match self.shared.lock().failed.take() {
            Some(error) => Err(error),
            None => Ok(()),
        }
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
        state.flushing = true;
        drop(state);
        let result = file.sync_data();
        state = shared.lock();
        state.flushing = false;
        if let Err(error) = result {
            state.failed = Some(error);
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
