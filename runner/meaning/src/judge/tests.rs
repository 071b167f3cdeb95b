use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rutter_engine::{At, HttpRequest, Phase, UndoChange};
use serde_json::{Value, json};
use url::Url;

use super::*;
use crate::{Awaited, CallWritten};

const MANIFEST: &str = r#"
[plugin]
name = "p"
version = "0.1.0"
summary = "s"
kind = "change"
[accounts.account]
[inputs.key]
type = "secret"
[inputs.open]
type = "table"
[inputs.note]
type = "string"
[[permissions]]
call = ["r-kvstore:CreateAccount", "smc:CreateAccessToken", "smc:DeleteAccessToken"]
reason = "r"
[[permissions]]
call = ["ecs:RunCommand"]
secrets = ["CommandContent"]
reason = "r"
[[permissions]]
http = { host = "a.example.com", methods = ["POST"], path = "/*" }
secrets = ["url", "header:x-key"]
secret_answers = ["/token"]
reason = "r"
[[permissions]]
call = ["ram:CreateRole", "ram:DeleteRole", "ram:CreateAccessKey", "oss:DeleteBucket", "sts:AssumeRole"]
reason = "r"
"#;

fn api(product: &str, action: &str, parameters: Value) -> Api {
    let written = CallWritten {
        product: product.to_owned(),
        action: action.to_owned(),
        version: (product == "OSS").then(|| "2020-01-01".to_owned()),
        region: None,
        parameters,
    };
    written.complete(Rules::ALL).unwrap()
}

fn role(action: &str, name: &str) -> Api {
    api("RAM", action, json!({ "RoleName": name }))
}

fn host_request(api: Api, reverse: Option<Api>) -> HostRequest {
    HostRequest::Call {
        handle: Handle {
            opened_as: "account".to_owned(),
            account: Principal::new("a").unwrap(),
        },
        api,
        reverse,
        look: None,
    }
}

/// What is judged of a host request, and why it asks: the call and its reverse.
fn judged(
    host_request: HostRequest,
    made: Option<Made<'_>>,
    rules: Rules,
) -> (Result<(), Fault>, Option<Ask>, Option<Ask>) {
    judged_with(host_request, made, &Handed::default(), rules)
}

fn judged_with(
    host_request: HostRequest,
    made: Option<Made<'_>>,
    handed: &Handed,
    rules: Rules,
) -> (Result<(), Fault>, Option<Ask>, Option<Ask>) {
    with_judge(made, handed, rules, |judge| {
        let permitted = judge.permit(&host_request);
        let (_, call) = judge.class(&mut Tokens::default(), host_request);
        let HostCall::Call { call, reverse, .. } = call else {
            panic!("it is a call");
        };
        (permitted, call.ask, reverse.and_then(|reverse| reverse.ask))
    })
}

/// Where the answer to a host request holds secrets.
fn awaited(host_request: HostRequest) -> Option<Awaited> {
    with_judge(None, &Handed::default(), Rules::ALL, |judge| {
        Awaited::of(&judge.class(&mut Tokens::default(), host_request).1)
    })
}

fn with_judge<T>(
    made: Option<Made<'_>>,
    handed: &Handed,
    rules: Rules,
    use_it: impl FnOnce(&Judge<'_>) -> T,
) -> T {
    let manifest = Manifest::parse(MANIFEST).unwrap();
    let at = At {
        step: "s".into(),
        item: None,
        attempt: 1,
        phase: Phase::Run,
    };
    use_it(&Judge {
        manifest: &manifest,
        named: &|_| true,
        maker: Maker {
            run: "r",
            at: &at,
            generation: 0,
        },
        made,
        handed,
        rules,
    })
}

#[test]
fn a_change_that_no_contract_knows_asks() {
    let bucket = || host_request(api("OSS", "DeleteBucket", json!({})), None);
    assert_eq!(judged(bucket(), None, Rules::ALL).1, Some(Ask::Unknown));
    let rules = Rules::ALL.without(Rule::UnknownAsks);
    assert_eq!(judged(bucket(), None, rules).1, None);
}

#[test]
fn what_gives_out_keys_is_refused_whatever_the_manifest_says() {
    let keys = || host_request(api("RAM", "CreateAccessKey", json!({})), None);
    let fault = judged(keys(), None, Rules::ALL).0.unwrap_err();
    assert!(
        fault.message.contains("its answer holds credentials"),
        "{fault}"
    );
    let rules = Rules::ALL.without(Rule::KeysRefused);
    assert!(judged(keys(), None, rules).0.is_ok());
    let reverse = api("STS", "AssumeRole", json!({}));
    let reversed = host_request(role("CreateRole", "r"), Some(reverse));
    assert!(judged(reversed, None, Rules::ALL).0.is_err());
}

#[test]
fn a_reverse_of_something_else_is_marked() {
    let with = |name: &str| host_request(role("CreateRole", "r"), Some(role("DeleteRole", name)));
    let own = judged(with("r"), None, Rules::ALL);
    assert_eq!((own.1, own.2), (None, Some(Ask::Irreversible)));
    let other = judged(with("another"), None, Rules::ALL);
    assert_eq!(other.2, Some(Ask::Reverse));
    let rules = Rules::ALL.without(Rule::Reverses);
    assert_eq!(
        judged(with("another"), None, rules).2,
        Some(Ask::Irreversible)
    );
    let unknown = host_request(
        role("CreateRole", "r"),
        Some(api("OSS", "DeleteBucket", json!({}))),
    );
    assert_eq!(judged(unknown, None, Rules::ALL).2, Some(Ask::Reverse));
}

#[test]
fn an_own_undo_destroys_unasked_what_its_step_made() {
    let account = Principal::new("a").unwrap();
    let changes = [UndoChange {
        call: classed(&account, role("CreateRole", "r"), Rules::ALL),
        answer: Some(json!({})),
    }];
    let known = [classed(&account, role("DeleteRole", "passed"), Rules::ALL)];
    let made = Some(Made {
        changes: &changes,
        known: &known,
    });
    let ask =
        |name: &str, rules| judged(host_request(role("DeleteRole", name), None), made, rules).1;
    assert_eq!(ask("r", Rules::ALL), None);
    assert_eq!(ask("passed", Rules::ALL), None);
    assert_eq!(ask("another", Rules::ALL), Some(Ask::Irreversible));
    assert_eq!(ask("another", Rules::ALL.without(Rule::OwnUndo)), None);
    let bucket = host_request(api("OSS", "DeleteBucket", json!({})), None);
    assert_eq!(judged(bucket, made, Rules::ALL).1, Some(Ask::Unknown));
}

const KEY: &str = "rutter-secret-0123456789abcdef01234567";
const OTHERS: &str = "rutter-secret-76543210fedcba9876543210";

/// What a guest is handed that has `KEY` as a secret input.
fn handed() -> Handed {
    let manifest = Manifest::parse(MANIFEST).unwrap();
    let inputs = json!({ "key": KEY, "note": OTHERS, "open": {} });
    Handed::at_start(&manifest, &inputs, None)
}

/// The code with which a call that carries secrets is refused, if it is.
fn refused(host_request: HostRequest) -> Option<String> {
    let judged = judged_with(host_request, None, &handed(), Rules::ALL).0;
    judged.err().map(|fault| fault.code)
}

#[test]
fn a_secret_goes_only_to_where_the_contracts_or_the_manifest_say() {
    let account = |password: &str, description: &str| {
        let parameters = json!({
            "InstanceId": "r-1", "AccountName": "dts", "AccountPassword": password,
            "AccountDescription": description,
        });
        host_request(api("R-kvstore", "CreateAccount", parameters), None)
    };
    assert_eq!(refused(account(KEY, "plain")), None);
    let place = Some("rutter.secret-place".to_owned());
    assert_eq!(refused(account("Plain-word-1", KEY)), place);
    let command = |name: &str| {
        let parameters = json!({
            "RegionId": "cn-hangzhou", "Type": "RunShellScript", "InstanceId": ["i-1"],
            "CommandContent": format!("register {KEY}"), "Name": name,
        });
        host_request(api("ECS", "RunCommand", parameters), None)
    };
    assert_eq!(refused(command("plain")), None);
    assert_eq!(refused(command(&format!("is {KEY}"))), place);
    let named = api(
        "RAM",
        "CreateRole",
        json!({ "RoleName": "r", "AssumeRolePolicyDocument": "{}" }),
    );
    let mut by_name = named.clone();
    by_name.parameters[KEY] = json!("x");
    assert!(refused(host_request(by_name, None)).is_some());
    assert_eq!(refused(host_request(named, None)), None);
}

#[test]
fn a_secret_that_the_step_was_not_given_is_not_sent_even_where_one_belongs() {
    let account = |password: &str| {
        let parameters = json!({
            "InstanceId": "r-1", "AccountName": "dts", "AccountPassword": password,
        });
        host_request(api("R-kvstore", "CreateAccount", parameters), None)
    };
    // It stands in an input that is no secret, so nobody handed it over.
    let foreign = Some("rutter.secret-foreign".to_owned());
    assert_eq!(refused(account(OTHERS)), foreign);
    assert_eq!(refused(account(&format!("{KEY}{OTHERS}"))), foreign);
    let rules = Rules::ALL.without(Rule::OwnSecrets);
    assert!(
        judged_with(account(OTHERS), None, &handed(), rules)
            .0
            .is_ok()
    );
    let mut answered = handed();
    let create = api("SMC", "CreateAccessToken", json!({ "Name": "of-this-run" }));
    let told = json!({ "AccessTokenCode": OTHERS, "Name": KEY });
    answered.take(&awaited(host_request(create, None)).unwrap(), &told);
    assert!(
        judged_with(account(OTHERS), None, &answered, Rules::ALL)
            .0
            .is_ok()
    );
}

#[test]
fn a_reverse_takes_no_secret_of_an_answer_to_where_none_belongs() {
    let token = |back: Value| {
        let create = api("SMC", "CreateAccessToken", json!({ "Name": "of-this-run" }));
        host_request(create, Some(api("SMC", "DeleteAccessToken", back)))
    };
    let place = Some("rutter.secret-place".to_owned());
    let of = |pointer: &str| json!({ "AccessTokenId": { "$answer": pointer } });
    assert_eq!(refused(token(of("/AccessTokenId"))), None);
    assert_eq!(refused(token(of("/AccessTokenCode"))), place);
    assert_eq!(refused(token(of(""))), place);
    let parts = json!({ "AccessTokenId": { "$text": ["a", { "$answer": "/AccessTokenCode" }] } });
    assert_eq!(refused(token(parts)), place);
}

#[test]
fn a_mark_is_not_written_over_what_it_stands_for() {
    let create = |text: &str| {
        let parameters = json!({
            "RoleName": "r", "AssumeRolePolicyDocument": "{}", "Description": text,
        });
        host_request(api("RAM", "CreateRole", parameters), None)
    };
    let mark = Some("rutter.secret-mark".to_owned());
    for text in [
        "is [secret inputs.key]",
        "[secret of somebody else]",
        "[secret AccessKeySecret]",
    ] {
        assert_eq!(refused(create(text)), mark, "{text}");
    }
    assert_eq!(refused(create("[secret santa]")), None);
}

fn by_http(url: &str, header: (&str, &str), body: &str) -> HostRequest {
    let request = HttpRequest {
        method: "POST".to_owned(),
        url: url.to_owned(),
        headers: vec![(header.0.to_owned(), header.1.to_owned())],
        body: Some(STANDARD.encode(body)),
        auth: None,
        secret_answers: Vec::new(),
    };
    let url = Url::parse(url).unwrap();
    HostRequest::Http { request, url }
}

#[test]
fn a_secret_of_an_answer_by_http_is_handed_over_where_the_manifest_says() {
    let url = "https://a.example.com/x";
    let login = awaited(by_http(url, ("x-other", "o"), "b")).unwrap();
    let told = |body: Value| {
        let mut handed = Handed::default();
        let body = STANDARD.encode(body.to_string());
        handed.take(
            &login,
            &json!({ "status": 200, "headers": [], "body": body }),
        );
        let send = by_http(url, ("x-key", KEY), "plain");
        judged_with(send, None, &handed, Rules::ALL).0.is_ok()
    };
    assert!(told(json!({ "token": KEY })));
    assert!(!told(json!({ "other": KEY })));
    assert!(!told(json!(KEY)));
    assert!(awaited(by_http("https://b.example.com/x", ("a", "b"), "c")).is_none());
}

#[test]
fn by_http_a_secret_goes_to_the_parts_that_the_manifest_names() {
    let send = |url, header, body| refused(by_http(url, header, body));
    let url = "https://a.example.com/x";
    let place = Some("rutter.secret-place".to_owned());
    let with_key = format!("{url}?k={KEY}");
    assert_eq!(send(&with_key, ("X-Key", KEY), "plain"), None);
    assert_eq!(send(url, ("x-other", KEY), "plain"), place);
    assert_eq!(send(url, ("x-key", "plain"), KEY), place);
    let foreign = Some("rutter.secret-foreign".to_owned());
    assert_eq!(send(url, ("x-key", OTHERS), "plain"), foreign);
}
