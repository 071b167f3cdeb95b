//! The step `attach-policy`: attaches a RAM policy to a role or a user.

use rutter_sdk::prelude::*;

rutter_sdk::plugin!(run);

fn run(host: &Host, inputs: Inputs) -> Result<Outputs, Fault> {
    let holder = Holder::of(&inputs)?;
    let account = host.account()?;
    let attached = account
        .create(holder.call("Attach", "To", &inputs))
        .reverse(holder.call("Detach", "From", &inputs))
        .or_adopt(holder.attached(&inputs))?;
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

    /// The policy among those of the holder.
    fn attached(&self, inputs: &Inputs) -> Find {
        let read = Api::new("RAM", &format!("ListPoliciesFor{}", self.kind));
        Find::in_list(read.set(self.parameter, &self.name), "/Policies/Policy")
            .equal("/PolicyName", &inputs.policy)
            .equal("/PolicyType", &inputs.r#type)
            .key("/PolicyName")
    }
}

#[cfg(test)]
rutter_sdk::cases!();
