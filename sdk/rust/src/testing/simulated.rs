//! Answers from a simulated world.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::Path;
use std::rc::Rc;

use std::time::Duration;

use rutter_contracts::wire;
use rutter_engine::{
    Api, Call, Class, Fault, FaultClass, HttpRequest, Outcome, Principal, RoleArn, Target,
    Timestamp,
};
use rutter_meaning::pages::Pages;
use rutter_meaning::{Subject, TransportError, on_no_account};
use rutter_simcloud::{Request, World};
use serde_json::{Value, json};

use crate::testing::case::{Case, CaseAccount, WorldSource};
use crate::testing::stage::{Answered, Answers, Sent};

/// The host's name in messages.
const HOST: &str = "the simulated cloud";

/// How long a lost answer is waited for.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long a session is used: five minutes less than it is good for. Milliseconds.
const SESSION_MS: u64 = 55 * 60 * 1_000;

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
    /// Those of assumed roles, and since when.
    keys: BTreeMap<Principal, (Key, Timestamp)>,
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

    fn key(&self, account: &Principal) -> Result<Key, Fault> {
        if let Some((key, _)) = self.keys.get(account) {
            return Ok(key.clone());
        }
        let world = self.world.borrow();
        let name = self.world_name(account.name());
        let bound = self.accounts.get(&**account.name());
        let user = bound.and_then(|account| account.user.as_deref());
        let key = match user {
            // A role that was not assumed has no key.
            _ if account.role().is_some() => None,
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

    /// Sends one call to the world; adds to the time that it takes.
    fn send(&mut self, now: Timestamp, call: &Call, took_ms: &mut u64) -> Outcome {
        match (&call.target, &call.account) {
            (Target::Http(request), _) => self.request(call, request),
            (Target::Api(api), Some(account)) => self.send_api(now, call, account, api, took_ms),
            (Target::AssumeRole { arn, session }, Some(account)) => {
                self.assume_role(now, account, arn, session, took_ms)
            }
            (_, None) => on_no_account(call),
        }
    }

    fn send_api(
        &mut self,
        now: Timestamp,
        call: &Call,
        account: &Principal,
        api: &Api,
        took_ms: &mut u64,
    ) -> Outcome {
        self.renew(now, account, took_ms);
        let contract = rutter_contracts::action(&api.product, &api.action);
        let paging = contract.and_then(|contract| contract.paging);
        let Some(paging) = paging.filter(|_| call.all_pages) else {
            return self.handle(now, account, call.class, api, took_ms);
        };
        let mut pages = Pages::new(&paging, &api.parameters);
        loop {
            let page = Api {
                parameters: pages.request(),
                ..api.clone()
            };
            let page = self.handle(now, account, call.class, &page, took_ms);
            if let Some(outcome) = pages.take(page) {
                return outcome;
            }
        }
    }

    fn handle(
        &mut self,
        now: Timestamp,
        account: &Principal,
        class: Class,
        api: &Api,
        took_ms: &mut u64,
    ) -> Outcome {
        let key = match self.key(account) {
            Ok(key) => key,
            Err(fault) => return Outcome::Refused(fault),
        };
        let label = format!("{}:{}", api.product, api.action);
        let subject = Subject {
            label: &label,
            host: HOST,
            class,
        };
        let contract = rutter_contracts::action(&api.product, &api.action);
        let parameters = match wire::as_received(contract, &api.parameters) {
            Ok(parameters) => parameters,
            Err(error) => {
                let message = format!("{error} ({label})");
                let fault = Fault::new(FaultClass::Bug, "rutter.wrong-request", message);
                return Outcome::Refused(fault);
            }
        };
        let bound = self.accounts.get(&**account.name());
        let region = bound.and_then(|account| account.region.clone());
        let usual = || region.or_else(|| Some("cn-hangzhou".to_owned()));
        let request = Request {
            product: api.product.clone(),
            version: api.version.clone(),
            action: api.action.clone(),
            region: api.region.clone().or_else(usual),
            access_key_id: key.id,
            security_token: key.token,
            parameters,
        };
        let mut world = self.world.borrow_mut();
        let seed = world.seed();
        let response = world.handle(now.0, seed, &request);
        *took_ms += response.latency_ms;
        subject.judge_body(&api.product, response.status, response.body)
    }

    /// Assumes the role of a handle again before its session ends, as a run does.
    fn renew(&mut self, now: Timestamp, account: &Principal, took_ms: &mut u64) {
        let Some((parent, arn)) = account.parent().zip(account.role()) else {
            return;
        };
        let since = self.keys.get(account).map(|(_, since)| *since);
        if since.is_some_and(|since| now.since(since) > SESSION_MS) {
            // A refusal shows itself in the call that needs the session.
            self.assume_role(now, &parent, arn, "case", took_ms);
        }
    }

    fn assume_role(
        &mut self,
        now: Timestamp,
        account: &Principal,
        arn: &RoleArn,
        session: &str,
        took_ms: &mut u64,
    ) -> Outcome {
        let contract = rutter_contracts::action("STS", "AssumeRole");
        let api = Api {
            product: "STS".to_owned(),
            action: "AssumeRole".to_owned(),
            version: contract.map_or("", |one| one.version).to_owned(),
            region: None,
            parameters: json!({ "RoleArn": arn, "RoleSessionName": session }),
        };
        let outcome = self.handle(now, account, Class::Read, &api, took_ms);
        let Outcome::Done(answer) = outcome else {
            return outcome;
        };
        let text = |pointer: &str| {
            let value = answer.pointer(pointer).and_then(Value::as_str);
            value.unwrap_or_default().to_owned()
        };
        let key = Key {
            id: text("/Credentials/AccessKeyId"),
            token: Some(text("/Credentials/SecurityToken")),
        };
        self.keys.insert(account.assumed(arn.clone()), (key, now));
        Outcome::Done(json!({ "arn": text("/AssumedRoleUser/Arn") }))
    }

    /// What the world says of a request by plain HTTP.
    fn request(&self, call: &Call, request: &HttpRequest) -> Outcome {
        let label = call.label();
        let world = self.world.borrow();
        let Some(answer) = world.http_answer(&request.method, &request.url) else {
            let message = format!("no world answers {}", request.url);
            return Outcome::Refused(Fault::new(FaultClass::Fail, "case.http", message));
        };
        let subject = Subject {
            label: &label,
            host: HOST,
            class: call.class,
        };
        subject.judge_plain(answer.status, &[], answer.body.as_bytes())
    }
}

impl Answers for Simulated {
    fn carry(&mut self, now: Timestamp, sent: &Sent<'_>) -> Answered {
        let call = sent.call;
        let lost = match sent.is_change {
            true => {
                let number = self.changes;
                self.changes += 1;
                self.lose.filter(|(lose, _)| *lose == number)
            }
            false => None,
        };
        let mut took_ms = 0;
        let Some((_, loss)) = lost else {
            let outcome = self.send(now, call, &mut took_ms);
            return Answered { outcome, took_ms };
        };
        if loss == Loss::After {
            self.send(now, call, &mut took_ms);
        }
        let label = call.label();
        let subject = Subject {
            label: &label,
            host: HOST,
            class: call.class,
        };
        let outcome = subject.judge_trouble(TransportError::TimeOut {
            after: PATIENCE,
            answering: false,
        });
        Answered {
            outcome,
            took_ms: u64::try_from(PATIENCE.as_millis()).unwrap_or_default(),
        }
    }

    fn account_id(&self, name: &str) -> Option<String> {
        let world = self.world.borrow();
        world.account_id(self.world_name(name)).map(str::to_owned)
    }
}
