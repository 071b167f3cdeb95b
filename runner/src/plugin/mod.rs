//! Plugins as files: built from source, inspected without running, found by name.
//!
//! A plugin is one `.wasm`, a component that carries its manifest. [`build`] makes it, [`inspect`]
//! reads what it says about itself, [`sentences`] says what it may do, [`Catalogue`] finds it by name. Running it is `host`'s affair.

pub mod build;
mod catalogue;
mod claims;
mod file;
#[cfg(test)]
pub(crate) mod fixture;
mod inspect;
mod outline;
mod sentences;
mod toolchain;

pub use catalogue::{Catalogue, CatalogueError, Component, Folder, PATH_VARIABLE, search_path};
pub use claims::Claim;
pub use file::{Origin, Plugin};
pub(crate) use inspect::digest;
pub use inspect::{Inspected, PluginError, SPOKEN_LINES, Upgrade, inspect};
pub use outline::{Outline, ShapeError};
pub use sentences::{Bound, NOTHING, Sentence, in_all, in_short, kind, sentences, sentences_in};
