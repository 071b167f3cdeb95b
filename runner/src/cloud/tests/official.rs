//! Credentials are fetched as the official client fetches them: `tests/clients/fetched.py` plays the same cases with it.

use super::sources::{Stand, cloud, text};
use super::*;

const CASES: &str = include_str!("../../../../tests/clients/fetched/cases.json");

/// The headers that are compared; the rest is the business of the client.
const HEADERS: [&str; 5] = [
    "x-aliyun-ecs-metadata-token",
    "x-aliyun-ecs-metadata-token-ttl-seconds",
    "authorization",
    "accept",
    "content-type",
];

#[tokio::test]
async fn credentials_are_fetched_as_the_official_client_fetches_them() {
    let cases: Value = serde_json::from_str(CASES).unwrap();
    for (name, case) in cases.as_object().unwrap() {
        play(name, case).await;
    }
}

async fn play(name: &str, case: &Value) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("token"), "header.body/of+token").unwrap();
    let printed = keys(
        "STS.printed",
        [
            "mode",
            "access_key_id",
            "access_key_secret",
            "sts_token",
            "expiration",
        ],
    );
    std::fs::write(folder.path().join("printed.json"), printed.to_string()).unwrap();
    let answers = case["answers"].clone();
    let server = Server::start(move |request, _| match request.action() {
        "" => match answers.get(to(request)) {
            None => text(404, ""),
            Some(Value::String(said)) if said != "KEYS" => text(200, said),
            Some(answer) => Reply::Json(200, filled(answer)),
        },
        _ => cloud(request),
    })
    .await;
    let profile = case["profile"].to_string();
    let profile = profile
        .replace("ADDRESS", &server.address)
        .replace("FOLDER", folder.path().to_str().unwrap());
    let profile = serde_json::from_str(&profile).unwrap();
    let mark = case["mark"].as_str().unwrap_or_default();
    let stand = Stand::marked(&server, profile, mark);
    let key = match stand.carry().await {
        Outcome::Done(answer) => answer["Signer"].clone(),
        Outcome::Refused(_) => Value::Null,
        Outcome::Unknown(fault) => panic!("{name}: {fault:?}"),
    };
    let expected = case.get("our_key").unwrap_or(&case["key"]);
    assert_eq!(key, *expected, "{name}");
    let received = server.received();
    let sent = received.iter().find(|request| !request.action().is_empty());
    if let Some(sent) = sent {
        let token = format!("token-of-{}", key.as_str().unwrap());
        assert_eq!(
            sent.header("x-acs-security-token"),
            Some(token.as_str()),
            "{name}"
        );
    }
    let asked = received
        .iter()
        .filter(|request| request.action().is_empty());
    let asked: Vec<Value> = asked.map(compared).collect();
    assert_eq!(asked, ours(case), "{name}");
}

/// The requests that we make in a case.
fn ours(case: &Value) -> Vec<Value> {
    let requests = case["requests"].as_array().unwrap().iter();
    let ours = requests.filter(|request| request["by"] != "official");
    let request = |request: &Value| {
        let mut request = request.clone();
        let fields = request.as_object_mut().unwrap();
        fields.remove("by");
        if let Some(to) = fields.remove("our") {
            fields.insert("to".to_owned(), to);
        }
        request
    };
    ours.map(request).collect()
}

/// A request as the cases write it.
fn compared(request: &Received) -> Value {
    let mut compared = json!({"to": to(request)});
    let is_form = request.header("content-type") == Some("application/x-www-form-urlencoded");
    let headers = HEADERS.map(|name| (name, request.header(name).filter(|value| *value != "*/*")));
    let headers: Vec<_> = headers
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
        .collect();
    if !is_form && !headers.is_empty() {
        compared["headers"] = headers.into_iter().collect();
    }
    let mut pairs = request.query.clone();
    let body = String::from_utf8(request.body.clone()).unwrap();
    if is_form {
        pairs.extend(rutter_contracts::wire::decode_pairs(&body));
    } else if !body.is_empty() {
        compared["json"] = serde_json::from_str(&body).unwrap();
    }
    pairs.retain(|(name, _)| !matches!(name.as_str(), "Timestamp" | "SignatureNonce"));
    if !pairs.is_empty() {
        compared["parameters"] = pairs.into_iter().collect();
    }
    compared
}

fn to(request: &Received) -> String {
    format!("{} {}", request.method, request.path)
}

fn filled(answer: &Value) -> Value {
    match answer {
        Value::String(said) if said == "KEYS" => keys(
            "STS.fetched",
            [
                "Code",
                "AccessKeyId",
                "AccessKeySecret",
                "SecurityToken",
                "Expiration",
            ],
        ),
        Value::Object(fields) => fields
            .iter()
            .map(|(name, value)| (name.clone(), filled(value)))
            .collect(),
        other => other.clone(),
    }
}

fn keys(id: &str, [kind, names @ ..]: [&str; 5]) -> Value {
    let mut keys = json!({names[0]: id, names[1]: format!("secret of {id}"), names[2]: format!("token-of-{id}"),
        names[3]: "2099-01-01T00:00:00Z"});
    keys[kind] = if kind == "mode" {
        "StsToken"
    } else {
        "Success"
    }
    .into();
    keys
}
