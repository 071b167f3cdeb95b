//! Whoever gives out credentials, on loopback: the metadata service behind a proxy, an address, CloudSSO, and STS, which
//! passes on what it is asked to the simulated cloud. All of them fall silent together.
//!
//! Its credentials are the cloud's own: it gets them for the token of an identity provider that the world knows.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{Request, StatusCode, request::Parts};
use axum::response::{IntoResponse as _, Response};
use rutter_contracts::wire::query_string;
use serde_json::{Value, json};

/// The name of the machine's role.
pub const MACHINE: &str = "machine";

/// The token that the world's identity provider has given out.
pub const TOKEN: &str = "planted.token/of+cluster";

/// A giver that is served; stopped when it is dropped.
pub struct Giver {
    address: String,
    shared: Arc<Shared>,
    task: tokio::task::JoinHandle<()>,
}

struct Shared {
    cloud: String,
    client: reqwest::Client,
    silent: AtomicBool,
    given: AtomicUsize,
}

impl Giver {
    /// Starts a giver of credentials of the cloud at `127.0.0.1:PORT`.
    ///
    /// # Panics
    /// When no port is free.
    pub async fn start(cloud: &str) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await;
        let listener = listener.expect("a free port");
        let address = listener.local_addr().expect("a bound port has an address");
        let shared = Arc::new(Shared {
            cloud: cloud.to_owned(),
            client: crate::cloud::client(),
            silent: AtomicBool::new(false),
            given: AtomicUsize::new(0),
        });
        let router = Router::new().fallback(answer).with_state(shared.clone());
        let task = tokio::spawn(async move {
            let served = axum::serve(listener, router).await;
            served.expect("the giver serves until it is stopped");
        });
        Self {
            address: address.to_string(),
            shared,
            task,
        }
    }

    /// `127.0.0.1:PORT`.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// From here on nobody is answered, or everybody again.
    pub fn silence(&self, silent: bool) {
        self.shared.silent.store(silent, Ordering::SeqCst);
    }

    /// How often credentials were given out.
    pub fn given(&self) -> usize {
        self.shared.given.load(Ordering::SeqCst)
    }
}

impl Drop for Giver {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn answer(State(shared): State<Arc<Shared>>, request: Request<Body>) -> Response {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 1 << 20).await;
    let body = body.unwrap_or_default();
    let path = parts.uri.path().to_owned();
    if shared.silent.load(Ordering::SeqCst) && gives(&parts) {
        let said = match path.as_str() {
            // As STS refuses: what is no answer of the cloud's is asked for again and again.
            "/" => {
                r#"{"Code":"NoPermission","Message":"You are not authorized to do this action."}"#
            }
            _ => "<html>planted-secret: nobody is in</html>",
        };
        return (StatusCode::FORBIDDEN, said).into_response();
    }
    match (parts.method.as_str(), path.as_str()) {
        ("PUT", "/latest/api/token") => "planted-metadata-token".into_response(),
        ("GET", "/latest/meta-data/ram/security-credentials/") => MACHINE.into_response(),
        ("GET", "/latest/meta-data/ram/security-credentials/machine" | "/keys") => {
            let mut keys = shared.fresh().await;
            keys["Code"] = "Success".into();
            keys.to_string().into_response()
        }
        ("POST", "/cloud-credentials") => json!({"CloudCredential": shared.fresh().await})
            .to_string()
            .into_response(),
        ("POST", "/") => shared.pass_on(&parts, body).await,
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}

/// Whether credentials are asked for: STS is asked other things, too.
fn gives(parts: &Parts) -> bool {
    let named = parts.headers.get("x-acs-action");
    let named = named.and_then(|action| action.to_str().ok());
    let unsigned = parts.uri.query().unwrap_or_default();
    parts.uri.path() != "/"
        || unsigned.contains("Action=AssumeRole")
        || named.is_some_and(|action| action.starts_with("AssumeRole"))
}

impl Shared {
    /// Credentials of the machine's role that the cloud has just made.
    async fn fresh(&self) -> Value {
        let number = self.given.fetch_add(1, Ordering::SeqCst);
        let now = jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ");
        let (now, nonce) = (now.to_string(), format!("giver-{number}"));
        let pairs = [
            ("Action", "AssumeRoleWithOIDC"),
            ("Version", "2015-04-01"),
            ("Timestamp", &now),
            ("SignatureNonce", &nonce),
            (
                "OIDCProviderArn",
                "acs:ram::1111111111111111:oidc-provider/cluster",
            ),
            ("RoleArn", "acs:ram::1111111111111111:role/machine"),
            ("RoleSessionName", "giver"),
            ("OIDCToken", TOKEN),
        ];
        let owned = pairs.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let url = format!("http://{}/?{}", self.cloud, query_string(&owned));
        let answer = self
            .client
            .post(url)
            .send()
            .await
            .expect("the cloud answers");
        let text = answer.text().await.expect("the cloud answers whole");
        let answer: Value = serde_json::from_str(&text).expect("the cloud answers JSON");
        assert!(answer["Credentials"].is_object(), "{answer}");
        answer["Credentials"].clone()
    }

    /// What is asked of STS itself; a session that comes of it counts.
    async fn pass_on(&self, parts: &Parts, body: Bytes) -> Response {
        let url = format!("http://{}{}", self.cloud, parts.uri);
        let request = self.client.request(parts.method.clone(), url);
        // The host header is signed: it is passed on as it came.
        let answer = request.headers(parts.headers.clone()).body(body).send();
        let answer = answer.await.expect("the cloud answers");
        let status = answer.status();
        let text = answer.text().await.expect("the cloud answers whole");
        if status.is_success() && text.contains("SecurityToken") {
            self.given.fetch_add(1, Ordering::SeqCst);
        }
        (status, text).into_response()
    }
}
