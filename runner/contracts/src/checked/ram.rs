//! RAM: nothing takes a token; names are unique in an account, so a read always tells.

use super::{CheckedAction, look, same};

pub(super) const ENTRIES: &[CheckedAction] = &[
    same(
        "AttachPolicyToRole",
        "attached twice is attached; the second answers EntityAlreadyExists.Role.Policy",
    ),
    same(
        "AttachPolicyToUser",
        "attached twice is attached; the second answers EntityAlreadyExists.User.Policy",
    ),
    look(
        "CreatePolicy",
        "no token; the second answers EntityAlreadyExists.Policy, which does not say whose it is: GetPolicy",
    ),
    look(
        "CreatePolicyVersion",
        "a second call adds a second version, and a rotating one deletes an older: ListPolicyVersions",
    ),
    look(
        "CreateRole",
        "no token; the second answers EntityAlreadyExists.Role, which does not say whose it is: GetRole",
    ),
    same(
        "DeletePolicy",
        "what is gone answers EntityNotExist.Policy, and absent is what is wanted",
    ),
    same(
        "DeletePolicyVersion",
        "version ids are not used again; what is gone answers EntityNotExist.Policy.Version",
    ),
    same(
        "DeleteRole",
        "what is gone answers EntityNotExist.Role, and absent is what is wanted",
    ),
    same(
        "DetachPolicyFromRole",
        "what is not attached answers EntityNotExist.Role.Policy, and detached is what is wanted",
    ),
    same(
        "DetachPolicyFromUser",
        "what is not attached answers EntityNotExist.User.Policy, and detached is what is wanted",
    ),
    same(
        "SetDefaultPolicyVersion",
        "sets a value; the same version twice is the same version",
    ),
    same(
        "UpdateRole",
        "replaces whole values; the same document twice is the same document",
    ),
];
