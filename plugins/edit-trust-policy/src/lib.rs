//! The step `edit-trust-policy`: lets another account, and its DTS, assume a role.
//!
//! It adds one statement that names both parties, and then drops those that say no more than that one. Every other
//! statement stays. These are two changes, so that what was there before can be told from what is recorded: undo edits
//! the policy that stands then, which others may have edited since.

mod text;

use rutter_sdk::prelude::*;

rutter_sdk::plugin!(run, undo);

const TRUST: &str = "/Role/AssumeRolePolicyDocument";

/// The parameter that takes a trust policy.
const NEW_TRUST: &str = "NewAssumeRolePolicyDocument";

fn run(host: &Host, inputs: Inputs) -> Result<Outputs, Fault> {
    let account = host.account()?;
    check_account(&account, &inputs)?;
    let parties = Parties::of(&inputs);
    let role = account.read(read(&inputs))?;
    let before = role.text(TRUST)?;
    let trust = role.document(TRUST)?;
    check_placeholders(&trust)?;
    let wider = parties.added_to(&trust);
    let added = account
        .create(update(&inputs, text::with(before, &wider)))
        .or_adopt(parties.look(&inputs, before, &wider))?;
    let only = parties.alone_in(&wider);
    if added.made && only != wider {
        account
            .create(update(&inputs, only.to_string()))
            .or_adopt(Find::one(read(&inputs)).json(TRUST, only))?;
    }
    Ok(Outputs {
        role: inputs.role,
        arn: role.text("/Role/Arn")?.to_owned(),
        changed: added.made,
    })
}

/// Takes the statement out of the policy that stands now, and puts back what it replaced.
fn undo(
    host: &Host,
    inputs: Inputs,
    changes: Vec<MadeChange>,
    _outputs: Option<Outputs>,
) -> Result<(), Fault> {
    let account = host.account()?;
    let Some(role) = account.find(read(&inputs))? else {
        return Ok(());
    };
    // The newest change comes first; the oldest is the one that added the statement.
    let texts: Vec<&str> = changes
        .iter()
        .filter_map(|change| change.api.parameter(NEW_TRUST)?.as_str())
        .collect();
    let (Some(newest), Some(oldest)) = (texts.first(), texts.last()) else {
        return Ok(());
    };
    let parties = Parties::of(&inputs);
    let stands = role.document(TRUST)?;
    let wider = text::read(oldest);
    let is_untouched = stands == text::read(newest) || stands == wider;
    let restored = parties.restored(&stands, &wider);
    if policy::statements(&restored) == policy::statements(&stands) {
        return Ok(());
    }
    // The very text, where nobody else edited it.
    let document = match text::without(oldest, &parties.statement()) {
        Some(before) if is_untouched => before,
        _ => restored.to_string(),
    };
    let done = Find::one(read(&inputs)).json(TRUST, text::read(&document));
    account.create(update(&inputs, document)).or_adopt(done)?;
    Ok(())
}

fn read(inputs: &Inputs) -> Api {
    Api::new("RAM", "GetRole").set("RoleName", &inputs.role)
}

fn update(inputs: &Inputs, document: String) -> Api {
    Api::new("RAM", "UpdateRole")
        .set("RoleName", &inputs.role)
        .set(NEW_TRUST, document)
}

/// RAM would show the service without the id, and the task would not find its way in.
fn check_account(account: &Account, inputs: &Inputs) -> Result<(), Fault> {
    if account.id() != inputs.trusted_account {
        return Ok(());
    }
    Err(Fault::fail(
        "edit-trust-policy.own-account",
        format!(
            "{} is the account that owns the role",
            inputs.trusted_account
        ),
    )
    .advise("Give the id of the account that creates the task."))
}

/// A text such as `<Alibaba Cloud account ID>` was copied from a manual and never filled in.
fn check_placeholders(value: &Value) -> Result<(), Fault> {
    match value {
        Value::String(text) => match placeholder(text) {
            None => Ok(()),
            Some(placeholder) => Err(Fault::fail(
                "edit-trust-policy.placeholder",
                format!("the trust policy still holds the placeholder `{placeholder}`"),
            )
            .advise(
                "Put the account's id in its place in the RAM console, or take the statement out.",
            )),
        },
        Value::Array(items) => items.iter().try_for_each(check_placeholders),
        Value::Object(entries) => entries.values().try_for_each(check_placeholders),
        _ => Ok(()),
    }
}

fn placeholder(text: &str) -> Option<&str> {
    let start = text.find('<')?;
    let end = start + text[start..].find('>')?;
    Some(&text[start..=end])
}

/// The parties that are let in.
struct Parties {
    account: String,
    service: String,
}

impl Parties {
    fn of(inputs: &Inputs) -> Self {
        Self {
            account: policy::root(&inputs.trusted_account),
            service: format!("{}@{}", inputs.trusted_account, inputs.service),
        }
    }

    fn statement(&self) -> Value {
        json!({
            "Effect": "Allow",
            "Action": "sts:AssumeRole",
            "Principal": { "RAM": [self.account], "Service": [self.service] },
        })
    }

    /// The policy with the statement of these parties in it.
    fn added_to(&self, trust: &Value) -> Value {
        let mut statements = policy::statements(trust).to_vec();
        if statements.contains(&self.statement()) {
            return trust.clone();
        }
        statements.push(self.statement());
        with_statements(trust, statements)
    }

    /// The policy without those that say no more than that statement.
    fn alone_in(&self, trust: &Value) -> Value {
        let mut statements = policy::statements(trust).to_vec();
        statements.retain(|one| *one == self.statement() || !self.covers(one));
        with_statements(trust, statements)
    }

    /// The policy without that statement, and with those that it replaced: `wider` has them.
    fn restored(&self, trust: &Value, wider: &Value) -> Value {
        let mut statements = policy::statements(trust).to_vec();
        statements.retain(|one| *one != self.statement());
        let replaced = policy::statements(wider)
            .iter()
            .filter(|one| **one != self.statement() && self.covers(one));
        for one in replaced {
            if !statements.contains(one) {
                statements.push(one.clone());
            }
        }
        with_statements(trust, statements)
    }

    /// What shows that the statement was added: a party that was not named before, whatever else is edited; if both
    /// were, the whole policy.
    fn look(&self, inputs: &Inputs, before: &str, wider: &Value) -> Find {
        let role = Find::one(read(inputs)).key("/Role/RoleId");
        let quoted = [&self.service, &self.account].map(|party| format!("\"{party}\""));
        match quoted.iter().find(|party| !before.contains(party.as_str())) {
            Some(party) => role.contains(TRUST, party),
            None => role.json(TRUST, wider.clone()),
        }
    }

    /// Whether a statement lets in nobody but these parties, and says nothing else.
    fn covers(&self, statement: &Value) -> bool {
        let Some(principal) = statement["Principal"].as_object() else {
            return false;
        };
        policy::lets_assume(statement)
            && policy::texts(&statement["Action"]).count() == 1
            && principal.iter().all(|(kind, parties)| match kind.as_str() {
                "RAM" => policy::texts(parties).all(|party| party == self.account),
                "Service" => policy::texts(parties).all(|party| party == self.service),
                _ => false,
            })
    }
}

fn with_statements(trust: &Value, statements: Vec<Value>) -> Value {
    let mut trust = trust.clone();
    trust["Statement"] = Value::Array(statements);
    trust
}

#[cfg(test)]
rutter_sdk::cases!();

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn undo_keeps_what_others_added_and_puts_back_what_was_replaced() {
        let parties = Parties {
            account: "a".to_owned(),
            service: "s".to_owned(),
        };
        let lets_in = |principal: Value| json!({ "Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal });
        let policy = |statements: &[Value]| json!({ "Version": "1", "Statement": statements });
        let (less, other) = (
            lets_in(json!({ "RAM": ["a"] })),
            lets_in(json!({ "RAM": "c" })),
        );
        let wider = parties.added_to(&policy(std::slice::from_ref(&less)));
        let stands = policy(&[parties.statement(), other.clone()]);
        let restored = parties.restored(&stands, &wider);
        assert_eq!(restored, policy(&[other, less]));
        assert_eq!(parties.restored(&restored, &wider), restored);
    }
}
