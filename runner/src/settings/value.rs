//! Values of the settings that check themselves as they are read, so that an error points at them.

use std::borrow::Cow;
use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use url::{Host, Url};

use super::environment::Environment;
use super::error::SettingsError;

/// Text in the settings, and what it looks like in their schema.
macro_rules! text_schema {
    ($name:ident, $pattern:expr) => {
        impl JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": "string", "pattern": $pattern })
            }
        }
    };
}

/// Stands for the address of a proxy where a schema is made.
pub(super) enum WebAddress {}

text_schema!(WebAddress, "^[hH][tT][tT][pP][sS]?:");
text_schema!(Endpoint, "^((https|http)://)?[^/@]+/?$");
text_schema!(AllowedHost, "^[^/@]+$");
text_schema!(DurationText, rutter_manifest::shape::DURATION);
text_schema!(Size, "^[0-9]+\\s*(B|KiB|MiB|GiB)$");
text_schema!(Product, product_pattern());

/// The names of products in any case, in the one way that every dialect of patterns has.
pub(super) fn product_pattern() -> String {
    let either_case = |letter: char| match letter.is_ascii_alphabetic() {
        true => format!(
            "[{}{}]",
            letter.to_ascii_lowercase(),
            letter.to_ascii_uppercase()
        ),
        false => letter.to_string(),
    };
    let names = rutter_contracts::products()
        .map(|(name, _)| name.chars().map(either_case).collect::<String>());
    format!("^({})$", names.collect::<Vec<_>>().join("|"))
}

/// A product of the cloud, spelled as the contracts do; read in any case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Product(&'static str);

impl Product {
    /// Returns the product of this name, in any case.
    pub fn named(name: &str) -> Option<Self> {
        rutter_contracts::product_name(name).map(Self)
    }

    /// Returns the product of this name, in any case, or what to say of a name that is none's.
    pub(super) fn read(text: &str) -> Result<Self, String> {
        Self::named(text).ok_or_else(|| {
            let known: Vec<_> = rutter_contracts::products()
                .map(|(name, _)| format!("`{}`", name.to_ascii_lowercase()))
                .collect();
            format!(
                "`{text}` is not a product, expected one of {}",
                known.join(", ")
            )
        })
    }

    /// Returns the name as the contracts spell it.
    pub fn name(self) -> &'static str {
        self.0
    }
}

/// Where a product is reached: HTTPS, or plain HTTP on this machine.
#[derive(Clone, PartialEq, Eq)]
pub struct Endpoint(Url);

impl Endpoint {
    /// Reads `https://host[:port]`, `host[:port]`, or `http://` to loopback.
    ///
    /// # Errors
    /// Why the text is not that, a fragment.
    pub fn parse(text: &str) -> Result<Self, String> {
        let full = if text.contains("://") {
            text.to_owned()
        } else {
            format!("https://{text}")
        };
        let url = Url::parse(&full).map_err(|error| format!("`{text}` is no address: {error}"))?;
        if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
            return Err(format!(
                "`{text}` must be a scheme, a host and a port, nothing after it"
            ));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err("an endpoint holds no user and no password".to_owned());
        }
        match url.scheme() {
            "https" => Ok(Self(url)),
            "http" if is_loopback(&url) => Ok(Self(url)),
            "http" => Err(format!(
                "plain HTTP only goes to this machine (127.0.0.1, ::1, localhost): write `https://` for `{text}`"
            )),
            scheme => Err(format!(
                "`{scheme}` is not a supported scheme: write `https://`"
            )),
        }
    }

    /// Returns the address.
    pub fn url(&self) -> &Url {
        &self.0
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Endpoint({})", self.0)
    }
}

impl<'de> Deserialize<'de> for Endpoint {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

/// Returns whether an address names this machine.
pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
        Some(Host::Ipv4(address)) => IpAddr::V4(address).is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::V6(address).is_loopback(),
        None => false,
    }
}

/// Returns the endpoints that the environment names.
pub(super) fn endpoints_of(
    environment: &Environment,
) -> Result<Vec<(Product, Endpoint)>, SettingsError> {
    let mut found = Vec::new();
    for (name, _) in rutter_contracts::products() {
        let key = name.to_ascii_uppercase().replace('-', "_");
        let variable = format!("RUTTER_ENDPOINT_{key}");
        if let Some(text) = environment.get(&variable) {
            let endpoint = Endpoint::parse(&text)
                .map_err(|message| SettingsError::in_variable(&variable, &message))?;
            found.push((Product(name), endpoint));
        }
    }
    Ok(found)
}

/// The address of a proxy.
pub(super) struct Proxy(pub(super) Url);

impl Proxy {
    fn parse(text: &str) -> Result<Self, String> {
        let url = Url::parse(text).map_err(|error| format!("`{text}` is no address: {error}"))?;
        match url.scheme() {
            "http" | "https" => Ok(Self(url)),
            scheme => Err(format!(
                "a proxy is reached by http or https, not by `{scheme}`"
            )),
        }
    }
}

impl<'de> Deserialize<'de> for Proxy {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

pub(super) fn proxy_of(environment: &Environment) -> Result<Option<Proxy>, SettingsError> {
    const VARIABLE: &str = "RUTTER_PROXY";
    environment
        .get(VARIABLE)
        .map(|text| {
            Proxy::parse(&text).map_err(|message| SettingsError::in_variable(VARIABLE, &message))
        })
        .transpose()
}

/// A host, and a port if only that one is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllowedHost {
    /// The host, lower case, an IPv6 address in brackets.
    pub host: String,
    /// The port; absent means any.
    pub port: Option<u16>,
}

impl AllowedHost {
    fn parse(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` must be a host or `host:port`");
        if text.contains('/') || text.contains('@') {
            return Err(wrong());
        }
        // A port that is the scheme's own would be lost from the parsed address.
        let (host, port) = match text.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => {
                (host, Some(port.parse().map_err(|_| wrong())?))
            }
            _ => (text, None),
        };
        let url = Url::parse(&format!("https://{host}/")).map_err(|_| wrong())?;
        let host = url.host_str().ok_or_else(wrong)?.to_owned();
        Ok(Self { host, port })
    }

    /// Returns whether an address is at this host and port.
    pub fn admits(&self, url: &Url) -> bool {
        url.host_str() == Some(self.host.as_str())
            && self
                .port
                .is_none_or(|port| url.port_or_known_default() == Some(port))
    }
}

impl std::str::FromStr for AllowedHost {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::parse(text)
    }
}

impl<'de> Deserialize<'de> for AllowedHost {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

/// A duration as text, `10s`; never nothing.
#[derive(Clone, Copy, Debug)]
pub(super) struct DurationText(pub(super) Duration);

impl<'de> Deserialize<'de> for DurationText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        match rutter_manifest::parse_duration(&text) {
            Some(ms) if ms > 0 => Ok(Self(Duration::from_millis(ms))),
            _ => Err(D::Error::custom(format!(
                "`{text}` is no duration: write `10s`, `5m` or `1h30m`"
            ))),
        }
    }
}

/// A number of bytes as text, `8MiB`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Size(pub(super) usize);

impl<'de> Deserialize<'de> for Size {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        parse_size(&text).map(Self).ok_or_else(|| {
            D::Error::custom(format!("`{text}` is no size: write `512KiB` or `8MiB`"))
        })
    }
}

fn parse_size(text: &str) -> Option<usize> {
    let digits = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let unit = match text[digits..].trim_start() {
        "B" => 1,
        "KiB" => 1024,
        "MiB" => 1024 * 1024,
        "GiB" => 1024 * 1024 * 1024,
        _ => return None,
    };
    let number: usize = text[..digits].parse().ok()?;
    number.checked_mul(unit).filter(|bytes| *bytes > 0)
}
