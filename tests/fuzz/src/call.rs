use std::collections::BTreeSet;

use rutter_engine::{Api, At, Call, Class, HostCall, Phase, Principal, Target};
use rutter_manifest::Manifest;
use rutter_meaning::fingerprint::Maker;
use rutter_meaning::{
    CallWritten, Handed, Handle, HostRequest, Judge, Look, LookWritten, Rules, Tokens, WaitWritten,
    known,
};
use serde_json::Value;

/// A plugin that may do a few things.
const MANIFEST: &str = r#"
[plugin]
name = "any"
version = "0.1.0"
summary = "Anything."
kind = "change"
[[permissions]]
call = ["ram:CreateRole", "ram:GetRole", "ram:DeleteRole", "ecs:RunInstances", "dts:ConfigureDtsJob"]
reason = "to try"
"#;

/// A call as a guest writes it, as JSON: product, action, version, region, parameters, and perhaps `reverse`, another call,
/// and `look`. What is complete stays as it is when it is completed again, what is not permitted is permitted under no
/// other spelling, no two parameters travel by one name, and a change that is not known to be harmless asks.
pub fn call(data: &[u8]) {
    let Ok(written) = serde_json::from_slice::<Value>(data) else {
        return;
    };
    let Ok(api) = written_of(&written).complete(Rules::ALL) else {
        return;
    };
    let again = CallWritten {
        product: api.product.clone(),
        action: api.action.clone(),
        version: Some(api.version.clone()),
        region: api.region.clone(),
        parameters: api.parameters.clone(),
    };
    assert_eq!(again.complete(Rules::ALL).as_ref(), Ok(&api));
    one_name(&api);
    let reverse = written.get("reverse").map(written_of);
    let reverse = reverse.map(|reverse| reverse.complete(Rules::ALL));
    let look = written.get("look").map(look_of);
    let look = look.map(|look| look.complete(Rules::ALL));
    if let (Ok(reverse), Ok(look)) = (reverse.transpose(), look.transpose()) {
        judged(api, reverse, look.map(Box::new));
    }
}

fn text(written: &Value, name: &str) -> Option<String> {
    written[name].as_str().map(str::to_owned)
}

fn written_of(written: &Value) -> CallWritten {
    CallWritten {
        product: text(written, "product").unwrap_or_default(),
        action: text(written, "action").unwrap_or_default(),
        version: text(written, "version"),
        region: text(written, "region"),
        parameters: written["parameters"].clone(),
    }
}

fn wait_of(written: &Value) -> WaitWritten {
    let texts = |name: &str| {
        let list = written[name].as_array().into_iter().flatten();
        list.filter_map(|one| one.as_str().map(str::to_owned))
            .collect()
    };
    WaitWritten {
        path: text(written, "path").unwrap_or_default(),
        until: texts("until"),
        fail: texts("fail"),
        every_ms: written["every_ms"].as_u64(),
        timeout_ms: written["timeout_ms"].as_u64(),
    }
}

fn look_of(written: &Value) -> LookWritten {
    let flag = |name: &str| written[name].as_bool().unwrap_or_default();
    let rest = |name: &str| {
        let rest = written.get(name)?;
        Some((written_of(rest), wait_of(rest)))
    };
    let pointers = written["fields"].as_array().into_iter().flatten();
    let tests = written["tests"].clone();
    LookWritten {
        rest: rest("rest"),
        read: written_of(&written["read"]),
        all_pages: flag("all_pages"),
        list: text(written, "list").unwrap_or_default(),
        tests: serde_json::from_value(tests).unwrap_or_default(),
        key: text(written, "key").unwrap_or_default(),
        gone: flag("gone"),
        take: flag("take"),
        stays: flag("stays"),
        marked: flag("marked"),
        before_back: rest("before_back"),
        fields: pointers
            .filter_map(|one| one.as_str().map(str::to_owned))
            .collect(),
        passing: Vec::new(),
        settle_ms: written["settle_ms"].as_u64(),
        answer: written["answer"].clone(),
    }
}

fn one_name(api: &Api) {
    let contract = rutter_contracts::action(&api.product, &api.action);
    if let Ok(wire) = rutter_contracts::wire::encoded(contract, &api.parameters) {
        let pairs = [wire.query, wire.form].concat();
        let names: BTreeSet<&str> = pairs.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names.len(), pairs.len(), "{pairs:?}");
    }
}

fn judged(api: Api, reverse: Option<Api>, look: Option<Box<Look>>) {
    let manifest = Manifest::parse(MANIFEST).expect("a manifest");
    let at = At {
        step: "any".into(),
        item: None,
        phase: Phase::Run,
        attempt: 1,
    };
    let judge = Judge {
        manifest: &manifest,
        named: &|_| false,
        maker: Maker {
            run: "run",
            at: &at,
            generation: 0,
        },
        made: None,
        handed: &Handed::default(),
        rules: Rules::ALL,
    };
    let handle = Handle {
        opened_as: rutter_manifest::ONLY_ACCOUNT.to_owned(),
        account: Principal::new("source").expect("a name"),
    };
    let label = format!("{}:{}", api.product.to_ascii_lowercase(), api.action);
    let host_request = HostRequest::Call {
        handle,
        api,
        reverse: reverse.clone(),
        look,
    };
    if judge.permit(&host_request).is_err() {
        return;
    }
    let permitted = |label: &str| MANIFEST.contains(&format!("\"{label}\""));
    assert!(permitted(&label), "{label}");
    if let Some(reverse) = reverse {
        let label = format!(
            "{}:{}",
            reverse.product.to_ascii_lowercase(),
            reverse.action
        );
        assert!(permitted(&label), "reverse: {label}");
    }
    if let (_, HostCall::Call { call, .. }) = judge.class(&mut Tokens::default(), host_request) {
        asks(&call);
    }
}

/// What the contracts say destroys or costs is asked about.
fn asks(call: &Call) {
    let Target::Api(api) = &call.target else {
        return;
    };
    let contract = known(api);
    let danger = contract.and_then(|contract| contract.danger_of(&api.parameters));
    let is_read = contract.is_some_and(|contract| contract.as_read().is_some());
    assert_eq!(call.class == Class::Read, is_read, "{}", call.label());
    assert!(danger.is_none() || call.ask.is_some(), "{}", call.label());
}
