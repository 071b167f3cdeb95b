//! Rehearsing a run: its own clock (`event_queue.rs`), one guest at a time (`shell.rs`), the simulated cloud
//! in place of a transport (`carrier.rs`), and a report of what was seen (`report.rs`).

mod carrier;
mod event_queue;
mod report;
mod shell;

pub use carrier::{Reply, SimCarrier, Unsent};
pub use report::{Material, report};
pub use shell::RehearsalShell;
