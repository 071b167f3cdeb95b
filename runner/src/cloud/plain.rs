//! Requests that a plugin makes to any other API: HTTPS, to a public address unless the operator named
//! the host, no redirect followed, and a credential only to the hosts it is meant for.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rutter_engine::{At, Call, Fault, FaultClass, HttpRequest, Outcome};
use rutter_meaning::Subject;
use url::Url;

use super::address::{METADATA, is_public, literal, not_public};
use super::api::host_of;
use super::live::{LiveCarrier, secret_unknown};
use super::transport::{Request, Route};
use crate::secrets::{Encoding, SecretText, UnknownPlaceholder};
use crate::settings::{HttpCredential, HttpCredentialKind, is_loopback};

impl LiveCarrier {
    pub(super) async fn send_plain(&self, call: &Call, request: &HttpRequest, at: &At) -> Outcome {
        let prepared = Url::parse(&request.url)
            .map_err(|error| {
                denied(
                    "rutter.http.address",
                    format!("this is no address: {error}"),
                )
            })
            .and_then(|url| Ok((self.route(&url)?, url)));
        let (route, url) = match prepared {
            Ok(prepared) => prepared,
            Err(fault) => return Outcome::Refused(fault),
        };
        let host = host_of(&url);
        let label = format!("{} {}", request.method, without_query(&url));
        let subject = Subject {
            label: &label,
            host: &host,
            class: call.class,
        };
        let authorization = match self.authorization(request, &url) {
            Ok(authorization) => authorization,
            Err(fault) => return Outcome::Refused(fault),
        };
        let mut sending = match self.substituted(request, url) {
            Ok(sending) => sending,
            Err(unknown) => return secret_unknown(&unknown),
        };
        if let Some((name, value)) = authorization {
            sending
                .headers
                .retain(|(held, _)| !held.eq_ignore_ascii_case(&name));
            sending.headers.push((name, value.expose().to_owned()));
        }
        match self.transport.send(sending, route).await {
            Ok(answer) => {
                let outcome = subject.judge_plain(answer.status, &answer.headers, &answer.body);
                self.kept(outcome, |answer| {
                    self.secrets.take_response(at, request, answer)
                })
            }
            Err(trouble) => subject.judge_trouble(trouble),
        }
    }

    /// Decides whether an address may be reached, and under which rule.
    fn route(&self, url: &Url) -> Result<Route, Fault> {
        let mut named = self.http.allow.iter().any(|allowed| allowed.admits(url));
        // What the machine's metadata service gives out is for this program alone.
        named &= literal(url).is_none_or(|address| address.to_canonical() != METADATA);
        match url.scheme() {
            "https" if named => Ok(Route::Named),
            "https" => match literal(url) {
                Some(address) if !is_public(address) => {
                    let host = url.host_str().unwrap_or_default();
                    let error = not_public(host, Some(address)).to_string();
                    Err(denied("rutter.http.address", error))
                }
                _ => Ok(Route::Guarded),
            },
            "http" if named && is_loopback(url) => Ok(Route::Named),
            scheme => Err(denied(
                "rutter.http.address",
                format!(
                    "`{scheme}` to `{}` is not sent: only HTTPS is, and plain HTTP to loopback that the settings name",
                    host_of(url)
                ),
            )),
        }
    }

    /// Returns the header of the credential that the request names.
    fn authorization(
        &self,
        request: &HttpRequest,
        url: &Url,
    ) -> Result<Option<(String, SecretText)>, Fault> {
        let Some(name) = &request.auth else {
            return Ok(None);
        };
        let fault = |message: String| {
            denied("rutter.http.credential", message).advise(format!(
                "complete `[http.credentials.{name}]` in the settings"
            ))
        };
        let credential = self
            .http
            .credentials
            .get(name)
            .ok_or_else(|| fault(format!("there is no credential `{name}` in the settings")))?;
        let host = url.host_str().unwrap_or_default();
        if !credential
            .hosts
            .iter()
            .any(|allowed| allowed.eq_ignore_ascii_case(host))
        {
            return Err(fault(format!(
                "the credential `{name}` is not meant for `{host}`"
            )));
        }
        let secret = self.http_secret(name, credential).map_err(fault)?;
        self.secrets.hide(&secret);
        let value = |text: String| SecretText::new(text);
        Ok(Some(match credential.kind {
            HttpCredentialKind::Bearer => (
                "authorization".to_owned(),
                value(format!("Bearer {}", secret.expose())),
            ),
            HttpCredentialKind::Basic => {
                let user = credential.user.as_deref().unwrap_or_default();
                let pair = value(format!("{user}:{}", secret.expose()));
                self.secrets.hide(&pair);
                let encoded = STANDARD.encode(pair.expose());
                (
                    "authorization".to_owned(),
                    value(format!("Basic {encoded}")),
                )
            }
            HttpCredentialKind::Header => {
                let header = credential.header.clone().unwrap_or_default();
                (header.to_ascii_lowercase(), secret)
            }
        }))
    }

    fn http_secret(&self, name: &str, credential: &HttpCredential) -> Result<SecretText, String> {
        let text = match (&credential.secret_env, &credential.secret_file) {
            (Some(variable), _) => self.environment.get(variable).ok_or_else(|| {
                format!("the variable `{variable}` of the credential `{name}` is not set")
            })?,
            (None, Some(file)) => rutter_files::read_text(file, rutter_files::TEXT_MAX)
                .map_err(|error| format!("`{}` cannot be read: {error}", file.display()))?,
            (None, None) => return Err(format!("the credential `{name}` has no secret")),
        };
        Ok(SecretText::new(text.trim()))
    }

    /// Puts the secrets in, each written as its place wants it. The host is left as it was judged.
    fn substituted(
        &self,
        request: &HttpRequest,
        mut url: Url,
    ) -> Result<Request, UnknownPlaceholder> {
        let percent = |text: &str| self.secrets.substitute_text(text, Encoding::Percent);
        let path = percent(url.path())?;
        let query = url.query().map(percent).transpose()?;
        url.set_path(&path);
        url.set_query(query.as_deref());
        let mut headers = Vec::with_capacity(request.headers.len());
        for (name, value) in &request.headers {
            let value = self.secrets.substitute_text(value, Encoding::Raw)?;
            headers.push((name.clone(), value));
        }
        let body = request.body.as_deref().unwrap_or_default();
        let body = STANDARD.decode(body).unwrap_or_default();
        let body = match String::from_utf8(body) {
            Ok(text) => self
                .secrets
                .substitute_text(&text, body_encoding(&request.headers))?
                .into_bytes(),
            // Placeholders are text; what is no text holds none.
            Err(error) => error.into_bytes(),
        };
        Ok(Request {
            method: request.method.clone(),
            url,
            headers,
            body,
        })
    }
}

fn body_encoding(headers: &[(String, String)]) -> Encoding {
    let content_type = headers
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case("content-type"))
        .map(|(_, value)| value.to_ascii_lowercase())
        .unwrap_or_default();
    if content_type.contains("json") {
        Encoding::Json
    } else if content_type.contains("form-urlencoded") {
        Encoding::Percent
    } else {
        Encoding::Raw
    }
}

fn without_query(url: &Url) -> String {
    let mut url = url.clone();
    url.set_query(None);
    url.set_fragment(None);
    url.to_string()
}

fn denied(code: &str, message: String) -> Fault {
    Fault::new(FaultClass::Denied, code, message)
        .advise("name the host under `[http] allow` in the settings, if it is meant")
}
