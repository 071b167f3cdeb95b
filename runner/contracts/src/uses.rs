//! Who may use what an action makes, and how that is seen: what is used by others is not destroyed unasked.

/// How one kind of use is seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Usage {
    product: &'static str,
    /// The action that makes the object, or the one that removes what another made in passing.
    action: &'static str,
    /// What a use is, for people: `shared with`.
    pub what: &'static str,
    /// The read of the same product.
    pub read: &'static str,
    /// Its parameters, by name.
    pub parameters: &'static [(&'static str, From)],
    /// The parameter of the action that names the object's region, where it is not the call's.
    pub region: Option<&'static str>,
    /// Lists in the answer, each with a pointer to the user's name in an element.
    pub lists: &'static [(&'static str, &'static str)],
    /// Whether a new object has no such use.
    pub none_at_first: bool,
}

/// Where the value of a parameter comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum From {
    /// A parameter of that action.
    Call(&'static str),
    /// A field of its answer, by JSON pointer.
    Answer(&'static str),
    /// It is always this.
    Text(&'static str),
}

const SHARES: &[(&str, &str)] = &[
    ("/Accounts/Account", "/AliyunId"),
    ("/ShareGroups/ShareGroup", "/Group"),
];

const HOLDERS: &[(&str, &str)] = &[
    ("/Roles/Role", "/RoleName"),
    ("/Users/User", "/UserName"),
    ("/Groups/Group", "/GroupName"),
];

const USAGES: [Usage; 6] = [
    Usage {
        product: "ECS",
        action: "CreateImage",
        what: "it is shared with",
        read: "DescribeImageSharePermission",
        parameters: &[
            ("RegionId", From::Call("RegionId")),
            ("ImageId", From::Answer("/ImageId")),
        ],
        region: None,
        lists: SHARES,
        none_at_first: true,
    },
    Usage {
        product: "ECS",
        action: "CopyImage",
        what: "it is shared with",
        read: "DescribeImageSharePermission",
        parameters: &[
            ("RegionId", From::Call("DestinationRegionId")),
            ("ImageId", From::Answer("/ImageId")),
        ],
        region: Some("DestinationRegionId"),
        lists: SHARES,
        none_at_first: true,
    },
    Usage {
        product: "ECS",
        action: "DeleteImage",
        what: "it is shared with",
        read: "DescribeImageSharePermission",
        parameters: &[
            ("RegionId", From::Call("RegionId")),
            ("ImageId", From::Call("ImageId")),
        ],
        region: None,
        lists: SHARES,
        none_at_first: true,
    },
    // A disk that was attached later may be destroyed with the server.
    Usage {
        product: "ECS",
        action: "RunInstances",
        what: "it has the disks",
        read: "DescribeDisks",
        parameters: &[
            ("RegionId", From::Call("RegionId")),
            (
                "InstanceId",
                From::Answer("/InstanceIdSets/InstanceIdSet/0"),
            ),
        ],
        region: None,
        lists: &[("/Disks/Disk", "/DiskId")],
        none_at_first: false,
    },
    Usage {
        product: "RAM",
        action: "CreateRole",
        what: "it has the policies",
        read: "ListPoliciesForRole",
        parameters: &[("RoleName", From::Call("RoleName"))],
        region: None,
        lists: &[("/Policies/Policy", "/PolicyName")],
        none_at_first: true,
    },
    Usage {
        product: "RAM",
        action: "CreatePolicy",
        what: "it is attached to",
        read: "ListEntitiesForPolicy",
        parameters: &[
            ("PolicyName", From::Call("PolicyName")),
            ("PolicyType", From::Text("Custom")),
        ],
        region: None,
        lists: HOLDERS,
        none_at_first: true,
    },
];

/// Returns how it is seen who uses what an action makes.
pub fn usages(product: &str, action: &str) -> impl Iterator<Item = &'static Usage> {
    USAGES
        .iter()
        .filter(move |usage| (usage.product, usage.action) == (product, action))
}

#[cfg(test)]
mod tests {
    use super::{From, USAGES};
    use crate::action;

    /// A dotted path of the answer's shape, `Accounts.Account[].AliyunId`.
    fn path(list: &str, id: &str) -> String {
        let dotted = |pointer: &str| pointer.trim_start_matches('/').replace('/', ".");
        format!("{}[].{}", dotted(list), dotted(id))
    }

    #[test]
    fn every_use_is_seen_by_a_read_that_the_table_knows() {
        for usage in &USAGES {
            let made = action(usage.product, usage.action).expect("the change is in the table");
            let read = action(usage.product, usage.read).expect("the read is in the table");
            assert!(read.as_read().is_some(), "{}", usage.read);
            for (name, from) in usage.parameters {
                assert!(read.parameter(name).is_some(), "{} {name}", usage.read);
                if let From::Call(given) = from {
                    assert!(made.parameter(given).is_some(), "{} {given}", usage.action);
                }
            }
            for (list, id) in usage.lists {
                let path = path(list, id);
                assert!(
                    read.response.contains_key(&path),
                    "{} says nothing of {path}",
                    usage.read
                );
            }
        }
    }
}
