//! What each read is usually waited for, how often it is asked and when the wait gives up.
//!
//! The documents name states and hardly any duration. The patience here is generous where the time
//! depends on the amount of data, since giving up early costs more than waiting on.

use crate::action::Wait;

const SECOND: u64 = 1_000;
const MINUTE: u64 = 60 * SECOND;
const HOUR: u64 = 60 * MINUTE;

/// Ends of a DTS task that is on its way to run.
const TASK_UNTIL: &[&str] = &["Synchronizing", "Finished"];
const TASK_FAIL: &[&str] = &[
    "PrecheckFailed",
    "InitializeFailed",
    "Failed",
    "MigrationFailed",
    "ModifyFailed",
    "Locked",
];

/// Ends of a change to a Redis instance.
const REDIS_UNTIL: &[&str] = &["Normal"];
const REDIS_FAIL: &[&str] = &["Error", "Unavailable", "Inactive", "Released"];

/// Ends of a command on one instance.
const COMMAND_FAIL: &[&str] = &[
    "Invalid",
    "Aborted",
    "Failed",
    "Error",
    "Timeout",
    "Cancelled",
    "Terminated",
];

/// Returns the usual wait of a read; `None` where nothing about it changes by itself.
pub(crate) fn of(product: &str, action: &str) -> Option<Wait> {
    match product {
        "DTS" => dts(action),
        "SMC" => smc(action),
        "ECS" => ecs(action),
        "R-kvstore" => r_kvstore(action),
        _ => None,
    }
}

const fn wait(
    path: &'static str,
    until: &'static [&'static str],
    fail: &'static [&'static str],
    every_ms: u64,
    timeout_ms: u64,
) -> Option<Wait> {
    Some(Wait {
        path,
        until,
        fail,
        every_ms,
        timeout_ms,
    })
}

fn dts(action: &str) -> Option<Wait> {
    let (every, timeout) = (30 * SECOND, 24 * HOUR);
    match action {
        "DescribeDtsJobDetail" => wait("/Status", TASK_UNTIL, TASK_FAIL, every, timeout),
        "DescribeDtsJobs" => {
            let path = "/DtsJobList/0/Status";
            wait(path, TASK_UNTIL, TASK_FAIL, every, timeout)
        }
        "DescribePreCheckStatus" => wait("/State", &["Finished"], &["Failed"], 10 * SECOND, HOUR),
        "DescribeSynchronizationJobStatus" => {
            wait("/Status", TASK_UNTIL, TASK_FAIL, every, timeout)
        }
        "DescribeSynchronizationJobs" => {
            let path = "/SynchronizationInstances/0/Status";
            wait(path, TASK_UNTIL, TASK_FAIL, every, timeout)
        }
        _ => None,
    }
}

fn smc(action: &str) -> Option<Wait> {
    match action {
        // A source registers as Unavailable first, so that only its removal is a failure.
        "DescribeSourceServers" => wait(
            "/SourceServers/SourceServer/0/State",
            &["Available"],
            &["Deleting"],
            15 * SECOND,
            HOUR,
        ),
        "DescribeReplicationJobs" => wait(
            "/ReplicationJobs/ReplicationJob/0/Status",
            &["Finished"],
            &["InError", "Expired", "Deleting"],
            30 * SECOND,
            24 * HOUR,
        ),
        _ => None,
    }
}

fn ecs(action: &str) -> Option<Wait> {
    match action {
        "DescribeCloudAssistantStatus" => wait(
            "/InstanceCloudAssistantStatusSet/InstanceCloudAssistantStatus/0/CloudAssistantStatus",
            &["true"],
            &[],
            10 * SECOND,
            10 * MINUTE,
        ),
        "DescribeDisks" => wait(
            "/Disks/Disk/0/Status",
            &["Available"],
            &[],
            5 * SECOND,
            15 * MINUTE,
        ),
        "DescribeImages" => wait(
            "/Images/Image/0/Status",
            &["Available"],
            &["CreateFailed", "UnAvailable"],
            30 * SECOND,
            12 * HOUR,
        ),
        "DescribeInstances" => wait(
            "/Instances/Instance/0/Status",
            &["Running"],
            &[],
            5 * SECOND,
            15 * MINUTE,
        ),
        "DescribeInstanceStatus" => wait(
            "/InstanceStatuses/InstanceStatus/0/Status",
            &["Running"],
            &[],
            5 * SECOND,
            15 * MINUTE,
        ),
        "DescribeInvocations" => wait(
            "/Invocations/Invocation/0/InvocationStatus",
            &["Success"],
            &["Failed", "PartialFailed", "Stopped"],
            5 * SECOND,
            HOUR,
        ),
        "DescribeInvocationResults" => wait(
            "/Invocation/InvocationResults/InvocationResult/0/InvocationStatus",
            &["Success"],
            COMMAND_FAIL,
            5 * SECOND,
            HOUR,
        ),
        "DescribeSnapshots" => wait(
            "/Snapshots/Snapshot/0/Status",
            &["accomplished"],
            &["failed"],
            15 * SECOND,
            12 * HOUR,
        ),
        _ => None,
    }
}

fn r_kvstore(action: &str) -> Option<Wait> {
    let (every, timeout) = (10 * SECOND, HOUR);
    match action {
        "DescribeAccounts" => {
            let path = "/Accounts/Account/0/AccountStatus";
            wait(path, &["Available"], &[], every, 15 * MINUTE)
        }
        "DescribeInstanceAttribute" => {
            let path = "/Instances/DBInstanceAttribute/0/InstanceStatus";
            wait(path, REDIS_UNTIL, REDIS_FAIL, every, timeout)
        }
        "DescribeInstances" => {
            let path = "/Instances/KVStoreInstance/0/InstanceStatus";
            wait(path, REDIS_UNTIL, REDIS_FAIL, every, timeout)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use crate::{Access, action, actions};

    /// Returns the shape's path for a pointer: `/Images/Image/0/Status` is `Images.Image[].Status`.
    fn shape_path(pointer: &str) -> String {
        pointer[1..].replace("/0", "[]").replace('/', ".")
    }

    #[test]
    fn what_is_waited_for_is_in_the_answer() {
        for action in actions() {
            if let Some(wait) = &action.wait {
                let path = shape_path(wait.path);
                assert!(action.response.contains_key(&path), "{}", action.label());
                assert_eq!(action.access, Access::Read, "{}", action.label());
                assert!(wait.every_ms < wait.timeout_ms, "{}", action.label());
            }
        }
    }

    #[test]
    fn what_a_change_is_followed_by_is_a_read_that_answers_it() {
        for change in actions() {
            if let Some(poll) = &change.poll {
                let (product, name) = poll.action.split_once(':').unwrap();
                let read = action(product, name).unwrap();
                assert!(read.as_read().is_some(), "{}", change.label());
                let path = shape_path(&poll.path);
                assert!(read.response.contains_key(&path), "{}", change.label());
            }
        }
    }

    #[test]
    fn a_task_and_an_image_are_waited_for_by_their_state() {
        let task = action("DTS", "DescribeDtsJobDetail").unwrap().wait.unwrap();
        assert_eq!(task.path, "/Status");
        let image = action("ECS", "DescribeImages").unwrap().wait.unwrap();
        assert_eq!(image.path, "/Images/Image/0/Status");
        assert_eq!(image.until, ["Available"]);
    }
}
