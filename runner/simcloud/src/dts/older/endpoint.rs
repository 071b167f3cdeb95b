//! The two ends. A source can be an instance of the account, or a database of one's own that is reached through a VPC,
//! also one of another account: then it is named by address, and DTS acts there as a role.

use serde_json::{Value, json};

use crate::answer::Refusal;
use crate::dts::RequestContext;
use crate::dts::View;
use crate::dts::access::Visit;
use crate::password::Password;
use crate::redis::Redis;

/// What DTS asks about a VPC that it is to reach into. The first is in AliyunDTSRolePolicy as well; that the others come
/// from AliyunVPCReadOnlyAccess only is a guess at what that policy is asked for.
const NEEDED: [&str; 2] = ["vpc:DescribeVpcs", "vpc:DescribeRouterInterfaces"];

/// What the role must be allowed about databases.
const NEEDED_OF_DATABASES: &str = "kvstore:DescribeInstances";

/// The source.
#[derive(Clone, Debug)]
pub(crate) struct SourceEndpoint {
    pub kind: SourceKind,
    pub user: String,
    pub password: Password,
}

/// How a source is named.
#[derive(Clone, Debug)]
pub(crate) enum SourceKind {
    Instance(String),
    Express(Express),
}

/// A database that is reached through a VPC.
#[derive(Clone, Debug)]
pub(crate) struct Express {
    pub vpc: String,
    pub ip: String,
    pub port: String,
    /// The VPC's owner and the role there, if it is not the account of the synchronisation.
    pub visited: Option<(String, String)>,
}

/// The destination: an instance of the account.
#[derive(Clone, Debug)]
pub(crate) struct DestinationEndpoint {
    pub instance_id: String,
    pub user: String,
    pub password: Password,
}

/// Returns a field of an end: in this family a name with a dot, which may come as such or as a structure.
pub(super) fn text(context: &RequestContext<'_>, side: &str, field: &str) -> Option<String> {
    let name = format!("{side}.{field}");
    let given = context.parameters.0;
    let value = given.get(&name).or_else(|| given.get(side)?.get(field))?;
    let text = match value {
        Value::Null => return None,
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    (!text.is_empty()).then_some(text)
}

fn required(context: &RequestContext<'_>, side: &str, field: &str) -> Result<String, Refusal> {
    text(context, side, field).ok_or_else(|| {
        Refusal::new(
            400,
            format!("MissingParameter.{side}.{field}"),
            format!("The parameter {side}.{field} is mandatory for this action."),
        )
    })
}

fn not_simulated(side: &str, kind: &str) -> Refusal {
    let message = format!("The simulated DTS does not simulate {side}.InstanceType {kind}.");
    Refusal::new(501, "NotSimulated", message)
}

impl SourceEndpoint {
    pub fn read(context: &RequestContext<'_>) -> Result<Self, Refusal> {
        const SIDE: &str = "SourceEndpoint";
        let instance_type = required(context, SIDE, "InstanceType")?;
        let visited = match text(context, SIDE, "OwnerID") {
            Some(owner) => Some((owner, required(context, SIDE, "Role")?)),
            None => None,
        };
        let kind = match instance_type.to_ascii_lowercase().as_str() {
            // Documented: across accounts this family reaches only into a VPC.
            "redis" if visited.is_some() => {
                let message = "an instance of another account can only be given as SourceEndpoint.InstanceType Express";
                return Err(super::invalid(message));
            }
            "redis" => SourceKind::Instance(required(context, SIDE, "InstanceId")?),
            "express" => SourceKind::Express(Express {
                vpc: required(context, SIDE, "InstanceId")?,
                ip: required(context, SIDE, "IP")?,
                port: required(context, SIDE, "Port")?,
                visited,
            }),
            _ => return Err(not_simulated(SIDE, &instance_type)),
        };
        Ok(Self {
            kind,
            user: text(context, SIDE, "UserName").unwrap_or_default(),
            password: Password::new(text(context, SIDE, "Password").unwrap_or_default()),
        })
    }

    /// Returns the account that has the source.
    pub fn owner<'a>(&'a self, account: &'a str) -> &'a str {
        match &self.kind {
            SourceKind::Express(express) => match &express.visited {
                Some((owner, _)) => owner,
                None => account,
            },
            SourceKind::Instance(_) => account,
        }
    }

    /// Returns the instance behind the name or the address.
    pub fn find<'w>(&self, world: &'w View<'_>, account: &str) -> Option<&'w Redis> {
        let instances = world.redis.get(self.owner(account))?;
        match &self.kind {
            SourceKind::Instance(id) => instances.get(id),
            SourceKind::Express(at) => instances.values().find(|redis| {
                redis.settings.vpc == at.vpc
                    && (redis.is_direct(&at.ip, &at.port) || redis.is_private(&at.ip, &at.port))
            }),
        }
    }

    /// Refuses if DTS may not act in the owner's account.
    pub fn check_access(&self, world: &View<'_>, now: i64, account: &str) -> Result<(), Refusal> {
        let SourceKind::Express(express) = &self.kind else {
            return Ok(());
        };
        let Some((owner, role)) = &express.visited else {
            return Ok(());
        };
        let vpc = format!("acs:vpc:*:{owner}:vpc/{}", express.vpc);
        let databases = format!("acs:kvstore:*:{owner}:instance/*");
        let mut needed: Vec<(&str, &str)> = NEEDED
            .iter()
            .map(|action| (*action, vpc.as_str()))
            .collect();
        needed.push((NEEDED_OF_DATABASES, &databases));
        let visit = Visit {
            account,
            owner,
            role,
        };
        visit.check(world, now, &needed)
    }

    pub fn credential(&self) -> String {
        credential(&self.user, &self.password)
    }

    pub fn place(&self) -> String {
        match &self.kind {
            SourceKind::Instance(id) => id.clone(),
            SourceKind::Express(at) => format!("{}:{} in {}", at.ip, at.port, at.vpc),
        }
    }

    pub fn lasting(&self) -> Value {
        json!(self.place())
    }

    pub fn shown(&self) -> Value {
        match &self.kind {
            SourceKind::Instance(id) => {
                json!({ "InstanceType": "Redis", "EngineName": "Redis", "InstanceId": id, "UserName": self.user })
            }
            SourceKind::Express(at) => json!({
                "InstanceType": "Express",
                "EngineName": "Redis",
                "InstanceId": at.vpc,
                "IP": at.ip,
                "Port": at.port,
                "UserName": self.user,
            }),
        }
    }
}

impl DestinationEndpoint {
    pub fn read(context: &RequestContext<'_>) -> Result<Self, Refusal> {
        const SIDE: &str = "DestinationEndpoint";
        let instance_type = required(context, SIDE, "InstanceType")?;
        if !instance_type.eq_ignore_ascii_case("Redis") {
            return Err(not_simulated(SIDE, &instance_type));
        }
        Ok(Self {
            instance_id: required(context, SIDE, "InstanceId")?,
            user: text(context, SIDE, "UserName").unwrap_or_default(),
            password: Password::new(text(context, SIDE, "Password").unwrap_or_default()),
        })
    }

    pub fn find<'w>(&self, world: &'w View<'_>, account: &str) -> Option<&'w Redis> {
        world.redis.get(account)?.get(&self.instance_id)
    }

    pub fn credential(&self) -> String {
        credential(&self.user, &self.password)
    }

    pub fn shown(&self) -> Value {
        json!({ "InstanceType": "Redis", "EngineName": "Redis", "InstanceId": self.instance_id, "UserName": self.user })
    }
}

/// Returns the password in the console's form, in which a custom account stands before it.
fn credential(user: &str, password: &Password) -> String {
    let password = password.reveal();
    if user.is_empty() || password.contains(':') {
        return password.to_owned();
    }
    format!("{user}:{password}")
}
