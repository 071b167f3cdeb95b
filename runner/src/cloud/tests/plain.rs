//! Requests that plugins make to other APIs.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rutter_engine::FaultClass;

use super::*;
use crate::secrets::SecretText;

fn allowing(address: &str) -> String {
    format!(
        "[http]\nallow = [\"{address}\"]\n\
         [http.credentials.pager]\nkind = \"bearer\"\nhosts = [\"127.0.0.1\"]\nsecret_env = \"PAGER_TOKEN\"\n\
         [http.credentials.basic]\nkind = \"basic\"\nuser = \"me\"\nhosts = [\"127.0.0.1\"]\nsecret_env = \"PAGER_TOKEN\"\n\
         [http.credentials.key]\nkind = \"header\"\nheader = \"X-Api-Key\"\nhosts = [\"127.0.0.1\"]\nsecret_env = \"PAGER_TOKEN\"\n\
         [http.credentials.other]\nkind = \"bearer\"\nhosts = [\"pager.example.com\"]\nsecret_env = \"PAGER_TOKEN\"\n"
    )
}

fn post(url: String, auth: Option<&str>) -> HttpRequest {
    HttpRequest {
        method: "POST".to_owned(),
        url,
        headers: vec![("content-type".to_owned(), "application/json".to_owned())],
        body: Some(STANDARD.encode("{\"a\": 1}")),
        auth: auth.map(str::to_owned),
        secret_answers: Vec::new(),
    }
}

fn http(class: Class, request: HttpRequest) -> Call {
    Call {
        account: None,
        target: Target::Http(request),
        class,
        ..get_role()
    }
}

fn body_of(answer: &Value) -> String {
    let bytes = STANDARD.decode(answer["body"].as_str().unwrap()).unwrap();
    String::from_utf8(bytes).unwrap()
}

#[tokio::test]
async fn a_request_is_sent_with_the_credential_that_the_settings_name() {
    let server = Server::start(|request, _| {
        let authorization = request
            .header("authorization")
            .or(request.header("x-api-key"));
        Reply::Json(201, json!({"saw": authorization}))
    })
    .await;
    let bench = Bench::with(&server.address, &allowing(&server.address));
    let basic = format!("Basic {}", STANDARD.encode("me:pager-token-0001"));
    for (auth, sent) in [
        ("pager", "Bearer pager-token-0001"),
        ("basic", basic.as_str()),
        ("key", "pager-token-0001"),
    ] {
        let request = post(format!("http://{}/x?y=1", server.address), Some(auth));
        let answer = done(bench.carry(&http(Class::Change, request)).await);
        assert_eq!(answer["status"], 201);
        let last = server.received().pop().unwrap();
        assert_eq!((last.path.as_str(), last.parameter("y")), ("/x", Some("1")));
        assert_eq!(
            last.header("authorization").or(last.header("x-api-key")),
            Some(sent)
        );
        // The answer quotes it; nobody sees it.
        let body = body_of(&answer);
        assert!(
            body.contains("[hidden]") && !body.contains("pager-token"),
            "{body}"
        );
    }
}

#[tokio::test]
async fn a_credential_goes_only_to_the_hosts_it_is_meant_for() {
    let server = Server::start(|_, _| Reply::Silence).await;
    let bench = Bench::with(&server.address, &allowing(&server.address));
    for (auth, why) in [
        ("other", "is not meant for `127.0.0.1`"),
        ("none", "there is no credential"),
    ] {
        let request = post(format!("http://{}/", server.address), Some(auth));
        let fault = refused(bench.carry(&http(Class::Change, request)).await);
        assert_eq!(
            (fault.class, fault.code.as_str()),
            (FaultClass::Denied, "rutter.http.credential")
        );
        assert!(fault.message.contains(why), "{}", fault.message);
    }
    assert!(server.received().is_empty());
}

#[tokio::test]
async fn addresses_that_are_not_public_need_the_operators_word() {
    let server = Server::start(|_, _| Reply::Silence).await;
    let bench = Bench::new(&server.address);
    for url in [
        format!("http://{}/", server.address),
        format!("https://{}/", server.address),
        "https://10.0.0.1/".to_owned(),
        "https://100.100.100.200/latest/meta-data".to_owned(),
        "https://[::1]/".to_owned(),
        "http://example.com/".to_owned(),
        "ftp://example.com/".to_owned(),
    ] {
        let fault = refused(
            bench
                .carry(&http(Class::Read, post(url.clone(), None)))
                .await,
        );
        assert_eq!(
            (fault.class, fault.code.as_str()),
            (FaultClass::Denied, "rutter.http.address"),
            "{url}"
        );
    }
    // A name is judged by what it is connected to.
    let named = post("https://localhost/".to_owned(), None);
    let fault = refused(bench.carry(&http(Class::Read, named)).await);
    assert!(fault.message.contains("is not public"), "{}", fault.message);
    assert_eq!(fault.class, FaultClass::Fail);
    assert!(server.received().is_empty());
}

#[tokio::test]
async fn secrets_are_written_as_their_place_wants_them() {
    let server = Server::start(|_, _| Reply::Json(200, json!({}))).await;
    let bench = Bench::with(&server.address, &allowing(&server.address));
    let placeholder = bench.secrets.input("password", SecretText::new("a\"b&c"));
    let mut request = post(format!("http://{}/?p={placeholder}", server.address), None);
    request
        .headers
        .push(("x-password".to_owned(), placeholder.clone()));
    request.body = Some(STANDARD.encode(json!({"p": placeholder}).to_string()));
    done(bench.carry(&http(Class::Change, request)).await);
    let received = &server.received()[0];
    assert_eq!(received.parameter("p"), Some("a\"b&c"));
    assert_eq!(received.header("x-password"), Some("a\"b&c"));
    let body: Value = serde_json::from_slice(&received.body).unwrap();
    assert_eq!(body, json!({"p": "a\"b&c"}));
}

#[tokio::test]
async fn answers_are_the_plugins_to_judge_unless_they_leave_open_what_happened() {
    let server = Server::start(|request, _| {
        let status: u16 = request.path[1..].parse().unwrap();
        Reply::With(status, "location: /200\r\n".to_owned(), json!({}))
    })
    .await;
    let bench = Bench::with(&server.address, &allowing(&server.address));
    let send = async |class, status: u16| {
        let request = post(format!("http://{}/{status}", server.address), None);
        bench.carry(&http(class, request)).await
    };
    for status in [200, 302, 404, 403] {
        assert_eq!(done(send(Class::Change, status).await)["status"], status);
    }
    assert_eq!(
        refused(send(Class::Change, 429).await).class,
        FaultClass::Retry
    );
    assert_eq!(
        unknown(send(Class::Change, 503).await).class,
        FaultClass::LookFirst
    );
    assert_eq!(done(send(Class::Read, 503).await)["status"], 503);
}

#[tokio::test]
async fn a_secret_of_an_answer_can_be_sent_and_not_read() {
    let server = Server::start(|request, _| {
        let token = request.header("x-token").map(str::to_owned);
        let body = json!({
            "token": "token-of-the-service-1", "clientSecret": "client-secret-0001",
            "saw": token, "note": "it is token-of-the-service-1",
        });
        Reply::Json(200, body)
    })
    .await;
    let bench = Bench::with(&server.address, &allowing(&server.address));
    let mut login = post(format!("http://{}/login", server.address), None);
    login.secret_answers = vec!["/token".to_owned()];
    let answer = done(bench.carry(&http(Class::Read, login.clone())).await);
    let body: Value = serde_json::from_str(&body_of(&answer)).unwrap();
    let token = body["token"].as_str().unwrap().to_owned();
    assert!(
        rutter_meaning::placeholder::is_placeholder(&token),
        "{body}"
    );
    // What nobody declared is found by the name of its field, and what was learned by its value.
    assert_eq!(body["clientSecret"], "[secret clientSecret]");
    let note = body["note"].as_str().unwrap();
    assert!(
        note.starts_with("it is [secret steps.") && note.ends_with("/token]"),
        "{note}"
    );

    login.headers.push(("x-token".to_owned(), token.clone()));
    let again = done(bench.carry(&http(Class::Read, login)).await);
    let last = server.received().pop().unwrap();
    assert_eq!(last.header("x-token"), Some("token-of-the-service-1"));
    let body: Value = serde_json::from_str(&body_of(&again)).unwrap();
    assert_eq!(
        body["token"],
        token.as_str(),
        "the same secret, the same placeholder"
    );
    assert!(!body_of(&again).contains("token-of-the"), "{body}");
}

#[tokio::test]
async fn no_setting_lets_a_plugin_reach_the_metadata_service() {
    let server = Server::start(|_, _| Reply::Silence).await;
    let bench = Bench::with(&server.address, &allowing("100.100.100.200"));
    for scheme in ["http", "https"] {
        let url = format!("{scheme}://100.100.100.200/latest/api/token");
        let fault = refused(bench.carry(&http(Class::Read, post(url, None))).await);
        assert_eq!(fault.code, "rutter.http.address");
    }
}
