//! The API's door: reads a request off the wire, checks its signature, hands it to the world.

use std::collections::{HashSet, VecDeque};
use std::sync::{Arc, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::body::Body;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use rutter_contracts::sign::{self, Verified, rpc, v3};
use rutter_contracts::wire;
use serde_json::{Value, json};

use super::{BODY_MAX, Shared};
use crate::answer::Refusal;
use crate::request::Request;
use crate::request_context::Moment;
use crate::sts;

/// How far a request's date may be from the real clock.
const DATE_TOLERANCE_MS: i64 = 15 * 60 * 1000;

/// Parameters of the old signature scheme and of its clients, which are no business parameters.
const COMMON: [&str; 9] = [
    "Action",
    "Version",
    "Format",
    "AccessKeyId",
    "SignatureMethod",
    "SignatureVersion",
    "SignatureNonce",
    "Timestamp",
    "Signature",
];

/// Answers a call of the API.
pub(super) async fn call(
    State(shared): State<Arc<Shared>>,
    request: axum::extract::Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let Some(body) = read(body).await else {
        return refuse(&Refusal::new(
            413,
            "RequestEntityTooLarge",
            "The request body is too large.",
        ));
    };
    let received = Received {
        method: parts.method.as_str().to_owned(),
        path: parts.uri.path().to_owned(),
        query: wire::decode_pairs(parts.uri.query().unwrap_or_default()),
        headers: headers(&parts.headers),
        body,
    };
    let outcome = received.admit(&shared).map(|request| {
        let moment = Moment {
            now_ms: shared.clock.now_ms(),
            credentials_ms: real_now_ms(),
            seed: shared.seed,
        };
        shared.world().handle_at(moment, &request)
    });
    match outcome {
        Err(refusal) => refuse(&refusal),
        Ok(answer) => {
            if shared.latency {
                tokio::time::sleep(Duration::from_millis(answer.latency_ms)).await;
            }
            respond(answer.status, &answer.body)
        }
    }
}

async fn read(body: Body) -> Option<Vec<u8>> {
    axum::body::to_bytes(body, BODY_MAX)
        .await
        .ok()
        .map(|bytes| bytes.to_vec())
}

fn headers(headers: &HeaderMap) -> Vec<(String, String)> {
    let text =
        |value: &axum::http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    headers
        .iter()
        .map(|(name, value)| (name.as_str().to_owned(), text(value)))
        .collect()
}

struct Received {
    method: String,
    path: String,
    query: Vec<(String, String)>,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Received {
    /// Checks who sends the request and what it is, before the world sees it.
    fn admit(&self, shared: &Shared) -> Result<Request, Refusal> {
        if self.path != "/" {
            return Err(Refusal::new(
                404,
                "InvalidAction.NotFound",
                format!("There is nothing at {}.", self.path),
            ));
        }
        let pairs = [self.query.clone(), self.form()].concat();
        let is_v3 = self.header("authorization").is_some_and(v3::recognises);
        // What nobody signs may have either form: headers as in the new scheme, or parameters as in the old one.
        let is_unsigned = self.is_unsigned(&pairs);
        let named = |header: &str, parameter: &str| {
            let value = match (is_v3, is_unsigned) {
                (true, _) => self.header(header),
                (false, false) => find(&pairs, parameter),
                (false, true) => find(&pairs, parameter).or_else(|| self.header(header)),
            };
            value.map(str::to_owned).ok_or_else(|| {
                Refusal::new(
                    400,
                    format!("MissingParameter.{parameter}"),
                    format!("The {parameter} is not supplied."),
                )
            })
        };
        let verified = match is_unsigned {
            true => Verified {
                access_key_id: String::new(),
                security_token: None,
                date: named("x-acs-date", "Timestamp")?,
                nonce: named("x-acs-signature-nonce", "SignatureNonce")?,
            },
            false => self.verify(shared, is_v3, &pairs)?,
        };
        check_date(&verified.date)?;
        shared
            .nonces
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .admit(&verified, real_now_ms())?;
        let action = named("x-acs-action", "Action")?;
        let version = named("x-acs-version", "Version")?;
        Ok(self.request(action, version, verified, &pairs, is_v3))
    }

    /// Whether nobody signed the request, and nobody has to.
    fn is_unsigned(&self, pairs: &[(String, String)]) -> bool {
        let action = find(pairs, "Action").or_else(|| self.header("x-acs-action"));
        let signed = self.header("authorization").is_some() || find(pairs, "Signature").is_some();
        !signed && action.is_some_and(|action| sts::is_unsigned("STS", action))
    }

    fn verify(
        &self,
        shared: &Shared,
        is_v3: bool,
        pairs: &[(String, String)],
    ) -> Result<Verified, Refusal> {
        let secret_of = |id: &str| shared.world().secret_of(id).map(str::to_owned);
        let verified = if is_v3 {
            let received = v3::Received {
                method: &self.method,
                path: &self.path,
                query: &self.query,
                headers: &self.headers,
                body: &self.body,
            };
            v3::verify(&received, secret_of)
        } else {
            rpc::verify(&self.method, pairs, secret_of)
        };
        verified.map_err(|refusal: sign::Refusal| {
            Refusal::new(refusal.status, refusal.code, refusal.message)
        })
    }

    fn request(
        &self,
        action: String,
        version: String,
        verified: Verified,
        pairs: &[(String, String)],
        is_v3: bool,
    ) -> Request {
        let product = self.product().or_else(|| {
            let mut products = rutter_contracts::products();
            products
                .find(|(_, known)| *known == version)
                .map(|(name, _)| name)
        });
        let product = product.unwrap_or_default();
        let contract = rutter_contracts::action(product, &action);
        let is_business = |name: &str| {
            let is_common = !is_v3 && (COMMON.contains(&name) || name == "SecurityToken");
            // Official clients send the region to every product; those that have none overlook it.
            let is_region = name == "RegionId"
                && contract.is_some_and(|contract| contract.parameter(name).is_none());
            !is_common && !is_region
        };
        let business = pairs
            .iter()
            .filter(|(name, _)| is_business(name))
            .map(|(name, value)| (name.as_str(), value.as_str()));
        Request {
            product: product.to_owned(),
            version,
            region: self.region(),
            access_key_id: verified.access_key_id,
            security_token: verified.security_token,
            parameters: wire::unflatten(contract, business),
            action,
        }
    }

    fn header(&self, name: &str) -> Option<&str> {
        find(&self.headers, name)
    }

    fn form(&self) -> Vec<(String, String)> {
        let content_type = self.header(CONTENT_TYPE.as_str()).unwrap_or_default();
        if !content_type.starts_with("application/x-www-form-urlencoded") {
            return Vec::new();
        }
        wire::decode_pairs(&String::from_utf8_lossy(&self.body))
    }

    /// Returns the product whose endpoint the host's name is, `ram.aliyuncs.com`: its version is then asked for,
    /// and no other's. A server that listens under one address for all of them goes by the version.
    fn product(&self) -> Option<&'static str> {
        let host = self.header("host")?.to_ascii_lowercase();
        let host = host.split(':').next()?.strip_suffix(".aliyuncs.com")?;
        let mut names = rutter_contracts::products().map(|(name, _)| name);
        names.find(|name| {
            let rest = host.strip_prefix(&name.to_ascii_lowercase());
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '-']))
        })
    }

    /// Returns the region in the host's name: `ecs.cn-beijing.aliyuncs.com`.
    fn region(&self) -> Option<String> {
        let host = self.header("host")?;
        host.split('.')
            .find(|label| rutter_contracts::region_known(label))
            .map(str::to_owned)
    }
}

fn find<'a>(pairs: &'a [(String, String)], name: &str) -> Option<&'a str> {
    pairs
        .iter()
        .find(|(held, _)| held == name)
        .map(|(_, value)| value.as_str())
}

fn check_date(date: &str) -> Result<(), Refusal> {
    let Some(date_ms) = crate::time::parse(date) else {
        let message = "The input parameter Timestamp that is required for processing this request is not supplied.";
        return Err(Refusal::new(400, "IllegalTimestamp", message));
    };
    if date_ms.saturating_sub(real_now_ms()).saturating_abs() > DATE_TOLERANCE_MS {
        let message = "Specified time stamp or date value is expired.";
        return Err(Refusal::new(400, "InvalidTimeStamp.Expired", message));
    }
    Ok(())
}

fn real_now_ms() -> i64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// The nonces that were used, for as long as a request that carries one could be in date.
#[derive(Default)]
pub(super) struct Nonces {
    used: HashSet<Arc<(String, String)>>,
    /// The same, oldest first.
    order: VecDeque<(i64, Arc<(String, String)>)>,
}

impl Nonces {
    fn admit(&mut self, verified: &Verified, now_ms: i64) -> Result<(), Refusal> {
        let is_over = |used_ms: i64| now_ms.saturating_sub(used_ms) > 2 * DATE_TOLERANCE_MS;
        while let Some((_, nonce)) = self.order.pop_front_if(|(used_ms, _)| is_over(*used_ms)) {
            self.used.remove(&nonce);
        }
        let nonce = Arc::new((verified.access_key_id.clone(), verified.nonce.clone()));
        if self.used.insert(nonce.clone()) {
            self.order.push_back((now_ms, nonce));
            return Ok(());
        }
        Err(Refusal::new(
            400,
            "SignatureNonceUsed",
            "The request signature nonce has been used.",
        ))
    }
}

/// What is refused at the door never reached the world and has no number there.
fn refuse(refusal: &Refusal) -> Response {
    let mut body = refusal.body("127.0.0.1", None);
    body["RequestId"] = json!("SIM00000-0000-0000-0000-000000000000");
    respond(refusal.status, &body)
}

fn respond(status: u16, body: &Value) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let id = body["RequestId"].as_str().unwrap_or_default().to_owned();
    let headers = [
        (
            CONTENT_TYPE.as_str(),
            "application/json; charset=utf-8".to_owned(),
        ),
        ("x-acs-request-id", id),
    ];
    (status, headers, body.to_string()).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verified(nonce: usize) -> Verified {
        Verified {
            access_key_id: "key".to_owned(),
            security_token: None,
            nonce: nonce.to_string(),
            date: String::new(),
        }
    }

    #[test]
    fn a_nonce_is_refused_until_its_request_would_be_out_of_date_and_then_forgotten() {
        let mut nonces = Nonces::default();
        for number in 0..100 {
            nonces.admit(&verified(number), 0).unwrap();
        }
        let last = 2 * DATE_TOLERANCE_MS;
        assert!(nonces.admit(&verified(5), last).is_err());
        assert_eq!((nonces.used.len(), nonces.order.len()), (100, 100));
        nonces.admit(&verified(5), last + 1).unwrap();
        assert_eq!((nonces.used.len(), nonces.order.len()), (1, 1));
    }
}
