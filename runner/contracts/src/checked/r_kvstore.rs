//! Redis: only buying takes a token; most calls set a value.

use super::{CheckedAction, look, never, same, token};

pub(super) const ENTRIES: &[CheckedAction] = &[
    same(
        "AllocateDirectConnection",
        "an instance has one; the second answers DirectConnectionAlreadyExists",
    ),
    look(
        "CreateAccount",
        "no token; the second answers InvalidAccountName.Duplicate, which does not say whose it is: DescribeAccounts",
    ),
    token(
        "CreateInstance",
        "buys; the token keeps a second call from buying a second instance",
    )
    .costs(),
    same(
        "DeleteAccount",
        "what is gone answers InvalidAccountName.NotFound, and absent is what is wanted",
    ),
    same(
        "DeleteInstance",
        "ids are not used again; what is gone answers InvalidInstanceId.NotFound",
    ),
    never(
        "FlushInstance",
        "erases all data; a second call erases what was written since, and no read can tell",
    ),
    same(
        "GrantAccountPrivilege",
        "sets a value; the same right twice is the same right",
    ),
    same(
        "ModifyInstanceConfig",
        "sets values; the same twice are the same",
    ),
    look(
        "ModifyInstanceSSL",
        "each renewal makes a certificate and restarts the instance: DescribeInstanceSSL",
    ),
    same(
        "ModifySecurityIps",
        "a group of addresses is a set; covering, appending or removing the same twice is once",
    ),
    look(
        "ReleaseDirectConnection",
        "what a second release answers is not documented: DescribeDBInstanceNetInfo",
    ),
    same(
        "ResetAccountPassword",
        "sets a value; the same password twice is the same password",
    ),
    look(
        "SwitchNetwork",
        "moves an instance for good: DescribeInstanceAttribute",
    ),
    same(
        "SyncDtsStatus",
        "sets a mark; the same mark twice is the same mark",
    ),
    never(
        "TransformInstanceChargeType",
        "changes how an instance is billed; a second call may be taken for a second period",
    )
    .costs(),
];
