//! What each function of the interface does for a plugin without permissions.

use std::collections::BTreeMap;

use rutter_meaning::WaitWritten;

use super::*;
use crate::journal::LogLevel;

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
