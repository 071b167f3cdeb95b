//! STS: who am I, and temporary credentials of a role.

mod oidc;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::answer::{Answer, Refusal};
use crate::caller::{Caller, Identity};
use crate::ram::{Ram, Role};
use crate::request_context;
use crate::rights::{Document, Principal, trusts};

/// What STS sees of the world.
pub(crate) struct View<'a> {
    /// By account id.
    pub ram: &'a BTreeMap<String, Ram>,
    /// Temporary credentials, by access key id.
    pub sessions: &'a mut BTreeMap<String, Session>,
}

type RequestContext<'a> = request_context::RequestContext<'a, View<'a>>;

/// One action, as a function.
pub(crate) type Act = fn(&mut RequestContext<'_>) -> Answer;

/// The actions that are simulated.
pub(crate) const ACTIONS: &[(&str, Act)] = &[
    ("AssumeRole", assume_role),
    ("AssumeRoleWithOIDC", oidc::assume_role),
    ("GetCallerIdentity", get_caller_identity),
];

/// Whether an action takes no signature: what it carries says who calls.
pub(crate) fn is_unsigned(product: &str, action: &str) -> bool {
    product.eq_ignore_ascii_case("STS") && action == "AssumeRoleWithOIDC"
}

/// Temporary credentials that were given out.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    pub caller: Caller,
    pub secret: String,
    pub token: String,
    pub expires_ms: i64,
}

fn get_caller_identity(context: &mut RequestContext<'_>) -> Answer {
    let caller = context.caller;
    let account = context.world.ram.get(&caller.account);
    let account = account.expect("the caller was found in its account");
    let mut answer = json!({ "AccountId": caller.account, "Arn": caller.arn() });
    match &caller.identity {
        Identity::Main => {
            answer["IdentityType"] = json!("Account");
            answer["PrincipalId"] = json!(caller.account);
            answer["UserId"] = json!(caller.account);
        }
        Identity::Anonymous => unreachable!("this action takes no call that nobody signed"),
        Identity::User { name } => {
            let id = account
                .users
                .get(name)
                .map(|user| user.id.clone())
                .unwrap_or_default();
            answer["IdentityType"] = json!("RAMUser");
            answer["PrincipalId"] = json!(id);
            answer["UserId"] = json!(id);
        }
        Identity::Role { name, session, .. } => {
            let id = account
                .roles
                .get(name)
                .map(|role| role.id.clone())
                .unwrap_or_default();
            answer["IdentityType"] = json!("AssumedRoleUser");
            answer["PrincipalId"] = json!(format!("{id}:{session}"));
            answer["RoleId"] = json!(id);
        }
    }
    Ok(answer)
}

fn assume_role(context: &mut RequestContext<'_>) -> Answer {
    let arn = context.required("RoleArn")?;
    let session_name = context.required("RoleSessionName")?;
    let (owner, role_name) = parse_arn(&arn)?;
    check_session_name(&session_name)?;
    if context.caller.identity == Identity::Main {
        return Err(no_permission("Roles may not be assumed by root accounts."));
    }
    let policy = session_policy(context)?;
    let (role_name, role) = role_of(context, owner, role_name)?;
    let spread = context.settings().durations.ram_spread.0;
    let trusted = role
        .trust
        .in_force(context.now, spread)
        .is_some_and(|document| trusts(&document, owner, &Principal::Caller(context.caller)));
    if !trusted {
        return Err(no_permission(
            "You are not authorized to do this action. You should be authorized by RAM.",
        ));
    }
    let session = Wanted {
        owner,
        role_name,
        name: session_name,
        policy,
        seconds: seconds(context, role)?,
        role_id: role.id.clone(),
    };
    Ok(give_out(context, session))
}

/// Finds a role by any spelling of its name.
fn role_of<'a>(
    context: &RequestContext<'a>,
    owner: &str,
    name: &str,
) -> Result<(String, &'a Role), Refusal> {
    let found = || {
        let account = context.world.ram.get(owner)?;
        let name = account.spelling(name)?.to_owned();
        let role = account.roles.get(&name)?;
        Some((name, role))
    };
    found()
        .ok_or_else(|| Refusal::new(404, "EntityNotExist.Role", "The specified Role not exists."))
}

/// How long the session is to live.
fn seconds(context: &RequestContext<'_>, role: &Role) -> Result<i64, Refusal> {
    let seconds = context
        .parameters
        .integer("DurationSeconds")
        .unwrap_or(3600);
    if (900..=role.max_session_seconds.max(900)).contains(&seconds) {
        return Ok(seconds);
    }
    let message = format!(
        "The Min/Max value of DurationSeconds is 15min/{}s.",
        role.max_session_seconds
    );
    Err(Refusal::new(
        400,
        "InvalidParameter.DurationSeconds",
        message,
    ))
}

/// A session that is to be opened.
struct Wanted<'a> {
    owner: &'a str,
    role_name: String,
    role_id: String,
    name: String,
    policy: Option<Value>,
    seconds: i64,
}

fn give_out(context: &mut RequestContext<'_>, wanted: Wanted<'_>) -> Value {
    let assumed_role_id = format!("{}:{}", wanted.role_id, wanted.name);
    let caller = Caller {
        account: wanted.owner.to_owned(),
        identity: Identity::Role {
            name: wanted.role_name,
            session: wanted.name,
            policy: wanted.policy,
        },
    };
    let lives_ms = wanted.seconds.saturating_mul(1000);
    let lives_ms = lives_ms.min(context.settings().durations.session.0);
    let expires_ms = context.moment.credentials_ms.saturating_add(lives_ms);
    let access_key_id = context.new_id("STS.", "session");
    let secret = context.new_secret("session-key");
    let token = context.new_secret("session-token");
    let answer = json!({
        "AssumedRoleUser": { "Arn": caller.arn().replace(":assumed-role/", ":role/"), "AssumedRoleId": assumed_role_id },
        "Credentials": {
            "AccessKeyId": access_key_id,
            "AccessKeySecret": secret,
            "SecurityToken": token,
            "Expiration": crate::time::text(expires_ms),
        },
    });
    context.world.sessions.insert(
        access_key_id,
        Session {
            caller,
            secret,
            token,
            expires_ms,
        },
    );
    answer
}

/// Reads `acs:ram::<account id>:role/<name>`.
fn parse_arn(arn: &str) -> Result<(&str, &str), Refusal> {
    arn.strip_prefix("acs:ram::")
        .and_then(|rest| rest.split_once(":role/"))
        .filter(|(account, name)| crate::ram::is_account_id(account) && !name.is_empty())
        .ok_or_else(|| {
            Refusal::new(
                400,
                "InvalidParameter.RoleArn",
                "The parameter RoleArn is wrongly formed.",
            )
        })
}

fn check_session_name(name: &str) -> Result<(), Refusal> {
    let fits = (2..=64).contains(&name.chars().count());
    if fits
        && name
            .chars()
            .all(|character| character.is_ascii_alphanumeric() || ".@-_".contains(character))
    {
        return Ok(());
    }
    Err(Refusal::new(
        400,
        "InvalidParameter.RoleSessionName",
        "The parameter RoleSessionName is wrongly formed.",
    ))
}

fn session_policy(context: &RequestContext<'_>) -> Result<Option<Value>, Refusal> {
    let wrong = || {
        Refusal::new(
            400,
            "InvalidParameter.PolicyGrammar",
            "The parameter Policy has not passed grammar check.",
        )
    };
    if context.parameters.filled("Policy").is_none() {
        return Ok(None);
    }
    let policy = context.parameters.document("Policy").ok_or_else(wrong)?;
    Document::policy(&policy).map_err(|_| wrong())?;
    Ok(Some(policy))
}

fn no_permission(message: &str) -> Refusal {
    Refusal::new(403, "NoPermission", message)
}
