//! Puts into the program what it is to hold: the standard runbooks always, the standard plugins in a release.
//!
//! While the program is developed its plugins lie beside it in `target/plugins`, so that a change in one of them does
//! not compile the program again. The feature `standard` puts them in there too. They are built by the package
//! `rutter-build`, which is started and not linked: a dependency of a build script has features of its own, and every
//! build, of any profile, would compile two dozen packages twice for it.

#[path = "build/src/toolchain.rs"]
#[expect(dead_code, reason = "only whether there is one is asked here")]
mod toolchain;

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use toolchain::{NoTarget, Toolchain};

/// The environment variable that names a folder with the plugins, where they were built before.
const BUILT: &str = "RUTTER_STANDARD_PLUGINS";

fn main() -> ExitCode {
    match embed() {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            println!("cargo::error={reason}");
            ExitCode::FAILURE
        }
    }
}

fn embed() -> Result<(), String> {
    let top = folder("CARGO_MANIFEST_DIR").join("..");
    let out = folder("OUT_DIR");
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=build/src/toolchain.rs");
    println!("cargo::rerun-if-changed=../runbooks");
    let mut table = String::new();
    let runbooks = files(&top.join("runbooks"), "toml")?;
    list(&mut table, "RUNBOOKS", "str", "include_str", &runbooks);
    let plugins = match is_wanted() {
        true => plugins(&top, &out)?,
        false => Vec::new(),
    };
    list(&mut table, "PLUGINS", "[u8]", "include_bytes", &plugins);
    let path = out.join("standard.rs");
    std::fs::write(&path, table).map_err(|error| format!("write `{}`: {error}", path.display()))
}

/// Whether the plugins are to be in the program.
fn is_wanted() -> bool {
    std::env::var_os("CARGO_FEATURE_STANDARD").is_some()
        || std::env::var_os("PROFILE").is_some_and(|profile| profile == "release")
}

/// Builds the plugins, in a target folder of their own: the one in use is locked while this runs.
fn plugins(top: &Path, out: &Path) -> Result<Vec<PathBuf>, String> {
    println!("cargo::rerun-if-env-changed={BUILT}");
    if let Some(folder) = std::env::var_os(BUILT) {
        // It is written into a source in another folder.
        let folder = PathBuf::from(folder)
            .canonicalize()
            .map_err(|error| format!("{BUILT} names no folder: {error}"))?;
        println!("cargo::rerun-if-changed={}", folder.display());
        return files(&folder, "wasm");
    }
    for source in ["plugins", "sdk", "runner/build", "Cargo.lock"] {
        println!("cargo::rerun-if-changed=../{source}");
    }
    let target =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| top.join("target"), PathBuf::from);
    Toolchain::find(&target, start).map_err(|error: NoTarget| {
        format!(
            "{error}, which the standard plugins are compiled for: `rustup target add {}`",
            toolchain::TARGET
        )
    })?;
    let output = out.join("plugins");
    let _ = std::fs::remove_dir_all(&output);
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let built = start(&cargo)
        .args([
            "run",
            "--quiet",
            "--locked",
            "--package",
            "rutter-build",
            "--manifest-path",
        ])
        .arg(top.join("Cargo.toml"))
        .arg("--target-dir")
        .arg(out.join("target"))
        .arg("--")
        .args([top, &output, &out.join("target")])
        .status()
        .map_err(|error| format!("start `cargo`: {error}"))?;
    match built.success() {
        true => files(&output, "wasm"),
        false => Err("the standard plugins could not be built: the reason stands above".to_owned()),
    }
}

/// Starts a program without what cargo tells this build script alone.
fn start(program: &OsStr) -> Command {
    let own = [
        "CARGO_CFG_",
        "CARGO_FEATURE_",
        "CARGO_MANIFEST_",
        "CARGO_PKG_",
        "CARGO_ENCODED_RUSTFLAGS",
        "RUSTC_WORKSPACE_WRAPPER",
    ];
    let mut command = Command::new(program);
    for (name, _) in std::env::vars_os() {
        if name
            .to_str()
            .is_some_and(|name| own.iter().any(|own| name.starts_with(own)))
        {
            command.env_remove(name);
        }
    }
    command
}

fn files(folder: &Path, extension: &str) -> Result<Vec<PathBuf>, String> {
    let failed = |error| format!("read `{}`: {error}", folder.display());
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.extension().is_some_and(|found| found == extension) {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// Writes a table of files, each by its name.
fn list(text: &mut String, name: &str, kind: &str, include: &str, files: &[PathBuf]) {
    let _ = writeln!(text, "pub(super) static {name}: &[(&str, &{kind})] = &[");
    for path in files {
        let file = path.file_name().unwrap_or_default();
        let _ = writeln!(text, "    ({file:?}, {include}!({path:?})),");
    }
    text.push_str("];\n");
}

fn folder(name: &str) -> PathBuf {
    std::env::var_os(name).unwrap_or_default().into()
}
