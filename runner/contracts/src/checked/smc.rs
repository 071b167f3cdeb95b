//! SMC: jobs and workgroups take a token, activation codes do not.

use super::{CheckedAction, look, same, token};

pub(super) const ENTRIES: &[CheckedAction] = &[
    same(
        "AssociateSourceServers",
        "a member twice is a member: membership is a set",
    ),
    look(
        "CreateAccessToken",
        "no token, and the code is shown once: a lost one is looked up by name, disabled, and replaced",
    ),
    token(
        "CreateCrossZoneMigrationJob",
        "the token keeps a second call from making a second job; the instance it makes is billed",
    )
    .costs(),
    token(
        "CreateReplicationJob",
        "the token keeps a second call from making a second job; a source takes one unfinished job anyway",
    ),
    token(
        "CreateWorkgroup",
        "the token keeps a second call from making a second group",
    ),
    look(
        "CutOverReplicationJob",
        "ends an incremental job; a second call may run a second last sync: DescribeReplicationJobs",
    ),
    same(
        "DeleteAccessToken",
        "ids are not used again; what is gone is absent, and absent is what is wanted",
    ),
    same(
        "DeleteReplicationJob",
        "ids are not used again; what is being deleted is deleted",
    ),
    same(
        "DeleteSourceServer",
        "ids are not used again; what is being deleted is deleted",
    ),
    same(
        "DeleteWorkgroup",
        "ids are not used again; what is gone is absent, and absent is what is wanted",
    ),
    same(
        "DisableAccessToken",
        "a code disabled twice is disabled; it goes with the code",
    )
    .covered(),
    same(
        "DisassociateSourceServers",
        "no member twice is no member: membership is a set",
    ),
    same(
        "ModifyReplicationJobAttribute",
        "sets values; the same twice are the same",
    ),
    same(
        "ModifySourceServerAttribute",
        "sets values; the same twice are the same",
    ),
    look(
        "StartReplicationJob",
        "what runs refuses, and what failed in the meantime would start once more: DescribeReplicationJobs. It makes a billed intermediate instance or disk, which goes with the job",
    )
    .costs()
    .covered(),
    look(
        "StopReplicationJob",
        "somebody may have resumed in the meantime: DescribeReplicationJobs",
    ),
];
