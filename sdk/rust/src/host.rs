//! The host, as a step's code sees it.

use std::time::Duration;

use crate::account::{Account, AccountBackend};
use crate::duration::milliseconds;
use crate::fault::Fault;

/// Digits of a token in a mark: no two steps have the same by chance, and a name of 64 characters has room for more.
const MARK_DIGITS: usize = 16;

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
    /// The method in upper case, `POST`.
    pub method: String,
    /// The absolute address, `https://hooks.example.com/new`; a secret in it is its placeholder.
    pub url: String,
    /// The headers, names and values, in the order in which they are sent.
    pub headers: Vec<(String, String)>,
    /// The body as it is sent; `None` sends none.
    pub body: Option<Vec<u8>>,
}

/// The answer to a request by plain HTTP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpResponse {
    /// The status code, such as 200 or 404.
    pub status: u16,
    /// The headers, names and values, in the order in which they came.
    pub headers: Vec<(String, String)>,
    /// The body, empty if there was none. Where the manifest says that it holds secrets, these are placeholders.
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
    ///
    /// # Errors
    /// As [`Host::open`].
    pub fn account(&self) -> Result<Account, Fault> {
        self.open("account")
    }

    /// Opens the account that the manifest calls `name`.
    ///
    /// # Errors
    /// The manifest has no account of that name.
    pub fn open(&self, name: &str) -> Result<Account, Fault> {
        self.backend.open(name).map(Account::new)
    }

    /// Sends a request by plain HTTP. `auth` names a granted credential, which the host adds. An answer with another
    /// status than 200 is an answer; what it means is for the plugin to say.
    ///
    /// # Errors
    /// The manifest or the operator's settings do not allow it, no answer came, the service goes on asking for a pause
    /// (429), or it failed (5xx) at a change, so that it is unknown whether that happened.
    pub fn send(&self, request: &HttpRequest, auth: Option<&str>) -> Result<HttpResponse, Fault> {
        self.backend.send(request, auth)
    }

    /// Waits, to the millisecond; the wait survives a crash. In a rehearsal no time passes.
    ///
    /// # Errors
    /// The wait is longer than the host takes, 31 days.
    pub fn wait(&self, duration: Duration) -> Result<(), Fault> {
        self.backend.wait(milliseconds(duration))
    }

    /// Tells how far the step is, `done` of `total` in whatever unit, for the progress bar. It is not recorded.
    pub fn progress(&self, done: u64, total: u64, message: &str) {
        self.backend.progress(done, total, message);
    }

    /// Returns the instant of the last answered call, as time since 1970-01-01T00:00:00Z.
    pub fn now(&self) -> Duration {
        Duration::from_millis(self.backend.now_ms())
    }

    /// Returns a token for `purpose`, 64 hexadecimal digits: the same in every attempt of this step, different in
    /// any other. A change that takes a client token and is given none gets one from the host; see [`Host::mark`] for
    /// what goes into a name or a description.
    pub fn token(&self, purpose: &str) -> String {
        self.backend.token(purpose)
    }

    /// Returns a mark for the description of what this step makes, `rutter 0f1e2d3c4b5a6978`: the same in every
    /// attempt of this step, different in any other, and short enough to leave room for other words. A look for
    /// it (see [`Find`](crate::Find)) finds the step's own object and nobody else's.
    ///
    /// ```
    /// use rutter_sdk::prelude::*;
    ///
    /// fn create(host: &Host, account: &Account, server: &str) -> Result<Created, Fault> {
    ///     let mark = host.mark("image");
    ///     let create = Api::new("ECS", "CreateImage")
    ///         .set("InstanceId", server)
    ///         .set("Description", &mark);
    ///     let look = Find::in_pages(Api::new("ECS", "DescribeImages"), "/Images/Image")
    ///         .equal("/Description", &mark)
    ///         .marked()
    ///         .key("/ImageId")
    ///         .answer(json!({ "ImageId": found("/ImageId") }));
    ///     account.create(create).or_adopt(look)
    /// }
    /// ```
    pub fn mark(&self, purpose: &str) -> String {
        self.marked("rutter ", purpose)
    }

    /// As [`Host::mark`], for a name, which takes no blanks: `rutter-0f1e2d3c4b5a6978`.
    pub fn mark_for_name(&self, purpose: &str) -> String {
        self.marked("rutter-", purpose)
    }

    fn marked(&self, maker: &str, purpose: &str) -> String {
        let token = self.token(purpose);
        format!("{maker}{}", token.get(..MARK_DIGITS).unwrap_or(&token))
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
