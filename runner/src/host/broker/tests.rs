//! The guest's half of a call's way, without a guest: what is asked, what reaches the driver.

mod changes;
mod defaults;
mod http;
mod looks;

use std::collections::BTreeMap;
use std::sync::Arc;

use rutter_engine::{Input, Phase, Principal, Target, Timestamp};
use rutter_manifest::Manifest;
use rutter_meaning::RequestParts;
use serde_json::json;
use tokio::sync::mpsc;

use super::*;
use crate::host::accounts::{ApiText, CheckText, FindText};
use crate::host::context::{BoundAccount, OpenedAccount};
use crate::host::hosts::Hosts;
use crate::host::line::{Desk, GuestEvent, Line};
use crate::host::told::Told;
use crate::settings::Limits;

/// A context whose driver answers every call with the next of some answers, and keeps what was asked.
struct Scene {
    context: Context,
    driver: tokio::task::JoinHandle<Vec<Asked>>,
}

struct Asked {
    fingerprint: String,
    call: HostCall,
    denied: Option<Fault>,
}

impl Scene {
    fn new(permissions: &str, answers: Vec<Result<Value, Fault>>) -> Self {
        let manifest = format!(
            "[plugin]\nname = \"p\"\nversion = \"0.1.0\"\nsummary = \"s\"\nkind = \"change\"\n\
             [accounts.account]\n{permissions}"
        );
        let (sender, receiver) = mpsc::channel(1);
        let desk = Arc::new(Desk::default());
        let at = At {
            step: "step".into(),
            item: None,
            attempt: 1,
            phase: Phase::Run,
        };
        let line = Line::new(
            at,
            Limits::default(),
            Timestamp(5),
            sender,
            Arc::clone(&desk),
        );
        let bound = BoundAccount {
            principal: source(),
            id: "1234567890123456".to_owned(),
            region: "cn-hangzhou".to_owned(),
        };
        let context = Context {
            manifest: Arc::new(Manifest::parse(&manifest).unwrap()),
            run_id: "run".to_owned(),
            generation: 0,
            accounts: BTreeMap::from([("account".to_owned(), bound)]),
            hosts: Hosts::default(),
            line,
            tokens: rutter_meaning::Tokens::default(),
            undo: None,
            handed: rutter_meaning::Handed::default(),
            secrets: crate::secrets::Secrets::new("run", None).unwrap(),
            told: Told::default(),
            log_full: false,
        };
        let driver = tokio::spawn(drive(receiver, desk, answers));
        Self { context, driver }
    }

    fn account(&self) -> OpenedAccount {
        self.context.open("account").unwrap()
    }

    /// What was asked, in order.
    async fn asked(self) -> Vec<Asked> {
        drop(self.context);
        self.driver.await.unwrap()
    }
}

async fn drive(
    mut events: mpsc::Receiver<GuestEvent>,
    desk: Arc<Desk>,
    answers: Vec<Result<Value, Fault>>,
) -> Vec<Asked> {
    let mut answers = answers.into_iter();
    let mut asked = Vec::new();
    while let Some(event) = events.recv().await {
        let GuestEvent::Input(Input::GuestCalled {
            index,
            fingerprint,
            call,
            denied,
            ..
        }) = event
        else {
            continue;
        };
        let result = match &denied {
            Some(fault) => Err(fault.clone()),
            None => answers.next().unwrap_or(Ok(Value::Null)),
        };
        assert!(desk.hand_in(index, result, Timestamp(6)));
        let call = *call;
        asked.push(Asked {
            fingerprint,
            call,
            denied,
        });
    }
    asked
}

fn text(product: &str, action: &str, parameters: Value) -> ApiText {
    ApiText {
        product: product.to_owned(),
        action: action.to_owned(),
        version: None,
        region: None,
        parameters: parameters.to_string(),
    }
}

fn source() -> Principal {
    Principal::new("source").unwrap()
}

fn role() -> ApiText {
    let parameters = json!({"RoleName": "r", "AssumeRolePolicyDocument": "{}"});
    text("ram", "CreateRole", parameters)
}

fn call_of(asked: &Asked) -> &Call {
    match &asked.call {
        HostCall::Call { call, .. } | HostCall::WaitFor { call, .. } => call,
        HostCall::Sleep { .. } => panic!("a sleep is no call"),
    }
}

fn parameters(call: &Call) -> &Value {
    match &call.target {
        Target::Api(api) => &api.parameters,
        other => panic!("no API call: {other:?}"),
    }
}

fn allow(calls: &str) -> String {
    format!("[[permissions]]\ncall = [{calls}]\nreason = \"r\"\n")
}

/// A look at a role by its name.
fn look(read: ApiText) -> FindText {
    FindText {
        rest: None,
        read,
        all_pages: false,
        list: String::new(),
        tests: vec![(
            "/Role/RoleName".to_owned(),
            CheckText::Equal("\"r\"".to_owned()),
        )],
        key: "/Role/RoleId".to_owned(),
        gone: false,
        take: true,
        stays: false,
        marked: false,
        before_back: None,
        fields: Vec::new(),
        passing: Vec::new(),
        settle_ms: None,
        answer: "null".to_owned(),
    }
}

fn request(url: &str) -> RequestParts {
    RequestParts {
        method: "post".to_owned(),
        url: url.to_owned(),
        headers: vec![],
        body: Some(b"hello".to_vec()),
    }
}
