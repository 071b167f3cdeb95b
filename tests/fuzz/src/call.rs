use rutter_engine::{Api, At, Phase, Principal};
use rutter_manifest::Manifest;
use rutter_meaning::fingerprint::Maker;
use rutter_meaning::{CallWritten, Errand, Handed, Handle, Judge, Rules, Tokens};
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

/// A call as a guest writes it, as JSON: product, action, version, region, parameters. What is complete stays as it is when
/// it is completed again, and what is not permitted is permitted under no other spelling.
pub fn call(data: &[u8]) {
    let Ok(written) = serde_json::from_slice::<Value>(data) else {
        return;
    };
    let text = |name: &str| written[name].as_str().map(str::to_owned);
    let written = CallWritten {
        product: text("product").unwrap_or_default(),
        action: text("action").unwrap_or_default(),
        version: text("version"),
        region: text("region"),
        parameters: written["parameters"].clone(),
    };
    let Ok(api) = written.complete(Rules::ALL) else {
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
    judged(api);
}

fn judged(api: Api) {
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
    let errand = Errand::Call {
        handle,
        api,
        reverse: None,
        look: None,
    };
    if judge.permit(&errand).is_ok() {
        assert!(MANIFEST.contains(&format!("\"{label}\"")), "{label}");
        drop(judge.class(&mut Tokens::default(), errand));
    }
}
