//! Creation that meets its own earlier effect without failing or doubling it.

use std::time::Duration;

use serde_json::Value;

use crate::account::Account;
use crate::answer::Answer;
use crate::api::Api;
use crate::fault::Fault;

/// How often a creation is sent again after looking found nothing.
const ATTEMPTS_MAX: u32 = 3;

/// How long this cloud may take until a read shows what a change made.
const SETTLE: Duration = Duration::from_secs(5);

/// A creation on its way.
#[must_use = "nothing happens before `or_adopt`"]
pub struct Create<'a> {
    account: &'a Account,
    api: Api,
    reverse: Option<Api>,
    settle: Duration,
}

/// An object that is there now.
#[derive(Clone, Debug, PartialEq)]
pub struct Created {
    /// The answer of the creation, or what looking found in its place.
    pub answer: Answer,
    /// Whether this step made it, now or in an earlier attempt; otherwise it was there before.
    pub made: bool,
}

impl<'a> Create<'a> {
    pub(crate) fn new(account: &'a Account, api: Api) -> Self {
        Self {
            account,
            api,
            reverse: None,
            settle: SETTLE,
        }
    }

    /// Says which call takes the creation back.
    pub fn reverse(mut self, reverse: Api) -> Self {
        self.reverse = Some(reverse);
        self
    }

    /// How long to wait before looking again, five seconds unless said.
    pub fn settle(mut self, settle: Duration) -> Self {
        self.settle = settle;
        self
    }

    /// Looks, and creates what is not there. `look` returns what the creation's answer would have
    /// held if the object is there and is the wanted one, `None` if it is not there, and a fault if
    /// something else has its place. Where the outcome of the creation is unknown, or the cloud says
    /// that it exists, it waits, looks again, and adopts or creates.
    pub fn or_adopt(
        self,
        mut look: impl FnMut() -> Result<Option<Value>, Fault>,
    ) -> Result<Created, Fault> {
        if let Some(found) = look()? {
            return self.adopted(found);
        }
        let mut attempt = 1;
        loop {
            let fault = match self.account.send(&self.api, self.reverse.as_ref()) {
                Ok(answer) => return Ok(Created { answer, made: true }),
                Err(fault) if fault.is_unknown() || fault.is_exists() => fault,
                Err(fault) => return Err(fault),
            };
            self.account.settle(self.settle)?;
            if let Some(found) = look()? {
                return self.adopted(found);
            }
            if !fault.is_unknown() || attempt == ATTEMPTS_MAX {
                return Err(fault);
            }
            attempt += 1;
        }
    }

    fn adopted(&self, found: Value) -> Result<Created, Fault> {
        let made = self.account.adopt(&self.api, &found)?;
        Ok(Created {
            answer: Answer::new(self.api.label(), found),
            made,
        })
    }
}
