//! Which calls are changes, what they may do, and what they are repeated with.

use std::collections::BTreeSet;

use rutter_engine::{Ask, Class, FaultClass, Repeat, RoleArn};
use serde_json::json;

use super::*;
use crate::host::accounts::ApiText;

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
