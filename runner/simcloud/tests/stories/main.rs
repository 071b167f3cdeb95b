//! The world, told as the documents tell it: one file a product, and what holds for all.
#![expect(clippy::unwrap_used, reason = "a test that meets nothing fails there")]

mod chance;
mod costs;
mod documented;
mod dts;
mod dts_kinds;
mod dts_life;
mod ecs;
mod http;
mod oidc;
mod older;
mod properties;
mod ram;
mod redis;
mod repeat;
mod servers;
mod smc;
mod smc_jobs;
mod support;
mod world;
