//! The metadata service of an ECS instance, in its hardened form: a token first, then what is wanted with the token.

use url::Url;

use super::{Trouble, answer};
use crate::cloud::credentials::Credential;
use crate::cloud::live::LiveCarrier;
use crate::cloud::machine::HOST;
use crate::cloud::transport::{Answer, Request, Route};
use crate::secrets::SecretText;

const TOKEN_PATH: &str = "/latest/api/token";
const ROLE_PATH: &str = "/latest/meta-data/ram/security-credentials/";
/// How long a token lives, in seconds, as the official clients ask for it.
const TOKEN_TTL: &str = "21600";

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
