//! Looks and waits: what is read beside a change, or until something holds.

use rutter_engine::Class;
use rutter_meaning::WaitWritten;
use serde_json::json;

use super::*;

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
