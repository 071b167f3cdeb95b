//! The component's side of the interface `rutter:step`: converts, and does nothing else.

use serde_json::{Map, Value};

use crate::account::{AccountBackend, Until};
use crate::api::Api;
use crate::duration::milliseconds;
use crate::fault::{Fault, FaultClass};
use crate::find::{Check, Find, Passing, Rest};
use crate::host::{Host, HostBackend, HttpRequest, HttpResponse, Level};
use crate::plugin::{MadeChange, Plugin};

#[expect(missing_docs, reason = "generated; documented in sdk/wit")]
#[rustfmt::skip]
pub mod bindings;

use bindings::rutter::step::{accounts, flow, http, log, types};

/// Runs a plugin for the host.
///
/// # Errors
/// The plugin's own fault; `sdk.inputs` and `sdk.outputs` where a text does not fit the manifest.
pub fn run(plugin: &Plugin, inputs: &str) -> Result<String, types::Fault> {
    report_panics();
    (plugin.run)(&Host::new(Imports), inputs).map_err(types::Fault::from)
}

/// Runs a plugin's undo for the host.
///
/// # Errors
/// As [`run`]; `sdk.no-undo` if it has none.
pub fn undo(
    plugin: &Plugin,
    inputs: &str,
    changes: Vec<types::Change>,
    outputs: Option<&str>,
) -> Result<(), types::Fault> {
    report_panics();
    let Some(undo) = plugin.undo else {
        let message = "the plugin has no undo of its own";
        return Err(Fault::new(FaultClass::Bug, "sdk.no-undo", message).into());
    };
    let changes = changes.into_iter().map(MadeChange::from).collect();
    undo(&Host::new(Imports), inputs, changes, outputs).map_err(types::Fault::from)
}

/// A panic ends the guest in a trap, which says nothing: the log keeps the reason.
fn report_panics() {
    std::panic::set_hook(Box::new(|panic| {
        log::log(log::Level::Error, &panic.to_string());
    }));
}

/// The imports of the component.
struct Imports;

impl HostBackend for Imports {
    fn open(&self, name: &str) -> Result<Box<dyn AccountBackend>, Fault> {
        let account = accounts::open(name).map_err(Fault::from)?;
        Ok(Box::new(account))
    }

    fn send(&self, request: &HttpRequest, auth: Option<&str>) -> Result<HttpResponse, Fault> {
        let request = http::Request {
            method: request.method.clone(),
            url: request.url.clone(),
            headers: request.headers.clone(),
            body: request.body.clone(),
        };
        let response = http::send(&request, auth).map_err(Fault::from)?;
        Ok(HttpResponse {
            status: response.status,
            headers: response.headers,
            body: response.body,
        })
    }

    fn wait(&self, duration_ms: u64) -> Result<(), Fault> {
        flow::wait(duration_ms).map_err(Fault::from)
    }

    fn progress(&self, done: u64, total: u64, message: &str) {
        flow::progress(done, total, message);
    }

    fn now_ms(&self) -> u64 {
        flow::now()
    }

    fn token(&self, purpose: &str) -> String {
        flow::token(purpose)
    }

    fn log(&self, level: Level, message: &str) {
        let level = match level {
            Level::Debug => log::Level::Debug,
            Level::Info => log::Level::Info,
            Level::Warn => log::Level::Warn,
            Level::Error => log::Level::Error,
        };
        log::log(level, message);
    }
}

impl AccountBackend for accounts::Account {
    fn id(&self) -> String {
        accounts::Account::id(self)
    }

    fn region(&self) -> String {
        accounts::Account::region(self)
    }

    fn call(&self, api: &Api, reverse: Option<&Api>) -> Result<String, Fault> {
        let reverse = reverse.map(types::Api::from);
        accounts::Account::call(self, &types::Api::from(api), reverse.as_ref()).map_err(Fault::from)
    }

    fn change(
        &self,
        api: &Api,
        reverse: Option<&Api>,
        find: &Find,
        take: bool,
    ) -> Result<(String, bool), Fault> {
        let reverse = reverse.map(types::Api::from);
        let find = types::Find::of(find, take);
        let api = types::Api::from(api);
        let changed = accounts::Account::change(self, &api, reverse.as_ref(), &find);
        let changed = changed.map_err(Fault::from)?;
        Ok((changed.answer, changed.made))
    }

    fn call_all(&self, api: &Api) -> Result<String, Fault> {
        accounts::Account::call_all(self, &types::Api::from(api)).map_err(Fault::from)
    }

    fn wait_for(&self, api: &Api, until: &Until) -> Result<String, Fault> {
        accounts::Account::wait_for(
            self,
            &types::Api::from(api),
            &until.path,
            &until.until,
            &until.fail,
            until.every_ms,
            until.timeout_ms,
        )
        .map_err(Fault::from)
    }

    fn assume_role(&self, arn: &str, session: &str) -> Result<Box<dyn AccountBackend>, Fault> {
        let account = accounts::Account::assume_role(self, arn, session).map_err(Fault::from)?;
        Ok(Box::new(account))
    }
}

impl types::Find {
    fn of(find: &Find, take: bool) -> Self {
        Self {
            rest: find.rest.as_ref().map(types::Rest::from),
            read: types::Api::from(&find.read),
            all_pages: find.all_pages,
            list_at: find.list.clone(),
            tests: find
                .tests
                .iter()
                .map(|(at, check)| types::Test {
                    at: at.clone(),
                    check: types::Check::from(check),
                })
                .collect(),
            key: find.key.clone(),
            gone: find.gone,
            take,
            stays: find.stays,
            marked: find.marked,
            before_back: find.before_back.as_ref().map(types::Rest::from),
            fields: find.fields.clone(),
            passing: find.passing.iter().map(types::Passing::from).collect(),
            settle_ms: Some(milliseconds(find.settle)),
            answer: find.answer.to_string(),
        }
    }
}

impl From<&Rest> for types::Rest {
    fn from(rest: &Rest) -> Self {
        Self {
            read: types::Api::from(&rest.read),
            path: rest.path.clone(),
            until: rest.until.clone(),
            fail: rest.fail.clone(),
            every_ms: None,
            timeout_ms: rest.timeout.map(milliseconds),
        }
    }
}

impl From<&Passing> for types::Passing {
    fn from(passing: &Passing) -> Self {
        Self {
            kind: passing.kind.clone(),
            behind: passing.behind,
            read: passing.read.as_ref().map(types::Api::from),
            list_at: passing.list.clone(),
            id: passing.id.clone(),
            remove: passing.remove.as_ref().map(types::Api::from),
            look: types::Api::from(&passing.look),
            look_list_at: passing.look_list.clone(),
        }
    }
}

impl From<&Check> for types::Check {
    fn from(check: &Check) -> Self {
        let texts = |values: &[Value]| values.iter().map(Value::to_string).collect();
        match check {
            Check::Equal(value) => Self::Equal(value.to_string()),
            Check::OneOf(values) => Self::OneOf(texts(values)),
            Check::NoneOf(values) => Self::NoneOf(texts(values)),
            Check::Contains(value) => Self::Contains(value.to_string()),
            Check::Absent => Self::Absent,
            Check::Differs(value) => Self::Differs(value.to_string()),
            Check::Json(value) => Self::Json(value.to_string()),
        }
    }
}

impl From<&Api> for types::Api {
    fn from(api: &Api) -> Self {
        Self {
            product: api.product.clone(),
            action: api.action.clone(),
            version: api.version.clone(),
            region: api.region.clone(),
            parameters: parameters_text(&api.parameters),
        }
    }
}

fn parameters_text(parameters: &Map<String, Value>) -> String {
    serde_json::to_string(parameters).expect("a JSON object can be written")
}

impl From<types::Change> for MadeChange {
    fn from(change: types::Change) -> Self {
        let object = |text: &str| match serde_json::from_str(text) {
            Ok(Value::Object(object)) => object,
            _ => Map::new(),
        };
        let happened = change.state == types::ChangeState::Done;
        Self {
            api: Api {
                product: change.api.product,
                action: change.api.action,
                version: change.api.version,
                region: change.api.region,
                parameters: object(&change.api.parameters),
            },
            account: change.account,
            answer: change
                .answer
                .filter(|_| happened)
                .map(|text| serde_json::from_str(&text).unwrap_or(Value::Null)),
        }
    }
}

impl From<types::Fault> for Fault {
    fn from(fault: types::Fault) -> Self {
        Self {
            code: fault.code,
            message: fault.message,
            class: fault.class.into(),
            advice: fault.advice,
            request_id: fault.request_id,
        }
    }
}

impl From<Fault> for types::Fault {
    fn from(fault: Fault) -> Self {
        Self {
            code: fault.code,
            message: fault.message,
            class: fault.class.into(),
            advice: fault.advice,
            request_id: fault.request_id,
        }
    }
}

/// The same classes on both sides.
macro_rules! same_classes {
    ($($class:ident),*) => {
        impl From<types::FaultClass> for FaultClass {
            fn from(class: types::FaultClass) -> Self {
                match class {
                    $(types::FaultClass::$class => Self::$class,)*
                }
            }
        }

        impl From<FaultClass> for types::FaultClass {
            fn from(class: FaultClass) -> Self {
                match class {
                    $(FaultClass::$class => Self::$class,)*
                }
            }
        }
    };
}

same_classes!(
    Retry, Busy, LookFirst, Exists, Absent, Credential, Denied, Fail, Bug
);
