//! Line 0.1 of the interface `rutter:step`: translates between its types and the host's, nothing else.

use rutter_engine::{Fault, FaultClass, Target, UndoChange};
use rutter_meaning::{RequestParts, WaitWritten};
use wasmtime::component::{HasSelf, Linker, Resource, ResourceTableError};

use self::bindings::rutter::step::{accounts, flow, http, log, types};
use super::accounts::{ApiText, CheckText, FindText, PassingText};
use super::context::OpenedAccount;
use super::http::ResponseParts;
use super::limits::{FAULT_TEXT_MAX, cut};
use super::store::Guest;
use crate::journal::LogLevel;

/// What the macro makes of the interface.
mod bindings {
    wasmtime::component::bindgen!({
        path: "../sdk/wit/0.1",
        world: "step",
        imports: {
            "rutter:step/accounts.open": trappable,
            "rutter:step/accounts.[method]account.id": trappable,
            "rutter:step/accounts.[method]account.region": trappable,
            "rutter:step/accounts.[drop]account": trappable,
            "rutter:step/flow.now": trappable,
            "rutter:step/flow.token": trappable,
            default: async | trappable,
        },
        exports: { default: async },
        with: { "rutter:step/accounts.account": crate::host::context::OpenedAccount },
    });
}

pub(super) use self::bindings::{Step, StepPre};

/// Adds the host's functions to a linker.
pub(super) fn link(linker: &mut Linker<Guest>) -> wasmtime::Result<()> {
    Step::add_to_linker::<_, HasSelf<_>>(linker, |guest| guest)
}

impl types::Host for Guest {}

impl accounts::Host for Guest {
    fn open(
        &mut self,
        name: String,
    ) -> wasmtime::Result<Result<Resource<OpenedAccount>, types::Fault>> {
        Ok(match self.context.open(&name) {
            Ok(account) => Ok(self.table.push(account)?),
            Err(fault) => Err(self.tell(fault)),
        })
    }
}

impl accounts::HostAccount for Guest {
    fn id(&mut self, handle: Resource<OpenedAccount>) -> wasmtime::Result<String> {
        Ok(self.table.get(&handle)?.bound.id.clone())
    }

    fn region(&mut self, handle: Resource<OpenedAccount>) -> wasmtime::Result<String> {
        Ok(self.table.get(&handle)?.bound.region.clone())
    }

    async fn call(
        &mut self,
        handle: Resource<OpenedAccount>,
        api: types::Api,
        reverse: Option<types::Api>,
    ) -> wasmtime::Result<Result<String, types::Fault>> {
        let account = self.account(&handle)?;
        let reverse = reverse.map(Into::into);
        let answer = self.context.call(account, api.into(), reverse).await?;
        Ok(answer.map_err(|fault| self.tell(fault)))
    }

    async fn call_all(
        &mut self,
        handle: Resource<OpenedAccount>,
        api: types::Api,
    ) -> wasmtime::Result<Result<String, types::Fault>> {
        let account = self.account(&handle)?;
        let answer = self.context.call_all(account, api.into()).await?;
        Ok(answer.map_err(|fault| self.tell(fault)))
    }

    async fn wait_for(
        &mut self,
        handle: Resource<OpenedAccount>,
        api: types::Api,
        path: String,
        until: Vec<String>,
        fail: Vec<String>,
        every_ms: Option<u64>,
        timeout_ms: Option<u64>,
    ) -> wasmtime::Result<Result<String, types::Fault>> {
        let account = self.account(&handle)?;
        let wait = WaitWritten {
            path,
            until,
            fail,
            every_ms,
            timeout_ms,
        };
        let answer = self.context.wait_for(account, api.into(), wait).await?;
        Ok(answer.map_err(|fault| self.tell(fault)))
    }

    async fn change(
        &mut self,
        handle: Resource<OpenedAccount>,
        api: types::Api,
        reverse: Option<types::Api>,
        find: types::Find,
    ) -> wasmtime::Result<Result<types::Changed, types::Fault>> {
        let account = self.account(&handle)?;
        let reverse = reverse.map(Into::into);
        let find = find.into();
        let changed = self.context.change(account, api.into(), reverse, find);
        Ok(match changed.await? {
            Ok((answer, made)) => Ok(types::Changed { answer, made }),
            Err(fault) => Err(self.tell(fault)),
        })
    }

    async fn assume_role(
        &mut self,
        handle: Resource<OpenedAccount>,
        arn: String,
        session: String,
    ) -> wasmtime::Result<Result<Resource<OpenedAccount>, types::Fault>> {
        let account = self.account(&handle)?;
        Ok(
            match self.context.assume_role(account, arn, session).await? {
                Ok(role) => Ok(self.table.push(role)?),
                Err(fault) => Err(self.tell(fault)),
            },
        )
    }

    fn drop(&mut self, handle: Resource<OpenedAccount>) -> wasmtime::Result<()> {
        self.table.delete(handle)?;
        Ok(())
    }
}

impl Guest {
    fn account(
        &self,
        handle: &Resource<OpenedAccount>,
    ) -> Result<OpenedAccount, ResourceTableError> {
        self.table.get(handle).cloned()
    }

    fn tell(&mut self, fault: Fault) -> types::Fault {
        self.context.told.add(&fault);
        fault.into()
    }
}

impl http::Host for Guest {
    async fn send(
        &mut self,
        request: http::Request,
        auth: Option<String>,
    ) -> wasmtime::Result<Result<http::Response, types::Fault>> {
        let http::Request {
            method,
            url,
            headers,
            body,
        } = request;
        let parts = RequestParts {
            method,
            url,
            headers,
            body,
        };
        let answer = self.context.send(parts, auth).await?;
        Ok(answer.map(Into::into).map_err(|fault| self.tell(fault)))
    }
}

impl flow::Host for Guest {
    async fn wait(&mut self, duration_ms: u64) -> wasmtime::Result<Result<(), types::Fault>> {
        let waited = self.context.wait(duration_ms).await?;
        Ok(waited.map_err(|fault| self.tell(fault)))
    }

    async fn progress(&mut self, done: u64, total: u64, message: String) -> wasmtime::Result<()> {
        Ok(self.context.progress(done, total, message).await?)
    }

    fn now(&mut self) -> wasmtime::Result<u64> {
        Ok(self.context.now())
    }

    fn token(&mut self, purpose: String) -> wasmtime::Result<String> {
        Ok(self.context.token(&purpose))
    }
}

impl log::Host for Guest {
    async fn log(&mut self, level: log::Level, message: String) -> wasmtime::Result<()> {
        let level = match level {
            log::Level::Debug => LogLevel::Debug,
            log::Level::Info => LogLevel::Info,
            log::Level::Warn => LogLevel::Warn,
            log::Level::Error => LogLevel::Error,
        };
        Ok(self.context.log(level, message).await?)
    }
}

impl From<types::Find> for FindText {
    fn from(find: types::Find) -> Self {
        Self {
            rest: find.rest.map(polled),
            before_back: find.before_back.map(polled),
            fields: find.fields,
            passing: find.passing.into_iter().map(Into::into).collect(),
            read: find.read.into(),
            all_pages: find.all_pages,
            list: find.list_at,
            tests: find
                .tests
                .into_iter()
                .map(|test| (test.at, test.check.into()))
                .collect(),
            key: find.key,
            gone: find.gone,
            take: find.take,
            stays: find.stays,
            marked: find.marked,
            settle_ms: find.settle_ms,
            answer: find.answer,
        }
    }
}

fn polled(rest: types::Rest) -> (ApiText, WaitWritten) {
    let wait = WaitWritten {
        path: rest.path,
        until: rest.until,
        fail: rest.fail,
        every_ms: rest.every_ms,
        timeout_ms: rest.timeout_ms,
    };
    (rest.read.into(), wait)
}

impl From<types::Passing> for PassingText {
    fn from(passing: types::Passing) -> Self {
        Self {
            kind: passing.kind,
            behind: passing.behind,
            read: passing.read.map(Into::into),
            list: passing.list_at,
            id: passing.id,
            remove: passing.remove.map(Into::into),
            look: passing.look.into(),
            look_list: passing.look_list_at,
        }
    }
}

impl From<types::Check> for CheckText {
    fn from(check: types::Check) -> Self {
        match check {
            types::Check::Equal(value) => Self::Equal(value),
            types::Check::OneOf(values) => Self::OneOf(values),
            types::Check::NoneOf(values) => Self::NoneOf(values),
            types::Check::Contains(value) => Self::Contains(value),
            types::Check::Absent => Self::Absent,
            types::Check::Differs(value) => Self::Differs(value),
            types::Check::Json(value) => Self::Json(value),
        }
    }
}

impl From<types::Api> for ApiText {
    fn from(api: types::Api) -> Self {
        Self {
            product: api.product,
            action: api.action,
            version: api.version,
            region: api.region,
            parameters: api.parameters,
        }
    }
}

impl From<ResponseParts> for http::Response {
    fn from(parts: ResponseParts) -> Self {
        Self {
            status: parts.status,
            headers: parts.headers,
            body: parts.body,
        }
    }
}

impl From<Fault> for types::Fault {
    fn from(fault: Fault) -> Self {
        Self {
            code: fault.code,
            message: fault.message,
            class: match fault.class {
                FaultClass::Retry => types::FaultClass::Retry,
                FaultClass::Busy => types::FaultClass::Busy,
                FaultClass::LookFirst => types::FaultClass::LookFirst,
                FaultClass::Exists => types::FaultClass::Exists,
                FaultClass::Absent => types::FaultClass::Absent,
                FaultClass::Credential => types::FaultClass::Credential,
                FaultClass::Denied => types::FaultClass::Denied,
                FaultClass::Fail => types::FaultClass::Fail,
                FaultClass::Bug => types::FaultClass::Bug,
            },
            advice: fault.advice,
            request_id: fault.request_id,
        }
    }
}

impl From<types::Fault> for Fault {
    fn from(mut fault: types::Fault) -> Self {
        let texts = [&mut fault.code, &mut fault.message];
        for text in texts
            .into_iter()
            .chain(&mut fault.advice)
            .chain(&mut fault.request_id)
        {
            cut(text, FAULT_TEXT_MAX);
        }
        Self {
            code: fault.code,
            message: fault.message,
            class: match fault.class {
                types::FaultClass::Retry => FaultClass::Retry,
                types::FaultClass::Busy => FaultClass::Busy,
                types::FaultClass::LookFirst => FaultClass::LookFirst,
                types::FaultClass::Exists => FaultClass::Exists,
                types::FaultClass::Absent => FaultClass::Absent,
                types::FaultClass::Credential => FaultClass::Credential,
                types::FaultClass::Denied => FaultClass::Denied,
                types::FaultClass::Fail => FaultClass::Fail,
                types::FaultClass::Bug => FaultClass::Bug,
            },
            advice: fault.advice,
            request_id: fault.request_id,
        }
    }
}

/// A recorded change as a plugin's undo sees it; `None` for what is no call of the cloud's API.
/// `account` is the name under which the step knows the account, or the ARN of an assumed role.
pub(super) fn change(recorded: UndoChange, account: String) -> Option<types::Change> {
    let Target::Api(api) = recorded.call.target else {
        return None;
    };
    Some(types::Change {
        api: types::Api {
            product: api.product,
            action: api.action,
            version: Some(api.version),
            region: api.region,
            parameters: api.parameters.to_string(),
        },
        account,
        state: match recorded.answer {
            Some(_) => types::ChangeState::Done,
            None => types::ChangeState::Unknown,
        },
        answer: recorded.answer.map(|answer| answer.to_string()),
    })
}
