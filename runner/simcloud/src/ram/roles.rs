//! Roles and their trust policies.

use serde_json::{Value, json};

use super::{
    Ram, RequestContext, Role, Trust, check_characters, date, document_text, malformed, no_role,
    page, role_name,
};
use crate::answer::{Answer, Refusal, without};
use crate::rights::Document;

/// The longest trust policy, in bytes.
const TRUST_MAX: usize = 2048;

/// What `GetRole` alone shows of a role.
const ONLY_READ: &[&str] = &["IsServiceLinkedRole", "RolePrincipalName"];

/// Names of roles are compared without case.
impl Ram {
    /// How the name of a role is spelt that the account has.
    pub fn spelling(&self, name: &str) -> Option<&str> {
        let known = self.spellings.get(&name.to_ascii_lowercase())?;
        self.roles.contains_key(known).then_some(known)
    }

    /// Adds a role under a name that the account does not have.
    pub fn add_role(&mut self, name: &str, role: Role) {
        let lower = name.to_ascii_lowercase();
        self.spellings.insert(lower, name.to_owned());
        self.roles.insert(name.to_owned(), role);
    }

    pub fn role_named(&self, name: &str) -> Option<&Role> {
        self.roles.get(self.spelling(name)?)
    }
}

pub(super) fn create(context: &mut RequestContext<'_>) -> Answer {
    let name = context.required("RoleName")?;
    check_characters("RoleName", &name, ".-")?;
    let trust = trust_text(context, "AssumeRolePolicyDocument")?;
    if context.account().spelling(&name).is_some() {
        return Err(Refusal::new(
            409,
            "EntityAlreadyExists.Role",
            "The role does already EXIST.",
        ));
    }
    let now = context.now;
    let role = Role {
        id: context.new_id("30", "ram-role"),
        description: context.parameters.text_or_empty("Description"),
        console_login: context.parameters.is_true("AllowConsoleLogin"),
        max_session_seconds: context
            .parameters
            .integer("MaxSessionDuration")
            .unwrap_or(3600),
        created_ms: now,
        updated_ms: now,
        trust: Trust::new(now, trust),
        attached: Vec::new(),
    };
    context.account_mut().add_role(&name, role);
    shown(context, &name, &[ONLY_READ, &["UpdateDate"]].concat())
}

pub(super) fn get(context: &mut RequestContext<'_>) -> Answer {
    let name = role_name(context)?;
    shown(context, &name, &[])
}

pub(super) fn update(context: &mut RequestContext<'_>) -> Answer {
    let name = role_name(context)?;
    let trust = match context.parameters.filled("NewAssumeRolePolicyDocument") {
        Some(_) => Some(trust_text(context, "NewAssumeRolePolicyDocument")?),
        None => None,
    };
    let description = context.parameters.text("NewDescription");
    let max_session = context.parameters.integer("NewMaxSessionDuration");
    let console_login = context.parameters.boolean("NewAllowConsoleLogin");
    let now = context.now;
    let role = context
        .account_mut()
        .roles
        .get_mut(&name)
        .ok_or_else(no_role)?;
    if let Some(trust) = trust
        && trust != role.trust.latest()
    {
        role.trust.replace(now, trust);
    }
    role.description = description.unwrap_or_else(|| role.description.clone());
    role.max_session_seconds = max_session.unwrap_or(role.max_session_seconds);
    role.console_login = console_login.unwrap_or(role.console_login);
    role.updated_ms = now;
    shown(context, &name, ONLY_READ)
}

pub(super) fn delete(context: &mut RequestContext<'_>) -> Answer {
    let name = role_name(context)?;
    let role = context.account().roles.get(&name).ok_or_else(no_role)?;
    if !role.attached.is_empty() {
        let message = "The role CAN NOT has any attached policy while deleting the role.";
        return Err(Refusal::new(409, "DeleteConflict.Role.Policy", message));
    }
    context.account_mut().roles.remove(&name);
    Ok(json!({}))
}

pub(super) fn list(context: &mut RequestContext<'_>) -> Answer {
    let roles: Vec<(String, Value)> = context
        .account()
        .roles
        .iter()
        .map(|(name, role)| {
            // Lists leave out what may be long.
            let left_out = [ONLY_READ, &["AssumeRolePolicyDocument"]].concat();
            (
                name.clone(),
                without(fields(context, name, role), &left_out),
            )
        })
        .collect();
    let (roles, mut answer) = page(context, roles);
    answer["Roles"] = json!({ "Role": roles });
    Ok(answer)
}

fn shown(context: &RequestContext<'_>, name: &str, left_out: &[&str]) -> Answer {
    let role = context.account().roles.get(name).ok_or_else(no_role)?;
    Ok(json!({ "Role": without(fields(context, name, role), left_out) }))
}

fn fields(context: &RequestContext<'_>, name: &str, role: &Role) -> Value {
    json!({
        "RoleId": role.id,
        "RoleName": name,
        "Arn": format!("acs:ram::{}:role/{name}", context.caller.account),
        "RolePrincipalName": format!("{name}@role.{}.onaliyunservice.com", context.caller.account),
        "Description": role.description,
        "AssumeRolePolicyDocument": role.trust.latest(),
        "MaxSessionDuration": role.max_session_seconds,
        "AllowConsoleLogin": role.console_login,
        "IsServiceLinkedRole": false,
        "CreateDate": date(context, role.created_ms),
        "UpdateDate": date(context, role.updated_ms),
    })
}

/// Reads a trust policy. RAM rewrites a service qualified with the role's own account to the plain service, which the
/// documents call the sign of a wrong account id.
fn trust_text(context: &RequestContext<'_>, parameter: &str) -> Result<String, Refusal> {
    let text = document_text(context, parameter, Document::trust)?;
    if text.len() > TRUST_MAX {
        return Err(Refusal::new(
            400,
            format!("InvalidParameter.{parameter}.Length"),
            format!("The parameter - \"{parameter}\" beyond the length limit."),
        ));
    }
    let own = format!("{}@", context.caller.account);
    if !text.contains(&own) {
        return Ok(text);
    }
    let mut value: Value =
        serde_json::from_str(&text).map_err(|error| malformed(&error.to_string()))?;
    rewrite_own_services(&mut value, &own);
    Ok(value.to_string())
}

fn rewrite_own_services(document: &mut Value, own: &str) {
    let statements = match document.get_mut("Statement") {
        Some(Value::Array(statements)) => statements.iter_mut().collect(),
        Some(statement) => vec![statement],
        None => Vec::new(),
    };
    for statement in statements {
        let services = match statement.pointer_mut("/Principal/Service") {
            Some(Value::Array(services)) => services.iter_mut().collect(),
            Some(service) => vec![service],
            None => Vec::new(),
        };
        for service in services {
            let plain = service
                .as_str()
                .and_then(|name| name.strip_prefix(own))
                .map(str::to_owned);
            if let Some(plain) = plain {
                *service = Value::String(plain);
            }
        }
    }
}
