//! The guest's half of a call's way, without a guest: what is asked, what reaches the driver.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rutter_engine::{
    Ask, Class, FaultClass, Input, Phase, Principal, Repeat, RoleArn, Target, Timestamp,
};
use rutter_manifest::Manifest;
use rutter_meaning::{RequestParts, WaitWritten};
use serde_json::json;
use tokio::sync::mpsc;

use super::*;
use crate::host::accounts::{ApiText, CheckText, FindText};
use crate::host::context::{BoundAccount, OpenedAccount};
use crate::host::hosts::Hosts;
use crate::host::line::{Desk, GuestEvent, Line};
use crate::host::told::Told;
use crate::journal::LogLevel;
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

#[tokio::test]
async fn a_change_is_classed_by_the_contracts_and_its_reverse_too() {
    let permissions = allow(r#""ram:CreateRole", "ram:DeleteRole""#);
    let mut scene = Scene::new(&permissions, vec![]);
    let account = scene.account();
    let reverse = text("ram", "DeleteRole", json!({"RoleName": "r"}));
    let made = scene.context.call(account, role(), Some(reverse)).await;
    assert_eq!(made, Ok(Ok("null".to_owned())));
    let asked = scene.asked().await;
    assert_eq!(asked[0].denied, None);
    let HostCall::Call {
        call,
        reverse: Some(reverse),
        ..
    } = &asked[0].call
    else {
        panic!("a call with its reverse")
    };
    assert_eq!(
        (call.account.as_ref(), call.class),
        (Some(&source()), Class::Change)
    );
    assert_eq!(
        (reverse.account.as_ref(), reverse.class),
        (Some(&source()), Class::Change)
    );
    assert_eq!(call.label(), "RAM:CreateRole");
    assert_eq!(reverse.label(), "RAM:DeleteRole");
}

#[tokio::test]
async fn a_change_whose_reverse_is_not_allowed_is_denied_before_it_is_made() {
    let mut scene = Scene::new(&allow(r#""ram:CreateRole""#), vec![]);
    let account = scene.account();
    let reverse = text("ram", "DeleteRole", json!({"RoleName": "r"}));
    let answer = scene.context.call(account, role(), Some(reverse)).await;
    let fault = answer.unwrap().unwrap_err();
    assert_eq!(fault.code, "rutter.denied");
    assert!(
        fault.message.contains("takes it back") && fault.message.contains("ram:DeleteRole"),
        "{}",
        fault.message
    );
}

#[tokio::test]
async fn a_denied_call_still_reaches_the_driver_which_may_know_its_answer() {
    let mut scene = Scene::new("", vec![]);
    let account = scene.account();
    let answer = scene.context.call(account, role(), None).await;
    assert_eq!(answer.unwrap().unwrap_err().code, "rutter.denied");
    let asked = scene.asked().await;
    assert_eq!(call_of(&asked[0]).label(), "RAM:CreateRole");
    assert!(asked[0].denied.is_some());
}

#[tokio::test]
async fn a_call_with_a_secret_in_plain_text_is_refused_and_its_record_shows_none() {
    let permission = "[[permissions]]\n\
        http = { host = \"a.example.com\", methods = [\"GET\"], path = \"/*\", kind = \"read\" }\nreason = \"r\"\n";
    let mut scene = Scene::new(permission, vec![]);
    let secret = crate::secrets::SecretText::new("planted-0001-secret");
    scene.context.secrets.input("key", secret);
    let request = rutter_meaning::RequestParts {
        method: "GET".to_owned(),
        url: "https://a.example.com/planted-0001%2Dsecret".to_owned(),
        headers: Vec::new(),
        body: None,
    };
    let told = scene.context.send(request, None).await.unwrap();
    let fault = told.unwrap_err();
    assert_eq!(fault.code, "rutter.secret-plain");
    assert!(fault.message.contains("[secret inputs.key]"), "{fault}");
    let asked = &scene.asked().await[0];
    assert!(asked.denied.is_some());
    let label = call_of(asked).label();
    assert!(!label.contains("0001"), "{label}");
}

#[tokio::test]
async fn parameters_that_break_the_contract_are_refused_with_the_place_and_not_sent() {
    let mut scene = Scene::new(&allow(r#""ram:CreateRole""#), vec![]);
    let account = scene.account();
    let wrong = text("ram", "CreateRole", json!({"RoleName": "r"}));
    let fault = scene
        .context
        .call(account, wrong, None)
        .await
        .unwrap()
        .unwrap_err();
    assert_eq!(
        (fault.code.as_str(), fault.class),
        ("rutter.wrong-request", FaultClass::Bug)
    );
    assert!(
        fault.message.contains("AssumeRolePolicyDocument"),
        "{}",
        fault.message
    );
    assert!(scene.asked().await[0].denied.is_some());
}

#[tokio::test]
async fn text_that_is_no_object_is_refused_at_once() {
    let mut scene = Scene::new(&allow(r#""ram:CreateRole""#), vec![]);
    for parameters in ["[]", "{", "5", "{\"a\": NaN}"] {
        let account = scene.account();
        let api = ApiText {
            parameters: parameters.to_owned(),
            ..role()
        };
        let answer = scene.context.call(account, api, None).await;
        assert_eq!(answer.unwrap().unwrap_err().code, "rutter.wrong-request");
    }
    assert!(scene.asked().await.is_empty());
}

#[tokio::test]
async fn what_the_contracts_do_not_know_is_a_change_that_is_never_repeated() {
    let mut scene = Scene::new(&allow(r#""oss:GetBucket", "ram:GetEverything""#), vec![]);
    let account = scene.account();
    let mut unknown = text("oss", "GetBucket", json!({}));
    unknown.version = Some("2019-05-17".to_owned());
    let action = text("ram", "GetEverything", json!({}));
    for api in [unknown, action] {
        let answer = scene.context.call(account.clone(), api, None).await;
        assert_eq!(answer, Ok(Ok("null".to_owned())));
    }
    let unversioned = text("oss", "GetBucket", json!({}));
    let answer = scene.context.call(account, unversioned, None).await;
    assert_eq!(answer.unwrap().unwrap_err().code, "rutter.wrong-request");
    for asked in scene.asked().await {
        let call = call_of(&asked);
        assert_eq!((call.class, call.repeat), (Class::Change, Repeat::Never));
    }
}

#[tokio::test]
async fn roles_are_assumed_through_handles_only() {
    let permissions = format!(
        "{}[[permissions]]\ncall = [\"ram:GetRole\"]\nassumed = true\nreason = \"r\"\n",
        allow(r#""sts:AssumeRole""#)
    );
    let mut scene = Scene::new(&permissions, vec![]);
    let account = scene.account();
    let arn = "acs:ram::6543210987654321:role/reader";
    let parameters = json!({"RoleArn": arn, "RoleSessionName": "s"});
    let direct = text("sts", "AssumeRole", parameters);
    let answer = scene.context.call(account.clone(), direct, None).await;
    assert_eq!(answer.unwrap().unwrap_err().code, "rutter.denied");

    let role = scene
        .context
        .assume_role(account.clone(), arn.to_owned(), "s".to_owned())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(role.bound.id, "6543210987654321");
    assert_eq!(role.bound.region, "cn-hangzhou");
    let read = || text("ram", "GetRole", json!({"RoleName": "r"}));
    assert!(
        scene
            .context
            .call(role, read(), None)
            .await
            .unwrap()
            .is_ok()
    );
    let own = scene.context.call(account, read(), None).await;
    assert_eq!(own.unwrap().unwrap_err().code, "rutter.denied");

    let asked = scene.asked().await;
    let assumed = call_of(&asked[1]);
    assert_eq!(
        (assumed.account.as_ref(), assumed.class),
        (Some(&source()), Class::Read)
    );
    let reader = source().assumed(RoleArn::new(arn).unwrap());
    assert_eq!(call_of(&asked[2]).account, Some(reader));
}

#[tokio::test]
async fn a_client_token_stays_while_a_change_fails_and_changes_once_it_succeeded() {
    let fault = Fault::new(FaultClass::LookFirst, "rutter.unknown-outcome", "no answer");
    let answers = vec![Err(fault), Ok(Value::Null), Ok(Value::Null)];
    let mut scene = Scene::new(&allow(r#""ecs:RunInstances""#), answers);
    let account = scene.account();
    let run = || {
        let parameters = json!({"RegionId": "cn-hangzhou", "ImageId": "m-1"});
        text("ecs", "RunInstances", parameters)
    };
    for _ in 0..3 {
        let _ = scene.context.call(account.clone(), run(), None).await;
    }
    let mut own = run();
    own.parameters =
        json!({"RegionId": "cn-hangzhou", "ImageId": "m-1", "ClientToken": "mine"}).to_string();
    let _ = scene.context.call(account, own, None).await;
    let asked = scene.asked().await;
    let tokens: Vec<&str> = asked
        .iter()
        .map(|asked| parameters(call_of(asked))["ClientToken"].as_str().unwrap())
        .collect();
    assert_eq!(
        tokens[0], tokens[1],
        "the second is the repetition of the first"
    );
    assert_ne!(tokens[1], tokens[2], "the third is another change");
    assert_eq!(tokens[3], "mine");
    assert!(tokens[0].len() <= 64);
    assert_eq!(asked[0].fingerprint, asked[1].fingerprint);
    assert_eq!(asked[1].fingerprint, asked[2].fingerprint);
    assert!(matches!(call_of(&asked[0]).repeat, Repeat::Token { .. }));
    let (first, second) = (tokens[0].to_owned(), tokens[2].to_owned());

    let mut later = Scene::new(&allow(r#""ecs:RunInstances""#), Vec::new());
    later.context.tokens = rutter_meaning::Tokens::after(BTreeSet::from([first]));
    let account = later.account();
    let _ = later.context.call(account, run(), None).await;
    let asked = later.asked().await;
    assert_eq!(
        parameters(call_of(&asked[0]))["ClientToken"],
        second,
        "what an earlier attempt did is not answered from what the cloud remembers"
    );
    assert_eq!(call_of(&asked[0]).ask, Some(Ask::Costs));
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

#[tokio::test]
async fn a_change_carries_its_look_and_is_told_whether_it_made_it() {
    let permissions = allow(r#""ram:CreateRole", "ram:GetRole""#);
    let answer = json!({"answer": {"Role": {}}, "made": true});
    let mut scene = Scene::new(&permissions, vec![Ok(answer)]);
    let account = scene.account();
    let read = text("ram", "GetRole", json!({"RoleName": "r"}));
    let changed = scene
        .context
        .change(account, role(), None, look(read))
        .await;
    assert_eq!(changed, Ok(Ok(("{\"Role\":{}}".to_owned(), true))));
    let asked = scene.asked().await;
    let HostCall::Call {
        find: Some(find), ..
    } = &asked[0].call
    else {
        panic!("a call with its look")
    };
    assert_eq!(find.read.class, Class::Read);
    assert_eq!(find.read.account, Some(source()));
    assert!(find.settle_ms > 0);
}

#[tokio::test]
async fn a_look_is_judged_with_the_change_that_it_belongs_to() {
    let read = || text("ram", "GetRole", json!({"RoleName": "r"}));
    let cases = [
        (r#""ram:CreateRole""#, role(), read(), "rutter.denied"),
        (
            r#""ram:CreateRole""#,
            role(),
            role(),
            "rutter.wrong-request",
        ),
        (r#""ram:GetRole""#, read(), read(), "rutter.wrong-request"),
    ];
    for (permissions, api, read, code) in cases {
        let mut scene = Scene::new(&allow(permissions), vec![]);
        let account = scene.account();
        let changed = scene.context.change(account, api, None, look(read)).await;
        assert_eq!(changed.unwrap().unwrap_err().code, code);
    }
}

#[tokio::test]
async fn who_uses_what_is_destroyed_later_has_to_be_readable_before_it_is_made() {
    let granted = r#""ram:CreateRole", "ram:GetRole", "ram:DeleteRole""#;
    let more = format!("{granted}, \"ram:ListPoliciesForRole\"");
    for (permissions, is_denied) in [(granted, true), (more.as_str(), false)] {
        let answer = json!({"answer": {}, "made": true});
        let mut scene = Scene::new(&allow(permissions), vec![Ok(answer)]);
        let account = scene.account();
        let read = text("ram", "GetRole", json!({"RoleName": "r"}));
        let delete = text("ram", "DeleteRole", json!({"RoleName": "r"}));
        let changed = scene
            .context
            .change(account, role(), Some(delete), look(read))
            .await
            .unwrap();
        assert_eq!(changed.is_err(), is_denied);
        if let Err(fault) = changed {
            assert_eq!(fault.code, "rutter.denied");
            continue;
        }
        let asked = scene.asked().await;
        let HostCall::Call {
            find: Some(find), ..
        } = &asked[0].call
        else {
            panic!("a call with its look")
        };
        assert_eq!(find.uses[0].read.label(), "RAM:ListPoliciesForRole");
    }
}

#[tokio::test]
async fn a_wait_is_completed_from_the_contract_and_is_for_reads_only() {
    let permissions = allow(r#""dts:DescribeDtsJobDetail", "ram:GetRole", "ram:CreateRole""#);
    let mut scene = Scene::new(&permissions, vec![]);
    let account = scene.account();
    let none = WaitWritten {
        path: String::new(),
        until: vec![],
        fail: vec![],
        every_ms: None,
        timeout_ms: None,
    };
    let job = text(
        "dts",
        "DescribeDtsJobDetail",
        json!({"RegionId": "cn-hangzhou", "DtsJobId": "j"}),
    );
    let waited = scene
        .context
        .wait_for(account.clone(), job, none.clone())
        .await;
    assert_eq!(waited, Ok(Ok("null".to_owned())));
    let own = WaitWritten {
        path: "/Role/RoleName".to_owned(),
        until: vec!["r".to_owned()],
        every_ms: Some(1),
        ..none.clone()
    };
    let read = text("ram", "GetRole", json!({"RoleName": "r"}));
    let waited = scene
        .context
        .wait_for(account.clone(), read.clone(), own.clone())
        .await;
    assert_eq!(waited, Ok(Ok("null".to_owned())));
    let vague = scene.context.wait_for(account.clone(), read, none).await;
    assert_eq!(vague.unwrap().unwrap_err().code, "rutter.wrong-request");
    let change = scene.context.wait_for(account, role(), own).await;
    assert!(
        change
            .unwrap()
            .unwrap_err()
            .message
            .contains("not known to be a read")
    );

    let asked = scene.asked().await;
    let condition = |asked: &Asked| match &asked.call {
        HostCall::WaitFor { condition, .. } => condition.clone(),
        other => panic!("a wait was expected, not {other:?}"),
    };
    let usual = condition(&asked[0]);
    assert!(!usual.path.is_empty() && !usual.until.is_empty());
    assert!(usual.every_ms >= 1_000 && usual.timeout_ms > usual.every_ms);
    let given = condition(&asked[1]);
    assert_eq!(given.path, "/Role/RoleName");
    assert_eq!((given.every_ms, given.timeout_ms), (100, 12 * 3_600_000));
}

fn request(url: &str) -> RequestParts {
    RequestParts {
        method: "post".to_owned(),
        url: url.to_owned(),
        headers: vec![],
        body: Some(b"hello".to_vec()),
    }
}

#[tokio::test]
async fn a_request_by_http_is_a_change_unless_the_manifest_says_read() {
    let permissions = "[[permissions]]\n\
        http = { host = \"a.example\", methods = [\"POST\"], path = \"/*\" }\nreason = \"r\"\n\
        [[permissions]]\n\
        http = { host = \"b.example\", methods = [\"POST\"], path = \"/*\", kind = \"read\" }\n\
        reason = \"r\"\n";
    let answer = json!({"status": 200, "headers": [["a", "b"]], "body": "aGk="});
    let mut scene = Scene::new(permissions, vec![Ok(answer)]);
    let response = scene
        .context
        .send(request("https://a.example/x"), None)
        .await;
    let response = response.unwrap().unwrap();
    assert_eq!((response.status, response.body), (200, b"hi".to_vec()));
    let _ = scene
        .context
        .send(request("https://b.example/x"), None)
        .await;
    let asked = scene.asked().await;
    assert_eq!(call_of(&asked[0]).class, Class::Change);
    assert_eq!(call_of(&asked[0]).repeat, Repeat::Never);
    assert_eq!(call_of(&asked[0]).account, None);
    assert_eq!(call_of(&asked[1]).class, Class::Read);
}

#[tokio::test]
async fn requests_that_leave_the_rails_are_refused_at_once() {
    let permissions = "[[permissions]]\n\
        http = { host = \"a.example\", methods = [\"POST\"], path = \"/*\" }\nreason = \"r\"\n";
    let mut scene = Scene::new(permissions, vec![]);
    let mut refused = Vec::new();
    for url in [
        "http://a.example/",
        "ftp://a.example/",
        "https://u:p@a.example/",
        "a",
    ] {
        refused.push(request(url));
    }
    for (name, value) in [
        ("Host", "b"),
        ("X\r\nY", "z"),
        ("X", "y\r\nHost: b"),
        ("", ""),
    ] {
        let header = (name.to_owned(), value.to_owned());
        refused.push(RequestParts {
            headers: vec![header],
            ..request("https://a.example/")
        });
    }
    for request in refused {
        let shown = format!("{request:?}");
        let answer = scene.context.send(request, None).await.unwrap();
        assert!(answer.is_err(), "{shown}");
    }
    assert!(scene.asked().await.is_empty());
}

/// What a function of the interface does for a plugin whose manifest permits nothing.
#[derive(Debug, PartialEq)]
enum Default {
    /// The driver is told that the call is denied.
    Denied,
    /// It reaches nothing but the guest's own step.
    Harmless,
}

/// Calls a function of the interface as a plugin without permissions would.
async fn by_default(function: &str) -> Option<Default> {
    let mut scene = Scene::new("", vec![]);
    let account = scene.account();
    let context = &mut scene.context;
    let api = role();
    let wait = WaitWritten {
        path: "/a".to_owned(),
        until: vec!["b".to_owned()],
        fail: vec![],
        every_ms: None,
        timeout_ms: None,
    };
    let arn = "acs:ram::6543210987654321:role/reader".to_owned();
    let answered = match function {
        // These tell the guest what it was given, or nobody anything.
        "accounts.open" | "accounts.[method]account.id" | "accounts.[method]account.region" => {
            return Some(Default::Harmless);
        }
        "flow.now" | "flow.token" => return Some(Default::Harmless),
        "flow.wait" => context.wait(1).await.map(|_| None),
        "flow.progress" => context.progress(1, 2, String::new()).await.map(|()| None),
        "log.log" => context
            .log(LogLevel::Info, String::new())
            .await
            .map(|()| None),
        "accounts.[method]account.call" => context.call(account, api, None).await.map(Result::err),
        "accounts.[method]account.call-all" => {
            context.call_all(account, api).await.map(Result::err)
        }
        "accounts.[method]account.wait-for" => {
            context.wait_for(account, api, wait).await.map(Result::err)
        }
        "accounts.[method]account.change" => context
            .change(account, api.clone(), None, look(api))
            .await
            .map(Result::err),
        "accounts.[method]account.assume-role" => {
            let session = "s".to_owned();
            context
                .assume_role(account, arn, session)
                .await
                .map(Result::err)
        }
        "http.send" => {
            let request = request("https://a.example/");
            context.send(request, None).await.map(Result::err)
        }
        _ => return None,
    };
    let denied = answered
        .unwrap()
        .is_some_and(|fault| fault.code == "rutter.denied");
    let told = scene.asked().await;
    let all_denied = told.iter().all(|asked| asked.denied.is_some());
    match told.first() {
        Some(Asked {
            call: HostCall::Sleep { .. },
            ..
        })
        | None => Some(Default::Harmless),
        Some(_) if denied && all_denied => Some(Default::Denied),
        Some(_) => None,
    }
}

#[tokio::test]
async fn every_function_of_the_interface_is_denied_or_harmless_by_default() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../sdk/wit/0.1");
    let mut resolve = wit_parser::Resolve::default();
    let (package, _) = resolve.push_path(folder).unwrap();
    let world = resolve.select_world(&[package], Some("step")).unwrap();
    let mut found = BTreeMap::new();
    for import in resolve.worlds[world].imports.values() {
        let wit_parser::WorldItem::Interface { id, .. } = import else {
            assert!(!matches!(import, wit_parser::WorldItem::Function(_)));
            continue;
        };
        let interface = &resolve.interfaces[*id];
        let name = interface.name.clone().unwrap();
        for function in interface.functions.keys() {
            let function = format!("{name}.{function}");
            let default = by_default(&function).await;
            found.insert(function, default);
        }
    }
    let reaching_out: Vec<&str> = found
        .iter()
        .filter(|(_, default)| **default == Some(Default::Denied))
        .map(|(function, _)| function.as_str())
        .collect();
    assert_eq!(
        reaching_out,
        [
            "accounts.[method]account.assume-role",
            "accounts.[method]account.call",
            "accounts.[method]account.call-all",
            "accounts.[method]account.change",
            "accounts.[method]account.wait-for",
            "http.send",
        ]
    );
    let open: Vec<_> = found
        .iter()
        .filter(|(_, default)| default.is_none())
        .collect();
    assert!(open.is_empty(), "neither denied nor harmless: {open:?}");
}
