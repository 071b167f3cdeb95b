//! The resource that a call is about, as policies name it.

use crate::parameters::Parameters;

/// Returns the resource's name in the account of the caller; `*` where the call is about no single one.
///
/// The forms of RAM and STS are documented; the others follow the general form
/// `acs:<service>:<region>:<account>:<kind>/<id>` and are not verified in every detail.
pub(crate) fn resource_of(
    product: &str,
    action: &str,
    account: &str,
    region: &str,
    parameters: Parameters<'_>,
) -> String {
    match product {
        "STS" => parameters.text("RoleArn").unwrap_or_else(|| "*".to_owned()),
        "RAM" => ram(account, action, parameters),
        "R-kvstore" => general(
            "kvstore",
            region,
            account,
            "instance",
            first(parameters, &["InstanceId", "DBInstanceId"]),
        ),
        "DTS" => general(
            "dts",
            region,
            account,
            "instance",
            first(parameters, &["DtsInstanceId", "DtsInstanceID", "DtsJobId"]),
        ),
        "SMC" => smc(account, parameters),
        "ECS" => ecs(account, region, parameters),
        _ => "*".to_owned(),
    }
}

fn ram(account: &str, action: &str, parameters: Parameters<'_>) -> String {
    let (kind, name) = match (
        parameters.filled("RoleName"),
        parameters.filled("PolicyName"),
    ) {
        (Some(role), _) => ("role", role),
        (None, Some(policy)) => ("policy", policy),
        (None, None) if action.contains("Role") => ("role", "*".to_owned()),
        (None, None) => ("policy", "*".to_owned()),
    };
    format!("acs:ram::{account}:{kind}/{name}")
}

fn smc(account: &str, parameters: Parameters<'_>) -> String {
    let kinds = [
        ("SourceId", "sourceserver"),
        ("JobId", "replicationjob"),
        ("AccessTokenId", "accesstoken"),
    ];
    let found = kinds
        .iter()
        .find_map(|(name, kind)| Some((*kind, parameters.filled(name)?)));
    found.map_or_else(
        || format!("acs:smc::{account}:*"),
        |(kind, id)| format!("acs:smc::{account}:{kind}/{id}"),
    )
}

fn ecs(account: &str, region: &str, parameters: Parameters<'_>) -> String {
    let kinds = [
        ("ImageId", "image"),
        ("SnapshotId", "snapshot"),
        ("InstanceId", "instance"),
    ];
    let found = kinds
        .iter()
        .find_map(|(name, kind)| Some((*kind, parameters.list(name).into_iter().next()?)));
    let (kind, id) = found.unwrap_or(("instance", "*".to_owned()));
    general("ecs", region, account, kind, Some(id))
}

fn first(parameters: Parameters<'_>, names: &[&str]) -> Option<String> {
    names.iter().find_map(|name| parameters.filled(name))
}

fn general(service: &str, region: &str, account: &str, kind: &str, id: Option<String>) -> String {
    let region = if region.is_empty() { "*" } else { region };
    format!(
        "acs:{service}:{region}:{account}:{kind}/{}",
        id.as_deref().unwrap_or("*")
    )
}
