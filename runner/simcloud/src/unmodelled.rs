//! Parameters that change what a call means and that are not simulated: a call that gives one is refused by name, because
//! an answer that overlooks it would be wrong.

use serde_json::Value;

use crate::answer::Refusal;

/// Action (`*` for all of the product), parameter, and the values that mean as much as leaving it out.
const UNMODELLED: &[(&str, &str, &[&str])] = &[
    ("RAM:ListRoles", "Tag", &[]),
    ("RAM:ListPolicies", "Tag", &[]),
    ("R-kvstore:DescribeInstances", "Tag", &[]),
    ("R-kvstore:DescribeInstances", "ChargeType", &["PostPaid"]),
    ("R-kvstore:DescribeInstances", "Expired", &["false"]),
    ("DTS:*", "SynchronizationDirection", &["Forward"]),
    ("DTS:*", "ZeroEtlJob", &["false"]),
    ("DTS:ConfigureDtsJob", "Checkpoint", &[]),
    ("DTS:ConfigureDtsJob", "DedicatedClusterId", &[]),
    ("DTS:ConfigureDtsJob", "FileOssUrl", &[]),
    ("DTS:ConfigureDtsJob", "DisasterRecoveryJob", &["false"]),
    ("DTS:CreateDtsInstance", "SyncArchitecture", &["oneway"]),
    ("DTS:CreateDtsInstance", "Quantity", &["1"]),
    ("DTS:CreateSynchronizationJob", "Topology", &["oneway"]),
    ("DTS:CreateSynchronizationJob", "DBInstanceCount", &["1"]),
    ("DTS:CreateSynchronizationJob", "networkType", &[]),
    ("DTS:ConfigureSynchronizationJob", "Checkpoint", &[]),
    ("DTS:DescribeSynchronizationJobs", "Tag", &[]),
    ("ECS:DescribeInstances", "Tag", &[]),
    ("ECS:DescribeInstances", "Filter", &[]),
    ("ECS:DescribeInstances", "PublicIpAddresses", &[]),
    ("ECS:DescribeInstances", "EipAddresses", &[]),
    ("ECS:DescribeDisks", "Tag", &[]),
    ("ECS:DescribeDisks", "Filter", &[]),
    ("ECS:DescribeImages", "Tag", &[]),
    ("ECS:DescribeImages", "Filter", &[]),
    ("ECS:DescribeImages", "IsPublic", &["false"]),
    ("ECS:DescribeSnapshots", "Tag", &[]),
    ("ECS:DescribeSnapshots", "Filter", &[]),
    ("ECS:DescribeInvocations", "Tag", &[]),
    ("ECS:DescribeInvocationResults", "Tag", &[]),
    ("ECS:RunCommand", "RepeatMode", &["Once"]),
    ("ECS:RunCommand", "Frequency", &[]),
    ("ECS:RunCommand", "Timed", &["false"]),
    ("ECS:RunCommand", "EnableParameter", &["false"]),
    ("ECS:RunCommand", "ResourceTag", &[]),
    ("ECS:RunCommand", "ContainerId", &[]),
    ("ECS:RunCommand", "ContainerName", &[]),
    ("ECS:CreateImage", "DiskDeviceMapping", &[]),
    ("ECS:RunInstances", "DataDisk", &[]),
    ("ECS:RunInstances", "DedicatedHostId", &[]),
    ("ECS:RunInstances", "HibernationOptions", &[]),
    ("ECS:RunInstances", "HostNames", &[]),
    ("ECS:RunInstances", "ImageFamily", &[]),
    ("ECS:RunInstances", "Ipv6Address", &[]),
    ("ECS:RunInstances", "Ipv6AddressCount", &[]),
    ("ECS:RunInstances", "LaunchTemplateId", &[]),
    ("ECS:RunInstances", "LaunchTemplateName", &[]),
    ("ECS:RunInstances", "NetworkInterface", &[]),
    ("ECS:RunInstances", "SpotStrategy", &["NoSpot"]),
    ("ECS:RunInstances", "Tenancy", &["default"]),
    ("ECS:RunInstances", "UserData", &[]),
    ("ECS:StopInstance", "Hibernate", &["false"]),
    ("ECS:DeleteInstance", "TerminateSubscription", &["false"]),
    ("ECS:DescribeSecurityGroups", "Tag", &[]),
    ("ECS:DescribeSecurityGroups", "FuzzyQuery", &["false"]),
    ("ECS:DescribeAvailableResource", "Cores", &[]),
    ("ECS:DescribeAvailableResource", "Memory", &[]),
    ("ECS:DescribeAvailableResource", "DedicatedHostId", &[]),
    ("ECS:DescribeAvailableResource", "SpotStrategy", &["NoSpot"]),
    ("ECS:CopyImage", "Encrypted", &["false"]),
    ("SMC:DescribeSourceServers", "Tag", &[]),
    ("SMC:DescribeSourceServers", "WorkgroupId", &[]),
    ("SMC:DescribeReplicationJobs", "Tag", &[]),
    ("SMC:CreateReplicationJob", "JobType", &["0"]),
    ("SMC:DescribeReplicationJobs", "ResourceGroupId", &[]),
    ("SMC:CreateReplicationJob", "Disks", &[]),
    ("SMC:CreateReplicationJob", "SystemDiskPart", &[]),
    ("SMC:CreateReplicationJob", "Tag", &[]),
    ("SMC:ModifyReplicationJobAttribute", "SystemDiskPart", &[]),
];

/// Refuses a call that gives a parameter whose meaning is not simulated.
pub(crate) fn refuse(action: &str, parameters: &Value) -> Result<(), Refusal> {
    let every = action
        .split_once(':')
        .map(|(product, _)| format!("{product}:*"))
        .unwrap_or_default();
    for (_, name, harmless) in UNMODELLED
        .iter()
        .filter(|(held, ..)| *held == action || *held == every)
    {
        if parameters
            .get(name)
            .is_some_and(|value| !is_harmless(value, harmless))
        {
            let message =
                format!("The simulated cloud does not simulate the parameter {name} of {action}.");
            return Err(Refusal::new(501, "NotSimulated", message));
        }
    }
    Ok(())
}

fn is_harmless(value: &Value, harmless: &[&str]) -> bool {
    let text = match value {
        Value::Null => return true,
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    text.is_empty() || text == "[]" || harmless.iter().any(|word| word.eq_ignore_ascii_case(&text))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_parameter_without_a_meaning_here_is_refused_by_name() {
        let refusal =
            refuse("ECS:DescribeImages", &json!({ "Filter": [{ "Key": "a" }] })).unwrap_err();
        assert_eq!(
            (refusal.status, refusal.code.as_str()),
            (501, "NotSimulated")
        );
        assert!(refusal.message.contains("Filter"));
        assert!(
            refuse(
                "ECS:RunCommand",
                &json!({ "Timed": false, "RepeatMode": "once" })
            )
            .is_ok()
        );
        assert!(
            refuse(
                "DTS:StartDtsJob",
                &json!({ "SynchronizationDirection": "Reverse" })
            )
            .is_err()
        );
    }

    #[test]
    fn the_table_names_parameters_that_exist() {
        for (action, name, _) in UNMODELLED
            .iter()
            .filter(|(action, ..)| !action.ends_with('*'))
        {
            let (product, action) = action.split_once(':').unwrap();
            let contract = rutter_contracts::action(product, action).unwrap();
            let known = contract
                .parameters
                .iter()
                .any(|parameter| parameter.name.split(['[', '.']).next() == Some(name));
            assert!(known, "{product}:{action} {name}");
        }
    }
}
