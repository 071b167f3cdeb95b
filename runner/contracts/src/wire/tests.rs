//! The wire form against worked examples, and there and back for values of every kind.

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::{decode_pairs, flatten, form_body, percent_encode, query_string, unflatten};
use crate::parameter::{Encoding, Parameter, ParameterKind};
use crate::wire_names::walk;
use crate::{Action, action, actions};

fn pair(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

fn query(product: &str, name: &str, parameters: &Value) -> Vec<(String, String)> {
    flatten(action(product, name).unwrap(), parameters)
        .unwrap()
        .query
}

fn back(action: &Action, pairs: &[(String, String)]) -> Value {
    let pairs = pairs.iter().map(|(n, v)| (n.as_str(), v.as_str()));
    unflatten(Some(action), pairs)
}

#[test]
fn percent_encoding_is_that_of_the_published_table() {
    let text = include_str!("../../data/signature-vectors.json");
    let file: Value = serde_json::from_str(text).unwrap();
    for (plain, encoded) in file["percent_encoding"].as_object().unwrap() {
        assert_eq!(&percent_encode(plain), encoded.as_str().unwrap());
    }
}

#[test]
fn every_vector_s_parameters_flatten_to_the_request_of_the_official_clients() {
    let text = include_str!("../../data/signature-vectors.json");
    let file: Value = serde_json::from_str(text).unwrap();
    for vector in file["vectors"].as_array().unwrap() {
        if vector["scheme"] != "ACS3-HMAC-SHA256" {
            continue;
        }
        let host = vector["input"]["host"].as_str().unwrap();
        let product = host.split('.').next().unwrap();
        let name = vector["input"]["action"].as_str().unwrap();
        let mut given = vector["input"]["query_params"].as_object().unwrap().clone();
        given.extend(vector["input"]["form_params"].as_object().unwrap().clone());
        let wire = flatten(action(product, name).unwrap(), &Value::Object(given)).unwrap();
        let sent: Map<String, Value> = wire
            .query
            .into_iter()
            .map(|(name, value)| (name, Value::String(value)))
            .collect();
        assert_eq!(Value::Object(sent), vector["request"]["query"], "{name}");
        let body = vector["request"]["body"].as_str().unwrap_or("");
        assert_eq!(form_body(&wire.form), body, "{name}");
    }
}

#[test]
fn lists_count_from_one_and_nest() {
    let given = json!({"DataDisk": [{"Index": 1, "Part": [{"Device": "0_1"}, {"Device": "0_2"}]}]});
    assert_eq!(
        query("SMC", "CreateReplicationJob", &given),
        [
            pair("DataDisk.1.Index", "1"),
            pair("DataDisk.1.Part.1.Device", "0_1"),
            pair("DataDisk.1.Part.2.Device", "0_2"),
        ]
    );
}

#[test]
fn null_is_left_out_and_empty_text_is_kept() {
    let given = json!({"DryRun": false, "ImageName": "", "PageSize": 10, "RegionId": null});
    let sent = query("ECS", "DescribeImages", &given);
    let expected = [
        pair("DryRun", "false"),
        pair("ImageName", ""),
        pair("PageSize", "10"),
    ];
    assert_eq!(sent, expected);
}

#[test]
fn a_structure_for_a_text_parameter_is_sent_as_json() {
    let given =
        json!({"RoleName": "r", "AssumeRolePolicyDocument": {"Statement": [], "Version": "1"}});
    let sent = query("RAM", "CreateRole", &given);
    let document = pair(
        "AssumeRolePolicyDocument",
        r#"{"Statement":[],"Version":"1"}"#,
    );
    assert!(sent.contains(&document), "{sent:?}");
}

#[test]
fn a_parameter_documented_as_json_is_one_parameter() {
    let given = json!({"Tag": [{"Key": "a", "Value": "b"}]});
    let sent = query("RAM", "CreateRole", &given);
    assert_eq!(sent, [pair("Tag", r#"[{"Key":"a","Value":"b"}]"#)]);

    let given = json!({"Parameters": {"code": "x"}});
    let sent = query("ECS", "RunCommand", &given);
    assert_eq!(sent, [pair("Parameters", r#"{"code":"x"}"#)]);
}

#[test]
fn what_is_marked_base64_is_encoded_on_the_way_out() {
    let given = json!({"CommandContent": {"$base64": "echo ä"}, "InstanceId": ["i-1"]});
    let sent = query("ECS", "RunCommand", &given);
    let expected = [
        pair("CommandContent", "ZWNobyDDpA=="),
        pair("InstanceId.1", "i-1"),
    ];
    assert_eq!(sent, expected);
}

#[test]
fn the_body_takes_what_the_table_places_there() {
    let given = json!({"DtsJobName": "n", "DbList": {"0": {"name": "0", "all": true}}});
    let wire = flatten(action("DTS", "ConfigureDtsJob").unwrap(), &given).unwrap();
    assert_eq!(wire.query, [pair("DtsJobName", "n")]);
    assert_eq!(wire.form[0].0, "DbList");
    assert!(form_body(&wire.form).starts_with("DbList=%7B%220%22"));
}

#[test]
fn a_secret_is_found_wherever_it_stands() {
    let action = action("DTS", "ConfigureSynchronizationJob").unwrap();
    let nested = json!({"SourceEndpoint": {"Password": "p", "IP": "10.0.0.1"}});
    assert_eq!(action.secret_in(&nested), ["/SourceEndpoint/Password"]);
    let dotted = json!({"SourceEndpoint.Password": "p"});
    assert_eq!(action.secret_in(&dotted), ["/SourceEndpoint.Password"]);
}

#[test]
fn parameters_that_are_no_table_have_no_wire_form() {
    let action = action("RAM", "GetRole").unwrap();
    assert!(flatten(action, &json!(["a"])).is_err());
}

#[test]
fn hostile_names_are_kept_and_never_ask_for_memory() {
    let pairs = [
        ("A", "1"),
        ("A.B", "2"),
        ("L.1", "x"),
        ("L.K", "y"),
        ("M.18446744073709551616", "z"),
        ("M.4000000000", "w"),
        ("", "e"),
        (".", "d"),
        ("..1", "c"),
    ];
    let value = unflatten(None, pairs);
    assert_eq!(value["A"], "1");
    assert_eq!(value["A.B"], "2");
    assert_eq!(value["L"], json!(["x"]));
    assert_eq!(value["L.K"], "y");
}

#[test]
fn a_name_of_endless_parts_is_not_taken_apart() {
    let name = "A.".repeat(1_000_000);
    let value = unflatten(None, [(name.as_str(), "x")]);
    assert_eq!(value[&name], "x");
}

#[test]
fn positions_decide_the_order_of_a_list() {
    let value = unflatten(None, [("X.10", "ten"), ("X.2", "two"), ("X.1", "one")]);
    assert_eq!(value, json!({"X": ["one", "two", "ten"]}));
}

#[test]
fn text_becomes_the_documented_type_and_stays_text_where_it_is_none() {
    let action = action("ECS", "DescribeImages").unwrap();
    let value = unflatten(
        Some(action),
        [("PageSize", "10"), ("DryRun", "True"), ("PageNumber", "x")],
    );
    let expected = json!({"PageSize": 10, "DryRun": true, "PageNumber": "x"});
    assert_eq!(value, expected);
}

/// What an action documents, as a value to be filled in.
#[derive(Clone, Debug)]
enum Shape {
    Scalar(ParameterKind),
    Table,
    List(Box<Shape>),
    Structure(Vec<(String, Shape)>),
}

/// Builds the shape of all parameters of an action from their patterns.
fn shape_of(action: &Action) -> Shape {
    let mut root = Shape::Structure(Vec::new());
    for parameter in &action.parameters {
        let segments: Vec<&str> = parameter.name.split('.').collect();
        place(&mut root, &segments, parameter);
    }
    root
}

fn place(shape: &mut Shape, segments: &[&str], parameter: &Parameter) {
    let Shape::Structure(members) = shape else {
        return;
    };
    let Some((first, rest)) = segments.split_first() else {
        return;
    };
    let name = first.trim_end_matches("[]").to_owned();
    let leaf = || match (parameter.kind, parameter.encoding) {
        (ParameterKind::Map, _) => Shape::Table,
        (_, Encoding::Json) => Shape::Structure(Vec::new()),
        (kind, _) => Shape::Scalar(kind),
    };
    let inner = if rest.is_empty() {
        leaf()
    } else {
        Shape::Structure(Vec::new())
    };
    let fresh = if first.ends_with("[]") {
        Shape::List(Box::new(inner))
    } else {
        inner
    };
    if !members.iter().any(|(held, _)| *held == name) {
        members.push((name.clone(), fresh));
    }
    if let Some((_, below)) = members.iter_mut().find(|(held, _)| *held == name) {
        match below {
            Shape::List(element) => place(element, rest, parameter),
            other => place(other, rest, parameter),
        }
    }
}

/// Any value of a shape, as a caller may hand it over.
fn filled(shape: &Shape) -> BoxedStrategy<Value> {
    match shape {
        Shape::Scalar(ParameterKind::Integer) => any::<i64>().prop_map(Value::from).boxed(),
        Shape::Scalar(ParameterKind::Number) => (-1.0e9..1.0e9_f64)
            .prop_map(|n| json!(n.round() + 0.5))
            .boxed(),
        Shape::Scalar(ParameterKind::Boolean) => any::<bool>().prop_map(Value::from).boxed(),
        Shape::Scalar(_) => "\\PC{0,12}".prop_map(Value::from).boxed(),
        Shape::Table => prop::collection::btree_map("[a-z]{1,4}", "\\PC{0,6}", 0..3)
            .prop_map(|table| json!(table))
            .boxed(),
        Shape::List(element) => prop::collection::vec(filled(element), 1..3)
            .prop_map(Value::Array)
            .boxed(),
        Shape::Structure(members) => structure(members),
    }
}

/// Any structure that gives one to four of its members, so that it leaves a trace on the wire.
fn structure(members: &[(String, Shape)]) -> BoxedStrategy<Value> {
    if members.is_empty() {
        return Just(json!({"Key": "k"})).boxed();
    }
    let members = members.to_vec();
    let most = members.len().min(4);
    prop::sample::subsequence(members, 1..=most)
        .prop_flat_map(|chosen| {
            let values: Vec<BoxedStrategy<(String, Value)>> = chosen
                .into_iter()
                .map(|(name, shape)| filled(&shape).prop_map(move |v| (name.clone(), v)).boxed())
                .collect();
            values.prop_map(|pairs| Value::Object(pairs.into_iter().collect()))
        })
        .boxed()
}

fn any_call() -> impl Strategy<Value = (&'static Action, Value)> {
    let all: Vec<&'static Action> = actions()
        .filter(|action| !action.parameters.is_empty())
        .collect();
    prop::sample::select(all).prop_flat_map(|action| (Just(action), filled(&shape_of(action))))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_flattened_comes_back_as_it_was((action, given) in any_call()) {
        let wire = flatten(action, &given).unwrap();
        let all = [wire.query, wire.form].concat();
        prop_assert_eq!(back(action, &all), given);
    }

    #[test]
    fn what_is_encoded_comes_back_as_it_was(pairs in prop::collection::vec(("\\PC{1,8}", "\\PC{0,8}"), 0..6)) {
        prop_assert_eq!(&decode_pairs(&query_string(&pairs)), &pairs);
        prop_assert_eq!(&decode_pairs(&form_body(&pairs)), &pairs);
    }

    #[test]
    fn any_names_at_all_make_a_table(pairs in prop::collection::vec(("[A.0-9]{0,8}", "\\PC{0,4}"), 0..8)) {
        let value = unflatten(None, pairs.iter().map(|(n, v)| (n.as_str(), v.as_str())));
        prop_assert!(value.is_object());
        let mut leaves = 0;
        walk(&value, &mut |_| leaves += 1);
        prop_assert!(leaves <= pairs.len());
    }
}

#[test]
fn numbers_are_sent_as_decimals() {
    let given = json!({"SpotPriceLimit": 1e-7, "Amount": 1e20, "MinAmount": 1.5, "MaxAmount": -3});
    let sent = query("ECS", "RunInstances", &given);
    let expected = [
        pair("Amount", "100000000000000000000"),
        pair("MaxAmount", "-3"),
        pair("MinAmount", "1.5"),
        pair("SpotPriceLimit", "0.0000001"),
    ];
    assert_eq!(sent, expected);
}

#[test]
fn an_action_that_nobody_knows_is_encoded_by_the_same_rules() {
    let given = json!({"B": [1, null, {"C": true}], "A": {"D": "x", "E": null, "F": []}});
    let wire = super::encoded(None, &given).unwrap();
    let expected = [pair("A.D", "x"), pair("B.1", "1"), pair("B.3.C", "true")];
    assert_eq!((wire.query.as_slice(), wire.form.len()), (&expected[..], 0));
    assert!(super::encoded(None, &json!("A")).is_err());
}
