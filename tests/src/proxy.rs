//! A proxy between the binary and the simulated cloud. It passes everything on unchanged, counts, and
//! strikes one chosen request: breaks its connection, refuses it, or kills the binary with SIGKILL.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Method, Request, StatusCode, Uri};
use axum::response::Response;

use crate::blow::{Blow, Place, Strike};

/// How long after an answer was passed on the binary is killed between two requests.
const A_LITTLE: Duration = Duration::from_millis(3);

/// What the cloud says to a caller that may not do what it asks for.
const FORBIDDEN: &str = r#"{"Code":"Forbidden.RAM","Message":"User not authorized to operate on the specified resource.","RequestId":"00000000-0000-0000-0000-00000F0B1DDE","HostId":"127.0.0.1"}"#;

/// A running proxy.
pub struct Proxy {
    address: String,
    shared: Arc<Shared>,
    task: tokio::task::JoinHandle<()>,
}

struct Shared {
    cloud: String,
    client: reqwest::Client,
    state: Mutex<Script>,
}

#[derive(Default)]
struct Script {
    seen: Vec<Seen>,
    /// The texts that answers held in the field that is watched.
    held: Vec<String>,
    watched: Option<&'static str>,
    strike: Option<Strike>,
    /// Whether the strike fell.
    struck: bool,
    /// The process that is killed.
    process: Option<u32>,
    /// The change that was asked for and is not answered yet.
    under_way: Option<String>,
}

#[derive(Clone)]
struct Seen {
    action: String,
    is_change: bool,
}

impl Proxy {
    /// Starts a proxy to the cloud at `127.0.0.1:PORT`.
    pub async fn start(cloud: &str) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a free port");
        let address = listener
            .local_addr()
            .expect("a bound port has an address")
            .to_string();
        let shared = Arc::new(Shared {
            cloud: cloud.to_owned(),
            client: crate::cloud::client(),
            state: Mutex::new(Script::default()),
        });
        let router = Router::new().fallback(pass).with_state(shared.clone());
        let task = tokio::spawn(async move {
            axum::serve(listener, router)
                .await
                .expect("the proxy serves until it is stopped");
        });
        Self {
            address,
            shared,
            task,
        }
    }

    /// `127.0.0.1:PORT`.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Names the process that is killed where a blow kills.
    pub fn aim(&self, process: Option<u32>) {
        self.shared.state().process = process;
    }

    /// Kills that process now. Says during or after which change, or `None` when no process was there.
    pub fn kill(&self) -> Option<String> {
        let under_way = self.shared.state().under_way.clone();
        let last = self.changes().pop();
        let place = match (under_way, last) {
            (Some(action), _) => format!("during {action}"),
            (None, Some(action)) => format!("after {action}"),
            (None, None) => "before any change".to_owned(),
        };
        self.shared.kill().then_some(place)
    }

    /// Strikes a request, counted from now on; `None` strikes nothing.
    pub fn strike(&self, strike: Option<Strike>) {
        let mut state = self.shared.state();
        state.seen.clear();
        state.strike = strike;
        state.struck = false;
    }

    /// Whether the strike fell.
    pub fn struck(&self) -> bool {
        self.shared.state().struck
    }

    /// Keeps the texts of a field of the answers, from here on.
    pub fn watch(&self, field: &'static str) {
        self.shared.state().watched = Some(field);
    }

    /// The texts that were kept.
    pub fn held(&self) -> Vec<String> {
        self.shared.state().held.clone()
    }

    /// The actions that were asked for since the last [`Self::strike`], in order.
    pub fn seen(&self) -> Vec<String> {
        let seen = self.shared.state().seen.clone();
        seen.into_iter().map(|seen| seen.action).collect()
    }

    /// Those of them that may change something.
    pub fn changes(&self) -> Vec<String> {
        let seen = self.shared.state().seen.clone();
        let changes = seen.into_iter().filter(|seen| seen.is_change);
        changes.map(|seen| seen.action).collect()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn pass(State(shared): State<Arc<Shared>>, request: Request<Body>) -> Response {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 16 << 20)
        .await
        .unwrap_or_default();
    let strikes = |blow: Option<Blow>, wanted: Blow| blow == Some(wanted);
    let blow = shared.note(&parts.headers);
    if strikes(blow, Blow::Refused) {
        return forbidden();
    }
    if strikes(blow, Blow::KilledBefore) {
        shared.kill();
    }
    if strikes(blow, Blow::KilledBefore) || strikes(blow, Blow::RequestLost) {
        break_connection();
    }
    let under_way = shared
        .state()
        .seen
        .last()
        .filter(|seen| seen.is_change)
        .map(|seen| seen.action.clone());
    shared.state().under_way = under_way;
    let answer = forward(&shared, &parts.method, &parts.uri, &parts.headers, body).await;
    shared.state().under_way = None;
    if strikes(blow, Blow::KilledAfter) {
        shared.kill();
    }
    if strikes(blow, Blow::KilledAfter) || strikes(blow, Blow::AnswerLost) {
        break_connection();
    }
    if strikes(blow, Blow::KilledBetween) {
        tokio::spawn(async move {
            tokio::time::sleep(A_LITTLE).await;
            shared.kill();
        });
    }
    answer
}

/// Ends the task that serves this connection, which closes it without a byte of an answer: the server
/// has no other way.
fn break_connection() -> ! {
    // Unlike `panic!` it prints nothing.
    std::panic::resume_unwind(Box::new("the connection breaks"))
}

fn forbidden() -> Response {
    let mut response = Response::new(Body::from(FORBIDDEN));
    *response.status_mut() = StatusCode::FORBIDDEN;
    let json = axum::http::HeaderValue::from_static("application/json; charset=utf-8");
    response.headers_mut().insert("content-type", json);
    response
}

async fn forward(
    shared: &Shared,
    method: &Method,
    uri: &Uri,
    headers: &HeaderMap,
    body: Bytes,
) -> Response {
    let url = format!("http://{}{}", shared.cloud, uri);
    // The host header is signed: it is passed on as it came.
    let request = shared
        .client
        .request(method.clone(), url)
        .headers(headers.clone())
        .body(body);
    let answer = request.send().await.expect("the simulator answers");
    let mut response = Response::new(Body::empty());
    *response.status_mut() = answer.status();
    *response.headers_mut() = answer.headers().clone();
    response.headers_mut().remove("transfer-encoding");
    let answer = answer.bytes().await.expect("the simulator answers whole");
    shared.keep(&answer);
    *response.body_mut() = Body::from(answer);
    response
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, Script> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a request and returns what befalls it.
    fn note(&self, headers: &HeaderMap) -> Option<Blow> {
        let seen = read(headers);
        let mut state = self.state();
        let action = seen.action.clone();
        state.seen.push(seen);
        let of_action = state.seen.iter().filter(|seen| seen.action == action);
        let number = of_action.count();
        let place = Place { action, number };
        let struck = state.strike.take_if(|strike| strike.place == place)?;
        state.struck = true;
        Some(struck.blow)
    }

    fn keep(&self, answer: &[u8]) {
        let mut state = self.state();
        let Some(field) = state.watched else { return };
        let answer: serde_json::Value = serde_json::from_slice(answer).unwrap_or_default();
        if let Some(text) = answer[field].as_str() {
            state.held.push(text.to_owned());
        }
    }

    /// Whether there was a process to kill: it may have ended by itself a moment ago.
    fn kill(&self) -> bool {
        let Some(process) = self.state().process.take() else {
            return false;
        };
        let killed = std::process::Command::new("kill")
            .args(["-KILL", &process.to_string()])
            .stderr(std::process::Stdio::null())
            .status();
        killed.expect("`kill` can be started").success()
    }
}

/// What a request asks for. What no contract knows as a read is a change.
fn read(headers: &HeaderMap) -> Seen {
    let text = |name: &str| {
        let value = headers.get(name).and_then(|value| value.to_str().ok());
        value.unwrap_or("?").to_owned()
    };
    let (action, version) = (text("x-acs-action"), text("x-acs-version"));
    let product = rutter_contracts::products().find(|(_, known)| *known == version);
    let contract = product.and_then(|(product, _)| rutter_contracts::action(product, &action));
    let reads = |contract: &'static rutter_contracts::Action| {
        // To obtain credentials changes nothing.
        contract.product == "STS" || contract.as_read().is_some()
    };
    let is_change = !contract.is_some_and(reads);
    Seen { action, is_change }
}
