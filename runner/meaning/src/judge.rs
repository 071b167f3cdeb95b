//! A host request judged: whether it may be made, on whose account, and what it is.
//!
//! These are the first three stages of a call's way, `permit -> bind -> class`.

use rutter_contracts::{Action, gives_keys};
use rutter_engine::{
    Api, Ask, Call, Class, Fault, Find, HostCall, Principal, Repeat, Rest, Target,
};
use rutter_manifest::Manifest;

use crate::class::{classed, known, plain, requested};
use crate::fault::{refusal, wrong};
use crate::fingerprint::{self, Maker};
use crate::handed::Handed;
use crate::host_request::{Handle, HostRequest};
use crate::look::Look;
use crate::passing;
use crate::permit::{self, Admit, Side};
use crate::reverse::{self, Made};
use crate::rules::{Rule, Rules};
use crate::secrecy::Secrecy;
use crate::tokens::{self, Tokens};

/// By what host requests are judged.
#[derive(Clone, Copy)]
pub struct Judge<'a> {
    /// What the plugin may do.
    pub manifest: &'a Manifest,
    /// Whether the operator names a host.
    pub named: &'a Admit<'a>,
    /// What the guest's tokens are made from.
    pub maker: Maker<'a>,
    /// What the step made, where its own undo is what is judged.
    pub made: Option<Made<'a>>,
    /// The secrets that the guest was handed.
    pub handed: &'a Handed,
    /// Which rules hold: all of them, except in a test of what one is good for.
    pub rules: Rules,
}

impl Judge<'_> {
    /// First stage: whether the manifest allows it, and whether the request is one the API knows.
    ///
    /// # Errors
    /// The denial.
    pub fn permit(&self, host_request: &HostRequest) -> Result<(), Fault> {
        let manifest = self.manifest;
        match host_request {
            HostRequest::Call {
                handle,
                api,
                reverse,
                look,
            } => {
                self.permit_api(handle, api)?;
                sound(api)?;
                if let Some(reverse) = reverse {
                    self.permit_reverse(handle, reverse)?;
                }
                self.permit_secrets(handle, api, None)?;
                if let Some(reverse) = reverse {
                    self.permit_secrets(handle, reverse, Some(api))?;
                }
                let Some(look) = look else { return Ok(()) };
                self.permit_look(handle, api, look)?;
                let calls = passing::calls(api, reverse.as_ref(), look);
                passing::permit(calls, |call| {
                    self.permit_api(handle, call)?;
                    self.permit_secrets(handle, call, Some(api))
                })
            }
            HostRequest::CallAll { handle, api } | HostRequest::WaitFor { handle, api, .. } => {
                self.permit_api(handle, api)?;
                must_read(api)?;
                sound(api)?;
                self.permit_secrets(handle, api, None)
            }
            HostRequest::AssumeRole { handle, .. } => {
                permit::api(manifest, side(handle), "STS", "AssumeRole")
            }
            HostRequest::Http { request, url } => {
                let place = permit::http(manifest, self.named, request, url)?;
                let permission = &manifest.permissions[place];
                self.secrecy().request(request, &permission.secrets)
            }
        }
    }

    /// Second and third stage: the account that the operator gave to the step, and no other; then read or
    /// change, by the contracts and never by the method; whether it may be repeated, asks a person, needs
    /// no reverse. Returns the fingerprint as well, made before a client token is filled in, so that what
    /// is found is known as what an earlier attempt made, whatever the token.
    pub fn class(&self, tokens: &mut Tokens, host_request: HostRequest) -> (String, HostCall) {
        let rules = self.rules;
        match host_request {
            HostRequest::Call {
                handle: Handle { account, .. },
                mut api,
                reverse,
                look,
            } => {
                let fingerprint = fingerprint::of_call(&account, &api, false);
                let token = tokens.fill(self.maker, &mut api, &fingerprint);
                let mut reverse = reverse.map(|mut reverse| {
                    if let Some(token) = &token {
                        tokens::fill_reverse(self.maker, &mut reverse, token);
                    }
                    Box::new(classed(&account, reverse, rules))
                });
                let mut find = look.map(|look| {
                    let uses = passing::uses(&account, &api, reverse.as_deref(), &look, rules);
                    let find = finding(&account, *look, rules);
                    Box::new(Find { uses, ..find })
                });
                let mut call = classed(&account, api.clone(), rules);
                if rules.hold(Rule::Reverses) && call.class == Class::Change {
                    reverse::mark(&api, reverse.as_deref_mut(), find.as_deref_mut());
                }
                if let Some(made) = self.made {
                    let own = call.ask == Some(Ask::Irreversible)
                        && made.is_taken_back_by(&account, &api);
                    call.ask = call.ask.filter(|_| !own && rules.hold(Rule::OwnUndo));
                }
                let call = HostCall::Call {
                    call,
                    reverse,
                    find,
                };
                (fingerprint, call)
            }
            HostRequest::CallAll {
                handle: Handle { account, .. },
                api,
            } => {
                let fingerprint = fingerprint::of_call(&account, &api, true);
                let call = Call {
                    all_pages: true,
                    ..classed(&account, api, rules)
                };
                (fingerprint, without_reverse(call))
            }
            HostRequest::WaitFor {
                handle: Handle { account, .. },
                api,
                condition,
            } => {
                let fingerprint = fingerprint::of_wait(&account, &api, &condition);
                let call = classed(&account, api, rules);
                (fingerprint, HostCall::WaitFor { call, condition })
            }
            HostRequest::AssumeRole {
                handle: Handle { account, .. },
                arn,
                session,
            } => {
                let fingerprint = fingerprint::of_role(&account, &arn, &session);
                // It changes nothing: the credentials stay in the host and expire.
                let target = Target::AssumeRole { arn, session };
                let call = plain(Some(account), target, Class::Read, Repeat::Same);
                (fingerprint, without_reverse(call))
            }
            HostRequest::Http { request, url } => {
                let fingerprint = fingerprint::of_request(&request);
                let place = permit::http(self.manifest, self.named, &request, &url).ok();
                let permission = place.map(|place| &self.manifest.permissions[place]);
                let call = requested(permission, request);
                (fingerprint, without_reverse(call))
            }
        }
    }
}

impl Judge<'_> {
    fn permit_api(&self, handle: &Handle, api: &Api) -> Result<(), Fault> {
        let Api {
            product, action, ..
        } = api;
        // Whatever a manifest says: its answer holds credentials.
        if self.rules.hold(Rule::KeysRefused) && gives_keys(action) {
            let call = format!("{}:{action}", product.to_ascii_lowercase());
            let instead = match action.to_ascii_lowercase().starts_with("assumerole") {
                true => "`account.assume-role` gives a handle instead",
                false => {
                    "no plugin may have them; a person makes them, and a step takes them as a secret input"
                }
            };
            return Err(refusal(format!(
                "`{call}` is not called like other actions: its answer holds credentials; {instead}"
            )));
        }
        permit::api(self.manifest, side(handle), product, action)
    }

    /// Whether the secrets in a call are the guest's to send there. `answers` is the call whose answer is put in
    /// where one is left open.
    fn permit_secrets(
        &self,
        handle: &Handle,
        api: &Api,
        answers: Option<&Api>,
    ) -> Result<(), Fault> {
        let allowed = permit::secrets(self.manifest, side(handle), &api.product, &api.action);
        self.secrecy().call(api, &allowed, answers)
    }

    fn secrecy(&self) -> Secrecy<'_> {
        Secrecy {
            manifest: self.manifest,
            handed: self.handed,
            rules: self.rules,
        }
    }

    /// An undo that would be refused must be known before there is something to undo.
    fn permit_reverse(&self, handle: &Handle, reverse: &Api) -> Result<(), Fault> {
        self.permit_api(handle, reverse).map_err(|mut fault| {
            fault.message = format!("the call that takes it back: {}", fault.message);
            fault
        })
    }

    /// A look that would be refused must be known before there is something to look at.
    fn permit_look(&self, handle: &Handle, change: &Api, look: &Look) -> Result<(), Fault> {
        if known(change).is_some_and(|action| action.as_read().is_some()) {
            let label = format!("{}:{}", change.product, change.action);
            return Err(wrong(format!(
                "`{label}` is a read: there is nothing to look for"
            )));
        }
        let reads = look.rest.iter().map(|(read, _)| read);
        reads.chain([&look.read]).try_for_each(|read| {
            self.permit_api(handle, read)
                .and_then(|()| must_read(read))
                .and_then(|()| sound(read))
                .and_then(|()| self.permit_secrets(handle, read, Some(change)))
                .map_err(|mut fault| {
                    fault.message = format!("the look at what it makes: {}", fault.message);
                    fault
                })
        })?;
        self.secrecy().look(change, look)
    }
}

fn side(handle: &Handle) -> Side<'_> {
    Side {
        account: &handle.opened_as,
        assumed: handle.account.role().is_some(),
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

fn without_reverse(call: Call) -> HostCall {
    HostCall::Call {
        call,
        reverse: None,
        find: None,
    }
}

/// A look with its reads classed.
fn finding(account: &Principal, look: Look, rules: Rules) -> Find {
    let read = |api: Api| classed(account, api, rules);
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
        passing: passing.map(|kind| kind.classed(account, rules)).collect(),
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
        marked: look.marked,
        settle_ms: look.settle_ms,
        answer: look.answer,
    }
}

#[cfg(test)]
mod tests;
