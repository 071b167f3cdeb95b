//! The rehearsal's carrier: the simulated cloud, in process. It is given no transport, so nothing it
//! is asked to send can leave the process.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use rutter_contracts::wire;
use rutter_engine::{
    Api, At, Call, Class, Fault, FaultClass, HttpRequest, Name, Outcome, Target, Timestamp,
};
use rutter_simcloud::{HttpScript, Request, Response, World};
use serde_json::{Value, json};

use crate::cloud::pages::Pages;
use crate::cloud::{judge_answer, judge_plain_answer};
use crate::secrets::Secrets;

/// How long a session is used: five minutes less than it is good for. Milliseconds.
const SESSION_MS: u64 = 55 * 60 * 1_000;

/// The host's name in messages.
const HOST: &str = "the simulated cloud";

/// Sends calls to a world.
pub struct SimCarrier {
    state: Mutex<State>,
    secrets: Secrets,
    requests: Mutex<Vec<Unsent>>,
}

/// A request by plain HTTP that a rehearsal did not send.
#[derive(Clone, Debug)]
pub struct Unsent {
    /// The step that would have sent it.
    pub step: Name,
    /// `POST https://…`, secrets as placeholders.
    pub label: String,
    /// Read or change.
    pub class: Class,
    /// What the step was told.
    pub reply: Reply,
}

/// What a step was told instead of an answer.
#[derive(Clone, Debug)]
pub enum Reply {
    /// What the world says.
    Scripted(HttpScript),
    /// That it went well: status 200 and no body.
    Assumed,
    /// That it is not known.
    None,
}

struct State {
    world: World,
    seed: u64,
    /// The temporary keys of assumed roles, by the account's name and the roles' ARNs.
    sessions: BTreeMap<String, Session>,
}

/// A role assumed in the world.
struct Session {
    key: Key,
    since: Timestamp,
}

#[derive(Clone)]
struct Key {
    id: String,
    token: Option<String>,
}

impl SimCarrier {
    /// A carrier to this world.
    pub fn new(world: World, secrets: Secrets) -> Self {
        let seed = world.seed();
        Self {
            state: Mutex::new(State {
                world,
                seed,
                sessions: BTreeMap::new(),
            }),
            secrets,
            requests: Mutex::default(),
        }
    }

    /// Looks at the world as it is now.
    pub fn look<T>(&self, look: impl FnOnce(&World) -> T) -> T {
        look(&self.lock().world)
    }

    /// Sends a call at an instant; says what becomes of it, and how many milliseconds later.
    pub fn answer(&self, call: &Call, at: &At, now: Timestamp) -> (Outcome, u64) {
        let mut latency_ms = 0;
        let mut outcome = match &call.target {
            Target::Api(api) => self.call_api(call, api, at, now, &mut latency_ms),
            Target::AssumeRole { arn, session } => {
                self.assume_role(&call.account, arn, session, now, &mut latency_ms)
            }
            Target::Http(request) => self.request(call, request, at),
        };
        match &mut outcome {
            Outcome::Done(answer) => self.secrets.redact(answer),
            Outcome::Refused(fault) | Outcome::Unknown(fault) => self.secrets.redact_fault(fault),
        }
        (outcome, latency_ms)
    }

    /// The requests by plain HTTP that a run would have sent, in order.
    pub fn unsent(&self) -> Vec<Unsent> {
        self.unsent_so_far().clone()
    }

    fn unsent_so_far(&self) -> MutexGuard<'_, Vec<Unsent>> {
        // A list is whole whatever became of who held it.
        self.requests.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Nothing is sent: the world's script answers. Without one a change is taken to have gone well,
    /// which the report says, and what a read would have told is not known.
    fn request(&self, call: &Call, request: &HttpRequest, at: &At) -> Outcome {
        let (method, url) = (request.method.as_str(), request.url.as_str());
        let scripted = self.look(|world| world.http_answer(method, url).cloned());
        let answer = match (scripted, call.class) {
            (Some(answer), _) => Reply::Scripted(answer),
            (None, Class::Change) => Reply::Assumed,
            (None, Class::Read) => Reply::None,
        };
        let outcome = match &answer {
            Reply::Scripted(answer) => {
                judge_plain_answer(&call.label(), HOST, call.class, answer.status, &answer.body)
            }
            Reply::Assumed => judge_plain_answer(&call.label(), HOST, call.class, 200, ""),
            Reply::None => not_simulated(&call.label()),
        };
        self.unsent_so_far().push(Unsent {
            step: at.step.clone(),
            label: call.label(),
            class: call.class,
            reply: answer,
        });
        outcome
    }

    fn call_api(
        &self,
        call: &Call,
        api: &Api,
        at: &At,
        now: Timestamp,
        latency_ms: &mut u64,
    ) -> Outcome {
        let parameters = match self.secrets.substitute(&api.parameters) {
            Ok(parameters) => parameters,
            Err(unknown) => {
                let fault = Fault::new(
                    FaultClass::Fail,
                    "rutter.secret-unknown",
                    unknown.to_string(),
                );
                return Outcome::Refused(fault);
            }
        };
        let contract = rutter_contracts::action(&api.product, &api.action);
        let paging = contract
            .and_then(|contract| contract.paging)
            .filter(|_| call.all_pages);
        let outcome = match paging {
            None => self.send(&call.account, api, &parameters, call.class, now, latency_ms),
            Some(paging) => {
                let mut pages = Pages::new(&paging, &parameters);
                loop {
                    let page = pages.request();
                    let page = self.send(&call.account, api, &page, call.class, now, latency_ms);
                    if let Some(outcome) = pages.take(page) {
                        break outcome;
                    }
                }
            }
        };
        let Outcome::Done(mut answer) = outcome else {
            return outcome;
        };
        if let Some(contract) = contract {
            // Without a vault nothing is written, so nothing can fail.
            let _ =
                self.secrets
                    .take_answer(at, &api.action, &contract.secret_answers, &mut answer);
        }
        Outcome::Done(answer)
    }

    fn send(
        &self,
        account: &str,
        api: &Api,
        parameters: &Value,
        class: Class,
        now: Timestamp,
        latency_ms: &mut u64,
    ) -> Outcome {
        let label = format!("{}:{}", api.product, api.action);
        let parameters = match on_the_wire(api, parameters) {
            Ok(parameters) => parameters,
            Err(error) => {
                let message = format!("{error} ({label})");
                let fault = Fault::new(FaultClass::Bug, "rutter.wrong-request", message);
                return Outcome::Refused(fault);
            }
        };
        self.renew(account, now, latency_ms);
        let mut state = self.lock();
        let Some(key) = state.key(account) else {
            let message = format!("the world has no usable key for the account `{account}`");
            let fault = Fault::new(FaultClass::Credential, "rutter.no-credential", message)
                .advise("give the account a user with an access key in the world's file");
            return Outcome::Refused(fault);
        };
        let request = Request {
            product: api.product.clone(),
            version: api.version.clone(),
            action: api.action.clone(),
            region: api.region.clone(),
            access_key_id: key.id,
            security_token: key.token,
            parameters,
        };
        let seed = state.seed;
        let Response {
            status,
            body,
            latency_ms: taken,
        } = state.world.handle(now.0, seed, &request);
        *latency_ms += taken;
        judge_answer(&label, HOST, class, &api.product, status, &body)
    }

    /// Assumes the role of a handle again before its session ends, as a run does.
    fn renew(&self, account: &str, now: Timestamp, latency_ms: &mut u64) {
        let Some((parent, arn)) = account.rsplit_once('>') else {
            return;
        };
        let since = self
            .lock()
            .sessions
            .get(account)
            .map(|session| session.since);
        if since.is_some_and(|since| now.since(since) > SESSION_MS) {
            // A refusal shows itself in the call that needs the session.
            self.assume_role(parent, arn, "", now, latency_ms);
        }
    }

    fn assume_role(
        &self,
        account: &str,
        arn: &str,
        session: &str,
        now: Timestamp,
        latency_ms: &mut u64,
    ) -> Outcome {
        let contract = rutter_contracts::action("STS", "AssumeRole");
        let api = Api {
            product: "STS".to_owned(),
            action: "AssumeRole".to_owned(),
            version: contract.map_or("", |contract| contract.version).to_owned(),
            region: None,
            parameters: Value::Null,
        };
        let label = if session.is_empty() {
            "rutter"
        } else {
            session
        };
        let parameters = json!({ "RoleArn": arn, "RoleSessionName": label });
        let outcome = self.send(account, &api, &parameters, Class::Read, now, latency_ms);
        let Outcome::Done(answer) = outcome else {
            return outcome;
        };
        let text = |pointer: &str| answer.pointer(pointer).and_then(Value::as_str);
        let id = text("/Credentials/AccessKeyId")
            .unwrap_or_default()
            .to_owned();
        let token = text("/Credentials/SecurityToken").map(str::to_owned);
        let session = Session {
            key: Key { id, token },
            since: now,
        };
        self.lock()
            .sessions
            .insert(format!("{account}>{arn}"), session);
        let owner = arn.split(':').nth(3).unwrap_or_default();
        Outcome::Done(json!({ "id": owner, "arn": text("/AssumedRoleUser/Arn") }))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // The world is changed by its own function alone, which leaves it whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn key(&self, account: &str) -> Option<Key> {
        if account.contains('>') {
            return self
                .sessions
                .get(account)
                .map(|session| session.key.clone());
        }
        let key = self.world.key(account)?;
        Some(Key {
            id: key.id,
            token: None,
        })
    }
}

/// What the cloud would read from the wire: the same texts and types as over a network.
fn on_the_wire(api: &Api, parameters: &Value) -> Result<Value, wire::WireError> {
    let Some(action) = rutter_contracts::action(&api.product, &api.action) else {
        return Ok(parameters.clone());
    };
    let encoded = wire::flatten(action, parameters)?;
    let pairs = encoded.query.iter().chain(&encoded.form);
    let pairs = pairs.map(|(name, value)| (name.as_str(), value.as_str()));
    Ok(wire::unflatten(Some(action), pairs))
}

fn not_simulated(what: &str) -> Outcome {
    let message = format!("{what} is not simulated, so what follows from it is not rehearsed");
    let fault = Fault::new(FaultClass::Fail, "rutter.not-rehearsed", message);
    Outcome::Refused(
        fault.advise("write what it answers into the world: `[[http]]` with `url` and `json`"),
    )
}
