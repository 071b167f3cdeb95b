//! The step `check-account`: says whose account the credentials belong to.

use rutter_sdk::prelude::*;

rutter_sdk::plugin!(run);

fn run(host: &Host, inputs: Inputs) -> Result<Outputs, Fault> {
    let account = host.account()?;
    let identity = account.read(Api::new("STS", "GetCallerIdentity"))?;
    let outputs = Outputs {
        id: identity.text("/AccountId")?.to_owned(),
        arn: identity.text("/Arn")?.to_owned(),
        identity: identity.text("/IdentityType")?.to_owned(),
    };
    if let Some(expected) = &inputs.expected
        && *expected != outputs.id
    {
        return Err(Fault::fail(
            "check-account.other-account",
            format!("the account is {}, not {expected}", outputs.id),
        )
        .advise("Bind the account to the credentials of the account that is meant."));
    }
    // Grants made as a RAM user may later turn out not to be valid for DTS.
    if inputs.main_account && outputs.identity != "Account" {
        return Err(Fault::fail(
            "check-account.not-main",
            format!("{} is not the main account", outputs.arn),
        )
        .advise("Use credentials of the main account here."));
    }
    Ok(outputs)
}

#[cfg(test)]
rutter_sdk::cases!();
