//! A proxy between the binary and the simulated cloud. It passes everything on unchanged, counts, and
//! at one chosen moment kills the binary with SIGKILL.

use std::sync::Arc;
use std::sync::Mutex;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{Method, Request, StatusCode, Uri};
use axum::response::Response;
use tokio::sync::oneshot;

/// A request: the n-th of its action, from 1. How many polls a wait takes depends on the machine, so
/// requests are not counted across actions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The action, `CreateRole`.
    pub action: String,
    /// Which of them.
    pub number: usize,
}

/// When the binary is killed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Moment {
    /// Never.
    Never,
    /// When the request has arrived here and not at the cloud: between intent and effect.
    Before(Place),
    /// When the request was answered by the cloud and the answer has not left here.
    After(Place),
    /// A little after the answer was passed on: in the middle of a step.
    Between(Place),
}

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
    seen: Vec<String>,
    /// The texts that answers held in the field that is watched.
    held: Vec<String>,
    watched: Option<&'static str>,
    moment: Option<(Moment, u32)>,
    struck: Option<oneshot::Sender<()>>,
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

    /// Kills the process at a moment counted from now on. The receiver hears of it.
    pub fn strike(&self, moment: Moment, process: u32) -> oneshot::Receiver<()> {
        let (struck, heard) = oneshot::channel();
        let mut state = self
            .shared
            .state
            .lock()
            .expect("no test panics with the lock");
        *state = Script {
            moment: Some((moment, process)),
            struck: Some(struck),
            ..Script::default()
        };
        heard
    }

    /// Keeps the texts of a field of the answers, from here on.
    pub fn watch(&self, field: &'static str) {
        let mut state = self.shared.state.lock();
        state
            .as_mut()
            .expect("no test panics with the lock")
            .watched = Some(field);
    }

    /// The texts that were kept.
    pub fn held(&self) -> Vec<String> {
        let state = self.shared.state.lock();
        state.expect("no test panics with the lock").held.clone()
    }

    /// The actions that were asked for since the last [`Self::strike`], in order.
    pub fn seen(&self) -> Vec<String> {
        self.shared
            .state
            .lock()
            .expect("no test panics with the lock")
            .seen
            .clone()
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
    let action = parts
        .headers
        .get("x-acs-action")
        .and_then(|action| action.to_str().ok());
    let place = shared.note(action.unwrap_or("?"));
    if shared.kill_if(&Moment::Before(place.clone())) {
        return unanswered().await;
    }
    let answer = forward(&shared, &parts.method, &parts.uri, &parts.headers, body).await;
    if shared.kill_if(&Moment::After(place.clone())) {
        return unanswered().await;
    }
    let later = shared.clone();
    tokio::spawn(async move {
        tokio::time::sleep(std::time::Duration::from_millis(3)).await;
        later.kill_if(&Moment::Between(place));
    });
    answer
}

/// The process that asked is gone; its connection is closed when the runtime notices.
async fn unanswered() -> Response {
    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::BAD_GATEWAY;
    response
}

async fn forward(
    shared: &Shared,
    method: &Method,
    uri: &Uri,
    headers: &axum::http::HeaderMap,
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
    fn note(&self, action: &str) -> Place {
        let mut state = self.state.lock().expect("no test panics with the lock");
        state.seen.push(action.to_owned());
        let number = state.seen.iter().filter(|seen| *seen == action).count();
        Place {
            action: action.to_owned(),
            number,
        }
    }

    fn keep(&self, answer: &[u8]) {
        let mut state = self.state.lock().expect("no test panics with the lock");
        let Some(field) = state.watched else { return };
        let answer: serde_json::Value = serde_json::from_slice(answer).unwrap_or_default();
        if let Some(text) = answer[field].as_str() {
            state.held.push(text.to_owned());
        }
    }

    fn kill_if(&self, now: &Moment) -> bool {
        let mut state = self.state.lock().expect("no test panics with the lock");
        match state.moment.clone() {
            Some((moment, process)) if moment == *now => {
                state.moment = None;
                let kill = std::process::Command::new("kill")
                    .args(["-KILL", &process.to_string()])
                    .status();
                if !kill.expect("`kill` can be started").success() {
                    // It ended by itself a moment ago.
                    return false;
                }
                if let Some(struck) = state.struck.take() {
                    // Nobody need be listening.
                    let _ = struck.send(());
                }
                true
            }
            _ => false,
        }
    }
}
