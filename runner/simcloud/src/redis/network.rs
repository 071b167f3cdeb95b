//! Endpoints: the private one that every instance has, and the direct one that a cluster can be given, on which clients
//! and DTS reach the shards without the proxy.

use serde_json::{Value, json};

use super::file::RedisFile;
use super::{Redis, RequestContext, named, named_mut};
use crate::answer::{Answer, Refusal};
use crate::identifier::digest;
use crate::network::Network;
use crate::register::Register;

/// The port of every private endpoint.
pub(super) const PORT: i64 = 6379;

/// A direct endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Direct {
    pub prefix: String,
    pub ip: String,
    pub port: i64,
}

impl Direct {
    pub fn of_file(settings: &RedisFile) -> Option<Self> {
        let held = settings.direct.as_ref()?;
        let prefix = if held.prefix.is_empty() {
            default_prefix(&settings.id)
        } else {
            held.prefix.clone()
        };
        let ip = if held.ip.is_empty() {
            address(&settings.id, "direct")
        } else {
            held.ip.clone()
        };
        Some(Self {
            prefix,
            ip,
            port: held.port,
        })
    }

    pub fn lasting(&self) -> Value {
        json!({ "prefix": self.prefix, "port": self.port })
    }
}

impl Redis {
    /// Returns the address of the private endpoint.
    pub fn private_ip(&self) -> String {
        if self.settings.private_ip.is_empty() {
            address(&self.settings.id, "private")
        } else {
            self.settings.private_ip.clone()
        }
    }

    /// Returns whether the direct endpoint has this address.
    pub fn is_direct(&self, ip: &str, port: &str) -> bool {
        self.direct
            .as_ref()
            .is_some_and(|direct| direct.ip == ip && direct.port.to_string() == port)
    }

    /// Returns whether the private endpoint, behind which a cluster has its proxy, has this address.
    pub fn is_private(&self, ip: &str, port: &str) -> bool {
        self.private_ip() == ip && PORT.to_string() == port
    }
}

pub(super) fn describe(context: &mut RequestContext<'_>) -> Answer {
    let redis = named(context, "InstanceId")?;
    let settings = &redis.settings;
    let in_vpc = settings.network == Network::Vpc;
    let item = |name: &str, ip: &str, port: i64, direct: i64| {
        json!({
            "ConnectionString": format!("{name}.redis.rds.aliyuncs.com"),
            "IPAddress": ip,
            "Port": port.to_string(),
            "DBInstanceNetType": if in_vpc { "2" } else { "1" },
            "DirectConnection": direct,
            "IPType": "Private",
            "VPCId": settings.vpc,
            "VSwitchId": settings.vswitch,
            "VPCInstanceId": settings.id,
        })
    };
    let mut items = vec![item(&settings.id, &redis.private_ip(), PORT, 0)];
    // One that is being made is not shown yet.
    let direct = redis.direct.as_ref();
    if let Some(direct) = direct.filter(|_| context.now >= redis.network_until_ms) {
        items.push(item(&direct.prefix, &direct.ip, direct.port, 1));
    }
    Ok(json!({
        "InstanceNetworkType": if in_vpc { "VPC" } else { "CLASSIC" },
        "NetInfoItems": { "InstanceNetInfo": items },
    }))
}

/// `AllocateDirectConnection`: for a classic cluster in a VPC whose TLS is off.
pub(super) fn allocate(context: &mut RequestContext<'_>) -> Answer {
    let redis = named(context, "InstanceId")?;
    let id = redis.settings.id.clone();
    check_changeable(redis, context.now)?;
    if redis.direct.is_some() {
        return Err(Refusal::new(
            400,
            "DirectConnectionAlreadyExists",
            "Specified instance direct connection already exists.",
        ));
    }
    let settings = &redis.settings;
    let fits = redis.is_cluster()
        && !settings.cloud_native
        && !settings.ssl
        && settings.network == Network::Vpc;
    if !fits {
        return Err(Refusal::new(
            400,
            "InvalidConnType",
            "Specified DB instance conn type is not valid.",
        ));
    }
    let prefix = prefix(context, &id)?;
    let port = context.parameters.integer("Port").unwrap_or(PORT);
    let until = network_until(context);
    let redis = named_mut(context, &id)?;
    redis.direct = Some(Direct {
        prefix,
        ip: address(&id, "direct"),
        port,
    });
    redis.network_until_ms = until;
    Ok(json!({}))
}

/// `ReleaseDirectConnection`. What it answers where there is none is not documented.
pub(super) fn release(context: &mut RequestContext<'_>) -> Answer {
    let redis = named(context, "InstanceId")?;
    let id = redis.settings.id.clone();
    check_changeable(redis, context.now)?;
    if redis.direct.is_none() {
        return Err(Refusal::new(
            400,
            "InvalidConnType",
            "Specified DB instance conn type is not valid.",
        ));
    }
    let until = network_until(context);
    let redis = named_mut(context, &id)?;
    redis.direct = None;
    redis.network_until_ms = until;
    Ok(json!({}))
}

fn network_until(context: &RequestContext<'_>) -> i64 {
    let takes = context.settings().durations.redis_network.0;
    context.now.saturating_add(takes)
}

fn check_changeable(redis: &Redis, now: i64) -> Result<(), Refusal> {
    if redis.status(now) == super::NORMAL {
        return Ok(());
    }
    Err(Refusal::new(
        403,
        "InstanceStatus.NotSupport",
        "Instance status does not support this operation.",
    ))
}

/// Returns the endpoint's name: the one asked for, if nobody has it, or one made of the instance's id.
fn prefix(context: &RequestContext<'_>, id: &str) -> Result<String, Refusal> {
    let Some(prefix) = context.parameters.filled("ConnectionString") else {
        return Ok(default_prefix(id));
    };
    let plain =
        |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-';
    if !prefix.starts_with(|letter: char| letter.is_ascii_lowercase()) || !prefix.chars().all(plain)
    {
        return Err(Refusal::new(
            400,
            "InvalidConnectionString.Format",
            "Specified connection string is not valid.",
        ));
    }
    let instances = context.world.values().flat_map(Register::values);
    let is_taken = instances.into_iter().any(|redis| {
        let direct = redis.direct.as_ref();
        redis.settings.id == prefix || direct.is_some_and(|direct| direct.prefix == prefix)
    });
    if is_taken {
        return Err(Refusal::new(
            400,
            "ConnectionStringAlreadyExists",
            "Specified connection string already exists in the Aliyun RDS.",
        ));
    }
    Ok(prefix)
}

fn default_prefix(id: &str) -> String {
    format!("{id}-direct")
}

/// Returns an address of the range that VPCs use, the same for the same instance.
fn address(id: &str, kind: &str) -> String {
    let digits = digest(&["address", kind, id]);
    let byte = |at: usize| u8::from_str_radix(&digits[at..at + 2], 16).unwrap_or(1);
    format!("192.168.{}.{}", byte(0), byte(2).clamp(1, 254))
}
