//! A change that meets its own effect, or what is so already, without failing or doubling it.

use crate::account::Account;
use crate::answer::Answer;
use crate::api::Api;
use crate::fault::Fault;
use crate::find::Find;

/// A creation that is prepared, of something that may be there already. Made by [`Account::create`].
#[must_use = "nothing happens before `or_adopt`"]
pub struct Create<'a> {
    account: &'a Account,
    api: Api,
    reverse: Option<Api>,
}

/// An object that is there now.
#[derive(Clone, Debug, PartialEq)]
pub struct Created {
    /// The answer of the creation, or what looking found in its place.
    pub answer: Answer,
    /// Whether this step made it, now or in an earlier attempt; otherwise it was there before.
    pub made: bool,
}

impl Account {
    /// Prepares the creation of an object that may be there already:
    /// `account.create(api).reverse(api).or_adopt(find)`.
    pub fn create(&self, api: Api) -> Create<'_> {
        Create {
            account: self,
            api,
            reverse: None,
        }
    }
}

impl Create<'_> {
    /// Says which call takes the creation back.
    pub fn reverse(mut self, reverse: Api) -> Self {
        self.reverse = Some(reverse);
        self
    }

    /// Creates what is not there. The host looks first, and takes what is so already as it is. It looks
    /// again where the answer is lost, or where the cloud says that it exists.
    ///
    /// # Errors
    /// As [`Account::call`]; also where a person who is asked declines, and where the cloud says that it exists and the
    /// look does not find it: it is something else.
    pub fn or_adopt(self, find: Find) -> Result<Created, Fault> {
        let changed = self
            .account
            .look_and_send(&self.api, self.reverse.as_ref(), &find, true)?;
        Ok(Created {
            answer: Answer::new(self.api.label(), changed.answer),
            made: changed.made,
        })
    }
}
