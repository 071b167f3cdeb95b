//! The step `create-role`: creates a RAM role that another account may assume.
//!
//! A role of that name that is there already is taken as it is if it lets the same parties in,
//! among others or not; whom a role trusts is never changed here (`edit-trust-policy` does).

use rutter_sdk::prelude::*;

rutter_sdk::plugin!(run);

/// The role of DTS itself: entering it where a role of one's own is meant is a known mistake.
const DTS_OWN_ROLE: &str = "AliyunDTSDefaultRole";

fn run(host: &Host, inputs: Inputs) -> Result<Outputs, Fault> {
    check_name(&inputs.name)?;
    let account = host.account()?;
    let trust = trust_policy(&inputs);
    let role = account
        .create(
            Api::new("RAM", "CreateRole")
                .set("RoleName", &inputs.name)
                .set("AssumeRolePolicyDocument", &trust)
                .set("Description", &inputs.description),
        )
        .reverse(Api::new("RAM", "DeleteRole").set("RoleName", &inputs.name))
        .or_adopt(look(&inputs))?;
    if !role.made {
        check_trust(&account, &inputs)?;
    }
    Ok(Outputs {
        name: inputs.name,
        arn: role.answer.text("/Role/Arn")?.to_owned(),
        created: role.made,
    })
}

fn check_name(name: &str) -> Result<(), Fault> {
    if name.eq_ignore_ascii_case(DTS_OWN_ROLE) {
        return Err(Fault::fail(
            "create-role.name",
            format!("`{name}` is the role of DTS itself"),
        )
        .advise("Choose a name of your own, such as `ram-for-dts`."));
    }
    Ok(())
}

fn trust_policy(inputs: &Inputs) -> Value {
    let mut principal = json!({ "RAM": [policy::root(&inputs.trusted_account)] });
    if !inputs.services.is_empty() {
        principal["Service"] = json!(inputs.services);
    }
    json!({
        "Version": "1",
        "Statement": [{ "Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal }],
    })
}

fn read(inputs: &Inputs) -> Api {
    Api::new("RAM", "GetRole").set("RoleName", &inputs.name)
}

/// The role of that name. Whom it trusts may be edited later, so that is no part of what it is known by.
fn look(inputs: &Inputs) -> Find {
    Find::one(read(inputs))
        .key("/Role/RoleId")
        .keeps("/Role/AssumeRolePolicyDocument")
        .answer(json!({ "Role": { "RoleId": found("/Role/RoleId"), "Arn": found("/Role/Arn") } }))
}

/// Refuses a role that is there already and will not do.
fn check_trust(account: &Account, inputs: &Inputs) -> Result<(), Fault> {
    let trust = account
        .read(read(inputs))?
        .document("/Role/AssumeRolePolicyDocument")?;
    let missing = missing(&trust, inputs);
    if missing.is_empty() {
        return Ok(());
    }
    Err(Fault::fail(
        "create-role.other-trust",
        format!(
            "the role `{}` is there already and does not trust {}",
            inputs.name,
            missing.join(", ")
        ),
    )
    .advise(
        "Choose another name, or let the step `edit-trust-policy` widen the role if it is meant \
         for this.",
    ))
}

/// The wanted parties that a trust policy does not let in.
fn missing(trust: &Value, inputs: &Inputs) -> Vec<String> {
    let mut wanted = vec![("RAM", policy::root(&inputs.trusted_account))];
    wanted.extend(inputs.services.iter().map(|name| ("Service", name.clone())));
    wanted
        .into_iter()
        .filter(|(kind, party)| !policy::trusts(trust, kind, party))
        .map(|(_, party)| party)
        .collect()
}

#[cfg(test)]
rutter_sdk::cases!();
