//! What a call takes for granted: the resources that its parameters name, in the terms of a world file.
//!
//! This is how a world is made to fit: whoever rehearses collects what was presumed, and writes what the world lacks. A
//! resource is known by the form of its id, as the cloud gives them out, and what the call says beside it goes along.
//! Whether the world has it is not looked at.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::dts;
use crate::parameters::Parameters;
use crate::presumed::{Presumed, table_of};

/// Returns the resources that a call takes for granted. `region` is the one that is called; parameters are a JSON object,
/// and secrets in it had better be placeholders: an id is told to people.
pub fn presume(
    product: &str,
    action: &str,
    region: Option<&str>,
    parameters: &Value,
) -> BTreeSet<Presumed> {
    let contract = rutter_contracts::action(product, action);
    let product = contract.map_or(product, |contract| contract.product);
    let action = contract.map_or(action, |contract| contract.name.as_str());
    match product {
        "DTS" => dts::presumed(action, Parameters(parameters)),
        "RAM" => in_ram(action, Parameters(parameters)),
        _ => by_form(region, parameters),
    }
}

fn by_form(region: Option<&str>, given: &Value) -> BTreeSet<Presumed> {
    let parameters = Parameters(given);
    let region = parameters
        .filled("RegionId")
        .or_else(|| region.map(str::to_owned))
        .unwrap_or_default();
    let mut ids = BTreeSet::new();
    texts(given, &mut ids);
    let mut found: BTreeSet<Presumed> = ids
        .iter()
        .filter_map(|id| Some((table_of(id)?, id)))
        .map(|(table, id)| beside(Presumed::new(table, id, &region), parameters))
        .collect();
    if parameters.filled("ZoneId").is_some() {
        // What a new server can be put into is in its zone, whichever it is.
        let zone = parameters.filled("ZoneId").map(Value::from);
        found.insert(Presumed::new("vswitches", "", &region).with("zone", zone));
    }
    found
}

/// What else the call says of it.
fn beside(presumed: Presumed, parameters: Parameters<'_>) -> Presumed {
    if presumed.table != "vswitches" {
        return presumed;
    }
    let zone = parameters.filled("ZoneId");
    let address = parameters
        .filled("PrivateIpAddress")
        .and_then(|address| Some(format!("{}.0.0/16", prefix_of(&address)?)));
    presumed
        .with("zone", zone.map(Value::from))
        .with("cidr", address.map(Value::from))
}

/// The first two parts of an IP address.
fn prefix_of(address: &str) -> Option<String> {
    let octets = address.parse::<std::net::Ipv4Addr>().ok()?.octets();
    Some(format!("{}.{}", octets[0], octets[1]))
}

/// All texts in parameters, also those in lists that are given as text.
fn texts(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::String(text) if text.starts_with(['[', '{']) => {
            if let Ok(inner) = serde_json::from_str::<Value>(text) {
                texts(&inner, found);
            }
        }
        Value::String(text) => drop(found.insert(text.clone())),
        Value::Array(items) => items.iter().for_each(|item| texts(item, found)),
        Value::Object(fields) => fields.values().for_each(|field| texts(field, found)),
        _ => {}
    }
}

/// Roles and policies have names, and most calls that name one are about one that is there.
fn in_ram(action: &str, parameters: Parameters<'_>) -> BTreeSet<Presumed> {
    let mut found = BTreeSet::new();
    if let Some(role) = parameters
        .filled("RoleName")
        .filter(|_| action != "CreateRole")
    {
        found.insert(Presumed::new("roles", &role, ""));
    }
    if let Some(user) = parameters.filled("UserName") {
        found.insert(Presumed::new("users", &user, ""));
    }
    let custom = parameters.text_or_empty("PolicyType") == "Custom";
    if let Some(policy) = parameters
        .filled("PolicyName")
        .filter(|_| custom && action != "CreatePolicy")
    {
        let document = json!({ "Version": "1", "Statement": [
            { "Effect": "Allow", "Action": ["ram:GetRole"], "Resource": "*" },
        ] });
        let policy = Presumed::new("policies", &policy, "");
        found.insert(policy.with("document", Some(document.to_string().into())));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(product: &str, action: &str, parameters: Value) -> Vec<Presumed> {
        let found = presume(product, action, Some("cn-hangzhou"), &parameters);
        found.into_iter().collect()
    }

    #[test]
    fn a_server_is_presumed_where_the_call_looks_for_it() {
        let found = of(
            "ECS",
            "DescribeInstances",
            json!({ "RegionId": "cn-beijing", "InstanceIds": "[\"i-1\"]" }),
        );
        assert_eq!(found, [Presumed::new("ecs", "i-1", "cn-beijing")]);
    }

    #[test]
    fn a_switch_has_the_zone_and_the_addresses_that_the_call_wants() {
        let parameters = json!({
            "VSwitchId": "vsw-1", "ZoneId": "cn-hangzhou-h", "PrivateIpAddress": "172.16.1.77",
        });
        let found = of("ECS", "RunInstances", parameters);
        assert_eq!(found[1].keys["zone"], "\"cn-hangzhou-h\"");
        assert_eq!(found[1].keys["cidr"], "\"172.16.0.0/16\"");
    }

    #[test]
    fn an_end_of_a_task_is_a_database_of_its_owner() {
        let parameters = json!({
            "SourceEndpointInstanceType": "RDS", "SourceEndpointEngineName": "MYSQL",
            "SourceEndpointInstanceID": "rm-1", "SourceEndpointRegion": "cn-shanghai",
            "SourceEndpointOwnerID": "1111111111111111",
        });
        let found = of("DTS", "ConfigureDtsJob", parameters);
        assert_eq!((found[0].table, &*found[0].id), ("databases", "rm-1"));
        assert_eq!(found[0].owner.as_deref(), Some("1111111111111111"));
        assert_eq!(found[0].keys["type"], "\"mysql\"");
    }

    #[test]
    fn a_role_that_is_made_is_not_presumed() {
        let parameters = json!({ "RoleName": "copier" });
        assert_eq!(of("RAM", "CreateRole", parameters.clone()), []);
        assert_eq!(of("RAM", "GetRole", parameters)[0].table, "roles");
    }
}
