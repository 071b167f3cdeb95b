//! An account of the cloud: calls, waits and handles of assumed roles.

use std::time::Duration;

use serde_json::Value;

use crate::answer::Answer;
use crate::api::Api;
use crate::duration::milliseconds;
use crate::fault::{Fault, OrAbsent};
use crate::find::Find;

/// The value of a field that an answer does not have, in [`Wait::until`] and [`Wait::fail`]: the object is gone, or
/// not there yet.
///
/// ```
/// use rutter_sdk::prelude::*;
///
/// /// Waits until a server is gone.
/// fn wait_for_end(account: &Account, server: &str, timeout: Duration) -> Result<(), Fault> {
///     let servers = Api::new("ECS", "DescribeInstances")
///         .set("InstanceIds", json!([server]).to_string());
///     account
///         .wait_for(servers)
///         .field("/Instances/Instance/0/Status")
///         .until(&[NOT_FOUND])
///         .timeout(timeout)
///         .wait()
///         .map(drop)
/// }
/// ```
pub const NOT_FOUND: &str = "NOT_FOUND";

/// What no field has; an empty list would mean the contract's.
const NO_STATE: &str = "-";

/// An account: it can be used and not read. Credentials stay in the host.
pub struct Account {
    backend: Box<dyn AccountBackend>,
}

/// Where the calls of an [`Account`] go. Answers are JSON text.
pub(crate) trait AccountBackend {
    fn id(&self) -> String;
    fn region(&self) -> String;
    fn call(&self, api: &Api, reverse: Option<&Api>) -> Result<String, Fault>;
    fn change(
        &self,
        api: &Api,
        reverse: Option<&Api>,
        find: &Find,
        take: bool,
    ) -> Result<(String, bool), Fault>;
    fn call_all(&self, api: &Api) -> Result<String, Fault>;
    fn wait_for(&self, api: &Api, until: &Until) -> Result<String, Fault>;
    fn assume_role(&self, arn: &str, session: &str) -> Result<Box<dyn AccountBackend>, Fault>;
}

/// Until when a read is polled. What is empty or absent is the contract's.
#[derive(Clone, Debug, Default)]
pub(crate) struct Until {
    pub(crate) path: String,
    pub(crate) until: Vec<String>,
    pub(crate) fail: Vec<String>,
    pub(crate) every_ms: Option<u64>,
    pub(crate) timeout_ms: Option<u64>,
}

impl Account {
    pub(crate) fn new(backend: Box<dyn AccountBackend>) -> Self {
        Self { backend }
    }

    /// Returns the account's id, decimal digits.
    pub fn id(&self) -> String {
        self.backend.id()
    }

    /// Returns the region the operator bound the account to, `cn-hangzhou`.
    pub fn region(&self) -> String {
        self.backend.region()
    }

    /// Makes one call that needs no reverse: a read, or a change that goes with its object.
    ///
    /// # Errors
    /// The cloud's fault, the host's where the manifest does not permit the call or no answer came
    /// ([`Fault::is_unknown`] of a change that may have happened), or `sdk.answer` where the answer is no JSON.
    pub fn call(&self, api: Api) -> Result<Answer, Fault> {
        self.send(&api, None)
    }

    /// Makes one read. Of a list that has pages it is the first: see [`Account::read_all`].
    ///
    /// # Errors
    /// As [`Account::call`]; one of which [`Fault::is_absent`] holds where the object does not exist.
    pub fn read(&self, api: Api) -> Result<Answer, Fault> {
        self.send(&api, None)
    }

    /// Makes one read of an object that may not exist; `None` where the cloud says that it does not.
    ///
    /// # Errors
    /// As [`Account::call`], for every other reason.
    pub fn find(&self, api: Api) -> Result<Option<Answer>, Fault> {
        self.read(api).or_absent()
    }

    /// Makes a paged read until the last page; the answer is the first page's, with all lists in it.
    ///
    /// # Errors
    /// As [`Account::call`]; also where a list has more pages than the host reads.
    pub fn read_all(&self, api: Api) -> Result<Answer, Fault> {
        let text = self.backend.call_all(&api)?;
        Answer::parse(api.label(), &text)
    }

    /// Prepares a change: `account.change(api).reverse(api).send()`.
    pub fn change(&self, api: Api) -> Change<'_> {
        Change {
            account: self,
            api,
            reverse: None,
            find: None,
        }
    }

    /// Prepares a wait: `account.wait_for(read).until(&["Running"]).wait()`. Without further words,
    /// field, values, interval and timeout are the contract's.
    pub fn wait_for(&self, api: Api) -> Wait<'_> {
        Wait {
            account: self,
            api,
            until: Until::default(),
        }
    }

    /// Assumes a role with this account's identity; `session` is the label in the cloud's audit log.
    ///
    /// # Errors
    /// The cloud's fault where the role is not there or does not trust this account, the host's where the manifest has
    /// no permission for assumed roles.
    pub fn assume_role(&self, arn: &str, session: &str) -> Result<Self, Fault> {
        self.backend.assume_role(arn, session).map(Self::new)
    }

    pub(crate) fn send(&self, api: &Api, reverse: Option<&Api>) -> Result<Answer, Fault> {
        let text = self.backend.call(api, reverse)?;
        Answer::parse(api.label(), &text)
    }

    pub(crate) fn look_and_send(
        &self,
        api: &Api,
        reverse: Option<&Api>,
        find: &Find,
        take: bool,
    ) -> Result<Changed, Fault> {
        let (text, made) = self.backend.change(api, reverse, find, take)?;
        let answer = Answer::parse(api.label(), &text)?.into_value();
        Ok(Changed { answer, made })
    }
}

/// What became of a change that has a look.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Changed {
    pub(crate) answer: Value,
    pub(crate) made: bool,
}

/// A change that is prepared: a call, what takes it back, and how what it makes is seen. Made by [`Account::change`].
#[must_use = "nothing happens before `send`"]
pub struct Change<'a> {
    account: &'a Account,
    api: Api,
    reverse: Option<Api>,
    find: Option<Find>,
}

impl Change<'_> {
    /// Says which call takes the change back; recorded with it. [`crate::answer`] stands for fields
    /// of the change's own answer.
    pub fn reverse(mut self, reverse: Api) -> Self {
        self.reverse = Some(reverse);
        self
    }

    /// Says how what it makes is seen: the host looks before it sends, and where the answer is lost.
    pub fn find(mut self, find: Find) -> Self {
        self.find = Some(find);
        self
    }

    /// Makes the change and returns its answer, or what looking found in its place where the answer was lost.
    ///
    /// # Errors
    /// As [`Account::call`]; also where a person who is asked declines.
    pub fn send(self) -> Result<Answer, Fault> {
        let reverse = self.reverse.as_ref();
        let Some(find) = &self.find else {
            return self.account.send(&self.api, reverse);
        };
        let changed = self
            .account
            .look_and_send(&self.api, reverse, find, false)?;
        Ok(Answer::new(self.api.label(), changed.answer))
    }
}

/// A wait that is prepared: a read that is polled until a field has one of several values. Made by
/// [`Account::wait_for`].
#[must_use = "nothing happens before `wait`"]
pub struct Wait<'a> {
    account: &'a Account,
    api: Api,
    until: Until,
}

impl Wait<'_> {
    /// Looks at the field at `pointer`, a JSON pointer into the answer; one that is not there is [`NOT_FOUND`].
    pub fn field(mut self, pointer: &str) -> Self {
        self.until.path = pointer.to_owned();
        self
    }

    /// The values that end the wait well, compared without case; the contract's unless said.
    pub fn until(mut self, values: &[&str]) -> Self {
        self.until.until = values.iter().map(|value| (*value).to_owned()).collect();
        self
    }

    /// The values that end it badly, compared without case; the fault is one of which
    /// [`Fault::is_wait_failed`] holds.
    pub fn fail(mut self, values: &[&str]) -> Self {
        self.until.fail = values.iter().map(|value| (*value).to_owned()).collect();
        self
    }

    /// No value ends it badly, also none of those that the contract names and that count where nothing is said: for
    /// what is being taken away, and comes to rest in whatever state.
    pub fn never_fail(self) -> Self {
        self.fail(&[NO_STATE])
    }

    /// The time between two polls, a day at the most; the contract's unless said.
    pub fn every(mut self, interval: Duration) -> Self {
        self.until.every_ms = Some(milliseconds(interval));
        self
    }

    /// The time until the wait gives up, with a fault of which [`Fault::is_wait_timeout`] holds.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.until.timeout_ms = Some(milliseconds(timeout));
        self
    }

    /// Waits and returns the last answer. The wait survives a crash: its time counts from its first poll.
    ///
    /// # Errors
    /// Faults of which [`Fault::is_wait_failed`] or [`Fault::is_wait_timeout`] holds, or what the read says, as
    /// [`Account::call`].
    pub fn wait(self) -> Result<Answer, Fault> {
        let text = self.account.backend.wait_for(&self.api, &self.until)?;
        Answer::parse(self.api.label(), &text)
    }
}
