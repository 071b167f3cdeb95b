//! Plugins as files: found by name, inspected without running, told in sentences.
//!
//! A plugin is one `.wasm`, a component that carries its manifest. [`inspect`] reads what it says about itself,
//! [`sentences`] says what it may do, [`Catalogue`] finds it by name. Building one and running it is done elsewhere.

mod catalogue;
mod claims;
mod file;
#[doc(hidden)]
pub mod fixture;
mod inspect;
mod outline;
mod sentences;

pub use catalogue::{Catalogue, CatalogueError, Component, Folder, PATH_VARIABLE, search_path};
pub use claims::Claim;
pub use file::{Origin, Plugin, digest_of};
pub use inspect::{Inspected, PluginError, SPOKEN_LINES, Upgrade, digest, inspect};
pub use outline::{Outline, ShapeError};
pub use sentences::{
    Bound, NOTHING, Sentence, in_all, in_short, kind, own_undo, sentences, sentences_in,
};
