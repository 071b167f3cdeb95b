//! The step `attach-policy`: attaches a RAM policy to a role or a user.

use rutter_sdk::prelude::*;

rutter_sdk::plugin!(run);

fn run(host: &Host, inputs: Inputs) -> Result<Outputs, Fault> {
    let holder = Holder::of(&inputs)?;
    let account = host.account()?;
    let attached = account
        .create(holder.call("Attach", "To", &inputs))
        .reverse(holder.call("Detach", "From", &inputs))
        .or_adopt(|| holder.attached(&account, &inputs))?;
    Ok(Outputs {
        policy: inputs.policy,
        attached: attached.made,
    })
}

/// Who gets the policy. The API has an action for each kind, alike but for the names.
struct Holder {
    /// `Role` or `User`, as in the names of the actions.
    kind: &'static str,
    parameter: &'static str,
    name: String,
}

impl Holder {
    fn of(inputs: &Inputs) -> Result<Self, Fault> {
        let holder = |kind, parameter, name: &String| Self {
            kind,
            parameter,
            name: name.clone(),
        };
        match (&inputs.role, &inputs.user) {
            (Some(role), None) => Ok(holder("Role", "RoleName", role)),
            (None, Some(user)) => Ok(holder("User", "UserName", user)),
            _ => Err(Fault::fail(
                "attach-policy.holder",
                "the policy goes either to a role or to a user",
            )
            .advise("Give one of `role` and `user`.")),
        }
    }

    fn call(&self, verb: &str, preposition: &str, inputs: &Inputs) -> Api {
        Api::new("RAM", &format!("{verb}Policy{preposition}{}", self.kind))
            .set("PolicyType", &inputs.r#type)
            .set("PolicyName", &inputs.policy)
            .set(self.parameter, &self.name)
    }

    /// What attaching would have answered, which is nothing, if the policy is attached.
    fn attached(&self, account: &Account, inputs: &Inputs) -> Result<Option<Value>, Fault> {
        let read = Api::new("RAM", &format!("ListPoliciesFor{}", self.kind));
        let policies = account.read(read.set(self.parameter, &self.name))?;
        let found = policies.items("/Policies/Policy").iter().any(|policy| {
            policy.text_if_any("/PolicyName") == Some(&inputs.policy)
                && policy.text_if_any("/PolicyType") == Some(&inputs.r#type)
        });
        Ok(found.then(|| json!({})))
    }
}

#[cfg(test)]
rutter_sdk::cases!();
