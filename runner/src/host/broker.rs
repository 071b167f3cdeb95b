//! The one place where every call of a guest passes, in six stages:
//!
//! ```text
//! permit -> bind -> class -> record -> pace -> carry
//! ```
//!
//! [`serve`] is the guest's half: the call is judged, bound to its account and classed, then the
//! driver has it recorded, and the guest sleeps. [`dispatch`] is the driver's half: what the engine
//! decided to send is paced and carried. Between the two lies the journal.

use rutter_contracts::{Action, Danger};
use rutter_engine::{
    Api, Ask, At, Call, Class, Condition, Fault, FaultClass, Find, HostCall, HttpRequest, Outcome,
    Repeat, Rest, Shows, Target, Test,
};
use rutter_manifest::{HttpPermission, HttpRepeat, Kind, Manifest};
use serde_json::Value;
use url::Url;

use super::carry::Carry;
use super::context::{Account, Context};
use super::fingerprint;
use super::line::Answer;
use super::pace::Pace;
use super::passing;
use super::permit::{self, Hosts, Side};

/// What a guest wants of the outside world.
#[derive(Clone, Debug)]
pub(super) enum Errand {
    /// One call, perhaps with the call that takes it back and a look at what it makes.
    Call {
        account: Account,
        api: Api,
        reverse: Option<Api>,
        look: Option<Box<Look>>,
    },
    /// A paged read.
    CallAll { account: Account, api: Api },
    /// A read that is polled.
    WaitFor {
        account: Account,
        api: Api,
        condition: Condition,
    },
    /// A role to be assumed.
    AssumeRole {
        account: Account,
        arn: String,
        session: String,
    },
    /// A request by HTTP.
    Http { request: HttpRequest, url: Url },
}

/// A look at what a change makes, on the account of the change, before its reads are judged and classed.
#[derive(Clone, Debug)]
pub(super) struct Look {
    pub(super) rest: Option<(Api, Condition)>,
    pub(super) read: Api,
    pub(super) all_pages: bool,
    pub(super) list: String,
    pub(super) tests: Vec<Test>,
    pub(super) key: String,
    pub(super) shows: Shows,
    pub(super) take: bool,
    pub(super) stays: bool,
    pub(super) before_back: Option<(Api, Condition)>,
    pub(super) fields: Vec<String>,
    pub(super) passing: Vec<passing::Kind>,
    pub(super) settle_ms: u64,
    pub(super) answer: Value,
}

/// Takes a guest's call through the first four stages and returns the driver's answer.
///
/// A call that is denied goes to the driver too: the answer may stand in the record already, and then
/// it is not judged again.
pub(super) async fn serve(context: &mut Context, errand: Box<Errand>) -> Answer<Value> {
    let denied = permit(&context.manifest, &context.hosts, &errand).err();
    let account = bind(&errand);
    let (print, call) = class(context, account, *errand);
    let answer = record(context, &print, Box::new(call), denied).await?;
    context.note_answer(&print, &answer);
    Ok(answer)
}

/// Takes a call that the engine decided to send through the last two stages.
pub async fn dispatch(pace: &Pace, carrier: &dyn Carry, call: &Call, at: &At) -> Outcome {
    let sent = pace.ready(call).await;
    let outcome = carrier.carry(call, at).await;
    pace.heard(call, sent, &outcome);
    outcome
}

/// First stage: whether the manifest allows it, and whether the request is one the API knows.
fn permit(manifest: &Manifest, hosts: &Hosts, errand: &Errand) -> Result<(), Fault> {
    match errand {
        Errand::Call {
            account,
            api,
            reverse,
            look,
        } => {
            permit_api(manifest, account, api)?;
            sound(api)?;
            if let Some(reverse) = reverse {
                permit_reverse(manifest, account, reverse)?;
            }
            let Some(look) = look else { return Ok(()) };
            permit_look(manifest, account, api, look)?;
            let calls = passing::calls(api, reverse.as_ref(), look);
            passing::permit(calls, |call| permit_api(manifest, account, call))
        }
        Errand::CallAll { account, api } | Errand::WaitFor { account, api, .. } => {
            permit_api(manifest, account, api)?;
            must_read(api)?;
            sound(api)
        }
        Errand::AssumeRole { account, .. } => {
            permit::api(manifest, side(account), "STS", "AssumeRole")
        }
        Errand::Http { request, url } => permit::http(manifest, hosts, request, url).map(|_| ()),
    }
}

fn permit_api(manifest: &Manifest, account: &Account, api: &Api) -> Result<(), Fault> {
    // Its answer holds credentials.
    if api.product.eq_ignore_ascii_case("STS") && api.action.starts_with("AssumeRole") {
        return Err(permit::refusal(format!(
            "`sts:{}` is not called like other actions: its answer holds credentials; \
             `account.assume-role` gives a handle instead",
            api.action
        )));
    }
    permit::api(manifest, side(account), &api.product, &api.action)
}

/// An undo that would be refused must be known before there is something to undo.
fn permit_reverse(manifest: &Manifest, account: &Account, reverse: &Api) -> Result<(), Fault> {
    permit_api(manifest, account, reverse).map_err(|mut fault| {
        fault.message = format!("the call that takes it back: {}", fault.message);
        fault
    })
}

/// A look that would be refused must be known before there is something to look at.
fn permit_look(
    manifest: &Manifest,
    account: &Account,
    change: &Api,
    look: &Look,
) -> Result<(), Fault> {
    if known(change).is_some_and(|action| action.as_read().is_some()) {
        let label = format!("{}:{}", change.product, change.action);
        return Err(wrong(format!(
            "`{label}` is a read: there is nothing to look for"
        )));
    }
    let reads = look.rest.iter().map(|(read, _)| read);
    reads.chain([&look.read]).try_for_each(|read| {
        permit_api(manifest, account, read)
            .and_then(|()| must_read(read))
            .and_then(|()| sound(read))
            .map_err(|mut fault| {
                fault.message = format!("the look at what it makes: {}", fault.message);
                fault
            })
    })
}

fn side(account: &Account) -> Side<'_> {
    Side {
        account: &account.opened_as,
        assumed: account.assumed,
    }
}

/// Refuses to page through or poll what is not known to be a read.
fn must_read(api: &Api) -> Result<(), Fault> {
    match known(api).and_then(Action::as_read) {
        Some(_) => Ok(()),
        None => Err(wrong(format!(
            "`{}:{}` is not known to be a read, so it can be neither paged, polled nor looked with",
            api.product, api.action
        ))),
    }
}

/// Refuses parameters that break the API's contract, as the cloud would, but before anything is sent.
fn sound(api: &Api) -> Result<(), Fault> {
    let Some(action) = known(api) else {
        return Ok(());
    };
    // A placeholder is as long as a placeholder is; the secret behind it is the cloud's to judge.
    let secret = |name: &str| {
        let pattern = rutter_contracts::wire::pattern_of(name);
        action.secret_parameters.contains(&pattern)
    };
    let problems: Vec<String> = action
        .check(&api.parameters)
        .into_iter()
        .filter(|problem| !secret(&problem.parameter))
        .map(|problem| format!("{} ({})", problem.message, problem.code))
        .collect();
    if problems.is_empty() {
        return Ok(());
    }
    let label = action.label();
    Err(wrong(format!("`{label}`: {}", problems.join("; "))))
}

/// A fault for a request that a plugin made wrongly.
pub(super) fn wrong(message: String) -> Fault {
    Fault::new(FaultClass::Bug, "rutter.wrong-request", message)
        .advise("this is a bug of the plugin; nothing was sent")
}

/// Second stage: the account that the operator gave to the step, and no other. A guest has names and
/// handles only; what they stand for is decided here.
fn bind(errand: &Errand) -> String {
    match errand {
        Errand::Call { account, .. }
        | Errand::CallAll { account, .. }
        | Errand::WaitFor { account, .. }
        | Errand::AssumeRole { account, .. } => account.bound.name.clone(),
        Errand::Http { .. } => String::new(),
    }
}

/// Third stage: read or change, by the contracts and never by the method; whether it may be repeated,
/// asks a person, needs no reverse. Returns the fingerprint as well, made before a client token is
/// filled in, so that an adoption finds its change whatever the token.
fn class(context: &mut Context, account: String, errand: Errand) -> (String, HostCall) {
    match errand {
        Errand::Call {
            mut api,
            reverse,
            look,
            ..
        } => {
            let print = fingerprint::of_call(&account, &api, false);
            let token = context.fill_token(&mut api, &print);
            let reverse = reverse.map(|mut reverse| {
                if let Some(token) = &token {
                    context.fill_token_for_reverse(&mut reverse, token);
                }
                Box::new(classed(account.clone(), reverse))
            });
            let find = look.map(|look| {
                let uses = passing::uses(&account, &api, reverse.as_deref(), &look);
                let find = finding(&account, *look);
                Box::new(Find { uses, ..find })
            });
            let call = classed(account, api);
            let call = HostCall::Call {
                call,
                reverse,
                find,
            };
            (print, call)
        }
        Errand::CallAll { api, .. } => {
            let print = fingerprint::of_call(&account, &api, true);
            let call = Call {
                all_pages: true,
                ..classed(account, api)
            };
            (print, without_reverse(call))
        }
        Errand::WaitFor { api, condition, .. } => {
            let print = fingerprint::of_wait(&account, &api, &condition);
            let call = classed(account, api);
            (print, HostCall::WaitFor { call, condition })
        }
        Errand::AssumeRole { arn, session, .. } => {
            let print = fingerprint::of_role(&account, &arn, &session);
            // It changes nothing: the credentials stay in the host and expire.
            let target = Target::AssumeRole { arn, session };
            let call = plain(account, target, Class::Read, Repeat::Same);
            (print, without_reverse(call))
        }
        Errand::Http { request, url } => {
            let print = fingerprint::of_request(&request);
            let permission = permit::http(&context.manifest, &context.hosts, &request, &url).ok();
            let call = requested(permission, account, request);
            (print, without_reverse(call))
        }
    }
}

fn without_reverse(call: Call) -> HostCall {
    HostCall::Call {
        call,
        reverse: None,
        find: None,
    }
}

/// A look with its reads classed.
fn finding(account: &str, look: Look) -> Find {
    let read = |api: Api| classed(account.to_owned(), api);
    let rest = |(api, condition)| {
        let read = read(api);
        Box::new(Rest { read, condition })
    };
    let passing = look.passing.into_iter();
    Find {
        rest: look.rest.map(rest),
        before_back: look.before_back.map(rest),
        fields: look.fields,
        uses: Vec::new(),
        passing: passing.map(|kind| kind.classed(account)).collect(),
        read: Call {
            all_pages: look.all_pages,
            ..read(look.read)
        },
        list: look.list,
        tests: look.tests,
        key: look.key,
        shows: look.shows,
        take: look.take,
        stays: look.stays,
        settle_ms: look.settle_ms,
        answer: look.answer,
    }
}

/// What the manifest says about a request; what it does not say is a change, never repeated.
fn requested(permission: Option<&HttpPermission>, account: String, request: HttpRequest) -> Call {
    let (class, repeat) = match permission {
        Some(permission) if permission.kind == Kind::Read => (Class::Read, Repeat::Same),
        Some(permission) if permission.repeat == HttpRepeat::Same => (Class::Change, Repeat::Same),
        _ => (Class::Change, Repeat::Never),
    };
    Call {
        covered: permission.is_some_and(|permission| permission.stays),
        ..plain(account, Target::Http(request), class, repeat)
    }
}

/// What the contracts know about a call; what they do not know is a change, never repeated.
pub(super) fn classed(account: String, api: Api) -> Call {
    let Some(action) = known(&api) else {
        return plain(account, Target::Api(api), Class::Change, Repeat::Never);
    };
    if action.as_read().is_some() {
        return plain(account, Target::Api(api), Class::Read, Repeat::Same);
    }
    Call {
        repeat: repeat(action),
        ask: ask(action, &api.parameters),
        covered: action.covered,
        ..plain(account, Target::Api(api), Class::Change, Repeat::Never)
    }
}

fn plain(account: String, target: Target, class: Class, repeat: Repeat) -> Call {
    Call {
        account,
        target,
        class,
        repeat,
        ask: None,
        covered: false,
        all_pages: false,
    }
}

fn repeat(action: &Action) -> Repeat {
    match action.repeat {
        rutter_contracts::Repeat::Same => Repeat::Same,
        rutter_contracts::Repeat::Token if action.token_parameter.is_some() => Repeat::Token {
            ttl_ms: rutter_contracts::TOKEN_TTL_MS,
        },
        rutter_contracts::Repeat::Token | rutter_contracts::Repeat::Never => Repeat::Never,
        rutter_contracts::Repeat::Look => Repeat::Look,
    }
}

fn ask(action: &Action, parameters: &Value) -> Option<Ask> {
    action.danger_of(parameters).map(|danger| match danger {
        Danger::Irreversible => Ask::Irreversible,
        Danger::Costs => Ask::Costs,
    })
}

/// The contract of a call; a version that the table does not describe is unknown.
pub(super) fn known(api: &Api) -> Option<&'static Action> {
    rutter_contracts::action(&api.product, &api.action)
        .filter(|action| action.version == api.version)
}

/// Fourth stage: the driver has the call recorded, answers it from the record or sends it, and wakes
/// the guest with the answer.
async fn record(
    context: &mut Context,
    print: &str,
    call: Box<HostCall>,
    denied: Option<Fault>,
) -> Answer<Value> {
    context.line.ask(print.to_owned(), call, denied).await
}

impl Context {
    /// Fills in the client token where the API takes one and the plugin gave none, and returns it. It
    /// stays the same through every attempt until its change is known to be done; then it is used up, so
    /// that what was removed since is made again and not answered from what the cloud remembers.
    fn fill_token(&mut self, api: &mut Api, print: &str) -> Option<String> {
        let name = known(api)?.token_parameter.as_deref()?;
        let mut equal = self.equal_changes.get(print).copied().unwrap_or_default();
        if !equal.last_failed {
            equal.next += 1;
        }
        let mut token = self.maker().client_token(print, equal.next);
        while self.spent.contains(&token) {
            equal.next += 1;
            token = self.maker().client_token(print, equal.next);
        }
        self.equal_changes.insert(print.to_owned(), equal);
        fill(api, name, token.clone());
        Some(token)
    }

    fn fill_token_for_reverse(&self, reverse: &mut Api, token: &str) {
        let name = known(reverse).and_then(|action| action.token_parameter.as_deref());
        if let Some(name) = name {
            fill(reverse, name, self.maker().client_token(token, 0));
        }
    }

    /// A change that did not succeed keeps its token for the next equal one: that is its repetition.
    fn note_answer(&mut self, print: &str, answer: &Result<Value, Fault>) {
        if let Some(equal) = self.equal_changes.get_mut(print) {
            equal.last_failed = answer.is_err();
        }
    }
}

fn fill(api: &mut Api, name: &str, token: String) {
    if let Some(parameters) = api.parameters.as_object_mut() {
        let slot = parameters.entry(name).or_insert(Value::Null);
        if slot.is_null() {
            *slot = Value::String(token);
        }
    }
}

#[cfg(test)]
mod tests;
