//! One request out, one answer back: within a deadline that covers the last byte, no larger than a
//! cap, no redirect followed, nothing repeated.
//!
//! What matters most to the caller is whether a byte of the request can have left: [`TransportError`] tells.

use std::error::Error;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use reqwest::{Client, ClientBuilder, Proxy};
use rutter_meaning::TransportError;
use url::Url;

use super::{address, trust};
use crate::settings::{Network, is_loopback};

/// Idle connections are closed soon: the cloud closes them too, and a request on a connection that is
/// being closed has an unknown outcome.
const IDLE: Duration = Duration::from_secs(10);

/// A request, ready to leave.
pub(super) struct Request {
    pub(super) method: String,
    pub(super) url: Url,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

/// An answer, whole.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    /// Names in lower case.
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

impl Answer {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(held, _)| held == name);
        found.map(|(_, value)| value.as_str())
    }
}

/// Which rules a connection is under.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Route {
    /// To an address that the operator or the published table names.
    Named,
    /// To an address that a plugin names: it must be public.
    Guarded,
    /// To the machine's metadata service, in plain HTTP: for credentials alone.
    Metadata,
}

/// Connections, made when first needed: a run against loopback alone reads no certificates.
pub(super) struct Transport {
    network: Network,
    answer_bytes_max: usize,
    plain: Lazy,
    named: Lazy,
    guarded: Lazy,
    metadata: Lazy,
}

type Lazy = OnceLock<Result<Client, String>>;
type Build = fn(&Network) -> Result<Client, String>;

impl Transport {
    pub(super) fn new(network: Network, answer_bytes_max: usize) -> Self {
        Self {
            network,
            answer_bytes_max,
            plain: OnceLock::new(),
            named: OnceLock::new(),
            guarded: OnceLock::new(),
            metadata: OnceLock::new(),
        }
    }

    /// Sends a request once and waits for its whole answer.
    pub(super) async fn send(
        &self,
        request: Request,
        route: Route,
    ) -> Result<Answer, TransportError> {
        let client =
            self.client(&request.url, route)
                .map_err(|reason| TransportError::NotSent {
                    reason,
                    transient: false,
                })?;
        let malformed = |reason: String| TransportError::NotSent {
            reason,
            transient: false,
        };
        let method = reqwest::Method::from_bytes(request.method.as_bytes())
            .map_err(|error| malformed(error.to_string()))?;
        let mut sending = client
            .request(method, request.url)
            .timeout(self.network.timeout)
            .body(request.body);
        for (name, value) in &request.headers {
            sending = sending.header(name, value);
        }
        let response = sending
            .send()
            .await
            .map_err(|error| self.not_answered(error))?;
        self.receive(response).await
    }

    async fn receive(&self, mut response: reqwest::Response) -> Result<Answer, TransportError> {
        let too_large = TransportError::TooLarge {
            max: self.answer_bytes_max,
        };
        if response
            .content_length()
            .is_some_and(|length| length > self.answer_bytes_max as u64)
        {
            return Err(too_large);
        }
        let status = response.status().as_u16();
        let headers = response
            .headers()
            .iter()
            .map(|(name, value)| {
                let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
                (name.as_str().to_owned(), value)
            })
            .collect();
        let mut body = Vec::new();
        while let Some(chunk) = response
            .chunk()
            .await
            .map_err(|error| self.cut_off(error))?
        {
            body.extend_from_slice(&chunk);
            if body.len() > self.answer_bytes_max {
                return Err(too_large);
            }
        }
        Ok(Answer {
            status,
            headers,
            body,
        })
    }

    fn not_answered(&self, error: reqwest::Error) -> TransportError {
        if error.is_connect() || error.is_builder() {
            let transient = error.is_connect() && !is_about_trust(&error);
            return TransportError::NotSent {
                reason: reason(&error.without_url()),
                transient,
            };
        }
        self.lost(error, false)
    }

    fn cut_off(&self, error: reqwest::Error) -> TransportError {
        self.lost(error, true)
    }

    fn lost(&self, error: reqwest::Error, answering: bool) -> TransportError {
        if error.is_timeout() {
            return TransportError::TimeOut {
                after: self.network.timeout,
                answering,
            };
        }
        TransportError::Broken {
            reason: reason(&error.without_url()),
            answering,
        }
    }

    fn client(&self, url: &Url, route: Route) -> Result<&Client, String> {
        let (cell, build): (&Lazy, Build) = match (url.scheme(), route) {
            ("http", Route::Metadata) => (&self.metadata, metadata),
            (_, Route::Metadata) => return Err("the metadata service speaks plain HTTP".to_owned()),
            ("http", _) if is_loopback(url) => (&self.plain, plain),
            ("http", _) => return Err("plain HTTP only goes to this machine".to_owned()),
            (_, Route::Named) => (&self.named, named),
            (_, Route::Guarded) => (&self.guarded, guarded),
        };
        cell.get_or_init(|| build(&self.network))
            .as_ref()
            .map_err(Clone::clone)
    }
}

/// Returns a client for an address that the operator names, with the settings' proxy and certificates.
pub(crate) fn client_for(network: &Network, url: &Url) -> Result<Client, String> {
    match url.scheme() {
        "http" if is_loopback(url) => plain(network),
        "http" => Err("plain HTTP only goes to this machine".to_owned()),
        _ => named(network),
    }
}

fn plain(network: &Network) -> Result<Client, String> {
    build(common(network, trust::nobody()?))
}

fn named(network: &Network) -> Result<Client, String> {
    let trusted = trust::configuration(network.ca_file.as_deref())?;
    build(through_proxy(common(network, trusted), network))
}

/// With a proxy it is the proxy that looks names up and connects; the address rule is then its own.
fn guarded(network: &Network) -> Result<Client, String> {
    let trusted = trust::configuration(network.ca_file.as_deref())?;
    let builder = common(network, trusted);
    build(match network.proxy {
        Some(_) => through_proxy(builder, network),
        None => builder.dns_resolver(Arc::new(address::PublicOnly)),
    })
}

fn metadata(network: &Network) -> Result<Client, String> {
    build(through_proxy(common(network, trust::nobody()?), network))
}

fn common(network: &Network, tls: rustls::ClientConfig) -> ClientBuilder {
    Client::builder()
        .tls_backend_preconfigured(tls)
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .connect_timeout(connect_timeout(network))
        .pool_idle_timeout(IDLE)
        .user_agent(concat!("rutter/", env!("CARGO_PKG_VERSION")))
}

/// A connection that does not come about must be noticed before the deadline of the whole passes: after
/// that nobody could say whether a byte had left.
fn connect_timeout(network: &Network) -> Duration {
    network.connect_timeout.min(network.timeout / 2)
}

fn through_proxy(builder: ClientBuilder, network: &Network) -> ClientBuilder {
    let Some(proxy) = network.proxy.clone() else {
        return builder;
    };
    let elsewhere = move |url: &Url| (!is_loopback(url)).then(|| proxy.clone());
    builder.proxy(Proxy::custom(elsewhere))
}

fn build(builder: ClientBuilder) -> Result<Client, String> {
    builder.build().map_err(|error| reason(&error))
}

/// Returns the last reason of an error, the one that says something: `Connection refused`.
fn reason(error: &dyn Error) -> String {
    let mut last = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        last = error.to_string();
        source = error.source();
    }
    last
}

/// Returns whether TLS failed because of a certificate or a rule, which time does not mend.
fn is_about_trust(error: &reqwest::Error) -> bool {
    let mut source = error.source();
    while let Some(error) = source {
        let inner = error.downcast_ref::<std::io::Error>();
        let denied = inner.is_some_and(|io| io.kind() == std::io::ErrorKind::PermissionDenied);
        let inner = inner.and_then(|io| io.get_ref());
        let tls = error
            .downcast_ref::<rustls::Error>()
            .or_else(|| inner.and_then(|inner| inner.downcast_ref::<rustls::Error>()));
        if denied || matches!(tls, Some(rustls::Error::InvalidCertificate(_))) {
            return true;
        }
        source = error.source();
    }
    false
}
