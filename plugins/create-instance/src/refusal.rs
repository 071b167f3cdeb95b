//! What the cloud's refusals mean for the inputs.

use rutter_sdk::prelude::*;

use crate::Inputs;

/// Codes of the cloud, ours, and what to change.
const REFUSALS: [(&str, &str, &str); 10] = [
    (
        "InvalidImageId.NotFound",
        "image",
        "Check the image's id, and that it is in the region of the new server.",
    ),
    (
        "InvalidVSwitchId.NotFound",
        "vswitch",
        "Check the vSwitch's id, and that it is in the region of the new server.",
    ),
    (
        "InvalidSecurityGroupId.NotFound",
        "security-group",
        "Check the security group's id and region.",
    ),
    (
        "InvalidParameter.Mismatch",
        "network",
        "Choose a security group and a vSwitch of the same VPC.",
    ),
    (
        "InvalidPrivateIpAddress",
        "private-ip",
        "Choose a private address within the vSwitch, or leave it out.",
    ),
    (
        "InvalidPrivateIpAddress.Duplicated",
        "private-ip",
        "The address is taken: choose a free one, or leave it out.",
    ),
    (
        "InvalidSystemDiskSize.LessThanImageSize",
        "system-disk",
        "Choose a system disk at least as large as the image's, or leave the size out.",
    ),
    (
        "InvalidInstanceType.ValueNotSupported",
        "type",
        "Choose a type that the region has; DescribeAvailableResource lists them.",
    ),
    (
        "ImageNotSupportInstanceType",
        "type",
        "Choose a type with processors of the kind that the image was made on.",
    ),
    (
        "OperationDenied.NoStock",
        "stock",
        "Choose another type, or a vSwitch in another zone.",
    ),
];

/// A refusal that an input is to blame for, in words that say which.
pub(crate) fn explained(fault: Fault, inputs: &Inputs) -> Fault {
    let known = REFUSALS.iter().find(|(code, ..)| *code == fault.code);
    let Some((code, name, advice)) = known else {
        return fault;
    };
    let message = format!(
        "no server can be made of `{}` in {} with type `{}`, vSwitch `{}` and security group `{}`: {} ({code})",
        inputs.image,
        inputs.region,
        inputs.instance_type,
        inputs.vswitch,
        inputs.security_group,
        fault.message.trim_end_matches('.'),
    );
    Fault::fail(format!("create-instance.{name}"), message).advise(*advice)
}
