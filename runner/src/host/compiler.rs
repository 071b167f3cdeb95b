//! Compiling a component away from the host: in a process of its own with a bound on its time and its
//! memory, since nothing in the compiler bounds either.
//!
//! The process is this program again. It is given the component and nothing else: no environment, no
//! file, no network that it would use. What it may take grows with the component, so that a bundled
//! interpreter compiles and two kilobytes cannot ask for minutes.

use std::io::{self, Read as _, Write};
use std::path::PathBuf;
use std::process::{Child, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Resource, Rlimit, Signal, setrlimit};

use super::pools::{self, PoolName};
use crate::children;

/// The hidden command that compiles what it reads.
pub const COMMAND: &str = "compile-component";

/// Seconds of processor time for a component of no size, and more for each mebibyte.
const SECONDS: (u64, u64) = (6, 2);
/// Mebibytes of memory, likewise.
const MEBIBYTES: (u64, u64) = (320, 24);
/// How much longer than its processor time a compilation may take on a busy machine.
const PATIENCE: u32 = 6;
/// How often it is looked whether a compilation is over.
const LOOK: Duration = Duration::from_millis(5);

/// Who compiles components.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Compiler {
    /// This process itself, without bounds on time and memory.
    #[default]
    Here,
    /// A process of this program's own, which has [`COMMAND`].
    Apart,
}

/// Why there is no code of a component.
#[derive(Clone, Debug, thiserror::Error)]
pub enum CompileError {
    /// The compiler refused it, or cannot be started.
    #[error("it does not compile: {0}")]
    Refused(String),
    /// Compiling it takes more than a plugin of its size has.
    #[error("{0}")]
    TooHard(String),
}

/// What compiling may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Bound {
    seconds: u64,
    mebibytes: u64,
}

impl Bound {
    fn of(bytes: usize) -> Self {
        let size = (bytes >> 20) as u64;
        Self {
            seconds: SECONDS.0 + SECONDS.1 * size,
            mebibytes: MEBIBYTES.0 + MEBIBYTES.1 * size,
        }
    }

    fn refusal(self, what: &str) -> CompileError {
        CompileError::TooHard(format!(
            "compiling it takes more than {what}: a plugin of its size has {} s of processor time and {} MiB",
            self.seconds, self.mebibytes
        ))
    }
}

/// Compiles in a process of its own.
pub(super) fn apart(pool: PoolName, bytes: &[u8]) -> Result<Vec<u8>, CompileError> {
    let bound = Bound::of(bytes.len());
    let mut child = begin(pool, bytes.len()).map_err(cannot)?;
    let sender = child.stdin.take();
    let receiver = child.stdout.take();
    let (written, code, ended) = std::thread::scope(|scope| {
        let sending = scope.spawn(|| match sender {
            // A child that gives up early says why by how it ends.
            Some(mut sender) => sender.write_all(bytes).is_ok(),
            None => false,
        });
        let receiving = scope.spawn(|| {
            let mut code = Vec::new();
            receiver.map(|mut receiver| receiver.read_to_end(&mut code));
            code
        });
        let ended = wait(&mut child, bound);
        let written = sending.join().unwrap_or_default();
        (written, receiving.join().unwrap_or_default(), ended)
    });
    let ended = ended.map_err(cannot)?;
    if ended.success() && written {
        return Ok(code);
    }
    Err(why(ended, bound, &code))
}

fn cannot(error: io::Error) -> CompileError {
    CompileError::Refused(format!("the compiler cannot be started: {error}"))
}

fn begin(pool: PoolName, size: usize) -> io::Result<Child> {
    children::bare(program()?)
        .args([COMMAND, pool.text(), &size.to_string()])
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
}

/// This program, also where its file was replaced since it began.
fn program() -> io::Result<PathBuf> {
    match cfg!(target_os = "linux") {
        true => Ok("/proc/self/exe".into()),
        false => std::env::current_exe(),
    }
}

/// The end of a compilation, if need be by force.
fn wait(child: &mut Child, bound: Bound) -> io::Result<ExitStatus> {
    let until = Instant::now() + Duration::from_secs(bound.seconds) * PATIENCE;
    loop {
        if let Some(ended) = child.try_wait()? {
            return Ok(ended);
        }
        if Instant::now() > until {
            child.kill()?;
            return child.wait();
        }
        std::thread::sleep(LOOK);
    }
}

/// Why a compilation came to nothing.
fn why(ended: ExitStatus, bound: Bound, said: &[u8]) -> CompileError {
    use std::os::unix::process::ExitStatusExt as _;
    let signal = |signal: Signal| ended.signal() == Some(signal as i32);
    if ended.code() == Some(REFUSED) {
        return CompileError::Refused(String::from_utf8_lossy(said).into_owned());
    }
    if signal(Signal::Xcpu) || signal(Signal::Kill) {
        return bound.refusal("the time it may take");
    }
    match ended.code() {
        // An allocation that fails ends the process by a signal.
        None => bound.refusal("the memory it may have"),
        Some(code) => CompileError::Refused(format!("the compiler ended with {code}")),
    }
}

/// The exit code of a compilation that the compiler refused (`Exit::Stopped`); why stands on its standard output.
const REFUSED: i32 = 3;

/// What the hidden command does: reads a component, and writes its code or why there is none. Returns whether
/// there is.
///
/// # Errors
/// When it cannot read or write.
pub fn compile_here(pool: &str, size: usize) -> io::Result<bool> {
    bind(Bound::of(size))?;
    let mut bytes = Vec::new();
    let limit = rutter_files::COMPONENT_MAX + 1;
    io::stdin().lock().take(limit).read_to_end(&mut bytes)?;
    let compiled = PoolName::named(pool)
        .ok_or_else(|| format!("there is no pool `{pool}`"))
        .and_then(|pool| pools::precompile(pool, &bytes));
    let is_compiled = compiled.is_ok();
    let answer = compiled.unwrap_or_else(String::into_bytes);
    let mut out = io::stdout().lock();
    out.write_all(&answer)?;
    out.flush()?;
    Ok(is_compiled)
}

/// Bounds this process for good.
fn bind(bound: Bound) -> io::Result<()> {
    let limit = |resource, limit: u64| {
        let limit = Some(limit);
        setrlimit(
            resource,
            Rlimit {
                current: limit,
                maximum: limit,
            },
        )
    };
    limit(Resource::Fsize, 0)?;
    limit(Resource::Cpu, bound.seconds)?;
    Ok(limit(Resource::Data, bound.mebibytes << 20)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_compiling_may_take_grows_with_the_component() {
        let (small, large) = (Bound::of(2_000), Bound::of(12 << 20));
        assert_eq!((small.seconds, small.mebibytes), (6, 320));
        assert_eq!((large.seconds, large.mebibytes), (30, 608));
    }
}
