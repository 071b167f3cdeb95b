//! One call of the cloud's API, signed with `ACS3-HMAC-SHA256`.

use rutter_contracts::hex;
use rutter_contracts::sign::Call;
use rutter_contracts::wire::Wire;
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
        let call = Call {
            host: &host_of(&self.address),
            action: self.action,
            version: self.version,
            parameters: self.parameters,
            date: &date(now),
            nonce,
        };
        let mut signed = self.key.lend(|key| call.sign(key));
        // The client writes it itself, from the same address.
        signed.headers.retain(|(name, _)| name != "host");
        let mut url = self.address;
        url.set_query(Some(signed.query.as_str()).filter(|text| !text.is_empty()));
        Request {
            method: "POST".to_owned(),
            url,
            headers: signed.headers,
            body: signed.body,
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
    Ok(hex::encode(&bytes))
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
