//! The metadata service of an ECS instance, in its hardened form: a token first, then what is wanted with the token.

use std::time::Duration;

use url::Url;

use super::{Trouble, answer};
use crate::cloud::credentials::Credential;
use crate::cloud::live::LiveCarrier;
use crate::cloud::transport::{Answer, Request, Route};
use crate::secrets::SecretText;
use crate::settings::{Environment, Network};

const HOST: &str = "100.100.100.200";
const TOKEN_PATH: &str = "/latest/api/token";
const ROLE_PATH: &str = "/latest/meta-data/ram/security-credentials/";
/// How long a token lives, in seconds, as the official clients ask for it.
const TOKEN_TTL: &str = "21600";
/// The service is on the same machine: what takes longer hangs.
const TIME_MAX: Duration = Duration::from_secs(5);

/// Returns how the service is reached: directly, or through the environment's proxy for plain HTTP.
pub(in crate::cloud) fn route_of(environment: &Environment) -> Network {
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

impl LiveCarrier {
    pub(super) async fn ask_metadata(
        &self,
        role: Option<&str>,
        unhardened: bool,
    ) -> Result<Credential, Trouble> {
        let token = match self.metadata_token().await {
            Ok(token) => Some(token),
            Err(_) if unhardened => None,
            Err(trouble) => return Err(trouble),
        };
        let role = match role {
            Some(role) => role.to_owned(),
            None => self.machine_role(token.as_ref()).await?,
        };
        let path = format!("{ROLE_PATH}{role}");
        let answer = self.metadata("GET", &path, token.as_ref()).await?;
        let answer = answer::json(&answer.body)?;
        if answer["Code"] != "Success" {
            return Err(Trouble::lasting("its answer does not say `Success`"));
        }
        answer::temporary(&answer)
    }

    async fn metadata_token(&self) -> Result<SecretText, Trouble> {
        let answer = self.metadata("PUT", TOKEN_PATH, None).await?;
        let text = String::from_utf8(answer.body).unwrap_or_default();
        let token = SecretText::new(text.trim());
        let graphic = token.expose().bytes().all(|byte| byte.is_ascii_graphic());
        if token.is_empty() || !graphic {
            return Err(Trouble::lasting("what it gives as a token is none"));
        }
        self.secrets.hide(&token);
        Ok(token)
    }

    async fn machine_role(&self, token: Option<&SecretText>) -> Result<String, Trouble> {
        let answer = self.metadata("GET", ROLE_PATH, token).await?;
        let text = String::from_utf8(answer.body).unwrap_or_default();
        let name = text.trim();
        let fits = |c: char| c.is_ascii_alphanumeric() || ".-_".contains(c);
        if name.is_empty() || name.len() > 64 || !name.chars().all(fits) {
            return Err(Trouble::lasting(
                "what it gives as the name of the machine's role is none",
            ));
        }
        Ok(name.to_owned())
    }

    async fn metadata(
        &self,
        method: &str,
        path: &str,
        token: Option<&SecretText>,
    ) -> Result<Answer, Trouble> {
        let url = Url::parse(&format!("http://{HOST}{path}"));
        let url = url.map_err(|error| Trouble::lasting(error.to_string()))?;
        let mut headers = Vec::new();
        if method == "PUT" {
            let name = "x-aliyun-ecs-metadata-token-ttl-seconds";
            headers.push((name.to_owned(), TOKEN_TTL.to_owned()));
        }
        if let Some(token) = token {
            let name = "x-aliyun-ecs-metadata-token";
            headers.push((name.to_owned(), token.expose().to_owned()));
        }
        let request = Request {
            method: method.to_owned(),
            url,
            headers,
            body: Vec::new(),
        };
        let answer = self.metadata.send(request, Route::Metadata).await;
        super::web::good(answer, path)
    }
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
