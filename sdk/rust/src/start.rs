//! Starting something that then comes up by itself, and waiting until it has: a server, a job, a synchronisation.

use std::time::Duration;

use crate::account::Account;
use crate::answer::Answer;
use crate::api::Api;
use crate::fault::Fault;
use crate::find::Find;
use crate::host::Host;

/// The states between a start and its end, as the read of [`Startable::read`] shows them; compared without case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct States {
    /// Where the read shows the state: a JSON pointer to a text.
    pub status: &'static str,
    /// Where it shows the id, by which it is known again: a JSON pointer.
    pub id: &'static str,
    /// The state that it is to come to.
    pub running: &'static str,
    /// The states that become [`Self::running`] by themselves. There is nothing to start in them, nor in that one.
    pub under_way: &'static [&'static str],
    /// The states from which it is started.
    pub startable: &'static [&'static str],
    /// The states that a start does not lead to, as of what was deleted meanwhile. In any other state than these and
    /// the one from before the start, it was started.
    pub never_started: &'static [&'static str],
    /// The states from which it does not come back by itself: a wait ends there.
    pub stuck: &'static [&'static str],
    /// How long the read may go on showing the state from before the start.
    pub settle: Duration,
}

impl States {
    /// Returns whether what shows is on its way to [`Self::running`], or there.
    pub fn is_under_way(&self, shown: &Answer) -> bool {
        shown.is_one_of(self.status, &self.on_the_way())
    }

    fn on_the_way(&self) -> Vec<&'static str> {
        [self.under_way, &[self.running]].concat()
    }
}

/// Something that is started and then comes up by itself. [`start_and_wait`] does both.
///
/// ```
/// use rutter_sdk::prelude::*;
/// use rutter_sdk::{Startable, States, start_and_wait};
///
/// struct Job<'a> {
///     id: &'a str,
/// }
///
/// impl Startable for Job<'_> {
///     const STATES: States = States {
///         status: "/Status",
///         id: "/DtsJobId",
///         running: "Synchronizing",
///         under_way: &["Prechecking", "Initializing"],
///         startable: &["NotStarted", "Failed"],
///         never_started: &["Finished"],
///         stuck: &["Failed", "Finished"],
///         settle: Duration::from_secs(15),
///     };
///
///     fn start(&self) -> Api {
///         Api::new("DTS", "StartDtsJob").set("DtsJobId", self.id)
///     }
///
///     fn read(&self) -> Api {
///         Api::new("DTS", "DescribeDtsJobDetail").set("DtsJobId", self.id)
///     }
///
///     fn absent(&self) -> Fault {
///         Fault::fail("my-plugin.absent", format!("there is no task `{}`", self.id))
///     }
///
///     fn stuck(&self, shown: &Answer) -> Fault {
///         let why = shown.text_if_any("/ErrorMessage").unwrap_or("no reason is given");
///         Fault::fail("my-plugin.stopped", format!("`{}` stopped: {why}", self.id))
///     }
/// }
///
/// fn start(host: &Host, account: &Account, id: &str) -> Result<Option<i64>, Fault> {
///     let shown = start_and_wait(host, account, &Job { id }, Duration::from_hours(24))?;
///     Ok(shown.integer("/Delay").ok())
/// }
/// ```
pub trait Startable {
    /// The states that it passes.
    const STATES: States;

    /// The call that starts it.
    fn start(&self) -> Api;

    /// The read that shows its state.
    fn read(&self) -> Api;

    /// Refuses to go on with what shows, also where it is under way; refuses nothing unless it is written.
    ///
    /// # Errors
    /// The fault that the step ends with.
    fn check(&self, shown: &Answer) -> Result<(), Fault> {
        let _ = shown;
        Ok(())
    }

    /// The fault of a step whose object is not there.
    fn absent(&self) -> Fault;

    /// The fault of a step whose object shows a state from which it neither comes up nor can be started.
    fn stuck(&self, shown: &Answer) -> Fault;
}

/// Starts what is not on its way already, and returns what the read shows when it runs. A start whose answer was lost
/// is seen by the state that it left.
///
/// # Errors
/// What the [`Startable`] says where it is absent, stuck or refused; the cloud's fault where the start is refused; a
/// wait that took longer than `timeout`.
pub fn start_and_wait(
    host: &Host,
    account: &Account,
    object: &impl Startable,
    timeout: Duration,
) -> Result<Answer, Fault> {
    start(host, account, object)?;
    wait(account, object, timeout)
}

fn start<T: Startable>(host: &Host, account: &Account, object: &T) -> Result<(), Fault> {
    let before = startable(account, object)?;
    let look = started(object, before.as_deref());
    match account.create(object.start()).or_adopt(look) {
        // Until then the state from before may show, which the wait would take for the end of it.
        Ok(started) if started.made => host.wait(T::STATES.settle),
        Ok(_) => Ok(()),
        // It may have started by itself in the meantime.
        Err(fault) if fault.is_busy() && startable(account, object)?.is_none() => Ok(()),
        Err(fault) => Err(fault),
    }
}

/// The state from which it can be started, nothing if it is on its way already.
fn startable<T: Startable>(account: &Account, object: &T) -> Result<Option<String>, Fault> {
    let shown = detail(account, object)?;
    let state = shown.text(T::STATES.status)?;
    object.check(&shown)?;
    if T::STATES.is_under_way(&shown) {
        return Ok(None);
    }
    if shown.is_one_of(T::STATES.status, T::STATES.startable) {
        return Ok(Some(state.to_owned()));
    }
    Err(object.stuck(&shown))
}

/// What is seen of a start: it has left the state from before. It may have come far since.
fn started<T: Startable>(object: &T, before: Option<&str>) -> Find {
    let states = T::STATES;
    let shown = Find::one(object.read())
        .key(states.id)
        .settle(states.settle);
    match before {
        Some(state) => shown.none_of(
            states.status,
            &[&[state][..], states.never_started].concat(),
        ),
        None => shown.one_of(states.status, &states.on_the_way()),
    }
}

fn detail(account: &Account, object: &impl Startable) -> Result<Answer, Fault> {
    account.find(object.read())?.ok_or_else(|| object.absent())
}

/// Waits until it runs, and says why if it does not come to that.
fn wait<T: Startable>(account: &Account, object: &T, timeout: Duration) -> Result<Answer, Fault> {
    let waited = account
        .wait_for(object.read())
        .field(T::STATES.status)
        .until(&[T::STATES.running])
        .fail(T::STATES.stuck)
        .timeout(timeout)
        .wait();
    match waited {
        Err(fault) if fault.is_wait_failed() => Err(object.stuck(&detail(account, object)?)),
        other => other,
    }
}
