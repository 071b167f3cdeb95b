//! How each paged read is asked for its next page.
//!
//! Where an action takes both a page number and a mark, the mark is used: the documents announce the
//! end of the numbers, and a mark cannot skip what moved between two pages.

use crate::action::{Page, Paging};

/// Returns how a read pages; `None` when it answers in one piece.
pub(crate) fn of(product: &str, action: &str) -> Option<Paging> {
    match product {
        "RAM" => ram(action),
        "DTS" => dts(action),
        "SMC" => smc(action),
        "ECS" => ecs(action),
        "R-kvstore" => r_kvstore(action),
        _ => None,
    }
}

const fn numbered(
    list: &'static str,
    number: &'static str,
    size_max: u32,
    total: &'static str,
) -> Option<Paging> {
    Some(Paging {
        list,
        page: Page::Number {
            number,
            size: Some("PageSize"),
            size_max,
            total,
        },
    })
}

/// By `NextToken`, whose absence ends the list.
const fn by_token(list: &'static str, size_max: u32) -> Option<Paging> {
    Some(Paging {
        list,
        page: Page::Mark {
            mark: "NextToken",
            size: "MaxResults",
            size_max,
            next: "/NextToken",
            more: None,
        },
    })
}

fn ram(action: &str) -> Option<Paging> {
    let list = match action {
        "ListPolicies" => "/Policies/Policy",
        "ListRoles" => "/Roles/Role",
        "ListUsers" => "/Users/User",
        _ => return None,
    };
    Some(Paging {
        list,
        page: Page::Mark {
            mark: "Marker",
            size: "MaxItems",
            size_max: 1000,
            next: "/Marker",
            more: Some("/IsTruncated"),
        },
    })
}

fn dts(action: &str) -> Option<Paging> {
    let total = "/TotalRecordCount";
    match action {
        "DescribeDtsJobs" => numbered("/DtsJobList", "PageNumber", 100, total),
        "DescribePreCheckStatus" => numbered("/JobProgress", "PageNo", 100, total),
        "DescribeSynchronizationJobs" => {
            numbered("/SynchronizationInstances", "PageNum", 100, total)
        }
        _ => None,
    }
}

fn smc(action: &str) -> Option<Paging> {
    let (number, total) = ("PageNumber", "/TotalCount");
    match action {
        "DescribeReplicationJobs" => numbered("/ReplicationJobs/ReplicationJob", number, 50, total),
        "DescribeSourceServers" => numbered("/SourceServers/SourceServer", number, 50, total),
        "DescribeWorkgroups" => numbered("/Workgroups/Workgroup", number, 50, total),
        _ => None,
    }
}

fn ecs(action: &str) -> Option<Paging> {
    let (number, total) = ("PageNumber", "/TotalCount");
    match action {
        "DescribeCloudAssistantStatus" => by_token(
            "/InstanceCloudAssistantStatusSet/InstanceCloudAssistantStatus",
            50,
        ),
        "DescribeDisks" => by_token("/Disks/Disk", 500),
        "DescribeImageSharePermission" => numbered("/Accounts/Account", number, 100, total),
        "DescribeImages" => numbered("/Images/Image", number, 100, total),
        "DescribeInstanceStatus" => numbered("/InstanceStatuses/InstanceStatus", number, 50, total),
        "DescribeInstanceTypes" => by_token("/InstanceTypes/InstanceType", 1600),
        "DescribeInstances" => by_token("/Instances/Instance", 100),
        "DescribeInvocationResults" => numbered(
            "/Invocation/InvocationResults/InvocationResult",
            number,
            50,
            "/Invocation/TotalCount",
        ),
        "DescribeInvocations" => by_token("/Invocations/Invocation", 50),
        "DescribeSecurityGroupAttribute" => by_token("/Permissions/Permission", 1000),
        "DescribeSecurityGroups" => by_token("/SecurityGroups/SecurityGroup", 100),
        "DescribeSnapshots" => by_token("/Snapshots/Snapshot", 100),
        _ => None,
    }
}

fn r_kvstore(action: &str) -> Option<Paging> {
    let (number, total) = ("PageNumber", "/TotalCount");
    match action {
        "DescribeAccounts" => numbered("/Accounts/Account", number, 50, total),
        "DescribeInstances" => numbered("/Instances/KVStoreInstance", number, 50, total),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use crate::{Page, actions};

    #[test]
    fn paged_reads_have_the_parameters_and_the_list_they_page_by() {
        for action in actions() {
            let Some(paging) = action.paging else {
                continue;
            };
            let label = action.label();
            let list = format!("{}[]", paging.list[1..].replace('/', "."));
            let has_list = action.response.keys().any(|path| path.starts_with(&list));
            assert!(has_list, "{label}: {list}");
            let names = match paging.page {
                Page::Number { number, size, .. } => vec![Some(number), size],
                Page::Mark { mark, size, .. } => vec![Some(mark), Some(size)],
            };
            for name in names.into_iter().flatten() {
                assert!(action.parameter(name).is_some(), "{label}: {name}");
            }
        }
    }

    #[test]
    fn paged_reads_say_in_the_answer_where_the_next_page_is() {
        for action in actions() {
            let pointers = match action.paging.map(|paging| paging.page) {
                Some(Page::Number { total, .. }) => vec![total],
                Some(Page::Mark { next, more, .. }) => {
                    [Some(next), more].into_iter().flatten().collect()
                }
                None => continue,
            };
            for pointer in pointers {
                let path = pointer[1..].replace('/', ".");
                assert!(
                    action.response.contains_key(&path),
                    "{}: {path}",
                    action.label()
                );
            }
        }
    }

    #[test]
    fn every_read_that_takes_a_page_is_known_to_page() {
        let marks = ["PageNumber", "NextToken", "Marker"];
        for action in actions() {
            let takes = marks.iter().any(|mark| action.parameter(mark).is_some());
            assert!(!takes || action.paging.is_some(), "{}", action.label());
        }
    }
}
