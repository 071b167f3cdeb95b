//! The keyboard of the terminal, key by key, while a question is open.
//!
//! Between questions nobody reads it, and what was typed in the meantime is thrown away when the next
//! one is drawn.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Instant;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::stdio::stdin;
use rustix::termios::{
    LocalModes, OptionalActions, QueueSelector, SpecialCodeIndex, Termios, tcflush, tcgetattr,
    tcgetpgrp, tcsetattr,
};
use tokio::sync::mpsc;

/// How long the reader looks for a key before it looks whether it is still wanted.
const GLANCE_MS: i32 = 100;

/// The terminal as it must be while keys are read one by one; it is as it was when this is dropped.
pub(super) struct Keys {
    before: Termios,
}

impl Keys {
    /// Takes the terminal over, and throws away what was typed so far. `interrupts` says whether Ctrl-C
    /// still interrupts the process; otherwise it is a key.
    pub(super) fn take(interrupts: bool) -> io::Result<Self> {
        let before = tcgetattr(stdin())?;
        let mut modes = before.clone();
        modes
            .local_modes
            .remove(LocalModes::ICANON | LocalModes::ECHO);
        if !interrupts {
            modes.local_modes.remove(LocalModes::ISIG);
        }
        modes.special_codes[SpecialCodeIndex::VMIN] = 1;
        modes.special_codes[SpecialCodeIndex::VTIME] = 0;
        tcsetattr(stdin(), OptionalActions::Flush, &modes)?;
        Ok(Self { before })
    }

    /// Keys that were typed; none when none came in a tenth of a second, an empty text at the end of
    /// the input.
    pub(super) fn read() -> io::Result<Option<Vec<u8>>> {
        let descriptor = stdin();
        let mut polled = [PollFd::new(&descriptor, PollFlags::IN)];
        match poll(&mut polled, GLANCE_MS) {
            Ok(0) | Err(rustix::io::Errno::INTR) => return Ok(None),
            Ok(_) => {}
            Err(error) => return Err(error.into()),
        }
        let mut bytes = [0; 256];
        match rustix::io::read(stdin(), &mut bytes) {
            Ok(length) => Ok(Some(bytes[..length].to_vec())),
            Err(rustix::io::Errno::INTR | rustix::io::Errno::AGAIN) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Throws away what was typed.
    pub(super) fn forget() {
        // A terminal that went away has nothing to forget; the next read tells.
        let _ = tcflush(stdin(), QueueSelector::IFlush);
    }
}

impl Drop for Keys {
    fn drop(&mut self) {
        // As above. What was typed beyond the answer is no command for the shell.
        let _ = tcsetattr(stdin(), OptionalActions::Flush, &self.before);
    }
}

/// Whether this process may read the terminal: one in the background would be stopped.
pub(super) fn in_foreground() -> bool {
    tcgetpgrp(stdin()).is_ok_and(|group| group == rustix::process::getpgrp())
}

/// Keys that were typed while a question was open, and when.
#[derive(Debug)]
pub(crate) struct Stroke {
    /// Which opening of the keyboard they belong to.
    opening: u64,
    /// When they came.
    pub(crate) at: Instant,
    /// They; empty at the end of the input.
    pub(crate) keys: Vec<u8>,
}

/// The keyboard, read by a thread of its own while it is open.
pub(crate) struct Keyboard {
    shared: Arc<Shared>,
    strokes: mpsc::UnboundedReceiver<Stroke>,
    open: Option<Keys>,
}

#[derive(Default)]
struct Shared {
    /// Odd while it is open: counts openings and closings.
    turn: AtomicU64,
    /// Woken when the turn changes.
    changed: Condvar,
    lock: Mutex<()>,
}

/// No opening follows: the thread ends.
const OVER: u64 = u64::MAX - 1;

impl Keyboard {
    /// The keyboard, closed; `None` without a thread for it.
    pub(crate) fn new() -> Option<Self> {
        let shared = Arc::new(Shared::default());
        let (sender, strokes) = mpsc::unbounded_channel();
        let reading = shared.clone();
        std::thread::Builder::new()
            .name("keyboard".to_owned())
            .spawn(move || reading.read(&sender))
            .ok()?;
        Some(Self {
            shared,
            strokes,
            open: None,
        })
    }

    /// Begins to read; what was typed before is thrown away.
    ///
    /// # Errors
    /// When the terminal went away.
    pub(crate) fn open(&mut self) -> io::Result<()> {
        if self.open.is_none() {
            self.open = Some(Keys::take(true)?);
            self.shared.turn(1);
        } else {
            // What the reader has already is told apart by its turn.
            self.shared.turn(2);
            Keys::forget();
        }
        Ok(())
    }

    /// Stops reading, and gives the terminal back as it was.
    pub(crate) fn close(&mut self) {
        if self.open.take().is_some() {
            self.shared.turn(1);
        }
    }

    /// The next keys of this opening. Cancel safe; never ready while it is closed.
    pub(crate) async fn next(&mut self) -> Stroke {
        loop {
            match self.strokes.recv().await {
                Some(stroke) if stroke.opening == self.shared.now() => return stroke,
                Some(_) => {}
                None => std::future::pending().await,
            }
        }
    }
}

impl Drop for Keyboard {
    fn drop(&mut self) {
        self.close();
        self.shared.turn.store(OVER, Ordering::SeqCst);
        self.shared.changed.notify_all();
    }
}

impl Shared {
    fn now(&self) -> u64 {
        self.turn.load(Ordering::SeqCst)
    }

    fn turn(&self, by: u64) {
        let _held = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
        self.turn.fetch_add(by, Ordering::SeqCst);
        self.changed.notify_all();
    }

    fn read(&self, sender: &mpsc::UnboundedSender<Stroke>) {
        loop {
            let turn = self.now();
            if turn == OVER {
                return;
            }
            if turn.is_multiple_of(2) {
                let held = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
                if self.now() == turn {
                    // Bounded, so that a wake-up that was missed costs little.
                    let pause = std::time::Duration::from_millis(100);
                    drop(self.changed.wait_timeout(held, pause));
                }
                continue;
            }
            let (keys, over) = match Keys::read() {
                Ok(None) => continue,
                Ok(Some(keys)) => (keys.clone(), keys.is_empty()),
                Err(_) => (Vec::new(), true),
            };
            let stroke = Stroke {
                opening: turn,
                at: Instant::now(),
                keys,
            };
            if sender.send(stroke).is_err() || over {
                return;
            }
        }
    }
}
