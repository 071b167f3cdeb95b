//! Credentials that a service of the web gives out: STS for a token, an address, CloudSSO.

use std::path::Path;

use rutter_contracts::wire::query_string;
use rutter_meaning::TransportError;
use serde_json::json;
use url::Url;

use super::{Trouble, answer};
use crate::cloud::account::Bound;
use crate::cloud::api::nonce;
use crate::cloud::credentials::{Credential, Role};
use crate::cloud::live::LiveCarrier;
use crate::cloud::transport::{Answer, Request, Route};
use crate::secrets::SecretText;

impl LiveCarrier {
    /// `AssumeRoleWithOIDC`, which nobody signs. The token travels in the body, where no proxy writes it down.
    pub(super) async fn ask_oidc(
        &self,
        bound: &Bound<'_>,
        role: &Role,
        provider: &str,
        token_file: &Path,
    ) -> Result<Credential, Trouble> {
        let token = rutter_files::read_text(token_file, rutter_files::TEXT_MAX);
        let token = token.map_err(|error| {
            let file = token_file.display();
            Trouble::lasting(format!("its token's file `{file}` cannot be read: {error}"))
        })?;
        let token = SecretText::new(token.trim());
        if token.is_empty() {
            let file = token_file.display();
            return Err(Trouble::lasting(format!(
                "its token's file `{file}` is empty"
            )));
        }
        self.secrets.hide(&token);
        let region = role.region.as_deref().unwrap_or(&bound.account.region);
        let account = bound.principal.name();
        let url = self.endpoints.address(account, "STS", region);
        let mut url = url.map_err(|fault| Trouble::lasting(fault.message))?;
        let (nonce, date) = (nonce().map_err(Trouble::lasting)?, self.date());
        url.set_query(Some(&encoded(&[
            ("Action", "AssumeRoleWithOIDC"),
            ("Version", "2015-04-01"),
            ("Format", "JSON"),
            ("Timestamp", &date),
            ("SignatureNonce", &nonce),
        ])));
        let seconds = role.duration.map(|duration| duration.as_secs().to_string());
        let label = role.session.as_deref().unwrap_or(&self.label);
        let mut pairs = vec![
            ("RoleArn", role.arn.as_str()),
            ("OIDCProviderArn", provider),
            ("OIDCToken", token.expose()),
            ("RoleSessionName", label),
            ("DurationSeconds", seconds.as_deref().unwrap_or("3600")),
        ];
        pairs.extend(role.policy.as_deref().map(|policy| ("Policy", policy)));
        let answer = self
            .post(
                url,
                "application/x-www-form-urlencoded",
                None,
                encoded(&pairs),
            )
            .await?;
        answer::temporary(&answer::json(&answer.body)?["Credentials"])
    }

    pub(super) async fn ask_address(&self, url: &Url) -> Result<Credential, Trouble> {
        let request = Request {
            method: "GET".to_owned(),
            url: url.clone(),
            headers: Vec::new(),
            body: Vec::new(),
        };
        let answer = good(self.givers.send(request, Route::Named).await, url.path())?;
        let answer = answer::json(&answer.body)?;
        if answer["Code"] != "Success" {
            return Err(Trouble::lasting("its answer does not say `Success`"));
        }
        answer::temporary(&answer)
    }

    pub(super) async fn ask_cloud_sso(
        &self,
        sign_in: &Url,
        account: &str,
        access_config: &str,
        token: &SecretText,
    ) -> Result<Credential, Trouble> {
        let mut url = sign_in.clone();
        url.set_path("/cloud-credentials");
        url.set_query(None);
        let body = json!({"AccountId": account, "AccessConfigurationId": access_config});
        let answer = self
            .post(url, "application/json", Some(token), body.to_string())
            .await?;
        answer::temporary(&answer::json(&answer.body)?["CloudCredential"])
    }

    async fn post(
        &self,
        url: Url,
        content_type: &str,
        bearer: Option<&SecretText>,
        body: String,
    ) -> Result<Answer, Trouble> {
        let mut headers = vec![
            ("accept".to_owned(), "application/json".to_owned()),
            ("content-type".to_owned(), content_type.to_owned()),
        ];
        if let Some(token) = bearer {
            let value = format!("Bearer {}", token.expose());
            headers.push(("authorization".to_owned(), value));
        }
        let path = url.path().to_owned();
        let request = Request {
            method: "POST".to_owned(),
            url,
            headers,
            body: body.into_bytes(),
        };
        good(self.givers.send(request, Route::Named).await, &path)
    }

    fn date(&self) -> String {
        let seconds = (self.clock)().0.div_euclid(1000);
        let instant = jiff::Timestamp::from_second(seconds);
        instant.map(|at| at.to_string()).unwrap_or_default()
    }
}

fn encoded(pairs: &[(&str, &str)]) -> String {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    query_string(&pairs.iter().map(owned).collect::<Vec<_>>())
}

/// An answer with the status 200, or what is wrong; of a refusal the code of the cloud is said, if it has one.
pub(super) fn good(answer: Result<Answer, TransportError>, path: &str) -> Result<Answer, Trouble> {
    let answer = match answer {
        Ok(answer) if answer.status == 200 => return Ok(answer),
        Ok(answer) => answer,
        Err(error) => return Err(unanswered(error)),
    };
    let code = serde_json::from_slice::<serde_json::Value>(&answer.body).ok();
    let code = code.and_then(|body| body.get("Code")?.as_str().map(str::to_owned));
    let plain = |c: char| c.is_ascii_alphanumeric() || ".-_".contains(c);
    let code = code.filter(|code| code.len() <= 100 && code.chars().all(plain));
    let code = code.map(|code| format!(" ({code})")).unwrap_or_default();
    let what = format!("it answers {} to `{path}`{code}", answer.status);
    let trouble = Trouble {
        transient: answer.status == 429 || answer.status >= 500,
        ..Trouble::lasting(what)
    };
    Err(match answer.status {
        300..400 => trouble.advise(
            "name the address that gives credentials by itself: nobody follows where one leads; then run or resume",
        ),
        _ => trouble,
    })
}

fn unanswered(error: TransportError) -> Trouble {
    match error {
        TransportError::NotSent { reason, transient } => Trouble {
            transient,
            ..Trouble::lasting(format!("it cannot be reached: {reason}"))
        },
        TransportError::TimeOut { after, .. } => Trouble::passing(format!(
            "it did not answer within {} seconds",
            after.as_secs_f32()
        )),
        TransportError::Broken { reason, .. } => {
            Trouble::passing(format!("the connection broke: {reason}"))
        }
        TransportError::TooLarge { max } => {
            Trouble::lasting(format!("its answer is larger than {max} bytes"))
        }
    }
}
