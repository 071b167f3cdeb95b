//! DTS: buying and configuring take no token, and a task's state decides what a second call does.

use super::{CheckedAction, look, never, same, token};

pub(super) const ENTRIES: &[CheckedAction] = &[
    look(
        "ConfigureDtsJob",
        "no token; without a task id each call makes a task, and a started one answers InitStatus: DescribeDtsJobs by name",
    ),
    look(
        "ConfigureSynchronizationJob",
        "no token; it starts by itself, and what is started refuses: DescribeSynchronizationJobStatus",
    )
    .covered(),
    look(
        "CreateDtsInstance",
        "buys, without a token: a second call can buy a second instance. DescribeDtsJobs, or DescribeDtsJobDetail of the task it was bought for",
    )
    .costs(),
    same(
        "CreateJobMonitorRule",
        "one rule a task and kind; the same values twice are the same rule. It goes with the task",
    )
    .covered(),
    look(
        "CreateReverseDtsJob",
        "makes a second task, without a token: DescribeDtsJobDetail of the first",
    )
    .costs(),
    token(
        "CreateSynchronizationJob",
        "buys; the token keeps a second call from buying a second instance",
    )
    .costs(),
    same(
        "DeleteDtsJob",
        "ids are not used again; what is gone is Finished or answers Forbidden.InstanceNotFound",
    ),
    same(
        "DeleteSynchronizationJob",
        "ids are not used again; what is gone is absent, and absent is what is wanted",
    ),
    token(
        "ModifyDtsJob",
        "the token keeps a second call from changing the objects again",
    ),
    same(
        "ModifyDtsJobConfig",
        "sets values; the same twice are the same",
    ),
    look(
        "ModifyDtsJobEndpoint",
        "each call rolls the position back ten seconds: DescribeDtsJobDetail",
    ),
    same(
        "ModifyDtsJobName",
        "sets a value; the same name twice is the same name",
    ),
    same(
        "ModifyDtsJobPassword",
        "sets a value; the same password twice is the same password",
    ),
    same(
        "ModifyDynamicConfig",
        "sets a rate limit; the same limit twice is the same limit. It goes with the task",
    )
    .covered(),
    look(
        "ModifySynchronizationObject",
        "takes the task through its states again: DescribeSynchronizationJobStatus",
    ),
    look(
        "ResetDtsJob",
        "a second call would wipe what was configured in the meantime: DescribeDtsJobDetail",
    ),
    look(
        "ResetSynchronizationJob",
        "a second call would wipe what was configured in the meantime: DescribeSynchronizationJobStatus",
    ),
    same(
        "SkipPreCheck",
        "sets a mark on check items; the same mark twice is the same mark. It goes with the task",
    )
    .covered(),
    look(
        "StartDtsJob",
        "what runs refuses, and what failed in the meantime would start once more: DescribeDtsJobDetail. It goes with the task",
    )
    .covered(),
    look(
        "StartSynchronizationJob",
        "what runs refuses, and what failed in the meantime would start once more: DescribeSynchronizationJobStatus. It goes with the task",
    )
    .covered(),
    look(
        "StopDtsJob",
        "ends a task for good; what a finished one answers is not documented: DescribeDtsJobDetail",
    ),
    look(
        "SuspendDtsJob",
        "somebody may have resumed in the meantime: DescribeDtsJobDetail",
    ),
    look(
        "SuspendSynchronizationJob",
        "somebody may have resumed in the meantime: DescribeSynchronizationJobStatus",
    ),
    look(
        "SwitchSynchronizationEndpoint",
        "each call restarts the task on its endpoint: DescribeSynchronizationJobStatus",
    ),
    never(
        "TransferPayType",
        "changes how an instance is billed; a second call may be taken for a second period",
    )
    .costs(),
    look(
        "UpgradeTwoWay",
        "changes the price, without a token: DescribeDtsJobDetail",
    )
    .costs(),
];
