//! The rehearsal's carrier: the simulated cloud, in process. It is given no transport, so nothing it
//! is asked to send can leave the process.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rutter_contracts::wire;
use rutter_engine::{
    Api, At, Call, Class, Fault, FaultClass, HttpRequest, Name, Outcome, Principal, RoleArn,
    Target, Timestamp,
};
use rutter_meaning::pages::Pages;
use rutter_meaning::{Subject, on_no_account};
use rutter_simcloud::{HttpScript, Presumed, Request, Response, World, presume};
use serde_json::{Value, json};

use crate::host::{Carried, Carry, Passing, Time};
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
    presumed: Mutex<BTreeSet<(Name, Name, Presumed)>>,
    /// What the world is made to answer, whatever it is asked.
    #[cfg(test)]
    script: Mutex<Option<(u16, Value)>>,
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

/// The time of one call: it passes while the call waits for its turn and while it is answered.
#[derive(Debug)]
pub struct Flight(AtomicI64);

impl Flight {
    /// Of a call that is sent at an instant.
    pub fn new(now: Timestamp) -> Self {
        Self(AtomicI64::new(now.0))
    }

    /// What time it is for the call.
    pub fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::Relaxed))
    }

    fn take(&self, ms: u64) {
        let later = self.now().after(ms);
        self.0.store(later.0, Ordering::Relaxed);
    }
}

impl Time for Flight {
    fn now_ms(&self) -> f64 {
        self.now().0 as f64
    }

    fn pass(&self, ms: f64) -> Passing<'_> {
        self.take(ms.ceil() as u64);
        Box::pin(std::future::ready(()))
    }
}

/// The carrier of one call, at the call's own time.
pub struct Sending<'a> {
    carrier: &'a SimCarrier,
    flight: &'a Flight,
}

impl Carry for Sending<'_> {
    fn carry<'a>(&'a self, call: &'a Call, at: &'a At) -> Carried<'a> {
        let outcome = self.carrier.answer(call, at, self.flight);
        Box::pin(std::future::ready(outcome))
    }
}

struct State {
    world: World,
    seed: u64,
    /// The temporary keys of assumed roles.
    sessions: BTreeMap<Principal, Session>,
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
            presumed: Mutex::default(),
            #[cfg(test)]
            script: Mutex::default(),
        }
    }

    /// Looks at the world as it is now.
    pub fn look<T>(&self, look: impl FnOnce(&World) -> T) -> T {
        look(&self.lock().world)
    }

    /// Sends calls at the time of a flight, which passes until they are answered.
    pub fn at<'a>(&'a self, flight: &'a Flight) -> Sending<'a> {
        Sending {
            carrier: self,
            flight,
        }
    }

    /// Sends a call; says what becomes of it. Its time passes meanwhile.
    fn answer(&self, call: &Call, at: &At, flight: &Flight) -> Outcome {
        let mut outcome = match (&call.target, &call.account) {
            (Target::Http(request), _) => self.request(call, request, at),
            (Target::Api(api), Some(account)) => self.call_api(call, account, api, at, flight),
            (Target::AssumeRole { arn, session }, Some(account)) => {
                self.assume_role(account, arn, session, flight)
            }
            (_, None) => on_no_account(call),
        };
        match &mut outcome {
            Outcome::Done(answer) => self.secrets.redact(answer),
            Outcome::Refused(fault) | Outcome::Unknown(fault) => self.secrets.redact_fault(fault),
        }
        outcome
    }

    /// The requests by plain HTTP that a run would have sent, in order.
    pub fn unsent(&self) -> Vec<Unsent> {
        self.unsent_so_far().clone()
    }

    /// What the calls took for granted: the step, the account by the runbook's name, and the resource.
    pub fn presumed(&self) -> BTreeSet<(Name, Name, Presumed)> {
        self.presumed_so_far().clone()
    }

    fn presumed_so_far(&self) -> MutexGuard<'_, BTreeSet<(Name, Name, Presumed)>> {
        // A set is whole whatever became of who held it.
        self.presumed.lock().unwrap_or_else(PoisonError::into_inner)
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
        let label = call.label();
        let subject = Subject {
            label: &label,
            host: HOST,
            class: call.class,
        };
        let mut outcome = match &answer {
            Reply::Scripted(answer) => {
                subject.judge_plain(answer.status, &[], answer.body.as_bytes())
            }
            Reply::Assumed => subject.judge_plain(200, &[], b""),
            Reply::None => not_simulated(&label),
        };
        if let Outcome::Done(answer) = &mut outcome {
            // Without a vault nothing is written, so nothing can fail.
            let _ = self.secrets.take_response(at, request, answer);
        }
        self.unsent_so_far().push(Unsent {
            step: at.step.clone(),
            label,
            class: call.class,
            reply: answer,
        });
        outcome
    }

    fn call_api(
        &self,
        call: &Call,
        account: &Principal,
        api: &Api,
        at: &At,
        flight: &Flight,
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
        self.note_presumed(account, api, at);
        let contract = rutter_contracts::action(&api.product, &api.action);
        let paging = contract
            .and_then(|contract| contract.paging)
            .filter(|_| call.all_pages);
        let outcome = match paging {
            None => self.send(account, api, &parameters, call.class, flight),
            Some(paging) => {
                let mut pages = Pages::new(&paging, &parameters);
                loop {
                    let page = pages.request();
                    let page = self.send(account, api, &page, call.class, flight);
                    if let Some(outcome) = pages.take(page) {
                        break outcome;
                    }
                }
            }
        };
        let Outcome::Done(mut answer) = outcome else {
            return outcome;
        };
        self.secrets.disarm(&mut answer);
        if let Some(contract) = contract {
            // Without a vault nothing is written, so nothing can fail.
            let _ =
                self.secrets
                    .take_answer(at, &api.action, &contract.secret_answers, &mut answer);
        }
        self.secrets.hide_shaped(&mut answer);
        Outcome::Done(answer)
    }

    /// What is noted is told to people and written into worlds: secrets are placeholders here.
    fn note_presumed(&self, account: &Principal, api: &Api, at: &At) {
        let region = api.region.as_deref();
        let found = presume(&api.product, &api.action, region, &api.parameters).into_iter();
        let noted = found.map(|one| (at.step.clone(), account.name().clone(), one));
        self.presumed_so_far().extend(noted);
    }

    fn send(
        &self,
        account: &Principal,
        api: &Api,
        parameters: &Value,
        class: Class,
        flight: &Flight,
    ) -> Outcome {
        let label = format!("{}:{}", api.product, api.action);
        let contract = rutter_contracts::action(&api.product, &api.action);
        let parameters = match wire::as_received(contract, parameters) {
            Ok(parameters) => parameters,
            Err(error) => {
                let message = format!("{error} ({label})");
                let fault = Fault::new(FaultClass::Bug, "rutter.wrong-request", message);
                return Outcome::Refused(fault);
            }
        };
        self.renew(account, flight);
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
            latency_ms,
        } = state.world.handle(flight.now().0, seed, &request);
        #[cfg(test)]
        let (status, body) = self.scripted().unwrap_or((status, body));
        flight.take(latency_ms);
        let subject = Subject {
            label: &label,
            host: HOST,
            class,
        };
        subject.judge_body(&api.product, status, body)
    }

    /// Assumes the role of a handle again before its session ends, as a run does.
    fn renew(&self, account: &Principal, flight: &Flight) {
        let Some((parent, arn)) = account.parent().zip(account.role()) else {
            return;
        };
        let since = self
            .lock()
            .sessions
            .get(account)
            .map(|session| session.since);
        if since.is_some_and(|since| flight.now().since(since) > SESSION_MS) {
            // A refusal shows itself in the call that needs the session.
            self.assume_role(&parent, arn, "", flight);
        }
    }

    fn assume_role(
        &self,
        account: &Principal,
        arn: &RoleArn,
        session: &str,
        flight: &Flight,
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
        let outcome = self.send(account, &api, &parameters, Class::Read, flight);
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
            since: flight.now(),
        };
        self.lock()
            .sessions
            .insert(account.assumed(arn.clone()), session);
        Outcome::Done(json!({ "id": arn.account_id(), "arn": text("/AssumedRoleUser/Arn") }))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // The world is changed by its own function alone, which leaves it whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn key(&self, account: &Principal) -> Option<Key> {
        if account.role().is_some() {
            return self
                .sessions
                .get(account)
                .map(|session| session.key.clone());
        }
        let key = self.world.key(account.name())?;
        Some(Key {
            id: key.id,
            token: None,
        })
    }
}

fn not_simulated(what: &str) -> Outcome {
    let message = format!("{what} is not simulated, so what follows from it is not rehearsed");
    let fault = Fault::new(FaultClass::Fail, "rutter.not-rehearsed", message);
    Outcome::Refused(
        fault.advise("write what it answers into the world: `[[http]]` with `url` and `json`"),
    )
}

#[cfg(test)]
mod tests {
    use rutter_engine::{Phase, Timestamp};
    use rutter_meaning::table::{Comes, a_change, a_read, hold, rows};

    use super::*;
    use crate::host::{Pace, dispatch};
    use crate::settings::PaceSettings;

    const WORLD: &str = r#"
        schema = 1
        [world]
        seed = 1
        [accounts.home]
        id = "1111111111111111"
        [[accounts.home.users]]
        name = "operator"
        access_key_id = "LTAI-example-home"
        access_key_secret = "good-for-nothing"
        policies = ["AdministratorAccess"]
    "#;

    impl SimCarrier {
        pub(super) fn scripted(&self) -> Option<(u16, Value)> {
            self.script.lock().unwrap().clone()
        }
    }

    fn carrier() -> SimCarrier {
        let world = World::from_toml(WORLD, "world").unwrap();
        SimCarrier::new(world, Secrets::new("run", None).unwrap())
    }

    async fn sent(carrier: &SimCarrier, pace: &Pace, call: &Call, flight: &Flight) -> Outcome {
        let at = At {
            step: "step".into(),
            item: None,
            attempt: 1,
            phase: Phase::Run,
        };
        dispatch(pace, flight, &carrier.at(flight), call, &at).await
    }

    #[tokio::test]
    async fn each_answer_of_a_world_means_what_the_table_says() {
        let carrier = carrier();
        let pace = Pace::new(PaceSettings::default());
        let mut held = 0;
        for row in rows() {
            let Comes::Answer(status, body) = row.comes else {
                continue;
            };
            // A world answers in JSON.
            let Ok(body @ Value::Object(_)) = serde_json::from_str(body) else {
                continue;
            };
            *carrier.script.lock().unwrap() = Some((status, body));
            let flight = Flight::new(Timestamp(1_000));
            let read = sent(&carrier, &pace, &a_read("home"), &flight).await;
            let change = sent(&carrier, &pace, &a_change("home"), &flight).await;
            hold(&row, "home", &read, &change);
            held += 1;
        }
        assert!(held > 12, "only {held} rows");
    }

    #[tokio::test]
    async fn a_call_that_waits_for_its_turn_waits_on_its_own_clock() {
        let carrier = carrier();
        let pace = Pace::new(PaceSettings {
            per_second: 0.1,
            burst: 1.0,
        });
        let first = Flight::new(Timestamp(1_000));
        sent(&carrier, &pace, &a_read("home"), &first).await;
        let second = Flight::new(Timestamp(1_000));
        sent(&carrier, &pace, &a_read("home"), &second).await;
        assert!(first.now() < Timestamp(2_000), "{first:?}");
        assert!(second.now() >= Timestamp(11_000), "{second:?}");
    }
}
