//! Plugins built from source. What they say about themselves, and how they are found, is `rutter-plugin`'s.

pub mod build;
mod toolchain;
