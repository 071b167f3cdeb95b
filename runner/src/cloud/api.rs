//! One call of the cloud's API, signed with `ACS3-HMAC-SHA256`.

use rutter_contracts::sign::v3;
use rutter_contracts::wire::{self, Wire};
use rutter_engine::Timestamp;
use url::Url;

use super::credentials::AccessKey;
use super::transport::Request;

/// A call with everything its request is made of.
pub(super) struct ApiRequest<'a> {
    pub(super) action: &'a str,
    pub(super) version: &'a str,
    pub(super) address: Url,
    pub(super) parameters: Wire,
    pub(super) key: &'a AccessKey,
}

impl ApiRequest<'_> {
    /// Returns the signed request. Nothing of it may be used twice: date and nonce are new each time.
    pub(super) fn sign(self, now: Timestamp, nonce: &str) -> Request {
        let mut url = self.address;
        let Wire { query, form } = self.parameters;
        // The query is encoded as it is signed; a form body is signed as the bytes that are sent.
        let query_text = wire::query_string(&query);
        url.set_query(Some(query_text.as_str()).filter(|text| !text.is_empty()));
        let body = wire::form_body(&form).into_bytes();
        let mut headers = vec![("accept".to_owned(), "application/json".to_owned())];
        if !body.is_empty() {
            headers.push(("content-type".to_owned(), v3::FORM.to_owned()));
        }
        let host = host_of(&url);
        let to_sign = v3::SignRequest {
            host: &host,
            method: "POST",
            path: "/",
            query: &query,
            headers: &headers,
            body: &body,
            action: self.action,
            version: self.version,
            date: &date(now),
            nonce,
        };
        let mut headers = self.key.lend(|key| v3::sign(key, &to_sign));
        // The client writes it itself, from the same address.
        headers.retain(|(name, _)| name != "host");
        Request {
            method: "POST".to_owned(),
            url,
            headers,
            body,
        }
    }
}

/// Returns the host as the client writes it into the request: with the port if it is not the scheme's.
pub(super) fn host_of(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

fn date(now: Timestamp) -> String {
    jiff::Timestamp::from_second(now.0.div_euclid(1000))
        .map(|instant| instant.to_string())
        .unwrap_or_default()
}

/// Returns a nonce that was never used before.
pub(super) fn nonce() -> Result<String, String> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|error| error.to_string())?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_whole_seconds_in_utc() {
        assert_eq!(date(Timestamp(1_700_000_000_999)), "2023-11-14T22:13:20Z");
    }

    #[test]
    fn the_host_has_a_port_only_if_it_is_not_the_schemes_own() {
        let host = |text: &str| host_of(&text.parse().unwrap());
        assert_eq!(host("https://ram.aliyuncs.com:443/"), "ram.aliyuncs.com");
        assert_eq!(host("http://127.0.0.1:8100/"), "127.0.0.1:8100");
        assert_eq!(host("http://[::1]:80/"), "[::1]");
    }
}
