//! The step `check-dts-default-role`: DTS uses an account's own databases by a default role, which the account's owner
//! authorises once. Without it, configuring a task fails with `Abnormal.RamCheckUserRole`.

use rutter_sdk::prelude::*;

rutter_sdk::plugin!(run);

const ROLE: &str = "AliyunDTSDefaultRole";
const SERVICE: &str = "dts.aliyuncs.com";

fn run(host: &Host, _inputs: Inputs) -> Result<Outputs, Fault> {
    let account = host.account()?;
    let Some(role) = account.find(Api::new("RAM", "GetRole").set("RoleName", ROLE))? else {
        let message = format!(
            "account {} has no role `{ROLE}`: DTS was never authorised there",
            account.id()
        );
        return Err(unauthorised(message));
    };
    if !trusts_dts(&role)? {
        let message = format!(
            "the role `{ROLE}` of account {} does not trust {SERVICE}",
            account.id()
        );
        return Err(unauthorised(message));
    }
    Ok(Outputs {
        arn: role.text("/Role/Arn")?.to_owned(),
    })
}

fn trusts_dts(role: &Answer) -> Result<bool, Fault> {
    let trust = role.document("/Role/AssumeRolePolicyDocument")?;
    let statements = trust["Statement"].as_array().cloned().unwrap_or_default();
    Ok(statements.iter().any(|statement| {
        let services = &statement["Principal"]["Service"];
        let named = services.as_str() == Some(SERVICE)
            || services
                .as_array()
                .is_some_and(|services| services.iter().any(|service| service == SERVICE));
        named && statement["Effect"] == "Allow"
    }))
}

fn unauthorised(message: String) -> Fault {
    Fault::fail("check-dts-default-role.absent", message).advise(
        "Open the DTS console with this account, or with an identity that may write in RAM, and authorise the default role; then run this again. Nothing has been changed.",
    )
}

#[cfg(test)]
rutter_sdk::cases!();
