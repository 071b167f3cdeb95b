//! The cloud's official clients, of which nothing here is ours: the interpreter that has them.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;

use crate::Bench;

/// The environment is made within five minutes or not at all; what is done with it takes seconds.
pub const LIMIT: Duration = Duration::from_secs(480);

/// Makes the virtual environment, or finds it made, and returns its interpreter.
pub async fn environment() -> PathBuf {
    let python = std::env::var("PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let made = Command::new(&python)
        .arg(Bench::top().join("tests/clients/frame/environment.py"))
        .arg(target())
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output();
    let made = tokio::time::timeout(LIMIT, made)
        .await
        .expect("the environment of the official clients is made in time");
    let made = made.unwrap_or_else(|error| {
        panic!("`{python}` cannot be started ({error}); install CPython 3.11 or name it in PYTHON")
    });
    assert!(
        made.status.success(),
        "there is no environment of the official clients:\n{}",
        String::from_utf8_lossy(&made.stderr)
    );
    let said = String::from_utf8(made.stdout).expect("a path");
    PathBuf::from(said.trim_end())
}

/// A command of that interpreter which writes neither to the sources nor to the environment, which others may be using.
pub fn command(python: &Path, home: &Path) -> Command {
    let mut command = Command::new(python);
    command
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("HOME", home)
        .env("PYTHONPYCACHEPREFIX", target().join("clients/cache"))
        .stdin(Stdio::null())
        .kill_on_drop(true);
    command
}

fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| Bench::top().join("target"), PathBuf::from)
}
