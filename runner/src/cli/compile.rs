//! `rutter compile-component`: what the program starts itself to compile a component apart.

use super::{Context, Exit, Failure};
use crate::host::compiler;

/// Compile a component from standard input for a pool; for internal use
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The pool that the code is for
    pool: String,
    /// The size of the component in bytes
    size: usize,
}

pub(super) fn run(_context: &Context, args: &Args) -> Result<Exit, Failure> {
    match compiler::compile_here(&args.pool, args.size) {
        Ok(true) => Ok(Exit::Done),
        Ok(false) => Ok(Exit::Stopped),
        Err(error) => Err(Failure::io("the component could not be read", error)),
    }
}
