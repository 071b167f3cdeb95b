//! Who calls: the identity behind an access key.

use serde_json::Value;

/// The identity that a call is made with.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Caller {
    pub account: String,
    pub identity: Identity,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Identity {
    /// The account itself.
    Main,
    User {
        name: String,
    },
    /// Nobody signed: what the call carries says whether it is let in.
    Anonymous,
    /// A session of a role of the account.
    Role {
        name: String,
        session: String,
        policy: Option<Value>,
    },
}

impl Caller {
    /// Whoever sends a call that nobody signs.
    pub fn anonymous() -> Self {
        Self {
            account: String::new(),
            identity: Identity::Anonymous,
        }
    }

    /// Returns the identity's name as trust policies and `GetCallerIdentity` write it.
    pub fn arn(&self) -> String {
        let account = &self.account;
        match &self.identity {
            Identity::Main => format!("acs:ram::{account}:root"),
            Identity::Anonymous => "anonymous".to_owned(),
            Identity::User { name } => format!("acs:ram::{account}:user/{name}"),
            Identity::Role { name, session, .. } => {
                format!("acs:ram::{account}:assumed-role/{name}/{session}")
            }
        }
    }
}
