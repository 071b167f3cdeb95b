//! The step `create-redis-account`: creates an account of an instance and waits until it can be used.
//!
//! The cloud does not say whose an account is. One of the name with the wanted right is taken; its password cannot be
//! looked at.

use rutter_sdk::prelude::*;

rutter_sdk::plugin!(run);

/// How long the list may take to show a new account.
const SETTLE: Duration = Duration::from_secs(15);

fn run(host: &Host, inputs: Inputs) -> Result<Outputs, Fault> {
    let account = host.account()?;
    let wanted = Wanted {
        account: &account,
        inputs: &inputs,
    };
    account
        .wait_for(wanted.api("DescribeInstanceAttribute"))
        .wait()?;
    let named = |action: &str| wanted.api(action).set("AccountName", &inputs.name);
    let create = named("CreateAccount")
        .set("AccountPassword", &inputs.password)
        .set("AccountPrivilege", wanted.privilege())
        .set("AccountDescription", inputs.description.as_deref());
    let made = account
        .create(create)
        .reverse(named("DeleteAccount"))
        .or_adopt(wanted.look())
        .map_err(|fault| wanted.explained(fault))?;
    if !made.made {
        wanted.check_right()?;
        host.warn(&format!(
            "`{}` has the account `{}` already: whether the password given is its own cannot be looked at",
            inputs.instance, inputs.name
        ));
    }
    account.wait_for(named("DescribeAccounts")).wait()?;
    Ok(Outputs {
        name: inputs.name,
        created: made.made,
    })
}

/// The account that is wanted.
struct Wanted<'a> {
    account: &'a Account,
    inputs: &'a Inputs,
}

impl Wanted<'_> {
    fn api(&self, action: &str) -> Api {
        Api::new("R-kvstore", action)
            .region(&self.inputs.region)
            .set("InstanceId", &self.inputs.instance)
    }

    fn privilege(&self) -> &'static str {
        match self.inputs.privilege.as_str() {
            "read-only" => "RoleReadOnly",
            "replication" => "RoleRepl",
            _ => "RoleReadWrite",
        }
    }

    fn list(&self) -> Api {
        self.api("DescribeAccounts")
            .set("AccountName", &self.inputs.name)
    }

    /// The account of that name. Its right may be changed later, so that is no part of what it is known by.
    fn look(&self) -> Find {
        Find::in_list(self.list(), "/Accounts/Account")
            .equal("/AccountName", &self.inputs.name)
            .key("/AccountName")
            .settle(SETTLE)
    }

    /// Refuses an account that is there already with another right.
    fn check_right(&self) -> Result<(), Fault> {
        let (instance, name) = (&self.inputs.instance, &self.inputs.name);
        let accounts = self.account.read(self.list())?.items("/Accounts/Account");
        let is_it = |account: &&Answer| account.text_if_any("/AccountName") == Some(name);
        let right = accounts
            .iter()
            .find(is_it)
            .and_then(|found| {
                found.text_if_any("/DatabasePrivileges/DatabasePrivilege/0/AccountPrivilege")
            })
            .unwrap_or("no right");
        if right == self.privilege() {
            return Ok(());
        }
        let message = format!(
            "`{instance}` has the account `{name}` already, with {right} instead of {}",
            self.privilege()
        );
        Err(Fault::fail("create-redis-account.other-right", message)
            .advise("Choose another name; clients may be using this account."))
    }

    fn explained(&self, fault: Fault) -> Fault {
        let is_about_replication = fault.code == "InvalidAccountPrivilege.Malformed"
            && self.inputs.privilege == "replication";
        if !is_about_replication {
            return fault;
        }
        let message = format!(
            "`{}` offers no account with the right to replicate: {}",
            self.inputs.instance, fault.message
        );
        let mut refused = Fault::fail("create-redis-account.not-enabled", message).advise(
            "On a cluster the support desk has to enable it: open a ticket, wait for its end, then run the step again.",
        );
        refused.request_id = fault.request_id;
        refused
    }
}

#[cfg(test)]
rutter_sdk::cases!();
