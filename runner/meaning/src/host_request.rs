//! What a guest wants of the outside world, before it is judged.

use rutter_engine::{Api, Condition, HttpRequest, Principal, RoleArn};
use url::Url;

use crate::look::Look;

/// What a guest wants of the outside world.
#[derive(Clone, Debug)]
pub enum HostRequest {
    /// One call, perhaps with the call that takes it back and a look at what it makes.
    Call {
        /// The account it is made on, as the guest holds it.
        handle: Handle,
        /// The call, in the one spelling.
        api: Api,
        /// The call that takes it back.
        reverse: Option<Api>,
        /// How what it makes is seen.
        look: Option<Box<Look>>,
    },
    /// A read that is made to its last page.
    CallAll {
        /// The account it is made on, as the guest holds it.
        handle: Handle,
        /// The read, in the one spelling.
        api: Api,
    },
    /// A read that is polled.
    WaitFor {
        /// The account it is made on, as the guest holds it.
        handle: Handle,
        /// The read, in the one spelling.
        api: Api,
        /// What ends the wait, and how often it asks.
        condition: Condition,
    },
    /// A role to be assumed.
    AssumeRole {
        /// The account it is made on, as the guest holds it.
        handle: Handle,
        /// The role that is assumed.
        arn: RoleArn,
        /// The session's label, `RoleSessionName`.
        session: String,
    },
    /// A request by HTTP.
    Http {
        /// The request, as it is recorded.
        request: HttpRequest,
        /// Its address, parsed: what a permission is held against.
        url: Url,
    },
}

/// An account as a guest holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handle {
    /// The name under which the plugin opened the account it began with.
    pub opened_as: String,
    /// What it stands for.
    pub account: Principal,
}
