//! `accounts`: the cloud accounts that the operator gave to a step.

use rutter_engine::{Api, Fault, Is, RoleArn, Test};
use rutter_meaning::held;
use rutter_meaning::{
    CallWritten, HostRequest, Look, LookWritten, PassingWritten, WaitWritten, condition, wrong,
};
use serde_json::Value;

use super::broker::serve;
use super::context::{BoundAccount, Context, OpenedAccount};
use super::limits::too_long;
use super::line::Answer;

/// A call as a guest writes it.
#[derive(Clone, Debug)]
pub(super) struct ApiText {
    pub(super) product: String,
    pub(super) action: String,
    pub(super) version: Option<String>,
    pub(super) region: Option<String>,
    /// The parameters, a JSON object as text.
    pub(super) parameters: String,
}

/// A look as a guest writes it; values are JSON.
#[derive(Clone, Debug)]
pub(super) struct FindText {
    pub(super) rest: Option<(ApiText, WaitWritten)>,
    pub(super) read: ApiText,
    pub(super) all_pages: bool,
    pub(super) list: String,
    pub(super) tests: Vec<(String, CheckText)>,
    pub(super) key: String,
    pub(super) gone: bool,
    pub(super) take: bool,
    pub(super) stays: bool,
    pub(super) marked: bool,
    pub(super) before_back: Option<(ApiText, WaitWritten)>,
    pub(super) fields: Vec<String>,
    pub(super) passing: Vec<PassingText>,
    pub(super) settle_ms: Option<u64>,
    pub(super) answer: String,
}

/// What is made in passing as a guest writes it.
#[derive(Clone, Debug)]
pub(super) struct PassingText {
    pub(super) kind: String,
    pub(super) behind: Option<u32>,
    pub(super) read: Option<ApiText>,
    pub(super) list: String,
    pub(super) id: String,
    pub(super) remove: Option<ApiText>,
    pub(super) look: ApiText,
    pub(super) look_list: String,
}

/// A condition on a field as a guest writes it.
#[derive(Clone, Debug)]
pub(super) enum CheckText {
    Equal(String),
    OneOf(Vec<String>),
    NoneOf(Vec<String>),
    Contains(String),
    Absent,
    Differs(String),
    Json(String),
}

impl Context {
    /// Opens an account by the plugin's name for it.
    pub(super) fn open(&self, name: &str) -> Result<OpenedAccount, Fault> {
        let Some(bound) = self.accounts.get(name) else {
            let names: Vec<String> = self
                .accounts
                .keys()
                .map(|name| format!("`{name}`"))
                .collect();
            let there = if names.is_empty() {
                "none".to_owned()
            } else {
                names.join(", ")
            };
            return Err(wrong(format!(
                "the step has no account `{name}`; it has {there}"
            )));
        };
        Ok(OpenedAccount {
            opened_as: name.to_owned(),
            bound: bound.clone(),
        })
    }

    /// Makes one call.
    pub(super) async fn call(
        &mut self,
        account: OpenedAccount,
        api: ApiText,
        reverse: Option<ApiText>,
    ) -> Answer<String> {
        let parsed = self
            .api(api)
            .and_then(|api| Ok((api, reverse.map(|reverse| self.api(reverse)).transpose()?)));
        let (api, reverse) = match parsed {
            Ok(parsed) => parsed,
            Err(fault) => return Ok(Err(fault)),
        };
        let host_request = HostRequest::Call {
            handle: account.handle(),
            api,
            reverse,
            look: None,
        };
        let answer = serve(self, Box::new(host_request)).await?;
        Ok(answer.and_then(|value| self.text(&value)))
    }

    /// Makes a change that can be looked at. Returns its answer, and whether this step made it.
    pub(super) async fn change(
        &mut self,
        account: OpenedAccount,
        api: ApiText,
        reverse: Option<ApiText>,
        find: FindText,
    ) -> Answer<(String, bool)> {
        let parsed = self.api(api).and_then(|api| {
            let reverse = reverse.map(|reverse| self.api(reverse)).transpose()?;
            Ok((api, reverse, self.look(find)?))
        });
        let (api, reverse, look) = match parsed {
            Ok(parsed) => parsed,
            Err(fault) => return Ok(Err(fault)),
        };
        let host_request = HostRequest::Call {
            handle: account.handle(),
            api,
            reverse,
            look: Some(Box::new(look)),
        };
        let told = serve(self, Box::new(host_request)).await?;
        Ok(told.and_then(|mut told| {
            let made = told["made"] == Value::Bool(true);
            Ok((self.text(&told["answer"].take())?, made))
        }))
    }

    /// Makes a paged read to its last page.
    pub(super) async fn call_all(
        &mut self,
        account: OpenedAccount,
        api: ApiText,
    ) -> Answer<String> {
        let api = match self.api(api) {
            Ok(api) => api,
            Err(fault) => return Ok(Err(fault)),
        };
        let answer = serve(
            self,
            Box::new(HostRequest::CallAll {
                handle: account.handle(),
                api,
            }),
        )
        .await?;
        Ok(answer.and_then(|value| self.text(&value)))
    }

    /// Polls a read until a field has a value.
    pub(super) async fn wait_for(
        &mut self,
        account: OpenedAccount,
        api: ApiText,
        wait: WaitWritten,
    ) -> Answer<String> {
        let parsed = self.api(api).and_then(|api| {
            let condition = condition(&api, wait, held::held())?;
            Ok((api, condition))
        });
        let (api, condition) = match parsed {
            Ok(parsed) => parsed,
            Err(fault) => return Ok(Err(fault)),
        };
        let host_request = HostRequest::WaitFor {
            handle: account.handle(),
            api,
            condition,
        };
        let answer = serve(self, Box::new(host_request)).await?;
        Ok(answer.and_then(|value| self.text(&value)))
    }

    /// Assumes a role with an account's identity.
    pub(super) async fn assume_role(
        &mut self,
        account: OpenedAccount,
        arn: String,
        session: String,
    ) -> Answer<OpenedAccount> {
        let arn = match RoleArn::new(arn) {
            Ok(arn) => arn,
            Err(bad) => return Ok(Err(wrong(bad.to_string()))),
        };
        let role = OpenedAccount {
            opened_as: account.opened_as.clone(),
            bound: BoundAccount {
                principal: account.bound.principal.assumed(arn.clone()),
                id: arn.account_id().to_owned(),
                region: account.bound.region.clone(),
            },
        };
        let host_request = HostRequest::AssumeRole {
            handle: account.handle(),
            arn,
            session,
        };
        Ok(serve(self, Box::new(host_request)).await?.map(|_| role))
    }

    /// Reads a call and completes it.
    fn api(&self, text: ApiText) -> Result<Api, Fault> {
        self.written(text)?.complete(held::held())
    }

    fn written(&self, text: ApiText) -> Result<CallWritten, Fault> {
        let parameters = self.json("the parameters", &text.parameters)?;
        Ok(CallWritten {
            product: text.product,
            action: text.action,
            version: text.version,
            region: text.region,
            parameters,
        })
    }

    /// Reads a look and completes it.
    fn look(&self, find: FindText) -> Result<Look, Fault> {
        let polled = |(read, wait)| Ok::<_, Fault>((self.written(read)?, wait));
        let passing = find.passing.into_iter().map(|text| self.passing(text));
        let tests = find.tests.into_iter().map(|(at, check)| {
            let is = self.check(check)?;
            Ok(Test { at, is })
        });
        let written = LookWritten {
            rest: find.rest.map(polled).transpose()?,
            before_back: find.before_back.map(polled).transpose()?,
            fields: find.fields,
            passing: passing.collect::<Result<_, Fault>>()?,
            read: self.written(find.read)?,
            all_pages: find.all_pages,
            list: find.list,
            tests: tests.collect::<Result<_, Fault>>()?,
            key: find.key,
            gone: find.gone,
            take: find.take,
            stays: find.stays,
            marked: find.marked,
            settle_ms: find.settle_ms,
            answer: self.json("the answer of a look", &find.answer)?,
        };
        written.complete(held::held())
    }

    fn passing(&self, text: PassingText) -> Result<PassingWritten, Fault> {
        Ok(PassingWritten {
            kind: text.kind,
            behind: text.behind,
            read: text.read.map(|read| self.written(read)).transpose()?,
            list: text.list,
            id: text.id,
            remove: text.remove.map(|remove| self.written(remove)).transpose()?,
            look: self.written(text.look)?,
            look_list: text.look_list,
        })
    }

    fn check(&self, check: CheckText) -> Result<Is, Fault> {
        let value = |text: &String| self.json("the condition of a look", text);
        let values = |texts: &[String]| texts.iter().map(value).collect::<Result<_, Fault>>();
        Ok(match &check {
            CheckText::Equal(text) => Is::Equal(value(text)?),
            CheckText::OneOf(texts) => Is::OneOf(values(texts)?),
            CheckText::NoneOf(texts) => Is::NoneOf(values(texts)?),
            CheckText::Contains(text) => Is::Contains(value(text)?),
            CheckText::Absent => Is::Absent,
            CheckText::Differs(text) => Is::Differs(value(text)?),
            CheckText::Json(text) => Is::Json(value(text)?),
        })
    }

    /// Parses JSON text that a guest handed over.
    pub(super) fn json(&self, what: &str, text: &str) -> Result<Value, Fault> {
        let bytes_max = self.line.limits.request_max;
        if text.len() > bytes_max {
            return Err(too_long("request", what, text.len(), bytes_max));
        }
        serde_json::from_str(text).map_err(|error| wrong(format!("{what} are no JSON: {error}")))
    }

    /// An answer as text for the guest.
    fn text(&self, answer: &Value) -> Result<String, Fault> {
        let text = answer.to_string();
        let bytes_max = self.line.limits.answer_max;
        if text.len() > bytes_max {
            return Err(too_long("answer", "the answer", text.len(), bytes_max));
        }
        Ok(text)
    }
}
