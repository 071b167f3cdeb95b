//! The published vectors, and what a server must refuse.

use serde_json::Value;

use super::{Key, rpc, v3};

fn vectors() -> Vec<Value> {
    let text = include_str!("../../data/signature-vectors.json");
    let file: Value = serde_json::from_str(text).unwrap();
    file["vectors"].as_array().unwrap().clone()
}

fn of_scheme(scheme: &str) -> Vec<Value> {
    let found: Vec<Value> = vectors()
        .into_iter()
        .filter(|vector| vector["scheme"] == scheme)
        .collect();
    assert!(!found.is_empty());
    found
}

fn text<'a>(vector: &'a Value, pointer: &str) -> &'a str {
    vector.pointer(pointer).and_then(Value::as_str).unwrap()
}

fn pairs(vector: &Value, pointer: &str) -> Vec<(String, String)> {
    let members = vector.pointer(pointer).unwrap().as_object().unwrap();
    members
        .iter()
        .map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned()))
        .collect()
}

fn key(vector: &Value) -> Key {
    Key {
        id: text(vector, "/access_key_id").to_owned(),
        secret: text(vector, "/access_key_secret").to_owned(),
        token: vector["security_token"].as_str().map(str::to_owned),
    }
}

fn secret(id: &str) -> impl Fn(&str) -> Option<String> {
    let id = id.to_owned();
    move |asked| (asked == id).then(|| "dummy-access-key-secret-0001".to_owned())
}

/// Signs the request of a vector of the current scheme with the headers that the vector sends.
fn sign_v3(vector: &Value) -> Vec<(String, String)> {
    let mut headers = pairs(vector, "/request/headers");
    headers.retain(|(name, _)| name != "Authorization");
    let query = pairs(vector, "/request/query");
    let body = vector["request"]["body"].as_str().unwrap_or("");
    v3::sign(
        &key(vector),
        &v3::SignRequest {
            host: text(vector, "/input/host"),
            method: text(vector, "/input/method"),
            path: text(vector, "/input/path"),
            query: &query,
            headers: &headers,
            body: body.as_bytes(),
            action: text(vector, "/input/action"),
            version: text(vector, "/input/version"),
            date: text(vector, "/timestamp"),
            nonce: text(vector, "/nonce"),
        },
    )
}

fn verify_v3(
    vector: &Value,
    headers: &[(String, String)],
    body: &str,
) -> Result<super::Verified, super::Refusal> {
    let query = pairs(vector, "/request/query");
    let received = v3::Received {
        method: text(vector, "/input/method"),
        path: text(vector, "/input/path"),
        query: &query,
        headers,
        body: body.as_bytes(),
    };
    let expected = key(vector);
    v3::verify(&received, |id| {
        (id == expected.id).then(|| expected.secret.clone())
    })
}

#[test]
fn all_eleven_vectors_are_there() {
    let names: Vec<String> = vectors()
        .iter()
        .map(|vector| text(vector, "/name").to_owned())
        .collect();
    assert_eq!(names.len(), 11, "{names:?}");
}

#[test]
fn the_current_scheme_signs_as_the_official_clients_do() {
    for vector in of_scheme("ACS3-HMAC-SHA256") {
        let headers = sign_v3(&vector);
        let (name, value) = headers.last().unwrap();
        assert_eq!(name, "authorization");
        let expected = text(&vector, "/expected/authorization");
        assert_eq!(value, expected, "{}", text(&vector, "/name"));
    }
}

#[test]
fn the_current_scheme_accepts_what_the_official_clients_sign() {
    for vector in of_scheme("ACS3-HMAC-SHA256") {
        let headers = pairs(&vector, "/request/headers");
        let mut headers = headers;
        if !headers.iter().any(|(name, _)| name == "Authorization") {
            let authorization = text(&vector, "/expected/authorization").to_owned();
            headers.push(("Authorization".to_owned(), authorization));
        }
        let body = vector["request"]["body"].as_str().unwrap_or("");
        let verified = verify_v3(&vector, &headers, body).unwrap();
        assert_eq!(verified.access_key_id, text(&vector, "/access_key_id"));
        assert_eq!(verified.date, text(&vector, "/timestamp"));
        assert_eq!(verified.nonce, text(&vector, "/nonce"));
        let token = verified.security_token;
        assert_eq!(token.as_deref(), vector["security_token"].as_str());
    }
}

#[test]
fn a_changed_body_header_or_query_is_refused() {
    let vector = of_scheme("ACS3-HMAC-SHA256")
        .into_iter()
        .find(|vector| text(vector, "/name").contains("v3-04"))
        .unwrap();
    let good = sign_v3(&vector);
    let body = text(&vector, "/request/body");

    let other_body = verify_v3(&vector, &good, "DbList=other").unwrap_err();
    assert_eq!(other_body.code, "IncompleteSignature");

    let mut headers = good.clone();
    for (name, value) in &mut headers {
        if name == "x-acs-action" {
            "DeleteDtsJob".clone_into(value);
        }
    }
    let other_action = verify_v3(&vector, &headers, body).unwrap_err();
    assert_eq!(other_action.code, "SignatureDoesNotMatch");
    assert!(other_action.message.contains("ACS3-HMAC-SHA256"));

    let mut vector = vector.clone();
    vector["request"]["query"]["DtsJobName"] = "another".into();
    let other_query = verify_v3(&vector, &good, body).unwrap_err();
    assert_eq!(other_query.code, "SignatureDoesNotMatch");
}

#[test]
fn a_header_of_the_scheme_that_is_not_signed_is_refused() {
    let vector = &of_scheme("ACS3-HMAC-SHA256")[0];
    let mut headers = sign_v3(vector);
    let smuggled = ("x-acs-security-token".to_owned(), "other".to_owned());
    headers.push(smuggled);
    let refusal = verify_v3(vector, &headers, "").unwrap_err();
    assert_eq!(refusal.code, "IncompleteSignature");
    assert!(refusal.message.contains("x-acs-security-token"));
}

#[test]
fn an_unknown_key_is_told_from_a_wrong_secret() {
    let vector = &of_scheme("ACS3-HMAC-SHA256")[0];
    let headers = sign_v3(vector);
    let received = v3::Received {
        method: "POST",
        path: "/",
        query: &[],
        headers: &headers,
        body: b"",
    };
    let unknown = v3::verify(&received, |_| None).unwrap_err();
    assert_eq!(unknown.code, "InvalidAccessKeyId.NotFound");
    let wrong = v3::verify(&received, |_| Some("other".to_owned())).unwrap_err();
    assert_eq!(wrong.code, "SignatureDoesNotMatch");
}

#[test]
fn nonsense_in_the_authorization_header_is_refused() {
    let vector = &of_scheme("ACS3-HMAC-SHA256")[0];
    for nonsense in [
        "",
        "Bearer x",
        "ACS3-HMAC-SHA256 ",
        "ACS3-HMAC-SHA256 Credential=,SignedHeaders=host,Signature=00",
        "ACS3-HMAC-SHA256 Credential=a,SignedHeaders=host;absent,Signature=00",
        "ACS3-HMAC-SHA256 Credential=a,SignedHeaders=é,Signature=é",
    ] {
        let mut headers = sign_v3(vector);
        headers.pop();
        headers.push(("authorization".to_owned(), nonsense.to_owned()));
        let refusal = verify_v3(vector, &headers, "").unwrap_err();
        assert_eq!(refusal.code, "IncompleteSignature", "{nonsense}");
    }
}

/// The names of the parameters that belong to the scheme and not to the call.
const COMMON_PARAMETERS: [&str; 11] = [
    "AccessKeyId",
    "Action",
    "Format",
    "SecurityToken",
    "Signature",
    "SignatureMethod",
    "SignatureNonce",
    "SignatureType",
    "SignatureVersion",
    "Timestamp",
    "Version",
];

#[test]
fn the_old_scheme_signs_as_the_official_clients_do() {
    for vector in of_scheme("RPC-v1 HMAC-SHA1") {
        let all = pairs(&vector, "/request/query");
        let own: Vec<(String, String)> = all
            .iter()
            .filter(|(name, _)| !COMMON_PARAMETERS.contains(&name.as_str()))
            .cloned()
            .collect();
        if !all.contains(&("Format".to_owned(), "json".to_owned())) {
            continue;
        }
        let signed = rpc::sign(
            &key(&vector),
            &rpc::SignRequest {
                method: text(&vector, "/input/method"),
                parameters: &own,
                action: text(&vector, "/input/action"),
                version: text(&vector, "/input/version"),
                date: text(&vector, "/timestamp"),
                nonce: text(&vector, "/nonce"),
            },
        );
        let (name, value) = signed.last().unwrap();
        assert_eq!(name, "Signature");
        let expected = text(&vector, "/expected/signature");
        assert_eq!(value, expected, "{}", text(&vector, "/name"));
    }
}

#[test]
fn the_old_scheme_accepts_what_the_official_clients_sign() {
    for vector in of_scheme("RPC-v1 HMAC-SHA1") {
        let parameters = pairs(&vector, "/request/query");
        let expected = key(&vector);
        let method = text(&vector, "/input/method");
        let verified = rpc::verify(method, &parameters, |id| {
            (id == expected.id).then(|| expected.secret.clone())
        })
        .unwrap();
        assert_eq!(verified.access_key_id, expected.id);
        assert_eq!(verified.security_token, expected.token);
    }
}

#[test]
fn the_old_scheme_refuses_what_was_changed_or_left_out() {
    let vector = &of_scheme("RPC-v1 HMAC-SHA1")[0];
    let id = text(vector, "/access_key_id");
    let good = pairs(vector, "/request/query");

    let mut changed = good.clone();
    changed.push(("Extra".to_owned(), "1".to_owned()));
    let refusal = rpc::verify("POST", &changed, secret(id)).unwrap_err();
    assert_eq!(refusal.code, "SignatureDoesNotMatch");

    for left_out in ["Signature", "SignatureNonce", "Timestamp", "AccessKeyId"] {
        let fewer: Vec<(String, String)> = good
            .iter()
            .filter(|(name, _)| name != left_out)
            .cloned()
            .collect();
        let refusal = rpc::verify("POST", &fewer, secret(id)).unwrap_err();
        assert_eq!(refusal.code, "IncompleteSignature", "{left_out}");
    }
}

#[test]
fn a_key_does_not_show_its_secrets() {
    let key = Key {
        id: "LTAI-x".to_owned(),
        secret: "s3cret".to_owned(),
        token: Some("t0ken".to_owned()),
    };
    let shown = format!("{key:?}");
    assert!(shown.contains("LTAI-x"));
    assert!(!shown.contains("s3cret") && !shown.contains("t0ken"));
}
