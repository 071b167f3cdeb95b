//! The step `edit-trust-policy`: lets another account, and its DTS, assume a role.
//!
//! It adds one statement that names both parties and drops those that say no more than that one.
//! Every other statement stays. The reverse puts back the document that was there.

use rutter_sdk::prelude::*;

rutter_sdk::plugin!(run);

const TRUST: &str = "/Role/AssumeRolePolicyDocument";

fn run(host: &Host, inputs: Inputs) -> Result<Outputs, Fault> {
    let account = host.account()?;
    check_account(&account, &inputs)?;
    let parties = Parties::of(&inputs);
    let role = account.read(read(&inputs))?;
    let text_before = role.text(TRUST)?;
    let before = role.document(TRUST)?;
    check_placeholders(&before)?;
    let wanted = parties.added_to(&before);
    // Looking the first time costs no second read.
    let mut known = Some(before);
    let edited = account
        .create(update(&inputs, wanted.clone()))
        // The very text, so that nothing at all differs after rollback.
        .reverse(update(&inputs, text_before.into()))
        .or_adopt(|| {
            let trust = match known.take() {
                Some(trust) => trust,
                None => account.read(read(&inputs))?.document(TRUST)?,
            };
            Ok((trust == wanted).then(|| json!({})))
        })?;
    Ok(Outputs {
        role: inputs.role,
        arn: role.text("/Role/Arn")?.to_owned(),
        changed: edited.made,
    })
}

fn read(inputs: &Inputs) -> Api {
    Api::new("RAM", "GetRole").set("RoleName", &inputs.role)
}

fn update(inputs: &Inputs, document: Value) -> Api {
    Api::new("RAM", "UpdateRole")
        .set("RoleName", &inputs.role)
        .set("NewAssumeRolePolicyDocument", document)
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

    /// The policy with the statement of these parties in it, once.
    fn added_to(&self, trust: &Value) -> Value {
        let mut statements: Vec<Value> = policy::statements(trust)
            .iter()
            .filter(|statement| !self.covers(statement))
            .cloned()
            .collect();
        statements.push(json!({
            "Effect": "Allow",
            "Action": "sts:AssumeRole",
            "Principal": { "RAM": [self.account], "Service": [self.service] },
        }));
        let mut trust = trust.clone();
        trust["Statement"] = Value::Array(statements);
        trust
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

#[cfg(test)]
rutter_sdk::cases!();
