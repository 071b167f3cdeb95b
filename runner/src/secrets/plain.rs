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
        let (label, places) = (label(request), &request.secret_answers);
        let mut learned = false;
        let mut take = |place: &str, value: &mut Value| {
            let pointer = format!("/{}", place.trim_start_matches('/'));
            let path = super::answer_path(at, &label, &pointer);
            learned |= self.lock().take(&path, value);
        };
        plain::each_in_headers(answer, places, &mut take);
        // In the answer it stands as Base64, in which a mark would break it.
        plain::in_body(answer, |body| {
            plain::in_text(body, |text| {
                let mut disarmed = Value::String(std::mem::take(text));
                self.disarm(&mut disarmed);
                if let Value::String(disarmed) = disarmed {
                    *text = disarmed;
                }
                plain::each_in_text(text, places, &mut take, |json| self.hide_shaped(json));
            });
            *body = self.redact_bytes(body);
        });
        if learned { self.lock().seal() } else { Ok(()) }
    }
}

/// The request without its path and query, which may hold secrets.
fn label(request: &HttpRequest) -> String {
    let url = Url::parse(&request.url).ok();
    let host = url.as_ref().and_then(Url::host_str).unwrap_or_default();
    format!("{} {host}", request.method)
}
