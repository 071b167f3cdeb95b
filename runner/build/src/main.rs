//! Builds all plugins of a workspace, for the build script of the program that holds them.
//!
//! Arguments: the workspace, the folder that gets the `.wasm` files, and cargo's target folder.

use std::path::PathBuf;
use std::process::{Command, ExitCode};

use rutter_build::{Options, build};

fn main() -> ExitCode {
    let arguments: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let Ok([source, output, target]) = <[PathBuf; 3]>::try_from(arguments) else {
        return refuse(
            "three folders are needed: the workspace, the output and cargo's target folder",
        );
    };
    let options = Options {
        source,
        only: Vec::new(),
        output: Some(output),
        target: Some(target),
        offline: false,
        start: |program| Command::new(program),
    };
    match build(&options) {
        Ok(_) => ExitCode::SUCCESS,
        Err(error) => refuse(&match error.help() {
            Some(help) => format!("{error}; help: {help}"),
            None => error.to_string(),
        }),
    }
}

#[expect(
    clippy::print_stderr,
    reason = "a build script's words go to standard error"
)]
fn refuse(reason: &str) -> ExitCode {
    eprintln!("error: {reason}");
    ExitCode::FAILURE
}
