//! Credentials that are fetched, each from a source on loopback, well and badly.

use std::path::Path;

use rutter_engine::FaultClass;

use super::*;

const HOUR_MS: i64 = 3_600_000;
const SESSION_ROLE: &str = "acs:ram::1111111111111111:role/admin";

/// A carrier whose account `owner` is bound to the profile `p` of this `config.json`.
struct Stand {
    carrier: LiveCarrier,
    now: Arc<AtomicI64>,
    home: tempfile::TempDir,
}

impl Stand {
    fn new(server: &Server, profile: Value) -> Self {
        Self::with(server, profile, &[], "")
    }

    fn with(server: &Server, mut profile: Value, variables: &[(&str, &str)], more: &str) -> Self {
        let home = tempfile::tempdir().unwrap();
        profile["name"] = "p".into();
        std::fs::create_dir(home.path().join(".aliyun")).unwrap();
        let file = home.path().join(".aliyun/config.json");
        std::fs::write(&file, json!({"profiles": [profile]}).to_string()).unwrap();
        std::fs::write(home.path().join("token"), "oidc-token-0001\n").unwrap();
        let proxy = format!("http://{}", server.address);
        let own = [
            ("HOME", home.path().to_str().unwrap()),
            ("PATH", "/usr/bin:/bin"),
            ("HTTP_PROXY", &proxy),
        ];
        let environment = Environment::given(own.into_iter().chain(variables.iter().copied()));
        let text = format!(
            "[endpoints]\nram = \"{proxy}\"\nsts = \"{proxy}\"\n[network]\ntimeout = \"400ms\"\n{more}"
        );
        let overrides = SettingsOverrides::default();
        let file = Path::new("/nowhere/rutter.toml");
        let settings = Settings::parse(&text, file, &overrides, environment).unwrap();
        let binding = Binding {
            profile: if more.contains("[profiles.top]") {
                "top"
            } else {
                "p"
            }
            .to_owned(),
            region: "cn-hangzhou".to_owned(),
        };
        let now = Arc::new(AtomicI64::new(START_MS));
        let clock = now.clone();
        let clock = Arc::new(move || Timestamp(clock.load(Ordering::SeqCst)));
        let bindings = BTreeMap::from([("owner".to_owned(), binding)]);
        let secrets = Secrets::new("run-1", None).unwrap();
        let carrier = LiveCarrier::new(&settings, bindings, secrets, clock).unwrap();
        Self { carrier, now, home }
    }

    async fn carry(&self) -> Outcome {
        let read = Call {
            account: account("owner"),
            ..get_role()
        };
        self.carrier.carry_once(&read, &at()).await
    }

    async fn signer(&self) -> String {
        done(self.carry().await)["Signer"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    /// Why the call is not sent.
    async fn trouble(&self) -> String {
        let fault = refused(self.carry().await);
        assert_eq!(fault.code, "rutter.credential-source");
        assert_eq!(fault.class, FaultClass::Credential);
        assert!(
            fault.message.starts_with("the account `owner`: "),
            "{}",
            fault.message
        );
        assert!(
            fault.message.contains("the profile `p`"),
            "{}",
            fault.message
        );
        assert!(!fault.message.contains("planted"), "{}", fault.message);
        format!("{} ({})", fault.message, fault.advice.unwrap_or_default())
    }

    fn wind(&self, ms: i64) {
        self.now.fetch_add(ms, Ordering::SeqCst);
    }
}

/// Credentials `STS.<number>` that live an hour from here.
fn keys(number: usize, from_ms: i64) -> Value {
    let id = format!("STS.{number}");
    let end = jiff::Timestamp::from_millisecond(from_ms + HOUR_MS).unwrap();
    json!({"Code": "Success", "AccessKeyId": id, "AccessKeySecret": format!("secret of {id}"),
        "SecurityToken": format!("token of {id}").replace(' ', "-"), "Expiration": end.to_string()})
}

/// Plays the metadata service behind a proxy, and the cloud beside it.
fn machine(request: &Received, number: usize, now_ms: i64) -> Reply {
    let token = request.header("x-aliyun-ecs-metadata-token");
    match (request.method.as_str(), request.path.as_str()) {
        ("PUT", "http://100.100.100.200/latest/api/token") => text(200, "metadata-token"),
        ("GET", path) if path.ends_with("/ram/security-credentials/") => {
            assert_eq!(token, Some("metadata-token"));
            text(200, "machine-role")
        }
        ("GET", path) if path.ends_with("/ram/security-credentials/machine-role") => {
            Reply::Json(200, keys(number, now_ms))
        }
        _ => cloud(request),
    }
}

fn cloud(request: &Received) -> Reply {
    match request.action() {
        "GetRole" => Reply::Json(200, json!({"Signer": request.signer()})),
        "AssumeRole" => {
            let mut answer = json!({"Credentials": keys(900, START_MS)});
            answer["AssumedRoleUser"] =
                json!({"Arn": format!("{SESSION_ROLE}/x"), "AssumedRoleId": "1"});
            assert!(request.signer().starts_with("STS."));
            Reply::Json(200, answer)
        }
        other => panic!("nobody asked for `{other}` at {}", request.path),
    }
}

fn text(status: u16, body: &str) -> Reply {
    let length = body.len();
    Reply::Raw(format!(
        "HTTP/1.1 {status} X\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
    ))
}

fn asked(server: &Server) -> Vec<String> {
    let received = server.received().into_iter();
    let asked = received.filter(|request| request.action().is_empty());
    asked
        .map(|request| {
            let path = request.path.rsplit("/latest/").next().unwrap();
            format!("{} {path}", request.method)
        })
        .collect()
}

fn ecs() -> Value {
    json!({"mode": "EcsRamRole", "ram_role_name": "machine-role"})
}

#[tokio::test]
async fn the_machines_role_is_asked_for_with_a_token_and_again_before_its_key_ends() {
    let server =
        Server::start(|request, number| machine(request, number, START_MS + HOUR_MS)).await;
    let stand = Stand::new(&server, json!({"mode": "EcsRamRole"}));
    assert_eq!(stand.signer().await, "STS.2");
    assert_eq!(stand.signer().await, "STS.2");
    let credentials = "meta-data/ram/security-credentials/";
    let once = [
        "PUT api/token".to_owned(),
        format!("GET {credentials}"),
        format!("GET {credentials}machine-role"),
    ];
    assert_eq!(asked(&server), once);
    let ttl = server.received()[0]
        .header("x-aliyun-ecs-metadata-token-ttl-seconds")
        .map(str::to_owned);
    assert_eq!(ttl.as_deref(), Some("21600"));
    stand.wind(2 * HOUR_MS - 6 * 60_000);
    assert_eq!(stand.signer().await, "STS.2");
    assert_eq!(asked(&server).len(), 3);
}

#[tokio::test]
async fn a_key_that_ends_soon_is_used_while_its_source_is_silent_and_no_longer() {
    let silent = Arc::new(AtomicI64::new(0));
    let off = silent.clone();
    let server = Server::start(move |request, number| {
        match off.load(Ordering::SeqCst) == 1 && request.action().is_empty() {
            true => text(404, "planted"),
            false => machine(request, number, START_MS),
        }
    })
    .await;
    let stand = Stand::new(&server, ecs());
    let first = stand.signer().await;
    silent.store(1, Ordering::SeqCst);
    stand.wind(57 * 60_000);
    assert_eq!(stand.signer().await, first);
    assert_eq!(stand.signer().await, first);
    assert_eq!(
        asked(&server).len(),
        3,
        "a failed source is left alone for a while"
    );
    stand.wind(4 * 60_000);
    let said = stand.trouble().await;
    assert!(
        said.contains("answers 404 to `/latest/api/token`"),
        "{said}"
    );
    assert!(said.contains("then run or resume"), "{said}");
}

#[tokio::test]
async fn many_calls_at_once_ask_the_source_once() {
    let server = Server::start(|request, number| machine(request, number, START_MS)).await;
    let stand = Arc::new(Stand::new(&server, ecs()));
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let stand = stand.clone();
        calls.spawn(async move { stand.signer().await });
    }
    calls.join_all().await;
    assert_eq!(asked(&server).len(), 2);
}

#[tokio::test]
async fn the_metadata_service_is_asked_without_a_token_only_where_that_is_allowed() {
    let old = |request: &Received, number: usize| match request.method.as_str() {
        "PUT" => text(404, "not found"),
        _ => machine(request, number, START_MS),
    };
    let server = Server::start(old).await;
    assert!(Stand::new(&server, ecs()).trouble().await.contains("404"));
    let mut allowed = ecs();
    allowed["disable_imds_v1"] = false.into();
    assert_eq!(Stand::new(&server, allowed).signer().await, "STS.2");
    let variable = [("ALIBABA_CLOUD_IMDSV1_DISABLED", "false")];
    let stand = Stand::with(&server, ecs(), &variable, "");
    assert!(stand.signer().await.starts_with("STS."));
}

#[tokio::test]
async fn a_metadata_service_that_lies_gives_no_credentials() {
    let ended = keys(1, START_MS - 2 * HOUR_MS).to_string();
    let half = r#"{"Code": "Success", "AccessKeyId": "planted"#.to_owned();
    let huge = "planted".repeat(20_000);
    let no_token =
        json!({"Code": "Success", "AccessKeyId": "a", "AccessKeySecret": "b"}).to_string();
    let no_end = r#"{"Code":"Success","AccessKeyId":"a","AccessKeySecret":"b","SecurityToken":"c","Expiration":"soon"}"#.to_owned();
    for (body, said) in [
        (
            "<html>planted</html>".to_owned(),
            "is no JSON, at line 1, column 1",
        ),
        (half, "is no JSON"),
        (r#"{"Code": "Failed"}"#.to_owned(), "does not say `Success`"),
        (no_token, "has no `SecurityToken`"),
        (no_end, "the `Expiration` of its answer is no instant"),
        (ended, "have ended"),
        (huge, "larger than 65536 bytes"),
    ] {
        let server = Server::start(move |request, _| match request.method.as_str() {
            "PUT" => text(200, "t"),
            _ => text(200, &body),
        })
        .await;
        let trouble = Stand::new(&server, ecs()).trouble().await;
        assert!(trouble.contains(said), "{trouble}");
    }
    let server = Server::start(|_, _| {
        Reply::With(
            302,
            "location: http://127.0.0.1:1/\r\n".to_owned(),
            json!({}),
        )
    })
    .await;
    let trouble = Stand::new(&server, ecs()).trouble().await;
    assert!(trouble.contains("answers 302"), "{trouble}");
    let server = Server::start(|_, _| text(200, "../../escape")).await;
    let trouble = Stand::new(&server, json!({"mode": "EcsRamRole"}))
        .trouble()
        .await;
    assert!(
        trouble.contains("the name of the machine's role"),
        "{trouble}"
    );
}

#[tokio::test]
async fn a_metadata_service_that_hangs_is_given_up() {
    let server = Server::start(|_, _| Reply::Silence).await;
    let trouble = Stand::new(&server, ecs()).trouble().await;
    assert!(
        trouble.contains("did not answer within 5 seconds"),
        "{trouble}"
    );
    assert_eq!(server.received().len(), 3);
}

#[tokio::test]
async fn a_token_of_an_identity_provider_opens_a_role_unsigned() {
    let server = Server::start(|request, number| match request.parameter("Action") {
        Some("AssumeRoleWithOIDC") => {
            assert_eq!(request.header("authorization"), None);
            Reply::Json(200, json!({"Credentials": keys(number, START_MS)}))
        }
        _ => cloud(request),
    })
    .await;
    let profile = json!({"mode": "OIDC", "ram_role_arn": SESSION_ROLE, "oidc_provider_arn": "acs:ram::1:oidc-provider/x",
        "oidc_token_file": "TOKEN", "ram_session_name": "me", "expired_seconds": 900, "policy": "{}"});
    let missing = Stand::new(&server, profile.clone()).trouble().await;
    assert!(missing.contains("file `TOKEN` cannot be read"), "{missing}");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("t");
    std::fs::write(&file, "oidc token/0001\n").unwrap();
    let mut profile = profile;
    profile["oidc_token_file"] = file.to_str().into();
    let stand = Stand::new(&server, profile);
    assert_eq!(stand.signer().await, "STS.0");
    let sent = String::from_utf8(server.received()[0].body.clone()).unwrap();
    let pairs = rutter_contracts::wire::decode_pairs(&sent);
    let expected = [
        ("RoleArn", SESSION_ROLE),
        ("OIDCProviderArn", "acs:ram::1:oidc-provider/x"),
        ("OIDCToken", "oidc token/0001"),
        ("RoleSessionName", "me"),
        ("DurationSeconds", "900"),
        ("Policy", "{}"),
    ];
    let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    assert_eq!(pairs, expected.map(owned));
    assert!(
        !server.received()[0]
            .query
            .iter()
            .any(|(_, value)| value.contains("oidc"))
    );
}

#[tokio::test]
async fn a_refusal_of_sts_says_its_code_and_nothing_else() {
    let refusal = json!({"Code": "AuthenticationFail.OIDCToken.Expired", "Message": "planted"});
    let server = Server::start(move |_, _| Reply::Json(400, refusal.clone())).await;
    let profile = json!({"mode": "OIDC", "ram_role_arn": SESSION_ROLE, "oidc_provider_arn": "o", "oidc_token_file": "/proc/version"});
    let said = Stand::new(&server, profile).trouble().await;
    assert!(
        said.contains("400 to `/` (AuthenticationFail.OIDCToken.Expired)"),
        "{said}"
    );
}

#[tokio::test]
async fn an_address_answers_with_credentials() {
    let server = Server::start(|request, number| match request.path.as_str() {
        "/keys" => Reply::Json(200, keys(number, START_MS)),
        "/login" => text(200, "<html>planted"),
        "/moved" => Reply::With(
            302,
            format!(
                "location: http://{}/keys?planted\r\n",
                request.header("host").unwrap()
            ),
            json!({}),
        ),
        _ => cloud(request),
    })
    .await;
    let at = |path: &str| json!({"mode": "CredentialsURI", "credentials_uri": format!("http://{}{path}", server.address)});
    assert_eq!(Stand::new(&server, at("/keys?a=b")).signer().await, "STS.0");
    assert_eq!(server.received()[0].parameter("a"), Some("b"));
    let said = Stand::new(&server, at("/login")).trouble().await;
    assert!(said.contains("is no JSON"), "{said}");
    let said = Stand::new(&server, at("/moved")).trouble().await;
    assert!(said.contains("it answers 302 to `/moved`"), "{said}");
    assert!(said.contains("nobody follows where one leads"), "{said}");
}

fn sso(server: &Server, key_s: i64, login_s: i64) -> Value {
    json!({"mode": "CloudSSO", "cloud_sso_sign_in_url": format!("http://{}/start/login", server.address),
        "cloud_sso_account_id": "1111111111111111", "cloud_sso_access_config": "ac-1", "access_token": "login-token-0001",
        "cloud_sso_access_token_expire": START_MS / 1000 + login_s, "access_key_id": "STS.stored",
        "access_key_secret": "secret of STS.stored", "sts_token": "stored-token", "sts_expiration": START_MS / 1000 + key_s})
}

#[tokio::test]
async fn a_key_of_cloud_sso_is_used_until_it_ends_and_then_exchanged_while_the_login_lasts() {
    let server = Server::start(|request, number| match request.path.as_str() {
        "/cloud-credentials" => {
            assert_eq!(
                request.header("authorization"),
                Some("Bearer login-token-0001")
            );
            let body: Value = serde_json::from_slice(&request.body).unwrap();
            assert_eq!(
                body,
                json!({"AccountId": "1111111111111111", "AccessConfigurationId": "ac-1"})
            );
            Reply::Json(
                200,
                json!({"CloudCredential": keys(number, START_MS + HOUR_MS)}),
            )
        }
        _ => cloud(request),
    })
    .await;
    let stand = Stand::new(&server, sso(&server, 1800, 7200));
    let before = std::fs::read(stand.home.path().join(".aliyun/config.json")).unwrap();
    assert_eq!(stand.signer().await, "STS.stored");
    stand.wind(26 * 60_000);
    assert_eq!(stand.signer().await, "STS.1");
    let after = std::fs::read(stand.home.path().join(".aliyun/config.json")).unwrap();
    assert_eq!(before, after);

    let over = Stand::new(&server, sso(&server, 1800, 900));
    over.wind(29 * 60_000);
    assert_eq!(over.signer().await, "STS.stored");
    over.wind(2 * 60_000);
    let said = over.trouble().await;
    assert!(
        said.contains("`aliyun configure --mode CloudSSO --profile p`"),
        "{said}"
    );
}

#[tokio::test]
async fn of_oauth_the_stored_key_alone_is_used() {
    let server = Server::start(|request, _| cloud(request)).await;
    let mut profile = sso(&server, 600, 0);
    profile["mode"] = "OAuth".into();
    profile["oauth_refresh_token"] = "planted-refresh".into();
    let stand = Stand::new(&server, profile);
    assert_eq!(stand.signer().await, "STS.stored");
    stand.wind(11 * 60_000);
    let said = stand.trouble().await;
    assert!(
        said.contains("`aliyun configure --mode OAuth --profile p`"),
        "{said}"
    );
}

#[cfg(unix)]
#[tokio::test]
async fn a_command_prints_credentials_and_is_run_again_when_the_cloud_refuses_them() {
    let server = Server::start(|request, number| match number {
        1 => Reply::Json(403, error("InvalidSecurityToken.Expired", "over")),
        _ => cloud(request),
    })
    .await;
    let folder = tempfile::tempdir().unwrap();
    let count = folder.path().join("count");
    let script = format!(
        r#"sh -c 'echo x >> {0}; n=$(wc -l < {0}); echo "{{\"access_key_id\":\"STS.c$n\",\"access_key_secret\":\"secret of STS.c$n\",\"sts_token\":\"t\"}}"'"#,
        count.display()
    )
    .replace("$n", "$((n))");
    let stand = Stand::new(
        &server,
        json!({"mode": "External", "process_command": script}),
    );
    assert_eq!(stand.signer().await, "STS.c1");
    assert_eq!(stand.signer().await, "STS.c2");
}

#[tokio::test]
async fn roles_on_top_of_a_fetched_key_are_renewed_through_the_whole_chain() {
    let server = Server::start(|request, number| machine(request, number, START_MS)).await;
    let top = format!("[profiles.top]\nsource_profile = \"p\"\nrole_arn = \"{SESSION_ROLE}\"\n");
    let stand = Stand::with(&server, ecs(), &[], &top);
    assert_eq!(stand.signer().await, "STS.900");
    assert_eq!(asked(&server).len(), 2);
    let roles = |server: &Server| {
        let received = server.received();
        received
            .iter()
            .filter(|request| request.action() == "AssumeRole")
            .count()
    };
    assert_eq!(roles(&server), 1);
    // Both end at the same time: the role cannot be assumed anew without a new key for the machine.
    stand.wind(56 * 60_000);
    assert_eq!(stand.signer().await, "STS.900");
    assert_eq!((asked(&server).len(), roles(&server)), (4, 2));
}
