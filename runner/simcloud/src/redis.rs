//! R-kvstore: Redis and Tair instances, as far as a migration looks at them.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::answer::{Answer, Refusal, without};
use crate::file::{Architecture, Edition, Network, RedisFile};
use crate::paging::{Sizes, numbered};
use crate::scene::{Act, Scene};

/// The actions that are simulated.
pub(crate) const ACTIONS: &[(&str, Act)] = &[
    ("DescribeInstances", describe_instances),
    ("DescribeInstanceAttribute", describe_attribute),
    ("DescribeInstanceConfig", describe_config),
    ("DescribeParameters", describe_parameters),
    ("DescribeInstanceSSL", describe_ssl),
    ("DescribeInstanceTDEStatus", describe_tde),
    ("DescribeSecurityIps", describe_security_ips),
    ("DescribeHistoryMonitorValues", describe_history),
];

/// Parameters of an instance for which the world file says nothing else.
const DEFAULT_PARAMETERS: [(&str, &str); 4] = [
    ("appendonly", "yes"),
    ("maxmemory-policy", "volatile-lru"),
    ("repl-timeout", "60"),
    ("timeout", "0"),
];

/// An instance and the data in it.
#[derive(Clone, Debug)]
pub(crate) struct Redis {
    pub settings: RedisFile,
    pub data_bytes: u64,
}

impl Redis {
    pub fn new(settings: RedisFile) -> Self {
        let data_bytes = settings.data_mb.saturating_mul(1_000_000);
        Self {
            settings,
            data_bytes,
        }
    }

    /// Returns the lasting properties, for comparing states; how much data is in it only if that is to be compared.
    pub fn lasting(&self, with_data: bool) -> Value {
        let settings = &self.settings;
        let mut lasting = json!({
            "region": settings.region,
            "class": settings.class,
            "ssl": settings.ssl,
            "parameters": self.parameters(),
        });
        if with_data {
            lasting["data_bytes"] = json!(self.data_bytes);
        }
        lasting
    }

    pub fn is_tair(&self) -> bool {
        self.settings.edition == Edition::Enterprise
    }

    pub fn capacity_bytes(&self) -> u64 {
        self.settings.capacity_mb.saturating_mul(1_000_000)
    }

    pub fn parameters(&self) -> BTreeMap<String, String> {
        let mut parameters: BTreeMap<String, String> = DEFAULT_PARAMETERS
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        parameters.extend(self.settings.parameters.clone());
        parameters
    }

    /// Returns whether a password opens it, in the form of the console: the password of the default account, or
    /// `account:password`. If the world gives none, any does.
    pub fn opens(&self, password: &str) -> bool {
        let Some(right) = &self.settings.password else {
            return true;
        };
        if right.matches(password) {
            return true;
        }
        let Some((user, password)) = password.split_once(':') else {
            return false;
        };
        let own = (user == self.settings.id).then_some(right);
        self.settings
            .users
            .get(user)
            .or(own)
            .is_some_and(|right| right.matches(password))
    }
}

fn describe_instances(scene: &mut Scene<'_>) -> Answer {
    let parameters = scene.parameters;
    let ids = parameters.list("InstanceIds");
    let search = parameters.filled("SearchKey");
    let exact = [
        "InstanceStatus",
        "EngineVersion",
        "EditionType",
        "ArchitectureType",
        "NetworkType",
        "VpcId",
        "VSwitchId",
        "ZoneId",
        "PrivateIp",
    ];
    let wanted: Vec<(&str, String)> = exact
        .iter()
        .filter_map(|name| Some((*name, parameters.filled(name)?)))
        .collect();
    let instances = scene.account().redis.values().filter(|redis| {
        let id = &redis.settings.id;
        let in_region = scene.region.is_empty() || redis.settings.region == scene.region;
        let found = search
            .as_ref()
            .is_none_or(|key| id.contains(key) || redis.settings.name.contains(key));
        in_region && found && (ids.is_empty() || ids.contains(id))
    });
    let shown = instances.map(|redis| fields(scene, redis));
    let listed = shown
        .filter(|fields| {
            wanted
                .iter()
                .all(|(name, value)| fields[*name].as_str() == Some(value))
        })
        .collect();
    let (page, mut answer) = numbered(
        parameters,
        Sizes {
            default: 30,
            most: 50,
        },
        listed,
    );
    answer["Instances"] = json!({ "KVStoreInstance": page });
    Ok(answer)
}

fn describe_attribute(scene: &mut Scene<'_>) -> Answer {
    let redis = named(scene, "InstanceId")?;
    // Only the list tells the edition.
    let mut fields = without(fields(scene, redis), &["EditionType"]);
    let extra = json!({
        "Engine": "Redis",
        "IsSupportTDE": redis.is_tair(),
        "SecurityIPList": redis.settings.whitelist.join(","),
        "StorageType": if redis.settings.cloud_native { "essd" } else { "LOCAL_SSD" },
        "VpcAuthMode": "Open",
        "ReplicationMode": "master-slave",
        "Config": json!(redis.parameters()).to_string(),
    });
    if let (Some(fields), Value::Object(extra)) = (fields.as_object_mut(), extra) {
        fields.extend(extra);
    }
    Ok(json!({ "Instances": { "DBInstanceAttribute": [fields] } }))
}

fn describe_config(scene: &mut Scene<'_>) -> Answer {
    let redis = named(scene, "InstanceId")?;
    let parameters = redis.parameters();
    let timeout = parameters.get("repl-timeout").cloned().unwrap_or_default();
    Ok(
        json!({ "Config": json!(parameters).to_string(), "ParamReplMode": "async", "ParamReplTimeout": timeout }),
    )
}

fn describe_parameters(scene: &mut Scene<'_>) -> Answer {
    let redis = named(scene, "DBInstanceId")?;
    let of = |name: &String, value: &String| json!({ "ParameterName": name, "ParameterValue": value, "ModifiableStatus": "true", "ForceRestart": "false" });
    let running: Vec<Value> = redis
        .parameters()
        .iter()
        .map(|(name, value)| of(name, value))
        .collect();
    Ok(json!({
        "Engine": "redis",
        "EngineVersion": redis.settings.engine_version,
        "RunningParameters": { "Parameter": running },
        "ConfigParameters": { "Parameter": [] },
    }))
}

fn describe_ssl(scene: &mut Scene<'_>) -> Answer {
    let redis = named(scene, "InstanceId")?;
    let state = if redis.settings.ssl {
        "Enable"
    } else {
        "Disable"
    };
    Ok(
        json!({ "InstanceId": redis.settings.id, "SSLEnabled": state, "CertCommonName": "", "SSLExpiredTime": "" }),
    )
}

fn describe_tde(scene: &mut Scene<'_>) -> Answer {
    let redis = named(scene, "InstanceId")?;
    if !redis.is_tair() {
        return Err(Refusal::new(
            400,
            "InstanceType.NotSupport",
            "The instance type does not support this operation.",
        ));
    }
    Ok(json!({ "TDEStatus": if redis.settings.tde { "Enabled" } else { "Disabled" } }))
}

fn describe_security_ips(scene: &mut Scene<'_>) -> Answer {
    let redis = named(scene, "InstanceId")?;
    let list = if redis.settings.whitelist.is_empty() {
        "127.0.0.1".to_owned()
    } else {
        redis.settings.whitelist.join(",")
    };
    let group = json!({ "SecurityIpGroupName": "default", "SecurityIpGroupAttribute": "", "SecurityIpList": list });
    Ok(json!({ "SecurityIpGroups": { "SecurityIpGroup": [group] } }))
}

/// One value stands for the whole period: what is in the instance now.
fn describe_history(scene: &mut Scene<'_>) -> Answer {
    let redis = named(scene, "InstanceId")?;
    let keys = scene
        .parameters
        .filled("MonitorKeys")
        .unwrap_or_else(|| "UsedMemory".to_owned());
    let value = |key: &str| match key {
        "UsedMemory" | "memoryUsage" => redis.data_bytes.to_string(),
        _ => "0".to_owned(),
    };
    let values: Map<String, Value> = keys
        .split(',')
        .map(|key| (key.trim().to_owned(), json!(value(key.trim()))))
        .collect();
    let at = scene.required("EndTime")?;
    Ok(json!({ "MonitorHistory": json!({ at: values }).to_string(), "MonitorLegend": "{}" }))
}

fn named<'a>(scene: &'a Scene<'_>, parameter: &str) -> Result<&'a Redis, Refusal> {
    let id = scene.required(parameter)?;
    scene.account().redis.get(&id).ok_or_else(|| {
        Refusal::new(
            404,
            "InvalidInstanceId.NotFound",
            "The specified InstanceId does not exist.",
        )
    })
}

fn fields(scene: &Scene<'_>, redis: &Redis) -> Value {
    let settings = &redis.settings;
    let architecture = match settings.architecture {
        Architecture::Standard => "standard",
        Architecture::Cluster => "cluster",
        Architecture::Rwsplit => "rwsplit",
    };
    json!({
        "InstanceId": settings.id,
        "InstanceName": settings.name,
        "InstanceStatus": settings.status,
        "RegionId": settings.region,
        "ZoneId": settings.zone,
        "EngineVersion": settings.engine_version,
        "InstanceType": if redis.is_tair() { "Tair" } else { "Redis" },
        "EditionType": if redis.is_tair() { "Enterprise" } else { "Community" },
        "ArchitectureType": architecture,
        "InstanceClass": settings.class,
        "Capacity": settings.capacity_mb,
        "NetworkType": if settings.network == Network::Vpc { "VPC" } else { "CLASSIC" },
        "VpcId": settings.vpc,
        "VSwitchId": settings.vswitch,
        "ConnectionDomain": format!("{}.redis.rds.aliyuncs.com", settings.id),
        "Port": 6379,
        "PrivateIp": "",
        "ChargeType": "PostPaid",
        "CreateTime": crate::time::text(scene.settings().start_ms),
        "ReplicaCount": 1,
        "IsRds": !settings.cloud_native,
    })
}
