//! The binary: parses, runs, ends with an exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    rutter::cli::main()
}
