//! Roles for the tokens of identity providers.

use rutter_simcloud::World;
use serde_json::{Value, json};

use crate::support::{DESTINATION, SOURCE, Story, code};

const EVERYTHING: &str = include_str!("../worlds/everything.world.toml");

fn story() -> Story {
    Story::new(EVERYTHING)
}

fn assume(other: Value) -> Value {
    let mut parameters = json!({
        "OIDCProviderArn": format!("acs:ram::{SOURCE}:oidc-provider/cluster"),
        "RoleArn": format!("acs:ram::{SOURCE}:role/pod"),
        "OIDCToken": "token-of-everything",
        "RoleSessionName": "story",
    });
    for (name, value) in other.as_object().unwrap() {
        parameters[name] = value.clone();
    }
    parameters
}

/// Calls as nobody.
fn send(story: &mut Story, other: Value) -> rutter_simcloud::Response {
    story.send_with("", None, "STS:AssumeRoleWithOIDC", assume(other))
}

#[test]
fn a_token_opens_the_role_whose_trust_names_its_provider() {
    let mut story = story();
    let answer = send(&mut story, json!({"DurationSeconds": 900}));
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(
        answer.body["OIDCTokenInfo"]["Subject"],
        "system:serviceaccount:ops:rutter"
    );
    let text = |name: &str| {
        answer.body["Credentials"][name]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let (key, token) = (text("AccessKeyId"), text("SecurityToken"));
    let who =
        |story: &mut Story| story.send_with(&key, Some(&token), "STS:GetCallerIdentity", json!({}));
    let body = who(&mut story).body;
    assert_eq!(
        body["Arn"],
        format!("acs:ram::{SOURCE}:assumed-role/pod/story")
    );
    story.wait_seconds(900);
    assert_eq!(code(&who(&mut story)), "InvalidSecurityToken.Expired");
}

#[test]
fn what_a_token_does_not_open_is_refused_with_a_code_that_says_why() {
    let mut story = story();
    for (other, expected) in [
        (
            json!({"OIDCToken": "another"}),
            "AuthenticationFail.OIDCToken.Invalid",
        ),
        (json!({"OIDCToken": ""}), "MissingOIDCToken"),
        (
            json!({"OIDCProviderArn": format!("acs:ram::{SOURCE}:oidc-provider/other")}),
            "AuthenticationFail.NoPermission",
        ),
        (
            json!({"OIDCProviderArn": format!("acs:ram::{DESTINATION}:oidc-provider/cluster")}),
            "AuthenticationFail.NoPermission",
        ),
        (
            json!({"RoleArn": format!("acs:ram::{SOURCE}:role/ram-for-dts")}),
            "AuthenticationFail.NoPermission",
        ),
        (
            json!({"RoleArn": format!("acs:ram::{SOURCE}:role/none")}),
            "EntityNotExist.Role",
        ),
        (
            json!({"RoleSessionName": "!!"}),
            "InvalidParameter.RoleSessionName",
        ),
    ] {
        let answer = send(&mut story, other.clone());
        assert_eq!(code(&answer), expected, "{other}");
    }
    // The token's end, by the clock of credentials, which is the world's in a rehearsal.
    story.now = 4_070_908_800_000;
    let answer = send(&mut story, json!({}));
    assert_eq!(code(&answer), "AuthenticationFail.OIDCToken.Expired");
}

#[test]
fn a_world_may_let_credentials_live_shorter_than_was_asked_for() {
    let mut story = Story::new(&EVERYTHING.replace("session = \"12h\"", "session = \"3s\""));
    let answer = send(&mut story, json!({}));
    let text = |name: &str| {
        answer.body["Credentials"][name]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let (key, token) = (text("AccessKeyId"), text("SecurityToken"));
    story.wait_seconds(3);
    let who = story.send_with(&key, Some(&token), "STS:GetCallerIdentity", json!({}));
    assert_eq!(code(&who), "InvalidSecurityToken.Expired");
}

#[test]
fn identity_providers_that_make_no_sense_are_refused_with_their_place() {
    for (from, to, said) in [
        (
            "client_ids = [\"sts.aliyuncs.com\"] ",
            "client_ids = [] ",
            "at least one of `client_ids`",
        ),
        (
            "token = \"token-of-everything\"",
            "tokn = \"x\"",
            "unknown field `tokn`",
        ),
    ] {
        let text = EVERYTHING.replace(from, to);
        let error = World::from_toml(&text, "x.world.toml")
            .unwrap_err()
            .to_string();
        assert!(
            error.contains(said) && error.starts_with("x.world.toml:"),
            "{error}"
        );
    }
}
