//! The world over HTTP: both signature schemes, and what is refused at the door.

use std::net::SocketAddr;

use rutter_contracts::sign::{Key, rpc, v3};
use rutter_contracts::wire;
use rutter_simcloud::World;
use rutter_simcloud::server::{Options, ServeError, serve};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

struct Server {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    task: JoinHandle<Result<World, ServeError>>,
}

async fn start() -> Server {
    start_with(
        include_str!("../worlds/two_accounts.world.toml"),
        Options::default(),
    )
    .await
}

async fn start_with(world: &str, options: Options) -> Server {
    let world = World::from_toml(world, "test").unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel();
    let task = tokio::spawn(serve(world, listener, options, async {
        drop(stopped.await)
    }));
    Server {
        address,
        stop,
        task,
    }
}

/// One request, one answer: status and JSON.
async fn exchange(
    address: SocketAddr,
    method: &str,
    target: &str,
    headers: &[(String, String)],
    body: &str,
) -> (u16, Value) {
    let mut request = format!(
        "{method} {target} HTTP/1.1\r\nconnection: close\r\ncontent-length: {}\r\n",
        body.len()
    );
    for (name, value) in headers {
        request.push_str(&format!("{name}: {value}\r\n"));
    }
    request.push_str("\r\n");
    request.push_str(body);
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, serde_json::from_str(body).unwrap_or(Value::Null))
}

fn key() -> Key {
    Key {
        id: "LTAI-source-operator".into(),
        secret: "secret-of-source-operator".into(),
        token: None,
    }
}

fn now() -> String {
    jiff::Timestamp::now()
        .strftime("%Y-%m-%dT%H:%M:%SZ")
        .to_string()
}

/// The host of the product that has this version.
fn host_of(version: &str) -> &'static str {
    match version {
        "2015-05-01" => "ram.aliyuncs.com",
        _ => "sts.aliyuncs.com",
    }
}

struct Call<'a> {
    action: &'a str,
    version: &'a str,
    query: Vec<(String, String)>,
    date: String,
    nonce: &'a str,
    key: Key,
}

impl Call<'_> {
    fn identity(nonce: &str) -> Call<'_> {
        Call {
            action: "GetCallerIdentity",
            version: "2015-04-01",
            query: Vec::new(),
            date: now(),
            nonce,
            key: key(),
        }
    }

    async fn send(&self, address: SocketAddr) -> (u16, Value) {
        let request = v3::SignRequest {
            host: host_of(self.version),
            method: "POST",
            path: "/",
            query: &self.query,
            headers: &[],
            body: b"",
            action: self.action,
            version: self.version,
            date: &self.date,
            nonce: self.nonce,
        };
        let mut headers = v3::sign(&self.key, &request);
        if !headers.iter().any(|(name, _)| name == "host") {
            headers.push(("host".into(), host_of(self.version).into()));
        }
        exchange(
            address,
            "POST",
            &format!("/?{}", wire::query_string(&self.query)),
            &headers,
            "",
        )
        .await
    }
}

#[tokio::test]
async fn a_signed_call_is_answered_and_an_altered_or_stale_one_is_not() {
    let server = start().await;
    let (status, body) = Call::identity("n1").send(server.address).await;
    assert_eq!(
        (status, body["AccountId"].as_str()),
        (200, Some(crate::support::SOURCE)),
        "{body}"
    );

    let (_, again) = Call::identity("n1").send(server.address).await;
    assert_eq!(again["Code"], "SignatureNonceUsed");

    let mut forged = Call::identity("n2");
    forged.key.secret = "guessed".into();
    assert_eq!(
        forged.send(server.address).await.1["Code"],
        "SignatureDoesNotMatch"
    );

    let mut stale = Call::identity("n3");
    stale.date = "2020-01-01T00:00:00Z".into();
    assert_eq!(
        stale.send(server.address).await.1["Code"],
        "InvalidTimeStamp.Expired"
    );

    let mut stranger = Call::identity("n4");
    stranger.key.id = "LTAI-nobody".into();
    assert_eq!(
        stranger.send(server.address).await.1["Code"],
        "InvalidAccessKeyId.NotFound"
    );

    let (status, body) = exchange(
        server.address,
        "GET",
        "/?Action=GetCallerIdentity&Version=2015-04-01",
        &[("host".into(), "x".into())],
        "",
    )
    .await;
    assert_eq!(
        (status, body["Code"].as_str()),
        (400, Some("IncompleteSignature")),
        "{body}"
    );
}

#[tokio::test]
async fn the_old_signature_scheme_is_taken_too() {
    let server = start().await;
    let parameters = vec![("RoleName".to_owned(), "missing".to_owned())];
    let date = now();
    let request = rpc::SignRequest {
        method: "GET",
        parameters: &parameters,
        action: "GetRole",
        version: "2015-05-01",
        date: &date,
        nonce: "r1",
    };
    let pairs = [rpc::sign(&key(), &request), parameters.clone()].concat();
    let target = format!("/?{}", wire::query_string(&pairs));
    let (status, body) = exchange(
        server.address,
        "GET",
        &target,
        &[("host".into(), "ram.aliyuncs.com".into())],
        "",
    )
    .await;
    assert_eq!(
        (status, body["Code"].as_str()),
        (404, Some("EntityNotExist.Role")),
        "{body}"
    );
}

#[tokio::test]
async fn the_pages_show_state_changes_calls_and_time_and_the_world_comes_back() {
    let server = start().await;
    let host = [("host".to_owned(), "localhost".to_owned())];
    let (_, before) = exchange(server.address, "GET", "/-/state", &host, "").await;
    let document =
        crate::support::trust(&serde_json::json!({ "RAM": ["acs:ram::2222222222222222:root"] }));
    let create = Call {
        action: "CreateRole",
        version: "2015-05-01",
        query: vec![
            ("AssumeRolePolicyDocument".into(), document),
            ("RegionId".into(), "cn-hangzhou".into()),
            ("RoleName".into(), "over-http".into()),
        ],
        date: now(),
        nonce: "c1",
        key: key(),
    };
    let (status, body) = create.send(server.address).await;
    assert_eq!(status, 200, "{body}");
    let (_, changes) = exchange(server.address, "GET", "/-/changes", &host, "").await;
    assert_eq!(changes["count"], 1);
    assert_eq!(changes["changes"][0]["action"], "RAM:CreateRole");
    assert_eq!(changes["changes"][0]["account_id"], crate::support::SOURCE);
    let (_, calls) = exchange(server.address, "GET", "/-/calls", &host, "").await;
    assert_eq!(calls["count"], 1);
    let (_, after) = exchange(server.address, "GET", "/-/state", &host, "").await;
    assert_ne!(before, after);
    assert!(after[crate::support::SOURCE]["ram-role"]["over-http"].is_object());
    let (_, time) = exchange(server.address, "GET", "/-/time", &host, "").await;
    assert!(
        time["now"].as_str().unwrap().starts_with("2026-01-15T20:"),
        "{time}"
    );

    server.stop.send(()).unwrap();
    let world = server.task.await.unwrap().unwrap();
    assert_eq!(world.change_count(), 1);
}

#[tokio::test]
async fn temporary_credentials_live_by_the_real_clock_however_fast_the_world_is() {
    let options = Options {
        time_scale: Some(1_000_000.0),
        ..Options::default()
    };
    let server = start_with(include_str!("../worlds/everything.world.toml"), options).await;
    let destination = World::from_toml(include_str!("../worlds/everything.world.toml"), "test")
        .unwrap()
        .key("destination")
        .unwrap();
    let mut assume = Call::identity("s1");
    assume.action = "AssumeRole";
    assume.key = Key {
        id: destination.id,
        secret: destination.secret,
        token: None,
    };
    assume.query = vec![
        (
            "RoleArn".into(),
            format!("acs:ram::{}:role/ram-for-dts", crate::support::SOURCE),
        ),
        ("RoleSessionName".into(), "story".into()),
    ];
    let (status, body) = assume.send(server.address).await;
    assert_eq!(status, 200, "{body}");
    let text = |name: &str| body["Credentials"][name].as_str().unwrap().to_owned();
    let expiration: jiff::Timestamp = text("Expiration").parse().unwrap();
    let left_seconds = expiration.as_second() - jiff::Timestamp::now().as_second();
    assert!((3500..=3600).contains(&left_seconds), "{left_seconds}");

    // More than five hours of the world.
    tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    let mut who = Call::identity("s2");
    who.key = Key {
        id: text("AccessKeyId"),
        secret: text("AccessKeySecret"),
        token: Some(text("SecurityToken")),
    };
    let (status, body) = who.send(server.address).await;
    assert_eq!(
        (status, body["IdentityType"].as_str()),
        (200, Some("AssumedRoleUser")),
        "{body}"
    );
}

#[tokio::test]
async fn an_answer_is_held_back_as_long_as_the_world_says() {
    let world = "schema = 1\n[latency]\nread = \"150ms\"\njitter = \"0s\"\n[accounts.a]\nid = \"1111111111111111\"\n\
                 users = [{ name = \"u\", access_key_id = \"LTAI-source-operator\", access_key_secret = \"secret-of-source-operator\" }]";
    let server = start_with(
        world,
        Options {
            latency: true,
            ..Options::default()
        },
    )
    .await;
    let before = std::time::Instant::now();
    assert_eq!(Call::identity("l1").send(server.address).await.0, 200);
    assert!(before.elapsed() >= std::time::Duration::from_millis(150));
}

#[tokio::test]
async fn it_listens_on_loopback_only_and_not_for_ever() {
    let world = World::from_toml("schema = 1", "test").unwrap();
    let open = TcpListener::bind("0.0.0.0:0").await.unwrap();
    let refused = serve(
        world.clone(),
        open,
        Options::default(),
        std::future::pending(),
    )
    .await;
    assert!(matches!(refused, Err(ServeError::NotLoopback(_))));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let options = Options {
        limit: Some(std::time::Duration::from_millis(20)),
        ..Options::default()
    };
    serve(world, listener, options, std::future::pending())
        .await
        .unwrap();
}

/// The parameters as this program sends them: the common ones in the query, the rest in the form, and nobody signs.
async fn with_token(address: SocketAddr, action: &str, nonce: &str, date: &str) -> (u16, Value) {
    let common = [
        ("Action", action),
        ("Version", "2015-04-01"),
        ("Format", "JSON"),
        ("Timestamp", date),
        ("SignatureNonce", nonce),
    ];
    let form = [
        ("RoleArn", "acs:ram::1111111111111111:role/pod"),
        (
            "OIDCProviderArn",
            "acs:ram::1111111111111111:oidc-provider/cluster",
        ),
        ("OIDCToken", "token-of-everything"),
        ("RoleSessionName", "story"),
    ];
    let text = |pairs: &[(&str, &str)]| {
        let owned = pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        wire::query_string(&owned.collect::<Vec<_>>())
    };
    let headers = [
        ("host".to_owned(), "sts.aliyuncs.com".to_owned()),
        (
            "content-type".to_owned(),
            "application/x-www-form-urlencoded".to_owned(),
        ),
    ];
    let target = format!("/?{}", text(&common));
    exchange(address, "POST", &target, &headers, &text(&form)).await
}

#[tokio::test]
async fn only_what_a_token_opens_goes_unsigned() {
    let world = include_str!("../worlds/everything.world.toml");
    let server = start_with(world, Options::default()).await;
    let (status, body) = with_token(server.address, "AssumeRoleWithOIDC", "o1", &now()).await;
    assert_eq!(status, 200, "{body}");
    let again = with_token(server.address, "AssumeRoleWithOIDC", "o1", &now()).await;
    assert_eq!(again.1["Code"], "SignatureNonceUsed");
    let old = with_token(
        server.address,
        "AssumeRoleWithOIDC",
        "o2",
        "2026-01-01T00:00:00Z",
    )
    .await;
    assert_eq!(old.1["Code"], "InvalidTimeStamp.Expired");
    let other = with_token(server.address, "AssumeRole", "o3", &now()).await;
    assert_eq!(other.1["Code"], "IncompleteSignature");
}
