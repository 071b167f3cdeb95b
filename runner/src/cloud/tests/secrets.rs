//! No secret is seen by anybody but the cloud.

use super::*;
use crate::secrets::SecretText;

#[tokio::test]
async fn a_secret_is_sent_as_itself_and_comes_back_as_a_mark() {
    let server = Server::start(|request, _| {
        let password = request.parameter("AccountPassword").unwrap();
        let encoded = rutter_contracts::wire::percent_encode(password);
        Reply::Json(
            200,
            json!({"Echo": format!("pw={encoded}&"), password: [password]}),
        )
    })
    .await;
    let bench = Bench::new(&server.address);
    let placeholder = bench
        .secrets
        .input("password", SecretText::new("p@ss wörd/1"));
    let parameters =
        json!({"InstanceId": "r-1", "AccountName": "dts", "AccountPassword": placeholder});
    let create = call(Class::Change, "R-kvstore", "CreateAccount", parameters);
    let answer = done(bench.carry(&create).await);
    let request = &server.received()[0];
    request.signer();
    assert_eq!(request.parameter("AccountPassword"), Some("p@ss wörd/1"));
    assert_eq!(
        answer,
        json!({
            "Echo": "pw=[secret inputs.password]&",
            "[secret inputs.password]": ["[secret inputs.password]"]
        })
    );
}

#[tokio::test]
async fn a_call_whose_secret_is_not_known_is_not_sent() {
    let server = Server::start(|_, _| Reply::Silence).await;
    let bench = Bench::new(&server.address);
    let placeholder = bench.secrets.placeholder_of_input("password");
    let create = call(
        Class::Change,
        "R-kvstore",
        "CreateAccount",
        json!({"AccountPassword": placeholder}),
    );
    assert_eq!(
        refused(bench.carry(&create).await).code,
        "rutter.secret-unknown"
    );
    assert!(server.received().is_empty());
}

#[tokio::test]
async fn what_the_cloud_gives_out_once_is_a_placeholder() {
    let server = Server::start(|_, _| {
        Reply::Json(
            200,
            json!({"AccessTokenCode": "code-shown-once", "AccessTokenId": "at-1"}),
        )
    })
    .await;
    let bench = Bench::new(&server.address);
    let create = call(
        Class::Change,
        "SMC",
        "CreateAccessToken",
        json!({"Name": "n1"}),
    );
    let answer = done(bench.carry(&create).await);
    assert_eq!(answer["AccessTokenId"], "at-1");
    assert!(
        answer["AccessTokenCode"]
            .as_str()
            .unwrap()
            .starts_with("rutter-secret-")
    );
    let known = bench
        .secrets
        .substitute(&answer["AccessTokenCode"])
        .unwrap();
    assert_eq!(known, "code-shown-once");
}

#[tokio::test]
async fn errors_that_quote_the_credential_or_a_secret_hold_marks() {
    let server = Server::start(|request, _| {
        let quoted = request.parameter("RoleName").unwrap();
        let message = format!("signed {quoted} with secret of ak-source&");
        Reply::Json(400, error("SignatureDoesNotMatch", &message))
    })
    .await;
    let bench = Bench::new(&server.address);
    let placeholder = bench.secrets.input("name", SecretText::new("hidden-name"));
    let get = call(
        Class::Read,
        "RAM",
        "GetRole",
        json!({"RoleName": placeholder}),
    );
    let fault = refused(bench.carry(&get).await);
    let expected = "signed [secret inputs.name] with [hidden]& (RAM:GetRole at ";
    assert!(fault.message.starts_with(expected), "{}", fault.message);
}
