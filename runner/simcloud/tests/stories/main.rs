//! The world, told as the documents tell it: one file a product, and what holds for all.

mod dts;
mod ecs;
mod http;
mod properties;
mod ram;
mod smc;
mod support;
