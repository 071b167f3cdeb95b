//! Reads the imports of a workspace and finds what imports each other in a circle.
//!
//! An import is a `use` or a path written in full, in code or in the arguments of a macro. It leads to the file that
//! defines the name, through any number of `pub use` and `*`. Code that only tests compile is left out: a test may
//! know whatever it tests.
//!
//! The rule: the entries of a folder (a file, or a folder with the file of its name) import each other in no circle.
//! The file of the folder itself (`mod.rs`, `lib.rs`) is left out there: a module and its own parts are one thing.
//! Between packages cargo keeps the same rule.

mod circles;
mod imports;
mod modules;
mod resolve;

pub use circles::{Circle, circles};
pub use imports::{Import, imports};
pub use modules::{Module, Package, packages};
