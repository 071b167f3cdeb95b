//! The host, as a step's code sees it.

use std::time::Duration;

use crate::account::{Account, AccountBackend};
use crate::duration::milliseconds;
use crate::fault::Fault;

/// The host: accounts, waiting, progress, tokens, the log. There is nothing else outside.
pub struct Host {
    backend: Box<dyn HostBackend>,
}

/// Where the calls of a [`Host`] go: the component's imports, or a test double.
pub(crate) trait HostBackend {
    fn open(&self, name: &str) -> Result<Box<dyn AccountBackend>, Fault>;
    fn send(&self, request: &HttpRequest, auth: Option<&str>) -> Result<HttpResponse, Fault>;
    fn wait(&self, duration_ms: u64) -> Result<(), Fault>;
    fn progress(&self, done: u64, total: u64, message: &str);
    fn now_ms(&self) -> u64;
    fn token(&self, purpose: &str) -> String;
    fn log(&self, level: Level, message: &str);
}

/// How much a line of the log matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// For the plugin's author.
    Debug,
    /// For the operator who looks closely.
    Info,
    /// Something the operator should know.
    Warn,
    /// Something that went wrong.
    Error,
}

/// A request by plain HTTP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpRequest {
    /// The method, upper case.
    pub method: String,
    /// The absolute address.
    pub url: String,
    /// Names and values, in order.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Option<Vec<u8>>,
}

/// The answer to a request by plain HTTP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpResponse {
    /// The status, 200.
    pub status: u16,
    /// Names and values, in order.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Host {
    #[cfg(any(target_arch = "wasm32", feature = "testing"))]
    pub(crate) fn new(backend: impl HostBackend + 'static) -> Self {
        Self {
            backend: Box::new(backend),
        }
    }

    /// Opens the account of a plugin that has one, called `account`.
    pub fn account(&self) -> Result<Account, Fault> {
        self.open("account")
    }

    /// Opens the account that the manifest calls `name`.
    pub fn open(&self, name: &str) -> Result<Account, Fault> {
        self.backend.open(name).map(Account::new)
    }

    /// Sends a request by plain HTTP. `auth` names a granted credential, which the host adds.
    pub fn send(&self, request: &HttpRequest, auth: Option<&str>) -> Result<HttpResponse, Fault> {
        self.backend.send(request, auth)
    }

    /// Waits; the wait survives a crash.
    pub fn wait(&self, duration: Duration) -> Result<(), Fault> {
        self.backend.wait(milliseconds(duration))
    }

    /// Tells how far the step is.
    pub fn progress(&self, done: u64, total: u64, message: &str) {
        self.backend.progress(done, total, message);
    }

    /// Returns the instant of the last answered call, as time since 1970-01-01T00:00:00Z.
    pub fn now(&self) -> Duration {
        Duration::from_millis(self.backend.now_ms())
    }

    /// Returns a token for `purpose`: the same in every attempt of this step, different in any other.
    pub fn token(&self, purpose: &str) -> String {
        self.backend.token(purpose)
    }

    /// Writes a line to the log.
    pub fn log(&self, level: Level, message: &str) {
        self.backend.log(level, message);
    }

    /// Writes a line for the operator who looks closely.
    pub fn info(&self, message: &str) {
        self.log(Level::Info, message);
    }

    /// Writes a line that the operator should see.
    pub fn warn(&self, message: &str) {
        self.log(Level::Warn, message);
    }
}
