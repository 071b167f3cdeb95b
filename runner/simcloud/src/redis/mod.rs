//! R-kvstore: Redis and Tair instances, as far as a migration looks at them and gets them ready.
//!
//! `describe` reads, `whitelist` says who may connect, `network` gives a cluster its direct endpoint, `accounts` holds
//! who may log in. What data is in an instance is only an amount; DTS moves it.

mod accounts;
mod describe;
mod file;
mod network;
mod privilege;
mod whitelist;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::answer::{Answer, Refusal};
use crate::register::Register;
use crate::request_context;
pub(crate) use accounts::RedisAccount;
pub(crate) use file::{Architecture, Edition, RedisFile, Storage};
use network::Direct;
pub(crate) use privilege::Privilege;
pub(crate) use whitelist::Whitelist;

/// A call to R-kvstore, which sees the instances of every account.
type RequestContext<'a> =
    request_context::RequestContext<'a, &'a mut BTreeMap<String, Register<Redis>>>;

/// One action, as a function.
pub(crate) type Act = fn(&mut RequestContext<'_>) -> Answer;

/// The actions that are simulated.
pub(crate) const ACTIONS: &[(&str, Act)] = &[
    ("DescribeInstances", describe::instances),
    ("DescribeInstanceAttribute", describe::attribute),
    ("DescribeInstanceConfig", describe::config),
    ("DescribeParameters", describe::parameters),
    ("DescribeInstanceSSL", describe::ssl),
    ("DescribeInstanceTDEStatus", describe::tde),
    ("DescribeHistoryMonitorValues", describe::history),
    ("DescribeSecurityIps", whitelist::describe),
    ("ModifySecurityIps", whitelist::modify),
    ("DescribeDBInstanceNetInfo", network::describe),
    ("AllocateDirectConnection", network::allocate),
    ("ReleaseDirectConnection", network::release),
    ("DescribeAccounts", accounts::describe),
    ("CreateAccount", accounts::create),
    ("DeleteAccount", accounts::delete),
];

/// The state in which an instance can be worked with.
const NORMAL: &str = "Normal";

/// Parameters of an instance for which the world file says nothing else.
const DEFAULT_PARAMETERS: [(&str, &str); 4] = [
    ("appendonly", "yes"),
    ("maxmemory-policy", "volatile-lru"),
    ("repl-timeout", "60"),
    ("timeout", "0"),
];

/// An instance and the data in it.
#[derive(Clone, Debug)]
pub(crate) struct Redis {
    pub settings: RedisFile,
    pub data_bytes: u64,
    pub whitelist: Whitelist,
    /// By name; the default account, which is called like the instance, among them if it has a password.
    pub accounts: BTreeMap<String, RedisAccount>,
    pub direct: Option<Direct>,
    /// Until when the instance is `NetworkModifying`.
    network_until_ms: i64,
}

impl Redis {
    pub fn new(settings: RedisFile) -> Self {
        Self {
            data_bytes: settings.data_mb.saturating_mul(1_000_000),
            whitelist: Whitelist::new(&settings),
            accounts: accounts::of_file(&settings),
            direct: Direct::of_file(&settings),
            network_until_ms: i64::MIN,
            settings,
        }
    }

    /// Returns the lasting properties, for comparing states; how much data is in it only if that is to be compared.
    pub fn lasting(&self, with_data: bool) -> Value {
        let settings = &self.settings;
        let accounts: BTreeMap<&String, Value> = self
            .accounts
            .iter()
            .map(|(name, account)| (name, account.lasting()))
            .collect();
        let mut lasting = json!({
            "region": settings.region,
            "class": settings.class,
            "ssl": settings.ssl,
            "parameters": self.parameters(),
            "whitelist": self.whitelist.lasting(),
            "accounts": accounts,
            "direct_endpoint": self.direct.as_ref().map(Direct::lasting),
        });
        if with_data {
            lasting["data_bytes"] = json!(self.data_bytes);
        }
        lasting
    }

    /// Returns the state at an instant.
    pub fn status(&self, now: i64) -> &str {
        if self.settings.status == NORMAL && now < self.network_until_ms {
            return "NetworkModifying";
        }
        &self.settings.status
    }

    pub fn is_tair(&self) -> bool {
        self.settings.edition == Edition::Enterprise
    }

    pub fn is_cluster(&self) -> bool {
        self.settings.architecture == Architecture::Cluster
    }

    pub fn capacity_bytes(&self) -> u64 {
        self.settings.capacity_mb.saturating_mul(1_000_000)
    }

    pub fn parameters(&self) -> BTreeMap<String, String> {
        let mut parameters: BTreeMap<String, String> = DEFAULT_PARAMETERS
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        parameters.extend(self.settings.parameters.clone());
        parameters
    }
}

/// Returns the instance that a call names.
fn named<'a>(context: &'a RequestContext<'_>, parameter: &str) -> Result<&'a Redis, Refusal> {
    let id = context.required(parameter)?;
    context.account().get(&id).ok_or_else(not_found)
}

/// Returns the instance that a call names, to change it.
fn named_mut<'a>(context: &'a mut RequestContext<'_>, id: &str) -> Result<&'a mut Redis, Refusal> {
    context.account_mut().get_mut(id).ok_or_else(not_found)
}

fn not_found() -> Refusal {
    Refusal::new(
        404,
        "InvalidInstanceId.NotFound",
        "The specified InstanceId does not exist.",
    )
}

/// Refuses a change to an instance that is not `Normal`.
fn check_state(redis: &Redis, now: i64) -> Result<(), Refusal> {
    if redis.status(now) == NORMAL {
        return Ok(());
    }
    Err(Refusal::new(
        403,
        "IncorrectDBInstanceState",
        "Current DB instance state does not support this operation.",
    ))
}
