use rutter_engine::{Api, Fault, Principal};
use serde_json::{Value, json};

use crate::rules::{Rule, Rules};
use crate::{CallWritten, fingerprint};

fn call(product: &str, action: &str, version: Option<&str>, parameters: Value) -> CallWritten {
    CallWritten {
        product: product.to_owned(),
        action: action.to_owned(),
        version: version.map(str::to_owned),
        region: None,
        parameters,
    }
}

fn complete(written: CallWritten) -> Result<Api, Fault> {
    written.complete(Rules::ALL)
}

fn delete(product: &str, action: &str, version: Option<&str>) -> CallWritten {
    call(product, action, version, json!({ "RoleName": "r" }))
}

#[test]
fn one_call_has_one_spelling_and_one_fingerprint() {
    let plain = complete(delete("RAM", "DeleteRole", None)).unwrap();
    let account = Principal::new("a").unwrap();
    for written in [
        delete("ram", "deleterole", None),
        delete(" Ram ", "DELETEROLE ", Some(" 2015-05-01")),
        delete("RAM", "DeleteRole", Some("2015-05-01\n")),
    ] {
        let api = complete(written).unwrap();
        assert_eq!(api, plain);
        let fingerprint = |api: &Api| fingerprint::of_call(&account, api, false);
        assert_eq!(fingerprint(&api), fingerprint(&plain));
    }
}

#[test]
fn the_form_of_a_form_is_itself() {
    let reserve = json!({ "Reserve": " { \"b\": 1, \"a\": [ 2.50 ] } " });
    let once = complete(call("dts", "configuredtsjob", None, reserve)).unwrap();
    assert_eq!(once.parameters["Reserve"], r#"{"a":[2.5],"b":1}"#);
    let again = CallWritten {
        product: once.product.clone(),
        action: once.action.clone(),
        version: Some(once.version.clone()),
        region: once.region.clone(),
        parameters: once.parameters.clone(),
    };
    assert_eq!(complete(again).unwrap(), once);
}

#[test]
fn a_known_product_has_the_contracts_version_alone() {
    for version in ["2015-04-01", "2015‑05‑01", ""] {
        let fault = complete(delete("RAM", "DeleteRole", Some(version))).unwrap_err();
        assert_eq!(fault.code, "rutter.wrong-request");
        assert!(fault.message.contains("2015-05-01"), "{fault}");
    }
    // Where the rule is left out, a known action becomes unknown.
    let rules = Rules::ALL.without(Rule::Canonical);
    let api = delete("RAM", "DeleteRole", Some(" 2015-05-01")).complete(rules);
    assert!(crate::known(&api.unwrap()).is_none());
}

#[test]
fn what_is_no_name_is_none_of_an_unknown_action_either() {
    let fault = complete(delete("RAM", "D\u{0435}leteRole", None)).unwrap_err();
    assert!(fault.message.contains("RAM has `DeleteRole`"), "{fault}");
    for (product, action) in [
        ("O SS", "X"),
        ("OSS", "Put\tObject"),
        ("OSS", ""),
        ("", "X"),
    ] {
        let written = delete(product, action, Some("2020-01-01"));
        assert!(complete(written).is_err(), "{product:?} {action:?}");
    }
    assert!(complete(delete("OSS", "DeleteBucket", Some("2020-01-01"))).is_ok());
    assert!(complete(delete("OSS", "DeleteBucket", None)).is_err());
}

#[test]
fn a_region_is_one_of_the_cloud() {
    let mut written = delete("RAM", "DeleteRole", None);
    written.region = Some("cn-hangzou".to_owned());
    let fault = complete(written).unwrap_err();
    assert!(fault.message.contains("cn-hangzhou"), "{fault}");
}

#[test]
fn who_calls_and_for_whom_is_the_hosts_to_set() {
    for (product, version) in [("RAM", None), ("OSS", Some("2020-01-01"))] {
        for name in [
            "OwnerAccount",
            "securitytoken",
            "x-acs-security-token",
            "Version",
        ] {
            let written = call(product, "DeleteRole", version, json!({ name: "x" }));
            let fault = complete(written.clone()).unwrap_err();
            assert!(fault.message.contains("the host's to set"), "{fault}");
            let rules = Rules::ALL.without(Rule::CommonParameters);
            assert!(written.complete(rules).is_ok());
        }
    }
}

#[test]
fn a_parameter_has_one_name() {
    for name in [
        "Reserve.targetTableMode",
        "Reserve[0]",
        "Res\u{200b}erve",
        "",
    ] {
        let written = call("DTS", "ConfigureDtsJob", None, json!({ name: "2" }));
        assert!(complete(written).is_err(), "{name}");
    }
}

#[test]
fn two_values_that_would_travel_by_one_name_are_refused() {
    let disk = json!({ "SystemDisk": { "A": { "B": "1" }, "A.B": "2" } });
    let tag = json!({ "Tag": { "1": { "Key": "a" }, "1.Key": "b" } });
    for (product, action, version) in [
        ("ECS", "RunInstances", None),
        ("OSS", "X", Some("2020-01-01")),
    ] {
        for given in [&disk, &tag] {
            let written = call(product, action, version, given.clone());
            let fault = complete(written).unwrap_err();
            assert!(fault.message.contains("is given twice"), "{fault}");
        }
    }
    // Inside of JSON they are two names.
    let json = json!({ "Parameters": { "A": { "B": "1" }, "A.B": "2" } });
    assert!(complete(call("ECS", "RunCommand", None, json)).is_ok());
}

#[test]
fn json_in_a_text_is_parsed_before_it_is_judged() {
    let twice = r#"{"targetTableMode":"2","targetTableMode":"0"}"#;
    for text in [twice, "{", "", r#"{"a":{"b":1,"b":2}}"#] {
        let given = json!({ "Reserve": text });
        let fault = complete(call("DTS", "ConfigureDtsJob", None, given)).unwrap_err();
        assert!(fault.message.contains("`Reserve` holds JSON"), "{fault}");
    }
    // A policy's text is the author's own.
    let document = json!({ "PolicyDocument": "{ \"Version\": \"1\" }" });
    let api = complete(call("RAM", "CreatePolicy", None, document.clone())).unwrap();
    assert_eq!(api.parameters, document);
}
