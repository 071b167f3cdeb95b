//! The last stage: what becomes of a call that is sent. The only stage that differs between a run and a
//! rehearsal.

use std::future::Future;
use std::pin::Pin;

use rutter_engine::{At, Call, Outcome};

/// The outcome of a call, some time later.
pub type Carried<'a> = Pin<Box<dyn Future<Output = Outcome> + Send + 'a>>;

/// Sends calls, each exactly once; repeating is the engine's.
pub trait Carry: Send + Sync {
    /// Sends a call for a step and says what became of it.
    fn carry<'a>(&'a self, call: &'a Call, at: &'a At) -> Carried<'a>;
}
