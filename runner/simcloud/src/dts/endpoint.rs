//! The two ends of a task, and whether DTS may reach an end in another account.

use serde_json::{Value, json};

use crate::answer::Refusal;
use crate::password::Password;
use crate::redis::Redis;
use crate::rights::{Principal, Verdict, role_verdict, trusts};
use crate::scene::Scene;
use crate::world::World;

/// The service that assumes the role.
const SERVICE: &str = "dts.aliyuncs.com";

/// What DTS asks about an instance before anything else.
const NEEDED: &str = "kvstore:DescribeInstanceAttribute";

/// One end of a task.
#[derive(Clone, Debug)]
pub(crate) struct Endpoint {
    pub instance_id: String,
    pub instance_type: String,
    pub engine: String,
    pub region: String,
    /// The account that owns the instance, if it is not the task's.
    pub owner: Option<String>,
    pub role: Option<String>,
    pub user: String,
    pub password: Password,
}

/// The names of the parameters of one side.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Side {
    prefix: &'static str,
}

pub(super) const SOURCE: Side = Side {
    prefix: "SourceEndpoint",
};
pub(super) const DESTINATION: Side = Side {
    prefix: "DestinationEndpoint",
};

impl Endpoint {
    /// Reads one side of a configuration.
    pub fn read(scene: &Scene<'_>, side: Side) -> Result<Self, Refusal> {
        let name = |suffix: &str| format!("{}{suffix}", side.prefix);
        let instance_type = scene.required(&name("InstanceType"))?;
        let engine = scene
            .parameters
            .filled(&name("EngineName"))
            .unwrap_or_else(|| "MYSQL".to_owned());
        if !instance_type.eq_ignore_ascii_case("REDIS") || !engine.eq_ignore_ascii_case("REDIS") {
            let message = format!(
                "The simulated DTS knows endpoints of type REDIS with engine REDIS, not {instance_type} with {engine}."
            );
            return Err(Refusal::new(501, "NotSimulated", message));
        }
        let owner = scene.parameters.filled(&name("OwnerID"));
        let role = match owner {
            Some(_) => Some(scene.required(&name("Role"))?),
            None => None,
        };
        Ok(Self {
            instance_id: scene.required(&name("InstanceID"))?,
            instance_type,
            engine,
            region: scene.required(&name("Region"))?,
            owner,
            role,
            user: scene.parameters.text_or_empty(&name("UserName")),
            password: Password::new(scene.parameters.text_or_empty(&name("Password"))),
        })
    }

    pub fn owner_or<'a>(&'a self, account: &'a str) -> &'a str {
        self.owner.as_deref().unwrap_or(account)
    }

    /// Returns the instance; `None` if the owner has none of this id in this region.
    pub fn find<'w>(&self, world: &'w World, account: &str) -> Option<&'w Redis> {
        let redis = world
            .accounts
            .get(self.owner_or(account))?
            .redis
            .get(&self.instance_id)?;
        (redis.settings.region == self.region).then_some(redis)
    }

    /// Returns the password in the console's form, in which a custom account stands before it.
    pub fn credential(&self) -> String {
        let password = self.password.reveal();
        if self.user.is_empty() || password.contains(':') {
            return password.to_owned();
        }
        format!("{}:{password}", self.user)
    }

    /// Refuses, in the words of the documents, if DTS cannot act in the owner's account on behalf of `account`.
    pub fn check_access(&self, world: &World, now: i64, account: &str) -> Result<(), Refusal> {
        let (Some(owner), Some(role)) = (&self.owner, &self.role) else {
            return Ok(());
        };
        let resource = format!(
            "acs:kvstore:{}:{owner}:instance/{}",
            self.region, self.instance_id
        );
        let visit = Visit {
            account,
            owner,
            role,
        };
        visit.check(world, now, &[(NEEDED, &resource)])
    }

    pub fn shown(&self, account: &str) -> Value {
        json!({
            "InstanceID": self.instance_id,
            "InstanceType": self.instance_type,
            "EngineName": self.engine,
            "Region": self.region,
            "UserName": self.user,
            "AliyunUid": self.owner_or(account),
            "RoleName": self.role.as_deref().unwrap_or_default(),
            "SslSolutionEnum": "DISABLE",
        })
    }
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
    pub fn check(self, world: &World, now: i64, needed: &[(&str, &str)]) -> Result<(), Refusal> {
        check_owner(world, self.owner)?;
        check_role_name(self.role)?;
        let owner = &world.accounts[self.owner];
        let Some(held) = owner.roles.get(self.role) else {
            return Err(assume_role_fail(
                "EntityNotExist.Role : The role not exists",
            ));
        };
        let principal = Principal::Service {
            name: SERVICE,
            on_behalf_of: self.account,
        };
        let trust = held
            .trust
            .in_force(now, world.settings.durations.ram_spread.0);
        let is_trusted = trust.is_some_and(|document| trusts(&document, &owner.id, &principal));
        if !is_trusted || held.attached.is_empty() {
            return Err(assume_role_fail(
                "NoPermission : You are not authorized to do this action. You should be authorized by RAM.",
            ));
        }
        let may = |(action, resource): &(&str, &str)| {
            role_verdict(world, now, owner, self.role, action, resource) == Verdict::Allowed
        };
        if needed.iter().all(may) {
            return Ok(());
        }
        let message = "(Access Denied) You are not allowed to perform this action. Contact the account administrator to get permission through RAM.";
        Err(Refusal::enveloped("NoPermission", message))
    }
}

fn check_owner(world: &World, owner: &str) -> Result<(), Refusal> {
    if owner.len() != 16 || !owner.bytes().all(|byte| byte.is_ascii_digit()) {
        let message = "The cloud account to which the source instance belongs should fill in the standard Alibaba Cloud UID";
        return Err(Refusal::enveloped(
            "DTS.Msg.InvalidParameter.AliyunUidFormat",
            message,
        ));
    }
    if world
        .accounts
        .get(owner)
        .is_some_and(|account| account.dts_opened)
    {
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
    if role == "AliyunDTSDefaultRole" {
        let message = "The default DTS role AliyunDTSDefaultRole is not authorised for this use.";
        return Err(Refusal::enveloped("Abnormal.RamCheckUserRole", message));
    }
    if role.contains(':') {
        return Err(assume_role_fail(&format!(
            "InvalidParameter : Invalid role arn format:{role}"
        )));
    }
    Ok(())
}

fn assume_role_fail(message: &str) -> Refusal {
    Refusal::enveloped("AssumeRoleFail", message)
}
