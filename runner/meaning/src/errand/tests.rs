use rutter_engine::{At, Phase, UndoChange};
use serde_json::json;

use super::*;
use crate::CallWritten;

const MANIFEST: &str = r#"
[plugin]
name = "p"
version = "0.1.0"
summary = "s"
kind = "change"
[accounts.account]
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

fn errand(api: Api, reverse: Option<Api>) -> Errand {
    Errand::Call {
        handle: Handle {
            opened_as: "account".to_owned(),
            account: Principal::new("a").unwrap(),
        },
        api,
        reverse,
        look: None,
    }
}

/// What is judged of an errand, and why it asks: the call and its reverse.
fn judged(
    errand: Errand,
    made: Option<Made<'_>>,
    rules: Rules,
) -> (Result<(), Fault>, Option<Ask>, Option<Ask>) {
    let manifest = Manifest::parse(MANIFEST).unwrap();
    let at = At {
        step: "s".into(),
        item: None,
        attempt: 1,
        phase: Phase::Run,
    };
    let judge = Judge {
        manifest: &manifest,
        named: &|_| true,
        maker: Maker {
            run: "r",
            at: &at,
            generation: 0,
        },
        made,
        rules,
    };
    let permitted = judge.permit(&errand);
    let (_, call) = judge.class(&mut Tokens::default(), errand);
    let HostCall::Call { call, reverse, .. } = call else {
        panic!("it is a call");
    };
    (permitted, call.ask, reverse.and_then(|reverse| reverse.ask))
}

#[test]
fn a_change_that_no_contract_knows_asks() {
    let bucket = || errand(api("OSS", "DeleteBucket", json!({})), None);
    assert_eq!(judged(bucket(), None, Rules::ALL).1, Some(Ask::Unknown));
    let rules = Rules::ALL.without(Rule::UnknownAsks);
    assert_eq!(judged(bucket(), None, rules).1, None);
}

#[test]
fn what_gives_out_keys_is_refused_whatever_the_manifest_says() {
    let keys = || errand(api("RAM", "CreateAccessKey", json!({})), None);
    let fault = judged(keys(), None, Rules::ALL).0.unwrap_err();
    assert!(
        fault.message.contains("its answer holds credentials"),
        "{fault}"
    );
    let rules = Rules::ALL.without(Rule::KeysRefused);
    assert!(judged(keys(), None, rules).0.is_ok());
    let reverse = api("STS", "AssumeRole", json!({}));
    let reversed = errand(role("CreateRole", "r"), Some(reverse));
    assert!(judged(reversed, None, Rules::ALL).0.is_err());
}

#[test]
fn a_reverse_of_something_else_is_marked() {
    let with = |name: &str| errand(role("CreateRole", "r"), Some(role("DeleteRole", name)));
    let own = judged(with("r"), None, Rules::ALL);
    assert_eq!((own.1, own.2), (None, Some(Ask::Irreversible)));
    let other = judged(with("another"), None, Rules::ALL);
    assert_eq!(other.2, Some(Ask::Reverse));
    let rules = Rules::ALL.without(Rule::Reverses);
    assert_eq!(
        judged(with("another"), None, rules).2,
        Some(Ask::Irreversible)
    );
    let unknown = errand(
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
    let ask = |name: &str, rules| judged(errand(role("DeleteRole", name), None), made, rules).1;
    assert_eq!(ask("r", Rules::ALL), None);
    assert_eq!(ask("passed", Rules::ALL), None);
    assert_eq!(ask("another", Rules::ALL), Some(Ask::Irreversible));
    assert_eq!(ask("another", Rules::ALL.without(Rule::OwnUndo)), None);
    let bucket = errand(api("OSS", "DeleteBucket", json!({})), None);
    assert_eq!(judged(bucket, made, Rules::ALL).1, Some(Ask::Unknown));
}
