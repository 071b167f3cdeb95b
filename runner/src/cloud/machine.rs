//! Where the metadata service of the machine is, and how it is reached.

use std::time::Duration;

use url::Url;

use crate::settings::{Environment, Network};

/// Its address, the same on every machine of the cloud.
pub(super) const HOST: &str = "100.100.100.200";
/// The service is on the same machine: what takes longer hangs.
pub(super) const TIME_MAX: Duration = Duration::from_secs(5);

/// Returns how the service is reached: directly, or through the environment's proxy for plain HTTP.
pub(super) fn route_of(environment: &Environment) -> Network {
    Network {
        proxy: proxy(environment),
        ca_file: None,
        connect_timeout: TIME_MAX,
        timeout: TIME_MAX,
    }
}

fn proxy(environment: &Environment) -> Option<Url> {
    let named = |names: [&str; 2]| names.into_iter().find_map(|name| environment.trimmed(name));
    let excepted = named(["no_proxy", "NO_PROXY"]).unwrap_or_default();
    if excepted
        .split(',')
        .any(|host| matches!(host.trim(), HOST | "*"))
    {
        return None;
    }
    let text = named(["http_proxy", "HTTP_PROXY"])?;
    Url::parse(&text)
        .or_else(|_| Url::parse(&format!("http://{text}")))
        .ok()
        .filter(Url::has_host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environments_proxy_for_plain_http_counts_unless_it_is_excepted() {
        let proxy = |variables: &[(&str, &str)]| {
            let environment = Environment::given(variables.iter().copied());
            proxy(&environment).map(|url| url.to_string())
        };
        let named = ("HTTP_PROXY", "http://127.0.0.1:3128");
        assert_eq!(proxy(&[named]).as_deref(), Some("http://127.0.0.1:3128/"));
        assert_eq!(proxy(&[("HTTPS_PROXY", "http://127.0.0.1:1")]), None);
        assert_eq!(proxy(&[named, ("NO_PROXY", "x, 100.100.100.200")]), None);
        assert_eq!(proxy(&[]), None);
    }
}
