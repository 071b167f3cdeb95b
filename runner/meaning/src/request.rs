//! A request by plain HTTP as a guest writes it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rutter_engine::{Fault, HttpRequest};
use url::{Host, Url};

use crate::fault::{refusal, wrong};
use crate::rules::{Rule, Rules};

/// A request as a guest writes it.
#[derive(Clone, Debug)]
pub struct RequestParts {
    /// The method, in any case.
    pub method: String,
    /// The address, absolute; whether it is well formed is judged later.
    pub url: String,
    /// Names and values, in order.
    pub headers: Vec<(String, String)>,
    /// The body; none where no body is sent.
    pub body: Option<Vec<u8>>,
}

/// Headers that say how a message travels; they are the host's.
const HOST_HEADERS: [&str; 9] = [
    "connection",
    "content-length",
    "host",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// Bytes of an address. Servers refuse what is longer than eight to sixteen kibibytes.
const URL_MAX: usize = 16 * 1024;

/// The domains of the cloud's own APIs.
const CLOUD: [&str; 1] = ["aliyuncs.com"];

/// The request as it is judged, recorded and sent, and its address. `auth` names a granted credential.
///
/// # Errors
/// When it is no request that the host would send for anybody.
pub fn request(
    parts: RequestParts,
    auth: Option<String>,
    rules: Rules,
) -> Result<(HttpRequest, Url), Fault> {
    if parts.url.len() > URL_MAX && rules.hold(Rule::TextLengths) {
        let bytes = parts.url.len();
        return Err(wrong(format!(
            "an address has {bytes} bytes, more than the {URL_MAX} that servers take"
        )));
    }
    let mut url = Url::parse(&parts.url)
        .map_err(|error| wrong(format!("`{}` is no address: {error}", parts.url)))?;
    check_address(&url)?;
    if rules.hold(Rule::CloudByHttp) {
        check_is_not_the_cloud(&url)?;
    }
    let mut headers = parts.headers;
    for (name, value) in &headers {
        check_header(name, value)?;
    }
    if rules.hold(Rule::Canonical) {
        check_path(&url, &parts.url)?;
        check_once(&headers, auth.is_some())?;
        // It is not sent.
        url.set_fragment(None);
        for (name, _) in &mut headers {
            name.make_ascii_lowercase();
        }
    }
    let request = HttpRequest {
        method: parts.method.to_ascii_uppercase(),
        url: url.to_string(),
        headers,
        body: parts.body.map(|body| STANDARD.encode(body)),
        auth,
        secret_answers: Vec::new(),
    };
    Ok((request, url))
}

fn check_address(url: &Url) -> Result<(), Fault> {
    let loopback = match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    };
    if url.scheme() != "https" && !(url.scheme() == "http" && loopback) {
        let message = format!("`{url}` is neither HTTPS nor on this machine");
        return Err(wrong(message));
    }
    if !url.username().is_empty() || url.password().is_some() {
        let message = "credentials are not allowed in an address; `auth` names a granted one";
        return Err(wrong(message.to_owned()));
    }
    Ok(())
}

/// The cloud is called by `accounts`, where each call is judged by what it does.
fn check_is_not_the_cloud(url: &Url) -> Result<(), Fault> {
    let host = url.host_str().unwrap_or_default().to_ascii_lowercase();
    let host = host.trim_end_matches('.');
    let mut own = CLOUD.iter();
    if own.any(|domain| host.strip_suffix(domain).is_some_and(is_whole)) {
        return Err(refusal(format!(
            "`{host}` is the cloud's own, which plain HTTP does not reach; a call of its API names an account"
        )));
    }
    Ok(())
}

/// Whether what stands before a domain ends a label.
fn is_whole(before: &str) -> bool {
    before.is_empty() || before.ends_with('.')
}

/// A path that a server may read as another one than the manifest's.
fn check_path(url: &Url, given: &str) -> Result<(), Fault> {
    let path = url.path().to_ascii_lowercase();
    let mut hidden = ["%2e", "%2f", "%5c", "%00"].iter();
    let before_query = given.split(['?', '#']).next().unwrap_or_default();
    if hidden.any(|one| path.contains(one)) || before_query.contains('\\') {
        return Err(wrong(format!(
            "the path of `{url}` hides a `.`, a `/` or a `\\`: it is written out, or escaped in the query"
        )));
    }
    Ok(())
}

/// Of two equal headers each reader may take another.
fn check_once(headers: &[(String, String)], has_auth: bool) -> Result<(), Fault> {
    let named = |name: &str| {
        let own = headers.iter();
        own.filter(|(own, _)| own.eq_ignore_ascii_case(name))
            .count()
    };
    let most = usize::from(!has_auth);
    if named("authorization") > most {
        return Err(wrong(
            "`authorization` is said more than once: by one header, or by `auth`".to_owned(),
        ));
    }
    Ok(())
}

fn check_header(name: &str, value: &str) -> Result<(), Fault> {
    let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    if name.is_empty() || !name.bytes().all(token) {
        return Err(wrong(format!("{name:?} is no name of a header")));
    }
    if value
        .bytes()
        .any(|byte| byte < b' ' && byte != b'\t' || byte == 0x7f)
    {
        return Err(wrong(format!(
            "the value of header `{name}` holds control characters"
        )));
    }
    let lower = name.to_ascii_lowercase();
    if HOST_HEADERS.contains(&lower.as_str()) || lower.starts_with("x-acs-") {
        return Err(wrong(format!("header `{name}` is the host's to set")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(url: &str, headers: &[(&str, &str)]) -> RequestParts {
        let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        RequestParts {
            method: "post".to_owned(),
            url: url.to_owned(),
            headers: headers.iter().map(own).collect(),
            body: None,
        }
    }

    fn judged(url: &str, headers: &[(&str, &str)]) -> Result<HttpRequest, Fault> {
        request(given(url, headers), None, Rules::ALL).map(|(request, _)| request)
    }

    #[test]
    fn one_request_has_one_spelling() {
        let one = judged("https://a.example/x/y", &[("x-one", "1")]).unwrap();
        for url in [
            "HTTPS://A.example:443/x/y",
            "https://a.example/./x/z/../y#part",
            "https://a.example/%2e/x/y",
        ] {
            assert_eq!(judged(url, &[("X-One", "1")]).unwrap(), one, "{url}");
        }
    }

    #[test]
    fn an_address_has_a_length() {
        let url = |letters: usize| format!("https://a.example/{}", "x".repeat(letters));
        assert!(judged(&url(8_000), &[]).is_ok());
        let fault = judged(&url(URL_MAX), &[]).unwrap_err();
        assert!(fault.message.len() < 200, "{fault}");
        let rules = Rules::ALL.without(Rule::TextLengths);
        assert!(request(given(&url(URL_MAX), &[]), None, rules).is_ok());
    }

    #[test]
    fn a_path_hides_nothing() {
        for path in ["a%2Fb", "a%2eb", "a\\b", "..%2f..%2fadmin", "%5c", "a%00"] {
            let url = format!("https://a.example/{path}");
            assert!(judged(&url, &[]).is_err(), "{path}");
        }
        assert!(judged("https://a.example/a?next=%2Fb%2e", &[]).is_ok());
    }

    #[test]
    fn the_cloud_itself_is_not_reached_by_plain_http() {
        for host in [
            "ram.aliyuncs.com",
            "RAM.Aliyuncs.com.",
            "ecs.cn-beijing.aliyuncs.com:443",
            "aliyuncs.com",
            "ram.ａliyuncs.com",
        ] {
            let url = format!("https://{host}/");
            let fault = judged(&url, &[]).unwrap_err();
            assert_eq!(fault.code, "rutter.denied", "{host}: {fault}");
            let rules = Rules::ALL.without(Rule::CloudByHttp);
            assert!(request(given(&url, &[]), None, rules).is_ok());
        }
        assert!(judged("https://notaliyuncs.com/", &[]).is_ok());
    }

    #[test]
    fn headers_say_nothing_twice_and_nothing_of_the_hosts() {
        let twice = [("Authorization", "a"), ("authorization", "b")];
        assert!(judged("https://a.example/", &twice).is_err());
        let one = given("https://a.example/", &twice[..1]);
        assert!(request(one.clone(), None, Rules::ALL).is_ok());
        assert!(request(one, Some("granted".to_owned()), Rules::ALL).is_err());
        let fault = judged("https://a.example/", &[("X-Acs-Action", "x")]).unwrap_err();
        assert!(fault.message.contains("the host's to set"), "{fault}");
    }
}
