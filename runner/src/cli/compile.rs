//! `rutter compile-component`: what the program starts itself to compile a component apart.

use super::{Context, Exit, Failure};
use crate::host::compiler;

/// Compile a component from standard input for a room; the program calls this itself
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The room that the code is for
    room: String,
    /// How many bytes the component has
    size: usize,
}

pub(super) fn run(_context: &Context, args: &Args) -> Result<Exit, Failure> {
    match compiler::compile_here(&args.room, args.size) {
        Ok(0) => Ok(Exit::Done),
        // Exit code 3: the answer says why it does not compile.
        Ok(_) => Ok(Exit::Stopped),
        Err(error) => Err(Failure::io("the component could not be read", error)),
    }
}
