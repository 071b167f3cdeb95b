//! The carrier of a run against the cloud: each call is substituted, encoded, signed, sent exactly
//! once, and its answer judged and swapped. Repeating is the engine's, permission the broker's.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use rutter_engine::{Api, At, Call, Fault, FaultClass, Outcome, Principal, RoleArn, Target};
use rutter_meaning::pages::Pages;
use rutter_meaning::{Subject, on_no_account};
use serde_json::{Value, json};

use super::Clock;
use super::account::{Accounts, Binding, Bound};
use super::api::{ApiRequest, host_of, nonce};
use super::call::ApiCall;
use super::credentials::{Credential, CredentialError, Fetched, Role, find};
use super::endpoints::Endpoints;
use super::machine::route_of;
use super::pause::Pauses;
use super::roles::{Assume, Assuming, Fetching, Session, Sessions, parameters, session_of};
use super::time::CloudTime;
use super::transport::{Route, Transport};
use crate::host::{Carried, Carry};
use crate::secrets::{Secrets, UnknownPlaceholder, VaultError};
use crate::settings::{Environment, Http, Network, Settings};

/// How long who gives out credentials may take to answer, as with the official clients.
const GIVER_TIME_MAX: Duration = Duration::from_secs(10);
/// Credentials are small.
const GIVER_ANSWER_MAX: usize = 64 * 1024;

/// Why no call can be carried at all.
#[derive(Debug, thiserror::Error)]
pub enum CloudError {
    /// Credential profiles that cannot be used, with the accounts bound to them.
    #[error("{}", profiles_text(.0))]
    Profiles(Vec<(String, CredentialError)>),
}

impl CloudError {
    /// Returns what the operator can do, a line for each problem.
    pub fn help(&self) -> Vec<String> {
        match self {
            Self::Profiles(missing) => missing.iter().map(|(_, error)| error.help()).collect(),
        }
    }
}

fn profiles_text(missing: &[(String, CredentialError)]) -> String {
    let texts = missing
        .iter()
        .map(|(account, error)| format!("the account `{account}`: {error}"));
    texts.collect::<Vec<_>>().join("; ")
}

/// Sends calls to the cloud.
pub struct LiveCarrier {
    pub(super) accounts: Accounts,
    pub(super) endpoints: Endpoints,
    pub(super) http: Http,
    pub(super) environment: Environment,
    pub(super) secrets: Secrets,
    pub(super) transport: Transport,
    /// To those who give out credentials: less time, and small answers.
    pub(super) givers: Transport,
    /// To the metadata service.
    pub(super) metadata: Transport,
    sessions: Sessions,
    /// The label of sessions for which nobody wants another.
    pub(super) label: String,
    pub(super) clock: Clock,
    pauses: Pauses,
    time: Arc<CloudTime>,
}

impl LiveCarrier {
    /// Prepares to send for these accounts; finds every credential profile and connects to nothing.
    ///
    /// # Errors
    /// All profiles that cannot be used, at once.
    pub fn new(
        settings: &Settings,
        bindings: BTreeMap<String, Binding>,
        secrets: Secrets,
        clock: Clock,
    ) -> Result<Self, CloudError> {
        let accounts = Accounts::find(bindings, |profile| find(profile, settings))
            .map_err(CloudError::Profiles)?;
        Ok(Self::with(accounts, settings, secrets, clock))
    }

    /// As [`LiveCarrier::new`]; a call of an account whose profile cannot be used is refused.
    pub fn with_what_there_is(
        settings: &Settings,
        bindings: BTreeMap<String, Binding>,
        secrets: Secrets,
        clock: Clock,
    ) -> Self {
        let (accounts, _) = Accounts::find_some(bindings, |profile| find(profile, settings));
        Self::with(accounts, settings, secrets, clock)
    }

    /// From here on every call of an account is refused for this reason.
    pub fn bar(&mut self, account: &str, why: Fault) {
        self.accounts.bar(account, why);
    }

    fn with(accounts: Accounts, settings: &Settings, secrets: Secrets, clock: Clock) -> Self {
        for (_, account) in accounts.iter() {
            for secret in account.profile.source.secrets() {
                secrets.hide(secret);
            }
        }
        let (environment, network) = (&settings.environment, &settings.network);
        let givers = Network {
            timeout: network.timeout.min(GIVER_TIME_MAX),
            ..network.clone()
        };
        Self {
            givers: Transport::new(givers, GIVER_ANSWER_MAX),
            metadata: Transport::new(route_of(environment), GIVER_ANSWER_MAX),
            accounts,
            endpoints: Endpoints::of(settings),
            http: settings.http.clone(),
            environment: environment.clone(),
            transport: Transport::new(network.clone(), settings.limits.answer_max),
            sessions: Sessions::default(),
            label: session_label(secrets.run_id()),
            secrets,
            clock,
            pauses: Pauses::default(),
            time: Arc::default(),
        }
    }

    /// The secrets of the run.
    pub fn secrets(&self) -> Secrets {
        self.secrets.clone()
    }

    /// What time it is in the cloud.
    pub fn time(&self) -> Arc<CloudTime> {
        self.time.clone()
    }

    /// Returns what the operator should know about the profiles, such as files that others may read.
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        for (_, account) in self.accounts.iter() {
            for warning in &account.profile.warnings {
                if !warnings.contains(warning) {
                    warnings.push(warning.clone());
                }
            }
        }
        warnings
    }

    /// Sends a call once and says what became of it. No known secret is left in the outcome.
    pub async fn carry_once(&self, call: &Call, at: &At) -> Outcome {
        let outcome = match (&call.target, &call.account) {
            (Target::Http(request), _) => self.send_plain(call, request, at).await,
            (Target::Api(api), Some(account)) => self.call_api(call, account, api, at).await,
            (Target::AssumeRole { arn, session }, Some(account)) => {
                self.assume_for_step(account, arn, session).await
            }
            (_, None) => on_no_account(call),
        };
        self.swapped(outcome)
    }

    async fn call_api(&self, call: &Call, account: &Principal, api: &Api, at: &At) -> Outcome {
        let parameters = match self.secrets.substitute(&api.parameters) {
            Ok(parameters) => parameters,
            Err(unknown) => return secret_unknown(&unknown),
        };
        let api_call = ApiCall::new(account, api, call.class);
        let paging = api_call.contract.and_then(|contract| contract.paging);
        let outcome = match paging.filter(|_| call.all_pages) {
            None => self.send(&api_call, &parameters).await,
            Some(paging) => {
                let mut pages = Pages::new(&paging, &parameters);
                loop {
                    let outcome = self.send(&api_call, &pages.request()).await;
                    if let Some(whole) = pages.take(outcome) {
                        break whole;
                    }
                }
            }
        };
        self.take_secrets(&api_call, at, outcome)
    }

    /// Swaps what the contract calls secret for placeholders that are safe on disk, and hides what looks like a
    /// credential.
    fn take_secrets(&self, call: &ApiCall<'_>, at: &At, outcome: Outcome) -> Outcome {
        let pointers = call.contract.map(|contract| &*contract.secret_answers);
        let pointers = pointers.unwrap_or_default();
        self.kept(outcome, |answer| {
            self.secrets.disarm(answer);
            let kept = self.secrets.take_answer(at, call.action, pointers, answer);
            self.secrets.hide_shaped(answer);
            kept
        })
    }

    /// The outcome after `take` has swapped the secrets of its answer, and kept them.
    pub(super) fn kept(
        &self,
        outcome: Outcome,
        take: impl FnOnce(&mut Value) -> Result<(), VaultError>,
    ) -> Outcome {
        let Outcome::Done(mut answer) = outcome else {
            return outcome;
        };
        match take(&mut answer) {
            Ok(()) => Outcome::Done(answer),
            Err(error) => {
                // It happened, but its secret would not survive this process: a person must decide.
                let message =
                    format!("the call was answered, but its secret could not be kept: {error}");
                let fault = Fault::new(FaultClass::LookFirst, "rutter.vault", message);
                Outcome::Unknown(
                    fault.advise("make room on the disk, then look what the call created"),
                )
            }
        }
    }

    /// Sends a call with values, not placeholders. A session that the cloud refuses is renewed once.
    pub(super) async fn send(&self, call: &ApiCall<'_>, parameters: &Value) -> Outcome {
        let bound = match self.accounts.bound(call.account) {
            Ok(bound) => bound,
            Err(fault) => return Outcome::Refused(fault),
        };
        let mut renewed = false;
        loop {
            // What fails here keeps the call from being sent, so nothing happened.
            let credential = match self.credential(&bound).await {
                Ok(credential) => credential,
                Err(fault) => return Outcome::Refused(fault),
            };
            let outcome = self.send_as(call, parameters, &bound, &credential).await;
            let over = bound.is_renewable() && outcome.asks_for_credentials();
            if !over || renewed {
                return outcome;
            }
            self.sessions.forget(&bound, &credential.key.id).await;
            renewed = true;
        }
    }

    async fn credential(&self, bound: &Bound<'_>) -> Result<Credential, Fault> {
        self.sessions.credential(bound, (self.clock)(), self).await
    }

    async fn assume_once(
        &self,
        bound: &Bound<'_>,
        by: &Credential,
        role: &Role,
        label: Option<&str>,
    ) -> Result<Session, Fault> {
        let label = label.or(role.session.as_deref()).unwrap_or(&self.label);
        let own = bound.principal.own();
        let mut call = ApiCall::read(&own, "STS", "AssumeRole");
        call.region = role.region.as_deref();
        let outcome = self
            .send_as(&call, &parameters(role, label), bound, by)
            .await;
        let session = session_of(outcome, bound, role)?;
        self.secrets.hide(&session.credential.key.secret);
        if let Some(token) = &session.credential.key.token {
            self.secrets.hide(token);
        }
        Ok(session)
    }

    /// A step's own `assume-role`: the credentials stay here, the step learns who it has become.
    async fn assume_for_step(&self, account: &Principal, arn: &RoleArn, label: &str) -> Outcome {
        let assumed = account.assumed(arn.clone());
        let session = match self.accounts.bound(&assumed) {
            Ok(bound) => {
                if !label.is_empty() {
                    self.sessions.set_label(&bound, label);
                }
                self.sessions.session(&bound, (self.clock)(), self).await
            }
            Err(fault) => Err(fault),
        };
        match session {
            Ok(session) => {
                let arn_of_session = session.map(|session| session.arn);
                Outcome::Done(json!({"id": arn.account_id(), "arn": arn_of_session}))
            }
            Err(fault) => Outcome::Refused(fault),
        }
    }

    /// Sends a call once with a credential.
    async fn send_as(
        &self,
        call: &ApiCall<'_>,
        parameters: &Value,
        bound: &Bound<'_>,
        credential: &Credential,
    ) -> Outcome {
        let label = format!("{}:{}", call.product, call.action);
        let region = call.region.unwrap_or(&bound.account.region);
        let account = bound.principal.name();
        let address = match self.endpoints.address(account, call.product, region) {
            Ok(address) => address,
            Err(fault) => return Outcome::Refused(fault),
        };
        let host = host_of(&address);
        let subject = Subject {
            label: &label,
            host: &host,
            class: call.class,
        };
        let wrong = |what: &str| {
            subject.refused(
                FaultClass::Bug,
                "rutter.wrong-request",
                what,
                "correct the plugin's parameters",
            )
        };
        let parameters = match call.flatten(parameters) {
            Ok(parameters) => parameters,
            Err(error) => return wrong(&error.to_string()),
        };
        let nonce = match nonce() {
            Ok(nonce) => nonce,
            Err(error) => return wrong(&format!("the system gives no random numbers: {error}")),
        };
        let request = ApiRequest {
            action: call.action,
            version: call.version,
            address,
            parameters,
            key: &credential.key,
        };
        self.pauses.wait(call.account, call.product).await;
        let request = request.sign((self.clock)(), &nonce);
        match self.transport.send(request, Route::Named).await {
            Ok(answer) => {
                if let Some(date) = answer.header("date") {
                    self.time.hear(date);
                }
                let outcome = subject.judge_api(call.product, answer.status, &answer.body);
                self.pauses
                    .note(call.account, call.product, &answer, &outcome);
                outcome
            }
            Err(trouble) => subject.judge_trouble(trouble),
        }
    }

    /// Puts a mark for every known secret in an outcome.
    pub(super) fn swapped(&self, mut outcome: Outcome) -> Outcome {
        match &mut outcome {
            Outcome::Done(answer) => self.secrets.redact(answer),
            Outcome::Refused(fault) | Outcome::Unknown(fault) => self.secrets.redact_fault(fault),
        }
        outcome
    }
}

impl Assume for LiveCarrier {
    fn fetch<'a>(
        &'a self,
        bound: &'a Bound<'a>,
        fetched: &'a Fetched,
        refused: Option<&'a str>,
    ) -> Fetching<'a> {
        Box::pin(self.fetch(bound, fetched, refused))
    }

    fn assume<'a>(
        &'a self,
        bound: &'a Bound<'a>,
        by: &'a Credential,
        role: &'a Role,
        label: Option<&'a str>,
    ) -> Assuming<'a> {
        Box::pin(self.assume_once(bound, by, role, label))
    }
}

impl Carry for LiveCarrier {
    fn carry<'a>(&'a self, call: &'a Call, at: &'a At) -> Carried<'a> {
        Box::pin(self.carry_once(call, at))
    }
}

/// The fault of a call whose secret this process was not given.
pub(super) fn secret_unknown(unknown: &UnknownPlaceholder) -> Outcome {
    let fault = Fault::new(
        FaultClass::Fail,
        "rutter.secret-unknown",
        unknown.to_string(),
    );
    Outcome::Refused(fault.advise("enter the run's secret inputs again"))
}

/// Labels of sessions take letters, digits and `.@-_`, up to 64 of them.
fn session_label(run: &str) -> String {
    let allowed = |c: &char| c.is_ascii_alphanumeric() || ".@-_".contains(*c);
    let label: String = format!("rutter-{run}").chars().filter(allowed).collect();
    label.chars().take(64).collect()
}
