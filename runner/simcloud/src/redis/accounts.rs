//! Accounts of an instance: who may log in, and to do what.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::file::RedisFile;
use super::privilege::Privilege;
use super::{Redis, RequestContext, check_state, named, named_mut};
use crate::answer::{Answer, Refusal};
use crate::paging::{Sizes, numbered};
use crate::password::Password;

/// How many accounts an instance can have.
const ACCOUNTS_MAX: usize = 18;

/// Engines older than this one have no accounts.
const ENGINE_LEAST: &str = "4.0";

/// Who may log in to an instance, and to do what.
#[derive(Clone, Debug)]
pub(crate) struct RedisAccount {
    pub password: Password,
    pub privilege: Privilege,
    description: String,
    available_ms: i64,
}

impl RedisAccount {
    pub fn lasting(&self) -> Value {
        json!({ "privilege": self.privilege.name(), "description": self.description })
    }

    fn status(&self, now: i64) -> &'static str {
        if now < self.available_ms {
            "Unavailable"
        } else {
            "Available"
        }
    }
}

/// Returns the accounts of a world file: the default one, if it has a password, and the others.
pub(super) fn of_file(settings: &RedisFile) -> BTreeMap<String, RedisAccount> {
    let account = |name: &str, password: &Password| RedisAccount {
        password: password.clone(),
        privilege: settings.privileges.get(name).copied().unwrap_or_default(),
        description: String::new(),
        available_ms: i64::MIN,
    };
    let default = settings
        .password
        .iter()
        .map(|password| (&settings.id, password));
    default
        .chain(&settings.users)
        .map(|(name, password)| (name.clone(), account(name, password)))
        .collect()
}

impl Redis {
    /// Returns whether a password opens it, in the form of the console: the password of the default account, or
    /// `account:password`. If the world gives none, any does.
    pub fn opens(&self, credential: &str) -> bool {
        self.settings.password.is_none() || self.login(credential).is_some()
    }

    /// Returns the account that a password in the form of the console opens. One that is being made opens nothing; since
    /// nobody looks that closely, its time is not asked for here.
    pub fn login(&self, credential: &str) -> Option<&RedisAccount> {
        let default = self.accounts.get(&self.settings.id);
        if let Some(account) = default.filter(|account| account.password.matches(credential)) {
            return Some(account);
        }
        let (name, password) = credential.split_once(':')?;
        let account = self.accounts.get(name)?;
        account.password.matches(password).then_some(account)
    }
}

pub(super) fn describe(context: &mut RequestContext<'_>) -> Answer {
    let redis = named(context, "InstanceId")?;
    let wanted = context.parameters.filled("AccountName");
    let part = context.parameters.filled("SearchAccountName");
    let listed = redis.accounts.iter().filter(|(name, _)| {
        wanted.as_ref().is_none_or(|wanted| wanted == *name)
            && part
                .as_ref()
                .is_none_or(|part| name.contains(part.as_str()))
    });
    let shown = listed.map(|(name, account)| {
        let privilege = json!({ "AccountPrivilege": account.privilege.name() });
        json!({
            "AccountName": name,
            "AccountStatus": account.status(context.now),
            "AccountType": "Normal",
            "AccountDescription": account.description,
            "InstanceId": redis.settings.id,
            "DatabasePrivileges": { "DatabasePrivilege": [privilege] },
        })
    });
    let sizes = Sizes::new(30, 50);
    let (page, mut answer) = numbered(context.parameters, sizes, shown.collect());
    answer["Accounts"] = json!({ "Account": page });
    Ok(answer)
}

pub(super) fn create(context: &mut RequestContext<'_>) -> Answer {
    let redis = named(context, "InstanceId")?;
    let id = redis.settings.id.clone();
    let name = context.required("AccountName")?;
    let password = context.required("AccountPassword")?;
    let given = context
        .parameters
        .filled("AccountPrivilege")
        .unwrap_or_else(|| Privilege::default().name().to_owned());
    let privilege = Privilege::read(&given).ok_or_else(|| malformed_privilege(&given))?;
    check_state(redis, context.now)?;
    check_new(redis, &name, &password, privilege)?;
    let takes = context.settings().durations.redis_account.0;
    let account = RedisAccount {
        password: Password::new(password),
        privilege,
        description: context.parameters.text_or_empty("AccountDescription"),
        available_ms: context.now.saturating_add(takes),
    };
    named_mut(context, &id)?
        .accounts
        .insert(name.clone(), account);
    // The field is misspelled in one of two generations of documents; both stand in the answer.
    Ok(json!({ "InstanceId": id, "AccountName": name, "AcountName": name }))
}

fn check_new(
    redis: &Redis,
    name: &str,
    password: &str,
    privilege: Privilege,
) -> Result<(), Refusal> {
    let refused = |status, code: &str, message: &str| Err(Refusal::new(status, code, message));
    if redis.settings.engine_version.as_str() < ENGINE_LEAST {
        let message = "Current EngineVersion does not support operations.";
        return refused(400, "InvalidEngineVersion.Format", message);
    }
    if !is_account_name(name) {
        let message = "Specified AccountName is not valid.";
        return refused(400, "InvalidAccountName.Format", message);
    }
    if !is_strong(password) {
        let message = "Specified AccountPassword is not valid.";
        return refused(400, "InvalidAccountPassword.Format", message);
    }
    if redis.accounts.contains_key(name) {
        let message = "Specified AccountName already exists in this instance.";
        return refused(400, "InvalidAccountName.Duplicate", message);
    }
    if redis.accounts.len() >= ACCOUNTS_MAX {
        let message = "Exceeding the allowed amount of account.";
        return refused(403, "AccountLimitExceeded", message);
    }
    // On a cluster a support ticket has to enable it. The code is the nearest documented one.
    let is_enabled = !redis.is_cluster() || redis.settings.replication_accounts;
    if privilege == Privilege::Replicate && !is_enabled {
        return Err(malformed_privilege("RoleRepl"));
    }
    Ok(())
}

fn malformed_privilege(given: &str) -> Refusal {
    Refusal::new(
        400,
        "InvalidAccountPrivilege.Malformed",
        format!("Specified account privilege is not valid: {given}."),
    )
}

/// Small letters, digits and underscores, a letter first.
fn is_account_name(name: &str) -> bool {
    let plain =
        |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_';
    name.starts_with(|letter: char| letter.is_ascii_lowercase()) && name.chars().all(plain)
}

/// Three of: capitals, small letters, digits, special characters.
fn is_strong(password: &str) -> bool {
    let kinds: [fn(char) -> bool; 4] = [
        |letter| letter.is_ascii_uppercase(),
        |letter| letter.is_ascii_lowercase(),
        |letter| letter.is_ascii_digit(),
        |letter| "!@#$%^&*()_+-=".contains(letter),
    ];
    let found = kinds.iter().filter(|kind| password.chars().any(**kind));
    found.count() >= 3
}

pub(super) fn delete(context: &mut RequestContext<'_>) -> Answer {
    let redis = named(context, "InstanceId")?;
    let id = redis.settings.id.clone();
    let name = context.required("AccountName")?;
    check_state(redis, context.now)?;
    match named_mut(context, &id)?.accounts.remove(&name) {
        Some(_) => Ok(json!({})),
        None => Err(Refusal::new(
            404,
            "InvalidAccountName.NotFound",
            "Specified AccountName does not exist.",
        )),
    }
}
