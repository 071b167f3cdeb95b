//! A cloud on loopback that answers as a test wants, well or badly, and checks every signature.

use std::sync::{Arc, Mutex};

use rutter_contracts::sign::v3;
use rutter_contracts::wire::decode_pairs;
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// A request as the server received it.
#[derive(Clone, Debug)]
pub(super) struct Received {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) query: Vec<(String, String)>,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

impl Received {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let found = self
            .headers
            .iter()
            .find(|(held, _)| held.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    pub(super) fn action(&self) -> &str {
        self.header("x-acs-action").unwrap_or_default()
    }

    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        let found = self.query.iter().find(|(held, _)| held == name);
        found.map(|(_, value)| value.as_str())
    }

    /// The access key that signed; panics if the signature is not good.
    pub(super) fn signer(&self) -> String {
        let request = v3::Received {
            method: &self.method,
            path: &self.path,
            query: &self.query,
            headers: &self.headers,
            body: &self.body,
        };
        // Every key of the tests has this secret, so that any of them may sign.
        let verified = v3::verify(&request, |id| Some(format!("secret of {id}")));
        verified.expect("the signature is good").access_key_id
    }
}

/// What the server does with a request.
pub(super) enum Reply {
    Json(u16, Value),
    /// With these header lines, each ended.
    With(u16, String, Value),
    /// These bytes and then the end of the connection.
    Raw(String),
    /// These bytes, and the connection stays.
    Stalled(String),
    /// Nothing, and the connection stays.
    Silence,
}

/// A server; dropped, it stops.
pub(super) struct Server {
    pub(super) address: String,
    received: Arc<Mutex<Vec<Received>>>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Server {
    /// Answers every request as `play` says; its second argument counts the requests from 0.
    pub(super) async fn start(
        play: impl Fn(&Received, usize) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let received = Arc::new(Mutex::new(Vec::new()));
        let (play, seen) = (Arc::new(play), received.clone());
        let task = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let (play, seen) = (play.clone(), seen.clone());
                tokio::spawn(serve(stream, move |request: Received| {
                    let mut seen = seen.lock().unwrap();
                    seen.push(request.clone());
                    play(&request, seen.len() - 1)
                }));
            }
        });
        Self {
            address,
            received,
            task,
        }
    }

    pub(super) fn received(&self) -> Vec<Received> {
        self.received.lock().unwrap().clone()
    }
}

async fn serve(mut stream: TcpStream, play: impl Fn(Received) -> Reply) {
    let Some(request) = read(&mut stream).await else {
        return;
    };
    let text = match play(request) {
        Reply::Json(status, body) => answer(status, "", &body),
        Reply::With(status, headers, body) => answer(status, &headers, &body),
        Reply::Raw(text) => text,
        Reply::Stalled(text) => {
            stream.write_all(text.as_bytes()).await.ok();
            return std::future::pending().await;
        }
        Reply::Silence => return std::future::pending().await,
    };
    stream.write_all(text.as_bytes()).await.ok();
}

fn answer(status: u16, headers: &str, body: &Value) -> String {
    let body = body.to_string();
    let length = body.len();
    format!(
        "HTTP/1.1 {status} X\r\ncontent-length: {length}\r\nconnection: close\r\n{headers}\r\n{body}"
    )
}

async fn read(stream: &mut TcpStream) -> Option<Received> {
    let mut bytes = Vec::new();
    let head_end = loop {
        if let Some(at) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break at + 4;
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8(bytes[..head_end].to_vec()).unwrap();
    let mut lines = head.trim_end().lines();
    let (method, target) = lines.next()?.split_once(' ')?;
    let target = target.split(' ').next()?;
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_owned(), value.trim().to_owned()))
        .collect();
    let mut request = Received {
        method: method.to_owned(),
        path: path.to_owned(),
        query: decode_pairs(query),
        headers,
        body: bytes[head_end..].to_vec(),
    };
    let length = request
        .header("content-length")
        .map_or(0, |text| text.parse().unwrap());
    while request.body.len() < length {
        if stream.read_buf(&mut request.body).await.ok()? == 0 {
            return None;
        }
    }
    Some(request)
}
