//! Secrets in answers by plain HTTP, whose bodies are bytes.

use rutter_engine::{At, HttpRequest};
use rutter_meaning::plain;
use serde_json::Value;
use url::Url;

use super::{Secrets, VaultError};

impl Secrets {
    /// Swaps what the manifest calls secret in an answer by plain HTTP (`status`, `headers` and `body`, Base64) for
    /// placeholders, hides in its JSON what looks like a credential, and puts a mark for every secret known before
    /// into its body. What is new is sealed and synced before this returns.
    ///
    /// # Errors
    /// When it could not be sealed; the answer is swapped all the same.
    pub fn take_response(
        &self,
        at: &At,
        request: &HttpRequest,
        answer: &mut Value,
    ) -> Result<(), VaultError> {
        self.disarm(answer);
        plain::in_text(answer, |body| {
            let mut text = Value::String(std::mem::take(body));
            self.disarm(&mut text);
            if let Value::String(text) = text {
                *body = text;
            }
        });
        let label = label(request);
        let mut learned = false;
        {
            let mut state = self.lock();
            plain::each_secret(answer, &request.secret_answers, &mut |place, value| {
                let place = place.trim_start_matches('/');
                learned |= state.take(&super::answer_path(at, &label, &format!("/{place}")), value);
            });
        }
        plain::in_json(answer, |body| self.hide_shaped(body));
        // In the answer it stands as Base64, in which a mark would break it.
        plain::in_bytes(answer, |body| *body = self.redact_bytes(body));
        if learned { self.lock().seal() } else { Ok(()) }
    }
}

/// The request without its path and query, which may hold secrets.
fn label(request: &HttpRequest) -> String {
    let url = Url::parse(&request.url).ok();
    let host = url.as_ref().and_then(Url::host_str).unwrap_or_default();
    format!("{} {host}", request.method)
}
