//! The two ends of a synchronisation.

use rutter_sdk::prelude::*;

use crate::Inputs;

/// The role of DTS itself: entering it where the owner's role is meant is a known mistake.
const DTS_OWN_ROLE: &str = "AliyunDTSDefaultRole";

/// The source: DTS cannot look up an instance of another account, so it is given as a database that is reached through
/// the VPC of that account.
pub(crate) fn source(inputs: &Inputs) -> Value {
    let source = &inputs.source;
    json!({
        "InstanceType": "Express",
        "InstanceId": source.vpc,
        "IP": source.ip,
        "Port": source.port.to_string(),
        "OwnerID": source.owner,
        "Role": source.role,
        "Password": login(Some(&source.account), &source.password),
    })
}

/// The destination.
pub(crate) fn destination(inputs: &Inputs) -> Value {
    let destination = &inputs.destination;
    json!({
        "InstanceType": "Redis",
        "InstanceId": destination.instance,
        "Password": login(destination.account.as_deref(), &destination.password),
    })
}

/// `account:password`, as DTS wants it. The host puts the password in when it sends the call.
fn login(account: Option<&str>, password: &Secret) -> String {
    match account {
        Some(account) => format!("{account}:{}", password.placeholder()),
        None => password.placeholder().to_owned(),
    }
}

/// Refuses what the cloud would refuse, or worse, would take.
pub(crate) fn check(inputs: &Inputs, own_id: &str) -> Result<(), Fault> {
    let source = &inputs.source;
    if source.role.eq_ignore_ascii_case(DTS_OWN_ROLE) {
        let message = format!(
            "`{DTS_OWN_ROLE}` is the role of DTS itself, not the role of the source's owner"
        );
        return Err(Fault::fail("configure-sync-job.role", message).advise(
            "Say the name of the role that the owner made for this purpose, such as `ram-for-dts`.",
        ));
    }
    if source.owner == own_id {
        let message = format!(
            "the source is to be another account's, and {own_id} is the account of the synchronisation"
        );
        return Err(Fault::fail("configure-sync-job.own-account", message)
            .advise("Say the id of the account that owns the source, or use `configure-dts-task` within one account."));
    }
    if source.instance == inputs.destination.instance {
        let message = format!("`{}` is both source and destination", source.instance);
        return Err(Fault::fail("configure-sync-job.same-instance", message)
            .advise("Say two different instances."));
    }
    Ok(())
}
