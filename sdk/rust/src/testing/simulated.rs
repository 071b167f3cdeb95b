//! Answers from a simulated world.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::Path;
use std::rc::Rc;

use rutter_contracts::ErrorClass;
use rutter_simcloud::{Request, World};
use serde_json::Value;

use crate::account::Until;
use crate::api::Api;
use crate::fault::{Fault, FaultClass};
use crate::host::{HttpRequest, HttpResponse};
use crate::testing::case::{Case, CaseAccount, WorldSource};
use crate::testing::double::{Answered, Answers, Asked, is_change};
use crate::testing::run::filled;

/// How an answer gets lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Loss {
    /// The call never arrived.
    Before,
    /// It arrived and was done; the answer did not come back.
    After,
}

/// A key with which calls of an account are made.
#[derive(Clone, Debug)]
struct Key {
    id: String,
    token: Option<String>,
}

/// Answers from a world.
pub(super) struct Simulated {
    world: Rc<RefCell<World>>,
    accounts: BTreeMap<String, CaseAccount>,
    keys: BTreeMap<String, Key>,
    /// The change whose answer gets lost, counted from 0.
    lose: Option<(usize, Loss)>,
    changes: usize,
}

/// Reads the world of a case.
pub(super) fn world(source: &WorldSource, case: &Path) -> Result<World, String> {
    let (text, name) = match source {
        WorldSource::File(name) => {
            let path = case.with_file_name(name);
            let text = std::fs::read_to_string(&path)
                .map_err(|error| format!("`{}` cannot be read: {error}", path.display()))?;
            (text, name.clone())
        }
        WorldSource::Inline(table) => (table.to_string(), "world".to_owned()),
    };
    World::from_toml(&text, &name).map_err(|error| error.to_string())
}

impl Simulated {
    pub(super) fn new(world: Rc<RefCell<World>>, case: &Case, lose: Option<(usize, Loss)>) -> Self {
        Self {
            world,
            accounts: case.accounts.clone(),
            keys: BTreeMap::new(),
            lose,
            changes: 0,
        }
    }

    fn world_name<'a>(&'a self, name: &'a str) -> &'a str {
        let account = self.accounts.get(name);
        account
            .and_then(|account| account.name.as_deref())
            .unwrap_or(name)
    }

    fn key(&self, account: &str) -> Result<Key, Fault> {
        if let Some(key) = self.keys.get(account) {
            return Ok(key.clone());
        }
        let world = self.world.borrow();
        let name = self.world_name(account);
        let user = self
            .accounts
            .get(account)
            .and_then(|account| account.user.as_deref());
        let key = match user {
            Some(user) => world.user_key(name, user),
            None => world.key(name),
        };
        key.map(|key| Key {
            id: key.id,
            token: None,
        })
        .ok_or_else(|| {
            let message = format!("the world has no identity for the account `{account}`");
            Fault::new(FaultClass::Bug, "case.account", message)
        })
    }

    /// Sends one call to the world.
    fn send_call(&mut self, now_ms: u64, call: &Asked) -> Answered {
        let key = match self.key(&call.account) {
            Ok(key) => key,
            Err(fault) => {
                return Answered {
                    result: Err(fault),
                    took_ms: 0,
                };
            }
        };
        let region = self
            .accounts
            .get(&call.account)
            .and_then(|account| account.region.clone());
        let response = handle(
            &mut self.world.borrow_mut(),
            now_ms,
            &key,
            region,
            &call.api,
        );
        if let Ok(answer) = &response.result
            && call.api.action == "AssumeRole"
        {
            self.keep_session(call, answer);
        }
        response
    }

    fn keep_session(&mut self, call: &Asked, answer: &Value) {
        let text = |pointer: &str| {
            let value = answer.pointer(pointer).and_then(Value::as_str);
            value.unwrap_or_default().to_owned()
        };
        let arn = call
            .api
            .parameter("RoleArn")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let key = Key {
            id: text("/Credentials/AccessKeyId"),
            token: Some(text("/Credentials/SecurityToken")),
        };
        self.keys.insert(format!("{}>{arn}", call.account), key);
    }
}

impl Answers for Simulated {
    fn call(&mut self, now_ms: u64, call: &Asked) -> Answered {
        let lost = is_change(&call.api)
            .then(|| {
                let number = self.changes;
                self.changes += 1;
                self.lose.filter(|(lose, _)| *lose == number)
            })
            .flatten();
        match lost {
            None => self.send_call(now_ms, call),
            Some((_, loss)) => {
                if loss == Loss::After {
                    self.send_call(now_ms, call);
                }
                let message = format!("the answer of {} was lost", call.api.label());
                Answered {
                    result: Err(Fault::new(
                        FaultClass::LookFirst,
                        "rutter.unknown-outcome",
                        message,
                    )),
                    took_ms: 10_000,
                }
            }
        }
    }

    fn wait_for(&mut self, now_ms: u64, call: &Asked, until: &Until) -> Answered {
        let until = completed(&call.api, until);
        let mut waited_ms = 0;
        loop {
            let Answered { result, took_ms } = self.send_call(now_ms + waited_ms, call);
            waited_ms += took_ms;
            let ended = |result| Answered {
                result,
                took_ms: waited_ms,
            };
            let absent = matches!(&result, Err(fault) if fault.is_absent());
            let found = match &result {
                Ok(answer) => field(answer, &until.path),
                Err(_) if absent => "NOT_FOUND".to_owned(),
                Err(_) => return ended(result),
            };
            let is_one_of = |values: &[String]| {
                values
                    .iter()
                    .any(|value| value.eq_ignore_ascii_case(&found))
            };
            let label = call.api.label();
            if is_one_of(&until.until) {
                return ended(
                    result.or_else(|fault| if absent { Ok(Value::Null) } else { Err(fault) }),
                );
            }
            if is_one_of(&until.fail) {
                let message = format!("{label} has `{found}` at `{}`", until.path);
                return ended(Err(Fault::fail("rutter.wait-failed", message)));
            }
            if waited_ms >= until.timeout_ms.unwrap_or(0) {
                let message = format!("{label} still has `{found}` at `{}`", until.path);
                return ended(Err(Fault::fail("rutter.wait-timeout", message)));
            }
            waited_ms += until.every_ms.unwrap_or(1_000).max(1);
        }
    }

    fn account_id(&self, name: &str) -> Option<String> {
        let world = self.world.borrow();
        world.account_id(self.world_name(name)).map(str::to_owned)
    }

    fn send(&mut self, request: &HttpRequest, _auth: Option<&str>) -> Result<HttpResponse, Fault> {
        Err(Fault::fail(
            "case.http",
            format!("no world answers {}", request.url),
        ))
    }
}

fn handle(
    world: &mut World,
    now_ms: u64,
    key: &Key,
    region: Option<String>,
    api: &Api,
) -> Answered {
    let contract = rutter_contracts::action(&api.product, &api.action);
    let version = api.version.clone();
    let seed = world.seed();
    let request = Request {
        product: api.product.clone(),
        version: version.unwrap_or_else(|| contract.map_or("", |one| one.version).to_owned()),
        action: api.action.clone(),
        region: api
            .region
            .clone()
            .or(region)
            .or_else(|| Some("cn-hangzhou".to_owned())),
        access_key_id: key.id.clone(),
        security_token: key.token.clone(),
        parameters: Value::Object(api.parameters.clone()),
    };
    let response = world.handle(i64::try_from(now_ms).unwrap_or(i64::MAX), seed, &request);
    let failure = rutter_contracts::failure_in(&api.product, response.status, &response.body);
    let result = match failure {
        None => Ok(response.body),
        Some(failure) => {
            let class = class_of(
                &api.product,
                failure.status,
                &failure.code,
                &failure.message,
            );
            let mut fault = Fault::new(class, failure.code, failure.message);
            fault.request_id = failure.request_id;
            Err(fault)
        }
    };
    Answered {
        result,
        took_ms: response.latency_ms,
    }
}

/// Takes a change back in the world, as rollback does: what is gone already is no failure.
pub(super) fn take_back(
    world: &mut World,
    simulated: &Simulated,
    now_ms: u64,
    account: &str,
    reverse: &Api,
) -> Result<(), Fault> {
    let key = simulated.key(account)?;
    let region = simulated
        .accounts
        .get(account)
        .and_then(|account| account.region.clone());
    match handle(world, now_ms, &key, region, reverse).result {
        Ok(_) => Ok(()),
        Err(fault) if fault.is_absent() => Ok(()),
        Err(fault) => Err(fault),
    }
}

/// The calls that remove what a change made in passing, as reads of its own tell.
pub(super) fn made_in_passing(
    world: &mut World,
    simulated: &Simulated,
    now_ms: u64,
    call: &Asked,
    answer: &Value,
) -> Vec<Api> {
    let Ok(key) = simulated.key(&call.account) else {
        return Vec::new();
    };
    let mut calls = Vec::new();
    for kind in &call.passing {
        let read = kind.read.as_ref().and_then(|read| filled(read, answer));
        let (Some(read), Some(remove)) = (read, &kind.remove) else {
            continue;
        };
        let found = handle(world, now_ms, &key, None, &read).result;
        let list = found
            .ok()
            .and_then(|found| found.pointer(&kind.list).cloned());
        for element in list
            .as_ref()
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
        {
            let id = element.pointer(&kind.id).cloned().unwrap_or_default();
            calls.extend(filled(remove, &serde_json::json!({ "Id": id })));
        }
    }
    calls
}

/// What a caller can do about an error of the cloud, by the contracts.
pub(super) fn class_of(product: &str, status: u16, code: &str, message: &str) -> FaultClass {
    match rutter_contracts::classify(product, status, code, message).class {
        ErrorClass::Retry => FaultClass::Retry,
        ErrorClass::RetryStatus => FaultClass::Busy,
        ErrorClass::LookThenRetry => FaultClass::LookFirst,
        ErrorClass::Done => FaultClass::Exists,
        ErrorClass::Absent => FaultClass::Absent,
        ErrorClass::Credential => FaultClass::Credential,
        ErrorClass::Fail => FaultClass::Fail,
        ErrorClass::Bug => FaultClass::Bug,
    }
}

/// What the plugin left open is the contract's.
fn completed(api: &Api, until: &Until) -> Until {
    let mut until = until.clone();
    let contract = rutter_contracts::action(&api.product, &api.action);
    let Some(wait) = contract.and_then(|contract| contract.wait) else {
        return until;
    };
    let texts = |values: &[&str]| values.iter().map(|value| (*value).to_owned()).collect();
    if until.path.is_empty() {
        until.path = wait.path.to_owned();
    }
    if until.until.is_empty() {
        until.until = texts(wait.until);
    }
    if until.fail.is_empty() {
        until.fail = texts(wait.fail);
    }
    until.every_ms.get_or_insert(wait.every_ms);
    until.timeout_ms.get_or_insert(wait.timeout_ms);
    until
}

fn field(answer: &Value, pointer: &str) -> String {
    match answer.pointer(pointer) {
        None | Some(Value::Null) => "NOT_FOUND".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}
