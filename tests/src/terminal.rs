//! A real terminal with the binary in it, and a person whose keys come over a slow line.

use std::fs::File;
use std::io::{Read, Write};
use std::num::NonZero;
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Stdio};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, Winsize, tcgetattr, tcsetwinsize};

use crate::Bench;

/// How many lines a terminal shows.
const ROWS: u16 = 40;

/// A pseudo-terminal with a process in it, which is killed when this is dropped.
pub struct Terminal {
    child: Child,
    keys: Arc<Mutex<File>>,
    /// Kept open, so that the terminal's modes can be read to the end.
    side: OwnedFd,
    screen: Arc<Screen>,
    typing: Vec<JoinHandle<()>>,
    reading: Option<JoinHandle<()>>,
}

struct Screen {
    /// What was written, with the instant of each piece.
    pieces: Mutex<Vec<(Instant, String)>>,
    more: Condvar,
    /// What a person sees of it.
    seen: Mutex<vt100::Parser>,
}

/// Keys on their way.
#[derive(Clone, Debug)]
pub struct Sent {
    at: Arc<Mutex<Option<Instant>>>,
    delay: Duration,
}

impl Sent {
    /// When they were typed; the terminal got them a delay later.
    ///
    /// # Panics
    /// When they are still on their way after ten seconds.
    pub fn typed(&self) -> Instant {
        let until = Instant::now() + Duration::from_secs(10);
        loop {
            if let Some(at) = *self.at.lock().unwrap_or_else(PoisonError::into_inner) {
                return at - self.delay;
            }
            assert!(Instant::now() < until, "the keys never came");
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Terminal {
    /// Starts the binary in a terminal of its own, 80 columns wide.
    ///
    /// # Panics
    /// When there is no pseudo-terminal to be had.
    pub fn start(bench: &Bench, arguments: &[&str]) -> Self {
        Self::start_wide(bench, arguments, 80)
    }

    /// The same, so many columns wide.
    ///
    /// # Panics
    /// When there is no pseudo-terminal to be had.
    pub fn start_wide(bench: &Bench, arguments: &[&str], columns: u16) -> Self {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a pseudo-terminal");
        grantpt(&master).expect("it is ours");
        unlockpt(&master).expect("it is ours");
        let name = ptsname(&master, Vec::new()).expect("it has a name");
        let side: OwnedFd = File::options()
            .read(true)
            .write(true)
            .open(name.to_str().expect("its name is text"))
            .expect("it can be opened")
            .into();
        tcsetwinsize(&side, window(columns)).expect("it has a size");
        let stdio = || Stdio::from(side.try_clone().expect("a descriptor"));
        let mut command = bench.command(arguments).into_std();
        command
            .stdin(stdio())
            .stdout(stdio())
            .stderr(stdio())
            .env("TERM", "xterm-256color");
        // SAFETY: both are single system calls and touch no memory of the parent.
        unsafe {
            command.pre_exec(|| {
                rustix::process::setsid()?;
                rustix::process::ioctl_tiocsctty(rustix::stdio::stdin())?;
                Ok(())
            });
        }
        let child = command.spawn().expect("the binary can be started");
        let screen = Arc::new(Screen {
            pieces: Mutex::default(),
            more: Condvar::new(),
            seen: Mutex::new(vt100::Parser::new(cells(ROWS), cells(columns), 1_000)),
        });
        let output = File::from(master.try_clone().expect("a descriptor"));
        let written = screen.clone();
        let reading = std::thread::spawn(move || written.read(output));
        Self {
            child,
            keys: Arc::new(Mutex::new(File::from(master))),
            side,
            screen,
            typing: Vec::new(),
            reading: Some(reading),
        }
    }

    /// Types now; the terminal gets the keys after the delay.
    pub fn send(&mut self, keys: &str, delay: Duration) -> Sent {
        let sent = Sent {
            at: Arc::default(),
            delay,
        };
        let (terminal, keys, at) = (self.keys.clone(), keys.to_owned(), sent.at.clone());
        self.typing.push(std::thread::spawn(move || {
            std::thread::sleep(delay);
            let mut terminal = terminal.lock().unwrap_or_else(PoisonError::into_inner);
            *at.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
            // A terminal whose process has gone takes no keys.
            let _ = terminal.write_all(keys.as_bytes());
        }));
        sent
    }

    /// Everything on the screen so far.
    pub fn text(&self) -> String {
        let pieces = self.screen.lock();
        pieces.iter().map(|(_, piece)| piece.as_str()).collect()
    }

    /// Makes the terminal so many columns wide.
    ///
    /// # Panics
    /// When it is gone.
    pub fn resize(&self, columns: u16) {
        let mut seen = self.screen.seen();
        tcsetwinsize(&self.side, window(columns)).expect("it has a size");
        seen.screen_mut().set_size(cells(ROWS), cells(columns));
    }

    /// The lines on the screen at this moment, as a person sees them.
    pub fn screen(&self) -> Vec<String> {
        let seen = self.screen.seen();
        let screen = seen.screen();
        let lines = screen.rows(0, screen.size().1.get());
        let mut lines: Vec<String> = lines.map(|line| line.trim_end().to_owned()).collect();
        while lines.last().is_some_and(String::is_empty) {
            lines.pop();
        }
        lines
    }

    /// Waits until the screen shows what is wanted, and returns it; panics with the screen after a while.
    ///
    /// # Panics
    /// When it does not come.
    pub fn shows(&self, wanted: impl Fn(&str) -> bool, within: Duration) -> Vec<String> {
        let until = Instant::now() + within;
        loop {
            let screen = self.screen();
            if wanted(&screen.join("\n")) {
                return screen;
            }
            assert!(Instant::now() < until, "it shows:\n{}", screen.join("\n"));
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Waits until a text was written and returns when its last piece came; `None` after a while.
    pub fn saw(&self, text: &str, within: Duration) -> Option<Instant> {
        let until = Instant::now() + within;
        let mut pieces = self.screen.lock();
        loop {
            let mut whole = String::new();
            for (at, piece) in pieces.iter() {
                whole.push_str(piece);
                if whole.contains(text) {
                    return Some(*at);
                }
            }
            let left = until.checked_duration_since(Instant::now())?;
            let waited = self.screen.more.wait_timeout(pieces, left);
            (pieces, _) = waited.unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Whether keys are collected to lines and echoed, as a shell wants it.
    pub fn is_as_a_shell_wants_it(&self) -> bool {
        let modes = tcgetattr(&self.side).expect("a terminal has modes");
        let wanted = LocalModes::ICANON | LocalModes::ECHO | LocalModes::ISIG;
        modes.local_modes.contains(wanted)
    }

    /// The exit code, once the process ends within this time.
    pub fn ends(&mut self, within: Duration) -> Option<i32> {
        let until = Instant::now() + within;
        loop {
            if let Some(status) = self.child.try_wait().expect("the process is ours") {
                return status.code();
            }
            if Instant::now() >= until {
                return None;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// A number of rows or columns, of which there is one at least.
fn cells(number: u16) -> NonZero<u16> {
    NonZero::new(number).unwrap_or(NonZero::<u16>::MIN)
}

fn window(columns: u16) -> Winsize {
    Winsize {
        ws_row: ROWS,
        ws_col: columns,
        ws_xpixel: 0,
        ws_ypixel: 0,
    }
}

impl Screen {
    fn lock(&self) -> MutexGuard<'_, Vec<(Instant, String)>> {
        self.pieces.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn seen(&self) -> MutexGuard<'_, vt100::Parser> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read(&self, mut output: File) {
        let mut bytes = [0; 4_096];
        // At the end of its process a terminal answers with an error.
        while let Ok(length) = output.read(&mut bytes) {
            if length == 0 {
                return;
            }
            self.seen().process(&bytes[..length]);
            let piece = String::from_utf8_lossy(&bytes[..length]).into_owned();
            self.lock().push((Instant::now(), piece));
            self.more.notify_all();
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
        for typing in self.typing.drain(..) {
            let _ = typing.join();
        }
        // The reader ends when the last descriptor of the terminal's side is closed, which is after
        // this; it holds nothing that anybody waits for.
        drop(self.reading.take());
    }
}
