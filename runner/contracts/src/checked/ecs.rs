//! ECS: what creates takes a token; instances change state by calls that refuse in the wrong one.

use super::{CheckedAction, look, same, token};

pub(super) const ENTRIES: &[CheckedAction] = &[
    same(
        "CancelCopyImage",
        "a copy cancelled twice is cancelled; a copy that ended is left alone and says so",
    ),
    token(
        "CopyImage",
        "the token keeps a second call from making a second copy",
    ),
    token(
        "CreateCommand",
        "the token keeps a second call from storing a second command",
    ),
    token(
        "CreateImage",
        "the token keeps a second call from making a second image",
    ),
    token(
        "CreateInstance",
        "the token keeps a second call from creating a second instance",
    )
    .costs(),
    token(
        "CreateSnapshot",
        "the token keeps a second call from making a second snapshot",
    ),
    same(
        "DeleteDisk",
        "ids are not used again; what is gone is absent, and absent is what is wanted",
    ),
    same(
        "DeleteImage",
        "ids are not used again; a missing image is ignored or answers InvalidImageId.NotFound",
    ),
    same(
        "DeleteInstance",
        "ids are not used again; what is gone answers InvalidInstanceId.NotFound",
    ),
    same(
        "DeleteSnapshot",
        "ids are not used again; what is gone answers InvalidSnapshotId.NotFound",
    ),
    look(
        "DetachDisk",
        "a disk may have been attached elsewhere in the meantime: DescribeDisks",
    ),
    look(
        "InstallCloudAssistant",
        "what a second installation does to a running agent is not documented: DescribeCloudAssistantStatus",
    ),
    token(
        "InvokeCommand",
        "the token keeps a second call from running the command twice",
    ),
    same(
        "ModifyDiskAttribute",
        "sets values; the same twice are the same",
    ),
    same(
        "ModifyImageSharePermission",
        "the accounts an image is shared with are a set; adding or removing twice is once",
    ),
    same(
        "ModifyInstanceAttribute",
        "sets values; the same twice are the same",
    ),
    look(
        "ModifyInstanceVpcAttribute",
        "an address may have been taken in the meantime: DescribeInstanceAttribute",
    ),
    token(
        "RunCommand",
        "the token keeps a second call from running the script twice",
    ),
    token(
        "RunInstances",
        "the token keeps a second call from creating a second instance",
    )
    .costs(),
    look(
        "StartInstance",
        "what runs refuses, and somebody may have stopped it in the meantime: DescribeInstanceStatus",
    ),
    look(
        "StopInstance",
        "what stands refuses, and somebody may have started it in the meantime: DescribeInstanceStatus",
    ),
    same(
        "StopInvocation",
        "an invocation stopped twice is stopped, and one that ended is left alone",
    ),
];
