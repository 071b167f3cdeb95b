//! The test double behind a [`Host`](crate::Host): what the plugin writes, handed to the stage.

use std::cell::RefCell;
use std::rc::Rc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rutter_engine::{Is, Principal, RoleArn, Test};
use rutter_meaning::{
    CallWritten, Handle, HostRequest, HttpAnswer, LookWritten, PassingWritten, RequestParts, Rules,
    WaitWritten, condition, pause, request, wrong,
};
use serde_json::Value;

use crate::account::{AccountBackend, Until};
use crate::api::Api;
use crate::duration::milliseconds;
use crate::fault::{Fault, FaultClass};
use crate::find::{Check, Find, Passing, Rest};
use crate::host::{HostBackend, HttpRequest, HttpResponse, Level};
use crate::testing::stage::Stage;

/// A handle on the stage, which the host and its accounts share.
#[derive(Clone)]
pub(super) struct Double(pub(super) Rc<RefCell<Stage>>);

impl Double {
    fn serve(&self, host_request: HostRequest) -> Result<Value, Fault> {
        self.0.borrow_mut().serve(host_request).map_err(Fault::from)
    }
}

impl HostBackend for Double {
    fn open(&self, name: &str) -> Result<Box<dyn AccountBackend>, Fault> {
        let stage = self.0.borrow();
        if !stage.manifest.accounts.contains_key(name) {
            let message = format!("the manifest has no account `{name}`");
            return Err(Fault::new(FaultClass::Denied, "rutter.denied", message));
        }
        let id = stage.account_id(name).ok_or_else(|| {
            Fault::new(
                FaultClass::Bug,
                "case.account",
                format!("the case has no account `{name}`"),
            )
        })?;
        let handle = Handle {
            opened_as: name.to_owned(),
            account: Principal::new(name).map_err(rutter_engine::Fault::from)?,
        };
        Ok(Box::new(AccountDouble {
            double: self.clone(),
            region: stage.region(name),
            handle,
            id,
        }))
    }

    fn send(&self, asked: &HttpRequest, auth: Option<&str>) -> Result<HttpResponse, Fault> {
        let parts = RequestParts {
            method: asked.method.clone(),
            url: asked.url.clone(),
            headers: asked.headers.clone(),
            body: asked.body.clone(),
        };
        let (request, url) = request(parts, auth.map(str::to_owned), Rules::ALL)?;
        let answer = self.serve(HostRequest::Http { request, url })?;
        let unreadable = |error: String| Fault::unexpected_answer(error);
        let answer: HttpAnswer =
            serde_json::from_value(answer).map_err(|error| unreadable(error.to_string()))?;
        let body = STANDARD.decode(&answer.body);
        Ok(HttpResponse {
            status: answer.status,
            headers: answer.headers,
            body: body.map_err(|error| unreadable(error.to_string()))?,
        })
    }

    fn wait(&self, duration_ms: u64) -> Result<(), Fault> {
        let duration_ms = pause(duration_ms, Rules::ALL)?;
        Ok(self.0.borrow_mut().pause(duration_ms)?)
    }

    fn progress(&self, _done: u64, _total: u64, _message: &str) {}

    fn now_ms(&self) -> u64 {
        u64::try_from(self.0.borrow().told_at().0).unwrap_or_default()
    }

    fn token(&self, purpose: &str) -> String {
        format!("token-for-{purpose}")
    }

    fn log(&self, _level: Level, _message: &str) {}
}

struct AccountDouble {
    double: Double,
    handle: Handle,
    id: String,
    region: String,
}

impl AccountDouble {
    /// Makes one call; the value that the engine answers.
    fn make(
        &self,
        api: &Api,
        reverse: Option<&Api>,
        look: Option<LookWritten>,
    ) -> Result<Value, Fault> {
        let reverse = reverse.map(|reverse| written(reverse).complete(Rules::ALL));
        let look = look.map(|look| look.complete(Rules::ALL));
        self.double.serve(HostRequest::Call {
            handle: self.handle.clone(),
            api: written(api).complete(Rules::ALL)?,
            reverse: reverse.transpose()?,
            look: look.transpose()?.map(Box::new),
        })
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
        Ok(self.make(api, reverse, None)?.to_string())
    }

    fn change(
        &self,
        api: &Api,
        reverse: Option<&Api>,
        find: &Find,
        take: bool,
    ) -> Result<(String, bool), Fault> {
        let told = self.make(api, reverse, Some(look(find, take)))?;
        let made = told["made"] == Value::Bool(true);
        Ok((told["answer"].to_string(), made))
    }

    fn call_all(&self, api: &Api) -> Result<String, Fault> {
        let answer = self.double.serve(HostRequest::CallAll {
            handle: self.handle.clone(),
            api: written(api).complete(Rules::ALL)?,
        })?;
        Ok(answer.to_string())
    }

    fn wait_for(&self, api: &Api, until: &Until) -> Result<String, Fault> {
        let api = written(api).complete(Rules::ALL)?;
        let wait = WaitWritten {
            path: until.path.clone(),
            until: until.until.clone(),
            fail: until.fail.clone(),
            every_ms: until.every_ms,
            timeout_ms: until.timeout_ms,
        };
        let answer = self.double.serve(HostRequest::WaitFor {
            handle: self.handle.clone(),
            condition: condition(&api, wait, Rules::ALL)?,
            api,
        })?;
        Ok(answer.to_string())
    }

    fn assume_role(&self, arn: &str, session: &str) -> Result<Box<dyn AccountBackend>, Fault> {
        let arn =
            RoleArn::new(arn).map_err(|_| wrong(format!("`{arn}` is not the ARN of a role")))?;
        self.double.serve(HostRequest::AssumeRole {
            handle: self.handle.clone(),
            arn: arn.clone(),
            session: session.to_owned(),
        })?;
        Ok(Box::new(Self {
            double: self.double.clone(),
            handle: Handle {
                opened_as: self.handle.opened_as.clone(),
                account: self.handle.account.assumed(arn.clone()),
            },
            id: arn.account_id().to_owned(),
            region: self.region.clone(),
        }))
    }
}

fn written(api: &Api) -> CallWritten {
    CallWritten {
        product: api.product.clone(),
        action: api.action.clone(),
        version: api.version.clone(),
        region: api.region.clone(),
        parameters: Value::Object(api.parameters.clone()),
    }
}

fn look(find: &Find, take: bool) -> LookWritten {
    let tests = find.tests.iter().map(|(at, check)| Test {
        at: at.clone(),
        is: is(check),
    });
    LookWritten {
        rest: find.rest.as_ref().map(polled),
        before_back: find.before_back.as_ref().map(polled),
        fields: find.fields.clone(),
        passing: find.passing.iter().map(in_passing).collect(),
        read: written(&find.read),
        all_pages: find.all_pages,
        list: find.list.clone(),
        tests: tests.collect(),
        key: find.key.clone(),
        gone: find.gone,
        take,
        stays: find.stays,
        marked: find.marked,
        settle_ms: Some(milliseconds(find.settle)),
        answer: find.answer.clone(),
    }
}

fn polled(rest: &Rest) -> (CallWritten, WaitWritten) {
    let wait = WaitWritten {
        path: rest.path.clone(),
        until: rest.until.clone(),
        fail: rest.fail.clone(),
        every_ms: None,
        timeout_ms: rest.timeout.map(milliseconds),
    };
    (written(&rest.read), wait)
}

fn in_passing(passing: &Passing) -> PassingWritten {
    PassingWritten {
        kind: passing.kind.clone(),
        behind: passing.behind,
        read: passing.read.as_ref().map(written),
        list: passing.list.clone(),
        id: passing.id.clone(),
        remove: passing.remove.as_ref().map(written),
        look: written(&passing.look),
        look_list: passing.look_list.clone(),
    }
}

fn is(check: &Check) -> Is {
    match check.clone() {
        Check::Equal(value) => Is::Equal(value),
        Check::OneOf(values) => Is::OneOf(values),
        Check::NoneOf(values) => Is::NoneOf(values),
        Check::Contains(value) => Is::Contains(value),
        Check::Absent => Is::Absent,
        Check::Differs(value) => Is::Differs(value),
        Check::Json(value) => Is::Json(value),
    }
}

/// The host's faults on the plugin's side, and back.
macro_rules! same_faults {
    ($($class:ident),*) => {
        impl From<rutter_engine::Fault> for Fault {
            fn from(fault: rutter_engine::Fault) -> Self {
                Self {
                    code: fault.code,
                    message: fault.message,
                    class: match fault.class {
                        $(rutter_engine::FaultClass::$class => FaultClass::$class,)*
                    },
                    advice: fault.advice,
                    request_id: fault.request_id,
                }
            }
        }

        impl From<Fault> for rutter_engine::Fault {
            fn from(fault: Fault) -> Self {
                Self {
                    code: fault.code,
                    message: fault.message,
                    class: match fault.class {
                        $(FaultClass::$class => rutter_engine::FaultClass::$class,)*
                    },
                    advice: fault.advice,
                    request_id: fault.request_id,
                }
            }
        }
    };
}

same_faults!(
    Retry, Busy, LookFirst, Exists, Absent, Credential, Denied, Fail, Bug
);

impl From<FaultClass> for rutter_engine::FaultClass {
    fn from(class: FaultClass) -> Self {
        rutter_engine::Fault::from(Fault::new(class, "", "")).class
    }
}
