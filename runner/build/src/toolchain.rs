//! What compiles Rust for the guest: cargo, its flags and its environment.
//!
//! `scripts/wasm-target` installs what is missing and writes down how to use it; here that note is
//! read, or plain cargo is used where its compiler has the target already. The program's build script includes this
//! file, to stop before anything is compiled: it needs nothing but the standard library.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Makes the command that starts a program, with the environment that it is to see.
pub type Start = fn(&OsStr) -> Command;

/// The target of guests written in Rust: it imports nothing but our interface.
pub(crate) const TARGET: &str = "wasm32-unknown-unknown";

/// The note that `scripts/wasm-target` writes, below the target folder.
const NOTE: &str = "wasm-target.env";

/// How cargo is called.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Toolchain {
    cargo: PathBuf,
    flags: Vec<String>,
    environment: Vec<(String, String)>,
}

/// The compiler has no standard library for the target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoTarget;

impl std::error::Error for NoTarget {}

impl std::fmt::Display for NoTarget {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            formatter,
            "the Rust compiler here has no standard library for {TARGET}"
        )
    }
}

impl Toolchain {
    /// Finds the tool chain for sources whose artefacts go to `target_folder`.
    pub(crate) fn find(target_folder: &Path, start: Start) -> Result<Self, NoTarget> {
        match std::fs::read_to_string(target_folder.join(NOTE)) {
            Ok(note) => Ok(Self::from_note(&note)),
            Err(_) if library_is_there(start) => Ok(Self::from_note("")),
            Err(_) => Err(NoTarget),
        }
    }

    fn from_note(note: &str) -> Self {
        let mut toolchain = Self {
            cargo: std::env::var_os("CARGO").map_or_else(|| "cargo".into(), PathBuf::from),
            ..Self::default()
        };
        for (name, value) in note.lines().filter_map(|line| line.split_once('=')) {
            match name {
                "RUTTER_CARGO" => toolchain.cargo = value.into(),
                "RUTTER_CARGO_FLAGS" => {
                    toolchain.flags = value.split_whitespace().map(str::to_owned).collect();
                }
                _ => toolchain
                    .environment
                    .push((name.to_owned(), value.to_owned())),
            }
        }
        toolchain
    }

    /// `cargo build` for the guest's target, to be completed with packages.
    pub(crate) fn cargo_build(&self, start: Start) -> Command {
        let mut command = start(self.cargo.as_os_str());
        command
            .arg("build")
            .args(&self.flags)
            .args(["--target", TARGET])
            .envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }
}

fn library_is_there(start: Start) -> bool {
    let compiler = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = start(&compiler)
        .args(["--print", "target-libdir", "--target", TARGET])
        .output();
    output.is_ok_and(|output| {
        let folder = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        output.status.success() && Path::new(&folder).is_dir()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_note_says_which_cargo_and_how() {
        let note = "RUTTER_CARGO=/usr/bin/cargo\nRUTTER_CARGO_FLAGS=-Zbuild-std=std,panic_abort\nRUSTC_BOOTSTRAP=1\n";
        let toolchain = Toolchain::from_note(note);
        let command = toolchain.cargo_build(|program| Command::new(program));
        assert_eq!(command.get_program(), "/usr/bin/cargo");
        assert!(
            command
                .get_args()
                .any(|flag| flag == "-Zbuild-std=std,panic_abort")
        );
        assert!(
            command
                .get_envs()
                .any(|(name, _)| name == "RUSTC_BOOTSTRAP")
        );
    }
}
