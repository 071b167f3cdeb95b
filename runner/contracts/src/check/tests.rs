//! Parameters judged in the cloud's own words.

use serde_json::{Value, json};

use super::ProblemKind;
use crate::{action, actions};

fn problems(product: &str, name: &str, given: &Value) -> Vec<(String, ProblemKind, String)> {
    action(product, name)
        .unwrap()
        .check(given)
        .into_iter()
        .map(|problem| (problem.parameter, problem.kind, problem.code))
        .collect()
}

fn one(parameter: &str, kind: ProblemKind, code: &str) -> Vec<(String, ProblemKind, String)> {
    vec![(parameter.to_owned(), kind, code.to_owned())]
}

fn role(name: &str) -> Value {
    json!({"RoleName": name, "AssumeRolePolicyDocument": "{}"})
}

#[test]
fn good_parameters_have_no_problem() {
    assert_eq!(problems("RAM", "CreateRole", &role("ram-for-dts")), []);
    let images = json!({"RegionId": "cn-beijing", "Status": "creating", "PageSize": "100", "Tag": [{"Key": "a"}]});
    assert_eq!(problems("ECS", "DescribeImages", &images), []);
}

#[test]
fn a_missing_parameter_is_answered_in_the_product_s_words() {
    let given = json!({"RoleName": "r"});
    let missing = action("RAM", "CreateRole").unwrap().check(&given);
    assert_eq!(missing[0].code, "MissingAssumeRolePolicyDocument");
    let message = "AssumeRolePolicyDocument is mandatory for this action.";
    assert_eq!(missing[0].message, message);

    let missing = action("ECS", "DescribeImages").unwrap().check(&json!({}));
    assert_eq!(missing[0].code, "MissingParameter");
    assert!(missing[0].message.contains("\"RegionId\""));
}

#[test]
fn null_and_empty_text_count_as_missing_where_a_value_is_needed() {
    for nothing in [json!(null), json!("")] {
        let given = json!({"RoleName": nothing});
        let found = problems("RAM", "GetRole", &given);
        assert!(found.contains(&one("RoleName", ProblemKind::Missing, "MissingRoleName")[0]));
    }
}

#[test]
fn a_text_that_is_too_long_gets_the_documented_code() {
    let found = problems("RAM", "CreateRole", &role(&"x".repeat(65)));
    let code = "InvalidParameter.RoleName.Length";
    assert_eq!(found, one("RoleName", ProblemKind::Length, code));
}

#[test]
fn length_counts_characters_and_not_bytes() {
    let given = json!({"RoleName": "r", "AssumeRolePolicyDocument": "{}", "Description": "説".repeat(1024)});
    assert_eq!(problems("RAM", "CreateRole", &given), []);
}

#[test]
fn a_number_out_of_range_and_a_text_that_is_no_number_are_refused() {
    let mut given = role("r");
    given["MaxSessionDuration"] = json!(60);
    let found = problems("RAM", "CreateRole", &given);
    let code = "InvalidParameter.MaxSessionDuration";
    assert_eq!(
        found,
        one("MaxSessionDuration", ProblemKind::OutOfRange, code)
    );
    given["MaxSessionDuration"] = json!("an hour");
    let found = problems("RAM", "CreateRole", &given);
    assert_eq!(
        found,
        one("MaxSessionDuration", ProblemKind::WrongType, code)
    );
}

#[test]
fn a_value_that_is_none_of_the_documented_ones_is_refused() {
    let given = json!({"PolicyType": "Custon", "PolicyName": "p", "RoleName": "r"});
    let found = problems("RAM", "AttachPolicyToRole", &given);
    let code = "InvalidParameter.PolicyType";
    assert_eq!(found, one("PolicyType", ProblemKind::BadEnum, code));
}

#[test]
fn several_states_may_be_asked_for_at_once_where_the_action_takes_them() {
    let given = json!({"RegionId": "cn-beijing", "Status": "Creating,Waiting,Available"});
    assert_eq!(problems("ECS", "DescribeImages", &given), []);
    let given = json!({"RegionId": "cn-beijing", "Status": "Creating,Waitin"});
    let found = problems("ECS", "DescribeImages", &given);
    assert_eq!(found[0].1, ProblemKind::BadEnum);
}

#[test]
fn a_number_that_travels_as_text_is_held_to_its_range() {
    let found = problems("SMC", "CreateAccessToken", &json!({"Count": "1001"}));
    assert_eq!(found[0].1, ProblemKind::OutOfRange);
    let found = problems("SMC", "CreateAccessToken", &json!({"Count": "many"}));
    assert_eq!(found[0].1, ProblemKind::WrongType);
    assert_eq!(
        problems("SMC", "CreateAccessToken", &json!({"Count": 10})),
        []
    );
}

#[test]
fn what_the_cloud_takes_by_default_passes_its_own_check() {
    for action in actions() {
        for parameter in &action.parameters {
            let documented = parameter.default.iter().chain(&parameter.one_of);
            for value in documented.filter(|value| !value.is_empty()) {
                let found = super::fault(parameter, &json!(value));
                assert_eq!(found, None, "{} {} {value}", action.label(), parameter.name);
            }
        }
    }
}

#[test]
fn an_unknown_parameter_is_named() {
    let mut given = role("r");
    given["RoleNmae"] = json!("r");
    let found = problems("RAM", "CreateRole", &given);
    let code = "UnsupportedParameter";
    assert_eq!(found, one("RoleNmae", ProblemKind::Unknown, code));
}

#[test]
fn a_plain_value_where_a_list_or_structure_belongs_is_refused() {
    let given = json!({"RegionId": "cn-beijing", "Tag": "a"});
    let found = problems("ECS", "DescribeImages", &given);
    assert_eq!(found[0].1, ProblemKind::WrongType);
}

#[test]
fn a_list_that_is_too_long_is_refused_once() {
    let tags: Vec<Value> = (0..21).map(|n| json!({"Key": n.to_string()})).collect();
    let given = json!({"RegionId": "cn-beijing", "Tag": tags});
    let found = problems("ECS", "DescribeImages", &given);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(
        (found[0].0.as_str(), found[0].1),
        ("Tag", ProblemKind::OutOfRange)
    );
}

#[test]
fn json_text_handed_over_as_a_structure_is_not_taken_apart() {
    let given = json!({
        "RoleName": "r",
        "AssumeRolePolicyDocument": {"Statement": [{"Effect": "Allow"}], "Version": "1"},
    });
    assert_eq!(problems("RAM", "CreateRole", &given), []);
    let command = json!({
        "RegionId": "cn-beijing", "Type": "RunShellScript", "InstanceId": ["i-1"],
        "CommandContent": {"$base64": "echo"}, "Parameters": {"any": "thing"},
    });
    assert_eq!(problems("ECS", "RunCommand", &command), []);
}

#[test]
fn leaving_everything_out_names_every_required_parameter_and_nothing_else() {
    for action in actions() {
        let plain = action.required().filter(|p| !p.name.contains("[]."));
        let expected: Vec<&str> = plain.map(|p| p.name.trim_end_matches("[]")).collect();
        let found = action.check(&json!({}));
        let names: Vec<&str> = found.iter().map(|p| p.parameter.as_str()).collect();
        assert_eq!(names, expected, "{}", action.label());
        assert!(
            found
                .iter()
                .all(|problem| problem.kind == ProblemKind::Missing)
        );
    }
}
