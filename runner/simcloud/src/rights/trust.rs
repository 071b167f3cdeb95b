//! Whether a role's trust policy lets somebody assume it.

use crate::caller::{Caller, Identity};
use crate::rights::condition::{Claims, holds};
use crate::rights::{Document, Verdict};

/// Somebody who wants to assume a role.
#[derive(Clone, Debug)]
pub(crate) enum Principal<'a> {
    /// An identity of an account.
    Caller(&'a Caller),
    /// A service on behalf of an account: `1234@dts.aliyuncs.com`, or of the role's own, `dts.aliyuncs.com`.
    Service {
        name: &'a str,
        on_behalf_of: &'a str,
    },
    /// Whoever has a good token of an identity provider of the role's own account.
    Federated {
        provider_arn: &'a str,
        claims: &'a Claims<'a>,
    },
}

/// Returns whether the trust policy of a role of `owner` lets the principal assume it.
pub(crate) fn trusts(document: &Document, owner: &str, principal: &Principal<'_>) -> bool {
    let verdicts = document.statements.iter().map(|statement| {
        let speaks = statement.actions.matches_ignoring_case("sts:AssumeRole")
            && statement
                .principals
                .iter()
                .any(|(kind, name)| names(kind, name, owner, principal));
        match principal {
            Principal::Federated { claims, .. } => {
                statement.verdict_where(speaks, holds(&statement.condition, claims))
            }
            _ => statement.verdict(speaks),
        }
    });
    Verdict::together(verdicts) == Verdict::Allowed
}

fn names(kind: &str, name: &str, owner: &str, principal: &Principal<'_>) -> bool {
    match principal {
        Principal::Caller(caller) => kind == "RAM" && names_caller(name, caller),
        Principal::Service {
            name: service,
            on_behalf_of,
        } => {
            let qualified = format!("{on_behalf_of}@{service}");
            kind == "Service" && (name == qualified || (name == *service && owner == *on_behalf_of))
        }
        Principal::Federated { provider_arn, .. } => kind == "Federated" && name == *provider_arn,
    }
}

/// The account's root stands for every identity of the account.
fn names_caller(name: &str, caller: &Caller) -> bool {
    let account = &caller.account;
    if name == format!("acs:ram::{account}:root") {
        return true;
    }
    match &caller.identity {
        Identity::Main | Identity::Anonymous => false,
        Identity::User { name: user } => name == format!("acs:ram::{account}:user/{user}"),
        // Names of roles are compared without case.
        Identity::Role { name: role, .. } => {
            name.eq_ignore_ascii_case(&format!("acs:ram::{account}:role/{role}"))
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn trust(principal: serde_json::Value) -> Document {
        let statement =
            json!({ "Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal });
        Document::trust(&json!({ "Version": "1", "Statement": [statement] })).unwrap()
    }

    #[test]
    fn a_service_is_trusted_only_on_behalf_of_the_account_named() {
        let document = trust(json!({ "Service": ["2@dts.aliyuncs.com"] }));
        let service = |on_behalf_of| Principal::Service {
            name: "dts.aliyuncs.com",
            on_behalf_of,
        };
        assert!(trusts(&document, "1", &service("2")));
        assert!(!trusts(&document, "1", &service("3")));
        let own = trust(json!({ "Service": ["dts.aliyuncs.com"] }));
        assert!(trusts(&own, "1", &service("1")));
        assert!(!trusts(&own, "1", &service("2")));
    }

    #[test]
    fn a_placeholder_names_nobody() {
        let document = trust(json!({ "RAM": ["acs:ram::<Alibaba Cloud account ID>:root"] }));
        let caller = Caller {
            account: "2".into(),
            identity: Identity::User { name: "a".into() },
        };
        assert!(!trusts(&document, "1", &Principal::Caller(&caller)));
        assert!(trusts(
            &trust(json!({ "RAM": "acs:ram::2:root" })),
            "1",
            &Principal::Caller(&caller)
        ));
        assert!(trusts(
            &trust(json!({ "RAM": "acs:ram::2:user/a" })),
            "1",
            &Principal::Caller(&caller)
        ));
        assert!(!trusts(
            &trust(json!({ "RAM": "acs:ram::2:user/b" })),
            "1",
            &Principal::Caller(&caller)
        ));
    }
}
