//! What a guest wants of the outside world, before it is judged.

use rutter_engine::{Api, Condition, HttpRequest, Principal, RoleArn};
use url::Url;

use crate::look::Look;

/// What a guest wants of the outside world.
#[derive(Clone, Debug)]
pub enum HostRequest {
    /// One call, perhaps with the call that takes it back and a look at what it makes.
    Call {
        /// On whose account.
        handle: Handle,
        /// The call.
        api: Api,
        /// The call that takes it back.
        reverse: Option<Api>,
        /// How what it makes is seen.
        look: Option<Box<Look>>,
    },
    /// A paged read.
    CallAll {
        /// On whose account.
        handle: Handle,
        /// The read.
        api: Api,
    },
    /// A read that is polled.
    WaitFor {
        /// On whose account.
        handle: Handle,
        /// The read.
        api: Api,
        /// Until when.
        condition: Condition,
    },
    /// A role to be assumed.
    AssumeRole {
        /// On whose account.
        handle: Handle,
        /// The role.
        arn: RoleArn,
        /// The session's label.
        session: String,
    },
    /// A request by HTTP.
    Http {
        /// The request.
        request: HttpRequest,
        /// Its address.
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
