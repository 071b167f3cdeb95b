//! The two ends of a task, as a configuration names them and as the world has them.

use serde_json::{Value, json};

use super::file::{Access, DatabaseFile, EndFile};
use super::kinds::{self, Kind};
use super::{RequestContext, View};
use crate::answer::Refusal;
use crate::password::Password;
use crate::redis::Redis;

/// One end of a task.
#[derive(Clone, Debug)]
pub(crate) struct Endpoint {
    /// The database's id, or of the server, VPC or gateway that leads to it.
    pub instance_id: String,
    pub instance_type: String,
    pub engine: String,
    pub region: String,
    pub ip: String,
    pub port: String,
    pub database: String,
    /// The account that owns the instance, if it is not the task's.
    pub owner: Option<String>,
    pub role: Option<String>,
    pub user: String,
    pub password: Password,
}

/// The names of the parameters of one side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Side {
    prefix: &'static str,
    /// The two sides spell this parameter differently.
    database: &'static str,
}

impl Side {
    /// Returns the name of a parameter of this side.
    pub(super) fn named(self, suffix: &str) -> String {
        format!("{}{suffix}", self.prefix)
    }
}

pub(super) const SOURCE: Side = Side {
    prefix: "SourceEndpoint",
    database: "SourceEndpointDatabaseName",
};
pub(super) const DESTINATION: Side = Side {
    prefix: "DestinationEndpoint",
    database: "DestinationEndpointDataBaseName",
};

/// A database of the world.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Found<'w> {
    Redis(&'w Redis),
    Other(&'w DatabaseFile),
}

impl Found<'_> {
    pub fn data_bytes(self) -> u64 {
        match self {
            Self::Redis(redis) => redis.data_bytes,
            Self::Other(database) => database.data_mb.saturating_mul(1_000_000),
        }
    }

    pub fn opens(self, credential: &str, user: &str, password: &Password) -> bool {
        match self {
            Self::Redis(redis) => redis.opens(credential),
            Self::Other(database) => {
                let own = database.password.as_ref();
                let right = database.users.get(user).or(own);
                right.is_none_or(|right| right.matches(password.reveal()))
            }
        }
    }

    /// Returns why DTS cannot connect to it.
    pub fn trouble(self, id: &str) -> Option<String> {
        let is_unreachable = match self {
            Self::Redis(redis) if redis.settings.status != "Normal" => {
                return Some(format!("{id} is {}", redis.settings.status));
            }
            Self::Redis(redis) => redis.settings.unreachable,
            Self::Other(database) => database.unreachable,
        };
        is_unreachable.then(|| {
            format!("DTS-10015: the database {id} cannot be connected to; check its network and its whitelist")
        })
    }
}

impl Endpoint {
    /// Reads one side of a configuration.
    pub fn read(context: &RequestContext<'_>, side: Side) -> Result<Self, Refusal> {
        let name = |suffix: &str| side.named(suffix);
        let optional = |suffix: &str| context.parameters.text_or_empty(&name(suffix));
        let instance_type = context.required(&name("InstanceType"))?;
        let engine = context
            .parameters
            .filled(&name("EngineName"))
            .unwrap_or_else(|| "MYSQL".to_owned());
        check_kind(&instance_type, &engine)?;
        let owner = context.parameters.filled(&name("OwnerID"));
        let role = match owner {
            Some(_) => Some(context.required(&name("Role"))?),
            None => None,
        };
        let access = kinds::access_of(&instance_type);
        let has_address = [
            Access::Express,
            Access::Cen,
            Access::DatabaseGateway,
            Access::Public,
        ];
        if has_address.contains(&access) {
            context.required(&name("IP"))?;
        }
        if access != Access::CloudInstance {
            context.required(&name("Port"))?;
        }
        let instance_id = if access == Access::Public {
            optional("InstanceID")
        } else {
            context.required(&name("InstanceID"))?
        };
        Ok(Self {
            instance_id,
            instance_type,
            engine,
            region: context.required(&name("Region"))?,
            ip: optional("IP"),
            port: optional("Port"),
            database: context.parameters.text_or_empty(side.database),
            owner,
            role,
            user: optional("UserName"),
            password: Password::new(optional("Password")),
        })
    }

    /// Returns one side of a task that the world file holds.
    pub fn held(file: EndFile, kind: &'static Kind) -> Self {
        Self {
            instance_id: file.instance,
            instance_type: kinds::instance_type(kind, Access::CloudInstance).to_owned(),
            engine: kind.source.to_owned(),
            region: file.region,
            ip: String::new(),
            port: String::new(),
            database: String::new(),
            owner: file.owner,
            role: file.role,
            user: String::new(),
            password: Password::new(String::new()),
        }
    }

    pub fn owner_or<'a>(&'a self, account: &'a str) -> &'a str {
        self.owner.as_deref().unwrap_or(account)
    }

    pub fn access(&self) -> Access {
        kinds::access_of(&self.instance_type)
    }

    pub fn is_redis(&self) -> bool {
        self.engine.eq_ignore_ascii_case("REDIS")
    }

    /// Returns the database; `None` if the owner has none of this id and kind in this region.
    pub fn find<'w>(&self, world: &'w View<'_>, account: &str) -> Option<Found<'w>> {
        let owner = self.owner_or(account);
        if self.is_redis() && self.access() == Access::CloudInstance {
            let redis = world.redis.get(owner)?.get(&self.instance_id)?;
            return (redis.settings.region == self.region).then_some(Found::Redis(redis));
        }
        let found = world
            .dts
            .get(owner)?
            .databases
            .values()
            .find(|database| self.leads_to(database));
        found.map(Found::Other)
    }

    fn leads_to(&self, database: &DatabaseFile) -> bool {
        let through = database.through.as_ref().unwrap_or(&database.id);
        let is_kind = kinds::of_engine(&self.engine).is_some_and(|kind| kind.name == database.kind);
        let is_place = *through == self.instance_id || self.access() == Access::Public;
        let is_address = (self.ip.is_empty() || self.ip == database.ip)
            && (self.port.is_empty() || self.port == database.port.to_string());
        is_kind
            && is_place
            && is_address
            && self.access() == database.access
            && self.region == database.region
    }

    /// Returns the password in the console's form, in which a custom account stands before it.
    pub fn credential(&self) -> String {
        let password = self.password.reveal();
        if self.user.is_empty() || password.contains(':') {
            return password.to_owned();
        }
        format!("{}:{password}", self.user)
    }

    /// Shows the end; only `DescribeDtsJobDetail` tells owner and role.
    pub fn shown(&self, owner_too: Option<&str>) -> Value {
        let mut shown = json!({
            "InstanceID": self.instance_id,
            "InstanceType": self.instance_type,
            "EngineName": self.engine,
            "Region": self.region,
            "Ip": self.ip,
            "Port": self.port,
            "DatabaseName": self.database,
            "UserName": self.user,
            "SslSolutionEnum": "DISABLE",
        });
        if let Some(account) = owner_too {
            shown["AliyunUid"] = json!(self.owner_or(account));
            shown["RoleName"] = json!(self.role.as_deref().unwrap_or_default());
        }
        shown
    }
}

fn check_kind(instance_type: &str, engine: &str) -> Result<(), Refusal> {
    let Some(kind) = kinds::of_engine(engine) else {
        let message = format!("The simulated DTS does not know endpoints with engine {engine}.");
        return Err(Refusal::new(501, "NotSimulated", message));
    };
    let expected = kinds::instance_type(kind, kinds::access_of(instance_type));
    if !expected.is_empty() && expected.eq_ignore_ascii_case(instance_type) {
        return Ok(());
    }
    let message = format!(
        "The specified parameter is not valid: an endpoint of type {instance_type} has no engine {engine}."
    );
    Err(Refusal::new(400, "InvalidParameter", message))
}
