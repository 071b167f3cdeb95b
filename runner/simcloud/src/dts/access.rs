//! Whether DTS may reach an end, in the account's own resources and in another account's.

use super::endpoint::{DESTINATION, Endpoint, SOURCE, Side};
use super::file::Access;
use super::{View, kinds};
use crate::answer::Refusal;
use crate::rights::{Principal, Verdict, trusts};

/// The service that assumes the role.
const SERVICE: &str = "dts.aliyuncs.com";

/// The role by which DTS uses an account's own resources. It is made when DTS is authorised, and is nobody else's.
const DEFAULT_ROLE: &str = "AliyunDTSDefaultRole";

/// Refuses, in the words of the documents, if DTS cannot act for `account` at this end.
pub(super) fn check(
    endpoint: &Endpoint,
    side: Side,
    world: &View<'_>,
    now: i64,
    account: &str,
) -> Result<(), Refusal> {
    let (Some(owner), Some(role)) = (&endpoint.owner, &endpoint.role) else {
        return check_own(world, now, account);
    };
    check_owner(world, owner)?;
    check_role_name(role)?;
    check_supported(endpoint, side)?;
    let visit = Visit {
        account,
        owner,
        role,
    };
    let (action, resource) = needed(endpoint, owner);
    visit.check(world, now, &[(&action, &resource)])
}

/// DTS acting in an owner's account, as a role there, on behalf of the account that has the task.
#[derive(Clone, Copy, Debug)]
pub(super) struct Visit<'a> {
    pub account: &'a str,
    pub owner: &'a str,
    pub role: &'a str,
}

impl Visit<'_> {
    /// Refuses, in the words of the documents, if DTS cannot become the role, or the role may not do what is needed: each
    /// an action and a resource.
    pub fn check(self, world: &View<'_>, now: i64, needed: &[(&str, &str)]) -> Result<(), Refusal> {
        check_owner(world, self.owner)?;
        check_role_name(self.role)?;
        let owner = &world.ram[self.owner];
        let Some(held) = owner.role_named(self.role) else {
            return Err(assume_role_fail(
                "EntityNotExist.Role : The role not exists",
            ));
        };
        let trust = held
            .trust
            .in_force(now, world.settings.durations.ram_spread.0);
        let is_trusted = trust
            .is_some_and(|document| trusts(&document, self.owner, &on_behalf_of(self.account)));
        if !is_trusted || held.attached.is_empty() {
            return Err(assume_role_fail(
                "NoPermission : You are not authorized to do this action. You should be authorized by RAM.",
            ));
        }
        let rights = world.rights(now);
        let may = |(action, resource): &(&str, &str)| {
            rights.of_role(owner, self.role, action, resource) == Verdict::Allowed
        };
        if needed.iter().all(may) {
            return Ok(());
        }
        let message = "(Access Denied) You are not allowed to perform this action. Contact the account administrator to get permission through RAM.";
        Err(Refusal::enveloped("NoPermission", message))
    }
}

/// Without its default role DTS uses nothing of the account itself.
pub(super) fn check_own(world: &View<'_>, now: i64, account: &str) -> Result<(), Refusal> {
    let Some(own) = world.ram.get(account) else {
        return Ok(());
    };
    let trust = own.role_named(DEFAULT_ROLE).and_then(|role| {
        role.trust
            .in_force(now, world.settings.durations.ram_spread.0)
    });
    if trust.is_some_and(|document| trusts(&document, account, &on_behalf_of(account))) {
        return Ok(());
    }
    Err(default_role())
}

/// What DTS asks about the end before anything else, and of which resource.
fn needed(endpoint: &Endpoint, owner: &str) -> (String, String) {
    let service = kinds::of_engine(&endpoint.engine).map_or("", |kind| kind.service);
    let (action, service, kind) = match endpoint.access() {
        Access::CloudInstance => (
            format!("{service}:DescribeInstanceAttribute"),
            service,
            "instance",
        ),
        Access::Ecs => ("ecs:DescribeInstances".to_owned(), "ecs", "instance"),
        Access::Cen => ("cen:DescribeCens".to_owned(), "cen", "ceninstance"),
        _ => ("vpc:DescribeVpcs".to_owned(), "vpc", "vpc"),
    };
    let resource = format!(
        "acs:{service}:{}:{owner}:{kind}/{}",
        endpoint.region, endpoint.instance_id
    );
    (action, resource)
}

fn on_behalf_of(account: &str) -> Principal<'_> {
    Principal::Service {
        name: SERVICE,
        on_behalf_of: account,
    }
}

fn check_owner(world: &View<'_>, owner: &str) -> Result<(), Refusal> {
    if !crate::ram::is_account_id(owner) {
        let message = "The cloud account to which the source instance belongs should fill in the standard Alibaba Cloud UID";
        return Err(Refusal::enveloped(
            "DTS.Msg.InvalidParameter.AliyunUidFormat",
            message,
        ));
    }
    if world.dts.get(owner).is_some_and(|dts| dts.is_opened) {
        return Ok(());
    }
    let message = format!(
        "The current account {owner} has not logged into the DTS console, please use this account to log in to the DTS console, \
         initialize the user information and try again."
    );
    Err(Refusal::enveloped(
        "DTS.Msg.Forbidden.AliyunUIDNotFound",
        message,
    ))
}

fn check_role_name(role: &str) -> Result<(), Refusal> {
    if role == DEFAULT_ROLE {
        return Err(default_role());
    }
    if role.contains(':') {
        return Err(assume_role_fail(&format!(
            "InvalidParameter : Invalid role arn format:{role}"
        )));
    }
    Ok(())
}

/// What the published table does not have across accounts. The code is not documented.
fn check_supported(endpoint: &Endpoint, side: Side) -> Result<(), Refusal> {
    let access = endpoint.access();
    let is_supported = kinds::of_engine(&endpoint.engine).is_some_and(|kind| match side {
        SOURCE => kind.across_source.contains(&access),
        DESTINATION => kind.across_destination && access == Access::CloudInstance,
        _ => false,
    });
    if is_supported {
        return Ok(());
    }
    let message = format!(
        "The specified parameter is not valid: {} by {} cannot belong to another account.",
        endpoint.engine, endpoint.instance_type
    );
    Err(Refusal::new(400, "InvalidParameter", message))
}

fn default_role() -> Refusal {
    let message = "You have not authorized the default role AliyunDTSDefaultRole of DTS. An identity with write rights in RAM, or the account itself, \
                   can authorize it in the RAM console.";
    Refusal::enveloped("Abnormal.RamCheckUserRole", message)
}

fn assume_role_fail(message: &str) -> Refusal {
    Refusal::enveloped("AssumeRoleFail", message)
}
