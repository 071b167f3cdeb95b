//! The test double behind a [`Host`](crate::Host): judges every call as the host would, then has it answered.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use rutter_engine::Sight;
use rutter_manifest::{HttpPermission, Manifest, Permission};
use serde_json::Value;

use crate::account::{AccountBackend, Until};
use crate::api::Api;
use crate::duration::milliseconds;
use crate::fault::{Fault, FaultClass};
use crate::find::{Find, Passing};
use crate::host::{HostBackend, HttpRequest, HttpResponse, Level};
use crate::testing::expect::resolve;
use crate::testing::look;

/// How often a change is sent because a look showed that it had not happened.
const SENT_MAX: u32 = 8;

/// What answers calls that were permitted.
pub(super) trait Answers {
    /// Answers one call.
    fn call(&mut self, now_ms: u64, call: &Asked) -> Answered;
    /// Answers a wait, and says how many milliseconds it took.
    fn wait_for(&mut self, now_ms: u64, call: &Asked, until: &Until) -> Answered;
    /// The id of an account by the plugin's name for it.
    fn account_id(&self, name: &str) -> Option<String>;
    /// Answers a request by plain HTTP.
    fn send(&mut self, request: &HttpRequest, auth: Option<&str>) -> Result<HttpResponse, Fault>;
}

/// A call that the plugin makes.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Asked {
    /// The plugin's name of the account, followed by `>` and an ARN for each assumed role.
    pub(super) account: String,
    pub(super) api: Api,
    pub(super) reverse: Option<Api>,
    /// What it makes in passing.
    pub(super) passing: Vec<Passing>,
}

/// What came of a call.
pub(super) struct Answered {
    pub(super) result: Result<Value, Fault>,
    pub(super) took_ms: u64,
}

/// Everything that happened while a plugin ran.
pub(super) struct State {
    pub(super) manifest: Manifest,
    pub(super) answers: Box<dyn Answers>,
    pub(super) regions: BTreeMap<String, String>,
    pub(super) now_ms: u64,
    /// Every call, in order: what must be the same when it is run again.
    pub(super) asked: Vec<Asked>,
    /// Changes that happened, with their answers, oldest first.
    pub(super) changes: Vec<(Asked, Value)>,
    /// Changes of which nothing is known.
    pub(super) unknown: Vec<Asked>,
    /// What was adopted.
    pub(super) adopted: Vec<String>,
    /// Permissions used, `ram:createrole`.
    pub(super) used: BTreeSet<String>,
    /// What was not as it should be.
    pub(super) problems: Vec<String>,
}

/// A handle on the state, which the host and its accounts share.
#[derive(Clone)]
pub(super) struct Double(pub(super) Rc<RefCell<State>>);

impl State {
    fn judge(&mut self, call: &Asked) -> Result<(), Fault> {
        self.permit(&call.account, &call.api)?;
        self.check(&call.api, &Value::Object(call.api.parameters.clone()));
        if let Some(reverse) = &call.reverse {
            self.permit(&call.account, reverse)?;
        }
        Ok(())
    }

    fn permit(&mut self, account: &str, api: &Api) -> Result<(), Fault> {
        let (base, assumed) = match account.split_once('>') {
            Some((base, _)) => (base, true),
            None => (account, false),
        };
        let fits = |permission: &&Permission| {
            permission.assumed == assumed
                && permission
                    .account
                    .as_deref()
                    .is_none_or(|name| name == base)
        };
        let permitted = self
            .manifest
            .permissions_for(&api.product, &api.action)
            .any(|one| fits(&one));
        if permitted {
            self.used.insert(api.label().to_lowercase());
            return Ok(());
        }
        let message = format!(
            "the manifest does not permit {} on `{account}`",
            api.label()
        );
        self.problems.push(message.clone());
        Err(Fault::new(FaultClass::Denied, "rutter.denied", message))
    }

    /// Holds a request by plain HTTP to the manifest. Which hosts the operator names, no case knows.
    fn permit_request(&mut self, request: &HttpRequest, auth: Option<&str>) -> Result<(), Fault> {
        let (host, path) = host_and_path(&request.url);
        let permitted = self.manifest.permissions.iter().position(|permission| {
            let admits = |http: &HttpPermission| http.admits(&request.method, &host, path);
            auth.is_none_or(|name| permission.grants(name))
                && permission.http.as_ref().is_some_and(admits)
        });
        if let Some(index) = permitted {
            self.used.insert(http_permission(index));
            return Ok(());
        }
        let message = format!(
            "the manifest does not permit {} {}",
            request.method, request.url
        );
        self.problems.push(message.clone());
        Err(Fault::new(FaultClass::Denied, "rutter.denied", message))
    }

    /// Holds parameters to the contract, where there is one.
    fn check(&mut self, api: &Api, parameters: &Value) {
        let Some(contract) = rutter_contracts::action(&api.product, &api.action) else {
            return;
        };
        for problem in contract.check(parameters) {
            self.problems.push(format!(
                "{} would be refused: {} ({})",
                api.label(),
                problem.message,
                problem.parameter
            ));
        }
    }

    fn call(&mut self, call: Asked) -> Result<String, Fault> {
        self.judge(&call)?;
        self.asked.push(call.clone());
        let Answered { result, took_ms } = self.answers.call(self.now_ms, &call);
        self.now_ms += took_ms;
        if is_change(&call.api) {
            self.remember(call, &result);
        }
        result.map(|answer| answer.to_string())
    }

    fn remember(&mut self, call: Asked, result: &Result<Value, Fault>) {
        match result {
            Ok(answer) => {
                if let Some(reverse) = &call.reverse {
                    let parameters = resolve(&Value::Object(reverse.parameters.clone()), answer);
                    let reverse = reverse.clone();
                    self.check(&reverse, &parameters);
                }
                self.changes.push((call, answer.clone()));
            }
            Err(fault) if fault.is_unknown() => self.unknown.push(call),
            Err(_) => {}
        }
    }

    /// Makes a change with a look, as the host does: looks, sends, looks where it has to.
    fn change(&mut self, call: Asked, find: &Find, take: bool) -> Result<(Value, bool), Fault> {
        self.judge_look(&call, find)?;
        let look = look::of(find, take);
        let seen = self.look(&call.account, find)?;
        if let Some(found) = look.taken(seen.as_ref()) {
            let made = self.is_found(&call, &found);
            return Ok((found, made));
        }
        let before = look.keys(seen.as_ref());
        for _ in 0..SENT_MAX {
            let fault = match self.call(call.clone()) {
                Ok(text) => {
                    let answer = serde_json::from_str(&text).unwrap_or_default();
                    return Ok((answer, true));
                }
                Err(fault) if fault.is_unknown() || (take && fault.is_exists()) => fault,
                Err(fault) => return Err(fault),
            };
            self.now_ms += look.settle_ms;
            let seen = self.look(&call.account, find)?;
            if !fault.is_unknown() {
                let found = look.taken(seen.as_ref()).ok_or(fault)?;
                return Ok((found, false));
            }
            match look.sight(seen.as_ref(), &before) {
                Sight::Happened(found) => {
                    self.is_found(&call, &found);
                    return Ok((found, true));
                }
                Sight::Several(_) => return Err(fault),
                Sight::Not => self.unknown.retain(|unknown| *unknown != call),
            }
        }
        let message = format!("{} never happens", call.api.label());
        Err(Fault::fail("rutter.not-happened", message))
    }

    /// What the host reads and removes before and after a change is taken back is judged with it.
    fn judge_look(&mut self, call: &Asked, find: &Find) -> Result<(), Fault> {
        let mut apis: Vec<Api> = Vec::new();
        apis.extend(find.before_back.iter().map(|rest| rest.read.clone()));
        for kind in &find.passing {
            apis.extend(kind.read.iter().chain(&kind.remove).cloned());
            apis.push(kind.look.clone());
        }
        let destroys = call.reverse.as_ref().is_some_and(|reverse| {
            let contract = rutter_contracts::action(&reverse.product, &reverse.action);
            contract.is_some_and(|contract| contract.irreversible)
        });
        if destroys || !find.passing.is_empty() {
            let usages = rutter_contracts::usages(&call.api.product, &call.api.action);
            apis.extend(usages.map(|usage| Api::new(&call.api.product, usage.read)));
        }
        let mut apis = apis.iter();
        apis.try_for_each(|api| self.permit(&call.account, api))
    }

    /// Reads for a look; `None` means that the object does not exist.
    fn look(&mut self, account: &str, find: &Find) -> Result<Option<Value>, Fault> {
        let read = |api: &Api| Asked {
            account: account.to_owned(),
            api: api.clone(),
            reverse: None,
            passing: Vec::new(),
        };
        if let Some(rest) = &find.rest {
            let until = Until {
                path: rest.path.clone(),
                until: rest.until.clone(),
                fail: rest.fail.clone(),
                every_ms: None,
                timeout_ms: rest.timeout.map(milliseconds),
            };
            match self.wait_for(read(&rest.read), &until) {
                Err(fault) if !fault.is_absent() && fault.code != "rutter.wait-failed" => {
                    return Err(fault);
                }
                _ => {}
            }
        }
        match self.call(read(&find.read)) {
            Ok(text) => Ok(serde_json::from_str(&text).ok()),
            Err(fault) if fault.is_absent() => Ok(None),
            Err(fault) => Err(fault),
        }
    }

    /// Whether what is there was made by an equal change of unknown outcome, which is known now.
    fn is_found(&mut self, call: &Asked, found: &Value) -> bool {
        let equal = |unknown: &Asked| unknown.account == call.account && unknown.api == call.api;
        let Some(index) = self.unknown.iter().position(equal) else {
            return false;
        };
        let call = self.unknown.remove(index);
        self.adopted.push(call.api.label());
        self.changes.push((call, found.clone()));
        true
    }

    fn wait_for(&mut self, call: Asked, until: &Until) -> Result<String, Fault> {
        self.judge(&call)?;
        self.asked.push(call.clone());
        let Answered { result, took_ms } = self.answers.wait_for(self.now_ms, &call, until);
        self.now_ms += took_ms;
        result.map(|answer| answer.to_string())
    }
}

/// How the use of a permission for plain HTTP is noted; `index` is its place in the manifest.
pub(super) fn http_permission(index: usize) -> String {
    format!("http of permission {}", index + 1)
}

/// The host of an address in lower case, with a port that is written there, and its path.
fn host_and_path(url: &str) -> (String, &str) {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (host, rest) = rest.split_at(end);
    let path = rest.split(['?', '#']).next().unwrap_or_default();
    let path = if path.is_empty() { "/" } else { path };
    (host.to_ascii_lowercase(), path)
}

/// A change, or what is not known to be a read.
pub(super) fn is_change(api: &Api) -> bool {
    rutter_contracts::action(&api.product, &api.action).is_none_or(|one| one.as_read().is_none())
}

impl HostBackend for Double {
    fn open(&self, name: &str) -> Result<Box<dyn AccountBackend>, Fault> {
        let state = self.0.borrow();
        if !state.manifest.accounts.contains_key(name) {
            let message = format!("the manifest has no account `{name}`");
            return Err(Fault::new(FaultClass::Denied, "rutter.denied", message));
        }
        let id = state.answers.account_id(name).ok_or_else(|| {
            Fault::new(
                FaultClass::Bug,
                "case.account",
                format!("the case has no account `{name}`"),
            )
        })?;
        let region = state.regions.get(name).cloned();
        Ok(Box::new(AccountDouble {
            double: self.clone(),
            name: name.to_owned(),
            id,
            region: region.unwrap_or_else(|| "cn-hangzhou".to_owned()),
        }))
    }

    fn send(&self, request: &HttpRequest, auth: Option<&str>) -> Result<HttpResponse, Fault> {
        let mut state = self.0.borrow_mut();
        state.permit_request(request, auth)?;
        state.answers.send(request, auth)
    }

    fn wait(&self, duration_ms: u64) -> Result<(), Fault> {
        self.0.borrow_mut().now_ms += duration_ms;
        Ok(())
    }

    fn progress(&self, _done: u64, _total: u64, _message: &str) {}

    fn now_ms(&self) -> u64 {
        self.0.borrow().now_ms
    }

    fn token(&self, purpose: &str) -> String {
        format!("token-for-{purpose}")
    }

    fn log(&self, _level: Level, _message: &str) {}
}

struct AccountDouble {
    double: Double,
    name: String,
    id: String,
    region: String,
}

impl AccountDouble {
    fn asked(&self, api: &Api, reverse: Option<&Api>) -> Asked {
        Asked {
            account: self.name.clone(),
            api: api.clone(),
            reverse: reverse.cloned(),
            passing: Vec::new(),
        }
    }
}

impl AccountBackend for AccountDouble {
    fn id(&self) -> String {
        self.id.clone()
    }

    fn region(&self) -> String {
        self.region.clone()
    }

    fn call(&self, api: &Api, reverse: Option<&Api>) -> Result<String, Fault> {
        self.double.0.borrow_mut().call(self.asked(api, reverse))
    }

    fn change(
        &self,
        api: &Api,
        reverse: Option<&Api>,
        find: &Find,
        take: bool,
    ) -> Result<(String, bool), Fault> {
        let mut call = self.asked(api, reverse);
        call.passing.clone_from(&find.passing);
        let (answer, made) = self.double.0.borrow_mut().change(call, find, take)?;
        Ok((answer.to_string(), made))
    }

    /// One page: worlds for tests are small.
    fn call_all(&self, api: &Api) -> Result<String, Fault> {
        self.double.0.borrow_mut().call(self.asked(api, None))
    }

    fn wait_for(&self, api: &Api, until: &Until) -> Result<String, Fault> {
        let call = self.asked(api, None);
        self.double.0.borrow_mut().wait_for(call, until)
    }

    fn assume_role(&self, arn: &str, session: &str) -> Result<Box<dyn AccountBackend>, Fault> {
        let api = Api::new("STS", "AssumeRole")
            .set("RoleArn", arn)
            .set("RoleSessionName", session);
        self.double.0.borrow_mut().call(self.asked(&api, None))?;
        let id = arn.split(':').nth(3).unwrap_or_default().to_owned();
        Ok(Box::new(Self {
            double: self.double.clone(),
            name: format!("{}>{arn}", self.name),
            id,
            region: self.region.clone(),
        }))
    }
}
