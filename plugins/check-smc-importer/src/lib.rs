//! The step `check-smc-importer`: a server is imported through a role of its account, which only a RAM user or a role can
//! assume, and a RAM user only with the right to.

use rutter_sdk::prelude::*;

rutter_sdk::plugin!(run);

/// Policies that include the right.
const ALL: &str = "AdministratorAccess";

fn run(host: &Host, inputs: Inputs) -> Result<Outputs, Fault> {
    let account = host.account()?;
    let identity = account.read(Api::new("STS", "GetCallerIdentity"))?;
    let arn = identity.text("/Arn")?.to_owned();
    let kind = identity.text("/IdentityType")?;
    if kind == "Account" {
        let message = format!("{arn} is the main account, which may not assume roles");
        return Err(Fault::fail("check-smc-importer.main", message)
            .advise("Bind the account to a RAM user with AliyunSMCFullAccess and AliyunSTSAssumeRoleAccess."));
    }
    let proved = match arn.rsplit_once(":user/") {
        Some((_, user)) if kind == "RAMUser" && !inputs.granted_otherwise => {
            has_policy(host, &account, user, &inputs)?
        }
        _ => false,
    };
    Ok(Outputs {
        identity: arn,
        proved,
    })
}

/// Whether the policy was seen. Where policies may not be listed nothing is known; where they may, and it is not there,
/// the import would be refused in the middle.
fn has_policy(host: &Host, account: &Account, user: &str, inputs: &Inputs) -> Result<bool, Fault> {
    let read = Api::new("RAM", "ListPoliciesForUser").set("UserName", user);
    let listed = match account.read(read) {
        Ok(listed) => listed,
        Err(fault) if fault.code.starts_with("NoPermission") => {
            host.info(&format!(
                "the policies of `{user}` may not be listed: {fault}"
            ));
            return Ok(false);
        }
        Err(fault) => return Err(fault),
    };
    let has = |name: &str| {
        let policies = listed.items("/Policies/Policy");
        policies
            .iter()
            .any(|policy| policy.text_if_any("/PolicyName") == Some(name))
    };
    if has(&inputs.policy) || has(ALL) {
        return Ok(true);
    }
    let policy = &inputs.policy;
    let message =
        format!("the RAM user `{user}` has no policy `{policy}`, and may not assume the role");
    Err(Fault::fail("check-smc-importer.policy", message).advise(format!(
        "Attach `{policy}` to `{user}` in the RAM console of this account; or say `granted_otherwise` if a group or another policy grants it.",
    )))
}

#[cfg(test)]
rutter_sdk::cases!();
