//! Reading instances and their settings.

use serde_json::{Map, Value, json};

use super::file::Architecture;
use super::{Redis, RequestContext, named, network, whitelist};
use crate::answer::{Answer, Refusal, without};
use crate::network::Network;
use crate::paging::{Sizes, numbered};

pub(super) fn instances(context: &mut RequestContext<'_>) -> Answer {
    let parameters = context.parameters;
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
    let instances = context.account().named(&ids).filter(|(id, redis)| {
        let in_region = context.region.is_empty() || redis.settings.region == context.region;
        let found = search
            .as_ref()
            .is_none_or(|key| id.contains(key) || redis.settings.name.contains(key));
        in_region && found
    });
    let shown = instances.map(|(_, redis)| fields(context, redis));
    let listed = shown
        .filter(|fields| {
            wanted
                .iter()
                .all(|(name, value)| fields[*name].as_str() == Some(value))
        })
        .collect();
    let (page, mut answer) = numbered(parameters, Sizes::new(30, 50), listed);
    answer["Instances"] = json!({ "KVStoreInstance": page });
    Ok(answer)
}

pub(super) fn attribute(context: &mut RequestContext<'_>) -> Answer {
    let redis = named(context, "InstanceId")?;
    // Only the list tells the edition.
    let mut fields = without(fields(context, redis), &["EditionType"]);
    let extra = json!({
        "Engine": "Redis",
        "IsSupportTDE": redis.is_tair(),
        "SecurityIPList": redis.whitelist.shown(whitelist::DEFAULT),
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

pub(super) fn config(context: &mut RequestContext<'_>) -> Answer {
    let redis = named(context, "InstanceId")?;
    let parameters = redis.parameters();
    let timeout = parameters.get("repl-timeout").cloned().unwrap_or_default();
    Ok(
        json!({ "Config": json!(parameters).to_string(), "ParamReplMode": "async", "ParamReplTimeout": timeout }),
    )
}

pub(super) fn parameters(context: &mut RequestContext<'_>) -> Answer {
    let redis = named(context, "DBInstanceId")?;
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

pub(super) fn ssl(context: &mut RequestContext<'_>) -> Answer {
    let redis = named(context, "InstanceId")?;
    let state = if redis.settings.ssl {
        "Enable"
    } else {
        "Disable"
    };
    Ok(
        json!({ "InstanceId": redis.settings.id, "SSLEnabled": state, "CertCommonName": "", "SSLExpiredTime": "" }),
    )
}

pub(super) fn tde(context: &mut RequestContext<'_>) -> Answer {
    let redis = named(context, "InstanceId")?;
    if !redis.is_tair() {
        return Err(Refusal::new(
            400,
            "InstanceType.NotSupport",
            "The instance type does not support this operation.",
        ));
    }
    Ok(json!({ "TDEStatus": if redis.settings.tde { "Enabled" } else { "Disabled" } }))
}

/// One value stands for the whole period: what is in the instance now.
pub(super) fn history(context: &mut RequestContext<'_>) -> Answer {
    let redis = named(context, "InstanceId")?;
    let keys = context
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
    let at = context.required("EndTime")?;
    Ok(json!({ "MonitorHistory": json!({ at: values }).to_string(), "MonitorLegend": "{}" }))
}

fn fields(context: &RequestContext<'_>, redis: &Redis) -> Value {
    let settings = &redis.settings;
    let architecture = match settings.architecture {
        Architecture::Standard => "standard",
        Architecture::Cluster => "cluster",
        Architecture::Rwsplit => "rwsplit",
    };
    json!({
        "InstanceId": settings.id,
        "InstanceName": settings.name,
        "InstanceStatus": redis.status(context.now),
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
        "Port": network::PORT,
        "PrivateIp": redis.private_ip(),
        "ChargeType": "PostPaid",
        "CreateTime": crate::time::text(context.settings().start_ms),
        "ReplicaCount": 1,
        "IsRds": !settings.cloud_native,
    })
}
