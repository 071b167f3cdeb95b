//! The step `create-policy`: creates a custom RAM policy.
//!
//! A policy of that name that says the same is taken as it is. One that says something else is never
//! changed: others may hold it, and what they may do is not this step's to decide.

use rutter_sdk::prelude::*;

rutter_sdk::plugin!(run);

fn run(host: &Host, inputs: Inputs) -> Result<Outputs, Fault> {
    check_document(&inputs)?;
    let account = host.account()?;
    let policy = account
        .create(
            Api::new("RAM", "CreatePolicy")
                .set("PolicyName", &inputs.name)
                .set("PolicyDocument", document(&inputs))
                .set("Description", &inputs.description),
        )
        .reverse(Api::new("RAM", "DeletePolicy").set("PolicyName", &inputs.name))
        .or_adopt(look(&inputs))?;
    if !policy.made {
        check_same(&account, &inputs)?;
    }
    Ok(Outputs {
        name: inputs.name,
        created: policy.made,
    })
}

fn document(inputs: &Inputs) -> Value {
    Value::Object(inputs.document.clone())
}

fn check_document(inputs: &Inputs) -> Result<(), Fault> {
    if policy::statements(&document(inputs)).is_empty() {
        return Err(Fault::fail(
            "create-policy.document",
            format!("the document of `{}` has no `Statement`", inputs.name),
        )
        .advise("Give the whole policy: `Version = \"1\"` and a list `Statement`."));
    }
    Ok(())
}

fn read(inputs: &Inputs) -> Api {
    Api::new("RAM", "GetPolicy")
        .set("PolicyName", &inputs.name)
        .set("PolicyType", "Custom")
}

/// The policy of that name. What it says may be edited later, so that is no part of what it is known by.
fn look(inputs: &Inputs) -> Find {
    Find::one(read(inputs))
        .key("/Policy/PolicyName")
        .keeps("/DefaultPolicyVersion/PolicyDocument")
}

/// Refuses a policy that is there already and says something else.
fn check_same(account: &Account, inputs: &Inputs) -> Result<(), Fault> {
    let policy = account.read(read(inputs))?;
    if policy.document("/DefaultPolicyVersion/PolicyDocument")? == document(inputs) {
        return Ok(());
    }
    Err(Fault::fail(
        "create-policy.other-document",
        format!(
            "the policy `{}` is there already and says something else",
            inputs.name
        ),
    )
    .advise(
        "Choose another name, or change that policy in the RAM console if nobody else needs it.",
    ))
}

#[cfg(test)]
rutter_sdk::cases!();
