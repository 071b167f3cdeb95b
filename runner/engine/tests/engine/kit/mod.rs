//! A fake shell: guests are functions of what they were told, the cloud is a set of names with fates
//! laid down beforehand, and the clock is wound by the agenda.

mod cloud;
mod guest;
mod plan;
pub mod random;
mod shell;

pub use cloud::Fate;
pub use guest::{
    Act, CallExt, Told, calls, create, create_or_adopt, delete, fault, get, make, sleep, wait_for,
};
pub use plan::{Plain, StepExt, plan, retry, runbook, step};
pub use shell::{Cut, Shell, rebuilt};
