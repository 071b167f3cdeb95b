//! RAM: users, roles, policies and what is attached to what.

mod attachments;
mod file;
mod oidc;
mod policies;
mod rights;
mod roles;
mod versions;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde_json::{Value, json};

use crate::answer::{Answer, Refusal};
use crate::register::Register;
use crate::request::AccessKey;
use crate::request_context;
use crate::rights::Document;
use crate::time::{self, ALWAYS};
pub(crate) use file::{OidcProviderFile, PolicyFile, RoleFile, UserFile};
pub(crate) use oidc::{BadToken, Provider, Token};
pub(crate) use rights::Rights;

/// A call to RAM, which sees what every account has in it.
type RequestContext<'a> = request_context::RequestContext<'a, &'a mut BTreeMap<String, Ram>>;

/// One action, as a function.
pub(crate) type Act = fn(&mut RequestContext<'_>) -> Answer;

/// The actions that are simulated.
pub(crate) const ACTIONS: &[(&str, Act)] = &[
    ("CreateRole", roles::create),
    ("GetRole", roles::get),
    ("UpdateRole", roles::update),
    ("DeleteRole", roles::delete),
    ("ListRoles", roles::list),
    ("CreatePolicy", policies::create),
    ("GetPolicy", policies::get),
    ("DeletePolicy", policies::delete),
    ("ListPolicies", policies::list),
    ("CreatePolicyVersion", versions::create),
    ("GetPolicyVersion", versions::get),
    ("ListPolicyVersions", versions::list),
    ("DeletePolicyVersion", versions::delete),
    ("SetDefaultPolicyVersion", versions::set_default),
    ("AttachPolicyToRole", attachments::attach),
    ("DetachPolicyFromRole", attachments::detach),
    ("ListPoliciesForRole", attachments::of_role),
    ("ListPoliciesForUser", attachments::of_user),
    ("ListEntitiesForPolicy", attachments::of_policy),
];

/// What an account has in RAM.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ram {
    pub users: BTreeMap<String, User>,
    pub roles: Register<Role>,
    /// How the names of the roles are spelt, by the name in lower case: they are compared without case.
    pub spellings: BTreeMap<String, String>,
    pub policies: Register<Policy>,
    /// Identity providers by name.
    pub providers: BTreeMap<String, Provider>,
    /// The names of the roles that each policy is attached to.
    pub holders: BTreeMap<PolicyName, BTreeSet<String>>,
}

/// A RAM user, or the main account under a name of its own.
#[derive(Clone, Debug)]
pub(crate) struct User {
    pub name: String,
    pub id: String,
    /// Its place in the world file.
    pub position: usize,
    pub key: AccessKey,
    pub policies: Vec<PolicyName>,
    pub main: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct Role {
    pub id: String,
    pub description: String,
    pub console_login: bool,
    pub max_session_seconds: i64,
    pub created_ms: i64,
    pub updated_ms: i64,
    pub trust: Trust,
    pub attached: Vec<Attachment>,
}

#[derive(Clone, Debug)]
pub(crate) struct Attachment {
    pub policy: PolicyName,
    pub at_ms: i64,
}

/// A trust policy and those it replaced: a change takes a while to spread.
#[derive(Clone, Debug)]
pub(crate) struct Trust(Vec<(i64, String)>);

impl Trust {
    pub fn new(at_ms: i64, document: String) -> Self {
        Self(vec![(at_ms, document)])
    }

    pub fn replace(&mut self, at_ms: i64, document: String) {
        self.0.push((at_ms, document));
    }

    /// Returns the document that RAM shows.
    pub fn latest(&self) -> &str {
        self.0.last().map_or("", |(_, document)| document)
    }

    /// Returns the document that is in force: the newest that has spread; `None` if the role itself has not.
    pub fn in_force(&self, now: i64, spread_ms: i64) -> Option<Document> {
        let (_, text) = self
            .0
            .iter()
            .rev()
            .find(|(at_ms, _)| at_ms.saturating_add(spread_ms) <= now)?;
        Document::trust(&serde_json::from_str(text).ok()?).ok()
    }
}

/// A policy by type and name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum PolicyName {
    System(String),
    Custom(String),
}

impl PolicyName {
    pub fn name(&self) -> &str {
        match self {
            Self::System(name) | Self::Custom(name) => name,
        }
    }

    pub fn kind(&self) -> &'static str {
        match self {
            Self::System(_) => "System",
            Self::Custom(_) => "Custom",
        }
    }

    /// Returns the text of the document in force; `None` if there is no such policy.
    pub fn text(&self, account: &Ram) -> Option<String> {
        match self {
            Self::System(name) => {
                rutter_contracts::system_policy(name).map(|policy| policy.document.to_string())
            }
            Self::Custom(name) => account
                .policies
                .get(name)
                .map(|policy| policy.default_document().to_owned()),
        }
    }

    /// Returns the document in force, read; `None` if there is no such policy.
    pub fn document(&self, account: &Ram) -> Option<Document> {
        match self {
            Self::System(name) => {
                Document::policy(&rutter_contracts::system_policy(name)?.document).ok()
            }
            Self::Custom(name) => {
                let text = account.policies.get(name)?.default_document();
                Document::policy(&serde_json::from_str(text).ok()?).ok()
            }
        }
    }

    fn exists(&self, account: &Ram) -> bool {
        match self {
            Self::System(name) => rutter_contracts::system_policy(name).is_some(),
            Self::Custom(name) => account.policies.contains_key(name),
        }
    }

    /// Reads it from a call's parameters and makes sure that there is such a policy.
    fn of_call(context: &RequestContext<'_>) -> Result<Self, Refusal> {
        let name = policy_name(context)?;
        let policy = match context.required("PolicyType")?.as_str() {
            "System" => Self::System(name),
            "Custom" => Self::Custom(name),
            _ => {
                return Err(Refusal::new(
                    400,
                    "InvalidParameter.PolicyType",
                    "The parameter - \"PolicyType\" is incorrect.",
                ));
            }
        };
        if policy.exists(context.account()) {
            Ok(policy)
        } else {
            Err(no_policy())
        }
    }
}

impl fmt::Display for PolicyName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}", self.kind(), self.name())
    }
}

/// A custom policy.
#[derive(Clone, Debug)]
pub(crate) struct Policy {
    pub description: String,
    pub created_ms: i64,
    pub updated_ms: i64,
    pub versions: BTreeMap<u32, Version>,
    pub default: u32,
    /// The number that the next version gets.
    pub next: u32,
}

#[derive(Clone, Debug)]
pub(crate) struct Version {
    pub document: String,
    pub created_ms: i64,
}

impl Policy {
    pub fn new(description: String, document: String, now: i64) -> Self {
        let versions = BTreeMap::from([(
            1,
            Version {
                document,
                created_ms: now,
            },
        )]);
        Self {
            description,
            created_ms: now,
            updated_ms: now,
            versions,
            default: 1,
            next: 2,
        }
    }

    pub fn default_document(&self) -> &str {
        self.versions
            .get(&self.default)
            .map_or("", |version| &version.document)
    }
}

/// Returns a date for an instant; things that were always there were made when the world starts.
fn date(context: &RequestContext<'_>, instant_ms: i64) -> String {
    time::text(if instant_ms == ALWAYS {
        context.settings().start_ms
    } else {
        instant_ms
    })
}

fn role_name(context: &RequestContext<'_>) -> Result<String, Refusal> {
    let name = context.required("RoleName")?;
    check_characters("RoleName", &name, ".-")?;
    let spelling = context.account().spelling(&name).map(str::to_owned);
    Ok(spelling.unwrap_or(name))
}

/// Whether a text is an account's id: a number, of 16 digits since long, and of fewer before.
pub(crate) fn is_account_id(text: &str) -> bool {
    (1..=20).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn policy_name(context: &RequestContext<'_>) -> Result<String, Refusal> {
    let name = context.required("PolicyName")?;
    check_characters("PolicyName", &name, "-")?;
    Ok(name)
}

fn check_characters(parameter: &str, value: &str, beside: &str) -> Result<(), Refusal> {
    if value
        .chars()
        .all(|character| character.is_ascii_alphanumeric() || beside.contains(character))
    {
        return Ok(());
    }
    Err(Refusal::new(
        400,
        format!("InvalidParameter.{parameter}.InvalidChars"),
        format!("The parameter - \"{parameter}\" contains invalid chars."),
    ))
}

/// Reads a policy document from a parameter; its text is kept as it was given.
fn document_text(
    context: &RequestContext<'_>,
    parameter: &str,
    read: fn(&Value) -> Result<Document, String>,
) -> Result<String, Refusal> {
    let text = context.required(parameter)?;
    let value: Value =
        serde_json::from_str(&text).map_err(|error| malformed(&error.to_string()))?;
    read(&value).map_err(|problem| malformed(&problem))?;
    Ok(text)
}

fn malformed(problem: &str) -> Refusal {
    Refusal::new(
        400,
        "MalformedPolicyDocument",
        format!("The policy document is malformed: {problem}."),
    )
}

fn no_role() -> Refusal {
    Refusal::new(404, "EntityNotExist.Role", "The role does not exist.")
}

fn no_policy() -> Refusal {
    Refusal::new(404, "EntityNotExist.Policy", "The policy does not exist.")
}

/// Cuts a page out of a sorted list by `Marker` and `MaxItems`, and returns it with `IsTruncated` and `Marker`.
fn page<T>(context: &RequestContext<'_>, items: Vec<(String, T)>) -> (Vec<T>, Value) {
    let size = context
        .parameters
        .integer("MaxItems")
        .unwrap_or(100)
        .clamp(1, 1000) as usize;
    let marker = context.parameters.filled("Marker");
    let mut rest = items
        .into_iter()
        .filter(|(key, _)| marker.as_ref().is_none_or(|marker| key > marker))
        .peekable();
    let mut page = Vec::new();
    let mut last = String::new();
    while page.len() < size
        && let Some((key, item)) = rest.next()
    {
        last = key;
        page.push(item);
    }
    let fields = if rest.peek().is_some() {
        json!({ "IsTruncated": true, "Marker": last })
    } else {
        json!({ "IsTruncated": false })
    };
    (page, fields)
}
